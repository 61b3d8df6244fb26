//! Paints and outlines of boxes: CSS colours, gradients and radii in the terms of a drawing.
//!
//! Deliberately absent: the marks themselves.

use std::sync::Arc;

use kurbo::{BezPath, Point, Rect, RoundedRectRadii, Shape as _, Vec2};
use peniko::{ColorStop, Gradient};
use pixeldrive_model::{Color, Corners, LinearGradient, Paint};

use crate::drawing::{Brush, Shape};

/// How far a curve may lie from the true one, in px of the element's box.
pub(crate) const TOLERANCE: f64 = 0.02;

/// A colour.
pub(crate) fn color(color: Color) -> peniko::Color {
    peniko::Color::from_rgba8(color.r, color.g, color.b, color.a)
}

/// A paint over `area`; `None` when it paints nothing.
pub(crate) fn brush(paint: &Paint, area: Rect) -> Option<Brush> {
    if paint.is_none() {
        return None;
    }
    match paint {
        Paint::None => None,
        Paint::Solid(solid) => Some(Brush::Solid(color(*solid))),
        Paint::Linear(linear) => Some(Brush::Gradient(Arc::new(gradient(linear, area)))),
    }
}

/// The gradient line of CSS: through the centre, as long as makes the corners that it points to and
/// from take exactly the colours of its ends.
fn gradient(linear: &LinearGradient, area: Rect) -> Gradient {
    let (sin, cos) = linear.angle.to_radians().sin_cos();
    let length = (area.width() * sin).abs() + (area.height() * cos).abs();
    let half = Vec2::new(sin, -cos) * (length / 2.0);
    let (start, end): (Point, Point) = (area.center() - half, area.center() + half);
    let stops: Vec<ColorStop> = linear
        .stops
        .iter()
        .map(|stop| {
            #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
            let offset = stop.offset as f32;
            ColorStop { offset, color: color(stop.color).into() }
        })
        .collect();
    Gradient::new_linear(start, end).with_stops(stops.as_slice())
}

/// A box with rounded corners.
pub(crate) fn rounded(area: Rect, corners: Corners) -> Shape {
    let radii = radii(area, corners);
    if radii == RoundedRectRadii::from_single_radius(0.0) {
        return Shape::Rect(area);
    }
    let mut path = BezPath::new();
    path.extend(area.to_rounded_rect(radii).path_elements(TOLERANCE));
    Shape::Path(Arc::new(path))
}

/// Radii that fit the box: as in CSS, all shrink alike when two neighbours would overlap.
pub(crate) fn radii(area: Rect, Corners(corners): Corners) -> RoundedRectRadii {
    let [top_left, top_right, bottom_right, bottom_left] = corners;
    let sides = [
        (area.width(), top_left + top_right),
        (area.height(), top_right + bottom_right),
        (area.width(), bottom_right + bottom_left),
        (area.height(), bottom_left + top_left),
    ];
    let fit = |least: f64, (side, sum)| {
        if sum > side { least.min(side / sum) } else { least }
    };
    let factor = sides.into_iter().fold(1.0, fit);
    let [top_left, top_right, bottom_right, bottom_left] = corners.map(|radius| radius * factor);
    RoundedRectRadii::new(top_left, top_right, bottom_right, bottom_left)
}
