//! What deflate's symbols stand for (RFC 1951, 3.2.5).

/// Ends a block.
pub(super) const END: usize = 256;
/// Literals, the end and the lengths.
pub(super) const LITERALS: usize = 286;
/// Distances.
pub(super) const DISTANCES: usize = 30;
/// The longest match.
pub(super) const MATCH_MAX: usize = 258;
/// How far back a match may reach.
pub(super) const WINDOW: usize = 32_768;

/// A symbol with the bits that follow it.
#[derive(Clone, Copy)]
pub(super) struct Extended {
    pub symbol: u16,
    pub extra_bits: u8,
    /// What the extra bits count from.
    pub base: u16,
}

const NONE: Extended = Extended { symbol: 0, extra_bits: 0, base: 0 };

/// By length of a match less 3.
pub(super) static LENGTHS: [Extended; 256] = by_length();
/// By distance less 1 below 256, and by its upper 8 bits, from 256 on, above.
static DISTANCES_BY: [Extended; 512] = by_distance();

/// The symbol of a distance from 1 to [`WINDOW`].
#[inline(always)]
pub(super) fn distance(distance: usize) -> Extended {
    let index = distance - 1;
    DISTANCES_BY[if index < 256 { index } else { 256 + (index >> 7) } & 511]
}

#[expect(clippy::cast_possible_truncation, reason = "the numbers of the standard fit")]
const fn by_length() -> [Extended; 256] {
    let mut table = [NONE; 256];
    let (mut length, mut symbol) = (0, 257_u16);
    while length < 256 {
        // Four symbols for each number of extra bits, after the first eight that have none.
        let extra_bits = if symbol < 265 { 0 } else { ((symbol - 261) / 4) as u8 };
        let base = length as u16;
        let mut left = 1 << extra_bits;
        while left > 0 && length < 256 {
            table[length] = Extended { symbol, extra_bits, base };
            length += 1;
            left -= 1;
        }
        symbol += 1;
    }
    // The longest has a symbol of its own.
    table[255] = Extended { symbol: 285, extra_bits: 0, base: 255 };
    table
}

#[expect(clippy::cast_possible_truncation, reason = "the numbers of the standard fit")]
const fn by_distance() -> [Extended; 512] {
    let mut table = [NONE; 512];
    let (mut index, mut symbol) = (0_usize, 0_u16);
    while symbol < DISTANCES as u16 {
        let extra_bits = if symbol < 4 { 0 } else { ((symbol - 2) / 2) as u8 };
        let (base, end) = (index, index + (1 << extra_bits));
        while index < end {
            let entry = Extended { symbol, extra_bits, base: base as u16 };
            if index < 256 {
                table[index] = entry;
            } else {
                table[256 + (index >> 7)] = entry;
            }
            index += 1;
        }
        symbol += 1;
    }
    table
}
