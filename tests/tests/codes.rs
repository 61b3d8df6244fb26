//! Codes must be read by somebody else's reader, at every size that people ask for.
//!
//! Each line is a code as a template has it, and the text that ZXing's reader must find in the
//! finished PNG. Deliberately absent: how codes look; that is for the golden pictures.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use pixeldrive_model::Payload;
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_tests::{Picture, Studio, folder};
use rxing::BarcodeFormat;
use serde_json::{Value, json};

/// Renders the element on a card, at 1x and at 2x, and reads it.
#[track_caller]
fn check(format: BarcodeFormat, element: &Value, expected: &str) {
    let mut studio = Studio::new(folder("fixtures"));
    let mut element = element.clone();
    element["id"] = json!("code");
    for (key, value) in [("x", 40), ("y", 30), ("width", 420), ("height", 240)] {
        if element.get(key).is_none() {
            element[key] = json!(value);
        }
    }
    let template =
        json!({"width": 500, "height": 300, "background": "#ffffff", "elements": [element]});
    for ratio in [1.0, 2.0, 1.5] {
        let (drawing, _) = studio.draw(&template, &Payload::new(), ratio).expect("a drawing");
        let pixels = studio.paint(&drawing).expect("pixels");
        let png = Encoder::new().encode(&pixels, ratio, Effort::Fast).expect("a PNG");
        let picture = Picture::decode(&png).expect("a picture");
        let (luma, width, height) = (picture.luma(), picture.width, picture.height);
        match rxing::helpers::detect_in_luma(luma, width, height, Some(format)) {
            Ok(found) => assert_eq!(found.getText(), expected, "{element} at {ratio}x"),
            Err(error) => panic!("{element} at {ratio}x is not read: {error}"),
        }
    }
}

fn qr(text: &str, more: &Value) -> Value {
    let mut element = json!({"type": "qrcode", "text": text, "width": 240});
    for (key, value) in more.as_object().into_iter().flatten() {
        element[key] = value.clone();
    }
    element
}

#[test]
fn qr_codes_are_read() {
    let long = "https://example.com/".repeat(20);
    for text in ["https://example.com", "0123456789", "Łódź, Québec & 東京", "x", &long] {
        check(BarcodeFormat::QR_CODE, &qr(text, &json!({})), text);
    }
}

#[test]
fn qr_codes_are_read_in_every_style() {
    let text = "https://example.com/cards/42";
    for style in [
        json!({"errorCorrection": "L"}),
        json!({"errorCorrection": "Q"}),
        json!({"errorCorrection": "H"}),
        json!({"quietZone": 1}),
        json!({"quietZone": 0, "x": 80, "y": 40}),
        json!({"color": "#1e1b4b", "background": "#e0e7ff"}),
        json!({"width": 61}),
        json!({"width": 240, "height": 180}),
    ] {
        check(BarcodeFormat::QR_CODE, &qr(text, &style), text);
    }
}

#[test]
fn barcodes_are_read() {
    let code = |symbology: &str, text: &str| json!({"type": "barcode", "symbology": symbology, "text": text});
    let code128 = BarcodeFormat::CODE_128;
    for text in ["PD26-004217", "0123456789", "abc XYZ 12", "42", "a1b2c3"] {
        check(code128, &code("code128", text), text);
    }
    check(BarcodeFormat::EAN_13, &code("ean13", "590123412345"), "5901234123457");
    check(BarcodeFormat::EAN_13, &code("ean13", "5901234123457"), "5901234123457");
    check(BarcodeFormat::CODE_39, &code("code39", "AB-12 $"), "AB-12 $");
}

#[test]
fn barcodes_are_read_in_every_style() {
    let code = |style: Value| {
        let mut element = json!({"type": "barcode", "text": "PD26-004217"});
        for (key, value) in style.as_object().into_iter().flatten() {
            element[key] = value.clone();
        }
        element
    };
    for style in [
        json!({"showText": false}),
        json!({"color": "#0f172a", "background": "#fef3c7"}),
        json!({"height": 60}),
        json!({"width": 300}),
        json!({"x": 40.4, "width": 333.3}),
    ] {
        check(BarcodeFormat::CODE_128, &code(style), "PD26-004217");
    }
}
