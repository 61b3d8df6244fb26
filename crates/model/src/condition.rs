//! `visibleWhen`: whether an element is shown, by what the payload says.
//!
//! A test compares the value at one path with constants; `all`, `any` and `not` join tests. A path
//! that leads nowhere makes its test false, whatever it compares.
//!
//! Deliberately absent: arithmetic, functions, and comparing one value of the payload with another.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Payload;
use crate::faults::{Faults, Found, at, did_you_mean, each};
use crate::limits::{CONDITION_CONSTANTS_MAX, CONDITION_DEPTH_MAX, NAME_CHARS_MAX};
use crate::placeholder::{check_path, value_at};
use crate::property::{Property, kind, object};
use crate::schema::Defs;

/// A condition on the payload. Clones share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Arc<Test>);

#[derive(Debug, PartialEq)]
enum Test {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// Every comparison holds for the value at the path.
    Value(String, Vec<Comparison>),
}

#[derive(Debug, PartialEq)]
enum Comparison {
    Exists(bool),
    Equals(Value),
    NotEquals(Value),
    In(Vec<Value>),
    /// The order of the value to the constant is one of these.
    Order(&'static str, Value),
}

/// The words for orders, and which orders they mean.
const ORDERS: [(&str, &[Ordering]); 4] = [
    ("gt", &[Ordering::Greater]),
    ("gte", &[Ordering::Greater, Ordering::Equal]),
    ("lt", &[Ordering::Less]),
    ("lte", &[Ordering::Less, Ordering::Equal]),
];

impl Condition {
    /// Whether it holds for a payload.
    pub(crate) fn holds(&self, payload: &Payload) -> bool {
        self.0.holds(payload)
    }

    /// The paths that it reads.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let mut paths = Vec::new();
        self.0.collect_paths(&mut paths);
        paths
    }
}

impl Test {
    fn holds(&self, payload: &Payload) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(payload)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(payload)),
            Self::Not(test) => !test.holds(payload),
            Self::Value(path, comparisons) => {
                let value = value_at(payload, path);
                comparisons.iter().all(|comparison| comparison.holds(value))
            }
        }
    }

    fn collect_paths<'a>(&'a self, paths: &mut Vec<&'a str>) {
        match self {
            Self::All(tests) | Self::Any(tests) => {
                tests.iter().for_each(|test| test.collect_paths(paths));
            }
            Self::Not(test) => test.collect_paths(paths),
            Self::Value(path, _) => paths.push(path),
        }
    }
}

impl Comparison {
    fn holds(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return *self == Self::Exists(false) };
        match self {
            Self::Exists(exists) => *exists,
            Self::Equals(constant) => equal(value, constant),
            Self::NotEquals(constant) => !equal(value, constant),
            Self::In(constants) => constants.iter().any(|constant| equal(value, constant)),
            Self::Order(word, constant) => {
                let wanted = ORDERS.iter().find(|(known, _)| known == word);
                compare(value, constant)
                    .zip(wanted)
                    .is_some_and(|(order, (_, orders))| orders.contains(&order))
            }
        }
    }
}

/// Whether a value is a constant. A text counts as the number or the truth value that it spells:
/// rows of CSV have texts alone.
fn equal(value: &Value, constant: &Value) -> bool {
    match (value, constant) {
        (Value::String(text), Value::Bool(constant)) => text.trim() == constant.to_string(),
        (_, Value::Number(_)) => compare(value, constant) == Some(Ordering::Equal),
        _ => value == constant,
    }
}

/// Numbers by size, texts by their characters, as dates of ISO 8601 sort.
fn compare(value: &Value, constant: &Value) -> Option<Ordering> {
    match (value, constant) {
        (Value::String(value), Value::String(constant)) => Some(value.cmp(constant)),
        (Value::String(text), Value::Number(constant)) => {
            let number: f64 = text.trim().parse().ok()?;
            number.partial_cmp(&constant.as_f64()?)
        }
        (Value::Number(value), Value::Number(constant)) => {
            value.as_f64()?.partial_cmp(&constant.as_f64()?)
        }
        _ => None,
    }
}

