//! A picture that others are much like, told with matches: for the efforts that look for them.
//!
//! As in `master`, what is left by the filter of a chunk of columns is the same as long as the pixels are that it
//! looks at. The places of a stream's bytes never change, so neither does a token as long as its bytes do not,
//! and those that it looks back at. Blocks that neither have anything new nor look back at it are copied
//! as bits. All others get codes of their own: for known tokens, wherever they still hold, and for those that
//! are found for what is new.
//!
//! Deliberately absent: palettes and grey, as in `master`.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use fearless_simd::dispatch;

use super::bits::Bits;
use super::container::{self, Container};
use super::filter::Filter;
use super::master::{Columns, Master, Sum, take_run};
use super::matches::{Chains, Costs, Latest, Match, Matcher, Places, Search, Tokens};
use super::samples::{Format, Scarcity};
use super::symbols::WINDOW;
use super::{Effort, Encoder, Filtering, check};
use crate::Error;
use crate::pixels::{Area, Pixels};
use crate::simd::level;

/// Tokens of a block.
const BLOCK: usize = 16_000;

/// An encoded picture.
#[derive(Debug)]
pub(crate) struct Draft {
    /// No two have the same.
    number: u64,
    effort: Effort,
    format: Format,
    scarcity: Scarcity,
    columns: Columns,
    filters: Vec<Filter>,
    /// The filter of each row and what it leaves.
    filtered: Vec<u8>,
    /// What is not matched is told byte by byte.
    matches: Vec<Match>,
    /// Where the matches of each row begin, and where those of the last one end.
    starts: Vec<u32>,
    /// What each chunk adds to the checksum.
    sums: Vec<Sum>,
    checksum: Sum,
    costs: Costs,
    blocks: Vec<Block>,
    /// All blocks.
    bits: Vec<u8>,
}

/// Rows with a code of their own.
#[derive(Debug)]
struct Block {
    rows: Range<usize>,
    /// The first row that its matches look at.
    sees: usize,
    bits: Range<usize>,
}

/// Bytes that are kept between such as are to be told anew.
const HELD: usize = 96;
/// Bytes that are compared at once.
const WORD: usize = 16;

/// A row is plain if at least so many pixels ...
const PLAIN: usize = 9;
/// ... of so many are like the one to the left.
const PLAIN_OF: usize = 10;

/// How thoroughly the static is searched.
fn search(effort: Effort) -> Search {
    match effort {
        Effort::Fast | Effort::Balanced => Search { depth: 128, enough: 258, patience: 20 },
        Effort::Small => Search { depth: 1024, enough: 258, patience: 20 },
    }
}

/// How the new is searched: quickly, or ...
const QUICK: Search = Search { depth: 1, enough: 64, patience: 6 };
/// ... thoroughly.
const THOROUGH: Search = Search { depth: 256, enough: 258, patience: 20 };

/// What encoding by a draft uses again.
#[derive(Default)]
pub(super) struct Desk {
    quick: Option<Matcher<Latest>>,
    thorough: Option<Matcher<Chains>>,
    tokens: Tokens,
    changed: Vec<Range<usize>>,
    /// What filters leave of the last picture, but for those chunks the same as of what it was like.
    filtered: Vec<u8>,
    stale: Vec<u64>,
    /// The number of that draft.
    draft: u64,
}

/// Drafts so far.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

impl Draft {
    /// Encodes `pixels` as what others are like, which differ by texts and the like, or by `pictures` too.
    ///
    /// # Errors
    /// [`Error::Encode`] when the pixels are not what their size says.
    pub(crate) fn new(
        pixels: &Pixels,
        (effort, pictures): (Effort, bool),
        encoder: &mut Encoder,
    ) -> Result<Self, Error> {
        check(pixels)?;
        let format = if pixels.opaque { Format::Rgb } else { Format::Rgba };
        let columns = Columns::of(pixels.width as usize);
        let row_bytes = columns.width * format.bytes() + 1;
        encoder.filter(pixels, &format, 0..pixels.height as usize, Filtering::Adaptive);
        encoder.refine(pixels, &format, 0);
        let mut filtered = encoder.filtered.clone();
        for (y, to) in filtered.chunks_exact_mut(row_bytes).enumerate() {
            let row = pixels.row(y, 0, columns.width);
            if pictures {
                if y > 0 && row == pixels.row(y - 1, 0, columns.width) {
                    // Any but none leaves nothing of it; of a picture there, Paeth's leaves least.
                    to[0] = Filter::Paeth as u8;
                    to[1..].fill(0);
                }
            } else if is_plain(row) {
                to[0] = Filter::None as u8;
                dispatch!(level(), _ => format.pack(row, &mut to[1..]));
            }
        }
        let filters = filtered.chunks_exact(row_bytes).map(|row| Filter::of(row[0])).collect();
        let mut draft = Self {
            number: DRAFTS.fetch_add(1, Ordering::Relaxed) + 1,
            effort,
            format,
            scarcity: Scarcity::of(pixels),
            columns,
            filters,
            checksum: Sum::of(&filtered),
            costs: Costs::guess(&filtered),
            filtered,
            matches: Vec::new(),
            starts: vec![0],
            sums: Vec::new(),
            blocks: Vec::new(),
            bits: Vec::new(),
        };
        dispatch!(level(), _ => draft.tell());
        Ok(draft)
    }

