//! Decoding of raster files within explicit limits, into the pixels of sRGB.
//!
//! The pixels are as they lie in the file: they are turned upright once they are few. Deliberately
//! absent: animation (the first frame is the picture).

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use pixeldrive_model::limits::{
    IMAGE_BYTES_MAX, IMAGE_PX_MAX, IMAGE_SIDE_PX_MAX, PROFILE_BYTES_MAX,
};

use super::{Refusal, broken, jpeg, profile};

/// Bytes that a decoder may allocate: the largest picture with 16 bits a channel, and some.
const ALLOC_BYTES_MAX: u64 = IMAGE_PX_MAX * 8 + (64 << 20);
/// The same besides the pixels, for PNG, whose profiles and texts are compressed: the file itself, and
/// a profile.
const PNG_ALLOC_BYTES_MAX: u64 = (IMAGE_BYTES_MAX + PROFILE_BYTES_MAX + (2 << 20)) as u64;

/// A decoded file, as it lies there.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green and blue of every pixel, and if `alpha` then also that, premultiplied.
    pub(super) samples: Vec<u8>,
    /// Whether there are four samples a pixel, or three.
    pub(super) alpha: bool,
    /// Whether every pixel is opaque.
    pub(super) opaque: bool,
    /// Whether the file has a colour profile that could not be used.
    pub(super) profile_ignored: bool,
}

/// Decodes a file of a known format.
pub(super) fn decode(bytes: &[u8], format: ImageFormat) -> Result<Raw, Refusal> {
    let (picture, profile_ignored) = in_srgb(bytes, format)?;
    let (width, height) = (picture.width(), picture.height());
    let alpha = picture.color().has_alpha();
    let (samples, opaque) = if alpha {
        let mut rgba = picture.into_rgba8().into_raw();
        let opaque = premultiply(&mut rgba);
        (rgba, opaque)
    } else {
        (picture.into_rgb8().into_raw(), true)
    };
    Ok(Raw { width, height, samples, alpha, opaque, profile_ignored })
}

/// The same picture as a PNG that any decoder takes, for another renderer's use.
pub(super) fn to_png(
    bytes: &[u8],
    format: ImageFormat,
    orientation: Orientation,
) -> Result<Vec<u8>, Refusal> {
    let (mut picture, _) = in_srgb(bytes, format)?;
    picture.apply_orientation(orientation);
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::NoFilter);
    picture.into_rgba8().write_with_encoder(encoder).map_err(broken)?;
    Ok(png)
}

/// Refuses a picture that has no pixels, or too many.
pub(crate) fn check_size(width: u32, height: u32) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::Broken { reason: format!("it is {width} x {height} px") });
    }
    if width.max(height) > IMAGE_SIDE_PX_MAX || u64::from(width) * u64::from(height) > IMAGE_PX_MAX
    {
        return Err(Refusal::Pixels { width, height });
    }
    Ok(())
}

/// A decoder that knows how much memory it may take and has read the header. Whoever asks for it looks
/// at the size.
pub(crate) fn decoder(
    bytes: &[u8],
    format: ImageFormat,
) -> Result<impl ImageDecoder + '_, Refusal> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(match format {
        ImageFormat::Png => PNG_ALLOC_BYTES_MAX,
        _ => ALLOC_BYTES_MAX,
    });
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader.into_decoder().map_err(broken)
}

/// The picture, and whether it has a profile that could not be used.
fn in_srgb(bytes: &[u8], format: ImageFormat) -> Result<(DynamicImage, bool), Refusal> {
    if format == ImageFormat::Jpeg {
        jpeg::check(bytes)?;
        if let Some(picture) = jpeg::inks(bytes)? {
            return Ok(picture);
        }
    }
    let mut decoder = decoder(bytes, format)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    // A picture with unreadable metadata is shown as it lies.
    let icc = decoder.icc_profile().unwrap_or_default();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    let ignored = icc.is_some_and(|icc| profile::to_srgb(&mut picture, &icc).is_err());
    Ok((picture, ignored))
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
            let whole = decode(&bytes, format).unwrap();
            assert_eq!((whole.width, whole.height), (64, 48));
            assert!(whole.opaque, "{format:?}");
            for tenths in [3, 6, 9] {
                let end = bytes.len() * tenths / 10;
                let cut = decode(&bytes[..end], format);
                let Err(Refusal::Broken { .. }) = cut else {
                    panic!("{format:?} cut at {tenths} tenths gave {cut:?}");
                };
            }
        }
    }

    #[test]
    fn colours_are_multiplied_by_their_alpha() {
        let mut rgba = [255, 128, 0, 128, 10, 20, 30, 0, 1, 2, 3, 255];
        assert!(!premultiply(&mut rgba), "two pixels let light through");
        assert_eq!(rgba, [128, 64, 0, 128, 0, 0, 0, 0, 1, 2, 3, 255]);
    }
}
