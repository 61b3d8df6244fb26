//! What the layout decides, read off the drawing.

use std::fmt::Write as _;

use pixeldrive_model::{Payload, Source, bind, parse};
use serde_json::{Value, json};

use super::*;
use crate::Asset;
use crate::drawing::{Brush, GlyphRun};

mod text;

const CARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/cards/");

fn card_file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{CARDS}{name}")).unwrap()
}

fn layouter() -> Layouter {
    let mut fonts = Fonts::bundled();
    for file in ["assets/InterCard-400.ttf", "assets/InterCard-700.ttf"] {
        assert_eq!(fonts.add(card_file(file)).unwrap(), ["InterCard"], "{file}");
    }
    Layouter::new(&fonts, Arc::new(Scaled::new(64 << 20)))
}

/// The pictures of the cards.
fn assets() -> Assets {
    let mut assets = Assets::default();
    for name in ["assets/photo.jpg", "assets/avatar.png"] {
        let asset = Asset::read(card_file(name).into()).unwrap();
        assets.insert(Source::File(name.into()), Arc::new(asset));
    }
    assets
}

fn lay_out(
    template: &[u8],
    payload: &Payload,
    pixel_ratio: f64,
) -> Result<(Drawing, Vec<Warning>), Error> {
    let template = parse(template).unwrap();
    let bound = bind(&template, payload, pixel_ratio).unwrap();
    layouter().lay_out(&bound, &assets())
}

/// One element, or several, on a canvas of 400 x 300.
fn lay(elements: &Value) -> (Drawing, Vec<Warning>) {
    let elements = if elements.is_array() { elements.clone() } else { json!([elements]) };
    let template = json!({ "width": 400, "height": 300, "elements": elements });
    lay_out(template.to_string().as_bytes(), &Payload::new(), 1.0).unwrap()
}

fn row(index: usize) -> Payload {
    let rows = String::from_utf8(card_file("payloads.ndjson")).unwrap();
    serde_json::from_str(rows.lines().nth(index).unwrap()).unwrap()
}

fn runs(drawing: &Drawing) -> impl Iterator<Item = &GlyphRun> {
    drawing.marks().iter().filter_map(|mark| match mark {
        Mark::Glyphs(run) => Some(run),
        _ => None,
    })
}

/// `x,baseline size` of each glyph run, in device px.
fn baselines(drawing: &Drawing) -> Vec<String> {
    runs(drawing)
        .map(|run| {
            let at = run.transform.translation();
            format!("{:.2},{:.2} {}", at.x, at.y, run.size)
        })
        .collect()
}

fn codes(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.code.as_str()).collect()
}

fn alpha(brush: &Brush) -> f32 {
    match brush {
        Brush::Solid(color) => color.components[3],
        Brush::Gradient { .. } => 1.0,
        Brush::Image { opacity, .. } => *opacity,
    }
}

/// The marks in short: what they are, where their own origin lies, how opaque they are.
fn marks(drawing: &Drawing) -> String {
    let mut told = String::new();
    for mark in drawing.marks() {
        let (word, transform, alpha) = match mark {
            Mark::Fill { transform, brush: Brush::Solid(color), .. } => {
                ("fill", *transform, color.components[3])
            }
            Mark::Fill { transform, .. } => ("fill gradient", *transform, 1.0),
            Mark::Stroke { transform, .. } => ("stroke", *transform, 1.0),
            Mark::Glyphs(run) => ("glyphs", run.transform, alpha(&run.brush)),
            Mark::Image { transform, .. } => ("image", *transform, 1.0),
            Mark::PushClip { transform, .. } => ("clip", *transform, 1.0),
            Mark::PushLayer(layer) => ("layer", Affine::IDENTITY, layer.opacity),
            Mark::Pop => ("pop", Affine::IDENTITY, 1.0),
        };
        let at = transform.translation();
        let _ = write!(told, "{word} {:.0},{:.0} {alpha:.2}; ", at.x, at.y);
    }
    told.trim_end_matches("; ").to_owned()
}

#[test]
fn the_flat_card_stands_where_chromium_puts_it() {
    let mut payload = row(0);
    payload.retain(|key, _| ["headline", "subtitle", "footer"].contains(&key.as_str()));
    let (drawing, warnings) = lay_out(&card_file("flat.json"), &payload, 1.0).unwrap();
    assert_eq!(codes(&warnings), [""; 0], "no findings");
    let expected = [
        "156.00,113.00 36",
        "64.00,302.00 72",
        "64.00,382.00 72",
        "64.00,446.00 32",
        "64.00,575.00 20",
    ];
    assert_eq!(baselines(&drawing), expected, "brand, headline, subtitle, footer");
    assert!(drawing.is_opaque(), "its background covers the canvas");
}