    fn row_bytes(&self) -> usize {
        self.columns.width * self.format.bytes() + 1
    }

    /// The bytes of some chunks of a row in the stream.
    #[inline(always)]
    fn bytes_of(&self, row: usize, chunks: Range<usize>) -> Range<usize> {
        let start = row * self.row_bytes();
        // The filter's number stands before the first chunk.
        let first = usize::from(chunks.start > 0);
        let pixels = self.columns.pixels(chunks);
        start + first + pixels.start * self.format.bytes()
            ..start + 1 + pixels.end * self.format.bytes()
    }

    /// Finds the tokens of all chunks, and makes blocks of them.
    #[inline(always)]
    fn tell(&mut self) {
        let usual = [self.format.bytes(), self.row_bytes()];
        let mut matcher = Matcher::<Chains>::new(search(self.effort), usual);
        let mut costs = self.costs.clone();
        let mut tokens = Tokens::default();
        let mut to = Bits::over(Vec::new());
        let mut from = 0;
        for row in 0..self.filters.len() {
            let bytes = row * self.row_bytes()..(row + 1) * self.row_bytes();
            matcher.parse(&self.filtered, bytes, &costs, usize::MAX, &mut tokens);
            let count = self.matches.len() + tokens.matches().len();
            self.starts.push(u32::try_from(count).unwrap_or(u32::MAX));
            for chunk in 0..self.columns.count {
                let bytes = self.bytes_of(row, chunk..chunk + 1);
                self.sums.push(Sum::of(&self.filtered[bytes]));
            }
            if tokens.count() < BLOCK && row + 1 < self.filters.len() {
                continue;
            }
            let codes = tokens.codes(&self.filtered);
            let start = to.position();
            tokens.write(&self.filtered, &codes, false, &mut to);
            costs = Costs::of(&codes);
            let rows = from..row + 1;
            let looks_at = tokens.matches().iter().map(|found| found.source());
            let sees = looks_at.min().map_or(from, |at| from.min(at / self.row_bytes()));
            self.matches.extend_from_slice(tokens.matches());
            self.blocks.push(Block { rows, sees, bits: start..to.position() });
            from = row + 1;
            tokens.begin(from * self.row_bytes());
        }
        self.bits = to.finish_padded();
    }

    /// Bytes that it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.filtered.len()
            + self.bits.len()
            + self.matches.len() * size_of::<Match>()
            + self.starts.len() * size_of::<u32>()
            + self.sums.len() * size_of::<Sum>()
    }

    /// Rows that are told anew, as they or what they look at have something new, or else blocks that
    /// are copied.
    fn stretches(&self, stale: &[u64]) -> Vec<(Range<usize>, bool)> {
        let mut stretches: Vec<(Range<usize>, bool)> = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let new = stale[block.sees..block.rows.end].iter().any(|chunks| *chunks != 0);
            match stretches.last_mut() {
                Some((blocks, same)) if *same == new => blocks.end = at + 1,
                _ => stretches.push((at..at + 1, new)),
            }
        }
        stretches
    }
}

