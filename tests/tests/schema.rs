//! The JSON Schema and the parser agree, by a validator that others wrote.
//!
//! The schema may take what the parser refuses (ids given twice, words that are no colour), but it
//! takes whatever the parser takes, and where a document's form is wrong both refuse it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use pixeldrive_model::{bind, parse, payload_schema, template_schema};
use pixeldrive_tests::{folder, gallery, root};
use serde_json::{Map, Value, json};

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::meta::validate(schema).expect("a schema of draft 2020-12");
    jsonschema::validator_for(schema).expect("a schema")
}

fn read(path: &std::path::Path) -> Value {
    let text = fs::read(path).expect("a file");
    serde_json::from_slice(&text).expect("JSON")
}

/// Every template of the repository, by where it stands.
fn templates() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let examples = gallery::examples().expect("the examples");
    found.extend(examples.into_iter().map(|example| (example.name, example.template)));
    for folder in [folder("golden"), root().join("benches/cards")] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "json") {
                let mut document = read(&path);
                if let Some(template) = document.get_mut("template") {
                    document = template.take();
                }
                found.push((path.display().to_string(), document));
            }
        }
    }
    found
}

fn parses(document: &Value) -> bool {
    parse(document.to_string().as_bytes()).is_ok()
}

/// An element of a type with a property, hidden so that it may lack its data.
fn with(word: &str, key: &str, value: &Value) -> Value {
    let mut element = base(word);
    element[key] = value.clone();
    card(element)
}

fn base(word: &str) -> Value {
    json!({"id": "e", "type": word, "width": 100, "height": 100, "visible": false})
}

fn card(element: Value) -> Value {
    json!({"width": 200, "height": 100, "elements": [element]})
}

/// Each type of element with each of its properties and the property's schema.
fn properties(schema: &Value) -> Vec<(String, String, Value)> {
    let types = schema["$defs"]["element"]["properties"]["type"]["enum"].as_array();
    let types: Vec<_> = types.expect("types").iter().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for word in types {
        let of_type = schema["$defs"][word]["properties"].as_object().expect("properties");
        for (key, property) in of_type {
            if !matches!(key.as_str(), "id" | "type" | "elements") {
                found.push((word.to_owned(), key.clone(), property.clone()));
            }
        }
    }
    found
}

/// The values that a property's schema itself names: default, examples and words.
fn values(schema: &Value, property: &Value) -> Vec<Value> {
    let mut found: Vec<Value> = property.get("default").cloned().into_iter().collect();
    for key in ["examples", "enum"] {
        found.extend(property[key].as_array().into_iter().flatten().cloned());
    }
    found.extend(property.get("const").cloned());
    for form in property["anyOf"].as_array().into_iter().flatten() {
        found.extend(values(schema, form));
    }
    if let Some(name) = property["$ref"].as_str() {
        let definition = schema.pointer(name.trim_start_matches('#')).expect("a definition");
        found.extend(values(schema, definition));
    }
    found
}

#[test]
fn every_template_here_is_valid() {
    let validator = validator(&template_schema());
    for (name, document) in templates() {
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn every_value_that_the_schema_names_is_taken_in_template_and_payload() {
    let schema = template_schema();
    let validator = validator(&schema);
    for (word, key, property) in properties(&schema) {
        assert!(property["description"].is_string(), "{word}.{key} has no description");
        let template = parse(card(base(&word)).to_string().as_bytes()).expect(&word);
        let payloads = self::validator(&payload_schema(&template));
        let values = values(&schema, &property);
        for value in &values {
            let document = with(&word, &key, value);
            assert!(validator.is_valid(&document), "the schema refuses {document}");
            let parsed = parse(document.to_string().as_bytes()).err().unwrap_or_default();
            assert!(parsed.is_empty(), "{word}.{key}: {value}: {parsed:?}");

            let payload = json!({"e": {key.clone(): value}});
            let path = format!("payload.e.{key}");
            let bound = bind(&template, payload.as_object().expect("an object"), 1.0);
            let found = bound.err().unwrap_or_default();
            let found: Vec<_> = found.iter().filter(|p| p.path.starts_with(&path)).collect();
            // What is shown needs its data; nothing else may be said against it.
            let missing = found.iter().all(|problem| problem.message.starts_with("missing"));
            assert!(missing, "{payload}: {found:?}");
            assert!(payloads.is_valid(&payload), "{word}: the schema refuses {payload}");
        }
        // Numbers are taken up to their limits and no further.
        for (limit, beyond) in [("minimum", -1.0), ("maximum", 1.0)] {
            if let Some(limit) = property[limit].as_f64() {
                let outside = with(&word, &key, &json!(limit + beyond));
                assert!(!validator.is_valid(&outside), "the schema takes {outside}");
                assert!(!parses(&outside), "the parser takes {outside}");
            }
        }
    }
}

/// What a value may be replaced by; the parser decides which of them are wrong.
fn others() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(7),
        json!(1e12),
        json!(""),
        json!("auto"),
        json!("oops"),
        json!("none"),
        json!([]),
        json!([1, 2]),
        json!([1, 2, 3, 4]),
        json!([{}]),
        json!([{"text": "a"}]),
        json!({}),
        json!({"type": "linear"}),
        json!({"oops": 1}),
    ]
}

