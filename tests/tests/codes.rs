//! Codes must be read by somebody else's reader, at every size that people ask for.
//!
//! Each line is a code as a template has it, and the text that ZXing's reader must find in the
//! finished PNG. Deliberately absent: how codes look; that is for the golden pictures.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use pixeldrive_model::Payload;
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_tests::{Picture, Studio, folder};
use rxing::{
    BarcodeFormat, DecodeHints, RXingResult, RXingResultMetadataType, RXingResultMetadataValue,
};
use serde_json::{Value, json};

/// Renders the element on a card.
fn draw(element: &Value, ratio: f64) -> Picture {
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
    let (drawing, _) = studio.draw(&template, &Payload::new(), ratio).expect("a drawing");
    let pixels = studio.paint(&drawing).expect("pixels");
    let png = Encoder::new().encode(&pixels, ratio, Effort::Fast).expect("a PNG");
    Picture::decode(&png).expect("a picture")
}

/// What ZXing reads of it.
#[track_caller]
fn scan(format: BarcodeFormat, element: &Value, ratio: f64) -> RXingResult {
    let picture = draw(element, ratio);
    let (luma, width, height) = (picture.luma(), picture.width, picture.height);
    // Readers of phones try both ways too.
    let mut hints = DecodeHints { AlsoInverted: Some(true), ..DecodeHints::default() };
    rxing::helpers::detect_in_luma_with_hints(luma, width, height, Some(format), &mut hints)
        .unwrap_or_else(|error| panic!("{element} at {ratio}x is not read: {error}"))
}

/// Reads the element at 1x, at 2x and between.
#[track_caller]
fn check(format: BarcodeFormat, element: &Value, expected: &str) {
    for ratio in [1.0, 2.0, 1.5] {
        let found = scan(format, element, ratio);
        assert_eq!(found.getText(), expected, "{element} at {ratio}x");
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
        json!({"color": "#ffffff", "background": "#0f172a"}),
        json!({"color": "#dc2626"}),
        json!({"color": "#2563eb", "background": "#fef9c3"}),
        json!({"color": gradient("#1e3a8a", "#be185d")}),
        json!({"color": gradient("#0f766e", "#7c3aed"), "dotStyle": "dots", "eyeStyle": "circle"}),
        json!({"version": 10}),
        json!({"minVersion": 7}),
        json!({"rotation": 20, "x": 90, "width": 200, "dotStyle": "rounded"}),
    ] {
        check(BarcodeFormat::QR_CODE, &qr(text, &style), text);
    }
}

fn gradient(from: &str, to: &str) -> Value {
    json!({"type": "linear", "angle": 135, "stops": [
        {"offset": 0, "color": from}, {"offset": 1, "color": to}]})
}

#[test]
fn qr_codes_of_every_shape_are_read() {
    let long = "https://example.com/".repeat(12);
    for text in ["https://example.com/cards/42", &long] {
        for dots in ["square", "rounded", "dots"] {
            for eyes in ["square", "rounded", "circle"] {
                let style = json!({"dotStyle": dots, "eyeStyle": eyes, "eyeColor": "#7c2d12"});
                check(BarcodeFormat::QR_CODE, &qr(text, &style), text);
            }
        }
    }
}

/// Where a few pixels make a module, each of them counts.
#[test]
fn small_qr_codes_of_every_shape_are_read() {
    let text = "https://example.com/cards/42";
    for width in [90, 110, 132, 150, 165] {
        for (dots, eyes) in [("dots", "circle"), ("dots", "square"), ("rounded", "circle")] {
            let style = json!({"dotStyle": dots, "eyeStyle": eyes, "width": width});
            check(BarcodeFormat::QR_CODE, &qr(text, &style), text);
        }
    }
}

