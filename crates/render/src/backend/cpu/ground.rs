//! The ground of a drawing: what covers all of it, which is filled or copied and not painted.

use kurbo::Affine;

use super::super::record::is_pixel_aligned;
use crate::drawing::{Brush, Drawing, Mark};
use crate::pixels::Pixels;

/// The picture with the first mark alone, if that covers every pixel in a way that is known without painting,
/// or nothing on it; and the marks that are to be painted over that.
pub(super) fn ground(drawing: &Drawing) -> (Pixels, &[Mark]) {
    let (width, height) = (usize::from(drawing.width()), usize::from(drawing.height()));
    let filled = match drawing.marks().first().filter(|_| drawing.first_is_opaque()) {
        Some(Mark::Fill { brush: Brush::Solid(color), .. }) => {
            Some(color.premultiply().to_rgba8().to_u8_array().repeat(width * height))
        }
        Some(Mark::Image { transform, image, .. }) if is_pixel_aligned(*transform) => {
            Some(cut(*transform, image, (width, height)))
        }
        _ => None,
    };
    let rest = usize::from(filled.is_some());
    let rgba = filled.unwrap_or_else(|| vec![0; width * height * 4]);
    let (width, height) = (drawing.width().into(), drawing.height().into());
    let pixels = Pixels { width, height, rgba, opaque: drawing.is_opaque() };
    (pixels, &drawing.marks()[rest..])
}

/// The part of an image that a canvas shows of which it covers all, pixel on pixel.
fn cut(transform: Affine, image: &Pixels, (width, height): (usize, usize)) -> Vec<u8> {
    let origin = transform.translation();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it covers all")]
    let (left, top) = (-origin.x as usize, -origin.y as usize);
    let mut rgba = Vec::with_capacity(width * height * 4);
    for y in top..top + height {
        rgba.extend_from_slice(image.row(y, left, left + width));
    }
    rgba
}
