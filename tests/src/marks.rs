//! Drawings of every kind of mark and of their combinations, for tests that compare painters.
//!
//! Deliberately absent: what text and templates make of marks; that is in the golden cases.

use std::sync::Arc;

use kurbo::{Affine, BezPath, Cap, Circle, Join, Point, Rect, Shape as _, Stroke, Vec2};
use peniko::{BlendMode, Color, Compose, Extend, Gradient, Mix};
use pixeldrive_render::Error;
use pixeldrive_render::drawing::{Brush, Drawing, Effect, Layer, Mark, Shape};
use pixeldrive_render::pixels::Pixels;

/// With the words of CSS.
const MIXES: [(&str, Mix); 16] = [
    ("normal", Mix::Normal),
    ("multiply", Mix::Multiply),
    ("screen", Mix::Screen),
    ("overlay", Mix::Overlay),
    ("darken", Mix::Darken),
    ("lighten", Mix::Lighten),
    ("color-dodge", Mix::ColorDodge),
    ("color-burn", Mix::ColorBurn),
    ("hard-light", Mix::HardLight),
    ("soft-light", Mix::SoftLight),
    ("difference", Mix::Difference),
    ("exclusion", Mix::Exclusion),
    ("hue", Mix::Hue),
    ("saturation", Mix::Saturation),
    ("color", Mix::Color),
    ("luminosity", Mix::Luminosity),
];
const COMPOSES: [Compose; 5] =
    [Compose::DestIn, Compose::DestOut, Compose::SrcAtop, Compose::SrcIn, Compose::Xor];
const EXTENDS: [Extend; 3] = [Extend::Pad, Extend::Repeat, Extend::Reflect];

/// Every drawing by what it shows.
///
/// # Errors
/// A drawing with too many marks.
pub fn drawings() -> Result<Vec<(String, Drawing)>, Error> {
    let mut all = Vec::new();
    for (word, mix) in MIXES {
        all.push((format!("blend_{word}"), drawing(blended(mix.into()))?));
    }
    for compose in COMPOSES {
        let inside = [vec![push(Layer::default())], blended(compose.into()), vec![Mark::Pop]];
        all.push((format!("{compose:?} in a layer"), drawing(inside.concat())?));
        let clipped = [vec![clip(circle(60.0, 50.0, 44.0))], inside.concat(), vec![Mark::Pop]];
        all.push((format!("{compose:?} in a clip"), drawing(clipped.concat())?));
    }
    for extend in EXTENDS {
        for (kind, gradient) in gradients() {
            let brush = Brush::Gradient {
                gradient: Arc::new(gradient.with_extend(extend)),
                transform: Affine::rotate_about(0.4, Point::new(60.0, 50.0)),
            };
            let fill = Mark::Fill { transform: Affine::IDENTITY, shape: canvas(), brush };
            all.push((format!("{kind} gradient, {extend:?}"), drawing(vec![fill])?));
        }
    }
    for (name, transform) in [("upright", Affine::translate((31.0, 22.0))), ("turned", turned())] {
        let brush = Brush::Image { image: checks(), transform, opacity: 0.8 };
        let fill =
            Mark::Fill { transform: Affine::IDENTITY, shape: circle(60.0, 50.0, 44.0), brush };
        all.push((format!("a picture as a brush, {name}"), drawing(vec![fill])?));
    }
    let effects = [
        ("blur_narrow", Effect::Blur { deviation: 4.0 }),
        ("blur_wide", Effect::Blur { deviation: 23.5 }),
        ("shadow_soft", shadow(Vec2::new(9.0, -6.0), 3.0)),
        ("shadow_hard", shadow(Vec2::new(9.0, -6.0), 0.0)),
    ];
    for (name, effect) in effects {
        let layer = Layer { effect: Some(effect), opacity: 0.7, blend: Mix::Multiply.into() };
        let inside = [vec![push(layer)], shapes(), vec![Mark::Pop]].concat();
        let clips =
            [clip(circle(60.0, 50.0, 44.0)), clip(Shape::Rect(Rect::new(9.0, 9.0, 80.5, 90.0)))];
        let clipped = [
            clips.to_vec(),
            inside.clone(),
            vec![solid(canvas(), 0x00ff_0033), Mark::Pop, Mark::Pop],
        ];
        all.push((name.to_owned(), drawing([background(), inside.clone()].concat())?));
        all.push((
            format!("{name} in two clips"),
            drawing([background(), clipped.concat()].concat())?,
        ));
        let outer = Layer { effect: Some(Effect::Blur { deviation: 2.0 }), ..Layer::default() };
        let nested = [vec![push(outer)], clipped.concat(), vec![Mark::Pop]].concat();
        all.push((format!("{name} in two clips in a blur"), drawing(nested)?));
    }
    all.push(("an odd winding".to_owned(), drawing(odd())?));
    all.push(("strokes".to_owned(), drawing(strokes())?));
    all.push(("an inner shadow".to_owned(), drawing(inner_shadow())?));
    Ok(all)
}

