//! A picture that others are much like: encoded once, so that theirs cost what differs.
//!
//! A band of rows has one code, and each row is told in chunks of columns that no run of zeros crosses. So
//! a chunk whose pixels, and those that its filter looks at, are the same has the same bits, wherever in
//! the stream they stand, and is copied. Rows that say little in the master are not worth that: where
//! they differ they get filters and codes of their own, as texts on a plain ground need other codes
//! than the ground.
//!
//! Deliberately absent: palettes and grey. A picture of few colours, or none, is encoded whole.

use std::ops::Range;

use fearless_simd::dispatch;
use simd_adler32::Adler32;

use super::bits::Bits;
use super::container::{self, Container};
use super::filter::{self, Filter};
use super::runs::{self, Counter, Kept, Writer};
use super::samples::{Format, Scarcity};
use super::stamps::Stretch;
use super::{Effort, Encoder, Filtering, check};
use crate::Error;
use crate::pixels::{Area, Pixels};
use crate::simd::level;

/// Chunks of a row: as many as a word has bits.
const CHUNKS_MAX: usize = 64;
/// Pixels of a chunk at least.
const CHUNK_PX_MIN: usize = 64;
/// Rows that take less than this part of their bytes are not worth to be copied piece by piece.
const PLAIN: usize = 6;
/// Equal rows between differing ones of which a block of their own is not worth its header.
const GAP_ROWS: usize = 16;
/// Bytes of a block of rows with codes of their own, which are mostly of one kind.
const OWN_BLOCK: usize = 1 << 20;
/// The checksum's modulus.
pub(super) const MODULUS: u64 = 65_521;

/// An encoded picture.
#[derive(Debug)]
pub(crate) struct Master {
    format: Format,
    scarcity: Scarcity,
    bands: Vec<Band>,
    filters: Vec<Filter>,
    /// Chunk after chunk, row after row.
    bits: Vec<u8>,
    /// Where each chunk begins, and where the last one ends.
    starts: Vec<u32>,
    /// What each chunk adds to the checksum.
    sums: Vec<Sum>,
    /// Rows that say little.
    plain: Vec<bool>,
    /// Rows that are equal to the one above.
    flat: Vec<bool>,
    checksum: Sum,
    /// What each row adds to it.
    row_sums: Vec<Sum>,
    columns: Columns,
}

/// Rows of one block.
#[derive(Debug)]
struct Band {
    rows: Range<usize>,
    codes: Kept,
}

/// How rows are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    pub width: usize,
    chunk: usize,
    pub count: usize,
}

impl Columns {
    pub(super) fn of(width: usize) -> Self {
        let chunk = width.div_ceil(CHUNKS_MAX).max(CHUNK_PX_MIN);
        Self { width, chunk, count: width.div_ceil(chunk) }
    }

    /// The pixels of some chunks.
    pub(super) fn pixels(&self, chunks: Range<usize>) -> Range<usize> {
        chunks.start * self.chunk..(chunks.end * self.chunk).min(self.width)
    }
}

/// What some bytes add to an Adler checksum when nothing follows them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub bytes: u64,
    pub weighted: u64,
}

impl Sum {
    pub(super) fn of(data: &[u8]) -> Self {
        let mut adler = Adler32::new();
        adler.write(data);
        let (low, high) = (adler.finish() & 0xffff, adler.finish() >> 16);
        let (low, high) = (u64::from(low), u64::from(high));
        let length = data.len() as u64 % MODULUS;
        Self { bytes: (low + MODULUS - 1) % MODULUS, weighted: (high + MODULUS - length) % MODULUS }
    }

    /// Takes `old` away and adds `new`, after which `after` bytes come.
    pub(super) fn exchange(&mut self, old: Self, new: Self, after: usize) {
        let bytes = new.bytes + MODULUS - old.bytes;
        let weighted = new.weighted + MODULUS - old.weighted;
        self.bytes = (self.bytes + bytes) % MODULUS;
        self.weighted = (self.weighted + weighted + bytes * (after as u64 % MODULUS)) % MODULUS;
    }

    /// The checksum of a stream of so many bytes.
    pub(super) fn adler32(&self, length: usize) -> u32 {
        let low = (self.bytes + 1) % MODULUS;
        let high = (self.weighted + length as u64) % MODULUS;
        u32::try_from(high << 16 | low).unwrap_or(u32::MAX)
    }
}

