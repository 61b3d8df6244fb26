//! Bars and lines over a scale.

use std::sync::Arc;

use kurbo::{BezPath, Cap, Circle, Join, Point, Rect, Shape as _, Size, Stroke, Vec2};
use pixeldrive_model::{
    Align, Chart, ChartType, ChartValue, Color, Corners, Gradient, GradientKind, Length, Paint,
    SpreadMethod, Stop, Text,
};

use super::super::grid::Grid;
use super::super::label::{LINE, Label, Labels};
use super::super::{Context, paint};
use super::beside::Beside;
use super::scale::{STEPS, Scale};
use super::{color, curve, look, no_room};
use crate::Error;
use crate::drawing::{Mark, Shape};

/// Px between the chart and what is written beside it.
const SPACE: f64 = 8.0;
/// Px that a bar needs to be seen, with the gap beside it.
const BAR_PX_MIN: f64 = 1.0;

/// A chart whose scale and place are decided.
struct Plot<'a> {
    chart: &'a Chart,
    values: &'a [ChartValue],
    look: Text,
    scale: Scale,
    grid: Grid,
    /// All of the element.
    area: Rect,
    /// Where bars and lines are.
    inner: Rect,
}

/// Draws the chart; answers how many values are outside of the scale.
pub(super) fn plot(
    context: &mut Context<'_>,
    labels: &mut Labels<'_>,
    (chart, values): (&Chart, &[ChartValue]),
    area: Rect,
) -> Result<usize, Error> {
    let line = chart.font_size * LINE;
    let mut inner = area;
    if chart.show_axis {
        inner.y0 += line / 2.0;
        inner.y1 -= line / 2.0;
    }
    if chart.show_values {
        inner.y0 = area.y0 + line + lift(chart);
    }
    if shows_labels(chart, values) {
        inner.y1 = area.y1 - line - SPACE / 2.0;
    }
    let steps =
        if chart.show_axis { (inner.height() / line).floor().clamp(1.0, STEPS) } else { STEPS };
    let (look, scale) = (look(chart), Scale::new(chart, values, steps));
    let ticks = chart.value_format.write_steps(&scale.ticks, &chart.lang);
    if chart.show_axis {
        let widths = ticks.iter().map(|tick| labels.width(context, &look, tick));
        inner.x0 += widths.fold(0.0, f64::max) + SPACE;
    }
    let grid = Grid::new(context.transform);
    let outside =
        values.iter().filter(|value| !(scale.min..=scale.max).contains(&value.value)).count();
    let plot = Plot { chart, values, look, scale, grid, area, inner };
    if !plot.has_room(context, labels) {
        no_room(context, labels.element);
        return Ok(0);
    }
    plot.axis(context, labels, &ticks)?;
    match chart.chart_type {
        ChartType::Line => plot.line(context)?,
        ChartType::Bar | ChartType::Donut => plot.bars(context)?,
    }
    plot.foot(context)?;
    plot.labels(context, labels)?;
    plot.numbers(context, labels)?;
    Ok(outside)
}

/// How far the values of a line stand from its points, and the least room that others have.
fn lift(chart: &Chart) -> f64 {
    let dot = match chart.chart_type {
        ChartType::Line => chart.point_radius.max(chart.stroke_width / 2.0),
        ChartType::Bar | ChartType::Donut => 0.0,
    };
    SPACE / 2.0 + dot
}

fn shows_labels(chart: &Chart, values: &[ChartValue]) -> bool {
    chart.show_labels && values.iter().any(|value| !value.label.is_empty())
}

