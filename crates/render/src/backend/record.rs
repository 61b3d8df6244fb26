//! Marks to the calls that both renderers have: what a mark means, said once.
//!
//! The renderers cut what is drawn to the clips around it before they apply an effect to it: a shadow
//! would leave its clip. So a clip steps back while a layer with an effect is painted, and cuts what
//! came of it.
//!
//! Deliberately absent: any decision about the picture. A mark that a renderer cannot paint fails it.

use std::borrow::Cow;
use std::sync::Arc;

use kurbo::{
    Affine, BezPath, Diagonal2, PathEl, Rect, RoundedRect, RoundedRectRadii, Shape as _, Stroke,
    StrokeOpts,
};
use peniko::{BlendMode, Compose, Fill, ImageQuality, ImageSampler};
use skrifa::FontRef;
use skrifa::raw::TableProvider;
use vello_cpu::filter_effects::{EdgeMode, Filter, FilterPrimitive};
use vello_cpu::{Image, ImageSource, PaintType};

use crate::Error;
use crate::drawing::{Brush, Effect, GlyphRun, Layer, Mark, Shape};
use crate::pixels::Pixels;
use crate::work;

/// Scales that differ by less are even.
const EVEN: f64 = 1.0 / 4096.0;
/// How far a curve may lie from the true one, in its own px.
const TOLERANCE: f64 = 0.02;
/// How far the lines of which a curve is made may lie from it, in device pixels.
const LINES_PX: f64 = 0.1;

/// A renderer as marks see it. What is set holds for what follows.
pub(super) trait Scene {
    fn set_transform(&mut self, transform: Affine);
    /// Sets the paint and where it lies in the coordinates of what it paints.
    fn set_paint(&mut self, paint: PaintType, transform: Affine);
    fn set_stroke(&mut self, stroke: Stroke);
    fn set_fill_rule(&mut self, rule: Fill);
    fn fill_rect(&mut self, rect: &Rect);
    fn fill_path(&mut self, path: &BezPath);
    fn stroke_rect(&mut self, rect: &Rect);
    fn push_clip_rect(&mut self, rect: &Rect);
    fn push_clip_path(&mut self, path: &BezPath);
    fn pop_clip(&mut self);
    fn push_layer(
        &mut self,
        clip: Option<&BezPath>,
        blend: BlendMode,
        opacity: f32,
        filter: Option<Filter>,
    );
    fn pop_layer(&mut self);
    /// The picture as the renderer takes it.
    fn source(&mut self, image: &Arc<Pixels>) -> Result<ImageSource, Error>;
    /// Paints glyphs; transform, paint and stroke are set.
    fn glyphs(&mut self, run: &GlyphRun) -> Result<(), Error>;
}

/// Records marks.
pub(super) fn record<'a>(
    scene: &mut impl Scene,
    marks: impl IntoIterator<Item = &'a Mark>,
) -> Result<(), Error> {
    let mut recorder = Recorder { scene, open: Vec::new(), clips: Vec::new() };
    for mark in marks {
        recorder.mark(mark)?;
    }
    if recorder.open.is_empty() { Ok(()) } else { Err(unbalanced()) }
}

/// Where a shape lies.
type Clip<'a> = (Affine, &'a Shape);

/// A push that waits for its pop.
enum Open<'a> {
    Clip,
    /// With the clips that stepped back for it, and the layers that stand for it.
    Layer(Vec<Clip<'a>>, usize),
}

struct Recorder<'a, S> {
    scene: &'a mut S,
    open: Vec<Open<'a>>,
    /// What is cut as it is drawn.
    clips: Vec<Clip<'a>>,
}

impl<'a, S: Scene> Recorder<'a, S> {
    fn mark(&mut self, mark: &'a Mark) -> Result<(), Error> {
        match mark {
            Mark::Fill { transform, shape, brush } => {
                self.prepare(*transform, brush)?;
                self.fill(shape, *transform);
            }
            Mark::Stroke { transform, shape, stroke, brush } => {
                self.prepare(*transform, brush)?;
                match shape {
                    Shape::Rect(rect) => {
                        self.scene.set_stroke(stroke.clone());
                        self.scene.stroke_rect(rect);
                    }
                    Shape::Path(path) | Shape::EvenOdd(path) => {
                        let outline = kurbo::stroke(
                            path.iter(),
                            stroke,
                            &StrokeOpts::default(),
                            tolerance(*transform),
                        );
                        self.scene.fill_path(&lines(&outline, *transform));
                    }
                }
            }
            Mark::Glyphs(run) => {
                self.prepare(run.transform, &run.brush)?;
                if let Some(stroke) = &run.stroke {
                    self.scene.set_stroke(stroke.clone());
                }
                self.scene.glyphs(run)?;
            }
            Mark::Image { transform, image, corners } => {
                self.scene.set_transform(*transform);
                self.image(image, *transform, Affine::IDENTITY, 1.0)?;
                let area = Rect::new(0.0, 0.0, image.width.into(), image.height.into());
                if *corners == RoundedRectRadii::from_single_radius(0.0) {
                    self.scene.fill_rect(&area);
                } else {
                    let rounded = RoundedRect::from_rect(area, *corners);
                    self.scene.fill_path(&lines(&rounded.to_path(TOLERANCE), *transform));
                }
            }
            Mark::PushClip { transform, shape } => {
                self.clip((*transform, shape));
                self.open.push(Open::Clip);
            }
            Mark::PushLayer(layer) => self.layer(layer),
            Mark::Pop => self.pop()?,
        }
        Ok(())
    }

