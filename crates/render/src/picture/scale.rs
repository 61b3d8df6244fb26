//! Scaling with SIMD, on premultiplied pixels.
//!
//! The crop is in fractions of source pixels, so the part of a photo that `cover` shows is scaled to
//! exactly the pixels it fills, whatever the offset.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbaImage};
use kurbo::{Point, Rect, Size};

use super::decode::Raw;
use super::{Refusal, Request};
use crate::pixels::Pixels;

/// Cuts the request's crop out of `raw`, scales that to the request's size and turns it upright. The
/// request speaks of the upright picture.
pub(super) fn scale(
    raw: Raw,
    orientation: Orientation,
    request: &Request,
) -> Result<Pixels, Refusal> {
    let (crop, turned) = lying(&raw, orientation, request.crop);
    let (mut width, mut height) = (request.width, request.height);
    if turned {
        (width, height) = (height, width);
    }
    let (alpha, opaque) = (raw.alpha, raw.opaque);
    let samples = scaled(raw, crop, [width, height])?;
    let rgba = match alpha {
        true if opaque => samples,
        true => clamped_to_alpha(samples),
        false => with_alpha(&samples),
    };
    let broken = || Refusal::Broken { reason: "its size is wrong".to_owned() };
    let picture = RgbaImage::from_raw(width, height, rgba).ok_or_else(broken)?;
    let mut picture = DynamicImage::ImageRgba8(picture);
    picture.apply_orientation(orientation);
    let (width, height) = (picture.width(), picture.height());
    Ok(Pixels { width, height, rgba: picture.into_rgba8().into_raw(), opaque })
}

/// Where a crop of the upright picture lies in the file, and whether across and down change places.
fn lying(raw: &Raw, orientation: Orientation, crop: Rect) -> (Rect, bool) {
    use Orientation::{
        FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180, Rotate270,
        Rotate270FlipH,
    };
    let turned = match orientation {
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH => true,
        NoTransforms | Rotate180 | FlipHorizontal | FlipVertical => false,
    };
    let Size { width, height } = Size::new(raw.width.into(), raw.height.into());
    let to_file = |Point { x, y }: Point| match orientation {
        NoTransforms => (x, y),
        FlipHorizontal => (width - x, y),
        FlipVertical => (x, height - y),
        Rotate180 => (width - x, height - y),
        Rotate90 => (y, height - x),
        Rotate270 => (width - y, x),
        Rotate90FlipH => (y, x),
        Rotate270FlipH => (width - y, height - x),
    };
    let ends = [crop.origin(), Point::new(crop.x1, crop.y1)].map(to_file);
    let crop = Rect::from_points(ends[0], ends[1]);
    (crop.intersect(Rect::new(0.0, 0.0, width, height)), turned)
}

/// The samples of `crop` at another size.
fn scaled(raw: Raw, crop: Rect, [width, height]: [u32; 2]) -> Result<Vec<u8>, Refusal> {
    let whole = crop == Rect::new(0.0, 0.0, raw.width.into(), raw.height.into());
    if whole && (raw.width, raw.height) == (width, height) {
        return Ok(raw.samples);
    }
    let shrinks = crop.width() > f64::from(width) || crop.height() > f64::from(height);
    // Lanczos is the sharper one; its ringing shows where pixels grow.
    let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    let (left, across) = off_centre(crop.x0, crop.width(), width);
    let (top, down) = off_centre(crop.y0, crop.height(), height);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .crop(left, top, across, down)
        .use_alpha(false);
    let broken = |error: &dyn std::fmt::Display| Refusal::Broken { reason: error.to_string() };
    let pixel = if raw.alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let source = ImageRef::new(raw.width, raw.height, &raw.samples, pixel)
        .map_err(|error| broken(&error))?;
    let mut target = Image::new(width, height, pixel);
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| broken(&error))?;
    Ok(target.into_vec())
}

/// A crop, moved by a hair where the first or the last of its `count` pixels would lie exactly on a pixel
/// of the source.
///
/// There the resizer leaves out weights that are nothing, and then takes the first pixel for the one
/// that reaches farthest: its neighbours would read beyond the rows that it keeps.
fn off_centre(mut start: f64, mut length: f64, count: u32) -> (f64, f64) {
    const HAIR_PX: f64 = 1e-6;
    let count = f64::from(count);
    // As the resizer computes it, to the last bit.
    let is_centre = |start: f64, length: f64, pixel: f64| {
        let scale = (start + length - start) / count;
        (start + (pixel + 0.5) * scale - 0.5).fract() == 0.0
    };
    while length < count && (is_centre(start, length, 0.0) || is_centre(start, length, count - 1.0))
    {
        start += HAIR_PX;
        length -= 3.0 * HAIR_PX;
    }
    (start, length)
}

