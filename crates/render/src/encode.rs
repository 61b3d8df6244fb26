//! Encoding: from [`Pixels`] to a PNG file.
//!
//! Opaque pictures become RGB, the others RGBA with straight alpha. The file says that it is sRGB and
//! how many of its pixels make an inch, so that it is shown at the template's size.
//!
//! Deliberately absent: palettes and slow compression.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, SrgbRenderingIntent, Unit};

use crate::Error;
use crate::pixels::Pixels;

/// CSS pixels in a metre: 96 of them make an inch.
const CSS_PX_PER_METRE: f64 = 96.0 / 0.0254;

/// Encodes a picture whose pixels are `pixel_ratio` to a CSS px.
///
/// # Errors
/// [`Error::Encode`] when the pixels are not what their size says.
pub fn encode(pixels: &Pixels, pixel_ratio: f64) -> Result<Vec<u8>, Error> {
    let failed = |error: png::EncodingError| Error::Encode { reason: error.to_string() };
    let (color, samples) = samples(pixels);
    // Photos take some two thirds of their bytes, most else far less.
    let mut file = Vec::with_capacity(samples.len() / 2);
    let mut encoder = Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.set_source_srgb(SrgbRenderingIntent::Perceptual);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 15,118")]
    let per_metre = (CSS_PX_PER_METRE * pixel_ratio).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&samples).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

/// The samples as the file stores them.
fn samples(pixels: &Pixels) -> (ColorType, Cow<'_, [u8]>) {
    let (quads, _) = pixels.rgba.as_chunks::<4>();
    if pixels.opaque {
        let mut rgb = vec![0; quads.len() * 3];
        let (triples, _) = rgb.as_chunks_mut::<3>();
        for ([r, g, b, _], triple) in quads.iter().zip(triples) {
            *triple = [*r, *g, *b];
        }
        return (ColorType::Rgb, Cow::Owned(rgb));
    }
    let straight = quads.iter().flat_map(|quad| straight(*quad)).collect();
    (ColorType::Rgba, Cow::Owned(straight))
}

/// Takes the alpha out of the colour.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The pixels of the file that a picture of one row becomes, as an independent reader sees them.
    fn decoded(rgba: Vec<u8>, opaque: bool, pixel_ratio: f64) -> (ColorType, Vec<u8>, u32) {
        let width = u32::try_from(rgba.len() / 4).unwrap();
        let pixels = Pixels { width, height: 1, rgba, opaque };
        let file = encode(&pixels, pixel_ratio).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut samples).unwrap();
        let info = reader.info();
        assert!(info.srgb.is_some(), "the file says that it is sRGB");
        (info.color_type, samples, info.pixel_dims.unwrap().xppu)
    }

    #[test]
    fn opaque_pictures_lose_their_alpha() {
        let found = decoded(vec![1, 2, 3, 255, 4, 5, 6, 254], true, 1.0);
        assert_eq!(found, (ColorType::Rgb, vec![1, 2, 3, 4, 5, 6], 3780), "RGB at 96 dpi");
    }

    #[test]
    fn other_pictures_get_straight_alpha() {
        let found = decoded(vec![64, 32, 0, 128, 0, 0, 0, 0, 9, 8, 7, 255], false, 2.0);
        let samples = vec![128, 64, 0, 128, 0, 0, 0, 0, 9, 8, 7, 255];
        assert_eq!(found, (ColorType::Rgba, samples, 7559), "RGBA at 192 dpi");
    }

    #[test]
    fn pixels_that_belie_their_size_are_refused() {
        let pixels = Pixels { width: 2, height: 2, rgba: vec![0; 4], opaque: false };
        let error = encode(&pixels, 1.0).unwrap_err();
        assert_eq!(error.code(), "encode_failed", "a size and its bytes disagree");
    }
}
