//! What of the pixels a file stores: as few bytes of each as show the same picture.

use crate::pixels::{Area, Pixels};

/// Colours of a palette.
const COLORS_MAX: usize = 256;

/// How a file stores its pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One byte: red, green and blue are the same everywhere, and all is opaque.
    Grey,
    /// Three bytes; all is opaque.
    Rgb,
    /// Four bytes, the alpha taken out of the colour.
    Rgba,
    /// An index of 1, 2, 4 or 8 bits.
    Palette(Palette),
}

/// Colours of which a picture has few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Palette {
    /// With straight alpha; those that are not opaque first, as a file tells the alpha of the first
    /// so many.
    pub colors: Vec<[u8; 4]>,
    indexes: Indexes,
    /// Bits of an index.
    pub depth: u8,
}

impl Format {
    /// The smallest that keeps every pixel.
    pub(super) fn of(pixels: &Pixels) -> Self {
        let (quads, _) = pixels.rgba.as_chunks::<4>();
        match Palette::of(quads, pixels) {
            // An index would take as much, and its palette more.
            Some(palette) if palette.is_grey() && palette.depth == 8 => Self::Grey,
            Some(palette) => Self::Palette(palette),
            None if !pixels.opaque => Self::Rgba,
            // An alpha that painting left behind makes more of them than are seen.
            None if quads.iter().all(is_grey) => Self::Grey,
            None => Self::Rgb,
        }
    }

    /// Bytes of a pixel, for the filters; an index of less than a byte counts as one.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Grey | Self::Palette(_) => 1,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }

    /// Bytes of a row of that many pixels.
    pub(super) fn row_bytes(&self, width: usize) -> usize {
        match self {
            Self::Palette(palette) => (width * usize::from(palette.depth)).div_ceil(8),
            _ => width * self.bytes(),
        }
    }

    /// Writes a row as the file stores it.
    #[inline(always)]
    pub(super) fn pack(&self, row: &[u8], to: &mut [u8]) {
        let (quads, _) = row.as_chunks::<4>();
        match self {
            Self::Grey => to.iter_mut().zip(quads).for_each(|(to, [r, ..])| *to = *r),
            Self::Rgb => pack_rgb(quads, to),
            Self::Rgba => {
                let (to, _) = to.as_chunks_mut::<4>();
                to.iter_mut().zip(quads).for_each(|(to, quad)| *to = straight(*quad));
            }
            Self::Palette(palette) => palette.pack(quads, to),
        }
    }
}

/// Four pixels at a time in three words.
#[inline(always)]
fn pack_rgb(quads: &[[u8; 4]], to: &mut [u8]) {
    let (groups, rest) = quads.as_chunks::<4>();
    let (to_groups, to_rest) = to.as_chunks_mut::<12>();
    for (group, to) in groups.iter().zip(to_groups) {
        let [a, b, c, d] = group.map(|quad| u32::from_le_bytes(quad) & 0x00ff_ffff);
        let words = [a | b << 24, b >> 8 | c << 16, c >> 16 | d << 8];
        to.as_chunks_mut::<4>().0.iter_mut().zip(words).for_each(|(to, word)| {
            *to = word.to_le_bytes();
        });
    }
    let (to_rest, _) = to_rest.as_chunks_mut::<3>();
    for (to, [r, g, b, _]) in to_rest.iter_mut().zip(rest) {
        *to = [*r, *g, *b];
    }
}

/// What makes a picture smaller than its plain bytes, and what is like it perhaps too.
#[derive(Debug, Default)]
pub(super) struct Scarcity {
    /// Its colours, if a palette holds them.
    few: Option<Indexes>,
    /// Whether it has no colour at all.
    grey: bool,
}

impl Scarcity {
    pub(super) fn of(pixels: &Pixels) -> Self {
        let (quads, _) = pixels.rgba.as_chunks::<4>();
        let mut indexes = Indexes::new();
        let few = indexes.add_rows(quads.chunks((pixels.width as usize).max(1)));
        Self { few: few.then_some(indexes), grey: pixels.opaque && quads.iter().all(is_grey) }
    }

    /// Whether it holds no more once a picture has also the shades between each of these pairs, even if
    /// it has them all.
    pub(super) fn ends(&self, pairs: &[([u8; 3], [u8; 3])]) -> bool {
        let shades = |(a, b): &([u8; 3], [u8; 3])| {
            a.iter().zip(b).map(|(a, b)| usize::from(a.abs_diff(*b))).max().unwrap_or(0)
        };
        let shades: usize = pairs.iter().map(shades).sum();
        let few = self.few.as_ref().is_some_and(|few| few.count + shades <= COLORS_MAX);
        let grey = |[r, g, b]: [u8; 3]| is_grey(&[r, g, b, 255]);
        let stays_grey = self.grey && pairs.iter().all(|(a, b)| grey(*a) && grey(*b));
        !few && !stays_grey
    }

    /// Whether it holds for a picture that differs in some areas.
    pub(super) fn holds(&self, pixels: &Pixels, areas: &[Area]) -> bool {
        let rows = areas.iter().flat_map(|area| {
            (area.y0..area.y1).map(|y| {
                let row = pixels.row(y as usize, area.x0 as usize, area.x1 as usize);
                row.as_chunks::<4>().0
            })
        });
        self.few.clone().is_some_and(|mut few| few.add_rows(rows))
    }
}

