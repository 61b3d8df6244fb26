//! One template in several sizes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use pixeldrive_model::{Kind, Length, Paint, Payload, Template, bind, limits, parse};
use serde_json::{Value, json};

fn card(sizes: &Value) -> Value {
    json!({
        "width": 200, "height": 100, "background": "#ffffff",
        "elements": [
            {"id": "title", "type": "text", "text": "Hello {{name}}", "width": 180},
            {"id": "code", "type": "barcode", "width": 90, "height": 40, "symbology": "ean13",
                "text": "978030640615"},
            {"id": "panel", "type": "group", "elements": [
                {"id": "box", "type": "rect", "width": 10, "height": 10}]},
        ],
        "sizes": sizes,
    })
}

fn read(document: &Value) -> Arc<Template> {
    Arc::new(parse(document.to_string().as_bytes()).unwrap())
}

/// The problems of a template with these sizes, as `path: message` that need only start as written.
#[track_caller]
fn check(sizes: Value, expected: &[&str]) {
    let found: Vec<String> = match parse(card(&sizes).to_string().as_bytes()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect(),
    };
    assert_eq!(found.len(), expected.len(), "found {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "found `{found}`, expected `{expected}…`");
    }
}

#[test]
fn a_size_is_held_to_the_rules_of_the_template() {
    check(json!({}), &[]);
    check(json!({"story": {}}), &[]);
    check(json!([]), &["sizes: expected an object from name to size, found a list"]);
    check(json!({"story": 3}), &["sizes.story: expected an object such as"]);
    check(json!({"": {}}), &["sizes.: a size's name has 1 to 200 characters"]);
    check(
        json!({"story": {"widht": 9, "width": 0, "height": "x", "background": "reed", "elements": 1}}),
        &[
            "sizes.story.widht: unknown property (did you mean `width`?); a size has width, height, background, elements",
            "sizes.story.width: 0 is outside 1 to 16384",
            "sizes.story.height: expected a number, found a string",
            "sizes.story.background: `reed` is not a colour",
            "sizes.story.elements: expected an object from element id to properties, found a number",
        ],
    );
    check(
        json!({"big": {"width": 16000, "height": 16000}}),
        &["sizes.big: 16000 x 16000 exceeds 64000000 pixels"],
    );
    check(
        json!({"story": {"elements": {"titel": {}, "title": 7}}}),
        &[
            "sizes.story.elements.titel: no element has this id (did you mean `title`?); there are title, code, panel, box",
            "sizes.story.elements.title: expected an object such as",
        ],
    );
    check(
        json!({"story": {"elements": {
            "box": {"width": "auto", "fill": {"type": "linear", "stops": [{"offset": 0}, {"offset": 1}]}},
            "title": {"type": "rect", "fontSize": 0, "text": "a", "spans": [{"text": "b"}]},
            "code": {"text": "12"}}}}),
        &[
            "sizes.story.elements.title.spans: give `text` or `spans`, not both",
            "sizes.story.elements.title.fontSize: 0 is outside",
            "sizes.story.elements.title.type: unknown property; a text has",
            "sizes.story.elements.code.text: EAN-13 has 12 digits",
            "sizes.story.elements.box.fill.stops[0].color: missing; a stop needs it",
            "sizes.story.elements.box.fill.stops[1].color: missing; a stop needs it",
            "sizes.story.elements.box.width: a rect needs a width in px",
        ],
    );
    check(
        json!({"story": {"elements": {"title": {"text": "{{name:nmber}}"}}}}),
        &["sizes.story.elements.title.text: unknown format `nmber`"],
    );
    let many: Vec<_> = (0..=limits::SIZES_MAX).map(|at| (at.to_string(), json!({}))).collect();
    check(Value::Object(many.into_iter().collect()), &["sizes: 17 sizes; at most 16 are taken"]);
}

#[test]
fn what_a_size_leaves_out_is_as_in_the_template() {
    let template = read(&card(&json!({"story": {
        "height": 300, "background": "none",
        "elements": {"title": {"text": "Hi {{name}}", "fontSize": 40}, "box": {"width": 20}},
    }})));
    let story = template.sized(Some("story")).unwrap();
    assert_eq!((story.width, story.height), (200, 300), "width as in the template");
    assert_eq!(story.background, Paint::None, "another background");
    let payload = json!({"name": "Ann", "title": {"color": "red"}});
    let bound = bind(&story, payload.as_object().unwrap(), 1.0).unwrap();
    let Kind::Text(title) = &bound.elements[0].kind else { panic!("a text") };
    assert_eq!((title.text.as_str(), title.font_size), ("Hi Ann", 40.0), "filled in");
    assert_eq!(bound.elements[0].frame.width, Length::Px(180.0), "as in the template");
    let Kind::Group(panel) = &bound.elements[2].kind else { panic!("a group") };
    assert_eq!(panel.elements[0].frame.width, Length::Px(20.0), "inside a group");

    let own = bind(&template, payload.as_object().unwrap(), 1.0).unwrap();
    let Kind::Text(title) = &own.elements[0].kind else { panic!("a text") };
    assert_eq!((title.text.as_str(), own.height), ("Hello Ann", 100), "the template's own size");
}

#[test]
fn a_payload_overrides_a_size() {
    let template = read(&card(&json!({"story": {"elements": {"title": {"fontSize": 40}}}})));
    let payload = json!({"title": {"fontSize": 50}});
    let story = template.sized(Some("story")).unwrap();
    let bound = bind(&story, payload.as_object().unwrap(), 1.0).unwrap();
    let Kind::Text(title) = &bound.elements[0].kind else { panic!("a text") };
    assert_eq!(title.font_size, 50.0, "the payload comes last");
}

#[test]
fn a_size_is_asked_for_by_its_name() {
    let template = read(&card(&json!({"story": {}, "square": {"width": 100}})));
    assert!(Arc::ptr_eq(&template, &template.sized(None).unwrap()), "no name, no other size");
    let problem = template.sized(Some("storey")).unwrap_err();
    let expected = "no size is named `storey`; the template has square, story";
    assert_eq!((problem.path.as_str(), problem.message.as_str()), ("size", expected));
    let problem = read(&card(&json!({}))).sized(Some("story")).unwrap_err();
    assert_eq!(problem.message, "no size is named `story`; the template has no named sizes");
}

#[test]
fn each_size_has_pictures_of_its_own() {
    let template = read(&card(&json!({"story": {}, "square": {}})));
    let hash = |size| template.sized(size).unwrap().hash;
    assert_ne!(hash(None), hash(Some("story")), "even where it changes nothing");
    assert_ne!(hash(Some("square")), hash(Some("story")), "by name");
}

#[test]
fn a_size_may_hide_what_has_no_data() {
    let mut document = card(&json!({"small": {"elements": {"photo": {"visible": false}}}}));
    let photo = json!({"id": "photo", "type": "image", "width": 9, "height": 9});
    document["elements"].as_array_mut().unwrap().push(photo);
    let template = read(&document);
    assert!(bind(&template, &Payload::new(), 1.0).is_err(), "the picture is missing");
    let small = template.sized(Some("small")).unwrap();
    assert!(bind(&small, &Payload::new(), 1.0).is_ok(), "it is not asked for");
}
