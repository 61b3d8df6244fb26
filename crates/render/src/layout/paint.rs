//! Paints and outlines of boxes: CSS colours, gradients and radii in the terms of a drawing.
//!
//! Deliberately absent: the marks themselves.

use std::f32::consts::TAU;
use std::f64::consts::{PI, SQRT_2};
use std::sync::Arc;

use kurbo::{Affine, BezPath, PathEl, Point, Rect, RoundedRectRadii, Shape as _, Size, Vec2};
use peniko::{
    ColorStop, Extend, LinearGradientPosition, RadialGradientPosition, SweepGradientPosition,
};
use pixeldrive_model::{
    Color, Corners, Gradient, GradientKind, Paint, RadialShape, RadialSize, SpreadMethod,
};

use crate::drawing::{Brush, Shape};

/// How far a curve may lie from the true one, in px of the element's box.
pub(crate) const TOLERANCE: f64 = 0.02;

/// By how much gradients with hard edges are moved, in px: an edge that ran exactly through the middle
/// of pixels would fall on either side of them by chance of rounding.
const NUDGE: Vec2 = Vec2::new(0.002, 0.0031);

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
        Paint::Gradient(own) => Some(gradient(own, area)),
    }
}

fn gradient(own: &Gradient, area: Rect) -> Brush {
    let last = own.stops.last().map_or(Color::BLACK, |stop| stop.color);
    // What is repeated is what lies between the first stop and the last.
    let (from, to) = match (own.spread, own.stops.as_slice()) {
        (SpreadMethod::Repeat | SpreadMethod::Reflect, [first, .., last]) => {
            (first.offset, last.offset)
        }
        _ => (0.0, 1.0),
    };
    let Some((kind, transform)) = kind(&own.kind, area).filter(|_| to > from) else {
        // Without an extent all of it lies beyond the last stop.
        return Brush::Solid(color(last));
    };
    let stops: Vec<ColorStop> = own
        .stops
        .iter()
        .map(|stop| {
            #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
            let offset = ((stop.offset - from) / (to - from)) as f32;
            ColorStop { offset, color: color(stop.color).into() }
        })
        .collect();
    let extend = match own.spread {
        SpreadMethod::Pad => Extend::Pad,
        SpreadMethod::Repeat => Extend::Repeat,
        SpreadMethod::Reflect => Extend::Reflect,
    };
    let gradient =
        peniko::Gradient { kind: between(kind, from, to), ..peniko::Gradient::default() };
    let hard = own.spread == SpreadMethod::Repeat
        || own.stops.windows(2).any(|pair| pair[0].offset == pair[1].offset);
    let nudge = match own.kind {
        // Its last colour meets its first; straight up, the first one has the pixels in the middle.
        GradientKind::Conic { .. } => -NUDGE,
        _ if hard => NUDGE,
        _ => Vec2::ZERO,
    };
    let transform = Affine::translate(nudge) * transform;
    let gradient = gradient.with_extend(extend).with_stops(stops.as_slice());
    Brush::Gradient { gradient: Arc::new(gradient), transform }
}

/// Which way a gradient runs in `area`: a line, a circle or a turn, and where that lies. `None` for one
/// that has no extent.
fn kind(kind: &GradientKind, area: Rect) -> Option<(peniko::GradientKind, Affine)> {
    match *kind {
        GradientKind::Linear { angle } => {
            // The line of CSS: through the centre, as long as makes the corners that it points to and
            // from take exactly the colours of its ends.
            let (sin, cos) = angle.to_radians().sin_cos();
            let length = (area.width() * sin).abs() + (area.height() * cos).abs();
            let half = Vec2::new(sin, -cos) * (length / 2.0);
            let line = LinearGradientPosition::new(area.center() - half, area.center() + half);
            Some((line.into(), Affine::IDENTITY))
        }
        GradientKind::Radial { shape, size, position } => {
            let centre = super::shape::point(area, position);
            let radii = radial_radii(shape, size, area, centre);
            let circle = RadialGradientPosition::new(Point::ORIGIN, 1.0);
            let scaled = Affine::scale_non_uniform(radii.width, radii.height);
            let drawn = radii.width > 0.0 && radii.height > 0.0;
            drawn.then(|| (circle.into(), Affine::translate(centre.to_vec2()) * scaled))
        }
        GradientKind::Conic { angle, position } => {
            let turn = SweepGradientPosition::new(Point::ORIGIN, 0.0, TAU);
            let centre = super::shape::point(area, position).to_vec2();
            let upwards = Affine::rotate((angle - 90.0).to_radians());
            Some((turn.into(), Affine::translate(centre) * upwards))
        }
    }
}

