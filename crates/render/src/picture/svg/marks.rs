//! A parsed document becomes marks: paths, gradients, clips, masks and groups as the painters know them.
//!
//! What marks do not say (filters, patterns, pictures inside of the document) is painted by resvg into a
//! picture of the same size, which becomes one mark. So nothing of a document is left out.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Cap, Join, PathEl, Rect, RoundedRectRadii, Stroke, Vec2};
use peniko::{
    BlendMode, Color, ColorStop, Compose, Extend, Gradient, InterpolationAlphaSpace, Mix,
};
use resvg::tiny_skia;
use resvg::usvg::tiny_skia_path::PathSegment;
use resvg::usvg::{self, ClipPath, FillRule, Group, Node, Opacity, PaintOrder, Path};

use crate::Error;
use crate::drawing::{Brush, Drawing, Layer, Mark, Shape};
use crate::pixels::Pixels;
use crate::raster::{Mask, Raster};

/// Length of a stroke that has none, as a share of its width.
const POINT: f64 = 1e-3;

/// Adds a document to a drawing. `transform` maps its own units to the canvas.
pub(super) fn draw(
    tree: &usvg::Tree,
    transform: Affine,
    drawing: &mut Drawing,
    raster: &mut Raster,
) -> Result<(), Error> {
    let mut painter = Painter { drawing, raster };
    painter.children(tree.root(), transform)
}

struct Painter<'a> {
    drawing: &'a mut Drawing,
    raster: &'a mut Raster,
}