fn with_alpha(rgb: &[u8]) -> Vec<u8> {
    rgb.as_chunks::<3>().0.iter().flat_map(|&[red, green, blue]| [red, green, blue, 255]).collect()
}

/// The filters overshoot at edges; a premultiplied colour above its alpha would glow.
fn clamped_to_alpha(mut rgba: Vec<u8>) -> Vec<u8> {
    for pixel in rgba.chunks_exact_mut(4) {
        let alpha = pixel[3];
        pixel[..3].iter_mut().for_each(|channel| *channel = (*channel).min(alpha));
    }
    rgba
}

#[cfg(test)]
mod tests {

    use super::*;

    fn upright(raw: Raw, crop: Rect, width: u32, height: u32) -> Pixels {
        scale(raw, Orientation::NoTransforms, &Request::new(crop, width, height)).unwrap()
    }

    fn raw(width: u32, height: u32, samples: Vec<u8>) -> Raw {
        let alpha = samples.len() == (width * height * 4) as usize;
        Raw { width, height, samples, alpha, opaque: !alpha, profile_ignored: false }
    }

    /// Vertical stripes, black and white by turns, each `stripe` wide.
    fn stripes(width: u32, height: u32, stripe: u32) -> Raw {
        let light = |x: u32| {
            if (x / stripe).is_multiple_of(2) { 0 } else { 255 }
        };
        let row = (0..width).flat_map(|x| [light(x); 3]);
        raw(width, height, (0..height).flat_map(|_| row.clone()).collect())
    }

    #[test]
    fn pixels_that_lie_on_those_of_the_source_are_scaled() {
        for (start, length, count) in
            [(4.25, 4.0, 8_u32), (2.25, 1.5, 3), (6.0, 1.0, 1), (0.0, 8.0, 16)]
        {
            let crop = Rect::new(start, 0.0, start + length, 8.0);
            let samples = (0..16 * 8_u8).flat_map(|at| [at % 16; 3]).collect();
            let raw = Raw {
                width: 16,
                height: 8,
                samples,
                alpha: false,
                opaque: true,
                profile_ignored: false,
            };
            let scaled = scaled(raw, crop, [count, 8]).unwrap();
            assert_eq!(scaled.len(), count as usize * 8 * 3, "{start} {length} {count}");
            let middle = f64::from(scaled[count as usize / 2 * 3]);
            assert!((start - 1.0..start + length + 1.0).contains(&middle), "{start}: {middle}");
        }
    }

    #[test]
    fn a_crop_at_whole_pixels_and_full_size_is_a_copy() {
        let full = with_alpha(&stripes(20, 4, 1).samples);
        let cut = upright(stripes(20, 4, 1), Rect::new(3.0, 1.0, 13.0, 3.0), 10, 2);
        assert_eq!(cut.rgba[..40], full[80 + 12..80 + 52]);
    }

    #[test]
    fn halving_at_a_half_pixel_offset_keeps_each_pixel_to_itself() {
        // Stripes of 4 px drawn at half size are stripes of 2 px, with nothing bleeding in.
        let half = upright(stripes(64, 8, 4), Rect::new(0.0, 0.0, 64.0, 8.0), 32, 4);
        for (x, pixel) in half.rgba[..32 * 4].chunks_exact(4).enumerate() {
            let expected = if (x / 2).is_multiple_of(2) { 0 } else { 255 };
            assert!(pixel[0].abs_diff(expected) <= 32, "x {x}: {}", pixel[0]);
        }
    }

    #[test]
    fn colours_never_exceed_their_alpha() {
        let rgba = (0..64u8).flat_map(|x| if x % 16 < 8 { [0; 4] } else { [255; 4] }).collect();
        let out = upright(raw(64, 1, rgba), Rect::new(0.0, 0.0, 64.0, 1.0), 23, 1);
        assert!(out.rgba.chunks_exact(4).all(|p| p[0] <= p[3]), "{:?}", out.rgba);
    }

    /// Turning before or after scaling, and cutting before or after turning, is all the same.
    #[test]
    fn all_eight_orientations_cut_what_is_asked_of_the_upright_picture() {
        let samples: Vec<u8> =
            (0..12 * 8 * 3).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let full = image::RgbImage::from_raw(12, 8, samples.clone()).unwrap();
            let mut full = DynamicImage::ImageRgb8(full);
            full.apply_orientation(orientation);
            let expected = full.crop_imm(2, 1, 5, 4).into_rgba8().into_raw();
            let crop = Request::new(Rect::new(2.0, 1.0, 7.0, 5.0), 5, 4);
            let found = scale(raw(12, 8, samples.clone()), orientation, &crop).unwrap();
            assert_eq!(found.rgba, expected, "{orientation:?}");
        }
    }
}
