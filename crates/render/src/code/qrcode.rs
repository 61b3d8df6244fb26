//! QR codes: text to a square of modules.
//!
//! The whole text is written in one mode: digits, capitals or bytes, whichever is the narrowest that
//! has all its characters. Switching modes inside a text saves a few modules now and then, but then
//! texts of one length need codes of several sizes, and a batch of cards should look alike. Kanji mode
//! is never used: it would take bytes of UTF-8 for Shift JIS.

use pixeldrive_model::ErrorCorrection;
use qrcode::bits::Bits;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode, Version};

/// The modules of a code, row by row, without the quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modules {
    /// Modules a side.
    pub side: usize,
    dark: Vec<bool>,
}

impl Modules {
    /// The dark runs of a row, as first module and the one after the last.
    pub(crate) fn runs(&self, row: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let row = &self.dark[row * self.side..(row + 1) * self.side];
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = at + row[at..].iter().position(|dark| *dark)?;
            at = row[start..].iter().position(|dark| !dark).map_or(row.len(), |len| start + len);
            Some((start, at))
        })
    }
}

/// The text does not fit the largest code of this error correction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    /// Characters (of the mode) that fit.
    pub chars_max: usize,
}

/// Encodes `text` in the smallest version that has room for it.
pub(crate) fn encode(text: &str, correction: ErrorCorrection) -> Result<Modules, TooLong> {
    let level = match correction {
        ErrorCorrection::L => EcLevel::L,
        ErrorCorrection::M => EcLevel::M,
        ErrorCorrection::Q => EcLevel::Q,
        ErrorCorrection::H => EcLevel::H,
    };
    let mode = Mode::of(text);
    let code = (1..=40).find_map(|version| {
        let bits = mode.bits(text.as_bytes(), Version::Normal(version), level).ok()?;
        QrCode::with_bits(bits, level).ok()
    });
    let code = code.ok_or(TooLong { chars_max: mode.chars_max(correction) })?;
    let side = code.width();
    let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
    Ok(Modules { side, dark })
}

#[derive(Clone, Copy)]
enum Mode {
    Digits,
    Capitals,
    Bytes,
}

impl Mode {
    fn of(text: &str) -> Self {
        let capital =
            |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase() || b" $%*+-./:".contains(&b);
        if text.bytes().all(|b| b.is_ascii_digit()) {
            Self::Digits
        } else if text.bytes().all(capital) {
            Self::Capitals
        } else {
            Self::Bytes
        }
    }

    fn bits(self, text: &[u8], version: Version, level: EcLevel) -> Result<Bits, QrError> {
        let mut bits = Bits::new(version);
        match self {
            Self::Digits => bits.push_numeric_data(text)?,
            Self::Capitals => bits.push_alphanumeric_data(text)?,
            Self::Bytes => bits.push_byte_data(text)?,
        }
        bits.push_terminator(level)?;
        Ok(bits)
    }

    /// What version 40 holds.
    fn chars_max(self, correction: ErrorCorrection) -> usize {
        let [digits, capitals, bytes] = match correction {
            ErrorCorrection::L => [7089, 4296, 2953],
            ErrorCorrection::M => [5596, 3391, 2331],
            ErrorCorrection::Q => [3993, 2420, 1663],
            ErrorCorrection::H => [3057, 1852, 1273],
        };
        match self {
            Self::Digits => digits,
            Self::Capitals => capitals,
            Self::Bytes => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, correction: ErrorCorrection, side: Result<usize, usize>) {
        let found = encode(text, correction);
        assert_eq!(found.map(|code| code.side).map_err(|long| long.chars_max), side);
    }

    #[test]
    fn the_smallest_version_is_taken() {
        check("1", ErrorCorrection::L, Ok(21));
        check("https://cards.example.com/v/0000?k=6ee15ae4", ErrorCorrection::M, Ok(33));
        // The same length with a long run of digits is of the same size.
        check("https://cards.example.com/v/0000?k=12345678", ErrorCorrection::M, Ok(33));
        check(&"7".repeat(7089), ErrorCorrection::L, Ok(177));
        check(&"A".repeat(3391), ErrorCorrection::M, Ok(177));
        check(&"a".repeat(1663), ErrorCorrection::Q, Ok(177));
        check(&"a".repeat(1273), ErrorCorrection::H, Ok(177));
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        check(&"7".repeat(7090), ErrorCorrection::L, Err(7089));
        check(&"A".repeat(3392), ErrorCorrection::M, Err(3391));
        check(&"a".repeat(1664), ErrorCorrection::Q, Err(1663));
        check(&"é".repeat(637), ErrorCorrection::H, Err(1273));
    }

    #[test]
    fn runs_cover_the_dark_modules_once() {
        let code = encode("https://example.com/ä", ErrorCorrection::Q).unwrap();
        for row in 0..code.side {
            let mut dark = vec![false; code.side];
            for (start, end) in code.runs(row) {
                assert!(start < end, "an empty run");
                dark[start..end].iter_mut().for_each(|module| *module = !*module);
            }
            assert_eq!(dark, code.dark[row * code.side..(row + 1) * code.side]);
        }
    }
}
