//! What the layout decides about texts: lines, sizes, cuts, alignment, fonts.

use super::*;

#[track_caller]
fn check_text(style: &Value, text: &str, expected: &[&str], findings: &[&str]) {
    let mut element = json!({ "id": "t", "type": "text", "fontSize": 20, "lineHeight": 1 });
    element.as_object_mut().unwrap().extend(style.as_object().unwrap().clone());
    element["text"] = text.into();
    let (drawing, warnings) = lay(&element);
    let lines: Vec<String> = runs(&drawing)
        .map(|run| {
            let at = run.transform.translation();
            format!("{:.0},{:.0} {} {}", at.x, at.y, run.size, run.glyphs.len())
        })
        .collect();
    assert_eq!(
        (lines.iter().map(String::as_str).collect(), codes(&warnings)),
        (expected.to_vec(), findings.to_vec()),
        "{style} {text:?}"
    );
}

#[test]
fn lines_break_at_spaces_and_line_ends() {
    // Each line: x, baseline, size, glyphs.
    check_text(&json!({}), "one two", &["0,17 20 7"], &[]);
    check_text(&json!({}), "one\ntwo", &["0,17 20 3", "0,37 20 3"], &[]);
    check_text(&json!({}), "one\r\ntwo", &["0,17 20 3", "0,37 20 3"], &[]);
    check_text(&json!({ "width": 60 }), "one two", &["0,17 20 4", "0,37 20 3"], &[]);
    check_text(
        &json!({ "width": 60 }),
        "incomprehensible",
        &["0,17 20 5", "0,37 20 5", "0,57 20 6"],
        &[],
    );
    check_text(
        &json!({ "maxLines": 1, "width": 60 }),
        "one two",
        &["0,17 20 4"],
        &["text_truncated"],
    );
    check_text(
        &json!({ "height": 30, "width": 60 }),
        "one two",
        &["0,17 20 4", "0,37 20 3"],
        &["text_overflow"],
    );
}

#[test]
fn lines_are_aligned_without_the_spaces_at_their_ends() {
    let wide = |align: &str| json!({ "width": 200, "textAlign": align });
    let (plain, _) = lay(&json!({ "id": "t", "type": "text", "text": "one", "fontSize": 20 }));
    let width: f64 = {
        // The box hugs the text: its background is as wide.
        let (hugging, _) = lay(&json!({
            "id": "t", "type": "text", "text": "one", "fontSize": 20, "background": "red"
        }));
        match &hugging.marks()[0] {
            Mark::Fill { shape: Shape::Rect(rect), .. } => rect.width(),
            other => panic!("{other:?}"),
        }
    };
    assert!((30.0..40.0).contains(&width), "`one` is {width} px wide");
    assert_eq!(baselines(&plain).len(), 1, "one run");
    // A run begins at a whole pixel, and its glyphs at quarters of one from there.
    let at = |x: f64, glyphs: usize| format!("{},17 20 {glyphs}", x.floor());
    for (align, x) in [
        ("right", 200.0 - width),
        ("end", 200.0 - width),
        ("center", 100.0 - width / 2.0),
        ("left", 0.0),
    ] {
        check_text(&wide(align), "one", &[&at(x, 3)], &[]);
        check_text(&wide(align), "one  ", &[&at(x, 5)], &[]);
    }
    let middle = json!({ "width": 100, "height": 100, "verticalAlign": "middle" });
    check_text(&middle, "one", &["0,57 20 3"], &[]);
    let bottom = json!({ "width": 100, "height": 100, "verticalAlign": "bottom", "padding": 5 });
    check_text(&bottom, "one", &["5,92 20 3"], &[]);
    let hugging = json!({ "textAlign": "right", "padding": [0, 10] });
    check_text(&hugging, "one\none one", &["51,17 20 3", "10,37 20 7"], &[]);
}

#[test]
fn text_shrinks_to_its_box_then_ends_in_an_ellipsis() {
    let shrink = |width: u32, height: u32, least: u32| json!({ "overflow": "shrink", "width": width, "height": height, "minFontSize": least });
    check_text(&shrink(200, 20, 8), "one two", &["0,17 20 7"], &[]);
    check_text(&shrink(60, 20, 8), "one two", &["0,14 15.75 7"], &["text_shrunk"]);
    check_text(&shrink(80, 80, 8), "incomprehensible", &["0,8 9.5 16"], &["text_shrunk"]);
    let broken = ["0,17 20 5", "0,37 20 5", "0,57 20 6"];
    check_text(&shrink(60, 80, 12), "incomprehensible", &broken, &[]);
    check_text(&shrink(40, 20, 14), "one two", &["0,12 14 4"], &["text_shrunk", "text_truncated"]);
}

