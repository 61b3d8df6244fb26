//! What painting a document takes, in time and memory, before it is painted.
//!
//! The unit is a nanosecond of one slow core, as measured on documents that do one thing many times.
//! Estimates lie on the high side; what they must not do is miss a way of making a small document
//! take minutes or gigabytes.

use resvg::tiny_skia::{Rect, Transform};
use resvg::usvg::filter::{Filter, Kind};
use resvg::usvg::tiny_skia_path::PathVerb;
use resvg::usvg::{ClipPath, Group, ImageKind, Mask, Node, Paint, Path, Pattern, Stroke, Tree};

use super::Refusal;
use super::stroke::{Pen, SEGMENTS_MAX};

/// Work for one picture.
const NS_MAX: f64 = 3e9;
/// Times that a large picture may be painted over instead.
const COATS_MAX: f64 = 16.0;
/// Pixels of layers, masks and patterns held at once, besides the picture: half a gigabyte.
const HELD_PX_MAX: f64 = 128e6;
/// Dashes of all strokes.
const DASHES_MAX: f64 = 200_000.0;

/// How far from the origin a path may reach: tiny-skia counts pixels in small integers.
const REACH_PX_MAX: f64 = 1e8;

/// A pixel of a plain fill, of a gradient or pattern, of a layer and of an image.
const FILL_NS: f64 = 20.0;
const SHADER_NS: f64 = 70.0;
const LAYER_NS: f64 = 30.0;
const IMAGE_NS: f64 = 160.0;
/// A vertex on its way from the document to the painter, and a dash.
const POINT_NS: f64 = 200.0;
const DASH_NS: f64 = 2_000.0;
/// A segment of the outline of a stroke.
const SEGMENT_NS: f64 = 250.0;
/// An edge of a shape on a row of samples, and an edge passed over while another finds its place in
/// the row: the second makes crowds of edges expensive.
const STEP_NS: f64 = 30.0;
const PASS_NS: f64 = 2.5;
/// Rows of samples to a pixel.
const ROWS_PER_PX: f64 = 4.0;

/// Refuses a document whose painting would take too long or too much memory.
pub(super) fn check(
    tree: &Tree,
    transform: Transform,
    width: u32,
    height: u32,
) -> Result<(), Refusal> {
    let canvas = Extent::new(f64::from(width), f64::from(height));
    let ns_max = NS_MAX.max(COATS_MAX * FILL_NS * canvas.px());
    let mut cost = Cost { ns: 0.0, ns_max, held: 0.0, dashes: 0.0 };
    cost.children(tree.root(), transform, canvas)
}

/// The part of the plane that is painted, in pixels.
#[derive(Clone, Copy)]
struct Extent {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Extent {
    fn new(width: f64, height: f64) -> Self {
        Self { left: 0.0, top: 0.0, right: width, bottom: height }
    }

    fn px(self) -> f64 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }

    /// As far as resvg lets a layer reach.
    fn reach(self) -> Self {
        let (width, height) = (self.right - self.left, self.bottom - self.top);
        Self {
            left: self.left - 2.0 * width,
            top: self.top - 2.0 * height,
            right: self.right + 2.0 * width,
            bottom: self.bottom + 2.0 * height,
        }
    }

    /// What is seen of `rect`; all of it when its place is not known.
    fn cut(self, rect: Rect, transform: Transform) -> Self {
        let Some(rect) = rect.transform(transform) else {
            return self;
        };
        Self {
            left: self.left.max(f64::from(rect.left())),
            top: self.top.max(f64::from(rect.top())),
            right: self.right.min(f64::from(rect.right())),
            bottom: self.bottom.min(f64::from(rect.bottom())),
        }
    }
}

fn too_long() -> Refusal {
    let reason = "painting it would take too long; use fewer shapes, strokes, layers or filters";
    Refusal::Complex { reason: reason.to_owned() }
}

struct Cost {
    ns: f64,
    ns_max: f64,
    held: f64,
    dashes: f64,
}

impl Cost {
    fn spend(&mut self, ns: f64) -> Result<(), Refusal> {
        self.ns += ns;
        // Written so that a NaN is refused.
        if self.ns <= self.ns_max { Ok(()) } else { Err(too_long()) }
    }

    /// Holds `px` while `inside` runs.
    fn hold(
        &mut self,
        px: f64,
        inside: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.held += px;
        if self.held > HELD_PX_MAX || self.held.is_nan() {
            let reason = "painting it would take too much memory; use fewer nested layers";
            return Err(Refusal::Complex { reason: reason.to_owned() });
        }
        self.spend(LAYER_NS * px)?;
        inside(self)?;
        self.held -= px;
        Ok(())
    }

