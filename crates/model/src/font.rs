//! Font families: which ones a document names, and when two names are the same.
//!
//! The walk knows no element types. Wherever a `fontFamily` stands, in an element, in a span of its
//! text or in a payload's overrides, it is found.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A family's name as names are compared: case does not matter.
#[must_use]
pub fn family_key(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// The families that a template or a payload names anywhere, as [`family_key`] writes them. A list of
/// families as in CSS counts as each of them.
#[must_use]
pub fn families_named(document: &Map<String, Value>) -> BTreeSet<String> {
    let mut families = BTreeSet::new();
    walk(document, &mut families);
    families
}

fn walk(document: &Map<String, Value>, families: &mut BTreeSet<String>) {
    for (key, value) in document {
        if key == "fontFamily" {
            name(value, families);
        }
        descend(value, families);
    }
}

fn descend(value: &Value, families: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => walk(object, families),
        Value::Array(values) => values.iter().for_each(|value| descend(value, families)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn name(value: &Value, families: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            families.insert(family_key(text.trim()));
            let names = text.split(',').map(|name| name.trim().trim_matches(['"', '\'']));
            families.extend(names.filter(|name| !name.is_empty()).map(family_key));
        }
        Value::Array(values) => values.iter().for_each(|value| name(value, families)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: &[&str]) {
        let document = serde_json::from_str(document).expect("a JSON object");
        let found = families_named(&document);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "in {document:?}");
    }

    #[test]
    fn families_are_found_wherever_they_are_named() {
        check("{}", &[]);
        check(r#"{"elements": [{"type": "text", "text": "fontFamily"}]}"#, &[]);
        check(r#"{"elements": [{"fontFamily": "Brand Sans"}]}"#, &["brand sans"]);
        check(
            r#"{"elements": [{"type": "group", "elements": [{"fontFamily": "A"}]},
                             {"spans": [{"text": "x", "fontFamily": "B"}, {"fontFamily": "a"}]}]}"#,
            &["a", "b"],
        );
        check(r#"{"headline": {"fontFamily": "ÖL"}}"#, &["öl"]);
        check(r#"{"x": {"fontFamily": "A, 'B b', \"C\""}}"#, &["a", "a, 'b b', \"c\"", "b b", "c"]);
        check(r#"{"x": {"fontFamily": ["A", "B"]}}"#, &["a", "b"]);
        check(r#"{"x": {"fontFamily": 7}, "fontFamily": null}"#, &[]);
    }
}