    fn prepare(&mut self, transform: Affine, brush: &Brush) -> Result<(), Error> {
        self.scene.set_transform(transform);
        match brush {
            Brush::Solid(color) => {
                self.scene.set_paint(PaintType::Solid(*color), Affine::IDENTITY);
            }
            Brush::Gradient { gradient, transform } => {
                let paint = PaintType::Gradient(gradient.as_ref().clone());
                self.scene.set_paint(paint, *transform);
            }
            Brush::Image { image, transform: own, opacity } => {
                self.image(image, transform * *own, *own, *opacity)?;
            }
        }
        Ok(())
    }

    /// Sets a picture as the paint.
    fn image(
        &mut self,
        image: &Arc<Pixels>,
        to_canvas: Affine,
        transform: Affine,
        alpha: f32,
    ) -> Result<(), Error> {
        let quality =
            if is_pixel_aligned(to_canvas) { ImageQuality::Low } else { ImageQuality::Medium };
        let sampler = ImageSampler { quality, alpha, ..ImageSampler::default() };
        let image = self.scene.source(image)?;
        self.scene.set_paint(PaintType::Image(Image { image, sampler }), transform);
        Ok(())
    }

    fn fill(&mut self, shape: &Shape, transform: Affine) {
        match shape {
            Shape::Rect(rect) => self.scene.fill_rect(rect),
            Shape::Path(path) => self.scene.fill_path(&lines(path, transform)),
            Shape::EvenOdd(path) => {
                self.scene.set_fill_rule(Fill::EvenOdd);
                self.scene.fill_path(&lines(path, transform));
                self.scene.set_fill_rule(Fill::NonZero);
            }
        }
    }

    fn clip(&mut self, clip: Clip<'a>) {
        let (transform, shape) = clip;
        self.scene.set_transform(transform);
        match shape {
            Shape::Rect(rect) => self.scene.push_clip_rect(rect),
            Shape::Path(path) => self.scene.push_clip_path(&lines(path, transform)),
            Shape::EvenOdd(path) => {
                self.scene.set_fill_rule(Fill::EvenOdd);
                self.scene.push_clip_path(&lines(path, transform));
                self.scene.set_fill_rule(Fill::NonZero);
            }
        }
        self.clips.push(clip);
    }

    fn layer(&mut self, layer: &Layer) {
        let filter = layer.effect.as_ref().map(filter);
        // What stays within the shapes below is cut by their clips already.
        let over = layer.blend.compose == Compose::SrcOver;
        let steps_back = filter.is_some() || !over;
        let back = if steps_back { std::mem::take(&mut self.clips) } else { Vec::new() };
        back.iter().for_each(|_| self.scene.pop_clip());
        let (mut blend, mut opacity) = (layer.blend, layer.opacity);
        let cut = if over { back.as_slice() } else { &[] };
        for clip in cut {
            self.clip_layer(clip, std::mem::take(&mut blend), std::mem::replace(&mut opacity, 1.0));
        }
        self.scene.set_transform(Affine::IDENTITY);
        self.scene.push_layer(None, blend, opacity, filter);
        let layers = cut.len() + 1;
        self.open.push(Open::Layer(back, layers));
    }

    fn clip_layer(&mut self, (transform, shape): &Clip<'a>, blend: BlendMode, opacity: f32) {
        self.scene.set_transform(*transform);
        match shape {
            Shape::Rect(rect) => {
                self.scene.push_layer(Some(&rect.to_path(TOLERANCE)), blend, opacity, None);
            }
            Shape::Path(path) => {
                self.scene.push_layer(Some(&lines(path, *transform)), blend, opacity, None);
            }
            Shape::EvenOdd(path) => {
                self.scene.set_fill_rule(Fill::EvenOdd);
                self.scene.push_layer(Some(&lines(path, *transform)), blend, opacity, None);
                self.scene.set_fill_rule(Fill::NonZero);
            }
        }
    }