fn drawing(marks: Vec<Mark>) -> Result<Drawing, Error> {
    let mut drawing = Drawing::new(120, 100);
    marks.into_iter().try_for_each(|mark| drawing.push(mark))?;
    Ok(drawing)
}

fn color(rgba: u32) -> Color {
    let [red, green, blue, alpha] = rgba.to_be_bytes();
    Color::from_rgba8(red, green, blue, alpha)
}

fn solid(shape: Shape, rgba: u32) -> Mark {
    Mark::Fill { transform: Affine::IDENTITY, shape, brush: Brush::Solid(color(rgba)) }
}

fn canvas() -> Shape {
    Shape::Rect(Rect::new(0.0, 0.0, 120.0, 100.0))
}

fn circle(x: f64, y: f64, radius: f64) -> Shape {
    Shape::Path(Arc::new(Circle::new((x, y), radius).to_path(0.02)))
}

fn clip(shape: Shape) -> Mark {
    Mark::PushClip { transform: Affine::IDENTITY, shape }
}

fn push(layer: Layer) -> Mark {
    Mark::PushLayer(layer)
}

fn turned() -> Affine {
    Affine::translate((40.0, 20.0)) * Affine::rotate(0.5) * Affine::scale(2.3)
}

fn shadow(offset: Vec2, deviation: f64) -> Effect {
    Effect::Shadow { offset, deviation, color: color(0x7c2d_12cc) }
}

/// Six stripes of colour on nothing at the right.
fn background() -> Vec<Mark> {
    let stripes = [0xef44_44ff, 0xf59e_0bff, 0x22c5_5eff, 0x3b82_f6ff, 0x1111_11ff, 0xffff_ff80];
    let at = |at: usize| Rect::from_origin_size((16.0 * at as f64, 0.0), (16.0, 100.0));
    stripes.iter().enumerate().map(|(index, rgba)| solid(Shape::Rect(at(index)), *rgba)).collect()
}

/// A gradient across the stripes, half of it see-through.
fn shapes() -> Vec<Mark> {
    let gradient = Gradient::new_linear((0.0, 20.0), (0.0, 80.0)).with_stops([
        (0.0, color(0x0ea5_e9ff)),
        (0.5, color(0xfde0_47ff)),
        (1.0, color(0xdb27_7740)),
    ]);
    let brush = Brush::Gradient { gradient: Arc::new(gradient), transform: Affine::IDENTITY };
    let shape = Shape::Rect(Rect::new(8.0, 20.25, 112.0, 70.5));
    let bar = Mark::Fill { transform: Affine::IDENTITY, shape, brush };
    vec![bar, solid(circle(84.0, 62.0, 25.0), 0x9333_eab3)]
}