/// The colours of a picture of few, or 256 of them.
pub(super) fn colors(pixels: &Pixels) -> Vec<[u8; 4]> {
    let mut indexes = Indexes::new();
    let (quads, _) = pixels.rgba.as_chunks::<4>();
    indexes.add_rows(std::iter::once(quads));
    indexes.quads()
}

/// Whether a picture that has also other colours has too many for a palette.
pub(super) fn is_rich(pixels: &Pixels, mut others: impl Iterator<Item = [u8; 4]>) -> bool {
    let mut few = Indexes::new();
    let (quads, _) = pixels.rgba.as_chunks::<4>();
    !(others.all(|color| few.add(color))
        && few.add_rows(quads.chunks((pixels.width as usize).max(1))))
}

fn is_grey([r, g, b, _]: &[u8; 4]) -> bool {
    r == g && g == b
}

impl Palette {
    /// The colours of a picture that has at most 256 of them.
    fn of(quads: &[[u8; 4]], pixels: &Pixels) -> Option<Self> {
        let mut indexes = Indexes::new();
        if !indexes.add_rows(quads.chunks((pixels.width as usize).max(1))) {
            return None;
        }
        // Sorted, neighbours in colour are neighbours in number, and equal pictures are equal files.
        let mut found = indexes.quads();
        found.sort_unstable_by_key(|[r, g, b, a]| (*a == 255, *g, *r, *b, *a));
        for (index, quad) in found.iter().enumerate() {
            indexes.set(*quad, u8::try_from(index).unwrap_or(u8::MAX));
        }
        let opaque = |[r, g, b, a]: [u8; 4]| [r, g, b, if pixels.opaque { 255 } else { a }];
        let colors: Vec<_> = found.iter().map(|quad| straight(opaque(*quad))).collect();
        let depth = match found.len() {
            ..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        };
        Some(Self { colors, indexes, depth })
    }

    /// Whether it has levels of grey alone, all opaque.
    fn is_grey(&self) -> bool {
        self.colors.iter().all(|color| is_grey(color) && color[3] == 255)
    }

    fn pack(&self, quads: &[[u8; 4]], to: &mut [u8]) {
        let mut last = None;
        let mut index = 0;
        let per_byte = usize::from(8 / self.depth);
        for (to, quads) in to.iter_mut().zip(quads.chunks(per_byte)) {
            let mut byte = 0;
            for (at, quad) in quads.iter().enumerate() {
                if last != Some(quad) {
                    (last, index) = (Some(quad), self.indexes.get(*quad));
                }
                byte |= index << (8 - usize::from(self.depth) * (at + 1));
            }
            *to = byte;
        }
    }
}

/// Colours of a picture, and what number each has: a hash table with as much room that looking
/// for a place takes a step or two.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Indexes {
    slots: Vec<Option<([u8; 4], u8)>>,
    count: usize,
}

impl Indexes {
    const SLOTS: usize = 1024;

    fn new() -> Self {
        Self { slots: vec![None; Self::SLOTS], count: 0 }
    }

    /// The place of a colour, or the free one where it belongs.
    #[inline(always)]
    fn place(&self, quad: [u8; 4]) -> usize {
        let hash = u32::from_le_bytes(quad).wrapping_mul(0x9e37_79b1) >> 22;
        let mut place = hash as usize % Self::SLOTS;
        while matches!(self.slots[place], Some((taken, _)) if taken != quad) {
            place = (place + 1) % Self::SLOTS;
        }
        place
    }

    /// Adds a colour; `false` when there are too many for a palette.
    #[inline(always)]
    fn add(&mut self, quad: [u8; 4]) -> bool {
        let place = self.place(quad);
        if self.slots[place].is_none() {
            if self.count == COLORS_MAX {
                return false;
            }
            self.count += 1;
            self.slots[place] = Some((quad, 0));
        }
        true
    }

    /// Adds the colours of rows; `false` when there are too many for a palette.
    fn add_rows<'a>(&mut self, rows: impl Iterator<Item = &'a [[u8; 4]]>) -> bool {
        let mut above: &[[u8; 4]] = &[];
        for row in rows {
            // Most rows of a picture of few colours have nothing new.
            if row == above {
                continue;
            }
            above = row;
            let mut last = None;
            for quad in row {
                if last != Some(quad) && !self.add(*quad) {
                    return false;
                }
                last = Some(quad);
            }
        }
        true
    }

    fn set(&mut self, quad: [u8; 4], index: u8) {
        let place = self.place(quad);
        self.slots[place] = Some((quad, index));
    }

    #[inline(always)]
    fn get(&self, quad: [u8; 4]) -> u8 {
        self.slots[self.place(quad)].map_or(0, |(_, index)| index)
    }

    fn quads(&self) -> Vec<[u8; 4]> {
        self.slots.iter().flatten().map(|(quad, _)| *quad).collect()
    }
}

/// Takes the alpha out of the colour.
#[inline(always)]
fn straight([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    if matches!(a, 0 | 255) {
        return [r, g, b, a];
    }
    let alpha = u32::from(a);
    let divide = |part: u8| {
        let part = (u32::from(part) * 255 + alpha / 2) / alpha;
        u8::try_from(part).unwrap_or(u8::MAX)
    };
    [divide(r), divide(g), divide(b), a]
}