/// Chunks of each row, as the bits of a word.
#[derive(Default)]
pub(super) struct Changes {
    /// Whose pixels differ from the master's.
    differ: Vec<u64>,
    /// Whose last pixel differs.
    edges: Vec<u64>,
    /// Whose bits differ.
    pub stale: Vec<u64>,
}

impl Changes {
    /// The chunks of a row that see a difference in any filter.
    fn seen(&self, row: usize) -> u64 {
        let of = |row: usize| self.differ[row] | self.edges[row] << 1;
        of(row) | row.checked_sub(1).map_or(0, of)
    }
}

impl Master {
    /// Encodes `pixels` as what others are like.
    ///
    /// # Errors
    /// [`Error::Encode`] when the pixels are not what their size says.
    pub(crate) fn new(pixels: &Pixels, encoder: &mut Encoder) -> Result<Self, Error> {
        check(pixels)?;
        let format = if pixels.opaque { Format::Rgb } else { Format::Rgba };
        encoder.filter(pixels, &format, 0..pixels.height as usize, Filtering::Adaptive);
        let mut master = Self::encode(&encoder.filtered, format, pixels.width as usize);
        let row = |y: usize| pixels.row(y, 0, pixels.width as usize);
        master.flat = (0..pixels.height as usize).map(|y| y > 0 && row(y) == row(y - 1)).collect();
        master.scarcity = Scarcity::of(pixels);
        Ok(master)
    }

    fn encode(filtered: &[u8], format: Format, width: usize) -> Self {
        let columns = Columns::of(width);
        let bytes = format.bytes();
        let row_bytes = width * bytes + 1;
        let rows: Vec<_> = filtered.chunks_exact(row_bytes).collect();
        let (mut starts, mut sums, mut bands) = (vec![0], Vec::new(), Vec::new());
        let mut to = Bits::over(Vec::new());
        let band_rows = (runs::BLOCK / row_bytes).max(1);
        for from in (0..rows.len()).step_by(band_rows) {
            let of_band = from..rows.len().min(from + band_rows);
            let chunks = || {
                rows[of_band.clone()].iter().flat_map(|row| {
                    (0..columns.count).map(|at| {
                        let pixels = columns.pixels(at..at + 1);
                        // The filter's number stands before the first chunk.
                        let start = if at == 0 { 0 } else { 1 + pixels.start * bytes };
                        &row[start..1 + pixels.end * bytes]
                    })
                })
            };
            let mut counter = Counter::default();
            chunks().for_each(|chunk| counter.count(chunk));
            let codes = Kept::of(&counter.codes());
            let mut writer = Writer { to: &mut to, tables: &codes.tables };
            for chunk in chunks() {
                writer.write(chunk);
                starts.push(u32::try_from(writer.to.position()).unwrap_or(u32::MAX));
                sums.push(Sum::of(chunk));
            }
            bands.push(Band { rows: of_band, codes });
        }
        let row_bits =
            |row: usize| (starts[(row + 1) * columns.count] - starts[row * columns.count]) as usize;
        Self {
            format,
            bands,
            filters: rows.iter().map(|row| Filter::of(row[0])).collect(),
            bits: to.finish_padded(),
            plain: (0..rows.len()).map(|row| row_bits(row) * PLAIN < row_bytes * 8).collect(),
            flat: Vec::new(),
            scarcity: Scarcity::default(),
            starts,
            sums,
            checksum: Sum::of(filtered),
            row_sums: rows.iter().map(|row| Sum::of(row)).collect(),
            columns,
        }
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bits.len()
            + self.starts.len() * size_of::<u32>()
            + (self.sums.len() + self.row_sums.len()) * size_of::<Sum>()
            + self.bands.iter().map(|band| band.codes.bytes()).sum::<usize>()
    }

