//! What placeholders make of a text and a row.
//!
//! Method: a template's text, a payload, and what is shown: the text, then a line for each warning
//! (`! element: message`); or, when the row is refused, a line for each problem (`path: message`).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{Kind, Problem, Template, Warning, bind, limits, parse};
use serde_json::{Value, json};

/// A template with this text as `title`.
fn template(text: &str, lang: &str) -> Template {
    let title = json!({"id": "title", "type": "text", "text": text, "lang": lang});
    parse(with(&[title]).as_bytes()).unwrap()
}

/// A document with these elements.
fn with(elements: &[Value]) -> String {
    json!({"width": 100, "height": 50, "elements": elements}).to_string()
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
    lines.join("\n")
}

/// What a row makes of a template whose first element says something.
fn outcome(template: &Template, payload: &Value) -> String {
    let bound = match bind(template, payload.as_object().unwrap(), 1.0) {
        Ok(bound) => bound,
        Err(problems) => return lines(&problems),
    };
    let mut shown = match &bound.elements[0].kind {
        Kind::Text(text) => text.text.clone(),
        Kind::QrCode(code) => code.text.clone(),
        Kind::Barcode(code) => code.text.clone(),
        other => other.word().to_owned(),
    };
    for Warning { code, element, message } in &bound.warnings {
        assert_eq!(code, "placeholder_missing", "the only finding of binding");
        shown.push_str(&format!("\n! {element}: {message}"));
    }
    shown
}

#[track_caller]
fn check(text: &str, payload: Value, expected: &str) {
    assert_eq!(outcome(&template(text, "en"), &payload), expected, "{text}");
}

/// The same text and value in several languages.
#[track_caller]
fn check_in(format: &str, value: Value, expected: &[(&str, &str)]) {
    let payload = json!({ "v": value });
    for (lang, expected) in expected {
        let found = outcome(&template(&format!("{{{{v:{format}}}}}"), lang), &payload);
        assert_eq!(found, *expected, "{format} in {lang}");
    }
}

/// The problem with a template of these elements, in its first characters.
#[track_caller]
fn check_template(elements: &[Value], expected: &str) {
    let found = parse(with(elements).as_bytes()).map_or_else(|found| lines(&found), |_| "".into());
    assert!(found.starts_with(expected), "found `{found}`, expected `{expected}…`");
    assert_eq!(found.is_empty(), expected.is_empty(), "found `{found}`");
}

#[test]
fn the_example_of_the_documentation_holds() {
    let text = "{{user.name|Gast}}, bis {{until:date.long}} nur {{price:number.2}} €";
    let payload = json!({"user": {"name": "Alice"}, "until": "2026-11-24", "price": 1234.5});
    let expected = "Alice, bis 24. November 2026 nur 1.234,50 €";
    assert_eq!(outcome(&template(text, "de"), &payload), expected);
}

#[test]
fn a_path_leads_to_a_value_of_the_payload() {
    check("Hello {{name}}!", json!({"name": "Alice"}), "Hello Alice!");
    check("{{a}}{{ b }} {{\ta }}", json!({"a": 1, "b": 2}), "12 1");
    check("{{user.name}}", json!({"user": {"name": "Ann"}}), "Ann");
    check("{{items.1.price}}", json!({"items": [0, {"price": 7}]}), "7");
    check(
        "{{a.0}}",
        json!({"a": {"0": "a key may look like an index"}}),
        "a key may look like an index",
    );
    check("{{_a-b9}}", json!({"_a-b9": "x"}), "x");
    check("{{title.color}}", json!({"title": {"color": "#ff0000"}}), "#ff0000");
}

