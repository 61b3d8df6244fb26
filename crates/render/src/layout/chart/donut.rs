//! Donuts and pies: slices clockwise from the top, and a legend beside or below them.

use std::f64::consts::TAU;
use std::sync::Arc;

use kurbo::{Affine, Arc as Curve, BezPath, Circle, Point, Rect, Shape as _, Vec2};
use pixeldrive_model::{Align, Chart, ChartValue, Corners, NumberFormat, Paint};

use super::super::label::{LINE, Label, Labels};
use super::super::{Context, paint};
use super::{color, look, no_room};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// Px between slices, unless the chart says otherwise.
const GAP: f64 = 2.0;
/// Px between the slices and the legend.
const SPACE: f64 = 20.0;
/// Height of a row of the legend in lines.
const ROW: f64 = 1.5;

/// A ring of slices.
struct Ring {
    center: Point,
    outer: f64,
    inner: f64,
    gap: f64,
}

pub(super) fn donut(
    context: &mut Context<'_>,
    labels: &mut Labels<'_>,
    (chart, values): (&Chart, &[ChartValue]),
    area: Rect,
) -> Result<(), Error> {
    let names = chart.show_labels && values.iter().any(|value| !value.label.is_empty());
    let has_legend = names || chart.show_values;
    let total: f64 = values.iter().map(|value| value.value).sum();
    let (square, legend) = if has_legend {
        share(area, chart.font_size * LINE * ROW * values.len() as f64)
    } else {
        (area, Rect::ZERO)
    };
    let outer = square.width().min(square.height()) / 2.0;
    let narrow = legend.width() < 2.0 * chart.font_size || legend.height() < chart.font_size * LINE;
    if outer < 1.0 || (has_legend && (narrow || outer < chart.font_size)) {
        no_room(context, labels.element);
        return Ok(());
    }
    let gap = chart.gap.or(GAP);
    let ring = Ring { center: square.center(), outer, inner: outer * chart.inner_radius, gap };
    ring.slices(context, chart, values, total)?;
    if has_legend { rows(context, labels, (chart, values, total), legend) } else { Ok(()) }
}

/// The parts of an area for the ring and for a legend of this height: side by side when it is wide,
/// else one below the other.
fn share(area: Rect, legend: f64) -> (Rect, Rect) {
    if area.width() >= area.height() * 1.2 {
        let side = area.height().min(area.width() * 0.5);
        let ring = Rect { x1: area.x0 + side, ..area };
        return (ring, Rect { x0: ring.x1 + SPACE, ..area });
    }
    let legend = legend.min(area.height() / 2.0);
    let ring = Rect { y1: area.y1 - legend - SPACE / 2.0, ..area };
    (ring, Rect { y0: area.y1 - legend, ..area })
}

impl Ring {
    fn slices(
        &self,
        context: &mut Context<'_>,
        chart: &Chart,
        values: &[ChartValue],
        total: f64,
    ) -> Result<(), Error> {
        if total <= 0.0 {
            return fill(context, self.whole(), &Paint::Solid(chart.grid_color));
        }
        let mut from = 0.0;
        for (index, value) in values.iter().enumerate() {
            let share = value.value / total;
            let color = Paint::Solid(color(chart, index, value));
            if share >= 1.0 {
                fill(context, self.whole(), &color)?;
            } else if share > 0.0 {
                fill(context, self.slice(from * TAU, share * TAU), &color)?;
            }
            from += share;
        }
        Ok(())
    }

    fn whole(&self) -> BezPath {
        let mut path = Circle::new(self.center, self.outer).to_path(paint::TOLERANCE);
        if self.inner > 0.0 {
            let hole = Circle::new(self.center, self.inner).to_path(paint::TOLERANCE);
            path.extend(hole.reverse_subpaths());
        }
        path
    }