/// The part of a gradient from one fraction of it to another.
fn between(kind: peniko::GradientKind, from: f64, to: f64) -> peniko::GradientKind {
    #[expect(clippy::cast_possible_truncation, reason = "fractions")]
    let (start, end) = (from as f32, to as f32);
    match kind {
        peniko::GradientKind::Linear(line) => {
            let at = |part: f64| line.start.lerp(line.end, part);
            LinearGradientPosition::new(at(from), at(to)).into()
        }
        peniko::GradientKind::Radial(circle) => {
            let centre = circle.end_center;
            RadialGradientPosition::new_two_point(centre, start, centre, end).into()
        }
        peniko::GradientKind::Sweep(turn) => {
            SweepGradientPosition::new(turn.center, TAU * start, TAU * end).into()
        }
    }
}

/// The radii of the ellipse where a radial gradient ends, as CSS defines them.
fn radial_radii(shape: RadialShape, size: RadialSize, area: Rect, centre: Point) -> Size {
    let across = (centre.x - area.x0, area.x1 - centre.x);
    let down = (centre.y - area.y0, area.y1 - centre.y);
    let closest = matches!(size, RadialSize::ClosestSide | RadialSize::ClosestCorner);
    let pick = |(a, b): (f64, f64)| if closest { a.min(b) } else { a.max(b) };
    let sides = Size::new(pick(across), pick(down));
    let corner = matches!(size, RadialSize::ClosestCorner | RadialSize::FarthestCorner);
    match shape {
        // Through the corner, in the proportions of the ellipse at the sides.
        RadialShape::Ellipse => sides * if corner { SQRT_2 } else { 1.0 },
        RadialShape::Circle => {
            let radius =
                if corner { sides.to_vec2().hypot() } else { pick((sides.width, sides.height)) };
            Size::new(radius, radius)
        }
    }
}

/// A box with rounded corners.
pub(crate) fn rounded(area: Rect, corners: Corners) -> Shape {
    let radii = radii(area, corners);
    if radii == RoundedRectRadii::from_single_radius(0.0) {
        return Shape::Rect(area);
    }
    let (RoundedRectRadii { top_left, top_right, bottom_right, bottom_left }, half) =
        (radii, PI / 2.0);
    let corners = [
        (top_right, area.x1 - top_right, area.y0 + top_right, -half),
        (bottom_right, area.x1 - bottom_right, area.y1 - bottom_right, 0.0),
        (bottom_left, area.x0 + bottom_left, area.y1 - bottom_left, half),
        (top_left, area.x0 + top_left, area.y0 + top_left, 2.0 * half),
    ];
    let mut path = BezPath::new();
    // As in SVG, the outline (and so its first dash) starts behind the corner at the top left.
    path.move_to((area.x0 + top_left, area.y0));
    for (radius, x, y, from) in corners {
        let corner = kurbo::Arc::new((x, y), (radius, radius), from, half, 0.0);
        path.extend(corner.path_elements(TOLERANCE).map(|part| match part {
            PathEl::MoveTo(start) => PathEl::LineTo(start),
            other => other,
        }));
    }
    path.close_path();
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
