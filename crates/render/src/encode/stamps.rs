//! Small pictures on a plain ground, filtered once for every place where they may stand.
//!
//! Below a row that it equals, a row of plain ground leaves zeros whatever lies in its columns (the filter
//! is Paeth's). So what the letters of a text leave of its rows is the same wherever they stand, as are
//! its bits in given codes: a row of text is runs of zeros, and between them the bits of its letters,
//! which nobody need paint or filter again. Rows of a template share such codes; a picture for itself has its
//! own, in which it tells the bytes that its letters leave.
//!
//! Deliberately absent: which pictures those are and that they do not overlap, see [`crate::plan`].

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::dispatch;

use super::bits::Bits;
use super::container::{self, Container};
use super::filter::{self, Filter};
use super::master::{MODULUS, Sum};
use super::runs::{self, Counter, Kept, Sink, Tables, Writer};
use super::samples::{self, Format};
use super::{Encoder, Filtering, check};
use crate::Error;
use crate::pixels::Pixels;
use crate::simd::level;

/// Bytes of a pixel.
const BPP: usize = 3;
/// Zeros between two letters, as codes expect them: from so many ...
const GAP: usize = 6;
/// ... to about twice as many.
const GAPS: usize = 9;
/// Letters of a row, as codes expect them, and zeros at its end.
const LETTERS: usize = 24;
const REST: usize = 1_000;

/// Codes for the stamps of one stretch of rows.
#[derive(Debug)]
pub(crate) struct Codes(Kept);

/// A picture as what it leaves of its rows.
#[derive(Debug)]
pub(crate) struct Stamp {
    rows: Vec<Row>,
    /// In bits of some codes, behind the last of which come eight bytes; or the bytes themselves.
    told: Vec<u8>,
    /// Of those bytes: the symbols that they take, and how often.
    counts: Vec<(u16, u16)>,
    /// Of those bytes: the colours of the picture.
    colors: Vec<[u8; 4]>,
}

/// What a picture leaves of a row.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The pixels in which it, or the row above it, is covered.
    ink: (u32, u32),
    /// From the picture's left edge to the first byte that is no zero.
    start: u32,
    bytes: u32,
    /// Where it is told, in bits or bytes.
    from: u32,
    upto: u32,
    sum: Sum,
}

/// Rows of a picture in which there are stamps and nothing else that differs from its master.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub rows: Range<usize>,
    /// Those of its stamps, unless they are in bytes.
    codes: Option<Arc<Codes>>,
    stamps: Vec<Arc<Stamp>>,
    /// Row by row from the left.
    pieces: Vec<Piece>,
}

/// A row of a stamp on the canvas.
#[derive(Clone, Copy, Debug)]
struct Piece {
    row: u32,
    /// Its first byte.
    at: u32,
    stamp: u32,
    stamp_row: u32,
}

/// Collects what codes are to be good for.
#[derive(Default)]
pub(crate) struct Sample(Counter);

impl Sample {
    /// Counts a picture on its ground.
    pub(crate) fn add(&mut self, picture: (&Pixels, &[Range<usize>]), ground: [u8; 3]) {
        let Self(counter) = self;
        let mut rows = 0;
        dispatch!(level(), _ => residuals(picture, ground, |_, _, left| {
            if left.is_empty() {
                return;
            }
            counter.count(left);
            counter.zeros(GAP + rows % GAPS);
            if rows % LETTERS == 0 {
                counter.literal(Filter::Paeth as u8);
                counter.zeros(REST);
            }
            rows += 1;
        }));
    }

    /// Codes for pictures like those.
    pub(crate) fn codes(self) -> Codes {
        Codes(Kept::of(&self.0.codes()))
    }
}

