//! Rectangles, ellipses, polygons, stars and paths: what is inside, and the outline.
//!
//! An outline that lies on one side of the edge is one of twice the width of which the other half is
//! cut away, or hidden by what is inside. Around rectangles it is a line of its own, whose corners are then
//! those of CSS borders.

use std::f64::consts::TAU;
use std::sync::Arc;

use kurbo::{BezPath, Ellipse, Insets, Point, Rect, Shape as _, Size, Stroke, Vec2};
use peniko::{Color, Compose};
use pixeldrive_model::{
    self as model, Corners, Element, Fill, FillRule, Kind, LineCap, LineJoin, Outline, StrokeAlign,
};

use super::grid::Grid;
use super::{Context, fill, line, paint};
use crate::Error;
use crate::drawing::{Brush, Layer, Mark, Shape};

/// Draws the shape that the element is.
pub(super) fn shape(
    context: &mut Context<'_>,
    element: &Element,
    (inside, outline): (&Fill, &Outline<'_>),
    size: Size,
) -> Result<(), Error> {
    let figure = figure(element, size);
    // Gradients and pictures span the box, and that of a path is as large as the path.
    let area = match &element.kind {
        Kind::Path(path) => path.d.path().bounding_box(),
        _ => size.to_rect(),
    };
    let brush = paint::brush(outline.paint, area).filter(|_| outline.width > 0.0);
    if let (Some(brush), StrokeAlign::Outside) = (&brush, outline.align) {
        let hides = match inside {
            Fill::Paint(paint) => paint::brush(paint, area).is_some_and(|brush| brush.is_opaque()),
            Fill::Image(_) => false,
        };
        let under = if hides { Under::Hidden } else { Under::Seen };
        outside(context, (element, &figure), outline, (brush, area), under)?;
    }
    fill::fill(context, element, &figure, inside, area)?;
    match (brush, outline.align) {
        (Some(brush), StrokeAlign::Center) => {
            let closed = !matches!(element.kind, Kind::Path(_));
            let thick = outline.width >= area.width().min(area.height());
            if closed && thick && outline.dashes.is_empty() {
                return fat(context, &figure, outline, brush);
            }
            stroke(context, figure, style(outline, 1.0), brush)
        }
        (Some(brush), StrokeAlign::Inside) => {
            within(context, element, figure, outline, brush, area)
        }
        _ => Ok(()),
    }
}

/// What is inside an element's edge, in px of its box. The edge of what is no shape is that of its box.
pub(super) fn figure(element: &Element, size: Size) -> Shape {
    let area = size.to_rect();
    match &element.kind {
        Kind::Rect(rect) => paint::rounded(area, rect.border_radius),
        Kind::Image(image) => paint::rounded(area, image.border_radius),
        Kind::Text(text) => paint::rounded(area, text.border_radius),
        Kind::Ellipse(_) => ellipse(area),
        Kind::Polygon(polygon) => corners(area, polygon.sides, None),
        Kind::Star(star) => corners(area, star.points, Some(star.inner_radius)),
        Kind::Path(path) => {
            let d = Arc::clone(path.d.path());
            match path.fill_rule {
                FillRule::Nonzero => Shape::Path(d),
                FillRule::Evenodd => Shape::EvenOdd(d),
            }
        }
        _ => Shape::Rect(area),
    }
}

/// The ellipse in a box.
pub(super) fn ellipse(area: Rect) -> Shape {
    Shape::Path(Arc::new(Ellipse::from_rect(area).to_path(paint::TOLERANCE)))
}

/// How far a path reaches from its origin.
pub(super) fn extent(path: &model::Path) -> Size {
    let bounds = path.d.path().bounding_box();
    Size::new(bounds.x1.max(0.0), bounds.y1.max(0.0))
}

/// Corners on the ellipse in a box, and further in between them when `inner` says how far.
fn corners(area: Rect, count: u32, inner: Option<f64>) -> Shape {
    let each = if inner.is_some() { 2 } else { 1 };
    let corner = |at: u32| {
        let angle = TAU * f64::from(at) / f64::from(count * each);
        let out = if at.is_multiple_of(each) { 1.0 } else { inner.unwrap_or(1.0) };
        let (sin, cos) = angle.sin_cos();
        area.center() + Vec2::new(sin * area.width(), -cos * area.height()) * (out / 2.0)
    };
    let mut path = BezPath::new();
    path.move_to(corner(0));
    (1..count * each).for_each(|at| path.line_to(corner(at)));
    path.close_path();
    Shape::Path(Arc::new(path))
}

/// An outline in the terms of a drawing, `times` as wide.
pub(super) fn style(outline: &Outline<'_>, times: f64) -> Stroke {
    let join = match outline.join {
        LineJoin::Miter => kurbo::Join::Miter,
        LineJoin::Round => kurbo::Join::Round,
        LineJoin::Bevel => kurbo::Join::Bevel,
    };
    let cap = match outline.cap {
        LineCap::Butt => kurbo::Cap::Butt,
        LineCap::Round => kurbo::Cap::Round,
        LineCap::Square => kurbo::Cap::Square,
    };
    let stroke = Stroke::new(outline.width * times)
        .with_join(join)
        .with_miter_limit(outline.miter_limit)
        .with_caps(cap);
    if outline.dashes.is_empty() {
        return stroke;
    }
    let period: f64 = outline.dashes.iter().sum();
    // A dash of no length is a dot where ends are round.
    let dashes = outline.dashes.iter().map(|length| length.max(DOT_PX));
    stroke.with_dashes(outline.dash_offset.rem_euclid(period), dashes)
}

/// Length of a dash that has none.
const DOT_PX: f64 = 0.001;
/// Device pixels by which an outline reaches under the edge of what it is around.
const SEAM_PX: f64 = 1.0;

fn stroke(
    context: &mut Context<'_>,
    shape: Shape,
    stroke: Stroke,
    brush: Brush,
) -> Result<(), Error> {
    let transform = context.transform;
    context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })
}

