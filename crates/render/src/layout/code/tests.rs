//! Codes are read back by a decoder, and the drawing is checked where one would be too kind.

use pixeldrive_model::{bind, parse};
use rxing::{BarcodeFormat, helpers::detect_in_luma};
use serde_json::{Value, json};

use super::*;
use crate::backend::cpu;
use crate::drawing::Drawing;
use crate::encode::{Effort, Encoder};
use crate::picture::testing::{fault, lay_out, paint};
use crate::plan::Plan;
use crate::{Assets, Fonts, Layouter, Scaled};

/// The text that a scanner reads.
fn read(element: &Value, pixel_ratio: f64, format: BarcodeFormat) -> String {
    let pixels = paint(element, pixel_ratio);
    let luma = pixels.rgba.chunks_exact(4).map(|pixel| pixel[1]).collect();
    let found = detect_in_luma(luma, pixels.width, pixels.height, Some(format));
    found.map_or_else(|error| format!("{error}"), |found| found.getText().to_owned())
}

#[track_caller]
fn check_qrcode(properties: Value, text: &str) {
    let mut element =
        json!({ "id": "q", "type": "qrcode", "x": 20, "y": 30, "width": 200, "text": text });
    element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    for ratio in [0.75, 1.0, 2.0] {
        assert_eq!(read(&element, ratio, BarcodeFormat::QR_CODE), text, "at {ratio}");
    }
}

#[test]
fn qr_codes_are_read_back() {
    check_qrcode(json!({}), "https://cards.example.com/v/0000?k=6ee15ae4");
    check_qrcode(json!({}), "01234567890123456789");
    check_qrcode(json!({}), "HELLO WORLD: $1 50%");
    check_qrcode(json!({ "errorCorrection": "H" }), "Zoë — 東京 🎟");
    check_qrcode(json!({ "errorCorrection": "L", "width": 250 }), &"long ".repeat(60));
    check_qrcode(json!({ "color": "#1e3a8a", "background": "#fef3c7" }), "colours");
    check_qrcode(json!({ "background": "transparent" }), "on white");
    check_qrcode(json!({ "rotation": 90 }), "a quarter turn");
    check_qrcode(json!({ "rotation": 17, "x": 60 }), "turned");
    check_qrcode(json!({ "x": 20.4, "width": 211.7, "height": 240 }), "between pixels");
    check_qrcode(json!({ "x": -1.5, "quietZone": 1 }), "hardly a margin");
}

#[track_caller]
fn check_barcode(symbology: &str, text: &str, format: BarcodeFormat, expected: &str) {
    for show_text in [true, false] {
        for ratio in [1.0, 2.0] {
            let element = json!({
                "id": "b", "type": "barcode", "symbology": symbology, "text": text,
                "x": 10, "y": 40, "width": 380, "height": 100, "showText": show_text,
            });
            assert_eq!(read(&element, ratio, format), expected, "{text:?} at {ratio}");
        }
    }
}

#[test]
fn a_barcode_on_its_side_is_as_crisp() {
    let ticket = json!({
        "id": "b", "type": "barcode", "text": "TICKET-42", "rotation": 90,
        "x": 70.3, "y": 99.6, "width": 260.5, "height": 80,
    });
    let (drawing, _) = lay_out(&ticket, 1.0, &[]).unwrap();
    assert!(edges(&drawing).iter().all(|edge| edge.fract() == 0.0), "whole pixels");
    assert_eq!(read(&ticket, 1.0, BarcodeFormat::CODE_128), "TICKET-42");
    let mut askew = ticket;
    askew["rotation"] = json!(80);
    assert!(fault(&askew, &[]).starts_with("code_too_small"), "askew");
}

#[test]
fn barcodes_are_read_back() {
    for text in ["PixelDrive-0042", "1234567890", "AB123456CD", "A", "7", "a\tb", "~{|}"] {
        check_barcode("code128", text, BarcodeFormat::CODE_128, text);
    }
    check_barcode("code39", "PIXEL-42 $%", BarcodeFormat::CODE_39, "PIXEL-42 $%");
    check_barcode("ean13", "978030640615", BarcodeFormat::EAN_13, "9780306406157");
    check_barcode("ean13", "0012345678905", BarcodeFormat::EAN_13, "0012345678905");
}

fn edges(drawing: &Drawing) -> Vec<f64> {
    let fills = drawing.marks().iter().filter_map(|mark| match mark {
        Mark::Fill { transform, shape: Shape::Path(path), .. } => Some((*transform, path)),
        _ => None,
    });
    let points = fills.flat_map(|(transform, path)| {
        let path = transform * path.as_ref().clone();
        path.elements().iter().filter_map(kurbo::PathEl::end_point).collect::<Vec<_>>()
    });
    points.flat_map(|point| [point.x, point.y]).collect()
}

