//! The thorough coder: literals and matches with what stood up to 32 KiB before (LZ77).
//!
//! Whether a match is worth its bits depends on what its bytes would cost as literals: four bytes of a
//! flat ground cost less than the shortest match. So costs are kept, those of the last block.

use super::bits::Bits;
use super::block::{Codes, Frequencies};
use super::symbols::{self, END, LENGTHS, MATCH_MAX, WINDOW};

/// Tokens of one block.
const BLOCK: usize = 40_000;
/// Deflate knows no shorter matches.
const MATCH_MIN: usize = 3;
/// A match of this length is worth its bits in any case.
const SURE: usize = 24;
const HASH_BITS: u32 = 15;

/// How long to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    /// Shorter matches are not looked for; at least [`MATCH_MIN`], at most 4.
    pub least: usize,
    /// Places that are tried for one match.
    pub depth: u32,
    /// A match of this length ends the search.
    pub enough: usize,
    /// Whether the next byte may have a better one.
    pub lazy: bool,
    /// After 2 to the power of so many bytes in a row without a match, one more byte is passed over
    /// between the looks.
    pub patience: u32,
}

/// Writes `data` as blocks, the last of which may end the stream.
pub(super) fn deflate(data: &[u8], search: Search, last: bool, to: &mut Bits) {
    let mut coder = Coder::new(data, search);
    loop {
        coder.fill();
        let end = coder.at == data.len();
        coder.write(last && end, to);
        if end {
            return;
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Match {
    length: usize,
    distance: usize,
}

struct Coder<'a> {
    data: &'a [u8],
    search: Search,
    at: usize,
    /// Last place of each hash, plus 1.
    heads: Vec<u32>,
    /// The place before with the same hash, by place in the window, plus 1.
    before: Vec<u32>,
    /// A literal, or bit 31 with the distance less 1 and, above 16 bits, the length less 3.
    tokens: Vec<u32>,
    frequencies: Frequencies,
    costs: Costs,
}

impl<'a> Coder<'a> {
    fn new(data: &'a [u8], search: Search) -> Self {
        Self {
            data,
            search,
            at: 0,
            heads: vec![0; 1 << HASH_BITS],
            before: vec![0; WINDOW],
            tokens: Vec::with_capacity(BLOCK + MATCH_MAX),
            frequencies: Frequencies::new(),
            costs: Costs::guess(data),
        }
    }

    /// Finds the tokens of one block.
    fn fill(&mut self) {
        self.tokens.clear();
        self.frequencies = Frequencies::new();
        let mut misses = 0_usize;
        while self.at < self.data.len() && self.tokens.len() < BLOCK {
            let mut found = self.find(self.at);
            if !self.costs.pay(self.data, self.at, found) {
                misses += 1;
                let step = 1 + (misses >> self.search.patience);
                for _ in 0..step.min(self.data.len() - self.at) {
                    self.literal();
                }
                continue;
            }
            misses = 0;
            while self.search.lazy && found.length < self.search.enough {
                let next = self.find(self.at + 1);
                if next.length <= found.length || !self.costs.pay(self.data, self.at + 1, next) {
                    break;
                }
                self.literal();
                found = next;
            }
            self.take(found);
        }
    }

    fn literal(&mut self) {
        let byte = self.data[self.at];
        self.tokens.push(byte.into());
        self.frequencies.literals[usize::from(byte)] += 1;
        self.at += 1;
    }

    fn take(&mut self, Match { length, distance }: Match) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 15 and 8 bits")]
        self.tokens.push(1 << 31 | ((length - 3) as u32) << 16 | (distance - 1) as u32);
        self.frequencies.literals[usize::from(LENGTHS[length - 3].symbol)] += 1;
        self.frequencies.distances[usize::from(symbols::distance(distance).symbol)] += 1;
        // Long matches are runs of the same; their inside need not be found.
        for at in self.at + 1..self.at + length.min(64) {
            self.insert(at);
        }
        self.at += length;
    }

    /// Remembers a place; answers the one before with the same hash, plus 1.
    #[inline(always)]
    fn insert(&mut self, at: usize) -> u32 {
        let Some(bytes) = self.data.get(at..).and_then(<[u8]>::first_chunk::<4>) else {
            return 0;
        };
        // As many bytes as a match has at least.
        let start = u32::from_le_bytes(*bytes) << (32 - 8 * self.search.least);
        let hash = start.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
        let Some(head) = self.heads.get_mut(hash as usize) else {
            return 0;
        };
        let before = *head;
        #[expect(clippy::cast_possible_truncation, reason = "a band is below 4 GiB")]
        let place = at as u32 + 1;
        if before != place {
            *head = place;
            self.before[at % WINDOW] = before;
            return before;
        }
        self.before[at % WINDOW]
    }

    /// The best match at `at`.
    #[inline(always)]
    fn find(&mut self, at: usize) -> Match {
        let mut best = Match { length: self.search.least - 1, distance: 0 };
        let mut place = self.insert(at);
        for _ in 0..self.search.depth {
            if place == 0 {
                break;
            }
            let start = place as usize - 1;
            let distance = at - start;
            if distance > WINDOW {
                break;
            }
            let ends = (self.data.get(start + best.length), self.data.get(at + best.length));
            if let (Some(there), Some(here)) = ends
                && there == here
            {
                let length = common(self.data, start, at);
                if length > best.length {
                    best = Match { length, distance };
                    if length >= self.search.enough {
                        break;
                    }
                }
            }
            place = self.before[start % WINDOW];
            if place as usize > start {
                break;
            }
        }
        best
    }

    fn write(&mut self, last: bool, to: &mut Bits) {
        let codes = Codes::new(&self.frequencies, 15);
        codes.open(last, to);
        for token in &self.tokens {
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
            to.spill();
            let symbol = symbols::distance(low + 1);
            let code = codes.distances[usize::from(symbol.symbol)];
            to.put(code.bits.into(), code.count.into());
            to.put(low as u64 - u64::from(symbol.base), symbol.extra_bits.into());
            to.spill();
        }
        let end = codes.literals[END];
        to.put(end.bits.into(), end.count.into());
        to.spill();
        self.costs.learn(&codes);
    }
}

/// Bytes that are the same from `a` and from `b` on, at most [`MATCH_MAX`].
#[inline(always)]
fn common(data: &[u8], a: usize, b: usize) -> usize {
    let len = MATCH_MAX.min(data.len() - b);
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
struct Costs {
    literals: [u8; 256],
    lengths: [u8; 256],
    distances: [u8; symbols::DISTANCES],
}

impl Costs {
    /// Before there is a block: as if all bytes were literals.
    fn guess(data: &[u8]) -> Self {
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

    fn learn(&mut self, codes: &Codes) {
        let known = |count: u8, otherwise: u8| if count == 0 { otherwise } else { count };
        for (byte, cost) in self.literals.iter_mut().enumerate() {
            *cost = known(codes.literals[byte].count, 13);
        }
        for (length, cost) in self.lengths.iter_mut().enumerate() {
            let symbol = LENGTHS[length];
            let code = codes.literals[usize::from(symbol.symbol)];
            *cost = known(code.count, 11) + symbol.extra_bits;
        }
        for (symbol, cost) in self.distances.iter_mut().enumerate() {
            *cost = known(codes.distances[symbol].count, 9) + extra_bits(symbol);
        }
    }

    /// Whether a match costs less than its bytes.
    #[inline(always)]
    fn pay(&self, data: &[u8], at: usize, found: Match) -> bool {
        if found.length < MATCH_MIN || found.distance == 0 {
            return false;
        }
        if found.length >= SURE {
            return true;
        }
        let symbol = symbols::distance(found.distance).symbol;
        let cost = u32::from(self.lengths[found.length - 3])
            + u32::from(self.distances[usize::from(symbol)]);
        let bytes = &data[at..at + found.length];
        bytes.iter().map(|byte| u32::from(self.literals[usize::from(*byte)])).sum::<u32>() > cost
    }
}

fn extra_bits(symbol: usize) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 13")]
    if symbol < 4 { 0 } else { ((symbol - 2) / 2) as u8 }
}