#[test]
fn qr_codes_with_a_logo_are_read() {
    let long = "https://example.com/".repeat(12);
    for text in ["0", "https://example.com/cards/42", &long] {
        for (size, padding) in [(0.1, 0.0), (0.2, 0.5), (0.25, 1.0), (0.3, 0.0)] {
            for (dots, logo) in
                [("square", "quadrants.png"), ("rounded", "arrow.svg"), ("dots", "ring.png")]
            {
                let style = json!({"logo": logo, "logoSize": size, "logoPadding": padding,
                    "dotStyle": dots, "errorCorrection": "L"});
                check(BarcodeFormat::QR_CODE, &qr(text, &style), text);
            }
        }
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
    check(BarcodeFormat::EAN_8, &code("ean8", "5512345"), "55123457");
    check(BarcodeFormat::UPC_A, &code("upca", "03600029145"), "036000291452");
    check(BarcodeFormat::CODE_39, &code("code39", "AB-12 $"), "AB-12 $");
    check(BarcodeFormat::CODE_93, &code("code93", "PD-2026/11 $%"), "PD-2026/11 $%");
    check(
        BarcodeFormat::CODE_93,
        &code("code93", "A 24 CHARACTER LONG TEXT"),
        "A 24 CHARACTER LONG TEXT",
    );
    check(BarcodeFormat::ITF, &code("itf", "123456789"), "1234567895");
    check(BarcodeFormat::ITF, &code("itf", "1540014128876"), "15400141288763");
    check(BarcodeFormat::CODABAR, &code("codabar", "40156-$:/.+"), "40156-$:/.+");
    check(BarcodeFormat::CODABAR, &code("codabar", "B40156D"), "40156");
}

/// Those of five digits: rxing 0.9 looks for shorter ones at the wrong place, so the bars of these are
/// compared with published ones where they are made (`code/barcode.rs`).
#[test]
fn supplements_are_read() {
    let extension = RXingResultMetadataType::UPC_EAN_EXTENSION;
    for (format, symbology, main, supplement) in [
        (BarcodeFormat::EAN_13, "ean13", "9780306406157", "51299"),
        (BarcodeFormat::EAN_13, "ean13", "9771473968012", "00395"),
        (BarcodeFormat::UPC_A, "upca", "036000291452", "54999"),
    ] {
        for show_text in [true, false] {
            let element = json!({"type": "barcode", "symbology": symbology, "showText": show_text,
                "text": format!("{main}+{supplement}")});
            for ratio in [1.0, 2.0] {
                let found = scan(format, &element, ratio);
                assert_eq!(found.getText(), main, "{element}");
                match found.getRXingResultMetadata().get(&extension) {
                    Some(RXingResultMetadataValue::UpcEanExtension(read)) => {
                        assert_eq!(read, supplement, "{element}");
                    }
                    other => panic!("{element} has no supplement: {other:?}"),
                }
            }
        }
    }
}

/// ZXing has no reader for Code 11, so its bars are measured here, and looked up in the table of its
/// standard: five elements a character, narrow (0) or wide (1).
#[test]
fn code11_is_read() {
    const CHARACTERS: [(&str, char); 12] = [
        ("00001", '0'),
        ("10001", '1'),
        ("01001", '2'),
        ("11000", '3'),
        ("00101", '4'),
        ("10100", '5'),
        ("01100", '6'),
        ("00011", '7'),
        ("10010", '8'),
        ("10000", '9'),
        ("00100", '-'),
        ("00110", '*'),
    ];
    // With their check characters: one for ten characters and fewer, else two.
    for (text, expected) in [("123-45", "*123-455*"), ("1234-5678-4321", "*1234-5678-432156*")] {
        for ratio in [1.0, 2.0] {
            let picture =
                draw(&json!({"type": "barcode", "symbology": "code11", "text": text}), ratio);
            let row = picture.height as usize / 3 * picture.width as usize;
            let row = &picture.luma()[row..row + picture.width as usize];
            let runs: Vec<_> = row.chunk_by(|a, b| (*a < 128) == (*b < 128)).collect();
            let runs: Vec<usize> = runs[1..runs.len() - 1].iter().map(|run| run.len()).collect();
            let narrow = *runs.iter().min().expect("bars");
            let read: String = runs
                .chunks(6)
                .map(|character| {
                    let widths: String = character[..5]
                        .iter()
                        .map(|width| if *width > narrow { '1' } else { '0' })
                        .collect();
                    let found = CHARACTERS.iter().find(|(pattern, _)| *pattern == widths);
                    found.map_or('?', |(_, character)| *character)
                })
                .collect();
            assert_eq!(read, expected, "at {ratio}x");
        }
    }
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
        json!({"moduleWidth": 1}),
        json!({"barHeight": 40}),
        json!({"rotation": 90, "x": 100, "y": 100, "width": 260, "height": 90}),
    ] {
        check(BarcodeFormat::CODE_128, &code(style), "PD26-004217");
    }
}