impl Painter<'_> {
    fn children(&mut self, group: &Group, transform: Affine) -> Result<(), Error> {
        for node in group.children() {
            match node {
                Node::Group(group) if group.filters().is_empty() => {
                    self.group(group, transform * affine(group.transform()))?;
                }
                Node::Group(group) => self.filtered(node, group, transform)?,
                Node::Path(path) if has_pattern(path) => self.by_resvg(node, transform)?,
                Node::Path(path) => self.path(path, transform)?,
                Node::Image(_) => self.by_resvg(node, transform)?,
                Node::Text(text) => self.children(text.flattened(), transform)?,
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &Group, transform: Affine) -> Result<(), Error> {
        let from = self.drawing.marks().len();
        self.children(group, transform)?;
        if self.drawing.marks().len() == from || !group.should_isolate() {
            return Ok(());
        }
        if let Some(clip) = group.clip_path() {
            self.clip(clip, transform, from)?;
        }
        if let Some(mask) = group.mask() {
            self.mask(mask, transform, from)?;
        }
        self.lay_over(group, from)
    }

    /// Blends and fades the marks from index `from` on.
    fn lay_over(&mut self, group: &Group, from: usize) -> Result<(), Error> {
        let (opacity, blend) = (group.opacity().get(), blend(group.blend_mode()));
        if blend != BlendMode::default() || (group.isolate() && self.blends(from)) {
            let layer = Layer { opacity, blend, effect: None };
            return self.drawing.enclose(from, Mark::PushLayer(layer));
        }
        if opacity < 1.0 { self.drawing.fade(from, opacity) } else { Ok(()) }
    }

    /// Whether a mark from index `from` on looks at what is below it.
    fn blends(&self, from: usize) -> bool {
        self.drawing.marks()[from..].iter().any(
            |mark| matches!(mark, Mark::PushLayer(layer) if layer.blend != BlendMode::default()),
        )
    }

    /// A group with filters: its content by resvg, its blending by us, as it may need what is below.
    fn filtered(&mut self, node: &Node, group: &Group, transform: Affine) -> Result<(), Error> {
        let from = self.drawing.marks().len();
        self.by_resvg(node, transform)?;
        let blend = blend(group.blend_mode());
        if blend == BlendMode::default() || self.drawing.marks().len() == from {
            return Ok(());
        }
        let layer = Layer { blend, ..Layer::default() };
        self.drawing.enclose(from, Mark::PushLayer(layer))
    }

    /// A node that marks cannot tell, as a picture.
    fn by_resvg(&mut self, node: &Node, transform: Affine) -> Result<(), Error> {
        let (width, height) = (self.drawing.width().into(), self.drawing.height().into());
        let Some(mut pixmap) = tiny_skia::Pixmap::new(width, height) else {
            return Ok(());
        };
        // resvg moves the corner of the node's layer to the origin.
        let Some(corner) = node.abs_layer_bounding_box() else {
            return Ok(());
        };
        let transform = back(transform).pre_translate(corner.x(), corner.y());
        if resvg::render_node(node, transform, &mut pixmap.as_mut()).is_none() {
            return Ok(());
        }
        let mut rgba = pixmap.take();
        // Patterns are sampled with a filter that overshoots: a channel above its alpha would wrap round.
        for [red, green, blue, alpha] in rgba.as_chunks_mut::<4>().0 {
            for channel in [red, green, blue] {
                *channel = (*channel).min(*alpha);
            }
        }
        let image = Pixels { width, height, rgba, opaque: false };
        self.drawing.push(Mark::Image {
            transform: Affine::IDENTITY,
            image: Arc::new(image),
            corners: RoundedRectRadii::from_single_radius(0.0),
        })
    }

    fn path(&mut self, path: &Path, transform: Affine) -> Result<(), Error> {
        if !path.is_visible() {
            return Ok(());
        }
        let data = Arc::new(bez_path(path.data()));
        if path.paint_order() == PaintOrder::FillAndStroke {
            self.fill(path, &data, transform)?;
            self.stroke(path, &data, transform)
        } else {
            self.stroke(path, &data, transform)?;
            self.fill(path, &data, transform)
        }
    }

    fn fill(&mut self, path: &Path, data: &Arc<BezPath>, transform: Affine) -> Result<(), Error> {
        let Some(fill) = path.fill() else { return Ok(()) };
        let Some(brush) = brush(fill.paint(), fill.opacity()) else { return Ok(()) };
        let shape = shape(Arc::clone(data), fill.rule());
        self.drawing.push(Mark::Fill { transform, shape, brush })
    }

    fn stroke(&mut self, path: &Path, data: &Arc<BezPath>, transform: Affine) -> Result<(), Error> {
        let Some(own) = path.stroke() else { return Ok(()) };
        let Some(brush) = brush(own.paint(), own.opacity()) else { return Ok(()) };
        let join = match own.linejoin() {
            usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => Join::Miter,
            usvg::LineJoin::Round => Join::Round,
            usvg::LineJoin::Bevel => Join::Bevel,
        };
        let cap = match own.linecap() {
            usvg::LineCap::Butt => Cap::Butt,
            usvg::LineCap::Round => Cap::Round,
            usvg::LineCap::Square => Cap::Square,
        };
        let mut stroke = Stroke::new(own.width().get().into())
            .with_join(join)
            .with_caps(cap)
            .with_miter_limit(own.miterlimit().get().into());
        // A stroke without a length shows its caps: dotted lines are made of these.
        let least = if cap == Cap::Butt { 0.0 } else { stroke.width * POINT };
        if let Some(dashes) = own.dasharray() {
            let dashes = dashes.iter().map(|length| f64::from(*length).max(least));
            stroke = stroke.with_dashes(own.dashoffset().into(), dashes);
        }
        let shape =
            Shape::Path(if least > 0.0 { with_points(data, least) } else { Arc::clone(data) });
        self.drawing.push(Mark::Stroke { transform, shape, stroke, brush })
    }

    /// Cuts the marks from index `from` on.
    fn clip(&mut self, clip: &ClipPath, transform: Affine, from: usize) -> Result<(), Error> {
        if let Some(around) = clip.clip_path() {
            self.clip(around, transform, from)?;
        }
        let own = transform * affine(clip.transform());
        if let Some((path, moved)) = only_path(clip.root(), own) {
            let rule = path.fill().map_or(FillRule::NonZero, usvg::Fill::rule);
            let shape = shape(Arc::new(bez_path(path.data())), rule);
            return self.drawing.enclose(from, Mark::PushClip { transform: moved, shape });
        }
        let mask_from = self.drawing.marks().len();
        self.silhouette(clip.root(), own)?;
        let mask = Mask { luminance: false, inverted: false };
        self.drawing.mask(self.raster, (from, mask_from), mask)
    }

    /// The shapes of a clip path, each in one colour.
    fn silhouette(&mut self, group: &Group, transform: Affine) -> Result<(), Error> {
        for node in group.children() {
            match node {
                Node::Group(group) => {
                    let transform = transform * affine(group.transform());
                    let from = self.drawing.marks().len();
                    self.silhouette(group, transform)?;
                    if let Some(clip) = group.clip_path()
                        && self.drawing.marks().len() > from
                    {
                        self.clip(clip, transform, from)?;
                    }
                }
                Node::Path(path) if path.is_visible() => {
                    let rule = path.fill().map_or(FillRule::NonZero, usvg::Fill::rule);
                    let shape = shape(Arc::new(bez_path(path.data())), rule);
                    let brush = Brush::Solid(Color::BLACK);
                    self.drawing.push(Mark::Fill { transform, shape, brush })?;
                }
                Node::Text(text) => self.silhouette(text.flattened(), transform)?,
                Node::Path(_) | Node::Image(_) => {}
            }
        }
        Ok(())
    }

    /// Hides the marks from index `from` on where a mask says so.
    fn mask(&mut self, mask: &usvg::Mask, transform: Affine, from: usize) -> Result<(), Error> {
        if let Some(around) = mask.mask() {
            self.mask(around, transform, from)?;
        }
        let mask_from = self.drawing.marks().len();
        self.children(mask.root(), transform)?;
        if self.drawing.marks().len() > mask_from {
            let area = mask.rect();
            let [left, top, right, bottom] =
                [area.left(), area.top(), area.right(), area.bottom()].map(f64::from);
            let shape = Shape::Rect(Rect::new(left, top, right, bottom));
            self.drawing.enclose(mask_from, Mark::PushClip { transform, shape })?;
        }
        let luminance = mask.kind() == usvg::MaskType::Luminance;
        self.drawing.mask(self.raster, (from, mask_from), Mask { luminance, inverted: false })
    }
}

/// The same path, where lines without a length get this one.
fn with_points(data: &Arc<BezPath>, length: f64) -> Arc<BezPath> {
    let elements = data.elements();
    let is_point = |pair: &[PathEl]| {
        matches!(pair, [PathEl::MoveTo(from), PathEl::LineTo(to)] if from == to)
            || matches!(pair, [PathEl::MoveTo(_), PathEl::ClosePath])
    };
    if !elements.windows(2).any(is_point) {
        return Arc::clone(data);
    }
    let mut path = BezPath::new();
    for (index, element) in elements.iter().enumerate() {
        let start = index.checked_sub(1).map(|before| elements[before]);
        match (start, *element) {
            (Some(PathEl::MoveTo(from)), PathEl::LineTo(to)) if from == to => {
                path.line_to(to + Vec2::new(length, 0.0));
            }
            (Some(PathEl::MoveTo(from)), PathEl::ClosePath) => {
                path.line_to(from + Vec2::new(length, 0.0));
            }
            (_, element) => path.push(element),
        }
    }
    Arc::new(path)
}

/// The one path of a clip path that is no more than that.
fn only_path(group: &Group, transform: Affine) -> Option<(&Path, Affine)> {
    match group.children() {
        [Node::Path(path)] if path.is_visible() => Some((path, transform)),
        [Node::Group(group)] if group.clip_path().is_none() => {
            only_path(group, transform * affine(group.transform()))
        }
        _ => None,
    }
}

fn has_pattern(path: &Path) -> bool {
    let is_pattern = |paint: &usvg::Paint| matches!(paint, usvg::Paint::Pattern(_));
    path.fill().is_some_and(|fill| is_pattern(fill.paint()))
        || path.stroke().is_some_and(|stroke| is_pattern(stroke.paint()))
}

fn shape(path: Arc<BezPath>, rule: FillRule) -> Shape {
    match rule {
        FillRule::NonZero => Shape::Path(path),
        FillRule::EvenOdd => Shape::EvenOdd(path),
    }
}

fn bez_path(path: &usvg::tiny_skia_path::Path) -> BezPath {
    let point = |p: usvg::tiny_skia_path::Point| (f64::from(p.x), f64::from(p.y));
    let mut data = BezPath::new();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(p) => data.move_to(point(p)),
            PathSegment::LineTo(p) => data.line_to(point(p)),
            PathSegment::QuadTo(a, p) => data.quad_to(point(a), point(p)),
            PathSegment::CubicTo(a, b, p) => data.curve_to(point(a), point(b), point(p)),
            PathSegment::Close => data.close_path(),
        }
    }
    data
}