    /// Which chunks of `pixels`, which differs from `base` in `areas` at most, have other bits.
    pub(super) fn compare(
        (columns, filters): (&Columns, &[Filter]),
        (base, pixels, areas): (&Pixels, &Pixels, &[Area]),
        changes: &mut Changes,
    ) {
        let Changes { differ, edges, stale } = changes;
        for words in [&mut *differ, &mut *edges, &mut *stale] {
            words.clear();
            words.resize(filters.len(), 0);
        }
        let Columns { chunk, .. } = *columns;
        for area in areas.iter().filter(|area| area.count() > 0) {
            let (x0, x1) = (area.x0 as usize, area.x1 as usize);
            for y in area.y0 as usize..area.y1 as usize {
                for at in x0 / chunk..x1.div_ceil(chunk) {
                    let pixels_of = columns.pixels(at..at + 1);
                    let (start, end) = (pixels_of.start.max(x0), pixels_of.end.min(x1));
                    let (old, new) = (base.row(y, start, end), pixels.row(y, start, end));
                    if old != new {
                        differ[y] |= 1 << at;
                        let edge =
                            end == pixels_of.end && old.last_chunk::<4>() != new.last_chunk();
                        edges[y] |= u64::from(edge) << at;
                    }
                }
            }
        }
        let all = u64::MAX >> (CHUNKS_MAX - columns.count);
        for (y, stale) in stale.iter_mut().enumerate() {
            let (own, left) = (differ[y], edges[y] << 1);
            let (above, corner) = if y == 0 { (0, 0) } else { (differ[y - 1], edges[y - 1] << 1) };
            *stale = all
                & match filters[y] {
                    Filter::None => own,
                    Filter::Sub => own | left,
                    Filter::Up => own | above,
                    Filter::Average => own | left | above,
                    Filter::Paeth => own | left | above | corner,
                };
        }
    }

    /// Some rows in the order of the stream, and whether they get codes of their own.
    fn stretches(&self, of: Range<usize>, stale: &[u64]) -> Vec<(Range<usize>, bool)> {
        let mut stretches: Vec<(Range<usize>, bool)> = Vec::new();
        for row in of {
            let own = stale[row] != 0 && self.plain[row];
            match stretches.last_mut() {
                Some((rows, same)) if *same == own => rows.end = row + 1,
                _ => stretches.push((row..row + 1, own)),
            }
        }
        let count = stretches.len();
        let mut joined: Vec<(Range<usize>, bool)> = Vec::new();
        for (at, (rows, own)) in stretches.into_iter().enumerate() {
            let gap = at + 1 < count
                && rows.len() <= GAP_ROWS
                && self.plain[rows.clone()].iter().all(|plain| *plain);
            match joined.last_mut() {
                Some((before, true)) if own || gap => before.end = rows.end,
                _ => joined.push((rows, own)),
            }
        }
        joined
    }
}

/// The lowest bits in a row that are set, which are then no more.
pub(super) fn take_run(word: &mut u64) -> Range<usize> {
    let start = word.trailing_zeros() as usize;
    let count = (*word >> start).trailing_ones() as usize;
    *word &= !(u64::MAX >> (CHUNKS_MAX - count) << start);
    start..start + count
}

impl Encoder {
    /// Encodes a picture that differs from `base`, whose encoding `master` is, in `areas` at most, and in
    /// the rows that are `stamped`. Those come in their order, are all flat in the master, and neither
    /// meet nor touch any of the areas.
    ///
    /// # Errors
    /// [`Error::Encode`] when the two are not of one size.
    pub(crate) fn encode_like(
        &mut self,
        (master, base): (&Master, &Pixels),
        pixels: &Pixels,
        areas: &[Area],
        stamped: &[Stretch],
        pixel_ratio: f64,
    ) -> Result<Vec<u8>, Error> {
        check(pixels)?;
        if (pixels.width, pixels.height) != (base.width, base.height) {
            return Err(Error::Encode { reason: "a base of another size".to_owned() });
        }
        if stamped.is_empty() && master.scarcity.holds(pixels, areas) {
            return self.encode(pixels, pixel_ratio, Effort::Fast);
        }
        let mut changes = std::mem::take(&mut self.changes);
        let of = (&master.columns, &master.filters[..]);
        Master::compare(of, (base, pixels, areas), &mut changes);
        let mut to = Bits::over(std::mem::take(&mut self.deflated));
        to.bytes(&container::ZLIB_HEADER);
        let mut checksum = master.checksum;
        let row_bytes = master.columns.width * master.format.bytes() + 1;
        let mut done = 0;
        for stretch in stamped {
            let rows = done..stretch.rows.start;
            self.write_rows(master, pixels, rows, &changes, &mut to, &mut checksum);
            let exchange = |row: usize, new: Sum| master.exchange(&mut checksum, row, new);
            stretch.write(master.columns.width, &mut to, exchange);
            done = stretch.rows.end;
        }
        let rows = done..master.filters.len();
        self.write_rows(master, pixels, rows, &changes, &mut to, &mut checksum);
        self.changes = changes;
        to.close(checksum.adler32(row_bytes * master.filters.len()));
        self.deflated = to.finish();
        let mut file = Container::open(pixels, &master.format, pixel_ratio);
        file.data(&self.deflated);
        Ok(file.close())
    }

