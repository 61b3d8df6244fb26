//! The filters of PNG (PNG specification, chapter 9): each row told by what is left and above.

/// Bytes that are looked at to choose a filter ...
const SAMPLE: usize = 128;
/// ... of so many.
const SAMPLE_OF: usize = 512;

/// How a row is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Filter {
    None = 0,
    Sub = 1,
    Up = 2,
    Average = 3,
    Paeth = 4,
}

impl Filter {
    /// The filter of a row by its number, which is one of the five.
    pub(super) fn of(number: u8) -> Self {
        match number {
            1 => Self::Sub,
            2 => Self::Up,
            3 => Self::Average,
            4 => Self::Paeth,
            _ => Self::None,
        }
    }
}

const ADAPTIVE: [Filter; 4] = [Filter::Up, Filter::Sub, Filter::Paeth, Filter::Average];

/// The filter that leaves least of the row, by a sample of it.
#[inline(always)]
pub(super) fn choose<const BPP: usize>(above: &[u8], row: &[u8]) -> Filter {
    if row == above {
        return Filter::Up;
    }
    let mut weights = [0; ADAPTIVE.len()];
    let mut filtered = [0; SAMPLE + 4];
    for start in (0..row.len()).step_by(SAMPLE_OF) {
        let end = row.len().min(start + SAMPLE + BPP);
        if end - start <= BPP {
            break;
        }
        let (above, row) = (&above[start..end], &row[start..end]);
        let filtered = &mut filtered[..row.len()];
        for (filter, sum) in ADAPTIVE.iter().zip(&mut weights) {
            apply::<BPP>(*filter, above, row, filtered);
            *sum += weight(&filtered[BPP..]);
        }
    }
    let least = ADAPTIVE.iter().zip(weights).min_by_key(|(_, weight)| *weight);
    least.map_or(Filter::Up, |(filter, _)| *filter)
}

/// Filters the row `row` below `above`, both of which have `BPP` bytes a pixel, into `to`.
#[inline(always)]
pub(super) fn apply<const BPP: usize>(filter: Filter, above: &[u8], row: &[u8], to: &mut [u8]) {
    let (first, first_above) = (&row[..BPP], &above[..BPP]);
    let (to_first, to_rest) = to.split_at_mut(BPP);
    let left = row.iter().zip(above);
    let here = row[BPP..].iter().zip(&above[BPP..]);
    let all = to_rest.iter_mut().zip(here.zip(left));
    match filter {
        Filter::None => {
            to_first.copy_from_slice(first);
            to_rest.copy_from_slice(&row[BPP..]);
        }
        Filter::Sub => {
            to_first.copy_from_slice(first);
            all.for_each(|(to, ((x, _), (a, _)))| *to = x.wrapping_sub(*a));
        }
        Filter::Up => {
            to_first.iter_mut().zip(first.iter().zip(first_above)).for_each(|(to, (x, b))| {
                *to = x.wrapping_sub(*b);
            });
            all.for_each(|(to, ((x, b), _))| *to = x.wrapping_sub(*b));
        }
        Filter::Average => {
            to_first.iter_mut().zip(first.iter().zip(first_above)).for_each(|(to, (x, b))| {
                *to = x.wrapping_sub(*b / 2);
            });
            all.for_each(|(to, ((x, b), (a, _)))| {
                *to = x.wrapping_sub((a & b) + ((a ^ b) >> 1));
            });
        }
        Filter::Paeth => {
            to_first.iter_mut().zip(first.iter().zip(first_above)).for_each(|(to, (x, b))| {
                *to = x.wrapping_sub(*b);
            });
            all.for_each(|(to, ((x, b), (a, c)))| *to = x.wrapping_sub(paeth(*a, *b, *c)));
        }
    }
}

/// Whichever of left, above and upper left is nearest to left + above - upper left.
///
/// In bytes throughout, so that a vector holds as many of them as it can.
#[inline(always)]
fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let (to_a, to_b) = (b.abs_diff(c), a.abs_diff(c));
    let same_side = (a >= c) == (b >= c);
    let to_c = if same_side { to_a.saturating_add(to_b) } else { to_a.abs_diff(to_b) };
    let b_or_c = if to_b <= to_c { b } else { c };
    if to_a <= to_b && to_a <= to_c { a } else { b_or_c }
}

/// How far a filtered row is from zeros.
#[inline(always)]
pub(super) fn weight(row: &[u8]) -> u32 {
    let mut sum = 0;
    for piece in row.chunks(128) {
        // Few enough for sixteen bits, of which a vector holds more.
        let piece: u16 =
            piece.iter().map(|byte| u16::from(byte.cast_signed().unsigned_abs())).sum();
        sum += u32::from(piece);
    }
    sum
}