impl Stamp {
    /// Encodes an opaque picture, of which in each row some pixels are covered, seen or not, on its ground, in these
    /// codes or in bytes.
    pub(crate) fn new(
        (pixels, covered): (&Pixels, &[Range<usize>]),
        ground: [u8; 3],
        codes: Option<&Codes>,
    ) -> Self {
        let mut rows = Vec::with_capacity(pixels.height as usize + 1);
        let mut bits = Bits::over(Vec::new());
        let mut bytes = Vec::new();
        let mut counter = Counter::default();
        dispatch!(level(), _ => residuals((pixels, covered), ground, |ink, start, left| {
            let (from, upto) = match codes {
                Some(Codes(codes)) => {
                    let from = bits.position();
                    Writer { to: &mut bits, tables: &codes.tables }.write(left);
                    (from, bits.position())
                }
                None => {
                    counter.count(left);
                    bytes.extend_from_slice(left);
                    (bytes.len() - left.len(), bytes.len())
                }
            };
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            rows.push(Row {
                ink: (number(ink.start), number(ink.end)),
                start: number(start),
                bytes: number(left.len()),
                from: number(from),
                upto: number(upto),
                sum: Sum::of(left),
            });
        }));
        match codes {
            Some(_) => {
                let told = bits.finish_padded();
                Self { rows, told, counts: Vec::new(), colors: Vec::new() }
            }
            None => Self {
                rows,
                told: bytes,
                counts: counter.counts(),
                colors: samples::colors(pixels),
            },
        }
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>()
            + self.told.len()
            + (self.counts.len() + self.colors.len()) * 4
            + size_of::<Self>()
    }
}

/// Calls `each` for every row of an opaque picture, of which in each row some pixels are `covered`, and for the one
/// below it: with the pixels in which it or the row above is covered, and with what Paeth's filter leaves of it:
/// where that begins, in bytes from the left edge, and the bytes from the first to the last that is no zero.
#[inline(always)]
fn residuals(
    (pixels, covered): (&Pixels, &[Range<usize>]),
    ground: [u8; 3],
    mut each: impl FnMut(Range<usize>, usize, &[u8]),
) {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    // A pixel of ground on either side: that on the right has the picture to its left.
    let plain = ground.repeat(width + 2);
    let (mut above, mut own) = (plain.clone(), plain.clone());
    let mut left = vec![0; plain.len()];
    let mut ink_above = width..0;
    for y in 0..=height {
        if y < height {
            let packed = own[BPP..].as_chunks_mut::<BPP>().0.iter_mut();
            for (to, [r, g, b, _]) in packed.zip(pixels.row(y, 0, width).as_chunks::<4>().0) {
                *to = [*r, *g, *b];
            }
        } else {
            own.copy_from_slice(&plain);
        }
        filter::apply::<BPP>(Filter::Paeth, &above, &own, &mut left);
        let left = &left[BPP..];
        let first = left.iter().position(|byte| *byte != 0).unwrap_or(0);
        let end = left.iter().rposition(|byte| *byte != 0).map_or(first, |last| last + 1);
        let ink = covered.get(y).cloned().unwrap_or(width..0);
        let both = ink.start.min(ink_above.start)..ink.end.max(ink_above.end);
        each(both, first, &left[first..end]);
        ink_above = ink;
        std::mem::swap(&mut own, &mut above);
    }
}

/// Stamps that are put beside each other.
pub(crate) struct Composition {
    rows: Range<usize>,
    width: usize,
    /// The pixel from which on the next stamp may have ink, by row.
    free: Vec<u32>,
    stamps: Vec<Arc<Stamp>>,
    pieces: Vec<Piece>,
    /// For each stamp: pieces and changes before it.
    starts: Vec<(usize, usize)>,
    /// What `free` said before each change.
    changes: Vec<(usize, u32)>,
}

impl Composition {
    /// For rows of a canvas so wide.
    pub(crate) fn new(rows: Range<usize>, width: usize) -> Self {
        let free = vec![1; rows.len()];
        let (stamps, pieces) = (Vec::new(), Vec::new());
        Self { rows, width, free, stamps, pieces, starts: Vec::new(), changes: Vec::new() }
    }

    /// Puts a stamp with its upper left pixel at `x`, `y`; `false`, and nothing is put, when it would touch
    /// another one or stand left of it, or come to an edge.
    pub(crate) fn put(&mut self, stamp: &Arc<Stamp>, x: i64, y: i64) -> bool {
        let stamp_index = u32::try_from(self.stamps.len()).unwrap_or(u32::MAX);
        self.starts.push((self.pieces.len(), self.changes.len()));
        self.stamps.push(Arc::clone(stamp));
        for (at, row) in stamp.rows.iter().enumerate().filter(|(_, row)| row.ink.0 < row.ink.1) {
            if self.put_row(row, (stamp_index, at), x, y).is_none() {
                self.take();
                return false;
            }
        }
        true
    }

