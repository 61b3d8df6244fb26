//! Length-limited prefix codes in the canonical form that deflate asks for.
//!
//! Deliberately absent: what the symbols mean.

/// Code lengths of at most `bits_max` for symbols of these frequencies, 0 for those that never occur.
///
/// Two symbols get a code even where fewer occur, as some decoders refuse a code of one.
pub(super) fn lengths<const N: usize>(frequencies: &[u32; N], bits_max: u8) -> [u8; N] {
    // Frequency and symbol in one number: numbers are sorted faster than pairs.
    let mut sorted = [0_u64; N];
    let mut count = 0;
    let mut add = |frequency: u32, symbol: usize| {
        sorted[count] = u64::from(frequency) << SYMBOL_BITS | symbol as u64;
        count += 1;
    };
    let used = frequencies.iter().filter(|frequency| **frequency > 0).count();
    let mut missing = 2_usize.saturating_sub(used);
    for (symbol, frequency) in frequencies.iter().enumerate() {
        if *frequency > 0 {
            add(*frequency, symbol);
        } else if missing > 0 {
            add(1, symbol);
            missing -= 1;
        }
    }
    let sorted = &mut sorted[..count];
    sorted.sort_unstable();
    let mut weights = [0_u64; N];
    let weights = &mut weights[..count];
    weights.iter_mut().zip(&*sorted).for_each(|(weight, key)| *weight = key >> SYMBOL_BITS);
    let mut counts = depths(weights);
    limit(&mut counts, bits_max.into());
    // The rarest symbols get the longest codes.
    let mut lengths = [0; N];
    let mut symbols = sorted.iter().map(|key| (key & ((1 << SYMBOL_BITS) - 1)) as usize);
    for bits in (1..=bits_max).rev() {
        for symbol in symbols.by_ref().take(counts[usize::from(bits)]) {
            lengths[symbol] = bits;
        }
    }
    lengths
}

/// Bits that any symbol fits in.
const SYMBOL_BITS: u32 = 16;
/// Codes longer than deflate knows, before they are limited.
const DEPTH_MAX: usize = 64;

/// How many codes of each length Huffman's algorithm gives to at least two frequencies that rise.
///
/// In their own memory, as Moffat and Katajainen showed ("In-place calculation of minimum-redundancy codes",
/// 1995): a node stands where a frequency was that it has taken.
fn depths(nodes: &mut [u64]) -> [usize; DEPTH_MAX] {
    let count = nodes.len();
    // Each node but the last, which is the root, ends as the place of its parent.
    let (mut leaf, mut root) = (0, 0);
    for next in 0..count - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            if leaf >= count || (root < next && nodes[root] < nodes[leaf]) {
                sum += nodes[root];
                nodes[root] = next as u64;
                root += 1;
            } else {
                sum += nodes[leaf];
                leaf += 1;
            }
        }
        nodes[next] = sum;
    }
    // Parents become depths.
    nodes[count - 2] = 0;
    for node in (0..count - 2).rev() {
        #[expect(clippy::cast_possible_truncation, reason = "a place among them")]
        let parent = nodes[node] as usize;
        nodes[node] = nodes[parent] + 1;
    }
    // What a depth has room for, and no node takes, are leaves.
    let mut counts = [0; DEPTH_MAX];
    let mut nodes = nodes[..count - 1].iter().rev().peekable();
    let (mut room, mut depth) = (1, 0);
    while room > 0 {
        let mut inner = 0;
        while nodes.next_if(|node| **node == depth).is_some() {
            inner += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "less than there are symbols")]
        let bucket = (depth as usize).min(DEPTH_MAX - 1);
        counts[bucket] += room - inner;
        room = 2 * inner;
        depth += 1;
    }
    counts
}

/// Shortens codes beyond `bits_max` at the least cost to the others.
fn limit(counts: &mut [usize; DEPTH_MAX], bits_max: usize) {
    let long: usize = counts[bits_max + 1..].iter().sum();
    if long == 0 {
        return;
    }
    counts[bits_max + 1..].fill(0);
    counts[bits_max] += long;
    // In units of the longest code.
    let mut space: usize =
        (1..=bits_max).map(|bits| counts[bits] << (bits_max - bits)).sum::<usize>();
    while space > 1 << bits_max {
        // One of the longest goes beside a shorter one, which grows by a bit.
        counts[bits_max] -= 1;
        if let Some(bits) = (1..bits_max).rev().find(|bits| counts[*bits] > 0) {
            counts[bits] -= 1;
            counts[bits + 1] += 2;
        }
        space -= 1;
    }
}

/// The codes of these lengths, ready to be written from their lowest bit on.
pub(super) fn codes<const N: usize>(lengths: &[u8; N]) -> [u16; N] {
    let mut counts = [0_u16; 16];
    for length in lengths.iter().filter(|length| **length > 0) {
        counts[usize::from(*length)] += 1;
    }
    let mut next = [0_u16; 16];
    for bits in 1..16 {
        next[bits] = (next[bits - 1] + counts[bits - 1]) << 1;
    }
    let mut codes = [0; N];
    for (code, length) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length > 0) {
        let next = &mut next[usize::from(*length)];
        *code = next.reverse_bits() >> (16 - length);
        *next += 1;
    }
    codes
}
