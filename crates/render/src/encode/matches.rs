//! The thorough coder: literals and matches with what stood up to 32 KiB before (LZ77).
//!
//! Whether a match is worth its bits depends on what its bytes would cost as literals: four bytes of a
//! flat ground cost less than the shortest match. So costs are kept, those of the last block.

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
    let mut matcher = Matcher::new(search, usual);
    let mut costs = Costs::guess(data);
    let mut tokens = Tokens::default();
    let mut at = 0;
    loop {
        tokens.clear();
        at = matcher.parse(data, at..data.len(), &costs, BLOCK, &mut tokens);
        let end = at == data.len();
        let codes = tokens.codes();
        tokens.write(&codes, last && end, to);
        if end {
            return;
        }
        costs = Costs::of(&codes);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Match {
    length: usize,
    distance: usize,
}

/// What a block tells.
pub(super) struct Tokens {
    /// A literal, or bit 31 with the distance less 1 and, above 16 bits, the length less 3.
    list: Vec<u32>,
    frequencies: Frequencies,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { list: Vec::new(), frequencies: Frequencies::new() }
    }
}

impl Tokens {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.frequencies = Frequencies::new();
    }

    pub(super) fn list(&self) -> &[u32] {
        &self.list
    }

    /// How many bytes a token stands for, and how far before them the same ones are; 0 for a literal.
    #[inline(always)]
    pub(super) fn read(token: u32) -> (usize, usize) {
        if token >> 31 == 0 {
            return (1, 0);
        }
        ((token >> 16) as usize % 256 + MATCH_MIN, token as usize % (1 << 16) + 1)
    }

    /// Adds a token; what goes on from as far before as the one before it makes that longer.
    #[inline(always)]
    pub(super) fn push(&mut self, token: u32) {
        let (mut length, distance) = Self::read(token);
        if distance == 0 {
            self.list.push(token);
            self.frequencies.literals[(token & 0xff) as usize] += 1;
            return;
        }
        if let Some(last) = self.list.last_mut()
            && let (before, distance_before) = Self::read(*last)
            && distance_before == distance
            && before < MATCH_MAX
        {
            let sum = before + length;
            // What is left must be a match, too.
            let longer = if sum <= MATCH_MAX { sum } else { MATCH_MAX.min(sum - MATCH_MIN) };
            *last = Self::token(Match { length: longer, distance });
            self.frequencies.literals[usize::from(LENGTHS[before - MATCH_MIN].symbol)] -= 1;
            self.frequencies.literals[usize::from(LENGTHS[longer - MATCH_MIN].symbol)] += 1;
            length = sum - longer;
            if length == 0 {
                return;
            }
        }
        self.take(Match { length, distance });
    }

    #[inline(always)]
    fn token(Match { length, distance }: Match) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 15 and 8 bits")]
        let token = 1 << 31 | ((length - MATCH_MIN) as u32) << 16 | (distance - 1) as u32;
        token
    }

    #[inline(always)]
    fn literal(&mut self, byte: u8) {
        self.list.push(byte.into());
        self.frequencies.literals[usize::from(byte)] += 1;
    }

    #[inline(always)]
    fn take(&mut self, found: Match) {
        let Match { length, distance } = found;
        self.list.push(Self::token(found));
        self.frequencies.literals[usize::from(LENGTHS[length - MATCH_MIN].symbol)] += 1;
        self.frequencies.distances[usize::from(symbols::distance(distance).symbol)] += 1;
    }

    pub(super) fn codes(&self) -> Codes {
        Codes::new(&self.frequencies, 15)
    }

    /// Writes a block.
    #[inline(always)]
    pub(super) fn write(&self, codes: &Codes, last: bool, to: &mut Bits) {
        codes.open(last, to);
        for token in &self.list {
            let low = *token as usize & 0xffff;
            if token >> 31 == 0 {
                let code = codes.literals[low & 0xff];
                to.put(code.bits.into(), code.count.into());
                to.spill();
                continue;
            }
            let length = (token >> 16) as usize & 0xff;
            let symbol = LENGTHS[length];
            let code = codes.literals[usize::from(symbol.symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(length as u64 - u64::from(symbol.base), symbol.extra_bits.into());
            let symbol = symbols::distance(low + 1);
            let code = codes.distances[usize::from(symbol.symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(low as u64 - u64::from(symbol.base), symbol.extra_bits.into());
            to.spill();
        }
        let end = codes.literals[END];
        to.put(end.bits.into(), end.count.into());
        to.spill();
    }
}

/// Places of what stood before, by its first bytes.
pub(super) struct Matcher {
    search: Search,
    /// Distances that are always tried: a pixel and a row.
    usual: [usize; 2],
    /// Nothing before this place is looked at.
    start: usize,
    /// Last place of each hash of four bytes, plus 1.
    heads: Vec<u32>,
    /// The place before with the same hash, by place in the window, plus 1.
    before: Vec<u32>,
    /// Last place of each hash of three bytes, plus 1.
    short: Vec<u32>,
}

impl Matcher {
    pub(super) fn new(search: Search, usual: [usize; 2]) -> Self {
        Self {
            search,
            usual,
            start: 0,
            heads: vec![0; 1 << HASH_BITS],
            before: vec![0; WINDOW],
            short: vec![0; 1 << SHORT_HASH_BITS],
        }
    }

    /// Forgets all places.
    pub(super) fn clear(&mut self, search: Search, usual: [usize; 2], start: usize) {
        self.search = search;
        self.usual = usual;
        self.start = start;
        self.heads.fill(0);
        self.short.fill(0);
    }

    /// Finds tokens for some of the data, up to so many of them; answers where it stopped.
    #[inline(always)]
    pub(super) fn parse(
        &mut self,
        data: &[u8],
        range: std::ops::Range<usize>,
        costs: &Costs,
        tokens_max: usize,
        tokens: &mut Tokens,
    ) -> usize {
        let mut at = range.start;
        let mut misses = 0_usize;
        let limit = range.end;
        let depth = self.search.depth;
        while at < limit && tokens.list.len() < tokens_max {
            let (mut found, mut gain) = self.find(data, at, limit, costs, (2, depth));
            if gain <= 0 {
                misses += 1;
                let step = (1 + (misses >> self.search.patience)).min(limit - at);
                data[at..at + step].iter().for_each(|byte| tokens.literal(*byte));
                at += step;
                continue;
            }
            misses = 0;
            let mut inserted = at;
            while found.length < self.search.enough && at + 1 < limit {
                inserted = at + 1;
                // There is something already, so that less is to be gained.
                let least = (found.length - 1, depth / 2);
                let (next, next_gain) = self.find(data, at + 1, limit, costs, least);
                if next_gain <= gain {
                    break;
                }
                tokens.literal(data[at]);
                at += 1;
                (found, gain) = (next, next_gain);
            }
            tokens.take(found);
            let end = at + found.length;
            // The inside of a run is like all of it.
            let skip = if found.distance == self.usual[0] { end.saturating_sub(8) } else { 0 };
            for at in (inserted + 1).max(skip)..end {
                self.insert(data, at);
            }
            at = end;
        }
        at
    }

    /// Remembers a place; answers the ones before with the same hashes, plus 1, and its first bytes.
    #[inline(always)]
    fn insert(&mut self, data: &[u8], at: usize) -> (u32, u32, u32) {
        let Some(first) = four(data, at) else {
            return (0, 0, 0);
        };
        let long = (first.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize;
        let short = ((first << 8).wrapping_mul(0x9e37_79b1) >> (32 - SHORT_HASH_BITS)) as usize;
        #[expect(clippy::cast_possible_truncation, reason = "a picture is below 4 GiB")]
        let place = at as u32 + 1;
        let (Some(head), Some(short)) = (self.heads.get_mut(long), self.short.get_mut(short))
        else {
            return (0, 0, 0);
        };
        let found = (*head, *short, first);
        (*head, *short) = (place, place);
        self.before[at % WINDOW] = found.0;
        found
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
        let (mut place, short, first) = self.insert(data, at);
        let data = &data[..limit];
        let mut best = Best {
            costs,
            data,
            at,
            found: Match { length: least.max(2), distance: 0 },
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
        if best.found.length < 4 && short != 0 {
            let start = short as usize - 1;
            if at - start <= NEAR && starts_alike(start) {
                best.try_at(start);
            }
        }
        for _ in 0..depth {
            if place == 0 {
                break;
            }
            let start = place as usize - 1;
            if at - start > WINDOW || best.found.length >= self.search.enough {
                break;
            }
            // Those that end in the same bytes too.
            let end = best.found.length.max(3) - 3;
            if let (Some(there), Some(here)) = (four(data, start + end), four(data, at + end))
                && there == here
            {
                best.try_at(start);
            }
            place = self.before[start % WINDOW];
            if place as usize > start {
                break;
            }
        }
        (best.found, best.gain)
    }
}

/// The best match so far.
struct Best<'a> {
    costs: &'a Costs,
    data: &'a [u8],
    at: usize,
    found: Match,
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
        if length <= self.found.length || length < self.counted {
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
            self.found = Match { length, distance };
        }
    }
}

#[inline(always)]
fn four(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..).and_then(<[u8]>::first_chunk::<4>).map(|bytes| u32::from_le_bytes(*bytes))
}

/// Whether so many bytes are the same as some before them.
#[inline(always)]
pub(super) fn is_there(data: &[u8], at: usize, length: usize, distance: usize) -> bool {
    let start = at - distance;
    let (there, here) = (data[start..].first_chunk::<8>(), data[at..].first_chunk::<8>());
    if let (Some(there), Some(here)) = (there, here)
        && length <= 8
    {
        let differ = u64::from_le_bytes(*there) ^ u64::from_le_bytes(*here);
        return differ << (64 - 8 * length) == 0;
    }
    data[start..start + length] == data[at..at + length]
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
