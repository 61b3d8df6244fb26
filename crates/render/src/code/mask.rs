//! Masks of QR codes: which of the eight leaves a code that readers find and follow best (ISO/IEC 18004,
//! 7.8.3).
//!
//! The choice is that of the `qrcode` crate, which weighs module by module; here a line of modules is
//! the bits of a number, since a batch has a code in every row.

use qrcode::Color;
use qrcode::canvas::{Canvas, MaskPattern};

const PATTERNS: [MaskPattern; 8] = [
    MaskPattern::Checkerboard,
    MaskPattern::HorizontalLines,
    MaskPattern::VerticalLines,
    MaskPattern::DiagonalLines,
    MaskPattern::LargeCheckerboard,
    MaskPattern::Fields,
    MaskPattern::Diamonds,
    MaskPattern::Meadow,
];

/// The modules of a drawn code under the mask with the lowest penalty; the first of equals.
pub(super) fn best(canvas: &Canvas, side: usize) -> Vec<Color> {
    let masked = PATTERNS.into_iter().map(|pattern| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(pattern);
        canvas.into_colors()
    });
    masked.min_by_key(|modules| penalty(modules, side)).unwrap_or_default()
}

/// A row or a column: dark modules are ones. The largest code has 177 modules a side.
#[derive(Clone, Copy, Default)]
struct Line([u64; 3]);

impl Line {
    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    /// The modules that come `by` later, from 1 to 63.
    fn later(self, by: u32) -> Self {
        let Self([a, b, c]) = self;
        let back = 64 - by;
        Self([a >> by | b << back, b >> by | c << back, c >> by])
    }

    /// The modules that came `by` before.
    fn before(self, by: u32) -> Self {
        let Self([a, b, c]) = self;
        let back = 64 - by;
        Self([a << by, b << by | a >> back, c << by | b >> back])
    }

    fn with(self, other: Self, both: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|at| both(self.0[at], other.0[at])))
    }

    fn and(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    fn and_not(self, other: Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn or(self, other: Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    /// Where two lines have the same colour, among so many modules.
    fn same(self, other: Self, count: usize) -> Self {
        let mut same = self.with(other, |a, b| !(a ^ b));
        for (at, word) in same.0.iter_mut().enumerate() {
            let kept = count.saturating_sub(at * 64).min(64);
            *word &= u64::MAX.checked_shr(64 - u32::try_from(kept).unwrap_or(0)).unwrap_or(0);
        }
        same
    }

    fn count(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

/// How much a reader may be misled; but for a constant.
fn penalty(modules: &[Color], side: usize) -> u32 {
    let mut rows = vec![Line::default(); side];
    let mut columns = rows.clone();
    for (y, row) in modules.chunks_exact(side).enumerate() {
        for (x, color) in row.iter().enumerate() {
            if *color == Color::Dark {
                rows[y].set(x);
                columns[x].set(y);
            }
        }
    }
    let lines = rows.iter().chain(&columns);
    let along: u32 = lines.map(|line| runs(*line, side) + finders(*line)).sum();
    let blocks: u32 = rows.windows(2).map(|pair| blocks(pair[0], pair[1], side)).sum();
    let dark: u32 = rows.iter().map(|row| row.count()).sum();
    let ratio = dark as usize * 200 / (side * side);
    along + blocks + u32::try_from(ratio.abs_diff(100)).unwrap_or(0)
}

/// Five modules of a colour in a row cost 3, each further one 1.
fn runs(line: Line, side: usize) -> u32 {
    let two = line.same(line.later(1), side - 1);
    let three = two.and(two.later(1));
    let five = three.and(three.later(2));
    five.count() + 2 * five.and_not(five.before(1)).count()
}

/// Squares of two by two in a colour cost 3.
fn blocks(upper: Line, lower: Line, side: usize) -> u32 {
    let pair = |line: Line| line.same(line.later(1), side - 1);
    3 * pair(upper).and(pair(lower)).and(upper.same(lower, side)).count()
}

/// What looks like the middle of a finder, with four light modules before or after it, costs 40.
fn finders(line: Line) -> u32 {
    let at = |by| line.later(by);
    let alike = line.and_not(at(1)).and(at(2)).and(at(3)).and(at(4)).and_not(at(5)).and(at(6));
    let dark_before = (1..=4).map(|by| line.before(by)).fold(Line::default(), Line::or);
    let dark_after = (7..=10).map(at).fold(Line::default(), Line::or);
    40 * alike.and_not(dark_before.and(dark_after)).count()
}

#[cfg(test)]
mod tests {
    use qrcode::{EcLevel, QrCode, Version};

    use super::*;

    #[test]
    fn the_choice_is_that_of_the_crate() {
        for version in [1_i16, 2, 3, 4, 7, 10, 11, 12, 14, 25, 27, 40] {
            for salt in 0..12 {
                let text = format!("https://example.com/{}/{}", salt * 7919, salt % 5);
                let text = if version < 3 { &text[text.len() - 5..] } else { &text };
                let level = [EcLevel::L, EcLevel::M, EcLevel::Q][salt % 3];
                let level = if version < 5 { EcLevel::L } else { level };
                let of = Version::Normal(version);
                let Ok(theirs) = QrCode::with_version(text, of, level) else {
                    panic!("{text} fits version {version}")
                };
                let mut bits = qrcode::bits::Bits::new(of);
                bits.push_optimal_data(text.as_bytes()).unwrap();
                bits.push_terminator(level).unwrap();
                let ours = super::super::qrcode::drawn(bits, level).unwrap();
                assert_eq!(best(&ours.0, ours.1), theirs.into_colors(), "{version} {text}");
            }
        }
    }
}
