//! What marks cost to paint and how far they reach, foreseen from their geometry.
//!
//! One unit is about a nanosecond of the CPU painter on one core. The limit is so wide that no card
//! comes near it: it stops templates that would hold a worker for minutes, or take its memory, before
//! anything is painted. Estimates are rather too high than too low.
//!
//! Deliberately absent: the cost of pictures and of text before they are marks; what callers send is
//! bounded in the model.

use kurbo::{Affine, BezPath, PathEl, Point, Rect, Size, Stroke};
use peniko::BlendMode;

use crate::Error;
use crate::drawing::{Brush, Effect, GlyphRun, Layer, Mark, Shape};

/// Units that one drawing may cost.
const WORK_MAX: f64 = 4e9;
/// A pixel of plain colour, which is mostly filling memory.
const SOLID: f64 = 0.3;
/// A pixel of a gradient or a picture.
const SHADED: f64 = 5.0;
/// A pixel of a layer that is laid over another.
const LAYERED: f64 = 6.0;
/// The same when their colours mix.
const MIXED: f64 = 20.0;
/// A pixel that is blurred. It bounds memory too, as blurred layers are kept until all is painted.
const BLURRED: f64 = 30.0;
/// The same when it is blurred so little that it is not made smaller for it.
const BLURRED_LITTLE: f64 = 60.0;
/// Up to which standard deviation that is so.
const LITTLE: f64 = 2.0;
/// A segment of an outline, before its length counts.
const SEGMENT: f64 = 200.0;
/// A pixel of the length of an outline.
const LENGTH: f64 = 20.0;
/// A dash.
const DASH: f64 = 3_000.0;
/// A glyph, before its size counts.
const GLYPH: f64 = 3_000.0;
/// A pixel of a glyph's size.
const GLYPH_SIZE: f64 = 150.0;
/// Sides of an outline that is stroked, with its joins, for each segment of the line.
const STROKED: f64 = 3.0;
/// Standard deviations after which a blur has faded.
const BLUR_REACH: f64 = 3.0;
/// How far glyphs reach from where they stand, in font sizes.
const GLYPH_REACH: f64 = 2.0;

/// What the marks so far cost, by what makes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Work {
    areas: f64,
    outlines: f64,
    dashes: f64,
    glyphs: f64,
    layers: f64,
    blurs: f64,
}

impl Work {
    /// Counts what other marks cost besides.
    pub(crate) fn add(&mut self, other: Self) {
        self.areas += other.areas;
        self.outlines += other.outlines;
        self.dashes += other.dashes;
        self.glyphs += other.glyphs;
        self.layers += other.layers;
        self.blurs += other.blurs;
    }

    /// What was counted since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            areas: self.areas - before.areas,
            outlines: self.outlines - before.outlines,
            dashes: self.dashes - before.dashes,
            glyphs: self.glyphs - before.glyphs,
            layers: self.layers - before.layers,
            blurs: self.blurs - before.blurs,
        }
    }

    /// # Errors
    /// [`Error::TooComplex`] with what costs most, when all of it is too much.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let parts = [
            (self.areas, "areas that it fills"),
            (self.outlines, "outlines of its shapes"),
            (self.dashes, "dashes"),
            (self.glyphs, "glyphs of its texts"),
            (self.layers, "groups that fade or blend"),
            (self.blurs, "shadows and blurs"),
        ];
        // What is no number at all is too much as well.
        if parts.iter().map(|(units, _)| units).sum::<f64>() <= WORK_MAX {
            return Ok(());
        }
        let (_, most) =
            parts.into_iter().max_by(|(a, _), (b, _)| a.total_cmp(b)).unwrap_or_default();
        Err(Error::TooComplex { element: String::new(), most })
    }
}

/// How far marks reach; nowhere when there are none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reach(Option<Rect>);

impl Reach {
    pub(crate) fn of(rect: Rect) -> Self {
        Self(Some(rect))
    }

    pub(crate) fn add(&mut self, Self(other): Self) {
        self.0 = match (self.0, other) {
            (Some(own), Some(other)) => Some(own.union(other)),
            (own, other) => own.or(other),
        };
    }

    /// The rectangle around all of it.
    pub(crate) fn rect(self) -> Rect {
        self.0.unwrap_or_default()
    }
}