#[test]
fn the_photo_card_stands_where_chromium_puts_it() {
    let (drawing, warnings) = lay_out(&card_file("photo.json"), &row(0), 1.0).unwrap();
    assert_eq!(codes(&warnings), [""; 0], "no findings");
    let expected = [
        "84.00,92.00 28",
        "64.00,334.00 72",
        "64.00,414.00 72",
        "64.00,474.00 32",
        "184.00,555.00 20",
    ];
    assert_eq!(baselines(&drawing), expected, "badge, headline, subtitle, footer");
    assert!(drawing.is_opaque(), "its photo covers the canvas");
}

#[test]
fn every_headline_of_the_cards_has_two_lines() {
    let template = parse(&card_file("photo.json")).unwrap();
    let (mut layouter, assets) = (layouter(), assets());
    for index in 0..200 {
        let bound = bind(&template, &row(index), 1.0).unwrap();
        let (drawing, warnings) = layouter.lay_out(&bound, &assets).unwrap();
        let lines = runs(&drawing).filter(|run| run.size == 72.0).count();
        assert_eq!((lines, codes(&warnings)), (2, vec![]), "row {index}");
    }
}

#[test]
fn the_pixel_ratio_scales_the_placement_and_not_the_font() {
    let text = json!({ "id": "t", "type": "text", "x": 10, "y": 20, "text": "Hi", "fontSize": 20 });
    let template = json!({ "width": 100, "height": 50, "elements": [text] }).to_string();
    let (drawing, _) = lay_out(template.as_bytes(), &Payload::new(), 2.0).unwrap();
    assert_eq!((drawing.width(), drawing.height()), (200, 100), "the canvas");
    // 20 + 24 / 2 + 20 * 0.36377, twice, at a whole pixel.
    assert_eq!(baselines(&drawing), ["20.00,79.00 20"], "twice as far, as large in px");
    let scale = runs(&drawing).next().unwrap().transform.as_coeffs()[0];
    assert_eq!(scale, 2.0, "the transform makes the glyphs larger");
}

#[track_caller]
fn check_gradient(angle: f64, from: (f64, f64), to: (f64, f64)) {
    let stops = [
        pixeldrive_model::Stop { offset: 0.0, color: pixeldrive_model::Color::BLACK },
        pixeldrive_model::Stop { offset: 1.0, color: pixeldrive_model::Color::WHITE },
    ];
    let gradient = pixeldrive_model::Gradient {
        kind: pixeldrive_model::GradientKind::Linear { angle },
        stops: stops.to_vec(),
        spread: pixeldrive_model::SpreadMethod::Pad,
    };
    let area = Rect::new(0.0, 0.0, 200.0, 100.0);
    let paint = pixeldrive_model::Paint::Gradient(gradient);
    let Some(Brush::Gradient { gradient, .. }) = paint::brush(&paint, area) else {
        panic!("no gradient");
    };
    let peniko::GradientKind::Linear(line) = gradient.kind else { panic!("not linear") };
    let near = |a: Point, b: (f64, f64)| (a - Point::from(b)).hypot() < 1e-9;
    assert!(near(line.start, from) && near(line.end, to), "{angle}: {line:?}");
}

#[test]
fn gradients_follow_css() {
    check_gradient(0.0, (100.0, 100.0), (100.0, 0.0));
    check_gradient(90.0, (0.0, 50.0), (200.0, 50.0));
    check_gradient(180.0, (100.0, 0.0), (100.0, 100.0));
    check_gradient(-90.0, (200.0, 50.0), (0.0, 50.0));
    // The line through the centre, ended by the perpendiculars through two corners.
    check_gradient(45.0, (25.0, 125.0), (175.0, -25.0));
}

#[test]
fn radii_never_overlap() {
    let corners = pixeldrive_model::Corners;
    let area = Rect::new(0.0, 0.0, 100.0, 50.0);
    let radii = |all: [f64; 4]| {
        let radii = paint::radii(area, corners(all));
        [radii.top_left, radii.top_right, radii.bottom_right, radii.bottom_left]
    };
    assert_eq!(radii([8.0; 4]), [8.0; 4], "they fit");
    assert_eq!(radii([999.0; 4]), [25.0; 4], "half of the smaller side");
    assert_eq!(radii([80.0, 40.0, 0.0, 0.0]), [50.0, 25.0, 0.0, 0.0], "all shrink alike");
}

