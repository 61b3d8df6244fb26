//! Progress: a share of a whole, as a bar or a ring.

use std::sync::Arc;

use kurbo::{Affine, Arc as Curve, BezPath, Cap, Circle, Point, Rect, Shape as _, Stroke, Vec2};
use pixeldrive_model::{
    self as model, Corners, Element, Gradient, GradientKind, Paint, ProgressShape, SpreadMethod,
};

use super::{Context, paint, size};
use crate::Error;
use crate::drawing::{Brush, Mark, Shape};

pub(super) fn progress(
    context: &mut Context<'_>,
    element: &Element,
    progress: &model::Progress,
) -> Result<(), Error> {
    let share = (progress.value.unwrap_or(0.0) / progress.max).clamp(0.0, 1.0);
    let area = size(element).to_rect();
    match progress.shape {
        ProgressShape::Bar => bar(context, progress, area, share),
        ProgressShape::Ring => ring(context, progress, area, share),
    }
}

fn bar(
    context: &mut Context<'_>,
    progress: &model::Progress,
    area: Rect,
    share: f64,
) -> Result<(), Error> {
    let transform = context.transform;
    let track = paint::rounded(area, progress.border_radius);
    if let Some(brush) = paint::brush(&progress.track_color, area) {
        context.drawing.push(Mark::Fill { transform, shape: track.clone(), brush })?;
    }
    let Some(brush) = paint::brush(&progress.fill, area).filter(|_| share > 0.0) else {
        return Ok(());
    };
    let radii = paint::radii(area, progress.border_radius);
    let corners = Corners([radii.top_left, radii.top_right, radii.bottom_right, radii.bottom_left]);
    let done = Rect { x1: area.x0 + area.width() * share, ..area };
    let needed = (radii.top_left + radii.top_right).max(radii.bottom_left + radii.bottom_right);
    if done.width() >= needed {
        let shape = paint::rounded(done, corners);
        return context.drawing.push(Mark::Fill { transform, shape, brush });
    }
    // A share that is narrower than its corners is the end of a wider one.
    let wide = Rect { x0: done.x1 - needed, ..done };
    context.drawing.push(Mark::PushClip { transform, shape: track })?;
    context.drawing.push(Mark::Fill { transform, shape: paint::rounded(wide, corners), brush })?;
    context.drawing.push(Mark::Pop)
}

fn ring(
    context: &mut Context<'_>,
    progress: &model::Progress,
    area: Rect,
    share: f64,
) -> Result<(), Error> {
    let diameter = area.width().min(area.height());
    let thickness = progress.thickness.or(diameter / 8.0).min(diameter / 2.0);
    let radius = (diameter - thickness) / 2.0;
    if radius <= 0.0 || thickness <= 0.0 {
        return Ok(());
    }
    let cap = if progress.border_radius == Corners([0.0; 4]) { Cap::Butt } else { Cap::Round };
    let circle = Circle::new(area.center(), radius);
    let square = Rect::from_center_size(area.center(), (diameter, diameter));
    let brush = |color: &Paint| paint::brush(color, square);
    let mut stroke = |path: BezPath, brush: Option<Brush>, cap: Cap| {
        let Some(brush) = brush else { return Ok(()) };
        let stroke = Stroke::new(thickness).with_caps(cap);
        let (transform, shape) = (context.transform, Shape::Path(Arc::new(path)));
        context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })
    };
    stroke(circle.to_path(paint::TOLERANCE), brush(&progress.track_color), Cap::Butt)?;
    if share <= 0.0 {
        return Ok(());
    }
    if share >= 1.0 {
        return stroke(circle.to_path(paint::TOLERANCE), brush(&progress.fill), Cap::Butt);
    }
    let mut filled = brush(&progress.fill);
    if starts_with_ring(&progress.fill) {
        filled = filled.map(|brush| with_seam_behind(brush, share));
    }
    stroke(arc(area.center(), radius, share), filled, cap)
}

/// Moves the seam of a gradient around the ring, from where the ring starts back to the middle of what is
/// not done: the round start, which reaches beyond it, then has the first colour and not the last.
fn with_seam_behind(brush: Brush, share: f64) -> Brush {
    let Brush::Gradient { gradient, transform } = brush else { return brush };
    let mut moved = peniko::Gradient::clone(&gradient);
    let peniko::GradientKind::Sweep(turn) = &mut moved.kind else {
        return Brush::Gradient { gradient, transform };
    };
    let back = std::f64::consts::PI * (1.0 - share);
    #[expect(clippy::cast_possible_truncation, reason = "half a turn at most")]
    let angle = back as f32;
    turn.start_angle += angle;
    turn.end_angle += angle;
    Brush::Gradient { gradient: Arc::new(moved), transform: transform * Affine::rotate(-back) }
}

/// Whether a gradient starts where the ring does and goes around once.
fn starts_with_ring(paint: &Paint) -> bool {
    let Paint::Gradient(Gradient { kind, spread: SpreadMethod::Pad, .. }) = paint else {
        return false;
    };
    matches!(kind, GradientKind::Conic { angle, .. } if angle.rem_euclid(360.0) == 0.0)
}

/// A part of a circle, clockwise from the top.
fn arc(center: Point, radius: f64, share: f64) -> BezPath {
    let turn = std::f64::consts::TAU;
    let curve = Curve::new(center, Vec2::new(radius, radius), -turn / 4.0, turn * share, 0.0);
    curve.to_path(paint::TOLERANCE)
}
