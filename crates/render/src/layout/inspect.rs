//! What a template carries itself, looked at before it is stored: documents and pictures that cannot be
//! drawn, codes that cannot be read. No row would make it better.
//!
//! Deliberately absent: what depends on a payload, and files that are elsewhere.

use pixeldrive_model::limits::IMAGE_BYTES_MAX;
use pixeldrive_model::{Element, Given, Kind, Problem, Source, data_bytes};

use super::code;
use crate::Error;
use crate::asset::{Asset, AssetKind, svg_text};
use crate::picture::{Refusal, svg};

/// Says what is wrong with what an element carries: SVG documents and `data:` URIs, and the text and the
/// colours of codes. The path of each problem is the property's name.
#[must_use]
pub fn inspect(given: Given<'_>) -> Vec<Problem> {
    let Given { element, text_is_fixed } = given;
    let mut problems: Vec<Problem> = element
        .sources()
        .filter_map(|(property, source)| Some(Problem::new(property, data_fault(source)?)))
        .collect();
    if let Kind::Svg(svg) = &element.kind
        && !svg.svg.is_empty()
        && let Err(refusal) = readable(svg.svg.clone().into())
    {
        problems.push(Problem::new("svg", refusal.to_string()));
    }
    problems.extend(code_faults(element, text_is_fixed));
    problems
}

/// What is wrong with a picture that is written into the template.
fn data_fault(source: &Source) -> Option<String> {
    let Source::Data(uri) = source else { return None };
    match data_bytes(uri, IMAGE_BYTES_MAX) {
        Err(fault) => Some(format!("the data: URI cannot be decoded: {fault}")),
        Ok(bytes) => readable(bytes.into()).err().map(|refusal| {
            let cut =
                if uri.contains('#') { "; a # ends a data: URI, write it as %23" } else { "" };
            format!("{refusal}{cut}")
        }),
    }
}

/// Whether a file can be drawn. Rasters are not decoded, but for those in documents.
fn readable(bytes: bytes::Bytes) -> Result<(), Refusal> {
    let asset = Asset::sniff(bytes)?;
    if asset.kind() == AssetKind::Svg {
        let text = svg_text(asset.bytes())?;
        if text.contains("data:") {
            svg::check_pictures(text)?;
        }
    }
    Ok(())
}