    /// A slice whose sides are half a gap away from its neighbours, all along.
    fn slice(&self, from: f64, sweep: f64) -> BezPath {
        // However small a slice is, half of it is to be seen.
        let half = (self.gap / 2.0).min(self.outer * (sweep / 4.0).min(1.0).sin());
        // What the gap takes of the angle on either side, at a radius.
        let lost = |radius: f64| (half / radius).min(1.0).asin();
        let outer_sweep = sweep - 2.0 * lost(self.outer);
        let start = from - TAU / 4.0;
        let mut path = BezPath::new();
        let arc = |radius: f64, start: f64, sweep: f64| {
            Curve::new(self.center, Vec2::new(radius, radius), start, sweep, 0.0)
        };
        let outer = arc(self.outer, start + lost(self.outer), outer_sweep);
        path.extend(outer.to_path(paint::TOLERANCE));
        let inner_sweep = sweep - 2.0 * lost(self.inner.max(1e-9));
        if self.inner > half && inner_sweep > 0.0 {
            let inner = arc(self.inner, start + sweep - lost(self.inner), -inner_sweep);
            let inner = inner.to_path(paint::TOLERANCE);
            let mut parts = inner.elements().iter();
            if let Some(first) = parts.next().and_then(|part| part.end_point()) {
                path.line_to(first);
            }
            path.extend(parts.copied());
        } else {
            // Its sides meet before they come to the hole.
            let away = half / (sweep.min(TAU / 2.0) / 2.0).sin();
            let turned =
                Affine::rotate(start + sweep / 2.0) * Point::new(away.min(self.outer), 0.0);
            path.line_to(self.center + turned.to_vec2());
        }
        path.close_path();
        path
    }
}

/// The legend: a spot of colour, what it stands for and how much that is.
fn rows(
    context: &mut Context<'_>,
    labels: &mut Labels<'_>,
    (chart, values, total): (&Chart, &[ChartValue], f64),
    area: Rect,
) -> Result<(), Error> {
    let look = look(chart);
    let spot = chart.font_size * 0.75;
    let written: Vec<String> =
        values.iter().map(|value| number(chart, value.value, total)).collect();
    let widest = if chart.show_values {
        written.iter().map(|words| labels.width(context, &look, words)).fold(0.0, f64::max)
    } else {
        0.0
    };
    let line = chart.font_size * LINE;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is right"
    )]
    let shown = values.len().min((area.height() / line) as usize);
    if shown < values.len() {
        let message = format!(
            "{shown} of {} rows of the legend are shown; enlarge the box or make fontSize smaller",
            values.len()
        );
        context.warn("rows_cut", labels.element, message);
    }
    let values = &values[..shown];
    let count = shown.max(1) as f64;
    let row = (line * ROW).min(area.height() / count);
    let names: Vec<f64> =
        values.iter().map(|value| labels.width(context, &look, &value.label)).collect();
    let left = area.x0 + spot * 1.8;
    let space = if widest > 0.0 { chart.font_size } else { 0.0 };
    let longest = names.iter().copied().fold(0.0, f64::max);
    let right = (left + longest + space + widest).min(area.x1);
    let mut top = area.center().y - row * count / 2.0;
    for (index, (value, words)) in values.iter().zip(&written).enumerate() {
        let middle = top + row / 2.0;
        let mark = Rect::new(area.x0, middle - spot / 2.0, area.x0 + spot, middle + spot / 2.0);
        let shape = paint::rounded(mark, Corners([spot / 4.0; 4]));
        if let Some(brush) = paint::brush(&Paint::Solid(color(chart, index, value)), mark) {
            context.drawing.push(Mark::Fill { transform: context.transform, shape, brush })?;
        }
        let cell =
            |x0: f64, x1: f64| Rect::new(x0, middle - line / 2.0, x1.max(x0), middle + line / 2.0);
        let name = cell(left, right - widest - space);
        let name = Label { words: &value.label, look: &look, area: name, align: Align::Left };
        labels.draw(context, &name)?;
        if chart.show_values {
            let area = cell(right - widest, right);
            labels.draw(context, &Label { words, look: &look, area, align: Align::Right })?;
        }
        top += row;
    }
    Ok(())
}

/// A value as the legend writes it: percents are shares of the whole.
fn number(chart: &Chart, value: f64, total: f64) -> String {
    let format: NumberFormat = chart.value_format;
    if format.is_percent() && total > 0.0 {
        format.write_share(value / total, &chart.lang)
    } else {
        format.write(value, &chart.lang)
    }
}

fn fill(context: &mut Context<'_>, path: BezPath, color: &Paint) -> Result<(), Error> {
    let bounds = path.bounding_box();
    match paint::brush(color, bounds).filter(|_| !path.is_empty()) {
        None => Ok(()),
        Some(brush) => {
            let (transform, shape) = (context.transform, Shape::Path(Arc::new(path)));
            context.drawing.push(Mark::Fill { transform, shape, brush })
        }
    }
}
