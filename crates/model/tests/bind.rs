//! What one row makes of a template.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{
    Color, Kind, Paint, Payload, Problem, Template, bind, parse, parse_payload,
};

const TEMPLATE: &str = r##"{
    "width": 100, "height": 50, "background": "#fff",
    "elements": [
        {"id": "title", "type": "text", "text": "Hello"},
        {"id": "photo", "type": "image", "width": 10, "height": 10},
        {"id": "panel", "type": "group", "elements": [
            {"id": "stars", "type": "rating", "height": 24, "value": 3},
            {"id": "code", "type": "qrcode", "width": 33, "text": "x"}
        ]}
    ]
}"##;

fn template() -> Template {
    parse(TEMPLATE.as_bytes()).unwrap()
}

fn payload(json: &str) -> Payload {
    parse_payload(json.as_bytes()).unwrap()
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

/// What is wrong, or else the warnings, of `payload` in a template of one element.
#[track_caller]
fn check_one(element: &str, json: &str, expected: &str) {
    let template = format!(r#"{{"width": 90, "height": 90, "elements": [{element}]}}"#);
    let template = parse(template.as_bytes()).unwrap();
    let say = |problems: Vec<Problem>| {
        problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect::<Vec<_>>().join("; ")
    };
    let found = parse_payload(json.as_bytes()).and_then(|payload| bind(&template, &payload, 1.0));
    let found = found.map_or_else(say, |bound| {
        let warnings = bound.warnings.iter().map(|w| format!("{} {}", w.code, w.message));
        warnings.collect::<Vec<_>>().join("; ")
    });
    assert!(found.starts_with(expected), "found `{found}`, expected `{expected}…`");
    assert_eq!(found.is_empty(), expected.is_empty(), "found `{found}`");
}

#[test]
fn a_rating_has_a_value_and_its_icons_are_enough() {
    let stars = r#"{"id": "s", "type": "rating", "height": 9}"#;
    check_one(stars, "{}", "payload.s.value: missing: neither the template nor the payload");
    check_one(stars, r#"{"s": {"value": null}}"#, "payload.s.value: missing");
    check_one(stars, r#"{"s": {"value": "4"}}"#, "payload.s.value: expected a number");
    check_one(stars, r#"{"s": {"value": 0}}"#, "");
    check_one(stars, r#"{"s": {"value": 5}}"#, "");
    check_one(stars, r#"{"s": {"value": 6}}"#, "value_clamped 6 of 5: all 5 icons are filled");
    check_one(stars, r#"{"s": {"value": 6, "max": 6}}"#, "");
    check_one(stars, r#"{"s": {"value": -1}}"#, "payload.s.value: -1 is outside 0 to 1000");
    check_one(stars, r#"{"s": {"value": 1e300}}"#, "payload.s.value: 1e300 is outside");
    check_one(stars, r#"{"s": {"value": 1, "icon": "M0"}}"#, "payload.s.icon: no SVG path data");
}

#[test]
fn a_barcode_follows_the_rules_of_its_symbology() {
    let ean = r#"{"id": "b", "type": "barcode", "width": 9, "height": 9, "symbology": "ean13"}"#;
    check_one(ean, r#"{"b": {"text": "978030640615"}}"#, "");
    check_one(ean, r#"{"b": {"text": "12"}}"#, "payload.b.text: EAN-13 has 12 digits");
    check_one(ean, r#"{"b": {"text": "9780306406158"}}"#, "payload.b.text: the check digit");
    check_one(ean, r#"{"b": {"text": "Zoë", "symbology": "code128"}}"#, "payload.b.text: Code 128");
    check_one(ean, r#"{"b": {"text": "zoe", "symbology": "code39"}}"#, "payload.b.text: Code 39");
    let filled = ean.replace("ean13\"", "ean13\", \"text\": \"{{isbn}}\"");
    check_one(&filled, r#"{"isbn": "978030640615"}"#, "");
    check_one(&filled, r#"{"isbn": "abc"}"#, "payload.b.text: EAN-13 has digits alone");
}

#[test]
fn a_payload_is_an_object_that_gives_each_key_once() {
    let text = r#"{"id": "t", "type": "text", "text": "{{a.b.0.c|x}}"}"#;
    check_one(text, r#"{"t": {}, "t": {}}"#, "payload.t: given twice");
    check_one(text, r#"{"a": {"b": [{"c": 1, "c": 2}]}}"#, "payload.a.b[0].c: given twice");
    check_one(text, "[]", "payload: expected an object, found a list");
    check_one(text, "{\"a\" 7}", "payload: not JSON: expected `:` at column 6");
    check_one(text, "{} x", "payload: not JSON: trailing characters at column 4");
    check_one(text, "", "payload: not JSON: it ends early");
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200));
    check_one(text, &deep, "payload: nested deeper than 127");
}

#[test]
fn what_is_refused_is_not_missing_too() {
    let photo = r#"{"id": "p", "type": "image", "width": 9, "height": 9}"#;
    check_one(photo, r#"{"p": {"src": ""}}"#, "payload.p.src: missing");
    let template = format!(r#"{{"width": 9, "height": 9, "elements": [{photo}]}}"#);
    let row = payload(r#"{"p": {"src": "file:///etc/passwd"}}"#);
    let found = bind(&parse(template.as_bytes()).unwrap(), &row, 1.0).unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
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
    assert_eq!(stars.value, Some(4.5), "inside a group too");
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

/// The ids of what a payload shows of a template with a condition.
#[track_caller]
fn shown(condition: &str, row: &str) -> Vec<String> {
    let template = format!(
        r#"{{"width": 9, "height": 9, "elements": [
            {{"id": "title", "type": "text", "text": "Hi {{{{user.name|}}}}"}},
            {{"id": "photo", "type": "image", "width": 9, "height": 9, "visibleWhen": {condition}}}]}}"#
    );
    let bound = bind(&parse(template.as_bytes()).unwrap(), &payload(row), 1.0).unwrap();
    bound.elements.into_iter().map(|element| element.id).collect()
}

#[test]
fn a_condition_hides_what_has_no_data() {
    let vip = r#"{"path": "user.vip", "equals": true}"#;
    let photo = r#""photo": {"src": "https://example.com/a.png"}"#;
    assert_eq!(shown(vip, "{}"), ["title"], "without its data");
    assert_eq!(shown(vip, r#"{"user": {"vip": false}}"#), ["title"]);
    let row = format!(r#"{{"user": {{"vip": true}}, {photo}}}"#);
    assert_eq!(shown(vip, &row), ["title", "photo"]);
    let given = r#"{"path": "photo.src", "exists": true}"#;
    assert_eq!(shown(given, "{}"), ["title"], "a condition may ask for the element's own data");
    assert_eq!(shown(given, &format!("{{{photo}}}")), ["title", "photo"]);
    assert_eq!(shown("null", &format!("{{{photo}}}")), ["title", "photo"], "no condition");
}

#[test]
fn a_payload_that_says_visible_is_not_asked_for_more() {
    let never = r#"{"any": [{"path": "user.vip", "equals": true}]}"#;
    let row = |visible: bool, vip: bool| {
        format!(
            r#"{{"user": {{"vip": {vip}}}, "photo": {{"src": "https://example.com/a.png", "visible": {visible}}}}}"#
        )
    };
    assert_eq!(shown(never, &row(true, false)), ["title", "photo"], "it wins");
    assert_eq!(shown(never, &row(false, true)), ["title"], "it wins");
}

#[test]
fn a_condition_counts_the_keys_that_it_reads() {
    let element = |condition: &str| {
        format!(
            r#"{{"id": "r", "type": "rect", "width": 9, "height": 9, "visibleWhen": {condition}}}"#
        )
    };
    let read = element(
        r#"{"not": {"any": [{"path": "user.vip", "exists": true}, {"path": "plan", "in": ["a"]}]}}"#,
    );
    check_one(&read, r#"{"user": {"age": 3}, "plan": [7]}"#, "");
    let unknown = "payload.usr: no element has this id (did you mean `user`?); the template has r; it also reads plan, user";
    check_one(&read, r#"{"usr": {}}"#, unknown);
    let shown = element(r#"{"path": "user.vip", "exists": false}"#);
    check_one(
        &shown,
        r#"{"r": {"visibleWhen": {"path": "a b", "exists": true}}}"#,
        "payload.r.visibleWhen.path: `a b` is no path",
    );
    check_one(
        &shown,
        r#"{"r": {"fill": {"type": "linear", "stops": [{"offset": 0, "color": "red"}, {"offset": 1, "color": "rd"}]}}}"#,
        "payload.r.fill.stops[1].color: `rd` is not a colour",
    );
}