/// How far a mark reaches that is no push and no pop.
pub(crate) fn reach(mark: &Mark) -> Reach {
    match mark {
        Mark::Fill { transform, shape, .. } => {
            Reach::of(transform.transform_rect_bbox(shape.bounds()))
        }
        Mark::Stroke { transform, shape, stroke, .. } => {
            // Miters are the longest joins, and the corners of square caps.
            let beyond = stroke.width / 2.0 * stroke.miter_limit.max(1.5);
            Reach::of(transform.transform_rect_bbox(shape.bounds().inflate(beyond, beyond)))
        }
        Mark::Image { transform, image, .. } => {
            let area = Rect::new(0.0, 0.0, image.width.into(), image.height.into());
            Reach::of(transform.transform_rect_bbox(area))
        }
        Mark::Glyphs(run) => glyphs_reach(run),
        Mark::PushClip { .. } | Mark::PushLayer(_) | Mark::Pop => Reach::default(),
    }
}

fn glyphs_reach(run: &GlyphRun) -> Reach {
    let mut glyphs = run.glyphs.iter().map(|glyph| Point::new(glyph.x.into(), glyph.y.into()));
    let Some(first) = glyphs.next() else {
        return Reach::default();
    };
    let around = glyphs.fold(Rect::from_points(first, first), |around, at| around.union_pt(at));
    let width = run.stroke.as_ref().map_or(0.0, |stroke| stroke.width);
    let beyond = f64::from(run.size) * GLYPH_REACH + width;
    Reach::of(run.transform.transform_rect_bbox(around.inflate(beyond, beyond)))
}

/// Counts what a mark costs that is no push and no pop, and answers how far it reaches.
pub(crate) fn paint(mark: &Mark, canvas: Rect, work: &mut Work) -> Reach {
    let reach = reach(mark);
    let area = reach.rect().intersect(canvas).area();
    // What lies beyond the canvas costs little, however long it is.
    let longest = canvas.width() + canvas.height();
    match mark {
        Mark::Fill { transform, shape, brush } => {
            work.areas += area * shade(brush);
            let outline = Outline::of(shape, scale(*transform), longest);
            work.outlines += outline.segments * SEGMENT + outline.length * LENGTH;
        }
        Mark::Stroke { transform, shape, stroke, brush } => {
            let scale = scale(*transform);
            let outline = Outline::of(shape, scale, longest);
            let width = stroke.width * scale + 1.0;
            work.areas += area.min(outline.length * width) * shade(brush);
            work.outlines += STROKED * (outline.segments * SEGMENT + outline.length * LENGTH);
            work.dashes += dashes(shape, stroke) * DASH;
        }
        Mark::Image { .. } => work.areas += area * SHADED,
        Mark::Glyphs(run) => {
            let size = f64::from(run.size) * scale(run.transform);
            let each = GLYPH + size.min(longest) * GLYPH_SIZE;
            let passes = if run.stroke.is_some() || run.colored { STROKED } else { 1.0 };
            work.glyphs += run.glyphs.len() as f64 * each * passes;
        }
        Mark::PushClip { .. } | Mark::PushLayer(_) | Mark::Pop => {}
    }
    reach
}

/// Counts what a clip or a layer costs whose contents reach so far, and answers how far it reaches
/// itself.
pub(crate) fn close(push: &Mark, inside: Reach, canvas: Rect, work: &mut Work) -> Reach {
    let rect = inside.rect();
    match push {
        Mark::PushClip { transform, shape } => {
            let longest = canvas.width() + canvas.height();
            let outline = Outline::of(shape, scale(*transform), longest);
            work.outlines += outline.segments * SEGMENT + outline.length * LENGTH;
        }
        Mark::PushLayer(Layer { effect: Some(effect), .. }) => {
            let beyond = effect.beyond();
            let seen = rect.intersect(canvas.inflate(beyond, beyond));
            if !seen.is_zero_area() {
                let (Effect::Shadow { deviation, .. } | Effect::Blur { deviation }) = *effect;
                let each = if deviation > LITTLE { BLURRED } else { BLURRED_LITTLE };
                work.blurs += seen.inflate(beyond, beyond).area() * each;
            }
        }
        Mark::PushLayer(layer) if layer.blend != BlendMode::default() => {
            work.layers += rect.intersect(canvas).area() * MIXED;
        }
        _ => work.layers += rect.intersect(canvas).area() * LAYERED,
    }
    closed(push, inside)
}

/// How far marks reach, every push among them with its pop. `layer` hears of each layer with an effect:
/// how far what is in it reaches, how far its own effect carries that, and those around it.
pub(crate) fn reach_of(marks: &[Mark], layer: impl FnMut(Rect, f64, f64)) -> Rect {
    reach_by(marks, reach, layer)
}

