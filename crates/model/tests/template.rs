//! What a template may say and how it is told that it may not.
//!
//! Method: a document, and the problems it must report, one `path: message` a line; the message
//! need only start as written.

use pixeldrive_model::{Color, Kind, Length, Paint, limits, parse};

#[track_caller]
fn check(document: &str, expected: &str) {
    let found: Vec<String> = match parse(document.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect(),
    };
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    assert_eq!(found.len(), expected.len(), "found {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "found `{found}`, expected `{expected}…`");
    }
}

/// A document with these elements.
fn with(elements: &str) -> String {
    format!(r#"{{"width": 10, "height": 10, "elements": [{elements}]}}"#)
}

#[test]
fn a_document_is_an_object_with_a_canvas_and_elements() {
    check("[", ": not JSON");
    check("[]", ": expected an object, found a list");
    check("{}", "width: missing\nheight: missing\nelements: missing");
    check(r#"{"width": 10, "height": 10, "elements": []}"#, "");
    check(
        r##"{"width": 0, "height": 16385, "elements": {}, "colour": "#fff", "background": "#ggg"}"##,
        "colour: unknown property; a template has name, width
         width: 0 is outside 1 to 16384
         height: 16385 is outside
         background: `#ggg` is not a colour
         elements: expected a list",
    );
    check(
        r#"{"width": 16000, "height": 16000, "elements": []}"#,
        "width: 16000 x 16000 exceeds 64000000 pixels",
    );
    check(r#"{"width": 1.5, "height": 10, "elements": []}"#, "width: expected a whole number");
}

#[test]
fn every_fault_is_named_with_its_path_and_the_words_that_would_do() {
    check(&with(r#"{"id": "a"}"#), "elements[0].type: missing; one of text, image");
    check(
        &with(r#"{"id": "a", "type": "txt"}"#),
        "elements[0].type: unknown (did you mean `text`?); one of text",
    );
    check(&with(r#"{"type": "line"}"#), "elements[0].id: missing");
    check(
        &with(r#"{"id": "a", "type": "line"}, {"id": "a", "type": "line"}"#),
        "elements[1].id: `a` is used by another element",
    );
    check(
        &with(r#"{"id": "a", "type": "text", "fontsize": 3, "fontSize": "big", "maxLines": -1}"#),
        "elements[0].fontSize: expected a number, found a string
         elements[0].fontsize: unknown property (did you mean `fontSize`?); a text has text, spans
         elements[0].maxLines: expected a whole number, found -1",
    );
    check(
        &with(r#"{"id": "a", "type": "text", "textAlign": "middle", "opacity": 2}"#),
        "elements[0].opacity: 2 is outside 0 to 1
         elements[0].textAlign: expected one of start, left, center, right, end, justify",
    );
    check(
        &with(r#"{"id": "g", "type": "group", "elements": [{"id": "a", "type": "rect"}]}"#),
        "elements[0].elements[0].width: a rect needs a width in px
         elements[0].elements[0].height: a rect needs a height in px",
    );
    check(
        &with(
            r#"{"id": "a", "type": "text", "overflow": "shrink", "fontSize": 10, "minFontSize": 12}"#,
        ),
        "elements[0].minFontSize: larger than the fontSize of 10",
    );
    check(&with(r#"{"id": "a", "type": "text", "overflow": "shrink", "fontSize": 6}"#), "");
    check(
        &with(r#"{"id": "p", "type": "path", "d": "M0 0 nonsense"}"#),
        "elements[0].d: no SVG path data",
    );
    check(
        &with(r#"{"id": "r", "type": "rating", "height": 20, "icon": "M0 0z oops"}"#),
        "elements[0].icon: no SVG path data",
    );
    check(
        &with(r#"{"id": "t", "type": "text", "text": "a", "spans": [{"text": "b"}]}"#),
        "elements[0].spans: give `text` or `spans`, not both",
    );
}

#[test]
fn faults_further_in_are_named_all_at_once() {
    check(
        &with(
            r##"{"id": "a", "type": "image", "width": 1, "height": "1", "filters": [
                {"type": "blur"}, {"type": "sepia", "amount": 2, "amont": 1}], "border": {"color": "#1"}},
                {"id": "t", "type": "text", "spans": [{"txt": "b"}, {"text": "c", "color": 3}],
                 "shadow": [{"x": "1", "blur": -1}]},
                {"id": "c", "type": "chart", "width": 1, "height": 1, "values": [{"label": true}, 2],
                 "colors": ["red", "rde", 7]}"##,
        ),
        "elements[0].border.width: missing; a border needs it
         elements[0].border.color: `#1` is not a colour
         elements[0].filters[0].radius: missing; blur needs it
         elements[0].filters[1].amont: unknown property (did you mean `amount`?); sepia has type, amount
         elements[0].filters[1].amount: 2 is outside 0 to 1
         elements[0].height: expected a number of px
         elements[1].shadow[0].x: expected a number, found a string
         elements[1].shadow[0].blur: -1 is outside 0
         elements[1].spans[0].txt: unknown property (did you mean `text`?); a span has
         elements[1].spans[0].text: missing: what the span says
         elements[1].spans[1].color: expected
         elements[2].colors[1]: `rde` is not a colour
         elements[2].colors[2]: expected a colour, found a number
         elements[2].values[0].label: expected a string, found a boolean
         elements[2].values[0].value: missing; a value needs it",
    );
}

#[test]
fn sources_are_urls_data_or_files_beside_the_template() {
    let image = |src: &str| {
        with(&format!(r#"{{"id": "a", "type": "image", "width": 1, "height": 1, "src": "{src}"}}"#))
    };
    for fine in ["", "https://example.com/a.png", "data:image/png;base64,AAAA", "photos/a b.jpg"] {
        check(&image(fine), "");
    }
    check(&image("file:///etc/passwd"), "elements[0].src: `file:` is refused");
    check(&image("ftp://example.com/a.png"), "elements[0].src: `ftp:` is refused");
    check(&image("/etc/passwd"), "elements[0].src: a path must stay inside");
    check(&image("a/../../b.png"), "elements[0].src: a path must stay inside");
    check(&image("https://me:secret@example.com/"), "elements[0].src: a URL with a user name");
    check(&image("https://"), "elements[0].src: not a URL");
}

#[test]
fn a_key_is_given_once() {
    check(r#"{"width": 1, "height": 1, "height": 2, "elements": []}"#, "height: given twice");
    check(
        &with(r#"{"id": "a", "type": "rect", "fill": {"type": "linear", "type": "linear"}}"#),
        "elements[0].fill.type: given twice",
    );
    check(r#"{"width": 1,, "height": 1}"#, ": not JSON: key must be a string at column 13");
    check("{\n\"width\": x}", ": not JSON: expected value at line 2, column 10");
    check(&"[".repeat(200), ": nested deeper than 127");
}

#[test]
fn faults_that_need_no_data_are_found_at_once() {
    let path = |d: &str| with(&format!(r#"{{"id": "a", "type": "path", "d": "{d}"}}"#));
    check(&path("M0 0h9v9z"), "");
    check(&path("M0 0 oops"), "elements[0].d: no SVG path data");
    check(&path("M0 0 L1e999 1"), "elements[0].d: no SVG path data");
    check(&path(&"M0 0".repeat(limits::PATH_CHARS_MAX)), "elements[0].d: longer than 100000 bytes");
    check(
        &with(r#"{"id": "a", "type": "rating", "height": 9, "icon": "flower", "value": 1e300}"#),
        "elements[0].icon: no SVG path data
         elements[0].value: 1e300 is outside 0 to 1000",
    );
    let barcode = |text: &str| {
        with(&format!(
            r#"{{"id": "a", "type": "barcode", "width": 9, "height": 9, "symbology": "ean13", "text": "{text}"}}"#
        ))
    };
    for fine in ["", "{{isbn}}", "978030640615"] {
        check(&barcode(fine), "");
    }
    check(&barcode("123"), "elements[0].text: EAN-13 has 12 digits");
    check(
        &with(r#"{"id": "a", "type": "text", "padding": [1], "maxLines": 1e300}"#),
        "elements[0].maxLines: expected a whole number, found 1e300
         elements[0].padding: expected a number, two or four, found a list of 1",
    );
}

#[test]
fn gradients_are_read_whole() {
    let fill = |fill: &str| {
        with(&format!(r#"{{"id": "a", "type": "rect", "width": 1, "height": 1, "fill": {fill}}}"#))
    };
    let stops = r##""stops": [{"offset": 0, "color": "#000"}, {"offset": 1, "color": "#fff"}]"##;
    check(&fill(&format!(r#"{{"type": "linear", "angle": 90, {stops}}}"#)), "");
    check(
        &fill(r#"{"type": "linear"}"#),
        "elements[0].fill.stops: missing; a linear gradient needs it",
    );
    check(
        &fill(r##"{"type": "linear", "stops": [{"offset": 0, "color": "#000"}]}"##),
        "elements[0].fill.stops: a gradient has 2 to 64 stops, not 1",
    );
    check(
        &fill(
            r##"{"type": "linear", "stops": [{"offset": 1, "color": "#000"}, {"offset": 0, "color": "#fff"}]}"##,
        ),
        "elements[0].fill.stops[1].offset: offsets must not fall",
    );
    check(&fill(&format!(r#"{{"type": "radial", {stops}}}"#)), "");
    check(&fill(&format!(r#"{{"type": "mesh", {stops}}}"#)), "elements[0].fill: a gradient needs");
    check(&fill("7"), "elements[0].fill: expected a colour or a gradient object");
}

#[test]
fn limits_hold() {
    let long = "x".repeat(limits::TEXT_CHARS_MAX + 1);
    check(
        &with(&format!(r#"{{"id": "a", "type": "text", "text": "{long}"}}"#)),
        "elements[0].text: longer than 10000 characters",
    );
    let many: Vec<String> =
        (0..=limits::ELEMENTS_MAX).map(|n| format!(r#"{{"id": "{n}", "type": "line"}}"#)).collect();
    check(&with(&many.join(",")), "elements: more than 1000 elements");
    let mut nested = r#"{"id": "leaf", "type": "line"}"#.to_owned();
    for n in 0..=limits::GROUP_DEPTH_MAX {
        nested = format!(r#"{{"id": "g{n}", "type": "group", "elements": [{nested}]}}"#);
    }
    let deep = ".elements[0]".repeat(limits::GROUP_DEPTH_MAX);
    check(&with(&nested), &format!("elements[0]{deep}.elements: groups nest deeper than 16"));
    let huge = with(&format!(
        r#"{{"id": "a", "type": "svg", "width": 1, "height": 1, "svg": "{}"}}"#,
        "x".repeat(limits::TEMPLATE_BYTES_MAX)
    ));
    check(&huge, ": the template has");
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let template = parse(with(r#"{"id": "a", "type": "text"}"#).as_bytes()).unwrap();
    assert_eq!(template.background, Paint::None, "a canvas is transparent");
    let element = &template.elements[0];
    assert_eq!(element.frame.width, Length::Auto, "text hugs");
    assert_eq!(element.frame.opacity, 1.0, "opaque");
    let Kind::Text(text) = &element.kind else { panic!("a text") };
    assert_eq!(text.font_family, "Inter", "the bundled family");
    assert_eq!(text.color, Paint::Solid(Color::BLACK), "black");
}

#[test]
fn colours_are_those_of_css() {
    for (text, expected) in [
        ("#abc", Some([0xaa, 0xbb, 0xcc, 255])),
        ("#11223344", Some([0x11, 0x22, 0x33, 0x44])),
        ("rebeccapurple", Some([0x66, 0x33, 0x99, 255])),
        ("rgba(255, 0, 0, 0.5)", Some([255, 0, 0, 128])),
        ("hsl(120 100% 50%)", Some([0, 255, 0, 255])),
        ("transparent", Some([0, 0, 0, 0])),
        ("#12", None),
        ("redd", None),
        ("", None),
    ] {
        let found = Color::parse(text).ok().map(|c| [c.r, c.g, c.b, c.a]);
        assert_eq!(found, expected, "{text}");
    }
}