#[test]
fn values_are_shown_as_they_are() {
    check("{{v}}", json!({"v": "  as {it} is\n"}), "  as {it} is\n");
    check("[{{v}}]", json!({"v": ""}), "[]");
    check("{{v}} {{w}}", json!({"v": true, "w": false}), "true false");
    for (number, expected) in [
        ("3", "3"),
        ("3.0", "3"),
        ("3.50", "3.5"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("1e3", "1000"),
        ("1e21", "1000000000000000000000"),
        ("-2.5e-7", "-0.00000025"),
        ("9007199254740991", "9007199254740991"),
    ] {
        let number: Value = serde_json::from_str(number).unwrap();
        check("{{v}}", json!({ "v": number }), expected);
    }
}

#[test]
fn a_number_that_the_name_of_the_picture_would_round_is_refused() {
    let message = "payload.v: 9007199254740993 is larger than 9007199254740991, so a JSON number \
                   may lose digits of it; send it as a string";
    check("{{v}}", json!({"v": 9_007_199_254_740_993_u64}), message);
    check("{{v:number}}", json!({"v": 9_007_199_254_740_993_u64}), message);
    check("{{v:number}}", json!({"v": "9007199254740993"}), "9,007,199,254,740,993");
}

#[test]
fn what_is_missing_has_a_default_or_a_warning() {
    check("Hi {{name|friend}}", json!({}), "Hi friend");
    check("Hi {{ name | dear friend }}!", json!({}), "Hi dear friend!");
    check("Hi {{name|friend}}", json!({"name": null}), "Hi friend");
    check("Hi {{name|friend}}", json!({"name": "Bo"}), "Hi Bo");
    check("Hi{{name|}}", json!({}), "Hi");
    check("{{v:number|n: | } a}}", json!({}), "n: | } a");
    check("{{a|{{b}}", json!({}), "{{b");
    let none =
        |paths: &str| format!("\n! title: the payload has no {paths}: nothing is shown there");
    check("Hi {{name}}", json!({}), &format!("Hi {}", none("`name`")));
    check("{{a.b}}{{c}} {{a.b}}", json!({"a": {}}), &format!(" {}", none("`a.b`, `c`")));
    check("{{a.b}}", json!({"a": "no object"}), &none("`a.b`"));
    check("{{a.9}}{{a.b}}", json!({"a": [1]}), &none("`a.9`, `a.b`"));
    check(
        "{{a}}{{b}}{{c}}{{d}}{{e}}{{f}}{{g}}",
        json!({}),
        &none("`a`, `b`, `c`, `d`, `e` and 2 more"),
    );
}

#[test]
fn lists_and_objects_are_no_text() {
    check(
        "{{user}} {{user}}",
        json!({"user": {"name": "x"}}),
        "payload.user: placeholder {{user}} needs a text or a number, found an object",
    );
    check(
        "{{a.b:number}}",
        json!({"a": {"b": [1]}}),
        "payload.a.b: placeholder {{a.b}} needs a text or a number, found a list",
    );
}

#[test]
fn what_is_no_placeholder_stays_as_it_is() {
    for text in [
        "{{}}",
        "{{ }}",
        "{{1}}",
        "{{a b}}",
        "{{a.}}",
        "{{.a}}",
        "{{a..b}}",
        "{{é}}",
        "{{a:}}",
        "{{a:b c}}",
        "{{a",
        "{{a|b}",
        "{a}",
        "}}{{",
        "{{a}",
        "{ {a}}",
        "{{a?}}",
        "{{a:|b}}",
        "{{-a}}",
        "{{a.-}}",
        "{{",
    ] {
        check(text, json!({}), text);
    }
    check("{{{a}}}", json!({"a": 1}), "{1}");
    check("{{ {{a}} }}", json!({"a": 1}), "{{ 1 }}");
    check("}} {{a}} {{", json!({"a": 1}), "}} 1 {{");
    check("ü{{a}}ü{{a}}", json!({"a": "ß"}), "üßüß");
}

#[test]
fn what_a_payload_brings_is_never_expanded() {
    check("{{a}}", json!({"a": "{{b}}"}), "{{b}}");
    check("{{a}}{{b}}", json!({"a": "{{", "b": "a}}"}), "{{a}}");
    check("{{a}}", json!({"title": {"text": "{{b}}"}}), "{{b}}");
    check("{{a}}", json!({"title": {"text": "own"}, "a": {"not": "looked at"}}), "own");
}

#[test]
fn a_payload_key_is_an_element_or_is_read_by_a_placeholder() {
    check("{{a}}{{b.c}}", json!({"a": 1, "b": {"c": 2, "more": [3]}}), "12");
    check(
        "{{user.name|}}{{price|}}",
        json!({"usr": 1}),
        "payload.usr: no element has this id (did you mean `user`?); the template has title; it also reads price, user",
    );
    check("plain", json!({"a": 1}), "payload.a: no element has this id; the template has title");
    check(
        "{{title}}",
        json!({"title": "x"}),
        "payload.title: expected an object such as {\"text\": \"…\"}, found a string",
    );
}

#[test]
fn codes_are_filled_in_too() {
    let codes = |text: &str| {
        [
            json!({"id": "qr", "type": "qrcode", "width": 10, "text": text}),
            json!({"id": "bar", "type": "barcode", "width": 10, "height": 10, "text": text}),
        ]
    };
    for code in codes("https://x.example/{{id}}?n={{n:number.1|0}}") {
        let template = parse(with(&[code]).as_bytes()).unwrap();
        let found = outcome(&template, &json!({"id": "a9", "n": 1234}));
        assert_eq!(found, "https://x.example/a9?n=1,234.0", "numbers in English");
    }
    for code in codes("{{id}}") {
        let id = code["id"].as_str().unwrap().to_owned();
        let template = parse(with(&[code]).as_bytes()).unwrap();
        let found = outcome(&template, &json!({}));
        assert!(found.starts_with(&format!("payload.{id}.text: missing")), "{found}");
        let found = outcome(&template, &json!({"id": []}));
        assert!(found.starts_with("payload.id: placeholder {{id}} needs"), "{found}");
        assert_eq!(found.lines().count(), 1, "it is not missing as well: {found}");
    }
    check_template(
        &[json!({"id": "q", "type": "qrcode", "width": 10, "text": "x", "lang": "de"})],
        "elements[0].lang: unknown property",
    );
}

#[test]
fn what_is_hidden_asks_for_nothing() {
    let text = |id: &str| json!({"id": id, "type": "text", "text": "{{a}}{{user}}"});
    let elements = [
        json!({"id": "shown", "type": "text", "text": "x"}),
        json!({"id": "g", "type": "group", "visible": false, "elements": [text("inside")]}),
        text("faded"),
    ];
    let template = parse(with(&elements).as_bytes()).unwrap();
    let payload = json!({"faded": {"opacity": 0}, "user": {}});
    assert_eq!(outcome(&template, &payload), "x", "no warning, no problem");
}

#[test]
fn paths_are_listed_in_drawing_order() {
    let elements = [
        json!({"id": "b", "type": "text", "text": "{{x.y:date}} {{z|}}"}),
        json!({"id": "g", "type": "group", "elements": [
            {"id": "q", "type": "qrcode", "width": 10, "text": "{{z}}"}]}),
        json!({"id": "a", "type": "text", "text": "none",
            "visibleWhen": {"path": "on", "exists": true}}),
    ];
    let template = parse(with(&elements).as_bytes()).unwrap();
    let found: Vec<_> = template.paths_read().collect();
    assert_eq!(found, [("b", "x.y"), ("b", "z"), ("q", "z"), ("a", "on")], "id and path");
}

#[test]
fn a_template_is_told_what_is_wrong_with_its_placeholders() {
    let text = |text: &str| json!({"id": "t", "type": "text", "text": text});
    check_template(
        &[json!({"id": "a", "type": "line"}), text("a {{price:foo|x}}")],
        "elements[1].text: unknown format `foo` in {{price:foo|x}}; there are number, number.0",
    );
    for format in [
        "Number",
        "number.7",
        "number.",
        "number.10",
        "percent.x",
        "date.tiny",
        "time.long",
        "datetime.short",
        "number.2.2",
    ] {
        let message = format!("elements[0].text: unknown format `{format}` in {{{{a:{format}}}}};");
        check_template(&[text(&format!("{{{{a:{format}}}}}"))], &message);
    }
    let path = |names: usize| vec!["a"; names].join(".");
    let deep = path(limits::PLACEHOLDER_DEPTH_MAX + 1);
    check_template(&[text(&format!("{{{{{}}}}}", path(limits::PLACEHOLDER_DEPTH_MAX)))], "");
    check_template(
        &[text(&format!("{{{{{deep}}}}}"))],
        &format!("elements[0].text: more than 8 names in {{{{{deep}}}}}"),
    );
    let long = "a".repeat(limits::NAME_CHARS_MAX + 1);
    check_template(
        &[text(&format!("{{{{{long}}}}}"))],
        "elements[0].text: a path longer than 200 characters in {{aaa",
    );
    check_template(&[text(&"{{a}}".repeat(limits::PLACEHOLDERS_MAX))], "");
    check_template(
        &[text(&"{{a}}".repeat(limits::PLACEHOLDERS_MAX + 1))],
        "elements[0].text: more than 200 placeholders",
    );
}

#[test]
fn a_text_is_no_longer_filled_than_it_may_be_written() {
    let long = "payload.title.text: longer than 10000 characters";
    let some = "é".repeat(limits::TEXT_CHARS_MAX / 2);
    check("{{a}}{{a}}", json!({ "a": some }), &some.repeat(2));
    check("{{a}}{{a}}.", json!({ "a": some }), long);
    check(&"{{a}}".repeat(limits::PLACEHOLDERS_MAX), json!({"a": "é".repeat(100_000)}), long);
    check(&"{{a}}".repeat(limits::PLACEHOLDERS_MAX), json!({"a": "𝄞".repeat(60_000)}), long);
    let code = json!({"id": "q", "type": "qrcode", "width": 10, "text": "{{a}}"});
    let found = outcome(&parse(with(&[code]).as_bytes()).unwrap(), &json!({ "a": some }));
    assert_eq!(found, "payload.q.text: longer than 2953 bytes", "codes hold less");
}

#[test]
fn a_row_is_told_of_so_many_problems_and_no_more() {
    let count = 2 * limits::PROBLEMS_MAX;
    let text: String = (0..count).map(|n| format!("{{{{a{n}}}}}")).collect();
    let refused = |payload: &Value| {
        let problems = bind(&template(&text, "en"), payload.as_object().unwrap(), 1.0);
        problems.unwrap_err().len()
    };
    let wrong: Value = (0..count).map(|n| (format!("a{n}"), json!([]))).collect();
    assert_eq!(refused(&wrong), limits::PROBLEMS_MAX, "values that cannot be shown");
    let unknown: Value = (0..count).map(|n| (format!("b{n}"), json!(1))).collect();
    assert_eq!(refused(&unknown), limits::PROBLEMS_MAX, "keys that nothing reads");
}

#[test]
fn a_language_is_a_tag() {
    let text = |lang: Value| [json!({"id": "t", "type": "text", "lang": lang})];
    for fine in ["en", "de-CH", "zh-Hant-TW", "ar-EG-u-nu-latn", "DE-ch"] {
        check_template(&text(json!(fine)), "");
    }
    for bad in ["", "german", "de_CH", "x", "en-", &"en-u-ca-".repeat(50)] {
        let start: String = bad.chars().take(40).collect();
        check_template(
            &text(json!(bad)),
            &format!("elements[0].lang: `{start}` is no language tag"),
        );
    }
    check_template(&text(json!(7)), "elements[0].lang: expected a string, found a number");
    let found = parse(with(&text(json!("de-ch"))).as_bytes()).unwrap();
    let Kind::Text(text) = &found.elements[0].kind else { panic!("a text") };
    assert_eq!(text.lang.as_str(), "de-CH", "in its usual spelling");
    check(
        "{{v:number}}",
        json!({"v": 1.5, "title": {"lang": "de"}}),
        "1,5", // A row may choose its language.
    );
}

#[test]
fn numbers_are_written_as_the_language_writes_them() {
    check_in(
        "number",
        json!(-1234567.5),
        &[
            ("en", "-1,234,567.5"),
            ("de", "-1.234.567,5"),
            ("de-CH", "-1'234'567.5"),
            ("fr", "-1\u{202f}234\u{202f}567,5"),
            ("es", "-1.234.567,5"),
            ("hi", "-12,34,567.5"),
            ("ja", "-1,234,567.5"),
            ("ar", "\u{200e}-1,234,567.5"),
            ("ar-EG", "\u{61c}-١٬٢٣٤٬٥٦٧٫٥"),
            ("ar-EG-u-nu-latn", "\u{200e}-1,234,567.5"),
            ("fa", "\u{200e}−۱٬۲۳۴٬۵۶۷٫۵"),
        ],
    );
    check_in("number", json!(1234), &[("en", "1,234"), ("es", "1234"), ("pl", "1234")]);
}

#[test]
fn halves_are_rounded_away_from_zero() {
    for (format, value, expected) in [
        ("number", json!(3.0), "3"),
        ("number", json!("3.50"), "3.50"),
        ("number", json!(0.1234565), "0.123457"),
        ("number", json!(1.9999999), "2"),
        ("number", json!("0.5000000"), "0.5"),
        ("number", json!("007"), "7"),
        ("number", json!(".5"), "0.5"),
        ("number", json!(1e300), &format!("1{}", ",000".repeat(100))),
        ("number.0", json!(0.5), "1"),
        ("number.0", json!(2.5), "3"),
        ("number.0", json!(-2.5), "-3"),
        ("number.0", json!(-0.4), "0"),
        ("number.2", json!(1.005), "1.01"),
        ("number.2", json!(3), "3.00"),
        ("number.2", json!("-0.001"), "0.00"),
        ("number.6", json!(0.1), "0.100000"),
        ("number.1", json!(99.95), "100.0"),
    ] {
        check(&format!("{{{{v:{format}}}}}"), json!({ "v": value }), expected);
    }
}

#[test]
fn percents_are_written_as_the_language_writes_them() {
    check_in(
        "percent",
        json!(0.25),
        &[
            ("en", "25%"),
            ("de", "25\u{a0}%"),
            ("de-CH", "25%"),
            ("fr", "25\u{a0}%"),
            ("fr-CH", "25%"),
            ("es", "25\u{a0}%"),
            ("es-MX", "25%"),
            ("tr", "%25"),
            ("eu", "%\u{a0}25"),
            ("ja", "25%"),
            ("ar", "25\u{200e}%\u{200e}"),
            ("ar-EG", "٢٥٪\u{61c}"),
            ("fa", "۲۵٪"),
        ],
    );
    check_in("percent", json!(-0.25), &[("en", "-25%"), ("tr", "-%25"), ("eu", "−%\u{a0}25")]);
    for (format, value, expected) in [
        ("percent", json!(0.125), "12.5%"),
        ("percent", json!(0.07), "7%"),
        ("percent", json!(1.0 / 3.0), "33.333333%"),
        ("percent", json!("0.250"), "25.0%"),
        ("percent", json!(12), "1,200%"),
        ("percent.0", json!(0.125), "13%"),
        ("percent.2", json!(0.25), "25.00%"),
        ("percent.0", json!(-0.001), "0%"),
    ] {
        check(&format!("{{{{v:{format}}}}}"), json!({ "v": value }), expected);
    }
}

#[test]
fn dates_are_written_as_the_language_writes_them() {
    let day = || json!("2026-11-24");
    check_in(
        "date",
        day(),
        &[
            ("en", "Nov 24, 2026"),
            ("en-GB", "24 Nov 2026"),
            ("de", "24.11.2026"),
            ("fr", "24 nov. 2026"),
            ("ar", "24\u{200f}/11\u{200f}/2026"),
            ("ar-EG", "٢٤\u{200f}/١١\u{200f}/٢٠٢٦"),
            ("ja", "2026/11/24"),
            ("fa", "۳ آذر ۱۴۰۵"),
            ("qq", "2026 M11 24"), // A language without data.
        ],
    );
    check_in("date.medium", day(), &[("en", "Nov 24, 2026")]);
    check_in(
        "date.short",
        day(),
        &[("en", "11/24/26"), ("de", "24.11.26"), ("fr", "24/11/2026"), ("ja", "2026/11/24")],
    );
    check_in(
        "date.long",
        day(),
        &[
            ("en", "November 24, 2026"),
            ("de", "24. November 2026"),
            ("fr", "24 novembre 2026"),
            ("ar-EG", "٢٤ نوفمبر ٢٠٢٦"),
            ("ja", "2026年11月24日"),
            ("ja-JP-u-ca-japanese", "令和8年11月24日"),
            ("th", "24 พฤศจิกายน 2569"),
        ],
    );
    check_in(
        "date.full",
        day(),
        &[
            ("en", "Tuesday, November 24, 2026"),
            ("de", "Dienstag, 24. November 2026"),
            ("fr", "mardi 24 novembre 2026"),
            ("ja", "2026年11月24日火曜日"),
        ],
    );
}

#[test]
fn times_are_shown_as_they_are_written() {
    let at = |time: &str| json!(format!("2026-11-24T{time}"));
    check_in(
        "time",
        at("14:30:00"),
        &[
            ("en", "2:30\u{202f}PM"),
            ("en-GB", "14:30"),
            ("en-u-hc-h23", "14:30"),
            ("de", "14:30"),
            ("ar", "2:30 م"),
            ("ja", "14:30"),
        ],
    );
    check_in(
        "datetime",
        at("14:30:00"),
        &[
            ("en", "Nov 24, 2026, 2:30\u{202f}PM"),
            ("de", "24.11.2026, 14:30"),
            ("fr", "24 nov. 2026, 14:30"),
            ("ja", "2026/11/24 14:30"),
        ],
    );
    for time in ["14:30", "14:30:59.999999999", "14:30:00Z", "14:30:00.5+02:00", "14:30-11:59"] {
        check_in("time.short", at(time), &[("de", "14:30")]);
        check_in("date", at(time), &[("de", "24.11.2026")]);
    }
}

#[test]
fn a_value_must_suit_its_format() {
    let refused = |format: &str, value: Value, expected: &str| {
        check(
            &format!("{{{{v:{format}}}}}"),
            json!({ "v": value }),
            &format!("payload.v: {expected}"),
        );
    };
    let number = "expected a number such as 3.5, found";
    for text in ["", "soon", "1e9", "1,5", "1.", " 1", "0x1", "NaN", "--1", "١"] {
        refused("number", json!(text), &format!("{number} \"{text}\""));
    }
    refused("percent.1", json!(true), &format!("{number} a boolean"));
    let many = "1".repeat(limits::NUMBER_CHARS_MAX + 1);
    refused("number", json!(many), &format!("{number} \"{}…\"", &many[..40]));
    let fits = &many[..limits::NUMBER_CHARS_MAX];
    check("{{v:number}}", json!({ "v": fits }), &format!("1{}", ",111".repeat(33)));

    let date = "expected an ISO 8601 date such as 2026-11-24, found";
    for text in [
        "soon",
        "2026-11-31",
        "2026-02-29",
        "2026-13-01",
        "2026-1-1",
        "26-11-24",
        "2026-11",
        "20261124",
        "2026-11-24-01",
        "-026-11-24",
        "2026-11-24T",
        "2026-11-24 14:30",
        "2026-11-24T24:00:00",
        "2026-11-24T14",
        "2026-11-24T14:60",
        "2026-11-24T14:30:00.",
        "2026-11-24T14:30.5",
        "2026-11-24T14:30:00+2",
        "2026-11-24T14:30:00+25:00",
        "2026-11-24T14:30:00ZZ",
        "2026-11-24T14:30:00:00",
    ] {
        refused("date", json!(text), &format!("{date} \"{text}\""));
    }
    refused("date.full", json!(1_795_478_400), &format!("{date} 1795478400"));
    let time = "expected an ISO 8601 date and time such as 2026-11-24T14:30:00, found";
    refused("time", json!("2026-11-24"), &format!("{time} \"2026-11-24\""));
    refused("datetime", json!(false), &format!("{time} a boolean"));
}
