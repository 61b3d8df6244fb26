//! Elements that show data: what barcodes, ratings, progress, charts and tables may be given.
//!
//! Method: an element and its payload, and the problem that they must report as `path: message`; the
//! message need only start as written.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use pixeldrive_model::{Bound, bind, limits, parse, parse_payload};
use serde_json::{Value, json};

/// The problems of an element `e` alone on its canvas, with a payload for it.
fn bound(element: &Value, payload: &Value) -> Result<Bound, Vec<String>> {
    let mut element = element.clone();
    element["id"] = json!("e");
    let template = json!({"width": 100, "height": 100, "elements": [element]});
    let told = |problems: Vec<pixeldrive_model::Problem>| {
        problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect::<Vec<_>>()
    };
    let template = parse(template.to_string().as_bytes()).map_err(told)?;
    let payload = parse_payload(payload.to_string().as_bytes()).unwrap();
    bind(&template, &payload, 1.0).map_err(told)
}

#[track_caller]
fn check(element: Value, expected: &str) {
    check_row(element, json!({}), expected);
}

#[track_caller]
fn check_row(element: Value, payload: Value, expected: &str) {
    let found = bound(&element, &payload).err().unwrap_or_default().join("\n");
    let right = if expected.is_empty() { found.is_empty() } else { found.starts_with(expected) };
    assert!(right, "found `{found}`, expected `{expected}…`");
}

fn barcode(symbology: &str, text: &str) -> Value {
    json!({"type": "barcode", "width": 90, "height": 40, "symbology": symbology, "text": text})
}

#[test]
fn barcodes_keep_to_the_rules_of_their_symbology() {
    let check = |symbology, text, expected: &str| {
        let expected = match expected {
            "" => String::new(),
            rule => format!("elements[0].text: {rule}"),
        };
        check(barcode(symbology, text), &expected);
    };
    check("code128", "anything at all", "");
    check("code128", "Zoë", "Code 128 has the characters of ASCII, but not 'ë'");
    check("code39", "AB-12 $", "");
    check("code39", "ab", "Code 39 has 0-9, A-Z, space and - . $ / + %, but not 'a'");
    check("code93", "AB(1", "Code 93 has 0-9, A-Z, space and - . $ / + %, but not '('");
    check("code11", "12-3", "");
    check("code11", "12A", "Code 11 has 0-9 and -, but not 'A'");
    check("codabar", "40156", "");
    check("codabar", "A40156D", "");
    check("codabar", "A40156", "Codabar begins and ends with one of A, B, C and D, or leaves both");
    check("codabar", "A", "Codabar begins and ends");
    check("codabar", "A4B5D", "Codabar has 0-9 and - $ : / . + between its ends, but not 'B'");
    check("itf", "123", "");
    check("itf", "1234", "");
    check("itf", "12a4", "Interleaved 2 of 5 has digits alone, not 'a'");
    check("itf", "15400141288763", "");
    check("itf", "15400141288764", "the check digit of 1540014128876 is 3, not 4");
    check("ean13", "590123412345", "");
    check("ean13", "5901234123458", "the check digit of 590123412345 is 7, not 8");
    check("ean13", "12345", "EAN-13 has 12 digits, or 13 with the check digit; this has 5");
    check("ean13", "12345678901a", "EAN-13 has digits alone, not 'a'");
    check("ean13", "590123412345+12", "");
    check("ean13", "5901234123457+51234", "");
    check("ean13", "590123412345+123", "the supplement of EAN-13 has 2 or 5 digits; this has 3");
    check("ean13", "590123412345+1a", "the supplement of EAN-13 has digits alone, not 'a'");
    check("ean8", "5512345", "");
    check("ean8", "55123458", "the check digit of 5512345 is 7, not 8");
    check("ean8", "5512345+12", "EAN-8 has digits alone, not '+'");
    check("upca", "03600029145", "");
    check("upca", "036000291453", "the check digit of 03600029145 is 2, not 3");
    check("upca", "036000291452+54999", "");
    check("upca", "0360002914", "UPC-A has 11 digits, or 12 with the check digit; this has 10");
}