    fn put_row(
        &mut self,
        row: &Row,
        (stamp, stamp_row): (u32, usize),
        x: i64,
        y: i64,
    ) -> Option<()> {
        let y = usize::try_from(y.checked_add(i64::try_from(stamp_row).ok()?)?).ok()?;
        let row_of = y.checked_sub(self.rows.start)?;
        let [first, end] =
            [row.ink.0, row.ink.1].map(|px| u32::try_from(x.checked_add(px.into())?).ok());
        // A pixel of ground follows, which sees the ink to its left.
        let (first, free) = (first?, end?.checked_add(1)?);
        let before = *self.free.get(row_of)?;
        if first < before || free as usize > self.width {
            return None;
        }
        self.free[row_of] = free;
        self.changes.push((row_of, before));
        if row.bytes > 0 {
            let at = u32::try_from(x * BPP as i64 + i64::from(row.start)).ok()?;
            let (row, stamp_row) = (u32::try_from(y).ok()?, u32::try_from(stamp_row).ok()?);
            self.pieces.push(Piece { row, at, stamp, stamp_row });
        }
        Some(())
    }

    /// Takes away the stamp that was put last.
    pub(crate) fn take(&mut self) {
        if let Some((pieces, changes)) = self.starts.pop() {
            self.stamps.pop();
            self.pieces.truncate(pieces);
            for (row, before) in self.changes.drain(changes..).rev() {
                self.free[row] = before;
            }
        }
    }

    /// The rows with stamps in them; `None` when there are none.
    pub(crate) fn finish(self, codes: Option<&Arc<Codes>>) -> Option<Stretch> {
        let Self { stamps, mut pieces, .. } = self;
        let first = pieces.iter().map(|piece| piece.row).min()? as usize;
        let end = pieces.iter().map(|piece| piece.row).max()? as usize + 1;
        // Within a row they stand in order.
        pieces.sort_by_key(|piece| piece.row);
        Some(Stretch { rows: first..end, codes: codes.cloned(), stamps, pieces })
    }
}

impl Stretch {
    /// Writes the rows as a block; answers for each what it adds to the checksum, to `sum`.
    pub(super) fn write(&self, width: usize, to: &mut Bits, sum: impl FnMut(usize, Sum)) {
        match &self.codes {
            Some(codes) => dispatch!(level(), _ => self.write_bits(&codes.0, width, to, sum)),
            None => dispatch!(level(), _ => self.write_bytes(width, to, sum)),
        }
    }

    #[inline(always)]
    fn write_bits(&self, codes: &Kept, width: usize, to: &mut Bits, sum: impl FnMut(usize, Sum)) {
        codes.open(to);
        let mut writer = Writer { to: &mut *to, tables: &codes.tables };
        self.tell(width, &mut writer, sum, |writer, stamp, row| {
            writer.to.splice_few(&stamp.told, row.from as usize, row.upto as usize);
        });
        codes.end(to);
    }

    /// In codes of its own.
    #[inline(always)]
    fn write_bytes(&self, width: usize, to: &mut Bits, sum: impl FnMut(usize, Sum)) {
        let mut counter = Counter::default();
        self.stamps.iter().for_each(|stamp| counter.add(&stamp.counts));
        self.tell(width, &mut counter, |_, _| {}, |_, _, _| {});
        let codes = counter.own_codes();
        codes.open(false, to);
        let tables = Tables::of(&codes);
        let mut writer = Writer { to, tables: &tables };
        self.tell(width, &mut writer, sum, |writer, stamp, row| {
            writer.write(&stamp.told[row.from as usize..row.upto as usize]);
        });
        writer.end(&codes);
    }

