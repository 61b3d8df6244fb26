//! JSON Schema (draft 2020-12) of what callers write, derived from the types that read it.
//!
//! The schema takes whatever the parser takes. Rules that JSON Schema cannot say (unique ids, CSS
//! colours, one property smaller than another) are the parser's alone, so a document that the
//! schema takes may still be refused.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::bind::missing;
use crate::element::{Frame, Kind, Length, TYPES};
use crate::limits::{CANVAS_SIDE_PX_MAX, ELEMENTS_MAX, NAME_CHARS_MAX, SIZES_MAX};
use crate::property::{Properties as _, Property};
use crate::{Paint, Template};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Definitions that schemas refer to by name.
#[derive(Default)]
pub(crate) struct Defs(Map<String, Value>);

impl Defs {
    /// A reference to the definition `name`, which is made when it is asked for first. It may refer
    /// to itself.
    pub(crate) fn share(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Value::Bool(true));
            let schema = make(self);
            self.0.insert(name.to_owned(), schema);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }
}

/// The schema of template documents.
#[must_use]
pub fn template_schema() -> Value {
    let mut defs = Defs::default();
    let side = |key: &str| {
        json!({
            "type": "integer", "minimum": 1, "maximum": CANVAS_SIDE_PX_MAX, "examples": [1200],
            "description": format!("Canvas {key} in px."),
        })
    };
    let background = described(
        Paint::schema(&mut defs),
        "Painted first, over the whole canvas.",
        Paint::None.write(),
    );
    let elements = elements(&mut defs);
    let changes = json!({
        "type": "object", "additionalProperties": {"type": "object"},
        "description": "Ids of elements, each with the properties that it has in this size.",
    });
    let size = [
        ("width", side("width")),
        ("height", side("height")),
        ("background", background.clone()),
        ("elements", changes),
    ];
    let size = size.map(|(key, schema)| (key.to_owned(), schema)).into_iter().collect();
    let sizes = json!({
        "type": "object", "maxProperties": SIZES_MAX, "additionalProperties": object(size, &[]),
        "propertyNames": {"minLength": 1, "maxLength": NAME_CHARS_MAX},
        "description": "The same template in other sizes, by name. What a size leaves out is as above.",
    });
    let properties = json!({
        "$schema": {"type": "string", "description": "Where this schema is, for editors."},
        "name": {
            "type": "string", "maxLength": NAME_CHARS_MAX, "default": "",
            "description": "For people; it does not change the picture.",
        },
        "width": side("width"),
        "height": side("height"),
        "background": background,
        "elements": elements,
        "sizes": sizes,
    });
    document(
        json!({
            "title": "PixelDrive template",
            "description": "A canvas and what is drawn on it, the first element lowest.",
            "type": "object",
            "properties": properties,
            "required": ["width", "height", "elements"],
            "additionalProperties": false,
        }),
        defs,
    )
}

/// The schema of payloads for one template: what a render may say of each of its elements, and the
/// other keys that are read. Elements without data of their own are required.
#[must_use]
pub fn payload_schema(template: &Template) -> Value {
    let mut defs = Defs::default();
    let mut properties = Map::new();
    for key in template.keys_read() {
        properties.insert(key.to_owned(), json!({"description": "Read by the template."}));
    }
    let mut required = Vec::new();
    for element in template.walk() {
        let values = defs.share(element.kind.word(), |defs| {
            let properties = properties_of(&element.kind, defs);
            object(properties, &[])
        });
        properties.insert(element.id.clone(), values);
    }
    for (id, key) in missing(template) {
        if let Some(Value::Object(values)) = properties.get_mut(id) {
            values.insert("required".to_owned(), json!([key]));
        }
        required.push(id);
    }
    let schema = object(properties, &required);
    document(with(schema, json!({"title": format!("Payload of {}", template.name)})), defs)
}

/// An element of any type.
fn any_element(defs: &mut Defs) -> Value {
    defs.share("element", |defs| {
        let kinds = TYPES.iter().filter_map(|word| Some((*word, Kind::of(word)?)));
        by_type(kinds.map(|(word, kind)| (word, element(&kind, defs))).collect())
    })
}

/// A list of elements.
fn elements(defs: &mut Defs) -> Value {
    json!({
        "type": "array", "items": any_element(defs), "maxItems": ELEMENTS_MAX,
        "description": "What is drawn, the first one lowest.",
    })
}

/// An element of one type.
fn element(kind: &Kind, defs: &mut Defs) -> Value {
    defs.share(kind.word(), |defs| {
        let mut properties = properties_of(kind, defs);
        let id = json!({
            "type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX,
            "description": "Unique in the template; the payload's key.",
        });
        properties.insert("id".to_owned(), id);
        properties.insert("type".to_owned(), json!({"const": kind.word()}));
        if let Kind::Group(_) = kind {
            properties.insert("elements".to_owned(), elements(defs));
            let mask = json!({
                "type": ["object", "string", "null"], "if": {"type": "object"}, "then": any_element(defs),
                "description": "An element, or the id of one of the group's: hides the others where it \
                                is not, and is not seen itself.",
            });
            properties.insert("mask".to_owned(), mask);
        }
        for side in kind.sides_needed() {
            let about = properties.get(*side).map(|schema| schema["description"].clone());
            let px = with(Length::px(), json!({"description": about}));
            properties.insert((*side).to_owned(), px);
        }
        let mut required = vec!["id", "type"];
        required.extend(kind.sides_needed());
        let about = json!({"title": kind.word(), "description": kind.about().trim()});
        with(object(properties, &required), about)
    })
}

/// The schemas of what can be set of a kind of element.
fn properties_of(kind: &Kind, defs: &mut Defs) -> Map<String, Value> {
    let mut properties = Frame::default().schema(defs);
    properties.extend(kind.own().schema(defs));
    properties
}

/// A schema with its definitions.
fn document(schema: Value, defs: Defs) -> Value {
    with(schema, json!({"$schema": DRAFT, "$defs": defs.0}))
}

/// A schema with more keywords.
pub(crate) fn with(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

/// A schema with what its doc comment says, and the value that it has where none is given.
pub(crate) fn described(schema: Value, doc: &str, default: Value) -> Value {
    let schema = with(schema, json!({"description": doc.trim()}));
    if default.is_null() { schema } else { with(schema, json!({"default": default})) }
}

/// A number within limits.
pub(crate) fn ranged<T: Property>(schema: Value, range: &RangeInclusive<T>) -> Value {
    with(schema, json!({"minimum": range.start().write(), "maximum": range.end().write()}))
}

/// One of some words, each with what it means.
pub(crate) fn words(words: &[(&str, &str)]) -> Value {
    let (words, docs): (Vec<&str>, Vec<&str>) =
        words.iter().map(|(word, doc)| (*word, doc.trim())).unzip();
    json!({"type": "string", "enum": words, "enumDescriptions": docs})
}

/// A schema that also takes `null`.
pub(crate) fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// An object with these keys and no others.
pub(crate) fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// An object of one of several forms, told apart by the word in its `type`. Editors and validators
/// then report against the one form that is meant, not against all.
pub(crate) fn by_type(forms: Vec<(&str, Value)>) -> Value {
    let words: Vec<_> = forms.iter().map(|(word, _)| *word).collect();
    let forms = forms.iter().map(|(word, form)| {
        let named = json!({"properties": {"type": {"const": word}}, "required": ["type"]});
        json!({"if": named, "then": form})
    });
    json!({
        "type": "object",
        "properties": {"type": {"enum": words}},
        "required": ["type"],
        "allOf": forms.collect::<Vec<_>>(),
    })
}
