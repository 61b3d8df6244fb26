//! What is done to an element as a whole, once its own marks are there.
//!
//! In this order: it is cut to its `clipPath`, its edge casts inner shadows into what is left, that is
//! blurred, casts its shadows, and what is below it is blurred; all of this fades and blends as one.
//!
//! An element without any of it gets no layer and costs nothing here.

use kurbo::{Affine, Circle, Insets, Rect, Shape as _, Size, Vec2};
use peniko::{BlendMode, Color, Compose, Mix};
use pixeldrive_model::{self as model, ClipPath, Element, Frame, Shadow};

use std::sync::Arc;

use super::{Context, paint, shape};
use crate::Error;
use crate::drawing::{Brush, Effect, Layer, Mark, Shape};

/// Does to the marks from index `from` on what the element's frame asks for. The context's transform is
/// that of its box.
pub(super) fn dress(
    context: &mut Context<'_>,
    element: &Element,
    size: Size,
    from: usize,
) -> Result<(), Error> {
    let frame = &element.frame;
    let transform = context.transform;
    if let Some(shape) = clip(frame, size) {
        context.drawing.enclose(from, Mark::PushClip { transform, shape })?;
    }
    if !frame.inner_shadow.is_empty() {
        inner_shadows(context, &frame.inner_shadow, from)?;
    }
    if frame.blur > 0.0 {
        let effect = Effect::Blur { deviation: frame.blur * scale(transform) };
        context.drawing.enclose(from, Mark::PushLayer(with(effect)))?;
    }
    if !frame.shadow.is_empty() {
        shadows(context, &frame.shadow, from)?;
    }
    if frame.background_blur > 0.0 {
        background_blur(context, element, size, from)?;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a fraction")]
    let opacity = frame.opacity as f32;
    let blend = blend(frame.blend_mode);
    if blend != BlendMode::default() {
        let layer = Layer { opacity, blend, effect: None };
        return context.drawing.enclose(from, Mark::PushLayer(layer));
    }
    if opacity < 1.0 { context.drawing.fade(from, opacity) } else { Ok(()) }
}

/// Whether what is inside an element is painted apart from what is below it.
pub(super) fn isolates(frame: &Frame) -> bool {
    frame.opacity < 1.0
        || frame.blend_mode != model::BlendMode::Normal
        || frame.clip_path != ClipPath::None
        || frame.blur > 0.0
        || !frame.shadow.is_empty()
        || !frame.inner_shadow.is_empty()
}

/// The shadow that is cast by what is painted with this transform.
pub(super) fn shadow(transform: Affine, shadow: &Shadow) -> Effect {
    let [a, b, c, d, ..] = transform.as_coeffs();
    let turned = Affine::new([a, b, c, d, 0.0, 0.0]);
    Effect::Shadow {
        offset: (turned * Vec2::new(shadow.x, shadow.y).to_point()).to_vec2(),
        deviation: shadow.blur / 2.0 * scale(transform),
        color: paint::color(shadow.color),
    }
}

/// By how much lengths grow on average.
fn scale(transform: Affine) -> f64 {
    transform.determinant().abs().sqrt()
}

fn with(effect: Effect) -> Layer {
    Layer { effect: Some(effect), ..Layer::default() }
}

/// What an element is cut to, in px of its box.
fn clip(frame: &Frame, size: Size) -> Option<Shape> {
    let area = size.to_rect();
    match &frame.clip_path {
        ClipPath::None => None,
        ClipPath::Circle => {
            let radius = size.width.min(size.height) / 2.0;
            let circle = Circle::new(area.center(), radius).to_path(paint::TOLERANCE);
            Some(Shape::Path(Arc::new(circle)))
        }
        ClipPath::Ellipse => Some(shape::ellipse(area)),
        ClipPath::Inset { margins: [top, right, bottom, left], corners } => {
            let inside = area - Insets::new(*left, *top, *right, *bottom);
            // Margins that meet leave nothing.
            let empty = Rect::from_origin_size(area.origin(), Size::ZERO);
            let inside =
                if inside.x1 > inside.x0 && inside.y1 > inside.y0 { inside } else { empty };
            Some(paint::rounded(inside, *corners))
        }
        ClipPath::Path(path) => Some(Shape::Path(Arc::clone(path.path()))),
    }
}

/// What is around the marks casts shadows on them.
fn inner_shadows(context: &mut Context<'_>, shadows: &[Shadow], from: usize) -> Result<(), Error> {
    let marks = from..context.drawing.marks().len();
    let reach = context.drawing.reach(from);
    for cast in shadows.iter().rev() {
        let effect = shadow(context.transform, cast);
        let layer = Layer { blend: Compose::SrcAtop.into(), ..with(effect) };
        // What lies farther away than the shadow falls casts none on what is seen.
        let beyond = 2.0 * effect.beyond() + 1.0;
        let around = reach.intersect(context.drawing.area().inflate(beyond, beyond));
        context.drawing.push(Mark::PushLayer(layer))?;
        context.drawing.push(Mark::Fill {
            transform: Affine::IDENTITY,
            shape: Shape::Rect(around.inflate(beyond, beyond)),
            brush: Brush::Solid(Color::BLACK),
        })?;
        let hole = Layer { blend: Compose::DestOut.into(), ..Layer::default() };
        context.drawing.push(Mark::PushLayer(hole))?;
        context.drawing.repeat(marks.clone())?;
        context.drawing.push(Mark::Pop)?;
        context.drawing.push(Mark::Pop)?;
    }
    context.drawing.enclose(from, Mark::PushLayer(Layer::default()))
}

fn shadows(context: &mut Context<'_>, shadows: &[Shadow], from: usize) -> Result<(), Error> {
    let marks = context.drawing.take(from);
    for cast in shadows.iter().rev() {
        let layer = with(shadow(context.transform, cast));
        context.drawing.push(Mark::PushLayer(layer))?;
        marks.iter().try_for_each(|mark| context.drawing.push(mark.clone()))?;
        context.drawing.push(Mark::Pop)?;
    }
    context.drawing.restore(marks)
}

/// Puts a blurred picture of what is below under the marks, within the element's own edge.
fn background_blur(
    context: &mut Context<'_>,
    element: &Element,
    size: Size,
    from: usize,
) -> Result<(), Error> {
    let transform = context.transform;
    let effect = Effect::Blur { deviation: element.frame.background_blur * scale(transform) };
    let shape = clip(&element.frame, size).unwrap_or_else(|| shape::figure(element, size));
    let seen = transform.transform_rect_bbox(shape.bounds()).intersect(context.drawing.area());
    if seen.is_zero_area() || context.behind == from {
        return Ok(());
    }
    let around = seen.inflate(effect.beyond(), effect.beyond()).expand();
    let area = around.intersect(context.drawing.area());
    let image = Arc::new(context.drawing.picture(context.raster, context.behind..from, area)?);
    let marks = context.drawing.take(from);
    context.drawing.push(Mark::PushClip { transform, shape })?;
    context.drawing.push(Mark::PushLayer(with(effect)))?;
    // Beyond the canvas its last pixels go on.
    let at = Affine::translate(area.origin().to_vec2());
    context.drawing.push(Mark::Fill {
        transform: Affine::IDENTITY,
        shape: Shape::Rect(around),
        brush: Brush::Image { image, transform: at, opacity: 1.0 },
    })?;
    context.drawing.push(Mark::Pop)?;
    context.drawing.push(Mark::Pop)?;
    context.drawing.restore(marks)
}

fn blend(mode: model::BlendMode) -> BlendMode {
    use model::BlendMode as M;
    BlendMode::from(match mode {
        M::Normal => Mix::Normal,
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::picture::testing::lay_out;

    /// Each mark in a word or few.
    fn sketch(elements: &Value) -> Vec<String> {
        let (drawing, _) = lay_out(elements, 1.0, &[]).unwrap();
        let word = |mark: &Mark| match mark {
            Mark::Fill { brush: Brush::Image { .. }, .. } => "picture".to_owned(),
            Mark::Fill { .. } => "fill".to_owned(),
            Mark::Image { .. } => "image".to_owned(),
            Mark::PushClip { .. } => "clip(".to_owned(),
            Mark::PushLayer(Layer { effect: Some(Effect::Blur { deviation }), .. }) => {
                format!("blur {deviation}(")
            }
            Mark::PushLayer(Layer { effect: Some(Effect::Shadow { .. }), .. }) => {
                "shadow(".to_owned()
            }
            Mark::PushLayer(Layer { blend, .. }) if blend.compose != Compose::SrcOver => {
                format!("{:?}(", blend.compose)
            }
            Mark::PushLayer(layer) => format!("{:?} {}(", layer.blend.mix, layer.opacity),
            Mark::Pop => ")".to_owned(),
            other => format!("{other:?}"),
        };
        // The first mark is the background.
        drawing.marks()[1..].iter().map(word).collect()
    }

    #[track_caller]
    fn check(properties: Value, expected: &str) {
        let mut element = json!({"id": "r", "type": "rect", "width": 20, "height": 20});
        element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        assert_eq!(sketch(&element).join(" "), expected, "{properties}");
    }

    #[test]
    fn only_what_needs_a_layer_gets_one() {
        check(json!({}), "fill");
        check(json!({"opacity": 0.5}), "fill");
        check(json!({"skewX": 9, "rotation": 9, "transformOrigin": "left"}), "fill");
        check(json!({"blendMode": "normal", "blur": 0, "shadow": []}), "fill");
        check(json!({"blendMode": "multiply", "opacity": 0.5}), "Multiply 0.5( fill )");
        check(json!({"clipPath": "circle", "opacity": 0.5}), "Normal 0.5( clip( fill ) )");
    }

    #[test]
    fn effects_come_in_the_order_that_is_documented() {
        let shadow = json!({"x": 2, "blur": 2});
        check(json!({"shadow": [shadow, shadow]}), "shadow( fill ) shadow( fill ) fill");
        check(json!({"blur": 3, "shadow": shadow}), "shadow( blur 3( fill ) ) blur 3( fill )");
        check(json!({"clipPath": "ellipse", "blur": 3}), "blur 3( clip( fill ) )");
        check(json!({"innerShadow": shadow}), "Normal 1( fill shadow( fill DestOut( fill ) ) )");
        check(json!({"backgroundBlur": 4}), "clip( blur 4( picture ) ) fill");
        check(
            json!({"backgroundBlur": 4, "shadow": shadow}),
            "clip( blur 4( picture ) ) shadow( fill ) fill",
        );
        check(json!({"backgroundBlur": 4, "x": 900}), "fill");
    }

    #[test]
    fn groups_that_stand_apart_have_nothing_behind_them() {
        let group = |properties: Value| {
            let pane =
                json!({"id": "p", "type": "rect", "width": 9, "height": 9, "backgroundBlur": 2});
            let mut group = json!({"id": "g", "type": "group", "elements": [pane]});
            group.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
            sketch(&group).join(" ")
        };
        assert_eq!(group(json!({})), "clip( blur 2( picture ) ) fill");
        assert_eq!(group(json!({"opacity": 0.5})), "fill");
        assert_eq!(group(json!({"blendMode": "screen"})), "Screen 1( fill )");
    }

    #[test]
    fn masks_hide_what_is_in_their_group() {
        let group = |properties: Value| {
            let rect = |id: &str| json!({"id": id, "type": "rect", "width": 9, "height": 9});
            let mut group =
                json!({"id": "g", "type": "group", "elements": [rect("a")], "mask": rect("m")});
            group.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
            sketch(&group).join(" ")
        };
        assert_eq!(group(json!({})), "Normal 1( fill DestIn( fill ) )");
        assert_eq!(group(json!({"maskInverted": true})), "Normal 1( fill DestOut( fill ) )");
        let luminance = json!({"maskType": "luminance", "opacity": 0.5});
        assert_eq!(group(luminance), "Normal 0.5( Normal 1( fill DestIn( image ) ) )");
    }

    /// The code, what the element's id begins with, and a part of the reason.
    #[track_caller]
    fn refused(elements: &Value, expected: (&str, &str, &str)) {
        let error = lay_out(elements, 1.0, &[]).unwrap_err();
        let (code, element, reason) = expected;
        assert_eq!(error.code(), code, "{error}");
        assert!(error.element().starts_with(element), "`{}`: {error}", error.element());
        assert!(error.to_string().contains(reason), "{error}");
    }

    #[test]
    fn what_would_take_seconds_is_refused_by_name() {
        let line = |dashes: Value| {
            json!({"id": "dashed", "type": "line", "width": 30_000, "height": 30_000,
                "strokeDasharray": dashes})
        };
        refused(&line(json!([0.001])), ("too_complex", "dashed", "dashes"));
        refused(&line(json!([0, 1e-300])), ("too_complex", "dashed", "dashes"));
        let shadows = json!(vec![json!({"blur": 200}); 4]);
        let cards: Vec<Value> = (0..200)
            .map(|at| {
                json!({"id": format!("card{at}"), "type": "rect", "width": 400, "height": 300,
                    "shadow": shadows})
            })
            .collect();
        refused(&json!(cards), ("too_complex", "card", "shadows and blurs"));
        let mut nested = json!({"id": "leaf", "type": "rect", "width": 1, "height": 1});
        for at in 0..14 {
            nested = json!({"id": format!("g{at}"), "type": "group", "elements": [nested],
                "shadow": [{"x": 1}, {"x": 2}, {"x": 3}, {"x": 4}]});
        }
        refused(&nested, ("marks_exceeded", "g", "100000 marks"));
        let zigzag = format!("M0 0{}", "L400 300L0 0".repeat(8_000));
        let paths: Vec<Value> = (0..40)
            .map(|at| json!({"id": format!("p{at}"), "type": "path", "d": zigzag}))
            .collect();
        refused(&json!(paths), ("too_complex", "p", "outlines"));
        let panes: Vec<Value> = (0..900)
            .map(|at| {
                json!({"id": format!("pane{at}"), "type": "rect", "width": 400, "height": 300,
                    "fill": "#fff3", "backgroundBlur": 100})
            })
            .collect();
        refused(&json!(panes), ("too_complex", "pane", "shadows and blurs"));
    }
}
