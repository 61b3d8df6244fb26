//! JSON in: values as `serde_json` reads them, but a key that is given twice is a problem with a path.
//!
//! Parsers do not agree on which of two equal keys counts, so a document that has them means one thing
//! here and another there. Deliberately absent: any limit on size; the callers know theirs.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use crate::Problem;

/// Reads one value. `root` is its name in paths, empty for none.
pub(crate) fn read(bytes: &[u8], root: &str) -> Result<Value, Problem> {
    let mut twice = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let at = Place { twice: &mut twice, path: root.to_owned() };
    let read = at.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    read.map_err(|error| twice.unwrap_or_else(|| Problem::new(root, not_json(&error))))
}

/// Why bytes are no JSON, in a sentence for people.
#[must_use]
pub fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if text == "recursion limit exceeded" {
        return "nested too deep: at most 127 lists and objects may be inside of each other".into();
    }
    let place = match (error.line(), error.column()) {
        (_, 0) => String::new(),
        (1, column) => format!(" at column {column}"),
        (line, column) => format!(" at line {line}, column {column}"),
    };
    match error.classify() {
        Category::Eof => format!("not JSON: it ends early{place}"),
        Category::Syntax | Category::Io | Category::Data => format!("not JSON: {text}{place}"),
    }
}

/// Where a value stands.
struct Place<'a> {
    /// The first key that was found twice.
    twice: &'a mut Option<Problem>,
    path: String,
}

impl Place<'_> {
    fn at(&mut self, path: String) -> Place<'_> {
        Place { twice: self.twice, path }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, values.len());
            match list.next_element_seed(self.at(path))? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let path = match self.path.as_str() {
                "" => key.clone(),
                parent => format!("{parent}.{key}"),
            };
            if values.contains_key(&key) {
                *self.twice = Some(Problem::new(path, "given twice: keep one of the two"));
                return Err(A::Error::custom("a key is given twice"));
            }
            let value = object.next_value_seed(self.at(path))?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}