impl Property for Condition {
    fn read(value: &Value) -> Result<Self, Faults> {
        read(value, CONDITION_DEPTH_MAX, &mut 0).map(|test| Self(Arc::new(test)))
    }

    fn write(&self) -> Value {
        write(&self.0)
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("condition", |defs| {
            let condition = Self::schema(defs);
            let list = json!({"type": "array", "items": condition, "minItems": 1});
            let constant = json!({"type": ["string", "number", "boolean"]});
            let ordered = json!({"type": ["string", "number"]});
            let path = json!({
                "type": "string", "maxLength": NAME_CHARS_MAX,
                "description": "Where the value is in the payload: `user.vip`, `items.0.price`.",
            });
            let test = json!({
                "path": path, "exists": {"type": "boolean"}, "equals": constant, "notEquals": constant,
                "in": {"type": "array", "items": constant}, "gt": ordered, "gte": ordered, "lt": ordered,
                "lte": ordered,
            });
            let one = |key: &str, schema: &Value| json!({
                "type": "object", "properties": {key: schema}, "required": [key],
                "additionalProperties": false,
            });
            json!({
                "anyOf": [
                    {
                        "type": "object", "properties": test, "required": ["path"],
                        "minProperties": 2, "additionalProperties": false,
                    },
                    one("all", &list),
                    one("any", &list),
                    one("not", &condition),
                ],
                "examples": [
                    {"path": "user.vip", "equals": true},
                    {"all": [{"path": "price", "lt": 20}, {"not": {"path": "soldOut", "exists": true}}]},
                ],
            })
        })
    }
}

/// Reads a test with at most `depth` more inside one another; `constants` counts what all of them
/// compare with.
fn read(value: &Value, depth: usize, constants: &mut usize) -> Result<Test, Faults> {
    let fields = object(value)?;
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("conditions nest deeper than {CONDITION_DEPTH_MAX}").into());
    };
    let joined = ["all", "any", "not"].iter().find_map(|key| Some((*key, fields.get(*key)?)));
    let Some((key, inside)) = joined else { return value_test(fields, constants) };
    if let Some(other) = fields.keys().find(|other| *other != key) {
        let message = format!("stands beside `{key}`; put it into the list of an `all`");
        return at(format_args!(".{other}"), Err(message));
    }
    let place = format!(".{key}");
    if key == "not" {
        return at(place, read(inside, depth, constants)).map(|test| Test::Not(Box::new(test)));
    }
    let list = inside.as_array().ok_or_else(|| {
        let found = kind(inside);
        Faults::from(format!("expected a list of conditions, found {found}"))
    });
    let tests = list.and_then(|list| match list.as_slice() {
        [] => Err(format!("empty; `{key}` needs one condition at least").into()),
        list => each(list, |value| read(value, depth, constants)),
    });
    let tests = at(place, tests)?;
    Ok(if key == "all" { Test::All(tests) } else { Test::Any(tests) })
}

/// What a condition may be.
const EXPECTED: &str = "a condition has a path with exists, equals, notEquals, in, gt, gte, lt or \
                        lte; or it is an all, any or not of others";
/// The words that compare a value.
const COMPARISONS: [&str; 8] = ["exists", "equals", "notEquals", "in", "gt", "gte", "lt", "lte"];

fn value_test(fields: &Map<String, Value>, constants: &mut usize) -> Result<Test, Faults> {
    let Some(path) = fields.get("path") else { return Err(EXPECTED.into()) };
    let mut found = Found::default();
    let path = String::read(path).and_then(|path| Ok(check_path(&path).map(|()| path)?));
    let path = found.keep(at(".path", path));
    let mut comparisons = Vec::new();
    for (key, value) in fields.iter().filter(|(key, _)| *key != "path") {
        *constants += value.as_array().filter(|_| key == "in").map_or(1, Vec::len);
        if *constants > CONDITION_CONSTANTS_MAX {
            return Err(format!("compares with more than {CONDITION_CONSTANTS_MAX} values").into());
        }
        comparisons.extend(found.keep(at(format_args!(".{key}"), comparison(key, value))));
    }
    if fields.len() == 1 {
        found.keep::<()>(Err(EXPECTED.into()));
    }
    found.or(path.map(|path| Test::Value(path, comparisons)))
}