impl Encoder {
    /// Encodes a picture that differs from `base`, whose encoding `draft` is, in `areas` at most.
    ///
    /// # Errors
    /// [`Error::Encode`] when the two are not of one size.
    pub(crate) fn encode_by(
        &mut self,
        (draft, base): (&Draft, &Pixels),
        pixels: &Pixels,
        areas: &[Area],
        pixel_ratio: f64,
    ) -> Result<Vec<u8>, Error> {
        check(pixels)?;
        if (pixels.width, pixels.height) != (base.width, base.height) {
            return Err(Error::Encode { reason: "a base of another size".to_owned() });
        }
        if draft.scarcity.holds(pixels, areas) {
            return self.encode(pixels, pixel_ratio, draft.effort);
        }
        let mut changes = std::mem::take(&mut self.changes);
        let of = (&draft.columns, &draft.filters[..]);
        Master::compare(of, (base, pixels, areas), &mut changes);
        let mut to = Bits::over(std::mem::take(&mut self.deflated));
        to.bytes(&container::ZLIB_HEADER);
        let mut checksum = draft.checksum;
        let (sum, stale) = (&mut checksum, &changes.stale);
        // All of it first: what is told anew may look back at any of it, over rows that are copied.
        dispatch!(level(), _ => match draft.format.bytes() {
            3 => self.filter_stale::<3>(draft, pixels, stale, sum),
            _ => self.filter_stale::<4>(draft, pixels, stale, sum),
        });
        for (blocks, new) in draft.stretches(&changes.stale) {
            let (first, last) = (&draft.blocks[blocks.start], &draft.blocks[blocks.end - 1]);
            if new {
                let rows = (first.rows.start..last.rows.end, &changes.stale[..]);
                let Desk { quick, thorough, tokens, changed, filtered, .. } = &mut self.desk;
                let (used, to) = ((tokens, changed), &mut to);
                if draft.effort == Effort::Small {
                    let matcher = thorough.get_or_insert_with(|| Matcher::new(THOROUGH, [0; 2]));
                    dispatch!(level(), _ => tell_rows(draft, rows, filtered, matcher, used, to));
                } else {
                    let matcher = quick.get_or_insert_with(|| Matcher::new(QUICK, [0; 2]));
                    dispatch!(level(), _ => tell_rows(draft, rows, filtered, matcher, used, to));
                }
            } else {
                to.splice(&draft.bits, first.bits.start, last.bits.end);
            }
        }
        self.changes = changes;
        to.close(checksum.adler32(draft.filtered.len()));
        self.deflated = to.finish();
        let mut file = Container::open(pixels, &draft.format, pixel_ratio);
        file.data(&self.deflated);
        Ok(file.close())
    }

    /// Fills the desk's `filtered` with what filters leave of the picture.
    #[inline(always)]
    fn filter_stale<const BPP: usize>(
        &mut self,
        draft: &Draft,
        pixels: &Pixels,
        stale: &[u64],
        checksum: &mut Sum,
    ) {
        let mut filtered = std::mem::take(&mut self.desk.filtered);
        if std::mem::take(&mut self.desk.draft) == draft.number {
            for (row, chunks) in self.desk.stale.iter().enumerate() {
                let mut left = *chunks;
                while left != 0 {
                    let bytes = draft.bytes_of(row, take_run(&mut left));
                    filtered[bytes.clone()].copy_from_slice(&draft.filtered[bytes]);
                }
            }
        } else {
            filtered.clone_from(&draft.filtered);
        }
        for (row, chunks) in stale.iter().enumerate() {
            let mut left = *chunks;
            while left != 0 {
                let chunks = take_run(&mut left);
                self.filter_chunks::<BPP>(draft, pixels, (row, chunks), &mut filtered, checksum);
            }
        }
        let desk = &mut self.desk;
        desk.filtered = filtered;
        desk.draft = draft.number;
        desk.stale.clear();
        desk.stale.extend_from_slice(stale);
    }

    /// Filters some chunks of a row.
    #[inline(always)]
    fn filter_chunks<const BPP: usize>(
        &mut self,
        draft: &Draft,
        pixels: &Pixels,
        (row, chunks): (usize, Range<usize>),
        filtered: &mut [u8],
        checksum: &mut Sum,
    ) {
        let Range { start, end } = draft.columns.pixels(chunks.clone());
        // Filters look at the pixel to the left.
        let left = start.saturating_sub(1);
        let size = (end - left) * BPP;
        let mut other = std::mem::take(&mut self.rows.other);
        if other.len() < size {
            other.resize(size, 0);
        }
        let to = &mut other[..size];
        let of = (row, left..end);
        self.rows.leave::<BPP>(pixels, &draft.format, of, draft.filters[row], to);
        let row_start = row * draft.row_bytes() + 1;
        filtered[row_start + start * BPP..row_start + end * BPP]
            .copy_from_slice(&to[(start - left) * BPP..]);
        self.rows.other = other;
        for at in chunks {
            let bytes = draft.bytes_of(row, at..at + 1);
            let after = draft.filtered.len() - bytes.end;
            let old = draft.sums[row * draft.columns.count + at];
            checksum.exchange(old, Sum::of(&filtered[bytes]), after);
        }
    }
}

