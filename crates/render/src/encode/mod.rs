//! Encoding: from [`Pixels`] to a PNG file.
//!
//! A picture is stored as the fewest bytes a pixel that keep it whole: a palette, grey, RGB when it is
//! opaque, else RGBA with straight alpha. Its rows are filtered and the result is deflated, by `runs` at
//! the speed of memory or by `matches` with more care. The file says that it is sRGB and how many of its
//! pixels make an inch, so that it is shown at the template's size. A large picture is encoded in `bands`, by
//! several threads if they may. What is much like another picture is encoded by what differs: by a
//! `master` fast, by a `draft` small.
//!
//! Deliberately absent: anything that loses a bit of the picture.

mod bands;
mod bits;
mod block;
mod choice;
mod container;
mod draft;
mod filter;
mod huffman;
mod master;
mod matches;
mod runs;
mod samples;
pub(crate) mod stamps;
mod symbols;
#[cfg(test)]
mod tests;

use std::ops::Range;

use fearless_simd::dispatch;
pub use pixeldrive_model::Effort;

use self::bands::Cut;
pub use self::bands::helpers_max;
use self::bits::Bits;
use self::container::Container;
use self::draft::Desk;
pub(crate) use self::draft::Draft;
use self::filter::Filter;
pub(crate) use self::master::Master;
use self::master::{Changes, Sum};
use self::matches::Search;
use self::samples::Format;
use crate::Error;
use crate::pixels::Pixels;
use crate::simd::level;

/// Encodes pictures one after the other, in memory that it uses again.
#[derive(Default)]
pub struct Encoder {
    rows: Rows,
    filtered: Vec<u8>,
    deflated: Vec<u8>,
    changes: Changes,
    desk: Desk,
    cut: Cut,
    helpers: usize,
}

/// How the filters of rows are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filtering {
    /// For each row the one that leaves least of it.
    Adaptive,
    /// None at all.
    None,
}

/// Where some rows stand in their picture.
#[derive(Clone, Copy)]
struct Ends {
    /// Nothing is before them.
    first: bool,
    /// Nothing comes after them.
    last: bool,
}

/// The row that is filtered and the one above.
#[derive(Default)]
struct Rows {
    row: Vec<u8>,
    above: Vec<u8>,
    /// What another filter leaves of the row.
    other: Vec<u8>,
}

impl Rows {
    /// Fills `to` with what a filter leaves of some pixels of a row.
    #[inline(always)]
    fn leave<const BPP: usize>(
        &mut self,
        pixels: &Pixels,
        format: &Format,
        (row, of): (usize, Range<usize>),
        filter: Filter,
        to: &mut [u8],
    ) {
        let size = of.len() * BPP;
        for buffer in [&mut self.row, &mut self.above] {
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
        }
        let (own, above) = (&mut self.row[..size], &mut self.above[..size]);
        format.pack(pixels.row(row, of.start, of.end), own);
        if row == 0 {
            above.fill(0);
        } else if !matches!(filter, Filter::None | Filter::Sub) {
            format.pack(pixels.row(row - 1, of.start, of.end), above);
        }
        filter::apply::<BPP>(filter, above, own, to);
    }
}

impl Encoder {
    /// An encoder without any memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets so many threads help from now on to encode what is large ([`helpers_max`]); none at first.
    /// Files do not depend on it.
    pub fn set_helpers(&mut self, count: usize) {
        self.helpers = count;
    }

    /// Encodes a picture whose pixels are `pixel_ratio` to a CSS px.
    ///
    /// # Errors
    /// [`Error::Encode`] when the pixels are not what their size says.
    pub fn encode(
        &mut self,
        pixels: &Pixels,
        pixel_ratio: f64,
        effort: Effort,
    ) -> Result<Vec<u8>, Error> {
        check(pixels)?;
        let format = Format::of(pixels);
        let mut file = Container::open(pixels, &format, pixel_ratio);
        self.tell(pixels, &format, effort, &mut file);
        Ok(file.close())
    }