fn comparison(key: &str, value: &Value) -> Result<Comparison, Faults> {
    match key {
        "exists" => bool::read(value).map(Comparison::Exists),
        "equals" => constant(value).map(Comparison::Equals),
        "notEquals" => constant(value).map(Comparison::NotEquals),
        "in" => match value.as_array() {
            Some(list) => each(list, constant).map(Comparison::In),
            None => Err(format!("expected a list, found {}", kind(value)).into()),
        },
        other => match ORDERS.iter().find(|(word, _)| *word == other) {
            Some((word, _)) => ordered(value).map(|value| Comparison::Order(word, value)),
            None => {
                Err(format!("unknown property{}; {EXPECTED}", did_you_mean(other, COMPARISONS))
                    .into())
            }
        },
    }
}

fn constant(value: &Value) -> Result<Value, Faults> {
    match value {
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        Value::Null => Err("null is never equal to anything; use \"exists\": false".into()),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("expected a text, a number, true or false, found {}", kind(value)).into())
        }
    }
}

fn ordered(value: &Value) -> Result<Value, Faults> {
    match value {
        Value::Number(_) | Value::String(_) => Ok(value.clone()),
        other => Err(format!("expected a number or a text, found {}", kind(other)).into()),
    }
}

fn write(test: &Test) -> Value {
    let list = |tests: &[Test]| tests.iter().map(write).collect::<Value>();
    match test {
        Test::All(tests) => json!({"all": list(tests)}),
        Test::Any(tests) => json!({"any": list(tests)}),
        Test::Not(test) => json!({"not": write(test)}),
        Test::Value(path, comparisons) => {
            let comparisons = comparisons.iter().map(|comparison| match comparison {
                Comparison::Exists(exists) => ("exists", json!(exists)),
                Comparison::Equals(constant) => ("equals", constant.clone()),
                Comparison::NotEquals(constant) => ("notEquals", constant.clone()),
                Comparison::In(constants) => ("in", json!(constants)),
                Comparison::Order(word, constant) => (*word, constant.clone()),
            });
            let path = std::iter::once(("path", json!(path)));
            Value::Object(
                path.chain(comparisons).map(|(key, value)| (key.to_owned(), value)).collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(condition: &Value, payload: &Value, expected: bool) {
        let condition = Condition::read(condition).unwrap();
        assert_eq!(
            Condition::read(&condition.write()).as_ref(),
            Ok(&condition),
            "written and read"
        );
        let payload = payload.as_object().unwrap();
        assert_eq!(condition.holds(payload), expected, "{condition:?} of {payload:?}");
    }

    /// The row that the conditions below are asked about.
    fn row() -> Value {
        json!({
            "vip": true, "plan": "pro", "price": 12.5, "count": "3", "until": "2026-11-24", "sold": "true",
            "gone": null, "user": {"tags": ["new", "eu"], "name": ""},
        })
    }

    #[test]
    fn values_are_compared_with_constants() {
        for (test, expected) in [
            (json!({"path": "vip", "equals": true}), true),
            (json!({"path": "vip", "equals": "true"}), false),
            (json!({"path": "vip", "notEquals": false}), true),
            (json!({"path": "sold", "equals": true}), true),
            (json!({"path": "sold", "equals": false}), false),
            (json!({"path": "plan", "equals": "pro"}), true),
            (json!({"path": "plan", "equals": "Pro"}), false),
            (json!({"path": "plan", "in": ["free", "pro"]}), true),
            (json!({"path": "plan", "in": []}), false),
            (json!({"path": "price", "equals": 12.5}), true),
            (json!({"path": "count", "equals": 3.0}), true),
            (json!({"path": "count", "in": [1, 2]}), false),
            (json!({"path": "price", "gt": 12.5}), false),
            (json!({"path": "price", "gte": 12.5}), true),
            (json!({"path": "price", "gte": 10, "lt": 12}), false),
            (json!({"path": "price", "gte": 10, "lt": 13}), true),
            (json!({"path": "count", "lte": 3}), true),
            (json!({"path": "count", "lt": "4"}), true),
            (json!({"path": "plan", "gt": 3}), false),
            (json!({"path": "until", "lt": "2026-12-01"}), true),
            (json!({"path": "until", "gte": "2026-12-01"}), false),
            (json!({"path": "user.tags.1", "equals": "eu"}), true),
            (json!({"path": "user", "exists": true}), true),
            (json!({"path": "user.name", "exists": true}), true),
            (json!({"path": "user.name", "equals": ""}), true),
            (json!({"path": "gone", "exists": true}), false),
            (json!({"path": "gone", "exists": false}), true),
        ] {
            check(&test, &row(), expected);
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_false() {
        for comparison in ["equals", "notEquals", "gt", "gte", "lt", "lte"] {
            check(&json!({"path": "user.age", comparison: 3}), &row(), false);
            check(&json!({"not": {"path": "user.age", comparison: 3}}), &row(), true);
        }
        check(&json!({"path": "user.tags.7", "in": ["x"]}), &row(), false);
        check(&json!({"path": "user.tags.x", "exists": true}), &row(), false);
        check(&json!({"path": "plan.name", "exists": false}), &row(), true);
    }

    #[test]
    fn conditions_are_joined() {
        let (yes, no) =
            (json!({"path": "vip", "exists": true}), json!({"path": "vip", "equals": 1}));
        check(&json!({"all": [yes, yes]}), &row(), true);
        check(&json!({"all": [yes, no]}), &row(), false);
        check(&json!({"any": [no, yes]}), &row(), true);
        check(&json!({"any": [no, no]}), &row(), false);
        check(&json!({"not": {"any": [no, {"all": [no]}]}}), &row(), true);
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        let refuse = |condition: Value, expected: &str| {
            let message = Condition::read(&condition).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{condition}: {message}");
        };
        refuse(json!(true), "expected an object, found a boolean");
        refuse(json!({}), "a condition has a path with");
        refuse(json!({"path": "a"}), "a condition has a path with");
        refuse(json!({"path": 3, "exists": true}), ".path: expected a string");
        refuse(json!({"path": "a b", "exists": true}), ".path: `a b` is no path");
        refuse(json!({"path": "", "exists": true}), ".path: `` is no path");
        refuse(json!({"path": "a.b.c.d.e.f.g.h.i", "exists": true}), ".path: more than 8 names");
        refuse(json!({"path": "a".repeat(300), "exists": true}), ".path: a path longer than 200");
        refuse(json!({"path": "a", "is": 3}), ".is: unknown property; a condition has");
        refuse(json!({"path": "a", "exists": 1}), ".exists: expected true or false");
        refuse(json!({"path": "a", "equals": null}), ".equals: null is never equal");
        refuse(json!({"path": "a", "equals": [1]}), ".equals: expected a text");
        refuse(json!({"path": "a", "in": "b"}), ".in: expected a list");
        refuse(json!({"path": "a", "gt": true}), ".gt: expected a number or a text");
        refuse(json!({"all": []}), ".all: empty; `all` needs one condition at least");
        refuse(json!({"any": []}), ".any: empty; `any` needs one condition at least");
        refuse(
            json!({"any": {"path": "a"}}),
            ".any: expected a list of conditions, found an object",
        );
        refuse(json!({"any": [{"path": "a", "exists": true}, 3]}), ".any[1]: expected an object");
        refuse(
            json!({"not": {"all": [{"path": "a", "lt": []}]}}),
            ".not.all[0].lt: expected a number",
        );
        refuse(json!({"all": [], "path": "a"}), ".path: stands beside `all`");
        refuse(json!({"path": "a", "in": vec![1; 101]}), "compares with more than 100 values");
        let many = vec![json!({"path": "a", "equals": 1}); 101];
        refuse(json!({"any": many}), ".any[100]: compares with more than 100 values");
    }

    #[test]
    fn conditions_nest_so_deep_and_no_deeper() {
        let nested = |depth: usize| {
            let innermost = json!({"path": "a", "exists": true});
            (1..depth).fold(innermost, |condition, _| json!({"not": condition}))
        };
        assert!(Condition::read(&nested(CONDITION_DEPTH_MAX)).is_ok());
        let message = Condition::read(&nested(CONDITION_DEPTH_MAX + 1)).unwrap_err().to_string();
        assert!(message.ends_with("conditions nest deeper than 8"), "{message}");
    }
}
