//! QR codes: text to a square of modules, with room for a picture in the middle.
//!
//! The whole text is written in one mode: digits, capitals or bytes, whichever is the narrowest that
//! has all its characters. Switching modes inside a text saves a few modules now and then, but then
//! texts of one length need codes of several sizes, and a batch of cards should look alike. Kanji mode
//! is never used: it would take bytes of UTF-8 for Shift JIS.
//!
//! Modules below a picture are lost to a reader. Which codewords that costs is counted block by block
//! (`hole.rs`), and the code is made such that every block can be repaired.

use std::ops::Range;

use pixeldrive_model::ErrorCorrection;
use qrcode::bits::Bits;
use qrcode::canvas::Canvas;
use qrcode::ec::construct_codewords;
use qrcode::types::QrError;
use qrcode::{Color, EcLevel, Version};

use super::hole::Hole;
use super::mask;

/// Modules a side of the mark in a corner.
pub(crate) const EYE: usize = 7;

/// What a code is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub text: &'a str,
    /// At least.
    pub correction: ErrorCorrection,
    /// From the smallest to the largest that will do, 1 to 40.
    pub versions: (u32, u32),
    pub logo: Option<Logo>,
}

/// A picture in the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Logo {
    /// Its width as a share of the code's.
    pub share: f64,
    /// Space around it in modules.
    pub padding: f64,
}

/// The modules of a code, row by row, without the quiet zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modules {
    /// Modules a side.
    pub side: usize,
    /// Rows and columns that are left free in the middle.
    pub hole: Range<usize>,
    dark: Vec<bool>,
}

impl Modules {
    /// Whether a module is dark and neither below the picture nor part of an eye.
    pub(crate) fn is_dot(&self, x: usize, y: usize) -> bool {
        let free = self.hole.contains(&x) && self.hole.contains(&y);
        !free && !self.in_eye(x, y) && self.dark[y * self.side + x]
    }

    fn in_eye(&self, x: usize, y: usize) -> bool {
        let far = self.side - EYE;
        (y < EYE && (x < EYE || x >= far)) || (y >= far && x < EYE)
    }

    /// The top left modules of the three eyes.
    pub(crate) fn eyes(&self) -> [(usize, usize); 3] {
        let far = self.side - EYE;
        [(0, 0), (far, 0), (0, far)]
    }
}

/// Why there is no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The text fits no code of this error correction; so many characters (of its mode) would.
    TooLong { chars_max: usize },
    /// The text does not fit the version; this one would do.
    Version { asked: u32, fits: u32 },
    /// The picture covers more than can be repaired.
    Logo,
}

/// A version and an error correction that have room for a text and its picture.
pub(crate) struct Fit {
    bits: Bits,
    level: EcLevel,
    hole: Range<usize>,
}

/// Finds the smallest version that has room for a text. With a picture, the error correction is the
/// highest that this version has room for, and the version is raised until the picture does no harm.
pub(crate) fn fit(wanted: &Wanted<'_>) -> Result<Fit, Refusal> {
    let mode = Mode::of(wanted.text);
    let asked = level(wanted.correction);
    let levels = [EcLevel::H, EcLevel::Q, EcLevel::M, EcLevel::L].into_iter();
    let levels: Vec<EcLevel> = match wanted.logo {
        None => vec![asked],
        Some(_) => levels.filter(|level| *level >= asked).collect(),
    };
    let bits = |version: u32, level| {
        let version = Version::Normal(i16::try_from(version).unwrap_or(40));
        mode.bits(wanted.text.as_bytes(), version, level).ok()
    };
    let (first, last) = wanted.versions;
    let mut fits = false;
    for version in first..=last {
        let hole = wanted.logo.map(|logo| Hole::new(version, logo));
        for level in &levels {
            let Some(bits) = bits(version, *level) else { continue };
            fits = true;
            if hole.as_ref().is_some_and(|hole| !hole.can_be_repaired(*level)) {
                continue;
            }
            return Ok(Fit { bits, level: *level, hole: hole.map_or(0..0, |hole| hole.modules) });
        }
    }
    if fits {
        return Err(Refusal::Logo);
    }
    let fits = (last + 1..=40).find(|version| bits(*version, asked).is_some());
    Err(fits.map_or(too_long(wanted), |fits| Refusal::Version { asked: last, fits }))
}

