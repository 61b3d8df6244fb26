//! Lines, with what stands at their ends.
//!
//! A marker ends where the line ends, and the line stops short of it, so that nothing of it shows beside
//! a tip. Line and markers are filled as one shape: a see-through line is nowhere darker.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Circle, Point, Rect, Shape as _, Size, Stroke, StrokeOpts, Vec2};
use pixeldrive_model::{self as model, Marker};

use super::{Context, paint, shape};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// Half the width of an arrow head, as a share of its length.
const SLOPE: f64 = 0.5;
/// How far a line goes on below its marker, in px, so that no gap is to be seen.
const OVERLAP_PX: f64 = 0.5;

/// Draws a line from the top left of its box to the bottom right.
pub(super) fn line(context: &mut Context<'_>, line: &model::Line, size: Size) -> Result<(), Error> {
    let (outline, transform) = (line.outline(), context.transform);
    let Some(brush) = paint::brush(outline.paint, size.to_rect()).filter(|_| outline.width > 0.0)
    else {
        return Ok(());
    };
    let (start, end) = (Point::ZERO, size.to_vec2().to_point());
    let length = (end - start).hypot();
    let along = if length > 0.0 { (end - start) / length } else { Vec2::new(1.0, 0.0) };
    let (width, marker_size) = (outline.width, line.marker_size * outline.width);
    let ends = [(line.marker_start, start, -along), (line.marker_end, end, along)];
    let mut markers = BezPath::new();
    for (marker, tip, out) in ends {
        let to_line = Affine::translate(tip.to_vec2()) * Affine::rotate(out.atan2());
        markers.extend(wound(to_line * path(marker, width, marker_size)));
    }
    let [before, after] = ends.map(|(marker, ..)| short(marker, width, marker_size));
    let mut middle = BezPath::new();
    if before + after < length {
        middle.move_to(start + along * before);
        middle.line_to(end - along * after);
    }
    let stroke = shape::style(&outline, 1.0);
    if markers.is_empty() || !stroke.dash_pattern.is_empty() {
        let (shape, brush) = (Shape::Path(Arc::new(middle)), brush.clone());
        context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })?;
    } else {
        markers.extend(wound(expand(&middle, &stroke)));
    }
    if markers.is_empty() {
        return Ok(());
    }
    context.drawing.push(Mark::Fill { transform, shape: Shape::Path(Arc::new(markers)), brush })
}

/// The outline of a line.
pub(super) fn expand(line: &BezPath, stroke: &Stroke) -> BezPath {
    kurbo::stroke(line.elements().iter().copied(), stroke, &StrokeOpts::default(), paint::TOLERANCE)
}

/// The same outline, clockwise: outlines that run the same way add up where they overlap.
pub(super) fn wound(path: BezPath) -> BezPath {
    if path.area() < 0.0 { path.reverse_subpaths() } else { path }
}

/// How far from its end a line stops for a marker of this size.
fn short(marker: Marker, width: f64, size: f64) -> f64 {
    let short = match marker {
        Marker::None => return 0.0,
        Marker::Arrow => tip(width),
        Marker::Triangle => size,
        Marker::Circle => size / 2.0,
        Marker::Diamond => (size - width) / 2.0,
        Marker::Bar => width,
    };
    (short - OVERLAP_PX).max(0.0)
}

/// How far the point of an open arrow lies beyond where its two strokes meet.
fn tip(width: f64) -> f64 {
    width / 2.0 / SLOPE.atan().sin()
}

/// A marker whose line comes from the left and ends at the origin.
fn path(marker: Marker, width: f64, size: f64) -> BezPath {
    let half = size / 2.0;
    let points = |points: &[(f64, f64)]| {
        let mut path = BezPath::new();
        path.move_to(points[0]);
        points[1..].iter().for_each(|point| path.line_to(*point));
        path
    };
    let closed = |corners: &[(f64, f64)]| {
        let mut path = points(corners);
        path.close_path();
        path
    };
    match marker {
        Marker::None => BezPath::new(),
        Marker::Arrow => {
            let (at, side) = (-tip(width), size * SLOPE);
            let head = points(&[(at - size, -side), (at, 0.0), (at - size, side)]);
            let stroke = Stroke::new(width).with_join(kurbo::Join::Miter);
            expand(&head, &stroke.with_caps(kurbo::Cap::Butt))
        }
        Marker::Triangle => closed(&[(0.0, 0.0), (-size, -size * SLOPE), (-size, size * SLOPE)]),
        Marker::Circle => Circle::new((0.0, 0.0), half).to_path(paint::TOLERANCE),
        Marker::Diamond => closed(&[(half, 0.0), (0.0, half), (-half, 0.0), (0.0, -half)]),
        Marker::Bar => Rect::new(-width, -half, 0.0, half).to_path(paint::TOLERANCE),
    }
}
