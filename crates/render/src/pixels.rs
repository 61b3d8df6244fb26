//! Pixels: what a backend paints, and what a picture is once it is decoded and scaled.
//!
//! Deliberately absent: colour conversion and encoding, see [`crate::encode`].

/// A picture in memory: rows from the top, four bytes a pixel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pixels {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green, blue and alpha of every pixel, premultiplied; `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Whether every pixel is opaque. Painters trust it, so it must never be true in error.
    pub opaque: bool,
}

/// A part of a picture, in whole pixels from its top left; the right and lower edges are not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x0: u32,
    /// Upper edge.
    pub y0: u32,
    /// Right edge, at least `x0`.
    pub x1: u32,
    /// Lower edge, at least `y0`.
    pub y1: u32,
}

impl Area {
    /// Pixels in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::from(self.x1 - self.x0) * u64::from(self.y1 - self.y0)
    }
}

impl Pixels {
    /// The bytes of the pixels from `x0` up to `x1` in row `y`.
    pub(crate) fn row(&self, y: usize, x0: usize, x1: usize) -> &[u8] {
        let start = y * self.width as usize;
        &self.rgba[(start + x0) * 4..(start + x1) * 4]
    }

    /// Takes an area over from a picture of the same size.
    pub(crate) fn copy_area(&mut self, from: &Self, area: Area) {
        let (x0, x1) = (area.x0 as usize, area.x1 as usize);
        for y in area.y0 as usize..area.y1 as usize {
            let start = y * self.width as usize;
            self.rgba[(start + x0) * 4..(start + x1) * 4].copy_from_slice(from.row(y, x0, x1));
        }
    }

    /// Gives all pixels of an area one colour, premultiplied.
    pub(crate) fn fill_area(&mut self, color: [u8; 4], area: Area) {
        let (x0, x1) = (area.x0 as usize, area.x1 as usize);
        for y in area.y0 as usize..area.y1 as usize {
            let start = y * self.width as usize;
            self.rgba[(start + x0) * 4..(start + x1) * 4].as_chunks_mut().0.fill(color);
        }
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rgba.len()
    }
}