/// The same, by another measure of how far a mark reaches that is no push and no pop.
pub(crate) fn reach_by<'a>(
    marks: impl IntoIterator<Item = &'a Mark>,
    mut measure: impl FnMut(&Mark) -> Reach,
    mut layer: impl FnMut(Rect, f64, f64),
) -> Rect {
    let mut reach = Reach::default();
    let mut open = Vec::new();
    for mark in marks {
        match mark {
            Mark::PushClip { .. } | Mark::PushLayer(_) => {
                open.push((mark, std::mem::take(&mut reach)));
            }
            Mark::Pop => {
                if let Some((pushed, around)) = open.pop() {
                    let inside = std::mem::replace(&mut reach, around);
                    if let Some(own) = beyond(pushed) {
                        let outer = open.iter().filter_map(|(pushed, _)| beyond(pushed)).sum();
                        layer(inside.rect(), own, outer);
                    }
                    reach.add(closed(pushed, inside));
                }
            }
            painted => reach.add(measure(painted)),
        }
    }
    reach.rect()
}

/// The size of the largest layer with an effect, at most.
pub(crate) fn largest_layer(marks: &[Mark], canvas: Rect) -> Size {
    let mut largest = Size::ZERO;
    reach_of(marks, |inside, own, outer| {
        let around = own + outer;
        let size = inside.intersect(canvas.inflate(around, around)).inflate(own, own).size();
        largest = Size::new(largest.width.max(size.width), largest.height.max(size.height));
    });
    largest
}

fn beyond(push: &Mark) -> Option<f64> {
    match push {
        Mark::PushLayer(Layer { effect, .. }) => effect.as_ref().map(Effect::beyond),
        _ => None,
    }
}

/// How far a clip or a layer reaches whose contents reach so far.
pub(crate) fn closed(push: &Mark, inside: Reach) -> Reach {
    let Reach(Some(rect)) = inside else {
        return inside;
    };
    match push {
        Mark::PushClip { transform, shape } => {
            Reach::of(rect.intersect(transform.transform_rect_bbox(shape.bounds())))
        }
        Mark::PushLayer(Layer { effect: Some(effect), .. }) => {
            let beyond = effect.beyond();
            Reach::of(rect.inflate(beyond, beyond))
        }
        _ => inside,
    }
}

impl Effect {
    /// How far it may carry a pixel, in device pixels.
    pub(crate) fn beyond(&self) -> f64 {
        match *self {
            Self::Shadow { offset, deviation, .. } => {
                deviation * BLUR_REACH + offset.x.abs().max(offset.y.abs())
            }
            Self::Blur { deviation } => deviation * BLUR_REACH,
        }
    }
}

fn shade(brush: &Brush) -> f64 {
    match brush {
        Brush::Solid(_) => SOLID,
        Brush::Gradient { .. } | Brush::Image { .. } => SHADED,
    }
}

/// By how much lengths grow at most.
pub(crate) fn scale(transform: Affine) -> f64 {
    let [a, b, c, d, ..] = transform.as_coeffs();
    a.hypot(b).max(c.hypot(d))
}

fn dashes(shape: &Shape, stroke: &Stroke) -> f64 {
    if stroke.dash_pattern.is_empty() {
        return 0.0;
    }
    let period: f64 = stroke.dash_pattern.iter().sum();
    let length = Outline::of(shape, 1.0, f64::INFINITY).length;
    if period > 0.0 { length / period * stroke.dash_pattern.len() as f64 } else { f64::INFINITY }
}

/// The size of an outline.
#[derive(Clone, Copy, Default)]
struct Outline {
    segments: f64,
    /// In device pixels.
    length: f64,
}

impl Outline {
    /// The outline of a shape, scaled; no segment counts as longer than `longest`.
    fn of(shape: &Shape, scale: f64, longest: f64) -> Self {
        match shape {
            Shape::Rect(rect) => {
                let (width, height) = (rect.width() * scale, rect.height() * scale);
                let length = 2.0 * (width.min(longest) + height.min(longest));
                Self { segments: 4.0, length }
            }
            Shape::Path(path) | Shape::EvenOdd(path) => Self::of_path(path, scale, longest),
        }
    }