/// Tells rows of `filtered` in blocks of their own.
#[inline(always)]
fn tell_rows<P: Places>(
    draft: &Draft,
    (rows, stale): (Range<usize>, &[u64]),
    filtered: &[u8],
    matcher: &mut Matcher<P>,
    (tokens, changed): (&mut Tokens, &mut Vec<Range<usize>>),
    to: &mut Bits,
) {
    let row_bytes = draft.row_bytes();
    let stretch = rows.start * row_bytes..rows.end * row_bytes;
    let filtered = &filtered[..stretch.end];
    let mut costs = draft.costs.clone();
    matcher.clear([draft.format.bytes(), row_bytes], stretch.start);
    tokens.begin(stretch.start);
    for row in rows.clone() {
        draft.changed(row, stale[row], filtered, changed);
        let known = draft.starts[row] as usize..draft.starts[row + 1] as usize;
        let bytes = row * row_bytes..(row + 1) * row_bytes;
        // As far back as a match may look.
        let looks_at = row.saturating_sub(WINDOW.div_ceil(row_bytes));
        if stale[looks_at..=row].iter().all(|chunks| *chunks == 0) {
            draft.matches[known].iter().for_each(|found| tokens.join(*found));
            tokens.literals(bytes.end);
        } else {
            let of = (&mut *matcher, &costs);
            renew(&draft.matches[known], (bytes, changed), filtered, of, tokens);
        }
        if tokens.count() >= BLOCK || row + 1 == rows.end {
            let codes = tokens.codes(filtered);
            tokens.write(filtered, &codes, false, to);
            costs = Costs::of(&codes);
            tokens.begin((row + 1) * row_bytes);
        }
    }
}

impl Draft {
    /// Fills `changed` with the bytes of a row that are not what they were, all of which stand in `chunks`.
    #[inline(always)]
    fn changed(&self, row: usize, chunks: u64, filtered: &[u8], changed: &mut Vec<Range<usize>>) {
        changed.clear();
        let mut left = chunks;
        while left != 0 {
            let bytes = self.bytes_of(row, take_run(&mut left));
            let (old, new) = (&self.filtered[bytes.clone()], &filtered[bytes.clone()]);
            let mut add = |start: usize, end: usize| match changed.last_mut() {
                Some(last) if start - last.end < HELD => last.end = end,
                _ => changed.push(start..end),
            };
            let ((old, old_rest), (new, new_rest)) =
                (old.as_chunks::<WORD>(), new.as_chunks::<WORD>());
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                if old != new {
                    add(bytes.start + at * WORD, bytes.start + (at + 1) * WORD);
                }
            }
            if old_rest != new_rest {
                add(bytes.end - new_rest.len(), bytes.end);
            }
        }
    }
}

/// Takes the known matches of a row over, as far as they hold for what is there now, and looks for new ones
/// where it has `changed`.
#[inline(always)]
fn renew<P: Places>(
    known: &[Match],
    (row, changed): (Range<usize>, &[Range<usize>]),
    filtered: &[u8],
    (matcher, costs): (&mut Matcher<P>, &Costs),
    tokens: &mut Tokens,
) {
    let mut known = known;
    let mut at = row.start;
    for new in changed.iter().cloned().chain(std::iter::once(row.end..row.end)) {
        let same = at..new.start;
        while let [first, rest @ ..] = known {
            if first.at() >= same.end {
                break;
            }
            if let Some(part) = first.within(&same) {
                if part.holds(filtered) {
                    tokens.join(part);
                } else {
                    // What it looks back at has changed.
                    tokens.literals(part.at());
                    let bytes = part.at()..part.end();
                    matcher.parse(filtered, bytes, costs, usize::MAX, tokens);
                }
            }
            if first.end() > same.end {
                break;
            }
            known = rest;
        }
        tokens.literals(new.start);
        if !new.is_empty() {
            matcher.parse(filtered, new.clone(), costs, usize::MAX, tokens);
        }
        at = new.end;
    }
}

/// Whether most pixels of a row are like the one to the left. What will be new there is text on a plain
/// ground, of which matches find more if there is no filter.
fn is_plain(row: &[u8]) -> bool {
    let (quads, _) = row.as_chunks::<4>();
    let same = quads.windows(2).filter(|pair| pair[0] == pair[1]).count();
    same * PLAIN_OF >= quads.len() * PLAIN
}