/// An outline that covers all that is inside, where the two edges of a mere line would cross and leave a
/// hole.
fn fat(
    context: &mut Context<'_>,
    shape: &Shape,
    outline: &Outline<'_>,
    brush: Brush,
) -> Result<(), Error> {
    let inside = match shape {
        Shape::Rect(rect) => rect.to_path(paint::TOLERANCE),
        Shape::Path(path) | Shape::EvenOdd(path) => path.as_ref().clone(),
    };
    let mut path = line::wound(line::expand(&inside, &style(outline, 1.0)));
    path.extend(line::wound(inside));
    let (transform, shape) = (context.transform, Shape::Path(Arc::new(path)));
    context.drawing.push(Mark::Fill { transform, shape, brush })
}

/// What becomes of what is painted under the inside of a shape.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    /// The inside hides it.
    Hidden,
    /// It can be seen.
    Seen,
}

fn within(
    context: &mut Context<'_>,
    element: &Element,
    shape: Shape,
    outline: &Outline<'_>,
    brush: Brush,
    area: Rect,
) -> Result<(), Error> {
    let transform = context.transform;
    let least = area.width().min(area.height());
    if outline.dashes.is_empty() && outline.width >= least / 2.0 {
        // Nothing inside is farther from the edge.
        return context.drawing.push(Mark::Fill { transform, shape, brush });
    }
    if let Kind::Rect(rect) = &element.kind
        && outline.width < least
    {
        let line = moved_edge(area, rect.border_radius, -outline.width / 2.0);
        return stroke(context, line, style(outline, 1.0), brush);
    }
    context.drawing.push(Mark::PushClip { transform, shape: shape.clone() })?;
    stroke(context, shape, style(outline, 2.0), brush)?;
    context.drawing.push(Mark::Pop)
}

/// An outline around a shape, below what is inside. Where that hides what is under it, the outline reaches under
/// its edge: pixels that both cover in part would let what is below them through.
fn outside(
    context: &mut Context<'_>,
    (element, shape): (&Element, &Shape),
    outline: &Outline<'_>,
    (brush, area): (&Brush, Rect),
    under: Under,
) -> Result<(), Error> {
    if let Kind::Rect(rect) = &element.kind {
        let line = moved_edge(area, rect.border_radius, outline.width / 2.0);
        stroke(context, line, style(outline, 1.0), brush.clone())?;
        let grid = Grid::new(context.transform);
        let sharp = matches!(shape, Shape::Rect(rect) if grid.is_on(*rect));
        if sharp || under == Under::Seen || !outline.dashes.is_empty() || !brush.is_opaque() {
            return Ok(());
        }
        let half = outline.width.min(SEAM_PX / grid.scale());
        let seam = Stroke { width: 2.0 * half, ..style(outline, 1.0) };
        return stroke(context, shape.clone(), seam, brush.clone());
    }
    if under == Under::Hidden {
        return stroke(context, shape.clone(), style(outline, 2.0), brush.clone());
    }
    let (transform, shape) = (context.transform, shape.clone());
    context.drawing.push(Mark::PushLayer(Layer::default()))?;
    stroke(context, shape.clone(), style(outline, 2.0), brush.clone())?;
    let hole = Layer { blend: Compose::DestOut.into(), ..Layer::default() };
    context.drawing.push(Mark::PushLayer(hole))?;
    context.drawing.push(Mark::Fill { transform, shape, brush: Brush::Solid(Color::BLACK) })?;
    context.drawing.push(Mark::Pop)?;
    context.drawing.push(Mark::Pop)
}

/// The edge of a box, moved outwards; corners that are not round stay as they are.
fn moved_edge(area: Rect, corners: Corners, by: f64) -> Shape {
    let radii = paint::radii(area, corners);
    let radii = [radii.top_left, radii.top_right, radii.bottom_right, radii.bottom_left];
    let moved = radii.map(|radius| if radius > 0.0 { (radius + by).max(0.0) } else { 0.0 });
    paint::rounded(area + Insets::uniform(by), Corners(moved))
}

/// A point of a box, given as fractions of its size.
pub(super) fn point(area: Rect, at: model::ObjectPosition) -> Point {
    area.origin() + Vec2::new(area.width() * at.x, area.height() * at.y)
}