    /// As long as the lines between the path's points and control points, which is never too short.
    fn of_path(path: &BezPath, scale: f64, longest: f64) -> Self {
        let mut outline = Self::default();
        let (mut at, mut start) = (Point::ZERO, Point::ZERO);
        let mut to = |from: Point, points: &[Point]| {
            let (mut at, mut length) = (from, 0.0);
            for point in points {
                let step = *point - at;
                length += step.x.abs() + step.y.abs();
                at = *point;
            }
            outline.segments += 1.0;
            outline.length += (length * scale).min(longest);
            at
        };
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(point) => (at, start) = (point, point),
                PathEl::LineTo(point) => at = to(at, &[point]),
                PathEl::QuadTo(control, point) => at = to(at, &[control, point]),
                PathEl::CurveTo(first, second, point) => at = to(at, &[first, second, point]),
                PathEl::ClosePath => at = to(at, &[start]),
            }
        }
        outline
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kurbo::Vec2;
    use peniko::Color;

    use super::*;
    use crate::drawing::Drawing;

    fn fill(rect: Rect) -> Mark {
        let brush = Brush::Solid(Color::BLACK);
        Mark::Fill { transform: Affine::IDENTITY, shape: Shape::Rect(rect), brush }
    }

    fn stroke(path: BezPath, stroke: Stroke) -> Mark {
        let shape = Shape::Path(Arc::new(path));
        let brush = Brush::Solid(Color::BLACK);
        Mark::Stroke { transform: Affine::IDENTITY, shape, stroke, brush }
    }

    fn blur(deviation: f64) -> Mark {
        Mark::PushLayer(Layer { effect: Some(Effect::Blur { deviation }), ..Layer::default() })
    }

    /// The mark, as often as it takes to be refused; at most `times`.
    #[track_caller]
    fn check(marks: &[Mark], times: usize, most: Option<&str>) {
        let mut drawing = Drawing::new(1200, 630);
        let refused = (0..times)
            .flat_map(|_| marks)
            .find_map(|mark| drawing.push(mark.clone()).err())
            .map(|error| error.to_string());
        match (refused, most) {
            (None, None) => {}
            (Some(refused), Some(most)) => assert!(refused.contains(most), "{refused}"),
            (refused, most) => panic!("{refused:?}, not {most:?}"),
        }
    }

    #[test]
    fn drawings_that_would_hold_a_worker_are_refused() {
        let canvas = Rect::new(0.0, 0.0, 1200.0, 630.0);
        let zigzag = |count: u32| {
            let mut path = BezPath::new();
            path.move_to((0.0, 0.0));
            (0..count)
                .for_each(|at| path.line_to((f64::from(at % 2) * 1200.0, f64::from(at % 600))));
            path
        };
        let (solid, plain) = (fill(canvas), Stroke::new(1.0));
        check(std::slice::from_ref(&solid), 10_000, None);
        check(std::slice::from_ref(&solid), 20_000, Some("areas"));
        check(&[stroke(zigzag(10_000), plain.clone())], 2, None);
        check(&[stroke(zigzag(50_000), plain.clone())], 2, Some("outlines"));
        let dashed = |length: f64| Stroke::new(1.0).with_dashes(0.0, [length, length]);
        check(&[stroke(zigzag(40), dashed(4.0))], 5, None);
        check(&[stroke(zigzag(5), dashed(1e-3))], 1, Some("dashes"));
        check(&[stroke(zigzag(2), dashed(0.0))], 1, Some("dashes"));
        check(&[blur(300.0), solid.clone(), Mark::Pop], 4, None);
        check(&[blur(300.0), solid.clone(), Mark::Pop], 100, Some("blurs"));
        let layer = Mark::PushLayer(Layer::default());
        check(&[layer.clone(), solid.clone(), Mark::Pop], 500, None);
        check(&[layer, solid, Mark::Pop], 2000, Some("groups"));
    }

    #[test]
    fn what_lies_far_away_costs_what_the_canvas_costs() {
        let mut far = BezPath::new();
        far.move_to((-1e300, 0.0));
        far.line_to((1e300, 1e300));
        check(&[stroke(far, Stroke::new(1.0))], 1_000, None);
        check(&[fill(Rect::new(-1e9, -1e9, 1e9, 1e9))], 1_000, None);
        let beyond = Rect::new(90_000.0, 0.0, 99_000.0, 9_000.0);
        check(&[blur(9.0), fill(beyond), Mark::Pop], 1_000, None);
    }

    #[test]
    fn layers_reach_as_far_as_their_effects_carry() {
        let square = Rect::new(100.0, 100.0, 110.0, 110.0);
        let shadow =
            Effect::Shadow { offset: Vec2::new(5.0, 0.0), deviation: 2.0, color: Color::BLACK };
        let layer = Mark::PushLayer(Layer { effect: Some(shadow), ..Layer::default() });
        let shape = Shape::Rect(Rect::new(0.0, 0.0, 105.0, 500.0));
        let clip = Mark::PushClip { transform: Affine::IDENTITY, shape };
        let mut drawing = Drawing::new(200, 200);
        for mark in [fill(Rect::ZERO), clip, layer, fill(square), Mark::Pop, Mark::Pop] {
            drawing.push(mark).unwrap();
        }
        assert_eq!(drawing.reach(1), Rect::new(89.0, 89.0, 105.0, 121.0));
        assert_eq!(drawing.reach(6), Rect::ZERO, "of no marks");
    }
}
