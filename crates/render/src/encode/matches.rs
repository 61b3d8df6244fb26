//! The thorough coder: literals and matches with what stood up to 32 KiB before (LZ77).
//!
//! Whether a match is worth its bits depends on what its bytes would cost as literals: four bytes of a
//! flat ground cost less than the shortest match. So costs are kept, those of the last block.

use std::ops::Range;

use super::bits::Bits;
use super::block::{Codes, Frequencies};
use super::symbols::{self, END, LENGTHS, MATCH_MAX, WINDOW};

/// Tokens of one block.
const BLOCK: usize = 16_000;
/// Deflate knows no shorter matches.
const MATCH_MIN: usize = 3;
/// A match of this length is worth its bits in any case.
const SURE: usize = 24;
/// Matches of three bytes from farther away cost more than three bytes.
const NEAR: usize = 8192;
const HASH_BITS: u32 = 15;
const SHORT_HASH_BITS: u32 = 14;
const LATEST_BITS: u32 = 13;
/// Places inside of a match that are remembered where not all are.
const INNER: usize = 8;

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Places that are tried for one match.
    pub depth: u32,
    /// A match of this length ends the search.
    pub enough: usize,
    /// After 2 to the power of so many bytes in a row without a match, one more byte is passed over
    /// between the looks.
    pub patience: u32,
}

/// Writes `data` as blocks, the last of which may end the stream.
pub(super) fn deflate(data: &[u8], search: Search, usual: [usize; 2], last: bool, to: &mut Bits) {
    let mut matcher = Matcher::<Chains>::new(search, usual);
    let mut costs = Costs::guess(data);
    let mut tokens = Tokens::default();
    let mut at = 0;
    loop {
        tokens.begin(at);
        at = matcher.parse(data, at..data.len(), &costs, BLOCK, &mut tokens);
        let end = at == data.len();
        let codes = tokens.codes(data);
        tokens.write(data, &codes, last && end, to);
        if end {
            return;
        }
        costs = Costs::of(&codes);
    }
}

/// Bytes that are the same as some before them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Match {
    /// Its place in the stream.
    at: u32,
    length: u16,
    distance: u16,
}

impl Match {
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a picture is below 4 GiB, the rest 16 bits"
    )]
    fn new(at: usize, length: usize, distance: usize) -> Self {
        Self { at: at as u32, length: length as u16, distance: distance as u16 }
    }

    /// The place of its first byte.
    pub(super) fn at(self) -> usize {
        self.at as usize
    }

    pub(super) fn end(self) -> usize {
        self.at as usize + usize::from(self.length)
    }

    /// The place of the first byte that it is like.
    pub(super) fn source(self) -> usize {
        self.at as usize - usize::from(self.distance)
    }

    /// The part of it within a range; `None` when that is too short.
    #[inline(always)]
    pub(super) fn within(self, range: &Range<usize>) -> Option<Self> {
        let (at, end) = (self.at().max(range.start), self.end().min(range.end));
        (end >= at + MATCH_MIN).then(|| Self::new(at, end - at, self.distance.into()))
    }

    /// Whether it holds for what is there now.
    #[inline(always)]
    pub(super) fn holds(self, data: &[u8]) -> bool {
        let (start, at, length) = (self.source(), self.at(), usize::from(self.length));
        let (there, here) = (data[start..].first_chunk::<8>(), data[at..].first_chunk::<8>());
        if let (Some(there), Some(here)) = (there, here)
            && length <= 8
        {
            let differ = u64::from_le_bytes(*there) ^ u64::from_le_bytes(*here);
            return differ << (64 - 8 * length) == 0;
        }
        data[start..start + length] == data[at..at + length]
    }
}

/// How a stretch of bytes is told: by matches, and by literals between them.
#[derive(Default)]
pub(super) struct Tokens {
    range: Range<usize>,
    matches: Vec<Match>,
    /// Of both kinds.
    count: usize,
}

impl Tokens {
    /// Begins at a place.
    pub(super) fn begin(&mut self, at: usize) {
        self.range = at..at;
        self.matches.clear();
        self.count = 0;
    }