fn brush(paint: &usvg::Paint, opacity: Opacity) -> Option<Brush> {
    let (gradient, own) = match paint {
        usvg::Paint::Color(usvg::Color { red, green, blue }) => {
            let color = Color::from_rgba8(*red, *green, *blue, 255);
            return Some(Brush::Solid(color.multiply_alpha(opacity.get())));
        }
        usvg::Paint::LinearGradient(own) => {
            let point = |x: f32, y: f32| (f64::from(x), f64::from(y));
            let line = Gradient::new_linear(point(own.x1(), own.y1()), point(own.x2(), own.y2()));
            (line, &***own)
        }
        usvg::Paint::RadialGradient(own) => {
            let point = |x: f32, y: f32| (f64::from(x), f64::from(y));
            let from = (point(own.fx(), own.fy()), own.fr().get());
            let to = (point(own.cx(), own.cy()), own.r().get());
            (Gradient::new_two_point_radial(from.0, from.1, to.0, to.1), &***own)
        }
        usvg::Paint::Pattern(_) => return None,
    };
    let stops: Vec<_> = own.stops().iter().map(|stop| color_stop(*stop, opacity)).collect();
    let gradient = gradient
        .with_extend(match own.spread_method() {
            usvg::SpreadMethod::Pad => Extend::Pad,
            usvg::SpreadMethod::Reflect => Extend::Reflect,
            usvg::SpreadMethod::Repeat => Extend::Repeat,
        })
        .with_interpolation_alpha_space(InterpolationAlphaSpace::Unpremultiplied)
        .with_stops(stops.as_slice());
    Some(Brush::Gradient { gradient: Arc::new(gradient), transform: affine(own.transform()) })
}