    /// Writes rows as what is left of the master's and what differs from it.
    fn write_rows(
        &mut self,
        master: &Master,
        pixels: &Pixels,
        rows: Range<usize>,
        changes: &Changes,
        to: &mut Bits,
        checksum: &mut Sum,
    ) {
        for (rows, own) in master.stretches(rows, &changes.stale) {
            if own {
                self.filter_own(master, pixels, rows, changes, checksum);
                dispatch!(level(), _ => runs::deflate(&self.filtered, OWN_BLOCK, false, to));
            } else {
                let stale = &changes.stale;
                dispatch!(level(), _ => match master.format.bytes() {
                    3 => self.copy_rows::<3>(master, pixels, rows, stale, to, checksum),
                    _ => self.copy_rows::<4>(master, pixels, rows, stale, to, checksum),
                });
            }
        }
    }

    /// Fills `filtered` with rows that get codes of their own.
    fn filter_own(
        &mut self,
        master: &Master,
        pixels: &Pixels,
        rows: Range<usize>,
        changes: &Changes,
        checksum: &mut Sum,
    ) {
        let row_bytes = master.columns.width * master.format.bytes() + 1;
        let mut exchange = |row: usize, new: Sum| master.exchange(checksum, row, new);
        if !master.flat[rows.clone()].iter().all(|flat| *flat) {
            self.filter(pixels, &master.format, rows.clone(), Filtering::Adaptive);
            let filtered = rows.zip(self.filtered.chunks_exact(row_bytes));
            return filtered.for_each(|(row, new)| exchange(row, Sum::of(new)));
        }
        self.filtered.clear();
        self.filtered.resize(rows.len() * row_bytes, 0);
        let mut filtered = std::mem::take(&mut self.filtered);
        for (row, to) in rows.zip(filtered.chunks_exact_mut(row_bytes)) {
            let sum = dispatch!(level(), _ => match master.format.bytes() {
                3 => self.filter_flat::<3>(master, pixels, row, changes.seen(row), to),
                _ => self.filter_flat::<4>(master, pixels, row, changes.seen(row), to),
            });
            exchange(row, sum);
        }
        self.filtered = filtered;
    }

    /// Filters the chunks of a row that differ, or border on such, by one of two filters that leave zeros
    /// of what is like the row above. Answers what the row adds to the checksum.
    #[inline(always)]
    fn filter_flat<const BPP: usize>(
        &mut self,
        master: &Master,
        pixels: &Pixels,
        row: usize,
        chunks: u64,
        to: &mut [u8],
    ) -> Sum {
        let all = u64::MAX >> (CHUNKS_MAX - master.columns.count);
        let mut sum = Sum::default();
        let Some((told, to)) = to.split_first_mut() else { return sum };
        let rows = &mut self.rows;
        let size = to.len();
        for buffer in [&mut rows.row, &mut rows.above, &mut rows.other] {
            if buffer.len() < size {
                buffer.resize(size, 0);
            }
        }
        let mut weights = [0, 0];
        let mut left = chunks & all;
        while left != 0 {
            let Range { start, end } = master.columns.pixels(take_run(&mut left));
            let before = start.saturating_sub(1);
            let bytes = before * BPP..end * BPP;
            let (own, above) = (&mut rows.row[bytes.clone()], &mut rows.above[bytes.clone()]);
            master.format.pack(pixels.row(row, before, end), own);
            master.format.pack(pixels.row(row - 1, before, end), above);
            // What is left of the chunks stays zero.
            let skip = (start - before) * BPP;
            let (own, above) = (&*own, &*above);
            filter::apply::<BPP>(Filter::Paeth, above, own, &mut rows.other[bytes.clone()]);
            let up = &mut to[start * BPP..end * BPP];
            filter::apply::<BPP>(Filter::Up, &above[skip..], &own[skip..], up);
            weights[0] += filter::weight(up);
            weights[1] += filter::weight(&rows.other[start * BPP..end * BPP]);
        }
        *told = Filter::Up as u8;
        let is_paeth = weights[1] < weights[0];
        if is_paeth {
            *told = Filter::Paeth as u8;
        }
        sum.exchange(Sum::default(), Sum::of(&[*told]), size);
        let mut left = chunks & all;
        while left != 0 {
            let Range { start, end } = master.columns.pixels(take_run(&mut left));
            let bytes = start * BPP..end * BPP;
            let to = &mut to[bytes.clone()];
            if is_paeth {
                to.copy_from_slice(&rows.other[bytes]);
            }
            sum.exchange(Sum::default(), Sum::of(to), size - end * BPP);
        }
        sum
    }