#[test]
fn a_row_is_held_to_the_same_rules() {
    check_row(
        barcode("ean8", "5512345"),
        json!({"e": {"text": "551"}}),
        "payload.e.text: EAN-8 has 7 digits, or 8 with the check digit; this has 3",
    );
    check_row(
        barcode("ean13", "{{sku}}"),
        json!({"sku": "4006381333932"}),
        "payload.e.text: the check digit of 400638133393 is 1, not 2",
    );
}

fn chart(more: Value) -> Value {
    let mut chart = json!({"type": "chart", "width": 90, "height": 40});
    chart.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    chart
}

#[test]
fn charts_are_checked() {
    let check = |more, expected: &str| check(chart(more), expected);
    check(
        json!({"values": [1, {"label": "a", "value": 2.5, "color": "red"}, {"label": 2026, "value": 3}]}),
        "",
    );
    check(
        json!({}),
        "payload.e.values: missing: neither the template nor the payload gives chart `e` its values",
    );
    check(json!({"values": []}), "elements[0].values: a chart needs one value at least");
    check(json!({"values": 3}), "elements[0].values: expected a list of values, found a number");
    check(
        json!({"values": [1, "2"]}),
        "elements[0].values[1]: expected a number or {\"label\", \"value\", \"color\"}, found a string",
    );
    check(
        json!({"values": [{"label": "a"}]}),
        "elements[0].values[0].value: missing; a value needs it",
    );
    check(json!({"values": [{"value": "a"}]}), "elements[0].values[0].value: expected a number");
    check(
        json!({"values": [{"value": 1, "colour": "red"}]}),
        "elements[0].values[0].colour: unknown property (did you mean `color`?); a value has label, value, color",
    );
    check(
        json!({"values": [{"value": 1, "color": "reddish"}]}),
        "elements[0].values[0].color: `reddish` is not a colour",
    );
    check(json!({"values": [1e16]}), "elements[0].values[0]: 1");
    check(
        json!({"values": vec![1; limits::CHART_VALUES_MAX + 1]}),
        "elements[0].values: 501 values; at most 500 are taken",
    );
    check(
        json!({"values": [{"value": 1, "label": "x".repeat(201)}]}),
        "elements[0].values[0].label: longer than 200 characters",
    );
    check(
        json!({"values": [1], "colors": vec!["red"; 65]}),
        "elements[0].colors: 65 colours; at most 64 are taken",
    );
    check(json!({"values": [1], "colors": ["red", 1]}), "elements[0].colors[1]: expected a colour");
    check(
        json!({"values": [1], "min": 3, "max": 3}),
        "elements[0].min: 3 is not below the max of 3",
    );
    check(
        json!({"values": [1, -1], "chartType": "donut"}),
        "elements[0].values: a donut has no negative slices, such as -1",
    );
    check(
        json!({"values": [1], "valueFormat": "date"}),
        "elements[0].valueFormat: expected number, number.0 to",
    );
    check(
        json!({"values": [1], "width": "auto"}),
        "elements[0].width: a chart needs a width in px",
    );
    check_row(
        chart(json!({"values": [1]})),
        json!({"e": {"values": [true]}}),
        "payload.e.values[0]: expected a number or",
    );
}

fn table(more: Value) -> Value {
    let mut table = json!({"type": "table", "width": 90, "height": 40});
    table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    table
}