fn code_faults(element: &Element, text_is_fixed: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    match &element.kind {
        Kind::QrCode(qrcode) => {
            found.extend(code::faint(qrcode));
            if text_is_fixed && !qrcode.text.is_empty() {
                found.extend(code::unfit(element, qrcode).map(|error| {
                    let logo = matches!(error, Error::QrCodeLogoTooLarge { .. });
                    (if logo { "logoSize" } else { "text" }, error.to_string())
                }));
            }
        }
        Kind::Barcode(barcode) => {
            found.extend(code::faint_bars(barcode).map(|reason| ("color", reason)));
            // The model knows the rules of the symbologies, and has told.
            let complete = barcode.symbology.complete(&barcode.text).is_ok();
            if text_is_fixed && complete {
                let fault = code::bars_fault(barcode, super::size(element).width);
                found.extend(fault.map(|reason| ("text", reason)));
            }
        }
        Kind::Text(_) | Kind::Image(_) | Kind::Svg(_) | Kind::Rect(_) | Kind::Ellipse(_) => {}
        Kind::Line(_) | Kind::Polygon(_) | Kind::Star(_) | Kind::Path(_) | Kind::Group(_) => {}
        Kind::Rating(_) | Kind::Progress(_) | Kind::Chart(_) | Kind::Table(_) => {}
    }
    found.into_iter().map(|(property, reason)| Problem::new(property, reason)).collect()
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use pixeldrive_model::parse_with;
    use serde_json::{Value, json};

    use super::*;

    /// The path and the start of the message of all that is wrong with an element.
    #[track_caller]
    fn check(element: &Value, expected: &[(&str, &str)]) {
        let mut element = element.clone();
        element["id"] = json!("e");
        let template = json!({ "width": 90, "height": 90, "elements": [element] });
        let problems = match parse_with(template.to_string().as_bytes(), &inspect) {
            Ok(_) => Vec::new(),
            Err(problems) => problems,
        };
        assert_eq!(problems.len(), expected.len(), "{element}: {problems:?}");
        for (problem, (path, message)) in problems.iter().zip(expected) {
            assert_eq!(problem.path, format!("elements[0].{path}"), "{problem:?}");
            assert!(problem.message.starts_with(message), "{problem:?}");
        }
    }

    fn svg(inside: &str) -> String {
        format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{inside}</svg>")
    }

    #[test]
    fn documents_are_read() {
        let check_document = |document: &str, expected: &str| {
            let inline = json!({ "type": "svg", "svg": document, "width": 9, "height": 9 });
            let base64 = BASE64.encode(document.as_bytes());
            let uri = format!("data:image/svg+xml;base64,{base64}");
            let data = json!({ "type": "svg", "src": uri, "width": 9, "height": 9 });
            let image = json!({ "type": "image", "src": uri, "width": 9, "height": 9 });
            let fill = json!({ "type": "image", "src": uri });
            let fill = json!({ "type": "rect", "fill": fill, "width": 9, "height": 9 });
            let cases = [(inline, "svg"), (data, "src"), (image, "src"), (fill, "fill.src")];
            for (element, property) in cases {
                let expected = [(property, expected)];
                check(&element, if expected[0].1.is_empty() { &[] } else { &expected });
            }
        };
        check_document(&svg("<path d='M0 0h9v9z'/><text>a</text><animate/>"), "");
        check_document("<svg", "the picture is broken: ");
        check_document("hello", "this is no picture that can be drawn");
        check_document(&svg("<g>"), "the picture is broken: expected 'g' tag, not 'svg' at 1:");
        check_document(&svg("<use href='a.svg#b'/>"), "the SVG refers to `a.svg#b`; only #ids");
        check_document(&svg(&"<g>".repeat(200)), "the SVG is too complex: its elements are nested");
        check_document(
            &svg(&"<g/>".repeat(60_000)),
            "the SVG is too complex: it has more than 50000",
        );
        check_document(
            &svg("<image href='data:image/png;base64,iVBORw0KGgo=' width='9' height='9'/>"),
            "the picture is broken",
        );
    }

    #[test]
    fn pictures_are_looked_at() {
        let image = |src: &str| json!({ "type": "image", "src": src, "width": 9, "height": 9 });
        let ring = include_bytes!("../../../../tests/fixtures/ring.png");
        let whole = format!("data:image/png;base64,{}", BASE64.encode(ring));
        check(&image(&whole), &[]);
        check(&image(&whole[..50]), &[("src", "the picture is broken")]);
        check(
            &image("data:;base64,%%"),
            &[("src", "the data: URI cannot be decoded: this is not")],
        );
        check(&image("data:,hello"), &[("src", "this is no picture")]);
        check(
            &image("data:image/svg+xml,<svg fill='#000'/>"),
            &[(
                "src",
                "the picture is broken: unexpected end of stream; a # ends a data: URI, write",
            )],
        );
        check(&image("https://example.com/a.png"), &[]);
        check(&image("a.png"), &[]);
    }

    #[test]
    fn codes_can_be_read() {
        let code = |kind: &str, more: Value| {
            let mut code = json!({ "type": kind, "width": 80, "height": 40 });
            code.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            code
        };
        let qr = |more| code("qrcode", more);
        check(&qr(json!({ "text": "https://example.com" })), &[]);
        check(&qr(json!({})), &[]);
        check(&qr(json!({ "text": "x".repeat(2000), "errorCorrection": "L" })), &[]);
        check(
            &qr(json!({ "text": "x".repeat(2000), "errorCorrection": "H" })),
            &[("text", "the text is too long for a QR code: at most 1273 such characters")],
        );
        check(
            &qr(json!({ "text": "x".repeat(40), "version": 1 })),
            &[("text", "the text needs version")],
        );
        let filled = format!("{{{{name}}}}{}", "x".repeat(2000));
        check(&qr(json!({ "text": filled, "errorCorrection": "H" })), &[]);
        check(
            &qr(json!({ "text": "{{name}}", "color": "#ddd", "eyeColor": "#000" })),
            &[("color", "color and background have a contrast of 1.")],
        );
        check(
            &qr(json!({ "text": "x", "eyeColor": "#ddd" })),
            &[("eyeColor", "color and background have a contrast of 1.")],
        );
        let logo =
            json!({ "text": "x".repeat(300), "version": 15, "logo": "a.png", "logoSize": 0.4 });
        check(&qr(logo), &[("logoSize", "the logo covers more of the QR code than")]);

        let bars = |more| code("barcode", more);
        check(&bars(json!({ "text": "CARD-1" })), &[]);
        check(&bars(json!({})), &[]);
        check(
            &bars(json!({ "symbology": "ean13", "text": "12" })),
            &[("text", "EAN-13 has 12 digits")],
        );
        check(&bars(json!({ "text": "{{code}}", "moduleWidth": 5 })), &[]);
        check(
            &bars(json!({ "text": "CARD-1", "moduleWidth": 1.6 })),
            &[("text", "the code is 121 px wide at this moduleWidth, its box 80")],
        );
        check(
            &bars(json!({ "color": "#fff", "background": "#000" })),
            &[("color", "the bars are lighter than the background")],
        );
    }
}