fn color_stop(stop: usvg::Stop, opacity: Opacity) -> ColorStop {
    let usvg::Color { red, green, blue } = stop.color();
    let color = Color::from_rgba8(red, green, blue, 255);
    let color = color.multiply_alpha(stop.opacity().get() * opacity.get());
    ColorStop { offset: stop.offset().get(), color: color.into() }
}

fn blend(mode: usvg::BlendMode) -> BlendMode {
    use usvg::BlendMode as M;
    if mode == M::PlusLighter {
        return Compose::PlusLighter.into();
    }
    BlendMode::from(match mode {
        M::Normal | M::PlusLighter => Mix::Normal,
        M::Multiply => Mix::Multiply,
        M::Screen => Mix::Screen,
        M::Overlay => Mix::Overlay,
        M::Darken => Mix::Darken,
        M::Lighten => Mix::Lighten,
        M::ColorDodge => Mix::ColorDodge,
        M::ColorBurn => Mix::ColorBurn,
        M::HardLight => Mix::HardLight,
        M::SoftLight => Mix::SoftLight,
        M::Difference => Mix::Difference,
        M::Exclusion => Mix::Exclusion,
        M::Hue => Mix::Hue,
        M::Saturation => Mix::Saturation,
        M::Color => Mix::Color,
        M::Luminosity => Mix::Luminosity,
    })
}

pub(super) fn affine(transform: tiny_skia::Transform) -> Affine {
    let tiny_skia::Transform { sx, ky, kx, sy, tx, ty } = transform;
    Affine::new([sx, ky, kx, sy, tx, ty].map(f64::from))
}

#[expect(clippy::cast_possible_truncation, reason = "tiny-skia works in f32")]
pub(super) fn back(transform: Affine) -> tiny_skia::Transform {
    let [sx, ky, kx, sy, tx, ty] = transform.as_coeffs().map(|part| part as f32);
    tiny_skia::Transform::from_row(sx, ky, kx, sy, tx, ty)
}