    /// Copies the chunks of some rows, or encodes them by the master's filters and codes where they are
    /// stale.
    #[inline(always)]
    fn copy_rows<const BPP: usize>(
        &mut self,
        master: &Master,
        pixels: &Pixels,
        rows: Range<usize>,
        stale: &[u64],
        to: &mut Bits,
        checksum: &mut Sum,
    ) {
        let count = master.columns.count;
        let copy = |to: &mut Bits, from: usize, upto: usize| {
            if from < upto {
                to.splice(&master.bits, master.starts[from] as usize, master.starts[upto] as usize);
            }
        };
        let meets = |band: &&Band| band.rows.start < rows.end && rows.start < band.rows.end;
        for band in master.bands.iter().filter(meets) {
            band.codes.open(to);
            let rows = band.rows.start.max(rows.start)..band.rows.end.min(rows.end);
            let mut writer = Writer { to: &mut *to, tables: &band.codes.tables };
            // Chunks before this one are written.
            let mut done = rows.start * count;
            for row in rows.clone() {
                let mut left = stale[row];
                while left != 0 {
                    let chunks = take_run(&mut left);
                    copy(writer.to, done, row * count + chunks.start);
                    done = row * count + chunks.end;
                    self.chunks::<BPP>(master, pixels, (row, chunks), &mut writer, checksum);
                }
            }
            copy(writer.to, done, rows.end * count);
            band.codes.end(to);
        }
    }

    /// Encodes some chunks of a row.
    #[inline(always)]
    fn chunks<const BPP: usize>(
        &mut self,
        master: &Master,
        pixels: &Pixels,
        (row, chunks): (usize, Range<usize>),
        writer: &mut Writer<'_>,
        checksum: &mut Sum,
    ) {
        let Columns { width, count, .. } = master.columns;
        let Range { start, end } = master.columns.pixels(chunks.clone());
        // Filters look at the pixel to the left.
        let left = start.saturating_sub(1);
        let size = (end - left) * BPP;
        let filter = master.filters[row];
        if self.filtered.len() < size + 1 {
            self.filtered.resize(size + 1, 0);
        }
        // The first byte is the filter's number, or belongs to the pixel to the left.
        let filtered = &mut self.filtered[..=size];
        let of = (row, left..end);
        self.rows.leave::<BPP>(pixels, &master.format, of, filter, &mut filtered[1..]);
        filtered[0] = filter as u8;
        let mut rest = if start == 0 { filtered } else { &mut filtered[1 + BPP..] };
        for at in chunks {
            let pixels = master.columns.pixels(at..at + 1);
            let bytes = pixels.len() * BPP + usize::from(at == 0);
            let (chunk, after) = rest.split_at_mut(bytes);
            rest = after;
            writer.write(chunk);
            let rows_after = (master.filters.len() - 1 - row) * (width * BPP + 1);
            let after = (width - pixels.end) * BPP + rows_after;
            checksum.exchange(master.sums[row * count + at], Sum::of(chunk), after);
        }
    }
}

impl Master {
    /// Takes what a row adds to the checksum away, and adds `new` for it.
    fn exchange(&self, checksum: &mut Sum, row: usize, new: Sum) {
        let after = (self.filters.len() - 1 - row) * (self.columns.width * self.format.bytes() + 1);
        checksum.exchange(self.row_sums[row], new, after);
    }

    /// Whether stamps may stand in these rows: they are opaque, and each is equal to the one above it.
    pub(crate) fn can_be_stamped(&self, rows: Range<usize>) -> bool {
        self.format == Format::Rgb
            && self.flat.get(rows).is_some_and(|rows| rows.iter().all(|flat| *flat))
    }

    /// Whether a picture stays one of more colours than a palette holds, and not grey, when it also
    /// has the shades between each of these pairs.
    pub(crate) fn stays_rich(&self, pairs: &[([u8; 3], [u8; 3])]) -> bool {
        self.scarcity.ends(pairs)
    }
}

#[cfg(test)]
mod tests;
