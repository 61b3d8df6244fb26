//! What one row makes of a template.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{Color, Kind, Paint, Payload, Template, bind, parse};

const TEMPLATE: &str = r##"{
    "width": 100, "height": 50, "background": "#fff",
    "elements": [
        {"id": "title", "type": "text", "text": "Hello"},
        {"id": "photo", "type": "image", "width": 10, "height": 10},
        {"id": "panel", "type": "group", "elements": [
            {"id": "stars", "type": "rating", "height": 24},
            {"id": "code", "type": "qrcode", "width": 33, "text": "x"}
        ]}
    ]
}"##;

fn template() -> Template {
    parse(TEMPLATE.as_bytes()).unwrap()
}

fn payload(json: &str) -> Payload {
    serde_json::from_str(json).unwrap()
}

/// The problems of a payload, as `path: message` that need only start as written.
#[track_caller]
fn check(json: &str, expected: &[&str]) {
    let found: Vec<String> = match bind(&template(), &payload(json), 1.0) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect(),
    };
    assert_eq!(found.len(), expected.len(), "found {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "found `{found}`, expected `{expected}…`");
    }
}

const PHOTO: &str = r#""photo": {"src": "https://example.com/a.png"}"#;

#[test]
fn a_payload_must_name_elements_and_their_properties() {
    check(&format!("{{{PHOTO}}}"), &[]);
    check(
        &format!(r#"{{{PHOTO}, "headlin": {{"text": "x"}}}}"#),
        &[
            "payload.headlin: no element has this id; the template has title, photo, panel, stars, code",
        ],
    );
    check(
        &format!(r#"{{{PHOTO}, "title": "x"}}"#),
        &["payload.title: expected an object such as {\"text\": \"…\"}, found a string"],
    );
    check(
        &format!(r#"{{{PHOTO}, "title": {{"value": 3}}, "stars": {{"value": "4"}}}}"#),
        &[
            "payload.title.value: unknown property; a text has text",
            "payload.stars.value: expected a number, found a string",
        ],
    );
    check(
        &format!(
            r#"{{{PHOTO}, "title": {{"id": "x", "type": "rect"}}, "panel": {{"elements": []}}}}"#
        ),
        &[
            "payload.title.id: unknown property",
            "payload.title.type: unknown property",
            "payload.panel.elements: unknown property",
        ],
    );
}

#[test]
fn what_is_drawn_has_its_data() {
    check(
        "{}",
        &["payload.photo.src: missing: neither the template nor the payload gives image `photo`"],
    );
    check(r#"{"photo": {"visible": false}}"#, &[]);
    check(&format!(r#"{{{PHOTO}, "code": {{"text": ""}}}}"#), &["payload.code.text: missing"]);
    check(&format!(r#"{{{PHOTO}, "code": {{"text": ""}}, "panel": {{"visible": false}}}}"#), &[]);
}

#[test]
fn a_payload_overrides_any_property_for_one_render() {
    let row = payload(&format!(
        r##"{{{PHOTO}, "title": {{"text": "Bye", "color": "#f00", "fontSize": 20}}, "stars": {{"value": 4.5}}}}"##
    ));
    let bound = bind(&template(), &row, 2.0).unwrap();
    assert_eq!(bound.picture_size(), (200, 100), "canvas times pixel ratio");
    let Kind::Text(text) = &bound.elements[0].kind else { panic!("a text") };
    assert_eq!(
        (text.text.as_str(), text.font_size, &text.color),
        ("Bye", 20.0, &Paint::Solid(Color::rgb(255, 0, 0))),
        "overridden"
    );
    let Kind::Group(group) = &bound.elements[2].kind else { panic!("a group") };
    let Kind::Rating(stars) = &group.elements[0].kind else { panic!("a rating") };
    assert_eq!(stars.value, 4.5, "inside a group too");
    let Kind::Text(text) = &template().elements[0].kind.clone() else { panic!("a text") };
    assert_eq!(text.text, "Hello", "the template is as it was");
}

#[test]
fn hidden_elements_are_gone() {
    let row = payload(r#"{"photo": {"visible": false}, "panel": {"opacity": 0}}"#);
    let bound = bind(&template(), &row, 1.0).unwrap();
    let ids: Vec<_> = bound.elements.iter().map(|element| element.id.as_str()).collect();
    assert_eq!(ids, ["title"], "only what shows is left");
    assert!(bound.sources().is_empty(), "and nothing is fetched for the rest");
}

#[test]
fn the_pixel_ratio_is_bounded() {
    let row = payload(&format!("{{{PHOTO}}}"));
    for (ratio, fine) in
        [(0.05, true), (4.0, true), (0.0, false), (100.0, false), (f64::NAN, false)]
    {
        let found = bind(&template(), &row, ratio);
        assert_eq!(found.is_ok(), fine, "{ratio}");
        if let Err(problems) = found {
            assert_eq!(problems[0].path, "pixelRatio", "{ratio}");
        }
    }
    let large = parse(br#"{"width": 8000, "height": 8000, "elements": []}"#).unwrap();
    let problems = bind(&large, &Payload::new(), 2.0).unwrap_err();
    assert!(problems[0].message.contains("use a smaller pixelRatio"), "{problems:?}");
}