#[test]
fn whatever_the_parser_takes_the_schema_takes() {
    let schema = template_schema();
    let validator = validator(&schema);
    let mut refused = 0;
    let mut check = |document: &Value| {
        if parses(document) {
            assert!(validator.is_valid(document), "the schema refuses {document}");
        } else {
            refused += usize::from(!validator.is_valid(document));
        }
    };
    for (word, key, property) in properties(&schema) {
        for other in others().iter().chain(&values(&schema, &property)) {
            check(&with(&word, &key, other));
            // Every object and list inside, with one thing in it that is something else.
            for path in places(other, "") {
                for change in others() {
                    let mut value = other.clone();
                    *value.pointer_mut(&path).expect("a place") = change;
                    check(&with(&word, &key, &value));
                }
            }
        }
    }
    assert!(refused > 1000, "the schema refused {refused} documents alone");
}

/// Pointers to what is inside of a value.
fn places(value: &Value, path: &str) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Array(list) => {
            list.iter().enumerate().map(|(at, value)| (format!("{path}/{at}"), value)).collect()
        }
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (format!("{path}/{key}"), value)).collect()
        }
        _ => Vec::new(),
    };
    let deeper = inside.iter().flat_map(|(path, value)| places(value, path)).collect::<Vec<_>>();
    inside.into_iter().map(|(path, _)| path).chain(deeper).collect()
}

#[test]
fn what_is_wrong_in_form_both_refuse() {
    let schema = template_schema();
    let validator = validator(&schema);
    let check = |document: &Value| {
        assert!(!validator.is_valid(document), "the schema takes {document}");
        assert!(!parses(document), "the parser takes {document}");
    };
    let fine = card(base("text"));
    assert!(validator.is_valid(&fine) && parses(&fine), "{fine}");
    for key in ["width", "height", "elements"] {
        let mut document = fine.clone();
        document.as_object_mut().expect("an object").remove(key);
        check(&document);
    }
    for (key, value) in [
        ("width", json!(0)),
        ("width", json!(16_385)),
        ("height", json!(1.5)),
        ("height", json!("10")),
        ("background", json!(7)),
        ("background", json!({"type": "liner", "stops": []})),
        ("name", json!(7)),
        ("elements", json!({})),
        ("elements", json!([7])),
        ("elements", json!([{"id": "e"}])),
        ("elements", json!([{"type": "text"}])),
        ("elements", json!([{"id": "", "type": "text"}])),
        ("elements", json!([{"id": "e", "type": "txt"}])),
        ("elements", json!([{"id": "e", "type": "rect"}])),
        ("elements", json!([{"id": "g", "type": "group", "elements": {}}])),
        ("elements", json!([{"id": "g", "type": "group", "elements": [{"id": "e", "type": "x"}]}])),
        ("colour", json!("red")),
    ] {
        let mut document = fine.clone();
        document[key] = value;
        check(&document);
    }
    // Each type with a property of no type, and with those that other types alone have.
    let all = properties(&schema);
    let keys: BTreeSet<_> = all.iter().map(|(_, key, _)| key.as_str()).collect();
    let words: BTreeSet<_> = all.iter().map(|(word, ..)| word.as_str()).collect();
    for word in words {
        let own: BTreeSet<_> =
            all.iter().filter(|(of, ..)| of == word).map(|(_, key, _)| key.as_str()).collect();
        check(&with(word, "oops", &json!(1)));
        for key in keys.difference(&own) {
            let (.., schema) = all.iter().find(|(_, of, _)| of == key).expect("a property");
            check(&with(word, key, &schema["default"]));
        }
    }
}

#[test]
fn a_payload_schema_asks_for_what_the_template_lacks() {
    let template = json!({"width": 100, "height": 100, "elements": [
        {"id": "title", "type": "text", "text": "Hello {{user.name}}"},
        {"id": "photo", "type": "image", "width": 10, "height": 10},
        {"id": "hidden", "type": "image", "width": 10, "height": 10, "visible": false},
        {"id": "panel", "type": "group", "elements": [
            {"id": "stars", "type": "rating", "height": 20},
            {"id": "code", "type": "qrcode", "width": 40, "text": "x"}]},
    ]});
    let template = parse(template.to_string().as_bytes()).expect("a template");
    let validator = validator(&payload_schema(&template));
    let payload =
        json!({"user": {"name": "Ann"}, "photo": {"src": "a.png"}, "stars": {"value": 3}});
    assert!(validator.is_valid(&payload), "complete");
    let change = |key: &str, value: Option<Value>| {
        let mut changed: Map<String, Value> = payload.as_object().expect("an object").clone();
        match value {
            Some(value) => changed.insert(key.to_owned(), value),
            None => changed.remove(key),
        };
        changed
    };
    for (key, value) in [
        ("photo", None),
        ("stars", None),
        ("photo", Some(json!({"objectFit": "fill"}))),
        ("photo", Some(json!("a.png"))),
        ("title", Some(json!({"value": 3}))),
        ("titel", Some(json!({"text": "x"}))),
    ] {
        let payload = change(key, value);
        assert!(!validator.is_valid(&json!(payload)), "the schema takes {payload:?}");
        assert!(bind(&template, &payload, 1.0).is_err(), "binding takes {payload:?}");
    }
    assert!(validator.is_valid(&json!(change("user", None))), "placeholders may be missing");
}
