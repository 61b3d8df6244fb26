//! Blocks of deflate with codes of their own: frequencies become codes and the header that tells them.
//!
//! Deliberately absent: where tokens come from, see `runs` and `matches`.

use super::bits::Bits;
use super::huffman;
use super::symbols::{DISTANCES, END, LITERALS};

/// How often each symbol occurs in a block.
#[derive(Clone)]
pub(super) struct Frequencies {
    pub literals: [u32; LITERALS],
    pub distances: [u32; DISTANCES],
}

impl Frequencies {
    pub(super) fn new() -> Self {
        Self { literals: [0; LITERALS], distances: [0; DISTANCES] }
    }
}

/// A code and its length in bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Code {
    pub bits: u32,
    pub count: u8,
}

/// The codes of a block.
#[derive(Debug)]
pub(super) struct Codes {
    pub literals: [Code; LITERALS],
    pub distances: [Code; DISTANCES],
    lengths: ([u8; LITERALS], [u8; DISTANCES]),
}

/// The order in which a header tells the lengths of its own code.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Codes {
    /// The best codes of at most `bits_max` for these frequencies.
    pub(super) fn new(frequencies: &Frequencies, bits_max: u8) -> Self {
        let mut literals = frequencies.literals;
        literals[END] = literals[END].max(1);
        let lengths =
            (huffman::lengths(&literals, bits_max), huffman::lengths(&frequencies.distances, 15));
        Self { literals: coded(&lengths.0), distances: coded(&lengths.1), lengths }
    }

    /// Opens a block.
    pub(super) fn open(&self, last: bool, to: &mut Bits) {
        let used = |lengths: &[u8], least: usize| {
            lengths.iter().rposition(|length| *length > 0).map_or(least, |last| least.max(last + 1))
        };
        let (literals, distances) = (used(&self.lengths.0, 257), used(&self.lengths.1, 1));
        let mut told = self.lengths.0[..literals].to_vec();
        told.extend_from_slice(&self.lengths.1[..distances]);
        let told = packed(&told);
        let mut frequencies = [0; 19];
        for (symbol, ..) in &told {
            frequencies[usize::from(*symbol)] += 1;
        }
        let lengths = huffman::lengths(&frequencies, 7);
        let codes = coded(&lengths);
        let orders =
            ORDER.iter().rposition(|symbol| lengths[*symbol] > 0).map_or(4, |at| at + 1).max(4);
        to.spill();
        to.put(u64::from(last) | 2 << 1, 3);
        to.put(literals as u64 - 257, 5);
        to.put(distances as u64 - 1, 5);
        to.put(orders as u64 - 4, 4);
        to.spill();
        for symbol in &ORDER[..orders] {
            to.put(lengths[*symbol].into(), 3);
            to.spill();
        }
        for (symbol, extra, extra_bits) in told {
            let code = codes[usize::from(symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(extra.into(), extra_bits);
            to.spill();
        }
    }
}

fn coded<const N: usize>(lengths: &[u8; N]) -> [Code; N] {
    let codes = huffman::codes(lengths);
    std::array::from_fn(|symbol| Code { bits: codes[symbol].into(), count: lengths[symbol] })
}

/// Lengths as a header tells them: symbol, extra bits and how many of these.
fn packed(lengths: &[u8]) -> Vec<(u8, u8, u32)> {
    let mut told = Vec::new();
    for run in lengths.chunk_by(|a, b| a == b) {
        let (length, mut left) = (run[0], run.len());
        if length > 0 {
            told.push((length, 0, 0));
            left -= 1;
        }
        while left > 0 {
            #[expect(clippy::cast_possible_truncation, reason = "a run is cut to 138")]
            let mut tell = |symbol, least: usize, most: usize, extra_bits| {
                let count = left.min(most);
                told.push((symbol, (count - least) as u8, extra_bits));
                count
            };
            left -= match (length, left) {
                (_, ..=2) => {
                    told.push((length, 0, 0));
                    1
                }
                (0, 3..=10) => tell(17, 3, 10, 3),
                (0, _) => tell(18, 11, 138, 7),
                (_, _) => tell(16, 3, 6, 2),
            };
        }
    }
    told
}
