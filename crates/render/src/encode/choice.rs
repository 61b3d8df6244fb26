//! Filters chosen by what their rows take in the end: by codes for the bytes of the rows around them.
//!
//! The sum of absolute values in a sample, by which `filter` chooses, is a quick guess at the same. Here it
//! is where the codes come from.

use super::Rows;
use super::filter::{self, Filter};
use super::samples::Format;
use crate::pixels::Pixels;

/// Bytes of rows that are counted together.
const BAND: usize = 128 << 10;
/// Sixteenths of a bit that eight zeros take, most of which stand in long runs.
const ZEROS: u32 = 16;
/// At first what costs the same is the better the simpler it is.
const ALL: [Filter; 5] = [Filter::Up, Filter::Sub, Filter::Paeth, Filter::Average, Filter::None];

/// What each byte takes, in sixteenths of a bit.
type Costs = [u32; 256];

/// Chooses anew for rows that are filtered already, from row `start` of the picture on.
#[inline(always)]
pub(super) fn refine<const BPP: usize>(
    pixels: &Pixels,
    format: &Format,
    start: usize,
    rows: &mut Rows,
    filtered: &mut [u8],
) {
    let Rows { row, above, other } = rows;
    let width = pixels.width as usize;
    let size = format.row_bytes(width);
    for buffer in [&mut *row, &mut *above, &mut *other] {
        buffer.clear();
        buffer.resize(size, 0);
    }
    if let Some(before) = start.checked_sub(1) {
        format.pack(pixels.row(before, 0, width), above);
    }
    let bands = filtered.chunks_mut((BAND / (size + 1)).max(1) * (size + 1));
    let mut y = start;
    for band in bands {
        let costs = costs(band);
        for to in band.chunks_exact_mut(size + 1) {
            format.pack(pixels.row(y, 0, width), row);
            y += 1;
            let mut least = cost(&to[1..], &costs);
            let chosen = Filter::of(to[0]);
            for filter in ALL.into_iter().filter(|filter| *filter != chosen) {
                filter::apply::<BPP>(filter, above, row, other);
                let cost = cost(other, &costs);
                if cost < least {
                    least = cost;
                    to[0] = filter as u8;
                    to[1..].copy_from_slice(other);
                }
            }
            std::mem::swap(row, above);
        }
    }
}

fn costs(data: &[u8]) -> Costs {
    let mut counts = [1; 256];
    let words = data.chunks(8).filter(|word| *word != [0; 8]);
    words.flatten().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = f64::from(counts.iter().sum::<u32>());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
    counts.map(|count| ((total / f64::from(count)).log2() * 16.0).round() as u32)
}

#[inline(always)]
fn cost(data: &[u8], costs: &Costs) -> u32 {
    let (words, rest) = data.as_chunks::<8>();
    let of = |bytes: &[u8]| bytes.iter().map(|byte| costs[usize::from(*byte)]).sum::<u32>();
    words.iter().map(|word| if *word == [0; 8] { ZEROS } else { of(word) }).sum::<u32>() + of(rest)
}