fn too_long(wanted: &Wanted<'_>) -> Refusal {
    Refusal::TooLong { chars_max: Mode::of(wanted.text).chars_max(wanted.correction) }
}

/// Encodes a text as it fits.
pub(crate) fn encode(wanted: &Wanted<'_>) -> Result<Modules, Refusal> {
    let Fit { bits, level, hole } = fit(wanted)?;
    let (canvas, side) = drawn(bits, level).map_err(|_| too_long(wanted))?;
    let modules = mask::best(&canvas, side).into_iter();
    let dark = modules.map(|color| color == Color::Dark).collect();
    Ok(Modules { side, hole, dark })
}

/// A code without a mask, and its modules a side.
pub(super) fn drawn(bits: Bits, level: EcLevel) -> Result<(Canvas, usize), QrError> {
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, level)?;
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    Ok((canvas, version.width().unsigned_abs().into()))
}

fn level(correction: ErrorCorrection) -> EcLevel {
    match correction {
        ErrorCorrection::L => EcLevel::L,
        ErrorCorrection::M => EcLevel::M,
        ErrorCorrection::Q => EcLevel::Q,
        ErrorCorrection::H => EcLevel::H,
    }
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

    fn wanted(text: &str, correction: ErrorCorrection) -> Wanted<'_> {
        Wanted { text, correction, versions: (1, 40), logo: None }
    }

    #[track_caller]
    fn check(wanted: &Wanted<'_>, side: Result<usize, Refusal>) {
        assert_eq!(encode(wanted).map(|code| code.side), side);
    }

    #[test]
    fn the_smallest_version_is_taken() {
        let check = |text: &str, correction, side| check(&wanted(text, correction), Ok(side));
        check("1", ErrorCorrection::L, 21);
        check("https://cards.example.com/v/0000?k=6ee15ae4", ErrorCorrection::M, 33);
        // The same length with a long run of digits is of the same size.
        check("https://cards.example.com/v/0000?k=12345678", ErrorCorrection::M, 33);
        check(&"7".repeat(7089), ErrorCorrection::L, 177);
        check(&"A".repeat(3391), ErrorCorrection::M, 177);
        check(&"a".repeat(1663), ErrorCorrection::Q, 177);
        check(&"a".repeat(1273), ErrorCorrection::H, 177);
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        let check = |text: &str, correction, chars_max| {
            check(&wanted(text, correction), Err(Refusal::TooLong { chars_max }));
        };
        check(&"7".repeat(7090), ErrorCorrection::L, 7089);
        check(&"A".repeat(3392), ErrorCorrection::M, 3391);
        check(&"a".repeat(1664), ErrorCorrection::Q, 1663);
        check(&"é".repeat(637), ErrorCorrection::H, 1273);
    }

    #[test]
    fn a_version_is_kept_to() {
        let text = "a".repeat(60);
        let of = |versions| Wanted { versions, ..wanted(&text, ErrorCorrection::M) };
        check(&of((4, 4)), Ok(33));
        check(&of((9, 9)), Ok(53));
        check(&of((7, 40)), Ok(45));
        check(&of((2, 2)), Err(Refusal::Version { asked: 2, fits: 4 }));
    }

    #[test]
    fn a_logo_raises_the_correction_first_and_the_version_then() {
        let of = |share: f64, versions| Wanted {
            versions,
            logo: Some(Logo { share, padding: 0.5 }),
            ..wanted("https://example.com/a", ErrorCorrection::L)
        };
        // The text alone needs version 2, which has no room for a logo at its highest correction.
        check(&wanted("https://example.com/a", ErrorCorrection::L), Ok(25));
        check(&of(0.15, (1, 40)), Ok(25));
        check(&of(0.2, (1, 40)), Ok(29));
        check(&of(0.3, (1, 40)), Ok(33));
        check(&of(0.3, (2, 2)), Err(Refusal::Logo));
    }
}