    fn children(&mut self, group: &Group, ts: Transform, seen: Extent) -> Result<(), Refusal> {
        for node in group.children() {
            match node {
                Node::Group(group) => self.group(group, ts, seen)?,
                Node::Path(path) => self.path(path, ts, seen)?,
                Node::Text(text) => self.group(text.flattened(), ts, seen)?,
                Node::Image(image) => {
                    // Decoded again each time it is painted.
                    let size = image.size();
                    let px = f64::from(size.width()) * f64::from(size.height());
                    debug_assert!(!matches!(image.kind(), ImageKind::SVG(_)), "never resolved");
                    let seen = seen.cut(image.bounding_box(), ts);
                    self.hold(px, |cost| cost.spend(IMAGE_NS * seen.px()))?;
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &Group, ts: Transform, seen: Extent) -> Result<(), Refusal> {
        self.spend(POINT_NS)?;
        let ts = ts.pre_concat(group.transform());
        if !group.should_isolate() {
            return self.children(group, ts, seen);
        }
        let layer = seen.reach().cut(group.layer_bounding_box().to_rect(), ts);
        self.hold(layer.px(), |cost| {
            cost.children(group, ts, layer)?;
            for filter in group.filters() {
                cost.filter(filter, ts, layer)?;
            }
            if let Some(clip) = group.clip_path() {
                cost.clip(clip, ts, layer)?;
            }
            group.mask().map_or(Ok(()), |mask| cost.mask(mask, ts, layer))
        })
    }

    fn clip(&mut self, clip: &ClipPath, ts: Transform, layer: Extent) -> Result<(), Refusal> {
        self.hold(layer.px(), |cost| {
            // Each group in a clip path that has a clip path itself takes a layer more.
            cost.group(clip.root(), ts.pre_concat(clip.transform()), layer)?;
            clip.clip_path().map_or(Ok(()), |clip| cost.clip(clip, ts, layer))
        })
    }

    fn mask(&mut self, mask: &Mask, ts: Transform, layer: Extent) -> Result<(), Refusal> {
        self.hold(2.0 * layer.px(), |cost| {
            cost.group(mask.root(), ts, layer)?;
            mask.mask().map_or(Ok(()), |mask| cost.mask(mask, ts, layer))
        })
    }

    fn path(&mut self, path: &Path, ts: Transform, seen: Extent) -> Result<(), Refusal> {
        let outline = Outline::new(path, ts, seen);
        let (across, down) = ts.get_scale();
        let scale = f64::from(across.max(down));
        let reach = outline.reach * scale;
        if reach > REACH_PX_MAX || reach.is_nan() {
            let reason = format!("it draws farther than {REACH_PX_MAX} px from its origin");
            return Err(Refusal::Complex { reason });
        }
        let area = seen.cut(path.stroke_bounding_box(), ts);
        self.spend(POINT_NS * (outline.points + 1.0))?;
        if let Some(fill) = path.fill() {
            self.edges(outline.points, outline.rise, area)?;
            self.paint(fill.paint(), area.px(), ts)?;
        }
        if let Some(stroke) = path.stroke() {
            let dashes = self.dashes(path, stroke)?;
            let width = f64::from(stroke.width().get()) * scale;
            // A thinner one is drawn as a line of that width, without an outline.
            if width > 1.0 {
                let segments = (outline.curves + dashes) * Pen::new(width).segments(reach);
                if segments > SEGMENTS_MAX || segments.is_nan() {
                    return Err(too_long());
                }
                self.spend(SEGMENT_NS * segments)?;
            }
            // Two sides, and a few edges where two segments join.
            let points = 4.0 * outline.points;
            self.edges(points, 2.0 * (outline.rise + width * outline.points), area)?;
            let painted = (outline.length + width * outline.points) * width;
            self.paint(stroke.paint(), painted.min(area.px()), ts)?;
        }
        Ok(())
    }

    /// Edges that rise by so many pixels in all.
    fn edges(&mut self, count: f64, rise: f64, area: Extent) -> Result<(), Refusal> {
        let steps = (rise + count) * ROWS_PER_PX;
        let rows = (area.bottom - area.top).max(1.0) * ROWS_PER_PX;
        self.spend(STEP_NS * steps + PASS_NS * count * (steps / rows).min(count))
    }

    fn paint(&mut self, paint: &Paint, px: f64, ts: Transform) -> Result<(), Refusal> {
        match paint {
            Paint::Color(_) => self.spend(FILL_NS * px),
            Paint::LinearGradient(_) | Paint::RadialGradient(_) => self.spend(SHADER_NS * px),
            Paint::Pattern(pattern) => {
                self.spend(SHADER_NS * px)?;
                self.pattern(pattern, ts)
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern, ts: Transform) -> Result<(), Refusal> {
        let (scale_x, scale_y) = ts.pre_concat(pattern.transform()).get_scale();
        let tile = Extent::new(
            f64::from(pattern.rect().width() * scale_x).round(),
            f64::from(pattern.rect().height() * scale_y).round(),
        );
        self.hold(tile.px(), |cost| {
            cost.children(pattern.root(), Transform::from_scale(scale_x, scale_y), tile)
        })
    }

    /// A dash is a path of its own; a pattern of hairs along a long line is a million of them.
    fn dashes(&mut self, path: &Path, stroke: &Stroke) -> Result<f64, Refusal> {
        let Some(dashes) = stroke.dasharray() else {
            return Ok(0.0);
        };
        let period: f64 = dashes.iter().map(|dash| f64::from(*dash)).sum();
        let points = path.data().points();
        let length: f64 =
            points.windows(2).map(|pair| f64::from((pair[1] - pair[0]).length())).sum();
        let count = length / period * dashes.len() as f64;
        self.dashes += count;
        if self.dashes > DASHES_MAX || self.dashes.is_nan() {
            let reason = format!("its strokes have more than {DASHES_MAX} dashes");
            return Err(Refusal::Complex { reason });
        }
        self.spend(DASH_NS * count)?;
        Ok(count)
    }

    fn filter(&mut self, filter: &Filter, ts: Transform, layer: Extent) -> Result<(), Refusal> {
        let px = layer.px();
        // Every primitive keeps its result until the last is done.
        self.hold(px * (1.0 + filter.primitives().len() as f64), |cost| {
            for primitive in filter.primitives() {
                if let Kind::Image(image) = primitive.kind() {
                    cost.group(image.root(), ts, layer)?;
                }
                cost.spend(primitive_ns(primitive.kind(), ts) * px)?;
            }
            Ok(())
        })
    }
}

/// What a primitive takes for each pixel.
fn primitive_ns(kind: &Kind, ts: Transform) -> f64 {
    let (across, down) = ts.get_scale();
    let blur = |x: f32, y: f32| {
        // Small ones are exact, large ones are made of boxes.
        if f64::from((x * across).max(y * down)) < 2.0 { 400.0 } else { 160.0 }
    };
    match kind {
        Kind::ConvolveMatrix(matrix) => {
            let matrix = matrix.matrix();
            80.0 + 10.0 * f64::from(matrix.columns()) * f64::from(matrix.rows())
        }
        Kind::Morphology(reach) => {
            let width = 2.0 * f64::from(reach.radius_x().get() * across) + 1.0;
            let height = 2.0 * f64::from(reach.radius_y().get() * down) + 1.0;
            80.0 + 10.0 * width * height
        }
        Kind::Turbulence(noise) => 80.0 + 130.0 * f64::from(noise.num_octaves()),
        Kind::GaussianBlur(this) => blur(this.std_dev_x().get(), this.std_dev_y().get()),
        Kind::DropShadow(this) => blur(this.std_dev_x().get(), this.std_dev_y().get()) + 80.0,
        Kind::DiffuseLighting(_) | Kind::SpecularLighting(_) => 130.0,
        Kind::Blend(_)
        | Kind::ColorMatrix(_)
        | Kind::ComponentTransfer(_)
        | Kind::Composite(_)
        | Kind::DisplacementMap(_)
        | Kind::Flood(_)
        | Kind::Image(_)
        | Kind::Merge(_)
        | Kind::Offset(_)
        | Kind::Tile(_) => 100.0,
    }
}

/// How large a path is where it is seen, by its control points.
struct Outline {
    points: f64,
    curves: f64,
    /// The largest coordinate, in the path's own units.
    reach: f64,
    /// Length in pixels.
    length: f64,
    /// Sum of the heights of its segments in pixels, as far as they are seen.
    rise: f64,
}

impl Outline {
    fn new(path: &Path, ts: Transform, seen: Extent) -> Self {
        let data = path.data();
        let curved = |verb: &&PathVerb| matches!(verb, PathVerb::Quad | PathVerb::Cubic);
        let curves = data.verbs().iter().filter(curved).count() as f64;
        let points = data.len() as f64;
        let mut outline = Self { points, curves, reach: 0.0, length: 0.0, rise: 0.0 };
        let mut last: Option<(f64, f64)> = None;
        for point in data.points() {
            outline.reach = outline.reach.max(f64::from(point.x.abs().max(point.y.abs())));
            let mut point = *point;
            ts.map_point(&mut point);
            let (x, y) = (f64::from(point.x), f64::from(point.y));
            if let Some((last_x, last_y)) = last {
                outline.length += (x - last_x).hypot(y - last_y);
                let clamp = |y: f64| y.max(seen.top).min(seen.bottom);
                outline.rise += (clamp(y) - clamp(last_y)).abs();
            }
            last = Some((x, y));
        }
        outline
    }
}
