//! The fast coder: literals and runs of zeros, which is what good filters leave.
//!
//! It looks for no other matches, so that it goes over the bytes at the speed of their codes. The codes
//! are made from a sample of them.

use super::bits::Bits;
use super::block::{Codes, Frequencies};
use super::symbols::{END, LENGTHS, MATCH_MAX};

/// Bytes of a block of any picture: codes that follow it are worth more than the headers they take.
pub(super) const BLOCK: usize = 128 << 10;
/// Four literals and what waits fit in the register of [`Bits`].
const BITS_MAX: u8 = 12;
/// Of so many bytes ...
const SAMPLE_OF: usize = 4096;
/// ... these are counted.
const SAMPLE: usize = 1024;
/// Data of fewer bytes are counted whole.
const WHOLE_MAX: usize = 32 << 10;
/// Bytes after which a block may end.
const PIECE: usize = 32 << 10;
/// Words of zeros after which a run is likely to be a long one.
const LONG: usize = 8;
/// Literals that a block has in its sample at least, so that its codes are worth their header.
const LITERALS_MIN: u32 = 6 << 10;

/// Writes `data` as blocks of about so many bytes, or more where little is in them. The last one may end the
/// stream.
pub(super) fn deflate(data: &[u8], block_bytes: usize, last: bool, to: &mut Bits) {
    let mut rest = data;
    loop {
        let mut counter = Counter::default();
        let mut size = 0;
        while size < rest.len() {
            let bytes = PIECE.min(rest.len() - size);
            counter.sample(&rest[size..size + bytes], rest.len() <= WHOLE_MAX);
            size += bytes;
            let is_worth = size >= block_bytes && counter.literals() >= LITERALS_MIN;
            // A short rest belongs to what is before it.
            if is_worth && rest.len() - size >= block_bytes / 2 {
                break;
            }
        }
        let (own, more) = rest.split_at(size);
        if own.len() > WHOLE_MAX {
            // What the sample lacks may still come.
            counter.frequencies.literals.iter_mut().for_each(|count| *count += 1);
        }
        block(own, &counter.with_runs(), last && more.is_empty(), to);
        if more.is_empty() {
            return;
        }
        rest = more;
    }
}

/// Not made of the instructions of a SIMD level: that takes longer.
#[inline(never)]
fn block(data: &[u8], frequencies: &Frequencies, last: bool, to: &mut Bits) {
    let codes = Codes::new(frequencies, BITS_MAX);
    codes.open(last, to);
    let tables = Tables::of(&codes);
    let mut writer = Writer { to, tables: &tables };
    walk(data, &mut writer);
    writer.end(&codes);
}

/// What becomes of bytes.
pub(super) trait Sink {
    fn literals(&mut self, bytes: [u8; 8]);
    fn literal(&mut self, byte: u8);
    /// Zeros, at least one of them.
    fn zeros(&mut self, count: usize);
}

#[inline(always)]
fn walk(data: &[u8], sink: &mut impl Sink) {
    let (words, rest) = data.as_chunks::<8>();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if *word != [0; 8] {
            sink.literals(*word);
            at += 1;
            continue;
        }
        let start = at;
        while words.get(at) == Some(&[0; 8]) {
            at += 1;
            // Most runs are short, and some are rows of a plain ground.
            while at - start >= LONG
                && words.get(at..at + 4).is_some_and(|words| words.as_flattened() == [0; 32])
            {
                at += 4;
            }
        }
        let mut count = (at - start) * 8;
        // The run goes on into the word that ends it, whose other bytes come one by one.
        let next = words.get(at).map_or(rest, <[u8; 8]>::as_slice);
        let more = next.iter().take_while(|byte| **byte == 0).count();
        count += more;
        sink.zeros(count);
        next[more..].iter().for_each(|byte| sink.literal(*byte));
        if words.get(at).is_none() {
            return;
        }
        at += 1;
    }
    rest.iter().for_each(|byte| sink.literal(*byte));
}

pub(super) struct Counter {
    frequencies: Frequencies,
}

impl Default for Counter {
    fn default() -> Self {
        Self { frequencies: Frequencies::new() }
    }
}

impl Counter {
    pub(super) fn count(&mut self, data: &[u8]) {
        walk(data, self);
    }

    /// Counts a part of it, or all.
    fn sample(&mut self, data: &[u8], whole: bool) {
        if whole {
            return walk(data, self);
        }
        for piece in data.chunks(SAMPLE_OF) {
            walk(&piece[..SAMPLE.min(piece.len())], self);
        }
    }

    /// Literals that were counted.
    fn literals(&self) -> u32 {
        self.frequencies.literals[..END].iter().sum()
    }

    /// What was counted: symbols that are no distances, and how often each.
    pub(super) fn counts(&self) -> Vec<(u16, u16)> {
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let counts = self.frequencies.literals.iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(|(symbol, count)| (number(symbol), number(*count as usize))).collect()
    }

    /// Adds what was counted before.
    pub(super) fn add(&mut self, counts: &[(u16, u16)]) {
        for (symbol, count) in counts {
            self.frequencies.literals[usize::from(*symbol)] += u32::from(*count);
        }
    }

    /// Codes for what was counted and nothing else.
    pub(super) fn own_codes(self) -> Codes {
        Codes::new(&self.frequencies, BITS_MAX)
    }