fn blended(blend: BlendMode) -> Vec<Mark> {
    let layer = Layer { blend, opacity: 0.9, ..Layer::default() };
    [background(), vec![push(layer)], shapes(), vec![Mark::Pop]].concat()
}

fn gradients() -> [(&'static str, Gradient); 4] {
    let stops = [(0.0, color(0x1e3a_8aff)), (0.4, color(0xf472_b6ff)), (1.0, color(0xfacc_1580))];
    [
        ("linear", Gradient::new_linear((30.0, 40.0), (80.0, 60.0)).with_stops(stops)),
        ("radial", Gradient::new_radial((60.0, 50.0), 33.0).with_stops(stops)),
        (
            "focal",
            Gradient::new_two_point_radial((50.0, 45.0), 4.0, (60.0, 50.0), 40.0).with_stops(stops),
        ),
        ("conic", Gradient::new_sweep((60.0, 50.0), 0.0, 2.5).with_stops(stops)),
    ]
}

/// Squares of two colours, 6 by 5 of them, one pixel each.
fn checks() -> Arc<Pixels> {
    let pixel = |at: u32| {
        if (at / 6 + at % 6).is_multiple_of(2) { [220, 38, 38, 255] } else { [20, 60, 90, 128] }
    };
    let rgba = (0..30).flat_map(pixel).collect();
    Arc::new(Pixels { width: 6, height: 5, rgba, opaque: false })
}

fn star() -> BezPath {
    let corner = |at: u32| {
        let angle = f64::from(at) * 0.8 * std::f64::consts::PI;
        Point::new(60.0, 50.0) + 45.0 * Vec2::from_angle(angle)
    };
    let mut star = BezPath::new();
    star.move_to(corner(0));
    (1..5).for_each(|at| star.line_to(corner(at)));
    star.close_path();
    star
}

fn odd() -> Vec<Mark> {
    let star = Shape::EvenOdd(Arc::new(star()));
    let blur = Layer { effect: Some(Effect::Blur { deviation: 1.5 }), ..Layer::default() };
    let in_clip = [clip(star.clone()), solid(canvas(), 0x16a3_4aff), push(blur)];
    let rest = [solid(circle(60.0, 50.0, 30.0), 0xfacc_15ff), Mark::Pop, Mark::Pop];
    [vec![solid(star, 0x0000_00ff)], in_clip.to_vec(), rest.to_vec()].concat()
}

fn strokes() -> Vec<Mark> {
    let stroke = |at: f64, stroke: Stroke, rgba: u32| Mark::Stroke {
        transform: Affine::translate((at, 0.0)) * Affine::scale_about(0.5, Point::new(60.0, 50.0)),
        shape: Shape::Path(Arc::new(star())),
        stroke,
        brush: Brush::Solid(color(rgba)),
    };
    vec![
        stroke(-30.0, Stroke::new(9.0).with_join(Join::Miter).with_miter_limit(9.0), 0xdc26_26b0),
        stroke(0.0, Stroke::new(9.0).with_join(Join::Round), 0x2563_ebb0),
        stroke(
            30.0,
            Stroke::new(7.0).with_caps(Cap::Round).with_dashes(3.0, [14.0, 11.0]),
            0x1677_33ff,
        ),
    ]
}

/// The shapes, with the shadow of what is around them on top.
fn inner_shadow() -> Vec<Mark> {
    let on_top = Layer {
        effect: Some(shadow(Vec2::new(4.0, 4.0), 3.0)),
        blend: Compose::SrcAtop.into(),
        ..Layer::default()
    };
    let hole = Layer { blend: Compose::DestOut.into(), ..Layer::default() };
    let around = Shape::Rect(Rect::new(-40.0, -40.0, 160.0, 140.0));
    let middle = [Mark::PushLayer(on_top), solid(around, 0x0000_00ff), push(hole)];
    let ends = vec![Mark::Pop; 3];
    [vec![push(Layer::default())], shapes(), middle.to_vec(), shapes(), ends].concat()
}
