//! Bands of rows: a large picture is encoded piece by piece, on several threads where there are some.
//!
//! Where it is cut depends on its size and its format alone, so that its file never depends on the threads. The
//! first row of a band is filtered by the true one above it, but no match looks back into the band before, and
//! filters and searches are chosen for each. A band ends at a whole byte, so the stream is one after the other.
//!
//! Deliberately absent: how many threads may help, which whoever asks for the file must know.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, scope};

use super::container::Container;
use super::master::Sum;
use super::samples::Format;
use super::{Effort, Encoder};
use crate::pixels::Pixels;

/// Where pictures are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Filtered bytes up to which a picture is one band.
    pub whole_max: usize,
    /// Filtered bytes of a band of a larger one, at most.
    pub band_max: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Self { whole_max: 8 << 20, band_max: 2 << 20 }
    }
}

impl Cut {
    /// How many bands so many rows of so many filtered bytes are.
    pub(super) fn count(self, rows: usize, row_bytes: usize) -> usize {
        let bytes = rows * row_bytes;
        if bytes <= self.whole_max { 1 } else { bytes.div_ceil(self.band_max).min(rows) }
    }
}

/// How many threads besides its own can be of use to encode a picture of that size.
#[must_use]
pub fn helpers_max((width, height): (u32, u32)) -> usize {
    // Its format may take less.
    Cut::default().count(height as usize, width as usize * 4 + 1) - 1
}

/// Rows that are encoded.
struct Band {
    rows: Range<usize>,
    stream: Vec<u8>,
    sum: Sum,
}

impl Encoder {
    /// Adds the zlib stream of a picture to its file.
    pub(super) fn tell(
        &mut self,
        pixels: &Pixels,
        format: &Format,
        effort: Effort,
        file: &mut Container,
    ) {
        let height = pixels.height as usize;
        let row_bytes = format.row_bytes(pixels.width as usize) + 1;
        let count = self.cut.count(height, row_bytes);
        if count == 1 {
            let sum = self.encode_rows(pixels, format, 0..height, effort);
            self.deflated.extend_from_slice(&sum.adler32(height * row_bytes).to_be_bytes());
            return file.data(&self.deflated);
        }
        let mut bands = self.encode_bands(pixels, format, effort, count);
        bands.sort_unstable_by_key(|band| band.rows.start);
        let mut sum = Sum::default();
        for band in &bands {
            sum.exchange(Sum::default(), band.sum, (height - band.rows.end) * row_bytes);
        }
        if let Some(last) = bands.last_mut() {
            last.stream.extend_from_slice(&sum.adler32(height * row_bytes).to_be_bytes());
        }
        bands.iter().for_each(|band| file.data(&band.stream));
    }

    /// Encodes so many bands, each on whichever thread is free first; answers them in any order.
    fn encode_bands(
        &mut self,
        pixels: &Pixels,
        format: &Format,
        effort: Effort,
        count: usize,
    ) -> Vec<Band> {
        let height = pixels.height as usize;
        let helpers = self.helpers.min(count - 1);
        let next = AtomicUsize::new(0);
        let work = |encoder: &mut Self| {
            let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count);
            let encode = |at: usize| {
                let rows = height * at / count..height * (at + 1) / count;
                let sum = encoder.encode_rows(pixels, format, rows.clone(), effort);
                Band { rows, stream: std::mem::take(&mut encoder.deflated), sum }
            };
            std::iter::from_fn(take).map(encode).collect::<Vec<_>>()
        };
        scope(|scope| {
            let help = || work(&mut Self::new());
            // Where the system refuses threads it takes longer, and nothing else changes.
            let helper =
                |_| Builder::new().name("encode".to_owned()).spawn_scoped(scope, help).ok();
            let helpers: Vec<_> = (0..helpers).map_while(helper).collect();
            let mut bands = work(self);
            for helper in helpers {
                bands.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            bands
        })
    }
}

#[cfg(test)]
mod tests;