#[test]
fn tables_are_checked() {
    let check = |more, expected: &str| check(table(more), expected);
    check(json!({"values": []}), "");
    check(json!({"values": [["a", 1, null], []]}), "");
    check(json!({}), "payload.e.values: missing: neither the template nor the payload gives table");
    check(
        json!({"values": [1]}),
        "elements[0].values[0]: expected a list of cells, found a number",
    );
    check(
        json!({"values": [["a"], [true]]}),
        "elements[0].values[1][0]: expected a text or a number, found a boolean",
    );
    check(
        json!({"values": [["x".repeat(501)]]}),
        "elements[0].values[0][0]: longer than 500 characters",
    );
    check(
        json!({"values": vec![["x".repeat(500)]; 41]}),
        "elements[0].values: more than 20000 characters in all",
    );
    check(json!({"values": vec![[1]; 501]}), "elements[0].values: 501 rows; at most 500 are taken");
    check(
        json!({"values": [vec![1; 51]]}),
        "elements[0].values[0]: 51 cells; at most 50 are taken",
    );
    check(
        json!({"values": [[1], [1, 2]], "columns": [{"header": "a"}]}),
        "elements[0].values: [1] has 2 cells; the table has 1 columns",
    );
    check(
        json!({"values": [], "columns": [{"head": "a"}]}),
        "elements[0].columns[0].head: unknown property (did you mean `header`?); a column has header, width, align",
    );
    check(
        json!({"values": [], "columns": [{"width": 0}]}),
        "elements[0].columns[0].width: 0 is outside 0.01 to 1000",
    );
    check(json!({"values": [], "columns": ["a"]}), "elements[0].columns[0]: expected an object");
    check(
        json!({"values": [], "columns": vec![json!({}); 51]}),
        "elements[0].columns: 51 columns; at most 50 are taken",
    );
    check_row(
        table(json!({"values": []})),
        json!({"e": {"values": {}}}),
        "payload.e.values: expected a list of rows, found an object",
    );
}

#[test]
fn values_are_within_their_whole() {
    let progress = |more: Value| {
        let mut progress = json!({"type": "progress", "width": 90, "height": 40});
        progress.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        progress
    };
    check(progress(json!({"value": 3})), "");
    check(
        progress(json!({})),
        "payload.e.value: missing: neither the template nor the payload gives progress",
    );
    check(progress(json!({"value": -1})), "elements[0].value: -1 is outside 0 to 1000000000000");
    check(progress(json!({"value": 1, "max": 0})), "elements[0].max: 0 is outside");
    check(
        progress(json!({"value": 1, "shape": "pie"})),
        "elements[0].shape: expected one of bar, ring",
    );
    let told = |element: Value| {
        let bound = bound(&element, &json!({})).unwrap();
        bound.warnings.into_iter().map(|w| format!("{}: {}", w.code, w.message)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(progress(json!({"value": 130}))),
        ["value_clamped: 130 of 100: the whole is filled"]
    );
    assert!(told(progress(json!({"value": 100}))).is_empty(), "just the whole");
    let rating = json!({"type": "rating", "height": 20, "value": 7});
    assert_eq!(told(rating), ["value_clamped: 7 of 5: all 5 icons are filled"]);
}

#[test]
fn icons_have_names_or_paths() {
    let rating = |icon: &str| json!({"type": "rating", "height": 20, "value": 1, "icon": icon});
    for icon in ["star", "heart", "circle", "M0 0h24v24z"] {
        check(rating(icon), "");
    }
    check(rating("flower"), "elements[0].icon: no SVG path data");
}

#[test]
fn a_qr_code_has_bounds() {
    let qrcode = |more: Value| {
        let mut qrcode = json!({"type": "qrcode", "width": 90, "text": "x"});
        qrcode.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        qrcode
    };
    check(qrcode(json!({"version": 41})), "elements[0].version: 41 is outside 0 to 40");
    check(qrcode(json!({"minVersion": 0})), "elements[0].minVersion: 0 is outside 1 to 40");
    check(qrcode(json!({"logoSize": 0.5})), "elements[0].logoSize: 0.5 is outside 0.05 to 0.4");
    check(
        qrcode(json!({"dotStyle": "stars"})),
        "elements[0].dotStyle: expected one of square, rounded, dots",
    );
    check(qrcode(json!({"logo": "../x.png"})), "elements[0].logo: a path must stay inside");
    let with_logo = qrcode(json!({"logo": "https://example.com/a.png"}));
    let bound = bound(&with_logo, &json!({})).unwrap();
    let sources: Vec<_> = bound.sources().into_iter().map(|source| source.as_str()).collect();
    assert_eq!(sources, ["https://example.com/a.png"], "the logo is fetched");
}