    pub(super) fn matches(&self) -> &[Match] {
        &self.matches
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Literals up to a place.
    #[inline(always)]
    pub(super) fn literals(&mut self, upto: usize) {
        self.count += upto - self.range.end;
        self.range.end = upto;
    }

    /// Literals up to a match, and that.
    #[inline(always)]
    pub(super) fn take(&mut self, found: Match) {
        self.literals(found.at());
        self.matches.push(found);
        self.count += 1;
        self.range.end = found.end();
    }

    /// The same; but what goes on from as far before as the match before it makes that longer.
    #[inline(always)]
    pub(super) fn join(&mut self, found: Match) {
        let Some(last) = self.matches.last_mut() else { return self.take(found) };
        let goes_on = (last.end(), last.distance) == (found.at(), found.distance);
        if !goes_on || usize::from(last.length) == MATCH_MAX {
            return self.take(found);
        }
        let (sum, distance) = (usize::from(last.length + found.length), last.distance.into());
        // What is left must be a match, too.
        let longer = if sum <= MATCH_MAX { sum } else { MATCH_MAX.min(sum - MATCH_MIN) };
        *last = Match::new(last.at(), longer, distance);
        let end = last.end();
        self.range.end = end;
        if sum > longer {
            self.take(Match::new(end, sum - longer, distance));
        }
    }

    /// Codes for them: `data` is the stream.
    pub(super) fn codes(&self, data: &[u8]) -> Codes {
        let mut frequencies = Frequencies::new();
        // Two counts for each byte: the same one often comes twice in a row.
        let mut others = [0_u32; 256];
        let mut count = |bytes: &[u8]| {
            let (pairs, rest) = bytes.as_chunks::<2>();
            for [a, b] in pairs {
                frequencies.literals[usize::from(*a)] += 1;
                others[usize::from(*b)] += 1;
            }
            rest.iter().for_each(|byte| others[usize::from(*byte)] += 1);
        };
        let mut at = self.range.start;
        for found in &self.matches {
            count(&data[at..found.at()]);
            at = found.end();
        }
        count(&data[at..self.range.end]);
        frequencies.literals.iter_mut().zip(others).for_each(|(count, other)| *count += other);
        for found in &self.matches {
            let length = LENGTHS[usize::from(found.length) - MATCH_MIN];
            frequencies.literals[usize::from(length.symbol)] += 1;
            let distance = symbols::distance(found.distance.into());
            frequencies.distances[usize::from(distance.symbol)] += 1;
        }
        Codes::new(&frequencies, 15)
    }

    /// Writes a block.
    #[inline(always)]
    pub(super) fn write(&self, data: &[u8], codes: &Codes, last: bool, to: &mut Bits) {
        codes.open(last, to);
        let mut at = self.range.start;
        for found in &self.matches {
            literals(&data[at..found.at()], codes, to);
            at = found.end();
            let length = usize::from(found.length) - MATCH_MIN;
            let symbol = LENGTHS[length & 0xff];
            let code = codes.literals[usize::from(symbol.symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(length as u64 - u64::from(symbol.base), symbol.extra_bits.into());
            let symbol = symbols::distance(found.distance.into());
            let code = codes.distances[usize::from(symbol.symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(u64::from(found.distance - 1 - symbol.base), symbol.extra_bits.into());
            to.spill();
        }
        literals(&data[at..self.range.end], codes, to);
        let end = codes.literals[END];
        to.put(end.bits.into(), end.count.into());
        to.spill();
    }
}

/// Three at a time, which fit with what waits.
#[inline(always)]
fn literals(bytes: &[u8], codes: &Codes, to: &mut Bits) {
    let put = |byte: u8, to: &mut Bits| {
        let code = codes.literals[usize::from(byte)];
        to.put(code.bits.into(), code.count.into());
    };
    let (threes, rest) = bytes.as_chunks::<3>();
    for three in threes {
        three.iter().for_each(|byte| put(*byte, to));
        to.spill();
    }
    rest.iter().for_each(|byte| put(*byte, to));
    to.spill();
}

/// Places of what stood before, by its first four bytes.
pub(super) trait Places {
    /// Whether to look for all that there is: also for matches of three bytes, for a better one from the next
    /// byte on, and in all of what was matched.
    const THOROUGH: bool;

    /// Those with one hash, most recent first.
    type Found;

    fn new() -> Self;

    /// Forgets all of them.
    fn clear(&mut self);

    /// Adds the place where four bytes stand; answers those before with the same hash.
    fn add(&mut self, first: u32, at: usize) -> Self::Found;

    /// The next of them.
    fn next(&self, found: &mut Self::Found) -> Option<usize>;
}

/// As many places as the window has, each with the one before that has its hash.
pub(super) struct Chains {
    /// Last place of each hash, plus 1.
    heads: Box<[u32; 1 << HASH_BITS]>,
    /// The place before with the same hash, by place in the window, plus 1.
    before: Box<[u32; WINDOW]>,
}

impl Places for Chains {
    const THOROUGH: bool = true;
    type Found = u32;

    fn new() -> Self {
        Self { heads: Box::new([0; 1 << HASH_BITS]), before: Box::new([0; WINDOW]) }
    }

    fn clear(&mut self) {
        self.heads.fill(0);
    }

    #[inline(always)]
    fn add(&mut self, first: u32, at: usize) -> u32 {
        let head = &mut self.heads[hash(first, HASH_BITS)];
        let found = *head;
        *head = place(at);
        self.before[at % WINDOW] = found;
        found
    }

    #[inline(always)]
    fn next(&self, found: &mut u32) -> Option<usize> {
        let at = (*found as usize).checked_sub(1)?;
        let before = self.before[at % WINDOW];
        // What was there may be forgotten.
        *found = if before as usize > at { 0 } else { before };
        Some(at)
    }
}

/// The last place of each hash alone, plus 1.
pub(super) struct Latest(Box<[u32; 1 << LATEST_BITS]>);

impl Places for Latest {
    const THOROUGH: bool = false;
    type Found = u32;

    fn new() -> Self {
        Self(Box::new([0; 1 << LATEST_BITS]))
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    #[inline(always)]
    fn add(&mut self, first: u32, at: usize) -> u32 {
        std::mem::replace(&mut self.0[hash(first, LATEST_BITS)], place(at))
    }

    #[inline(always)]
    fn next(&self, found: &mut u32) -> Option<usize> {
        (std::mem::take(found) as usize).checked_sub(1)
    }
}

#[inline(always)]
fn hash(first: u32, bits: u32) -> usize {
    (first.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

#[inline(always)]
fn place(at: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "a picture is below 4 GiB")]
    let place = at as u32 + 1;
    place
}

/// Finds matches.
pub(super) struct Matcher<P> {
    search: Search,
    /// Distances that are always tried: a pixel and a row.
    usual: [usize; 2],
    /// Nothing before this place is looked at.
    start: usize,
    places: P,
    /// Last place of each hash of three bytes, plus 1.
    short: Box<[u32; 1 << SHORT_HASH_BITS]>,
}

impl<P: Places> Matcher<P> {
    pub(super) fn new(search: Search, usual: [usize; 2]) -> Self {
        let short = Box::new([0; 1 << SHORT_HASH_BITS]);
        Self { search, usual, start: 0, places: P::new(), short }
    }

    /// Forgets all places.
    pub(super) fn clear(&mut self, usual: [usize; 2], start: usize) {
        self.usual = usual;
        self.start = start;
        self.places.clear();
        if P::THOROUGH {
            self.short.fill(0);
        }
    }

    /// Tells some of the data, by about so many tokens; answers where it stopped.
    #[inline(always)]
    pub(super) fn parse(
        &mut self,
        data: &[u8],
        range: Range<usize>,
        costs: &Costs,
        tokens_max: usize,
        tokens: &mut Tokens,
    ) -> usize {
        let mut at = range.start;
        let mut misses = 0_usize;
        let limit = range.end;
        let depth = self.search.depth;
        while at < limit && tokens.count + (at - tokens.range.end) < tokens_max {
            let (mut found, mut gain) = self.find(data, at, limit, costs, (2, depth));
            if gain <= 0 {
                misses += 1;
                at += (1 + (misses >> self.search.patience)).min(limit - at);
                continue;
            }
            misses = 0;
            let mut inserted = at;
            while P::THOROUGH && usize::from(found.length) < self.search.enough && at + 1 < limit {
                inserted = at + 1;
                // There is something already, so that less is to be gained.
                let least = (usize::from(found.length) - 1, depth / 2);
                let (next, next_gain) = self.find(data, at + 1, limit, costs, least);
                if next_gain <= gain {
                    break;
                }
                at += 1;
                (found, gain) = (next, next_gain);
            }
            tokens.take(found);
            let end = found.end();
            // The inside of a run is like all of it.
            let is_run = usize::from(found.distance) == self.usual[0];
            let skip = if is_run { end.saturating_sub(8) } else { 0 };
            let from = (inserted + 1).max(skip);
            let upto = if P::THOROUGH { end } else { end.min(from + INNER) };
            for at in from..upto {
                if let Some(first) = four(data, at) {
                    self.add(first, at);
                }
            }
            at = end;
        }
        tokens.literals(at);
        at
    }

    /// Adds a place; answers those before with the same four bytes, and the one with the same three, plus 1.
    #[inline(always)]
    fn add(&mut self, first: u32, at: usize) -> (P::Found, u32) {
        let mut short = 0;
        if P::THOROUGH {
            let last = &mut self.short[hash(first << 8, SHORT_HASH_BITS)];
            short = std::mem::replace(last, place(at));
        }
        (self.places.add(first, at), short)
    }

    /// The best match at `at`, longer than `least`, and what it gains.
    #[inline(always)]
    fn find(
        &mut self,
        data: &[u8],
        at: usize,
        limit: usize,
        costs: &Costs,
        (least, depth): (usize, u32),
    ) -> (Match, i32) {
        let Some(first) = four(data, at) else { return (Match::default(), 0) };
        let (mut places, short) = self.add(first, at);
        let data = &data[..limit];
        let mut best = Best {
            costs,
            data,
            at,
            length: least.max(2),
            distance: 0,
            gain: 0,
            counted: 0,
            bits: 0,
        };
        let starts_alike =
            |start: usize| four(data, start).is_some_and(|there| (there ^ first) << 8 == 0);
        for distance in self.usual {
            let reaches = distance <= WINDOW && at >= self.start + distance;
            if reaches && starts_alike(at - distance) {
                best.try_at(at - distance);
            }
        }
        if best.length < 4 && short != 0 {
            let start = short as usize - 1;
            if at - start <= NEAR && starts_alike(start) {
                best.try_at(start);
            }
        }
        for _ in 0..depth {
            let Some(start) = self.places.next(&mut places) else { break };
            if at - start > WINDOW || best.length >= self.search.enough {
                break;
            }
            // Those that end in the same bytes too.
            let end = best.length.max(3) - 3;
            if let (Some(there), Some(here)) = (four(data, start + end), four(data, at + end))
                && there == here
            {
                best.try_at(start);
            }
        }
        (Match::new(at, best.length, best.distance), best.gain)
    }
}

/// The best match so far.
struct Best<'a> {
    costs: &'a Costs,
    data: &'a [u8],
    at: usize,
    length: usize,
    distance: usize,
    gain: i32,
    /// Bytes that were counted, and what they cost as literals.
    counted: usize,
    bits: i32,
}

impl Best<'_> {
    #[inline(always)]
    fn try_at(&mut self, start: usize) {
        let length = common(self.data, start, self.at);
        // What was counted beyond cost more than it gave, nearer than this.
        if length <= self.length || length < self.counted {
            return;
        }
        let upto = length.min(SURE);
        if upto > self.counted {
            let bytes = &self.data[self.at + self.counted..self.at + upto];
            self.bits += bytes
                .iter()
                .map(|byte| i32::from(self.costs.literals[usize::from(*byte)]))
                .sum::<i32>();
            self.counted = upto;
        }
        let distance = self.at - start;
        let symbol = symbols::distance(distance).symbol;
        let cost = i32::from(self.costs.lengths[length - MATCH_MIN])
            + i32::from(self.costs.distances[usize::from(symbol)]);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "at most 258"
        )]
        let beyond = (length - upto) as i32 * 8;
        let gain = self.bits + beyond - cost;
        if gain > self.gain {
            self.gain = gain;
            (self.length, self.distance) = (length, distance);
        }
    }
}

#[inline(always)]
fn four(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..).and_then(<[u8]>::first_chunk::<4>).map(|bytes| u32::from_le_bytes(*bytes))
}

/// Bytes that are the same from `a` and from `b` on, at most [`MATCH_MAX`].
#[inline(always)]
fn common(data: &[u8], a: usize, b: usize) -> usize {
    let len = MATCH_MAX.min(data.len().saturating_sub(b));
    let (a, b) = (&data[a..a + len], &data[b..b + len]);
    let ((a_words, a_rest), (b_words, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (at, (a, b)) in a_words.iter().zip(b_words).enumerate() {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return at * 8 + (differ.trailing_zeros() / 8) as usize;
        }
    }
    a_words.len() * 8 + a_rest.iter().zip(b_rest).take_while(|(a, b)| a == b).count()
}

/// What symbols cost in bits.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    literals: [u8; 256],
    lengths: [u8; 256],
    distances: [u8; symbols::DISTANCES],
}

impl Costs {
    /// Before there is a block: as if all bytes were literals.
    pub(super) fn guess(data: &[u8]) -> Self {
        let mut frequencies = Frequencies::new();
        let step = data.len() / (1 << 14) + 1;
        for byte in data.iter().step_by(step) {
            frequencies.literals[usize::from(*byte)] += 1;
        }
        let codes = Codes::new(&frequencies, 15);
        Self {
            literals: std::array::from_fn(|byte| match codes.literals[byte].count {
                0 => 12,
                count => count,
            }),
            lengths: std::array::from_fn(|length| 7 + LENGTHS[length].extra_bits),
            distances: std::array::from_fn(|symbol| 5 + extra_bits(symbol)),
        }
    }

    pub(super) fn of(codes: &Codes) -> Self {
        let known = |count: u8, otherwise: u8| if count == 0 { otherwise } else { count };
        Self {
            literals: std::array::from_fn(|byte| known(codes.literals[byte].count, 13)),
            lengths: std::array::from_fn(|length| {
                let symbol = LENGTHS[length];
                let code = codes.literals[usize::from(symbol.symbol)];
                known(code.count, 11) + symbol.extra_bits
            }),
            distances: std::array::from_fn(|symbol| {
                known(codes.distances[symbol].count, 9) + extra_bits(symbol)
            }),
        }
    }
}

fn extra_bits(symbol: usize) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 13")]
    if symbol < 4 { 0 } else { ((symbol - 2) / 2) as u8 }
}