    /// Codes for what was counted, which have one for everything else too.
    pub(super) fn codes(mut self) -> Codes {
        self.frequencies.literals.iter_mut().for_each(|count| *count += 1);
        Codes::new(&self.with_runs(), BITS_MAX)
    }

    /// The kinds of runs that are rare in a sample are needed all the same.
    fn with_runs(mut self) -> Frequencies {
        self.frequencies.literals[END + 1..].iter_mut().for_each(|count| *count += 1);
        self.frequencies.literals[0] += 1;
        self.frequencies
    }
}

impl Sink for Counter {
    #[inline(always)]
    fn literals(&mut self, bytes: [u8; 8]) {
        bytes.into_iter().for_each(|byte| self.literal(byte));
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.frequencies.literals[usize::from(byte)] += 1;
    }

    fn zeros(&mut self, count: usize) {
        self.frequencies.literals[0] += 1;
        let (long, short) = ((count - 1) / MATCH_MAX, (count - 1) % MATCH_MAX);
        self.frequencies.literals[285] += u32::try_from(long).unwrap_or(u32::MAX);
        if short >= 3 {
            self.frequencies.literals[usize::from(LENGTHS[short - 3].symbol)] += 1;
        }
        self.frequencies.distances[0] += 1;
    }
}

/// Codes as bytes and runs need them.
#[derive(Debug)]
pub(super) struct Tables {
    /// The code of each byte, and its length.
    codes: [u16; 256],
    counts: [u8; 256],
    /// What a run of that many zeros takes after its first: code and length.
    runs: [(u32, u32); MATCH_MAX + 1],
}

/// Codes for blocks of which parts are copied: what opens and ends such a block is kept as bits.
#[derive(Debug)]
pub(super) struct Kept {
    pub tables: Tables,
    bits: Vec<u8>,
    /// Bits up to here open a block, and ...
    opened: usize,
    /// ... those up to here end it.
    ended: usize,
}

impl Kept {
    pub(super) fn of(codes: &Codes) -> Self {
        let mut bits = Bits::over(Vec::new());
        let tables = Tables::of(codes);
        codes.open(false, &mut bits);
        let opened = bits.position();
        Writer { to: &mut bits, tables: &tables }.end(codes);
        let ended = bits.position();
        Self { tables, bits: bits.finish_padded(), opened, ended }
    }

    pub(super) fn open(&self, to: &mut Bits) {
        to.splice(&self.bits, 0, self.opened);
    }

    pub(super) fn end(&self, to: &mut Bits) {
        to.splice(&self.bits, self.opened, self.ended);
    }

    /// Bytes that it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.bits.len()
    }
}

/// Writes bytes in these codes.
pub(super) struct Writer<'a> {
    pub to: &'a mut Bits,
    pub tables: &'a Tables,
}

impl Tables {
    pub(super) fn of(codes: &Codes) -> Self {
        let counts = std::array::from_fn(|byte| codes.literals[byte].count);
        let back = codes.distances[0];
        let mut runs = [(0, 0); MATCH_MAX + 1];
        for (count, run) in runs.iter_mut().enumerate().skip(3) {
            let length = LENGTHS[count - 3];
            let code = codes.literals[usize::from(length.symbol)];
            #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
            let extra = (count - 3) as u32 - u32::from(length.base);
            let (code_bits, extra_bits) = (u32::from(code.count), u32::from(length.extra_bits));
            let bits = code.bits | extra << code_bits | back.bits << (code_bits + extra_bits);
            *run = (bits, code_bits + extra_bits + u32::from(back.count));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 12 bits")]
        let codes = std::array::from_fn(|byte| codes.literals[byte].bits as u16);
        Self { codes, counts, runs }
    }
}

impl Writer<'_> {
    #[inline(always)]
    pub(super) fn write(&mut self, data: &[u8]) {
        walk(data, self);
    }

    /// Ends a block.
    pub(super) fn end(self, codes: &Codes) {
        let end = codes.literals[END];
        self.to.put(end.bits.into(), end.count.into());
        self.to.spill();
    }
}

impl Sink for Writer<'_> {
    #[inline(always)]
    fn literals(&mut self, bytes: [u8; 8]) {
        let Tables { codes, counts, .. } = self.tables;
        let of =
            |byte: u8| (u64::from(codes[usize::from(byte)]), u32::from(counts[usize::from(byte)]));
        let join = |(low, low_count): (u64, u32), (high, high_count): (u64, u32)| {
            (low | high << low_count, low_count + high_count)
        };
        let [a, b, c, d, e, f, g, h] = bytes;
        let first = join(join(of(a), of(b)), join(of(c), of(d)));
        let second = join(join(of(e), of(f)), join(of(g), of(h)));
        for (bits, count) in [first, second] {
            self.to.put(bits, count);
            self.to.spill();
        }
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        let byte = usize::from(byte);
        self.to.put(self.tables.codes[byte].into(), self.tables.counts[byte].into());
        self.to.spill();
    }

    fn zeros(&mut self, count: usize) {
        self.literal(0);
        let mut left = count - 1;
        while left > 0 {
            let run = left.min(MATCH_MAX);
            if run < 3 {
                self.literal(0);
                left -= 1;
                continue;
            }
            let (bits, count) = self.tables.runs[run];
            self.to.put(bits.into(), count);
            self.to.spill();
            left -= run;
        }
    }
}
