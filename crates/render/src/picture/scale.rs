//! Scaling with SIMD, on premultiplied pixels.
//!
//! The crop is in fractions of source pixels, so the part of a photo that `cover` shows is scaled to
//! exactly the pixels it fills, whatever the offset.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{Refusal, Request};
use crate::pixels::Pixels;

/// Cuts `full` to the request's crop and scales that to its size.
pub(super) fn scale(full: Pixels, request: &Request) -> Result<Pixels, Refusal> {
    let (width, height) = (f64::from(full.width), f64::from(full.height));
    let left = request.crop.x0.clamp(0.0, width);
    let top = request.crop.y0.clamp(0.0, height);
    let crop_width = request.crop.width().min(width - left);
    let crop_height = request.crop.height().min(height - top);
    let whole = (left, top, crop_width, crop_height) == (0.0, 0.0, width, height);
    if whole && (full.width, full.height) == (request.width, request.height) {
        return Ok(full);
    }
    let shrinks = crop_width > f64::from(request.width) || crop_height > f64::from(request.height);
    // Lanczos is the sharper one; its ringing shows where pixels grow.
    let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(filter))
        .crop(left, top, crop_width, crop_height)
        .use_alpha(false);
    let broken = |error: &dyn std::fmt::Display| Refusal::Broken { reason: error.to_string() };
    let source = ImageRef::new(full.width, full.height, &full.rgba, PixelType::U8x4)
        .map_err(|error| broken(&error))?;
    let mut target = Image::new(request.width, request.height, PixelType::U8x4);
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| broken(&error))?;
    let mut rgba = target.into_vec();
    if !full.opaque {
        clamp_to_alpha(&mut rgba);
    }
    Ok(Pixels { width: request.width, height: request.height, rgba, opaque: full.opaque })
}

/// The filters overshoot at edges; a premultiplied colour above its alpha would glow.
fn clamp_to_alpha(rgba: &mut [u8]) {
    for pixel in rgba.chunks_exact_mut(4) {
        let alpha = pixel[3];
        pixel[..3].iter_mut().for_each(|channel| *channel = (*channel).min(alpha));
    }
}

#[cfg(test)]
mod tests {
    use kurbo::Rect;
    use pixeldrive_model::Color;

    use super::*;

    fn request(crop: Rect, width: u32, height: u32) -> Request {
        Request { crop, width, height, color: Color::BLACK }
    }

    /// Vertical stripes, black and white by turns, each `stripe` wide.
    fn stripes(width: u32, height: u32, stripe: u32) -> Pixels {
        let light = |x: u32| {
            if (x / stripe).is_multiple_of(2) { 0 } else { 255 }
        };
        let row = (0..width).flat_map(|x| [light(x), light(x), light(x), 255]);
        let rgba = (0..height).flat_map(|_| row.clone()).collect();
        Pixels { width, height, rgba, opaque: true }
    }

    #[test]
    fn a_crop_at_whole_pixels_and_full_size_is_a_copy() {
        let full = stripes(20, 4, 1);
        let cut = scale(full.clone(), &request(Rect::new(3.0, 1.0, 13.0, 3.0), 10, 2)).unwrap();
        assert_eq!(cut.rgba[..40], full.rgba[80 + 12..80 + 52]);
    }

    #[test]
    fn halving_at_a_half_pixel_offset_keeps_each_pixel_to_itself() {
        // Stripes of 4 px drawn at half size are stripes of 2 px, with nothing bleeding in.
        let full = stripes(64, 8, 4);
        let half = scale(full, &request(Rect::new(0.0, 0.0, 64.0, 8.0), 32, 4)).unwrap();
        for (x, pixel) in half.rgba[..32 * 4].chunks_exact(4).enumerate() {
            let expected = if (x / 2).is_multiple_of(2) { 0 } else { 255 };
            assert!(pixel[0].abs_diff(expected) <= 32, "x {x}: {}", pixel[0]);
        }
    }

    #[test]
    fn colours_never_exceed_their_alpha() {
        let rgba = (0..64u8).flat_map(|x| if x % 16 < 8 { [0; 4] } else { [255; 4] }).collect();
        let full = Pixels { width: 64, height: 1, rgba, opaque: false };
        let out = scale(full, &request(Rect::new(0.0, 0.0, 64.0, 1.0), 23, 1)).unwrap();
        assert!(out.rgba.chunks_exact(4).all(|p| p[0] <= p[3]), "{:?}", out.rgba);
    }
}