impl Plot<'_> {
    fn y(&self, number: f64) -> f64 {
        self.inner.y1 - self.inner.height() * self.scale.share(number)
    }

    /// Whether there is room for bars or a line, and for something of each label and number. What would
    /// be cut to less than an em is nothing that could be read.
    fn has_room(&self, context: &mut Context<'_>, labels: &Labels<'_>) -> bool {
        let (chart, inner) = (self.chart, self.inner);
        let least = match chart.chart_type {
            ChartType::Line => 1.0,
            ChartType::Bar | ChartType::Donut => self.values.len() as f64 * BAR_PX_MIN,
        };
        if inner.width() < least || inner.height() < 1.0 {
            return false;
        }
        let mut fits = |words: &str, width: f64| {
            width >= chart.font_size || labels.width(context, &self.look, words) <= width
        };
        let numbers = self.values.iter().filter(|_| chart.show_values);
        let mut numbers = numbers.map(|value| chart.value_format.write(value.value, &chart.lang));
        let named = if shows_labels(chart, self.values) { self.named() } else { Vec::new() };
        named.iter().all(|(words, area)| fits(words, area.width()))
            && numbers.all(|words| fits(&words, self.slot()))
    }

    /// Width that one value has.
    fn slot(&self) -> f64 {
        self.inner.width() / self.values.len().max(1) as f64
    }

    /// The middle of a value. A line that nothing is written below runs from side to side.
    fn x(&self, index: usize) -> f64 {
        let middle = self.inner.x0 + self.slot() * (index as f64 + 0.5);
        let bare = self.chart.chart_type == ChartType::Line
            && !shows_labels(self.chart, self.values)
            && !self.chart.show_values;
        match self.values.len() {
            count if bare && count > 1 => {
                let inset = self.chart.point_radius.max(self.chart.stroke_width / 2.0);
                let width = self.inner.width() - 2.0 * inset;
                self.inner.x0 + inset + width * index as f64 / (count - 1) as f64
            }
            _ => middle,
        }
    }

    /// Lines across the chart, and the numbers beside them.
    fn axis(
        &self,
        context: &mut Context<'_>,
        labels: &mut Labels<'_>,
        ticks: &[String],
    ) -> Result<(), Error> {
        let line = self.chart.font_size * LINE;
        let every = self.every();
        for (index, (number, words)) in self.scale.ticks.iter().zip(ticks).enumerate() {
            let y = self.y(*number);
            if self.chart.show_grid && *number != self.scale.foot() {
                self.rule(context, y, self.chart.grid_color)?;
            }
            if self.chart.show_axis && index.is_multiple_of(every) {
                let right = self.inner.x0 - SPACE;
                let area = Rect::new(self.area.x0, y - line / 2.0, right, y + line / 2.0);
                labels
                    .draw(context, &Label { words, look: &self.look, area, align: Align::Right })?;
            }
        }
        Ok(())
    }

    /// Of how many round numbers one is written: all of them, unless they would touch.
    fn every(&self) -> usize {
        let [first, second, ..] = self.scale.ticks.as_slice() else { return 1 };
        let apart = (self.y(*first) - self.y(*second)).max(1e-3);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1")]
        let every = (self.chart.font_size / apart).ceil() as usize;
        every.max(1)
    }

    /// The line that bars stand on is stronger than the others.
    fn foot(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let color = self.chart.grid_color;
        let strong = Color { a: color.a.saturating_mul(2), ..color };
        if self.chart.show_grid {
            self.rule(context, self.y(self.scale.foot()), strong)
        } else {
            Ok(())
        }
    }

    fn rule(&self, context: &mut Context<'_>, y: f64, color: Color) -> Result<(), Error> {
        let rule = self.grid.rule((self.inner.x0, self.inner.x1), y, 1.0);
        fill(context, Shape::Rect(rule), &Paint::Solid(color), rule)
    }

    fn bars(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let slot = self.slot();
        let width = match self.chart.gap {
            // Of one width in whole pixels, so that there is a gap between any two.
            Length::Auto => self.grid.whole(slot * 0.75),
            Length::Px(gap) => (slot - gap).max(slot.min(1.0)),
        };
        let foot = self.y(self.scale.foot());
        for (index, value) in self.values.iter().enumerate() {
            let (x, y) = (self.x(index), self.y(value.value));
            let bar = Rect::new(x - width / 2.0, y.min(foot), x + width / 2.0, y.max(foot));
            let mut bar = self.grid.rect(bar);
            if self.chart.gap == Length::Auto {
                bar.x1 = bar.x0 + width;
            }
            if bar.is_zero_area() {
                continue;
            }
            let radius = self.chart.border_radius.min(bar.width() / 2.0).min(bar.height());
            let corners =
                if y <= foot { [radius, radius, 0.0, 0.0] } else { [0.0, 0.0, radius, radius] };
            let color = Paint::Solid(color(self.chart, index, value));
            fill(context, paint::rounded(bar, Corners(corners)), &color, bar)?;
        }
        Ok(())
    }

    /// Where the values are.
    fn points(&self) -> Vec<Point> {
        let values = self.values.iter().enumerate();
        values.map(|(index, value)| Point::new(self.x(index), self.y(value.value))).collect()
    }

    fn line(&self, context: &mut Context<'_>) -> Result<(), Error> {
        let points = self.points();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
        let line = curve::through(&points, self.chart.smooth);
        let color = |index: usize| Paint::Solid(color(self.chart, index, &self.values[index]));
        if self.chart.area_opacity > 0.0 && points.len() > 1 {
            self.below(context, line.clone(), (first.x, last.x))?;
        }
        if let Some(brush) =
            paint::brush(&color(0), self.inner).filter(|_| self.chart.stroke_width > 0.0)
        {
            let stroke =
                Stroke::new(self.chart.stroke_width).with_join(Join::Round).with_caps(Cap::Round);
            let (transform, shape) = (context.transform, Shape::Path(Arc::new(line)));
            context.drawing.push(Mark::Stroke { transform, shape, stroke, brush })?;
        }
        // A single value has no line to be seen by.
        let alone = if points.len() == 1 { self.chart.stroke_width } else { 0.0 };
        let radius = self.chart.point_radius.max(alone);
        for (index, point) in points.iter().enumerate().filter(|_| radius > 0.0) {
            let dot = Circle::new(*point, radius).to_path(paint::TOLERANCE);
            fill(context, Shape::Path(Arc::new(dot)), &color(index), self.inner)?;
        }
        Ok(())
    }

    /// The area between the line and its foot, fading towards the foot.
    fn below(
        &self,
        context: &mut Context<'_>,
        mut line: BezPath,
        (left, right): (f64, f64),
    ) -> Result<(), Error> {
        let foot = self.y(self.scale.foot());
        let bounds = line.bounding_box();
        line.line_to((right, foot));
        line.line_to((left, foot));
        line.close_path();
        let color = color(self.chart, 0, &self.values[0]);
        let faded = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let a = (f64::from(color.a) * share).round() as u8;
            Color { a, ..color }
        };
        let strong = faded(self.chart.area_opacity);
        // Below the foot it fades upwards.
        let reach = (foot - bounds.y0).max(bounds.y1 - foot).max(1e-3);
        let area = Rect::new(left, foot - reach, right, foot + reach);
        let stops = [(0.0, strong), (0.5, faded(0.0)), (1.0, strong)];
        let stops = stops.map(|(offset, color)| Stop { offset, color }).to_vec();
        let kind = GradientKind::Linear { angle: 180.0 };
        let paint = Paint::Gradient(Gradient { kind, stops, spread: SpreadMethod::Pad });
        fill(context, Shape::Path(Arc::new(line)), &paint, area)
    }

    /// What the values are called, below them. A label may reach over values without one.
    fn labels(&self, context: &mut Context<'_>, labels: &mut Labels<'_>) -> Result<(), Error> {
        if !shows_labels(self.chart, self.values) {
            return Ok(());
        }
        for (words, area) in self.named() {
            labels.draw(context, &Label { words, look: &self.look, area, align: Align::Center })?;
        }
        Ok(())
    }

    /// The labels that are not empty, each with its place.
    fn named(&self) -> Vec<(&str, Rect)> {
        let top = self.area.y1 - self.chart.font_size * LINE;
        let named: Vec<usize> =
            (0..self.values.len()).filter(|index| !self.values[*index].label.is_empty()).collect();
        let place = |(at, index): (usize, &usize)| {
            let middle = self.x(*index);
            let next = |neighbour: Option<&usize>, edge: f64| {
                neighbour
                    .map_or((edge - middle).abs(), |other| (self.x(*other) - middle).abs() / 2.0)
            };
            let before = next(at.checked_sub(1).and_then(|at| named.get(at)), self.area.x0);
            let after = next(named.get(at + 1), self.area.x1);
            let half = (before.min(after) - 1.0).max(0.0);
            let area = Rect::new(middle - half, top, middle + half, self.area.y1);
            (self.values[*index].label.as_str(), area)
        };
        named.iter().enumerate().map(place).collect()
    }

    /// The values themselves, at the free end of their bars or beside the line.
    fn numbers(&self, context: &mut Context<'_>, labels: &mut Labels<'_>) -> Result<(), Error> {
        if !self.chart.show_values {
            return Ok(());
        }
        let words =
            |value: &ChartValue| self.chart.value_format.write(value.value, &self.chart.lang);
        let words: Vec<String> = self.values.iter().map(words).collect();
        let middles = match self.chart.chart_type {
            ChartType::Line => self.beside_line(context, labels, &words),
            ChartType::Bar | ChartType::Donut => self.above_bars(),
        };
        let size = Size::new(self.slot(), self.chart.font_size * LINE);
        for (words, middle) in words.iter().zip(middles) {
            let area = Rect::from_center_size(middle, size);
            labels.draw(context, &Label { words, look: &self.look, area, align: Align::Center })?;
        }
        Ok(())
    }

    /// Where the middles of the numbers are: above bars, and below those that hang.
    fn above_bars(&self) -> Vec<Point> {
        let away = SPACE / 4.0 + self.chart.font_size * LINE / 2.0;
        let middle = |(value, point): (&ChartValue, Point)| {
            let below = value.value < self.scale.foot();
            point + Vec2::new(0.0, if below { away } else { -away })
        };
        self.values.iter().zip(self.points()).map(middle).collect()
    }

    fn beside_line(
        &self,
        context: &mut Context<'_>,
        labels: &Labels<'_>,
        words: &[String],
    ) -> Vec<Point> {
        let (chart, points) = (self.chart, self.points());
        let lift = lift(chart);
        let below = if shows_labels(chart, self.values) { chart.font_size * LINE } else { 0.0 };
        let room = Rect { y1: self.area.y1 - below, ..self.area };
        let curve = curve::through(&points, chart.smooth);
        let mut beside = Beside::new(&curve, chart.stroke_width, room);
        let place = |(words, point): (&String, Point)| {
            let width = labels.width(context, &self.look, words).min(self.slot());
            beside.place(point, Size::new(width, chart.font_size * LINE), lift).center()
        };
        words.iter().zip(points).map(place).collect()
    }
}

fn fill(context: &mut Context<'_>, shape: Shape, color: &Paint, area: Rect) -> Result<(), Error> {
    let Some(brush) = paint::brush(color, area) else { return Ok(()) };
    context.drawing.push(Mark::Fill { transform: context.transform, shape, brush })
}
