//! Text against an independent engine: headless Chromium breaks the same texts into the same lines,
//! of the same width, with the same font files.
//!
//! `report-chromium/lines.md` holds the comparison. Chromium is installed by `cargo xtask test`.
//! Deliberately absent: pixels, since two rasterizers never agree on those, and Chromium's trimming of
//! full-width punctuation, which is switched off.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;

use pixeldrive_model::{Payload, bind, parse};
use pixeldrive_render::{Fonts, Layouter, Scaled};
use pixeldrive_tests::{chromium, folder};
use serde_json::{Value, json};

/// Share by which the widths of a line may differ.
const WIDTH_SHARE_MAX: f64 = 0.005;
/// The same in px, for lines of a letter or two.
const WIDTH_PX_MAX: f64 = 0.1;

/// Files of the families, in the fixtures or bundled.
const FAMILIES: [(&str, &str, &str); 11] = [
    ("Inter", "400", "../../../crates/render/fonts/Inter-Regular.ttf"),
    ("Inter", "700", "../../../crates/render/fonts/Inter-Bold.ttf"),
    ("Inter Variable", "100 900", "inter-variable.ttf"),
    ("Noto Serif", "400", "noto-serif.ttf"),
    ("Noto Sans Arabic", "400", "noto-sans-arabic.ttf"),
    ("Noto Sans Hebrew", "400", "noto-sans-hebrew.ttf"),
    ("Noto Sans Devanagari", "400", "noto-sans-devanagari.ttf"),
    ("Noto Sans Thai", "400", "noto-sans-thai.ttf"),
    ("Noto Sans CJK JP", "400", "noto-sans-cjk-jp.otf"),
    ("Noto Sans CJK KR", "400", "noto-sans-cjk-kr.otf"),
    ("Noto Color Emoji v1", "400", "noto-emoji-colrv1.ttf"),
];

/// A text and how it is set: the element's properties besides `text` and `width`.
fn cases() -> Vec<(&'static str, u32, Value)> {
    const FOX: &str = "The quick brown fox jumps over the lazy dog, again and again.";
    let set = |family: &str, size: u32| json!({"fontFamily": family, "fontSize": size});
    let with = |mut base: Value, more: Value| {
        let more = more.as_object().cloned().unwrap_or_default();
        base.as_object_mut().expect("an object").extend(more);
        base
    };
    let inter = |size| set("Inter", size);
    let arabic = "بطاقة دعوة إلى حفل التصوير الكبير في المدينة";
    let hebrew = "שלום עולם כרטיס הזמנה לאירוע הצילום הגדול בעיר";
    let hindi = "नमस्ते दुनिया क्षत्रिय हिन्दी में कार्ड श्री प्रकाश विद्यार्थी";
    let thai = "ภาษาไทยไม่มีช่องว่างระหว่างคำ บัตรเชิญ";
    let japanese = "こんにちは世界。縦書きではありません。「禁則処理」、を確かめる。";
    let korean = "안녕하세요 세계 초대장";
    vec![
        (FOX, 200, inter(16)),
        (FOX, 137, inter(16)),
        (FOX, 333, inter(29)),
        (FOX, 90, inter(24)),
        (FOX, 240, with(inter(20), json!({"fontWeight": 700}))),
        (FOX, 240, with(inter(20), json!({"letterSpacing": 2}))),
        (FOX, 240, with(inter(20), json!({"letterSpacing": -1}))),
        (FOX, 240, with(inter(20), json!({"wordSpacing": 9}))),
        (FOX, 240, with(inter(20), json!({"fontVariantLigatures": "none"}))),
        (FOX, 260, set("Noto Serif", 22)),
        (FOX, 180, set("Noto Serif", 13)),
        ("one\ntwo three\n\nfour", 120, inter(20)),
        ("  two leading spaces and   three inside", 150, inter(18)),
        ("well-known state-of-the-art e-mail re-entry", 120, inter(20)),
        ("https://example.com/a/very/long/path?query=value&more=1", 180, inter(16)),
        ("AVATAR To Ty Ve W. A. Yo LT", 160, inter(30)),
        ("office affluent -> fi fl ffi", 160, inter(26)),
        ("1,234.56 € 100 % 3/4 (12) [x]", 130, inter(24)),
        ("Donaudampfschifffahrtsgesellschaft", 140, inter(24)),
        ("no\u{a0}break\u{a0}space and zero\u{200b}width", 140, inter(22)),
        ("“Quotes” — dashes – and … dots!? ¿Qué?", 170, inter(20)),
        ("Łódź Québec Tromsø Çelik naïve Åse", 150, inter(22)),
        ("TABULAR 1111 2222", 150, with(inter(22), json!({"fontVariantNumeric": "tabular-nums"}))),
        ("Hamburg Hamburg", 150, with(set("Inter Variable", 30), json!({"fontWeight": 250}))),
        ("Hamburg Hamburg", 150, with(set("Inter Variable", 30), json!({"fontWeight": 800}))),
        (arabic, 160, set("Noto Sans Arabic", 22)),
        (arabic, 260, set("Noto Sans Arabic", 30)),
        ("يرسم PixelDrive صورة ١٢٣٤ في المدينة", 180, set("Noto Sans Arabic", 24)),
        (hebrew, 170, set("Noto Sans Hebrew", 24)),
        (hebrew, 300, set("Noto Sans Hebrew", 18)),
        ("שָׁלוֹם עולם", 120, set("Noto Sans Hebrew", 40)),
        (hindi, 170, set("Noto Sans Devanagari", 24)),
        (hindi, 330, set("Noto Sans Devanagari", 20)),
        (thai, 150, set("Noto Sans Thai", 24)),
        (thai, 240, set("Noto Sans Thai", 24)),
        (japanese, 170, set("Noto Sans CJK JP", 24)),
        (japanese, 250, set("Noto Sans CJK JP", 20)),
        (korean, 130, set("Noto Sans CJK KR", 26)),
        (korean, 130, with(set("Noto Sans CJK KR", 26), json!({"wordBreak": "keep-all"}))),
        ("👩‍🚀👍🏽🇩🇪🇫🇷😀🎉", 100, set("Noto Color Emoji v1", 32)),
    ]
}

