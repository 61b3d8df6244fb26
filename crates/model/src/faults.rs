//! What is wrong with a value: every fault of it at once, each with its place inside of the value.
//!
//! Lists, objects and properties are read through this file, so that all of them answer alike.
//! Deliberately absent: where the value itself stands, which [`Problem`] says.

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::Problem;
use crate::limits::PROBLEMS_MAX;
use crate::property::{Properties, Property, within};

/// The faults of one value, at least one and at most [`PROBLEMS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Wrong>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    /// `[1].color`, `.stops[2]`; empty for the value as a whole.
    place: String,
    /// What was expected there.
    message: String,
}

impl From<String> for Faults {
    fn from(message: String) -> Self {
        Self(vec![Wrong { place: String::new(), message }])
    }
}

impl From<&str> for Faults {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Faults {
    /// The problems of a property that stands at `path`.
    pub(crate) fn problems(self, path: &str) -> impl Iterator<Item = Problem> {
        self.0
            .into_iter()
            .map(move |Wrong { place, message }| Problem::new(format!("{path}{place}"), message))
    }

    /// The same faults, with more in each message.
    pub(crate) fn said(mut self, say: impl Fn(&str) -> String) -> Self {
        self.0.iter_mut().for_each(|wrong| wrong.message = say(&wrong.message));
        self
    }

    /// Takes those of another part of the same value, as many as there is room for.
    fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.truncate(PROBLEMS_MAX);
    }
}

/// Each fault on a line of its own, as tests compare them.
impl Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Wrong { place, message }) in self.0.iter().enumerate() {
            let (line, colon) =
                (if index > 0 { "\n" } else { "" }, if place.is_empty() { "" } else { ": " });
            write!(f, "{line}{place}{colon}{message}")?;
        }
        Ok(())
    }
}

/// Says where in a value something is wrong: `place` is `[index]` or `.key`.
pub(crate) fn at<T>(place: impl Display, read: Result<T, impl Into<Faults>>) -> Result<T, Faults> {
    read.map_err(|faults| {
        let mut faults = faults.into();
        faults.0.iter_mut().for_each(|wrong| wrong.place.insert_str(0, &place.to_string()));
        faults
    })
}

/// Reads every item of a list.
pub(crate) fn each<T>(
    list: &[Value],
    mut read: impl FnMut(&Value) -> Result<T, Faults>,
) -> Result<Vec<T>, Faults> {
    let mut found = Found::default();
    let mut items = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        items.extend(found.keep(at(format_args!("[{index}]"), read(value))));
    }
    found.or(Some(items))
}

/// Sets the properties that an object gives; `what` has them.
pub(crate) fn set_all(
    properties: &mut impl Properties,
    fields: &Map<String, Value>,
    what: &str,
) -> Result<(), Faults> {
    let mut found = Found::default();
    for (key, value) in fields {
        let set = properties.set(key, value);
        let set = set.unwrap_or_else(|| Err(unknown(key, what, properties.keys()).into()));
        found.keep(at(format_args!(".{key}"), set));
    }
    found.or(Some(()))
}

/// What is collected on the way through a value.
#[derive(Default)]
pub(crate) struct Found(Option<Faults>);

impl Found {
    /// Takes what was read, or keeps what is wrong with it.
    pub(crate) fn keep<T>(&mut self, read: Result<T, Faults>) -> Option<T> {
        match (read, &mut self.0) {
            (Ok(read), _) => return Some(read),
            (Err(faults), Some(found)) => found.add(faults),
            (Err(faults), none) => *none = Some(faults),
        }
        None
    }

    /// The value, if nothing is wrong; without one something must be.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Faults> {
        match (self.0, value) {
            (None, Some(value)) => Ok(value),
            (Some(faults), _) => Err(faults),
            (None, None) => Err("it cannot be read".into()),
        }
    }
}

/// An object, read field by field. What is wrong with a field is kept, and the field is `None`.
pub(crate) struct Fields<'a> {
    fields: &'a Map<String, Value>,
    /// What has them, for messages: `a stop`.
    what: &'a str,
    found: Found,
}

impl<'a> Fields<'a> {
    /// The fields of `what`; others than the `known` ones are faults.
    pub(crate) fn new(fields: &'a Map<String, Value>, what: &'a str, known: &[&str]) -> Self {
        let mut this = Self { fields, what, found: Found::default() };
        for key in fields.keys().filter(|key| !known.contains(&key.as_str())) {
            this.refuse(key, unknown(key, what, known));
        }
        this
    }

