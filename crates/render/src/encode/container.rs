//! Chunks of a PNG file around its deflated rows, with the checksums that a reader verifies.

use super::samples::Format;
use crate::pixels::Pixels;

/// Deflate with a window of 32 KiB, no dictionary.
pub(super) const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// CSS pixels in a metre: 96 of them make an inch.
const CSS_PX_PER_METRE: f64 = 96.0 / 0.0254;

/// A file in the making.
pub(super) struct Container {
    file: Vec<u8>,
}

impl Container {
    /// Everything before the rows.
    pub(super) fn open(pixels: &Pixels, format: &Format, pixel_ratio: f64) -> Self {
        let mut container = Self { file: SIGNATURE.to_vec() };
        let (color_type, depth) = match format {
            Format::Grey => (0, 8),
            Format::Rgb => (2, 8),
            Format::Palette(palette) => (3, palette.depth),
            Format::Rgba => (6, 8),
        };
        let mut header = [0; 13];
        header[..4].copy_from_slice(&pixels.width.to_be_bytes());
        header[4..8].copy_from_slice(&pixels.height.to_be_bytes());
        header[8..10].copy_from_slice(&[depth, color_type]);
        container.chunk(*b"IHDR", &header);
        // Perceptual, as photos want it.
        container.chunk(*b"sRGB", &[0]);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 15,118"
        )]
        let per_metre = ((CSS_PX_PER_METRE * pixel_ratio).round() as u32).to_be_bytes();
        let mut physical = [1; 9];
        physical[..4].copy_from_slice(&per_metre);
        physical[4..8].copy_from_slice(&per_metre);
        container.chunk(*b"pHYs", &physical);
        if let Format::Palette(palette) = format {
            let colors: Vec<u8> =
                palette.colors.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
            container.chunk(*b"PLTE", &colors);
            let alphas: Vec<u8> =
                palette.colors.iter().map(|[.., a]| *a).take_while(|a| *a < 255).collect();
            if !alphas.is_empty() {
                container.chunk(*b"tRNS", &alphas);
            }
        }
        container
    }

    /// The zlib stream, or its next part.
    pub(super) fn data(&mut self, stream: &[u8]) {
        // Readers may refuse chunks beyond 31 bits.
        for part in stream.chunks(1 << 30) {
            self.file.reserve(part.len() + 24);
            self.chunk(*b"IDAT", part);
        }
    }

    /// The finished file.
    pub(super) fn close(mut self) -> Vec<u8> {
        self.chunk(*b"IEND", &[]);
        self.file
    }

    fn chunk(&mut self, kind: [u8; 4], data: &[u8]) {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        self.file.extend_from_slice(&length.to_be_bytes());
        let start = self.file.len();
        self.file.extend_from_slice(&kind);
        self.file.extend_from_slice(data);
        let checksum = crc32fast::hash(&self.file[start..]);
        self.file.extend_from_slice(&checksum.to_be_bytes());
    }
}
