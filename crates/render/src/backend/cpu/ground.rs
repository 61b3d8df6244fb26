//! The ground of a drawing: what covers all of it, which is filled or copied and not painted.

use kurbo::{Affine, Rect, RoundedRectRadii};

use crate::drawing::{Brush, Drawing, Mark, Shape};
use crate::pixels::Pixels;

/// The picture with the first mark alone, if that covers every pixel in a way that is known without painting,
/// or nothing on it; and the marks that are to be painted over that.
pub(super) fn ground(drawing: &Drawing) -> (Pixels, &[Mark]) {
    let (width, height) = (usize::from(drawing.width()), usize::from(drawing.height()));
    let filled = match drawing.marks().first() {
        Some(Mark::Fill { transform, shape: Shape::Rect(rect), brush: Brush::Solid(color) })
            if color.components[3] >= 1.0 && covers(*transform, *rect, drawing.area()) =>
        {
            Some(color.premultiply().to_rgba8().to_u8_array().repeat(width * height))
        }
        Some(Mark::Image { transform, image, corners })
            if image.opaque && *corners == RoundedRectRadii::from_single_radius(0.0) =>
        {
            cut(*transform, image, (width, height))
        }
        _ => None,
    };
    let rest = usize::from(filled.is_some());
    let rgba = filled.unwrap_or_else(|| vec![0; width * height * 4]);
    let (width, height) = (drawing.width().into(), drawing.height().into());
    let pixels = Pixels { width, height, rgba, opaque: drawing.is_opaque() };
    (pixels, &drawing.marks()[rest..])
}

fn covers(transform: Affine, rect: Rect, canvas: Rect) -> bool {
    let [_, skew_y, skew_x, ..] = transform.as_coeffs();
    (skew_x, skew_y) == (0.0, 0.0) && transform.transform_rect_bbox(rect).contains_rect(canvas)
}

/// The part of an image that the canvas shows, if its pixels lie on the canvas's and cover them all.
fn cut(transform: Affine, image: &Pixels, (width, height): (usize, usize)) -> Option<Vec<u8>> {
    let [scale_x, skew_y, skew_x, scale_y, x, y] = transform.as_coeffs();
    let whole = [scale_x, scale_y] == [1.0, 1.0]
        && [skew_x, skew_y] == [0.0, 0.0]
        && [x, y].iter().all(|at| at.fract() == 0.0 && (-65_536.0..=0.0).contains(at));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    let (left, top) = (-x as usize, -y as usize);
    if !whole || image.width as usize - left.min(image.width as usize) < width {
        return None;
    }
    let rows = (image.height as usize).checked_sub(top).filter(|rows| *rows >= height)?;
    let mut rgba = Vec::with_capacity(width * height * 4);
    for y in top..top + height.min(rows) {
        rgba.extend_from_slice(image.row(y, left, left + width));
    }
    Some(rgba)
}
