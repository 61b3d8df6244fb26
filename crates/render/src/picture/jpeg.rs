//! What JPEG needs besides its decoder: files that end early, and pictures in printing inks.
//!
//! Deliberately absent: pictures in red, green and blue or in grey, which the `image` crate decodes.

use image::{DynamicImage, RgbImage};
use pixeldrive_model::limits::IMAGE_SIDE_PX_MAX;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::Refusal;
use super::profile;

/// Scans that a picture may come in: progressive ones have about ten, and each goes over all pixels.
const SCANS_MAX: usize = 100;

/// Refuses files that end early, which the decoder would paint grey, and those that come in more scans
/// than anybody needs.
pub(super) fn check(bytes: &[u8]) -> Result<(), Refusal> {
    const START_OF_SCAN: u8 = 0xda;
    const END_OF_IMAGE: u8 = 0xd9;
    let mut at = 2;
    let mut scans = None;
    // Segments tell their length; a thumbnail inside of one has scans and an end of its own.
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            START_OF_SCAN => {
                scans = bytes.get(at..);
                break;
            }
            // A fill byte, or a marker without a segment.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    let scans = scans.unwrap_or_default();
    // Within a scan no marker comes by chance: what looks like one is written otherwise.
    let count = |marker: u8| scans.windows(2).filter(|pair| **pair == [0xff, marker]).count();
    if count(END_OF_IMAGE) == 0 {
        return Err(Refusal::Broken { reason: "the file ends early".to_owned() });
    }
    if count(START_OF_SCAN) > SCANS_MAX {
        return Err(Refusal::Broken { reason: format!("it comes in more than {SCANS_MAX} scans") });
    }
    Ok(())
}

/// A picture in printing inks, in sRGB, and whether it has a profile that could not be used; `None`
/// when it is in other colours.
pub(super) fn inks(bytes: &[u8]) -> Result<Option<(DynamicImage, bool)>, Refusal> {
    let side_max = IMAGE_SIDE_PX_MAX as usize;
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(side_max)
        .set_max_height(side_max);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| broken(&error))?;
    let colors = decoder.input_colorspace();
    let Some(colors @ (ColorSpace::CMYK | ColorSpace::YCCK)) = colors else {
        return Ok(None);
    };
    // The inks themselves, not the decoder's idea of their colour.
    decoder.set_options(options.jpeg_set_out_colorspace(colors));
    let mut inks = decoder.decode().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    if colors == ColorSpace::YCCK {
        inks.chunks_exact_mut(4).for_each(from_ycck);
    }
    let converted = decoder.icc_profile().map(|icc| profile::inks_to_srgb(&inks, width, &icc));
    let ignored = matches!(converted, Some(Err(_)));
    let rgb = converted.and_then(Result::ok).unwrap_or_else(|| mixed(&inks));
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let picture = RgbImage::from_raw(side(width), side(height), rgb)
        .ok_or_else(|| Refusal::Broken { reason: "its size is wrong".to_owned() })?;
    Ok(Some((DynamicImage::ImageRgb8(picture), ignored)))
}

fn broken(error: &zune_jpeg::errors::DecodeErrors) -> Refusal {
    tracing::debug!(?error, "a picture is broken");
    Refusal::Broken { reason: "its data are damaged or end early".to_owned() }
}

/// Brightness and two differences become three inks; black stays. Inks are stored as what is missing
/// of them, as Adobe does.
fn from_ycck(pixel: &mut [u8]) {
    let [y, blue, red] = [pixel[0], pixel[1], pixel[2]].map(f32::from);
    let (blue, red) = (blue - 128.0, red - 128.0);
    let rgb = [y + 1.402 * red, y - 0.344_136 * blue - 0.714_136 * red, y + 1.772 * blue];
    for (ink, color) in pixel.iter_mut().zip(rgb) {
        *ink = super::filter::level((255.0 - color).clamp(0.0, 255.0));
    }
}

/// The colours of inks of which nothing more is known.
fn mixed(inks: &[u8]) -> Vec<u8> {
    let mix = |pixel: &[u8; 4]| {
        let [cyan, magenta, yellow, black] = *pixel;
        [cyan, magenta, yellow].map(|ink| {
            let product = u32::from(ink) * u32::from(black);
            u8::try_from((product + 127) / 255).unwrap_or(255)
        })
    };
    inks.as_chunks::<4>().0.iter().flat_map(mix).collect()
}