    fn pop(&mut self) -> Result<(), Error> {
        match self.open.pop().ok_or_else(unbalanced)? {
            Open::Clip => {
                self.scene.pop_clip();
                self.clips.pop();
            }
            Open::Layer(back, layers) => {
                (0..layers).for_each(|_| self.scene.pop_layer());
                back.into_iter().for_each(|clip| self.clip(clip));
            }
        }
        Ok(())
    }
}

/// A path in straight lines. Renderers would make them too, of a number that depends on where on the canvas
/// the path stands, at the limit of what their numbers tell apart.
fn lines(path: &BezPath, transform: Affine) -> Cow<'_, BezPath> {
    let is_curve = |element: &PathEl| matches!(element, PathEl::QuadTo(..) | PathEl::CurveTo(..));
    if !path.elements().iter().any(is_curve) {
        return Cow::Borrowed(path);
    }
    let mut lines = BezPath::new();
    kurbo::flatten(path.iter(), tolerance(transform), |element| lines.push(element));
    Cow::Owned(lines)
}

/// How far lines may lie from a curve that is placed so, in its own px.
fn tolerance(transform: Affine) -> f64 {
    LINES_PX / work::scale(transform).max(f64::MIN_POSITIVE)
}

/// A run of glyphs for the renderer that `builder` comes from.
pub(super) fn glyphs<'a, B: glifo::GlyphRunBackend<'a>>(
    builder: glifo::GlyphRunBuilder<'a, B>,
    run: &'a GlyphRun,
) -> Result<(), Error> {
    let mut builder =
        builder.font_size(run.size).hint(false).normalized_coords(run.coords.as_slice());
    if run.skew != 0.0 {
        let slant = f64::from(run.skew).to_radians().tan();
        builder = builder.glyph_transform(Affine::skew(-slant, 0.0));
    }
    if run.embolden != 0.0 {
        let amount = f64::from(run.embolden) * em(run);
        builder = builder.font_embolden(glifo::FontEmbolden::new(Diagonal2::new(amount, amount)));
    }
    let placed = run.glyphs.iter().map(|at| glifo::Glyph { id: at.id, x: at.x, y: at.y });
    let painted = match &run.stroke {
        Some(_) => builder.stroke_glyphs(placed),
        None => builder.fill_glyphs(placed),
    };
    painted.map_err(|error| Error::Paint { reason: error.to_string() })
}

/// An em in what outlines are cached in when they grow: units of the font file, or px when they are
/// stroked, scaled already where the scale is even.
fn em(run: &GlyphRun) -> f64 {
    let size = f64::from(run.size);
    if run.stroke.is_none() {
        let font = FontRef::from_index(run.font.data.data(), run.font.index);
        return font.and_then(|font| font.head()).map_or(0.0, |head| head.units_per_em().into());
    }
    let [scale_x, skew_y, skew_x, scale_y, ..] = run.transform.as_coeffs();
    let is_even = (scale_x - scale_y).abs() < EVEN && skew_x.abs() < EVEN && skew_y.abs() < EVEN;
    if is_even && scale_y > 0.0 && run.skew == 0.0 { size * scale_y } else { size }
}

#[expect(clippy::cast_possible_truncation, reason = "limited to a few thousand px")]
fn filter(effect: &Effect) -> Filter {
    let edge_mode = EdgeMode::None;
    Filter::from_primitive(match *effect {
        Effect::Shadow { offset, deviation, color } => FilterPrimitive::DropShadowOnly {
            dx: offset.x as f32,
            dy: offset.y as f32,
            std_deviation: deviation as f32,
            color,
            edge_mode,
        },
        Effect::Blur { deviation } => {
            FilterPrimitive::GaussianBlur { std_deviation: deviation as f32, edge_mode }
        }
    })
}

/// Whether the image's pixels fall on the canvas's pixels.
pub(super) fn is_pixel_aligned(transform: Affine) -> bool {
    let [scale_x, skew_y, skew_x, scale_y, x, y] = transform.as_coeffs();
    [scale_x, scale_y] == [1.0, 1.0]
        && [skew_x, skew_y] == [0.0, 0.0]
        && x.fract() == 0.0
        && y.fract() == 0.0
}

/// A push without its pop.
pub(super) fn unbalanced() -> Error {
    Error::Paint { reason: "a push without its pop, or the other way round".to_owned() }
}