    /// Fills `deflated` with rows as their part of the picture's zlib stream, which still lacks its checksum;
    /// answers what they add to that.
    fn encode_rows(
        &mut self,
        pixels: &Pixels,
        format: &Format,
        rows: Range<usize>,
        effort: Effort,
    ) -> Sum {
        let usual = [format.bytes(), format.row_bytes(pixels.width as usize) + 1];
        let ends = Ends { first: rows.start == 0, last: rows.end == pixels.height as usize };
        self.filter(pixels, format, rows.clone(), Filtering::Adaptive);
        match effort {
            Effort::Fast => self.deflate(usual, None, ends),
            Effort::Balanced => {
                if is_flat(&self.filtered) {
                    self.deflate(usual, None, ends);
                    let fast = self.deflated.len();
                    self.filter(pixels, format, rows.clone(), Filtering::None);
                    let search = Search { depth: 8, enough: 64, patience: 8 };
                    let sum = self.deflate(usual, Some(search), ends);
                    // Else there is a photo or a slope in it, which filters tell better.
                    if self.deflated.len() < fast {
                        return sum;
                    }
                    self.filter(pixels, format, rows.clone(), Filtering::Adaptive);
                }
                self.refine(pixels, format, rows.start);
                self.deflate(usual, Some(Search { depth: 24, enough: 64, patience: 8 }), ends)
            }
            Effort::Small => {
                let thorough = Some(Search { depth: 1024, enough: 258, patience: 20 });
                self.refine(pixels, format, rows.start);
                let adaptive_sum = self.deflate(usual, thorough, ends);
                let adaptive = std::mem::take(&mut self.deflated);
                self.filter(pixels, format, rows, Filtering::None);
                let sum = self.deflate(usual, thorough, ends);
                if adaptive.len() < self.deflated.len() {
                    self.deflated = adaptive;
                    return adaptive_sum;
                }
                sum
            }
        }
    }

    /// Fills `deflated` with `filtered` as a part of a zlib stream, in whole bytes; answers what it adds to
    /// the checksum.
    fn deflate(&mut self, usual: [usize; 2], search: Option<Search>, ends: Ends) -> Sum {
        let filtered = &self.filtered;
        let mut to = Bits::over(std::mem::take(&mut self.deflated));
        if ends.first {
            to.bytes(&container::ZLIB_HEADER);
        }
        dispatch!(level(), _ => match search {
            None => runs::deflate(filtered, runs::BLOCK, ends.last, &mut to),
            Some(search) => matches::deflate(filtered, search, usual, ends.last, &mut to),
        });
        if !ends.last {
            to.flush();
        }
        self.deflated = to.finish();
        Sum::of(filtered)
    }

    /// Chooses the filters of the rows in `filtered`, from this one of the picture on, with more care.
    fn refine(&mut self, pixels: &Pixels, format: &Format, start: usize) {
        let Self { rows, filtered, .. } = self;
        dispatch!(level(), _ => match format.bytes() {
            1 => choice::refine::<1>(pixels, format, start, rows, filtered),
            3 => choice::refine::<3>(pixels, format, start, rows, filtered),
            _ => choice::refine::<4>(pixels, format, start, rows, filtered),
        });
    }

    /// Fills `filtered`: for each of these rows the filter and what it leaves.
    fn filter(&mut self, pixels: &Pixels, format: &Format, of: Range<usize>, filtering: Filtering) {
        let Self { rows, filtered, .. } = self;
        let width = pixels.width as usize;
        let size = format.row_bytes(width);
        filtered.resize((size + 1) * of.len(), 0);
        rows.row.resize(size, 0);
        rows.above.clear();
        rows.above.resize(size, 0);
        if let Some(above) = of.start.checked_sub(1) {
            format.pack(pixels.row(above, 0, width), &mut rows.above);
        }
        let pixels = &pixels.rgba[of.start * width * 4..of.end * width * 4];
        dispatch!(level(), _ => match format.bytes() {
            1 => filter::<1>(pixels, width, format, filtering, rows, filtered),
            3 => filter::<3>(pixels, width, format, filtering, rows, filtered),
            _ => filter::<4>(pixels, width, format, filtering, rows, filtered),
        });
    }
}

#[inline(always)]
fn filter<const BPP: usize>(
    pixels: &[u8],
    width: usize,
    format: &Format,
    filtering: Filtering,
    rows: &mut Rows,
    filtered: &mut [u8],
) {
    let size = rows.row.len();
    let mut last: &[u8] = &[];
    for (row, to) in pixels.chunks_exact(width * 4).zip(filtered.chunks_exact_mut(size + 1)) {
        let Some((told, to)) = to.split_first_mut() else {
            return;
        };
        if row == last && filtering == Filtering::Adaptive {
            *told = Filter::Up as u8;
            to.fill(0);
            continue;
        }
        last = row;
        format.pack(row, &mut rows.row);
        let filter = match filtering {
            Filtering::Adaptive => filter::choose::<BPP>(&rows.above, &rows.row),
            Filtering::None => Filter::None,
        };
        *told = filter as u8;
        filter::apply::<BPP>(filter, &rows.above, &rows.row, to);
        std::mem::swap(&mut rows.row, &mut rows.above);
    }
}

fn check(pixels: &Pixels) -> Result<(), Error> {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    if width == 0 || height == 0 || pixels.rgba.len() != width * height * 4 {
        let bytes = pixels.rgba.len();
        let reason = format!("{bytes} bytes are no picture of {width} x {height} px");
        return Err(Error::Encode { reason });
    }
    Ok(())
}

/// Whether filters leave little but zeros: then a row is told better by matches with other rows than
/// by differences from its neighbours.
fn is_flat(filtered: &[u8]) -> bool {
    filtered.iter().filter(|byte| **byte == 0).count() > filtered.len() / 4 * 3
}