#[test]
fn upright_codes_have_their_edges_on_whole_pixels() {
    let codes = json!([
        { "id": "q", "type": "qrcode", "text": "edges", "x": 3.3, "y": 4.7, "width": 111.1 },
        { "id": "b", "type": "barcode", "text": "edges", "x": 7.7, "y": 150.2,
          "width": 301.5, "height": 77.7 },
    ]);
    for ratio in [1.0, 1.5, 2.0] {
        let (drawing, _) = lay_out(&codes, ratio, &[]).unwrap();
        let edges = edges(&drawing);
        assert!(edges.len() > 500, "{} edges", edges.len());
        assert!(edges.iter().all(|edge| (edge - edge.round()).abs() < 1e-9), "at {ratio}");
    }
}

#[test]
fn the_card_of_the_bench_has_modules_of_four_pixels() {
    let code = json!({
        "id": "q", "type": "qrcode", "text": "https://cards.example.com/v/0000?k=6ee15ae4",
        "x": 90, "y": 50, "width": 132, "quietZone": 0,
    });
    let (drawing, warnings) = lay_out(&code, 1.0, &[]).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    let edges = edges(&drawing);
    let whole =
        |edge: f64, from: f64| (edge - from) % 4.0 == 0.0 && (0.0..=132.0).contains(&(edge - from));
    assert!(edges.chunks(2).all(|at| whole(at[0], 90.0) && whole(at[1], 50.0)), "{edges:?}");
}

#[test]
fn modules_of_every_shape_are_whole_pixels() {
    for (width, dots, eyes) in [(150.0, "dots", "circle"), (132.0, "dots", "square")] {
        let code = json!({
            "id": "q", "type": "qrcode", "text": "https://example.com/cards/42", "x": 30.3, "y": 30,
            "width": width, "dotStyle": dots, "eyeStyle": eyes,
        });
        for ratio in [1.0, 2.0] {
            let (drawing, _) = lay_out(&code, ratio, &[]).unwrap();
            // The lattice shows in the middles of the dots, which are the outlines of least size.
            let mut middles = middles(&drawing);
            middles.sort_by(f64::total_cmp);
            middles.dedup();
            let steps: Vec<f64> = middles.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let least = steps.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(steps.len() > 20 && least >= 3.0, "{steps:?}");
            assert!(steps.iter().all(|step| step % least == 0.0), "{width} at {ratio}: {steps:?}");
        }
    }
}

/// Where the dots of a code are across, rounded to what a layout in `f64` is exact to.
fn middles(drawing: &Drawing) -> Vec<f64> {
    let fills = drawing.marks().iter().filter_map(|mark| match mark {
        Mark::Fill { transform, shape: Shape::Path(path), .. } => Some((*transform, path)),
        _ => None,
    });
    let mut bounds = Vec::new();
    for (transform, path) in fills {
        let mut part = BezPath::new();
        for element in (transform * path.as_ref().clone()).elements() {
            part.push(*element);
            if *element == kurbo::PathEl::ClosePath {
                bounds.push(kurbo::Shape::bounding_box(&std::mem::take(&mut part)));
            }
        }
    }
    let least = bounds.iter().map(Rect::width).fold(f64::INFINITY, f64::min);
    let dots = bounds.iter().filter(|bounds| bounds.width() < least * 1.01);
    dots.map(|bounds| (bounds.center().x * 1e6).round() / 1e6).collect()
}

#[track_caller]
fn check_fault(properties: &Value, expected: &str) {
    let mut element = json!({ "id": "c", "x": 10, "y": 10, "width": 300, "height": 100 });
    element.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    let found = fault(&element, &[]);
    assert!(found.starts_with(expected), "found {found}");
}

#[test]
fn codes_that_nobody_could_read_are_refused() {
    let qrcode = |extra: Value| {
        let mut code = json!({ "type": "qrcode", "text": "x" });
        code.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        code
    };
    let long = "x".repeat(2400);
    check_fault(
        &qrcode(json!({ "text": long })),
        "qrcode_too_long: the text is too long for a QR code: at most 2331",
    );
    check_fault(
        &qrcode(json!({ "color": "#ddd" })),
        "code_contrast_low: color and background have",
    );
    check_fault(&qrcode(json!({ "color": "#fff", "background": "#000" })), "");
    let text = "x".repeat(2000);
    check_fault(
        &qrcode(json!({ "text": text, "width": 100 })),
        "code_too_small: a module of the code is 0.",
    );
    let barcode = |symbology: &str, text: &str, color: &str, background: &str| {
        json!({ "type": "barcode", "symbology": symbology, "text": text, "color": color,
                "background": background })
    };
    check_fault(
        &barcode("code128", "1", "#fff", "#000"),
        "code_contrast_low: the bars are lighter",
    );
    check_fault(&barcode("code128", "1", "#999", "#888"), "code_contrast_low: color and");
    let long = "x".repeat(60);
    check_fault(&barcode("code128", &long, "#000", "#fff"), "code_too_small: a module");
    let wide = json!({ "type": "barcode", "text": "PD26-0042", "moduleWidth": 4 });
    check_fault(&wide, "barcode_invalid: the code is 572 px wide at this moduleWidth, its box 300");
}