    /// Tells `sink` the rows, but for what its stamps leave, which `piece` tells.
    #[inline(always)]
    fn tell<S: Sink>(
        &self,
        width: usize,
        sink: &mut S,
        mut sum: impl FnMut(usize, Sum),
        mut piece: impl FnMut(&mut S, &Stamp, &Row),
    ) {
        let row_bytes = width * BPP;
        let mut pieces = self.pieces.as_slice();
        for row in self.rows.clone() {
            let count = pieces.iter().take_while(|piece| piece.row as usize == row).count();
            let (own, rest) = pieces.split_at(count);
            pieces = rest;
            sink.literal(Filter::Paeth as u8);
            let filter = Filter::Paeth as u64;
            let (mut bytes, mut weighted) = (filter, filter * (row_bytes as u64 + 1));
            let mut done = 0;
            for at in own {
                let stamp = &self.stamps[at.stamp as usize];
                let row = &stamp.rows[at.stamp_row as usize];
                let start = at.at as usize;
                if start > done {
                    sink.zeros(start - done);
                }
                piece(sink, stamp, row);
                done = start + row.bytes as usize;
                bytes += row.sum.bytes;
                weighted += row.sum.weighted + row.sum.bytes * (row_bytes - done) as u64;
            }
            if row_bytes > done {
                sink.zeros(row_bytes - done);
            }
            sum(row, Sum { bytes: bytes % MODULUS, weighted: weighted % MODULUS });
        }
    }
}

/// Lets rows with stamps, in their order, begin earlier and end later, by rows that are plain: the same all
/// over, as the row above.
pub(crate) fn widen(stamped: &mut [Stretch], plain: &[bool]) {
    let mut done = 0;
    for at in 0..stamped.len() {
        let next = stamped.get(at + 1).map_or(plain.len(), |next| next.rows.start);
        let Some(Stretch { rows, .. }) = stamped.get_mut(at) else { return };
        while rows.start > done && plain[rows.start - 1] {
            rows.start -= 1;
        }
        while rows.end < next && plain[rows.end] {
            rows.end += 1;
        }
        done = rows.end;
    }
}

/// Whether an opaque picture that also has these stamps is best stored as RGB: it fits no palette.
pub(crate) fn is_rich(pixels: &Pixels, stamped: &[Stretch]) -> bool {
    let stamps = stamped.iter().flat_map(|stretch| &stretch.stamps);
    samples::is_rich(pixels, stamps.flat_map(|stamp| stamp.colors.iter().copied()))
}

impl Encoder {
    /// Encodes an opaque picture as [`Encoder::encode`] does with the effort `fast`, but for the rows that are
    /// `stamped`, in their order: `pixels` lacks those stamps and has nothing but ground there. With them
    /// it [`is_rich`].
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub(crate) fn encode_stamped(
        &mut self,
        pixels: &Pixels,
        stamped: &[Stretch],
        pixel_ratio: f64,
    ) -> Result<Vec<u8>, Error> {
        check(pixels)?;
        let (width, height) = (pixels.width as usize, pixels.height as usize);
        let row_bytes = width * BPP + 1;
        let mut to = Bits::over(std::mem::take(&mut self.deflated));
        to.bytes(&container::ZLIB_HEADER);
        let mut checksum = Sum::default();
        let mut done = 0;
        for stretch in stamped.iter().map(Some).chain([None]) {
            let rows = done..stretch.map_or(height, |stretch| stretch.rows.start);
            if !rows.is_empty() {
                let after = (height - rows.end) * row_bytes;
                self.filter(pixels, &Format::Rgb, rows, Filtering::Adaptive);
                checksum.exchange(Sum::default(), Sum::of(&self.filtered), after);
                dispatch!(level(), _ => runs::deflate(&self.filtered, runs::BLOCK, false, &mut to));
            }
            if let Some(stretch) = stretch {
                let sum = |row: usize, new: Sum| {
                    checksum.exchange(Sum::default(), new, (height - 1 - row) * row_bytes);
                };
                stretch.write(width, &mut to, sum);
                done = stretch.rows.end;
            }
        }
        to.close(checksum.adler32(row_bytes * height));
        self.deflated = to.finish();
        let mut file = Container::open(pixels, &Format::Rgb, pixel_ratio);
        file.data(&self.deflated);
        Ok(file.close())
    }
}
