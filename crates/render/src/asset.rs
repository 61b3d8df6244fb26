//! Assets: picture files as they were fetched, sniffed and checked but not decoded.
//!
//! [`Asset::read`] looks at the bytes alone, never at a file name or a content type, and refuses from
//! the header what would be too large to decode. Pixels come later, at the size that is drawn
//! (`picture`). Deliberately absent: fetching, and the fetcher's cache.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};
use pixeldrive_model::Source;
use pixeldrive_model::limits::{IMAGE_BYTES_MAX, SVG_BYTES_MAX};

use crate::Error;
use crate::picture::{Refusal, decode, svg};

/// The files of one render, by the source that names them.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    files: HashMap<Source, Arc<Asset>>,
    /// Why the others are not there.
    failed: HashMap<Source, String>,
}

impl Assets {
    /// Adds the file of `source`.
    pub fn insert(&mut self, source: Source, asset: Arc<Asset>) {
        self.files.insert(source, asset);
    }

    /// Says why there is no file of `source`: its elements are to do without.
    pub fn insert_failed(&mut self, source: Source, reason: String) {
        self.failed.insert(source, reason);
    }

    /// The file of `source`.
    #[must_use]
    pub fn get(&self, source: &Source) -> Option<&Arc<Asset>> {
        self.files.get(source)
    }

    /// Why there is no file of `source`, if it was asked for.
    #[must_use]
    pub fn failure(&self, source: &Source) -> Option<&str> {
        self.failed.get(source).map(String::as_str)
    }
}

/// A picture file that may be decoded.
#[derive(Clone, Debug)]
pub struct Asset {
    bytes: Bytes,
    hash: [u8; 32],
    kind: AssetKind,
    width: f64,
    height: f64,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AssetKind {
    /// Pixels in a compressed format, with the turn that brings them upright.
    Raster(ImageFormat, Orientation),
    /// An SVG document in UTF-8.
    Svg,
}

impl Asset {
    /// Sniffs a file and checks it against the limits.
    ///
    /// # Errors
    /// [`Error::Picture`], the caller's to mend: no known type, too many bytes or pixels, or broken.
    pub fn read(bytes: Bytes) -> Result<Self, Error> {
        Self::sniff(bytes).map_err(|refusal| Error::Picture { element: String::new(), refusal })
    }

    pub(crate) fn sniff(bytes: Bytes) -> Result<Self, Refusal> {
        if bytes.len() > IMAGE_BYTES_MAX {
            return Err(Refusal::Bytes { bytes: bytes.len(), bytes_max: IMAGE_BYTES_MAX });
        }
        let (kind, width, height) = match raster_format(&bytes) {
            Some(format) => raster_header(&bytes, format)?,
            None => svg_header(&bytes)?,
        };
        let hash = *blake3::hash(&bytes).as_bytes();
        Ok(Self { bytes, hash, kind, width, height })
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// BLAKE3 of the bytes.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Natural width and height: pixels once upright, or the size that an SVG gives itself.
    #[must_use]
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    pub(crate) fn kind(&self) -> AssetKind {
        self.kind
    }
}

/// The raster format that the first bytes announce.
fn raster_format(bytes: &[u8]) -> Option<ImageFormat> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(ImageFormat::Png),
        [0xff, 0xd8, 0xff, ..] => Some(ImageFormat::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(ImageFormat::Gif),
        _ => None,
    }
}

/// A picture in a format that is not drawn, by its name.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => "an AVIF file",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => "a HEIC file",
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..] => "a JPEG XL file",
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => "a TIFF file",
        [b'B', b'M', ..] => "a BMP file",
        [b'%', b'P', b'D', b'F', ..] => "a PDF file",
        _ => return None,
    })
}

fn raster_header(bytes: &Bytes, format: ImageFormat) -> Result<(AssetKind, f64, f64), Refusal> {
    // The PNG decoder reads on to the first pixels; the size stands in the first bytes.
    if format == ImageFormat::Png
        && let Some([w0, w1, w2, w3, h0, h1, h2, h3]) = bytes.get(16..24)
    {
        decode::check_size(
            u32::from_be_bytes([*w0, *w1, *w2, *w3]),
            u32::from_be_bytes([*h0, *h1, *h2, *h3]),
        )?;
    }
    let mut decoder = decode::decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    decode::check_size(width, height)?;
    // A picture with unreadable metadata is shown as it lies.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (width, height) = (f64::from(width), f64::from(height));
    let kind = AssetKind::Raster(format, orientation);
    Ok(match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (kind, height, width),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (kind, width, height),
    })
}

