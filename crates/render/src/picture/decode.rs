//! Decoding of raster files into premultiplied pixels, upright and within explicit limits.
//!
//! Deliberately absent: animation (the first frame is the picture) and colour profiles (pixels are
//! taken as sRGB).

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use pixeldrive_model::limits::{IMAGE_PX_MAX, IMAGE_SIDE_PX_MAX};

use super::{Refusal, broken};
use crate::pixels::Pixels;

/// Bytes that a decoder may allocate: the largest picture with 16 bits a channel, and some.
const ALLOC_BYTES_MAX: u64 = IMAGE_PX_MAX * 8 + (64 << 20);

/// Decodes a file of a known format.
pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    orientation: Orientation,
) -> Result<Pixels, Refusal> {
    let picture = upright(bytes, format, orientation)?;
    let opaque = !picture.color().has_alpha();
    let (width, height) = (picture.width(), picture.height());
    let mut rgba = picture.into_rgba8().into_raw();
    let opaque = opaque || premultiply(&mut rgba);
    Ok(Pixels { width, height, rgba, opaque })
}

/// The same picture as a PNG that any decoder takes, for another renderer's use.
pub(super) fn to_png(
    bytes: &[u8],
    format: ImageFormat,
    orientation: Orientation,
) -> Result<Vec<u8>, Refusal> {
    let picture = upright(bytes, format, orientation)?.into_rgba8();
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter);
    picture.write_with_encoder(encoder).map_err(broken)?;
    Ok(png)
}

fn upright(
    bytes: &[u8],
    format: ImageFormat,
    orientation: Orientation,
) -> Result<DynamicImage, Refusal> {
    // The JPEG decoder paints what is missing grey.
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        return Err(Refusal::Broken { reason: "the file ends early".to_owned() });
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE_PX_MAX);
    limits.max_image_height = Some(IMAGE_SIDE_PX_MAX);
    limits.max_alloc = Some(ALLOC_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > IMAGE_PX_MAX {
        return Err(Refusal::Pixels { width, height });
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Multiplies colours by their alpha; returns whether every pixel is opaque.
fn premultiply(rgba: &mut [u8]) -> bool {
    let mut opaque = true;
    for pixel in rgba.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        if alpha == 255 {
            continue;
        }
        opaque = false;
        for channel in &mut pixel[..3] {
            // Exact rounding of c * a / 255.
            let product = u32::from(*channel) * alpha + 128;
            #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
            let rounded = ((product + (product >> 8)) >> 8) as u8;
            *channel = rounded;
        }
    }
    opaque
}

/// Whether the scan of a JPEG ends with the marker that says so.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    // Segments tell their length; a thumbnail inside of one has an end of its own.
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            START_OF_SCAN => {
                let scan = bytes.get(at + 4..).unwrap_or_default();
                return scan.windows(2).any(|pair| pair == [0xff, END_OF_IMAGE]);
            }
            // A fill byte, or a marker without a segment.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(64, 48, |x, y| {
            image::Rgb([x * 4, y * 5, (x * y) % 251].map(|value| u8::try_from(value).unwrap()))
        });
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    #[test]
    fn truncated_files_are_broken_wherever_they_end() {
        let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
        for format in formats {
            let bytes = encoded(format);
            let whole = decode(&bytes, format, Orientation::NoTransforms).unwrap();
            assert_eq!((whole.width, whole.height), (64, 48));
            assert!(whole.opaque, "{format:?}");
            for tenths in [3, 6, 9] {
                let end = bytes.len() * tenths / 10;
                let cut = decode(&bytes[..end], format, Orientation::NoTransforms);
                let Err(Refusal::Broken { .. }) = cut else {
                    panic!("{format:?} cut at {tenths} tenths gave {cut:?}");
                };
            }
        }
    }

    #[test]
    fn exif_turns_the_picture_upright() {
        let whole = decode(&encoded(ImageFormat::Png), ImageFormat::Png, Orientation::Rotate90);
        let whole = whole.unwrap();
        assert_eq!((whole.width, whole.height), (48, 64));
        // The lower left corner comes to the upper left.
        assert_eq!(whole.rgba[..4], [0, 235, 0, 255]);
    }

    #[test]
    fn colours_are_multiplied_by_their_alpha() {
        let mut rgba = [255, 128, 0, 128, 10, 20, 30, 0, 1, 2, 3, 255];
        assert!(!premultiply(&mut rgba), "two pixels let light through");
        assert_eq!(rgba, [128, 64, 0, 128, 0, 0, 0, 0, 1, 2, 3, 255]);
    }
}