    /// A field; one without a `default` must be there.
    pub(crate) fn get<T: Property>(
        &mut self,
        key: &str,
        default: impl Into<Option<T>>,
    ) -> Option<T> {
        self.read(key, default, T::read)
    }

    /// A number in a range.
    pub(crate) fn within(
        &mut self,
        key: &str,
        default: impl Into<Option<f64>>,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        self.read(key, default, |value| within(f64::read(value)?, range))
    }

    /// A field that is read in a way of its own.
    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        default: impl Into<Option<T>>,
        read: impl FnOnce(&Value) -> Result<T, Faults>,
    ) -> Option<T> {
        let read = match (self.fields.get(key), default.into()) {
            (Some(value), _) => read(value),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(format!("missing; {} needs it", self.what).into()),
        };
        self.found.keep(at(format_args!(".{key}"), read))
    }

    /// Keeps a fault of a field.
    pub(crate) fn refuse(&mut self, key: &str, message: impl Into<String>) {
        self.found.keep::<()>(at(format_args!(".{key}"), Err(message.into())));
    }

    /// The value that was made of the fields, if nothing is wrong with them.
    pub(crate) fn done<T>(self, value: Option<T>) -> Result<T, Faults> {
        self.found.or(value)
    }
}

/// What is said of a key that `what` does not have: the one that was probably meant, and all there are.
pub(crate) fn unknown(key: &str, what: &str, known: &[&str]) -> String {
    let meant = did_you_mean(key, known.iter().copied());
    format!("unknown property{meant}; {what} has {}", known.join(", "))
}

/// `` (did you mean `fontSize`?)``, or nothing when no known name is like the one that was given.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or(String::new(), |known| format!(" (did you mean `{known}`?)"))
}

/// The known name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Characters of names that are compared.
    const CHARS_MAX: usize = 40;
    let plain = |name: &str| -> Vec<char> {
        let letters = name.chars().filter(|char| char.is_alphanumeric()).take(CHARS_MAX);
        letters.flat_map(char::to_lowercase).collect()
    };
    let given = plain(name);
    let least = known
        .into_iter()
        .filter_map(|known| {
            let other = plain(known);
            // A third of the letters may be wrong; more is another word.
            let most = given.len().max(other.len()) / 3;
            let near = given.len().abs_diff(other.len()) <= most;
            let edits = near.then(|| edits(&given, &other))?;
            (edits <= most).then_some((edits, known))
        })
        .min_by_key(|(edits, _)| *edits);
    least.map(|(_, known)| known)
}

/// How many letters have to be put in, left out, replaced or swapped with the next one.
fn edits(from: &[char], to: &[char]) -> usize {
    let mut rows = [vec![0; to.len() + 1], (0..=to.len()).collect(), Vec::new()];
    for (i, letter) in from.iter().enumerate() {
        let [before, above, row] = &mut rows;
        row.clear();
        row.push(i + 1);
        for (j, other) in to.iter().enumerate() {
            let replaced = above[j] + usize::from(letter != other);
            let mut least = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i - 1] == *other && *letter == to[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        rows.rotate_left(1);
    }
    rows[1][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant_is_named() {
        let known = ["fontSize", "fontStyle", "fontWeight", "color", "colors", "x", "y"];
        let check = |name: &str, expected: &str| {
            let found = did_you_mean(name, known);
            let expected = if expected.is_empty() {
                String::new()
            } else {
                format!(" (did you mean `{expected}`?)")
            };
            assert_eq!(found, expected, "{name}");
        };
        check("fontsize", "fontSize");
        check("font-size", "fontSize");
        check("fontSzie", "fontSize");
        check("colour", "color");
        check("colors ", "colors");
        check("fontStile", "fontStyle");
        check("weight", "");
        check("z", "");
        check("", "");
        check(&"fontSize".repeat(9), "");
    }

    #[test]
    fn faults_are_collected_and_no_more_than_is_read() {
        let list = vec![Value::Null; 2 * PROBLEMS_MAX];
        let faults = each(&list, f64::read).unwrap_err();
        let problems: Vec<Problem> = faults.problems("e.gap").collect();
        assert_eq!(problems.len(), PROBLEMS_MAX);
        assert_eq!(problems[7].path, "e.gap[7]");
    }
}