fn svg_header(bytes: &Bytes) -> Result<(AssetKind, f64, f64), Refusal> {
    let text = svg_text(bytes)?;
    let (width, height) = svg::natural_size(text)?;
    Ok((AssetKind::Svg, width, height))
}

/// The bytes as an SVG document, when they look like one.
pub(crate) fn svg_text(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(Refusal::Type { found: "a gzip file (SVGZ must be unpacked)" });
    }
    if let Some(found) = foreign(bytes) {
        return Err(Refusal::Type { found });
    }
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if bytes.is_empty() {
        return Err(Refusal::Type { found: "an empty file" });
    }
    if !start.starts_with(b"<") {
        return Err(Refusal::Type { found: "this" });
    }
    if start.get(..9).is_some_and(|tag| tag.eq_ignore_ascii_case(b"<!doctype"))
        && !start.windows(4).take(2_000).any(|tag| tag == b"<svg")
        || start.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"<html"))
    {
        return Err(Refusal::Type { found: "an HTML page" });
    }
    if bytes.len() > SVG_BYTES_MAX {
        return Err(Refusal::Bytes { bytes: bytes.len(), bytes_max: SVG_BYTES_MAX });
    }
    std::str::from_utf8(bytes)
        .map_err(|_| Refusal::Broken { reason: "the SVG is not in UTF-8".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG that ends after its header, and says that it is this large.
    fn png_header(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[track_caller]
    fn check(bytes: impl Into<Vec<u8>>, expected: &str) {
        let found = match Asset::sniff(Bytes::from(bytes.into())) {
            Ok(asset) => format!("{:?} {:?}", asset.kind(), asset.size()),
            Err(refusal) => format!("{}: {refusal}", refusal.code()),
        };
        assert!(found.contains(expected), "found {found}");
    }

    #[test]
    fn files_are_refused_from_their_first_bytes() {
        check(png_header(10_000, 10_000), "image_too_large: 10000 x 10000 px");
        check(png_header(20_000, 1), "image_too_large: 20000 x 1 px");
        check(png_header(0, 7), "image_broken");
        check(png_header(7, 7), "image_broken");
        check(vec![b'<'; IMAGE_BYTES_MAX + 1], "image_too_large: 10485761 bytes");
        check(format!("<svg>{}</svg>", " ".repeat(SVG_BYTES_MAX)), "image_too_large");
        check("", "image_type_unsupported: an empty file");
        check("hello", "image_type_unsupported: this is no picture that can be drawn");
        check(b"\0\0\0\x1cftypavif\0\0".as_slice(), "image_type_unsupported: an AVIF file");
        check(b"\0\0\0\x18ftypheic\0\0".as_slice(), "image_type_unsupported: a HEIC file");
        check(b"\xff\x0a\0".as_slice(), "image_type_unsupported: a JPEG XL file");
        check(b"II*\0\x08".as_slice(), "image_type_unsupported: a TIFF file");
        check(b"BM6\0".as_slice(), "image_type_unsupported: a BMP file");
        check("%PDF-1.7", "image_type_unsupported: a PDF file");
        check(b"\x89PNG\r\n\x1a\nno chunk at all here".as_slice(), "image_");
        check("<!DOCTYPE html><html></html>", "image_type_unsupported: an HTML page");
        check(b"\x1f\x8b\x08\0".as_slice(), "image_type_unsupported: a gzip file");
        check(b"\xff\xd8\xff\xe0".as_slice(), "image_broken");
        check(b"GIF89a".as_slice(), "image_broken");
        check(b"RIFF\0\0\0\0WEBPVP8 ".as_slice(), "image_broken");
        check(b"<svg xmlns='http://www.w3.org/2000/svg'>\xff</svg>".as_slice(), "not in UTF-8");
    }

    #[test]
    fn sizes_are_read_from_headers() {
        check("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 12'/>", "Svg (24.0, 12.0)");
        let mut png = Vec::new();
        let picture = image::RgbaImage::new(3, 5);
        picture.write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png).unwrap();
        check(png, "Raster(Png, NoTransforms) (3.0, 5.0)");
    }
}