/// A line: what it says without the spaces at its end, and how wide that is.
#[derive(Debug, PartialEq)]
struct Line {
    text: String,
    width: f64,
}

/// Our lines of each case.
fn ours() -> Vec<Vec<Line>> {
    let mut fonts = Fonts::bundled();
    for (_, _, file) in &FAMILIES[2..] {
        let path = folder("fixtures/fonts").join(file);
        fonts.add(fs::read(path).expect("a font file")).expect("a font");
    }
    let mut layouter = Layouter::new(&fonts, std::sync::Arc::new(Scaled::new(1 << 20)));
    let lines = |(text, width, style): (&str, u32, Value)| {
        let mut element =
            json!({"id": "text", "type": "text", "text": text, "width": width, "lineHeight": 2});
        element
            .as_object_mut()
            .expect("an object")
            .extend(style.as_object().expect("an object").clone());
        let template = json!({"width": 400, "height": 400, "elements": [element]}).to_string();
        let template = parse(template.as_bytes()).expect("a template");
        let bound = bind(&template, &Payload::new(), 1.0).expect("bound");
        let lines = layouter.lines(&bound, "text").expect("a text");
        let lines = lines
            .into_iter()
            .map(|line| Line { text: line.text.trim_end().to_owned(), width: line.width });
        lines.collect()
    };
    cases().into_iter().map(lines).collect()
}

/// The page that measures the same texts.
fn page() -> String {
    let mut page = String::from("<!doctype html><meta charset=utf-8><style>\n");
    for (family, weight, file) in FAMILIES {
        let bytes = fs::read(folder("fixtures/fonts").join(file)).expect("a font file");
        let data = data_encoding::BASE64.encode(&bytes);
        writeln!(
            page,
            "@font-face {{font-family: \"{family}\"; font-weight: {weight}; \
             src: url(data:font/ttf;base64,{data})}}"
        )
        .expect("a page");
    }
    page.push_str(
        "div {white-space: pre-wrap; overflow-wrap: anywhere; line-height: 2; text-align: start; \
         text-rendering: geometricPrecision; text-spacing-trim: space-all}\n</style><body><script>\n",
    );
    let cases: Vec<Value> = cases()
        .into_iter()
        .map(|(text, width, style)| {
            let css = |name: &str| style[name].clone();
            json!({"text": text, "style": {
                "width": format!("{width}px"),
                "fontFamily": format!("\"{}\", Inter", style["fontFamily"].as_str().unwrap_or_default()),
                "fontSize": format!("{}px", style["fontSize"]),
                "fontWeight": css("fontWeight"),
                "letterSpacing": px(&style["letterSpacing"]),
                "wordSpacing": px(&style["wordSpacing"]),
                "fontVariantLigatures": css("fontVariantLigatures"),
                "fontVariantNumeric": css("fontVariantNumeric"),
                "wordBreak": css("wordBreak"),
            }})
        })
        .collect();
    write!(page, "const cases = {};", Value::Array(cases)).expect("a page");
    page.push_str(include_str!("chromium.js"));
    page.push_str("\n</script>");
    page
}

fn px(value: &Value) -> Value {
    if value.is_null() { Value::Null } else { json!(format!("{value}px")) }
}

/// Chromium's lines of each case.
fn theirs() -> Vec<Vec<Line>> {
    let measured = chromium::answer(&page()).expect("an answer");
    let bytes = data_encoding::BASE64.decode(measured.as_bytes()).expect("base64");
    let measured: Vec<Vec<(String, f64)>> = serde_json::from_slice(&bytes).expect("JSON");
    let lines = |lines: Vec<(String, f64)>| {
        lines.into_iter().map(|(text, width)| Line { text, width }).collect()
    };
    measured.into_iter().map(lines).collect()
}

#[test]
fn lines_are_those_of_chromium() {
    let (ours, theirs) = (ours(), theirs());
    assert_eq!(ours.len(), theirs.len(), "as many answers as cases");
    let mut table = String::from(
        "| text | family | width | lines | Chromium's lines | widest difference |\n|---|---|---|---|---|---|\n",
    );
    let mut wrong = Vec::new();
    for ((case, ours), theirs) in cases().iter().zip(&ours).zip(&theirs) {
        let (text, width, style) = case;
        let said = |lines: &[Line]| {
            lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>().join(" / ")
        };
        let pairs = ours.iter().zip(theirs);
        let share = |(a, b): (&Line, &Line)| {
            let apart = (a.width - b.width).abs();
            if apart <= WIDTH_PX_MAX { 0.0 } else { apart / b.width.max(1.0) }
        };
        let most = pairs.map(share).fold(0.0, f64::max);
        let (a, b) = (said(ours), said(theirs));
        let start: String = text.chars().take(24).collect();
        let family = style["fontFamily"].as_str().unwrap_or_default();
        writeln!(table, "| {start} | {family} | {width} | {a} | {b} | {:.2} % |", most * 100.0)
            .expect("a table");
        if a != b || most > WIDTH_SHARE_MAX {
            wrong.push(format!("{text} at {width} px:\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    }
    let report = folder("report-chromium");
    fs::create_dir_all(&report).expect("the report's folder");
    fs::write(report.join("lines.md"), &table).expect("the report is written");
    println!("{table}");
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), ours.len(), wrong.join("\n"));
}
