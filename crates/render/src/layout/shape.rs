//! Rectangles, ellipses, lines and paths.
//!
//! Deliberately absent: dashes and arrow heads.

use std::sync::Arc;

use kurbo::{BezPath, Ellipse, Rect, Shape as _, Size, Stroke};
use pixeldrive_model::{self as model, Element, Paint};

use super::{Context, paint, size};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// How a shape is painted.
struct Look<'a> {
    fill: &'a Paint,
    stroke: &'a Paint,
    stroke_width: f64,
    /// What gradients span.
    area: Rect,
}

pub(super) fn rect(
    context: &mut Context<'_>,
    element: &Element,
    rect: &model::Rect,
) -> Result<(), Error> {
    let area = size(element).to_rect();
    let (fill, stroke) = (&rect.fill, &rect.stroke);
    let look = Look { fill, stroke, stroke_width: rect.stroke_width, area };
    draw(context, paint::rounded(area, rect.border_radius), &look)
}

pub(super) fn ellipse(
    context: &mut Context<'_>,
    element: &Element,
    ellipse: &model::Ellipse,
) -> Result<(), Error> {
    let area = size(element).to_rect();
    let outline = Ellipse::from_rect(area).to_path(paint::TOLERANCE);
    let (fill, stroke) = (&ellipse.fill, &ellipse.stroke);
    let look = Look { fill, stroke, stroke_width: ellipse.stroke_width, area };
    draw(context, Shape::Path(Arc::new(outline)), &look)
}

pub(super) fn line(
    context: &mut Context<'_>,
    element: &Element,
    line: &model::Line,
) -> Result<(), Error> {
    let area = size(element).to_rect();
    let mut path = BezPath::new();
    path.move_to(area.origin());
    path.line_to((area.x1, area.y1));
    let (fill, stroke) = (&Paint::None, &line.stroke);
    let look = Look { fill, stroke, stroke_width: line.stroke_width, area };
    draw(context, Shape::Path(Arc::new(path)), &look)
}

pub(super) fn path(context: &mut Context<'_>, path: &model::Path) -> Result<(), Error> {
    let outline = Arc::clone(path.d.path());
    let (fill, stroke) = (&path.fill, &path.stroke);
    let area = outline.bounding_box();
    let look = Look { fill, stroke, stroke_width: path.stroke_width, area };
    draw(context, Shape::Path(outline), &look)
}

/// How far a path reaches from its origin.
pub(super) fn extent(path: &model::Path) -> Size {
    let bounds = path.d.path().bounding_box();
    Size::new(bounds.x1.max(0.0), bounds.y1.max(0.0))
}

fn draw(context: &mut Context<'_>, shape: Shape, look: &Look<'_>) -> Result<(), Error> {
    let transform = context.transform;
    if let Some(brush) = paint::brush(look.fill, look.area) {
        context.drawing.push(Mark::Fill { transform, shape: shape.clone(), brush })?;
    }
    if look.stroke_width > 0.0
        && let Some(brush) = paint::brush(look.stroke, look.area)
    {
        // Joins and caps as SVG and canvases have them by default.
        let stroke = Stroke::new(look.stroke_width)
            .with_join(kurbo::Join::Miter)
            .with_miter_limit(4.0)
            .with_caps(kurbo::Cap::Butt);
        context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })?;
    }
    Ok(())
}