#[test]
fn groups_move_turn_and_fade_as_one() {
    let rect =
        |id: &str| json!({ "id": id, "type": "rect", "x": 10, "y": 20, "width": 30, "height": 10 });
    let group = |more: Value| {
        let mut group = json!({
            "id": "g", "type": "group", "x": 100, "y": 50, "width": 100, "height": 100,
            "elements": [rect("a"), rect("b")]
        });
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        marks(&lay(&group).0)
    };
    assert_eq!(group(json!({})), "fill 110,70 1.00; fill 110,70 1.00", "they count from the group");
    // About the centre (150, 100) the corner (110, 70) comes to (180, 60).
    assert_eq!(group(json!({ "rotation": 90 })), "fill 180,60 1.00; fill 180,60 1.00", "turned");
    assert_eq!(
        group(json!({ "opacity": 0.5 })),
        "layer 0,0 0.50; fill 110,70 1.00; fill 110,70 1.00; pop 0,0 1.00",
        "two marks fade in a layer"
    );
    assert_eq!(
        group(json!({ "elements": [rect("a")], "opacity": 0.5 })),
        "fill 110,70 0.50",
        "one fades alone"
    );
    // Without a size the group is as large as what it holds: 40 x 30.
    assert_eq!(
        group(json!({ "width": "auto", "height": "auto", "rotation": 180 })),
        "fill 130,60 1.00; fill 130,60 1.00",
        "about the centre of its content"
    );
}

#[test]
fn a_hugging_text_turns_about_its_own_centre() {
    let (drawing, _) = lay(&json!({
        "id": "t", "type": "text", "text": "one", "x": 100, "y": 100, "fontSize": 20, "lineHeight": 1,
        "rotation": 180, "background": "red"
    }));
    let Mark::Fill { transform, shape: Shape::Rect(rect), .. } = &drawing.marks()[0] else {
        panic!("{}", marks(&drawing));
    };
    let turned = transform.transform_rect_bbox(*rect);
    assert!((turned.origin() - Point::new(100.0, 100.0)).hypot() < 1e-9, "{turned:?}");
}

#[test]
fn shapes_become_fills_and_strokes() {
    let check = |element: Value, expected: &str| {
        let (drawing, warnings) = lay(&element);
        assert_eq!((marks(&drawing).as_str(), warnings.len()), (expected, 0), "{element}");
    };
    let size = |mut element: Value| {
        element["id"] = "s".into();
        element["x"] = 5.into();
        element["width"] = 40.into();
        element["height"] = 30.into();
        element
    };
    check(size(json!({ "type": "rect" })), "fill 5,0 1.00");
    check(size(json!({ "type": "rect", "fill": "none" })), "");
    check(size(json!({ "type": "rect", "fill": "none", "stroke": "red" })), "stroke 5,0 1.00");
    check(size(json!({ "type": "ellipse", "stroke": "red" })), "fill 5,0 1.00; stroke 5,0 1.00");
    check(size(json!({ "type": "line" })), "stroke 5,0 1.00");
    check(size(json!({ "type": "line", "strokeWidth": 0 })), "");
    check(size(json!({ "type": "path", "d": "M0 0h9v9z" })), "fill 5,0 1.00");
}

#[test]
fn only_what_covers_the_canvas_makes_it_opaque() {
    let check = |template: Value, opaque: bool| {
        let mut template = template;
        template["width"] = 333.into();
        template["height"] = 100.into();
        let (drawing, _) = lay_out(template.to_string().as_bytes(), &Payload::new(), 1.5).unwrap();
        assert_eq!(drawing.is_opaque(), opaque, "{template}");
    };
    let rect = json!({ "id": "r", "type": "rect", "width": 334, "height": 100, "fill": "red" });
    check(json!({ "elements": [] }), false);
    check(json!({ "background": "#fff", "elements": [] }), true);
    check(json!({ "background": "#fffe", "elements": [] }), false);
    check(json!({ "elements": [rect] }), true);
    check(
        json!({ "elements": [{ "id": "r", "type": "rect", "width": 300, "height": 100 }] }),
        false,
    );
    check(
        json!({ "elements": [{ "id": "r", "type": "ellipse", "width": 333, "height": 100 }] }),
        false,
    );
}

#[test]
fn equal_inputs_give_equal_drawings() {
    let told = || {
        let (drawing, warnings) = lay_out(&card_file("photo.json"), &row(7), 1.0).unwrap();
        format!("{:?}", (baselines(&drawing), marks(&drawing), warnings))
    };
    assert_eq!(told(), told(), "bit for bit");
}
