//! JSON of callers, read strictly: a key that is given twice in one object is a fault, since of two
//! values one would be lost without a word.
//!
//! A byte order mark, which some editors put first, is skipped. Deliberately absent: what the values mean.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::Problem;

/// Reads one value.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, Problem> {
    let twice = RefCell::new(None);
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Strict { place: &Place::Top, twice: &twice }.deserialize(&mut json);
    let read = read.and_then(|value| json.end().map(|()| value));
    read.map_err(|error| match twice.into_inner() {
        Some(path) => Problem::new(path, GIVEN_TWICE),
        None => Problem::new("", not_json(&error)),
    })
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// What is said of the second of two equal keys.
const GIVEN_TWICE: &str = "given twice; keep one";

/// Why bytes are no JSON, for people: without a line where there is one alone.
#[must_use]
pub fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if text.starts_with("recursion limit") {
        return "nested deeper than 127 objects and lists".to_owned();
    }
    let text = if error.is_eof() { "it ends early" } else { text };
    match (error.line(), error.column()) {
        (_, 0) => format!("not JSON: {text}"),
        (1, column) => format!("not JSON: {text} at column {column}"),
        (line, column) => format!("not JSON: {text} at line {line}, column {column}"),
    }
}

/// Where a value stands; its path is only written down when something is wrong.
enum Place<'a> {
    Top,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> String {
        match self {
            Self::Top => String::new(),
            Self::Key(Place::Top, key) => (*key).to_owned(),
            Self::Key(parent, key) => format!("{}.{key}", parent.path()),
            Self::Index(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }
}

/// Reads the value at a place.
struct Strict<'a> {
    place: &'a Place<'a>,
    /// Path of the first key that is given twice.
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let place = Place::Index(self.place, values.len());
            match list.next_element_seed(Strict { place: &place, twice: self.twice })? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let place = Place::Key(self.place, &key);
            if fields.contains_key(&key) {
                self.twice.replace(Some(place.path()));
                return Err(A::Error::custom("a key is given twice"));
            }
            let value = object.next_value_seed(Strict { place: &place, twice: self.twice })?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), &str>) {
        let found = read(text.as_bytes());
        match expected {
            Ok(()) => assert_eq!(found.unwrap(), serde_json::from_str::<Value>(text).unwrap()),
            Err(part) => {
                let Problem { path, message } = found.unwrap_err();
                assert!(format!("{path}: {message}").starts_with(part), "{path}: {message}");
            }
        }
    }

    #[test]
    fn keys_are_given_once() {
        check(r#"{"a": [1, -2, 3.5, null, true, "x", {"a": {}}], "b": "A"}"#, Ok(()));
        check(r#"{"a": 1, "a": 1}"#, Err("a: given twice"));
        check(r#"{"e": [{}, {"f": {"g": 1, "g": 2}}]}"#, Err("e[1].f.g: given twice"));
        check(r#"{"a": 1, "\u0061": 1}"#, Err("a: given twice"));
        check("\u{feff}\u{feff}{}", Err(": not JSON: expected value"));
        assert_eq!(read("\u{feff}{}".as_bytes()).unwrap(), json!({}), "a byte order mark");
        check("{", Err(": not JSON: it ends early at column 1"));
        check("{} x", Err(": not JSON: trailing"));
        check(&"[".repeat(200), Err(": nested deeper"));
    }
}