#[test]
fn a_qr_code_says_what_would_fit() {
    let text = "a".repeat(60);
    check_fault(
        &json!({ "type": "qrcode", "text": text, "version": 2 }),
        "qrcode_too_long: the text needs version 4 with this errorCorrection, 2 is too small",
    );
    check_fault(
        &json!({ "type": "qrcode", "text": "x", "version": 1, "logo": "logo.png" }),
        "qrcode_logo_too_large: the logo covers more of the QR code than can be repaired",
    );
}

#[test]
fn every_part_of_a_qr_code_is_told_from_its_background() {
    let code = |style: Value| {
        let mut code = json!({ "type": "qrcode", "text": "x" });
        code.as_object_mut().unwrap().extend(style.as_object().unwrap().clone());
        code
    };
    let fading = json!({ "type": "linear", "stops": [
        { "offset": 0, "color": "#000" }, { "offset": 1, "color": "#fff" }] });
    check_fault(&code(json!({ "color": fading })), "code_contrast_low: color and background have");
    check_fault(&code(json!({ "color": "none" })), "code_contrast_low: the color is transparent");
    check_fault(
        &code(json!({ "eyeColor": "#ff0" })),
        "code_contrast_low: color and background have",
    );
}

#[test]
fn codes_that_fade_too_much_are_told() {
    let code = |opacity: f64, background: &str| {
        json!({ "id": "c", "type": "qrcode", "text": "x", "x": 10, "y": 10, "width": 100, "height": 100,
                "opacity": opacity, "background": background })
    };
    let panel = |x: f64| json!({ "id": "p", "type": "rect", "x": x, "width": 50, "height": 50 });
    let group = |elements: Value| json!({ "id": "g", "type": "group", "opacity": 0.5, "elements": elements });
    let check = |elements: Value, expected: &str| {
        let found = fault(&elements, &[]);
        let fits = found.starts_with(expected) && found.is_empty() == expected.is_empty();
        assert!(fits, "{elements}: {found}");
    };
    let seen = "code_contrast_low: as the code is seen on #ffffff at an opacity of 0.3, color and";
    check(code(0.6, "#fff"), "");
    check(code(0.3, "#fff"), seen);
    check(json!([panel(300.0), code(0.3, "#fff")]), seen);
    // On another ground it might be read, but for one that is hardly there.
    check(json!([panel(0.0), code(0.3, "#fff")]), "");
    let hardly = "code_contrast_low: at an opacity of 0.05 scanners cannot tell";
    check(json!([panel(0.0), code(0.05, "#fff")]), hardly);
    check(group(json!([code(0.6, "#fff")])), seen);
    check(group(json!([panel(300.0), code(0.6, "#fff")])), "");
    // Dark on the white of the canvas, and not on what hides it.
    check(code(1.0, "transparent"), "");
    check(json!([panel(0.0), code(1.0, "transparent")]), "");
    let mut blended = code(0.1, "#fff");
    blended["blendMode"] = json!("multiply");
    check(blended, "");
    let bars = json!({ "id": "c", "type": "barcode", "text": "PD26", "width": 300, "height": 80,
                       "background": "transparent", "color": "#fff" });
    check(bars, "code_contrast_low: as the code is seen on #ffffff, color and background have");
}

/// A panel below a code that all rows share, moved by some.
#[test]
fn what_is_below_a_shared_code_is_looked_at_in_every_row() {
    let template = json!({ "width": 400, "height": 300, "background": "#fff", "elements": [
        { "id": "panel", "type": "rect", "width": 50, "height": 50 },
        { "id": "code", "type": "qrcode", "text": "x", "width": 100, "opacity": 0.3 }] });
    let template = parse(template.to_string().as_bytes()).unwrap();
    let mut layouter = Layouter::new(&Fonts::bundled(), Arc::new(Scaled::new(1 << 20)));
    let (mut painter, mut encoder) = (cpu::Painter::new(), Encoder::new());
    let mut plan = None;
    for (x, expected) in [(0, 0), (300, 1), (0, 0)] {
        let payload = json!({ "panel": { "x": x } }).as_object().unwrap().clone();
        let bound = bind(&template, &payload, 1.0).unwrap();
        let plan = plan.get_or_insert_with(|| {
            let tools = (&mut layouter, &mut painter, &mut encoder);
            let assets = Assets::default();
            Plan::compile(&template, &payload, &bound, &assets, Effort::Fast, tools).unwrap()
        });
        let row = plan.lay_out(&bound, &Assets::default(), &mut layouter).unwrap();
        let (_, whole) = layouter.lay_out(&bound, &Assets::default()).unwrap();
        assert_eq!((row.warnings().len(), row.warnings()), (expected, whole.as_slice()), "{x}");
    }
}
