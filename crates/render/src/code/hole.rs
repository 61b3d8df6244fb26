//! The hole that a picture leaves in a QR code, and whether a reader can fill it.
//!
//! Codewords wind through the code in columns of two modules, and are dealt in turn to blocks that are
//! repaired each by itself. So the codewords below the picture are counted in each block.

use std::collections::BTreeSet;
use std::ops::Range;

use qrcode::bits::Bits;
use qrcode::canvas::is_functional;
use qrcode::ec::{construct_codewords, max_allowed_errors};
use qrcode::{EcLevel, Version};

use super::qrcode::Logo;

/// Rows and columns at each edge that hold what a reader must have before it can repair anything.
const EDGE: usize = 9;
/// Share of what can be repaired that the picture may cost, as a fraction; the rest is for dirt.
const COST_MAX: (usize, usize) = (3, 4);

/// A square hole in the middle.
pub(super) struct Hole {
    /// Rows and columns.
    pub modules: Range<usize>,
    version: Version,
    /// Indexes of the codewords that it costs, as they lie in the code.
    codewords: BTreeSet<usize>,
}

impl Hole {
    pub(super) fn new(version: u32, logo: Logo) -> Self {
        let version = Version::Normal(i16::try_from(version).unwrap_or(40));
        let side = f64::from(version.width());
        let free = side * logo.share + 2.0 * logo.padding;
        // What is a whole number but for rounding errors stays it; the middle of a code is a module.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 177")]
        let (side, free) = (side as usize, (free - 1e-9).ceil() as usize | 1);
        let start = side.saturating_sub(free) / 2;
        let modules = start..start + free;
        let mut codewords = BTreeSet::new();
        for (bit, (x, y)) in data_modules(version).enumerate() {
            if modules.contains(&x) && modules.contains(&y) {
                codewords.insert(bit / 8);
            }
        }
        Self { modules, version, codewords }
    }

    /// Whether a reader gets over the hole with this error correction.
    pub(super) fn can_be_repaired(&self, level: EcLevel) -> bool {
        let enough = |(lost, repaired): (Vec<usize>, usize)| {
            lost.into_iter().all(|lost| lost * COST_MAX.1 <= repaired * COST_MAX.0)
        };
        self.modules.start >= EDGE && self.lost(level).is_some_and(enough)
    }

    /// How many codewords each block loses, and how many a block can lose.
    fn lost(&self, level: EcLevel) -> Option<(Vec<usize>, usize)> {
        let data_len = Bits::new(self.version).max_len(level).ok()? / 8;
        // The second byte of the first block comes after the first bytes of all of them, which tells
        // how many there are.
        let mut bytes = vec![0; data_len];
        *bytes.get_mut(1)? = 1;
        let (data, correction) = construct_codewords(&bytes, self.version, level).ok()?;
        let blocks = data.iter().position(|byte| *byte == 1)?;
        // The last blocks may be longer by one byte of data.
        let (short, long) = (data_len / blocks, data_len % blocks);
        let mut lost = vec![0; blocks];
        for index in self.codewords.range(..data_len + correction.len()) {
            let block = match *index {
                index if index < short * blocks => index % blocks,
                index if index < data_len => blocks - long + (index - short * blocks),
                index => (index - data_len) % blocks,
            };
            lost[block] += 1;
        }
        Some((lost, max_allowed_errors(self.version, level).ok()? / blocks))
    }
}

/// The modules that hold data, in the order of its bits: up and down in columns of two, from the
/// right, around the marks that every code has.
fn data_modules(version: Version) -> impl Iterator<Item = (usize, usize)> {
    let side = version.width();
    // The column of the vertical timing marks is left out.
    let pairs = (0..side / 2).rev().map(|pair| if pair < 3 { 2 * pair } else { 2 * pair + 1 });
    pairs.enumerate().flat_map(move |(index, left)| {
        let rows = (0..side).map(move |row| if index % 2 == 0 { side - 1 - row } else { row });
        rows.flat_map(move |y| [(left + 1, y), (left, y)])
            .filter(move |(x, y)| {
                !is_functional(version, side, *x, *y) && !is_version(version, *x, *y)
            })
            .filter_map(|(x, y)| Some((usize::try_from(x).ok()?, usize::try_from(y).ok()?)))
    })
}

/// Whether a module is one of those that tell the version.
fn is_version(version: Version, x: i16, y: i16) -> bool {
    let far = version.width() - 11..version.width() - 8;
    let (near, informed) = (0..6, matches!(version, Version::Normal(7..)));
    informed && (near.contains(&x) && far.contains(&y) || near.contains(&y) && far.contains(&x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codeword_has_its_modules() {
        for version in 1..=40 {
            let version = Version::Normal(version);
            let bits = data_modules(version).count();
            for level in [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H] {
                let data_len = Bits::new(version).max_len(level).unwrap() / 8;
                let (data, correction) =
                    construct_codewords(&vec![0; data_len], version, level).unwrap();
                let codewords = data.len() + correction.len();
                assert_eq!(bits / 8, codewords, "{version:?} {level:?}");
                assert!(bits % 8 < 8 && bits >= codewords * 8, "{version:?} {level:?}");
            }
        }
    }

    #[test]
    fn losses_are_dealt_to_the_blocks() {
        let hole = Hole::new(8, Logo { share: 0.2, padding: 0.5 });
        // 49 modules a side, 11 of them free.
        assert_eq!(hole.modules, 19..30);
        let lost = |level| {
            let (lost, repaired) = hole.lost(level).unwrap();
            (lost.len(), lost.iter().sum::<usize>(), repaired)
        };
        let all = hole.codewords.len();
        assert_eq!(lost(EcLevel::L), (2, all, 12));
        assert_eq!(lost(EcLevel::M), (4, all, 11));
        assert_eq!(lost(EcLevel::Q), (6, all, 11));
        assert_eq!(lost(EcLevel::H), (6, all, 13));
    }
}
