//! Pixels: what a backend paints, and what a picture is once it is decoded and scaled.
//!
//! Deliberately absent: colour conversion and encoding, see [`crate::encode`].

/// A picture in memory: rows from the top, four bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Pixels {
    /// Bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.rgba.len()
    }
}
