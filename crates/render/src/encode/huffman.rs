//! Length-limited prefix codes in the canonical form that deflate asks for.
//!
//! Deliberately absent: what the symbols mean.

/// Code lengths of at most `bits_max` for symbols of these frequencies, 0 for those that never occur.
///
/// Two symbols get a code even where fewer occur, as some decoders refuse a code of one.
pub(super) fn lengths<const N: usize>(frequencies: &[u32; N], bits_max: u8) -> [u8; N] {
    let mut sorted: Vec<(u32, usize)> =
        (0..N).filter(|symbol| frequencies[*symbol] > 0).map(|s| (frequencies[s], s)).collect();
    let missing = 2_usize.saturating_sub(sorted.len());
    let unused = (0..N).filter(|symbol| frequencies[*symbol] == 0).map(|symbol| (1, symbol));
    sorted.extend(unused.take(missing));
    sorted.sort_unstable();
    let mut counts = depths(&sorted.iter().map(|(frequency, _)| *frequency).collect::<Vec<_>>());
    limit(&mut counts, bits_max.into());
    // The rarest symbols get the longest codes.
    let mut lengths = [0; N];
    let mut symbols = sorted.iter().map(|(_, symbol)| *symbol);
    for bits in (1..=bits_max).rev() {
        for symbol in symbols.by_ref().take(counts[usize::from(bits)]) {
            lengths[symbol] = bits;
        }
    }
    lengths
}

/// Codes longer than deflate knows, before they are limited.
const DEPTH_MAX: usize = 64;

/// How many codes of each length Huffman's algorithm gives to frequencies that rise.
fn depths(sorted: &[u32]) -> [usize; DEPTH_MAX] {
    let leaves = sorted.len();
    // Nodes are made in the order of their weights, so two queues are all that it takes.
    let mut weights: Vec<u64> = sorted.iter().copied().map(u64::from).collect();
    let mut parents = vec![0_u16; 2 * leaves];
    let (mut leaf, mut node) = (0, leaves);
    while weights.len() < 2 * leaves - 1 {
        let mut sum = 0;
        for _ in 0..2 {
            let take_leaf =
                leaf < leaves && (node >= weights.len() || weights[leaf] <= weights[node]);
            let taken = if take_leaf { &mut leaf } else { &mut node };
            sum += weights[*taken];
            parents[*taken] = u16::try_from(weights.len()).unwrap_or(u16::MAX);
            *taken += 1;
        }
        weights.push(sum);
    }
    let root = weights.len() - 1;
    let mut depths = vec![0_u8; root + 1];
    let mut counts = [0; DEPTH_MAX];
    for node in (0..root).rev() {
        depths[node] = depths[usize::from(parents[node])] + 1;
        if node < leaves {
            counts[usize::from(depths[node]).min(DEPTH_MAX - 1)] += 1;
        }
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