#[test]
fn text_ends_in_an_ellipsis() {
    let ellipsis = |width: u32| json!({ "overflow": "ellipsis", "width": width, "maxLines": 1 });
    check_text(&ellipsis(200), "one two", &["0,17 20 7"], &[]);
    check_text(&ellipsis(73), "one two", &["0,17 20 6"], &["text_truncated"]);
    check_text(&ellipsis(60), "one two", &["0,17 20 4"], &["text_truncated"]);
    check_text(&ellipsis(60), "one\ntwo", &["0,17 20 4"], &["text_truncated"]);
    check_text(&ellipsis(60), "incomprehensible", &["0,17 20 5"], &["text_truncated"]);
    let low = json!({ "overflow": "ellipsis", "width": 60, "height": 45 });
    check_text(&low, "one two three four", &["0,17 20 4", "0,37 20 4"], &["text_truncated"]);
    let lower = json!({ "overflow": "ellipsis", "width": 60, "height": 5 });
    check_text(&lower, "one", &["0,17 20 3"], &["text_overflow"]);
    // A family of four is one letter for its reader.
    let family = json!({ "overflow": "ellipsis", "width": 30, "maxLines": 1 });
    check_text(&family, "e\u{301}e\u{301}e\u{301}e\u{301}", &["0,17 20 2"], &["text_truncated"]);
}

#[test]
fn text_is_clipped_to_its_box() {
    let clip = json!({
        "id": "t", "type": "text", "text": "one two three", "fontSize": 20, "width": 60, "height": 20,
        "overflow": "clip"
    });
    let (drawing, warnings) = lay(&clip);
    assert_eq!(codes(&warnings), ["text_clipped"], "two lines are lost");
    assert!(marks(&drawing).starts_with("clip 0,0"), "{}", marks(&drawing));
    assert!(marks(&drawing).ends_with("pop 0,0 1.00"), "{}", marks(&drawing));
}

#[track_caller]
fn check_finding(style: &Value, code: &str, part: &str) {
    let mut element = json!({ "id": "t", "type": "text", "text": "Hello" });
    element.as_object_mut().unwrap().extend(style.as_object().unwrap().clone());
    let (_, warnings) = lay(&element);
    assert_eq!(codes(&warnings), [code], "{style}");
    assert!(warnings[0].message.contains(part), "`{}` says `{part}`", warnings[0].message);
    assert_eq!(warnings[0].element, "t", "it names the element");
}

#[test]
fn fonts_that_are_not_there_are_reported() {
    check_finding(&json!({ "fontFamily": "Comic Sans" }), "font_fallback", "`Comic Sans`");
    check_finding(&json!({ "text": "a漢字 字" }), "glyph_missing", "漢 (U+6F22), 字 (U+5B57)");
    check_finding(&json!({ "fontStyle": "italic" }), "font_synthesized", "`Inter`");
    check_finding(
        &json!({ "fontFamily": "InterCard", "text": "Привет" }),
        "font_fallback",
        "Inter",
    );
    let (_, warnings) = lay(
        &json!({ "id": "t", "type": "text", "text": "a\tb\u{a0}c\nd\u{200b}", "fontWeight": 700 }),
    );
    assert_eq!(codes(&warnings), [""; 0], "spaces and line ends need no glyph");
}

#[test]
fn an_italic_is_slanted_and_a_bold_is_real() {
    let (drawing, _) =
        lay(&json!({ "id": "t", "type": "text", "text": "Hi", "fontStyle": "italic" }));
    assert_eq!(runs(&drawing).next().unwrap().skew, 14.0, "slanted");
    let (drawing, _) = lay(&json!({ "id": "t", "type": "text", "text": "Hi", "fontWeight": 700 }));
    assert_eq!(runs(&drawing).next().unwrap().embolden, 0.0, "Inter has a bold");
}

/// What a file's family is warned of when it sets `text`, after which nothing reaches a painter.
#[track_caller]
fn check_undrawn(file: Vec<u8>, text: &str, expected: &str) {
    let mut fonts = Fonts::bundled();
    let family = fonts.add(file).unwrap().remove(0);
    let template = json!({ "width": 90, "height": 50, "elements": [
        { "id": "t", "type": "text", "text": text, "fontFamily": family }
    ]});
    let template = parse(template.to_string().as_bytes()).unwrap();
    let bound = bind(&template, &Payload::new(), 1.0).unwrap();
    let mut layouter = Layouter::new(&fonts, Arc::new(Scaled::new(1 << 20)));
    let (drawing, warnings) = layouter.lay_out(&bound, &Assets::default()).unwrap();
    assert_eq!(codes(&warnings), ["glyph_missing"]);
    assert_eq!(warnings[0].message, expected);
    assert!(runs(&drawing).all(|run| run.glyphs.is_empty()), "what cannot be drawn is left out");
}

#[test]
fn what_a_family_knows_and_cannot_draw_is_told() {
    // A font of pictures, with the empty glyph of a joiner for a digit.
    let mut file =
        include_bytes!("../../../../../tests/fixtures/fonts/noto-emoji-cbdt.ttf").to_vec();
    let digit = [0, 0, 0, 0x31, 0, 0, 0, 0x31, 0, 0, 0, 1];
    let at = file.windows(digit.len()).position(|window| window == digit).unwrap();
    file[at + digit.len() - 1] = 2;
    let expected = "`Noto Color Emoji` cannot draw 1 (U+0031); set it in another family";
    check_undrawn(file, "1😀", expected);
    // A font that names a glyph behind its last one.
    let file = include_bytes!("../../../../../fuzz/findings/font/glyph-beyond-the-last.otf");
    let expected = "`Pixel Bars` cannot draw A (U+0041); set it in another family";
    check_undrawn(file.to_vec(), "A", expected);
}
