//! Placeholders: `{{path:format|default}}` in a template's texts, filled from the payload.
//!
//! A text is cut into parts once, when its template is parsed; binding a row only joins them. What
//! stands between double braces and is no placeholder stays as it is written. Only the template's
//! own texts are cut: whatever a payload brings is shown as it is, braces included.
//!
//! Deliberately absent: expressions and loops. A payload brings what it wants shown.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::format::{FORMATS, Format};
use crate::limits::{NAME_CHARS_MAX, PLACEHOLDER_DEPTH_MAX, PLACEHOLDERS_MAX, TEXT_CHARS_MAX};
use crate::property::kind;
use crate::{Lang, Payload};

/// Characters of what a template writes that a message repeats.
const SOURCE_CHARS_MAX: usize = 100;

/// The placeholders of a template.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placeholders {
    /// By the id of their element, and which of its texts they are in. Texts without placeholders
    /// are not in here.
    texts: HashMap<String, Vec<(usize, Parts)>>,
    /// The payload keys that they and the template's conditions read.
    keys: BTreeSet<String>,
}

impl Placeholders {
    /// Finds those of one of an element's texts.
    pub(crate) fn read(&mut self, id: &str, index: usize, text: &str) -> Result<(), String> {
        if let Some(parts) = Parts::parse(text)? {
            self.keys.extend(parts.paths().map(|path| first(path).to_owned()));
            self.texts.entry(id.to_owned()).or_default().push((index, parts));
        }
        Ok(())
    }

    /// Counts the key of a path that something else reads.
    pub(crate) fn reads(&mut self, path: &str) {
        self.keys.insert(first(path).to_owned());
    }

    /// The parts of an element's texts, of those that have placeholders.
    pub(crate) fn of(&self, id: &str) -> &[(usize, Parts)] {
        let texts = if self.texts.is_empty() { None } else { self.texts.get(id) };
        texts.map_or(&[], Vec::as_slice)
    }

    /// The payload keys that are read, sorted.
    pub(crate) fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }
}

/// A text, cut at its placeholders.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parts(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Debug, PartialEq)]
struct Placeholder {
    /// Names and list indexes with dots between.
    path: String,
    format: Format,
    /// Shown when the payload has no value.
    default: Option<String>,
}

impl Parts {
    /// Cuts a text; `None` when there is nothing to fill in.
    fn parse(text: &str) -> Result<Option<Self>, String> {
        // Nothing after the last closing braces can be a placeholder. Knowing them also keeps the
        // search for the end of a default from running through the whole text again and again.
        let Some(last) = text.rfind("}}") else { return Ok(None) };
        let mut parts = Vec::new();
        let mut count = 0;
        let (mut literal, mut at) = (0, 0);
        while let Some(open) = text.get(at..last).and_then(|rest| rest.find("{{")) {
            let open = at + open;
            let Some((written, rest)) = Written::read(&text[open + 2..]) else {
                at = open + 1;
                continue;
            };
            count += 1;
            if count > PLACEHOLDERS_MAX {
                return Err(format!("more than {PLACEHOLDERS_MAX} placeholders"));
            }
            at = text.len() - rest.len();
            let placeholder = written.check(&text[open..at])?;
            if literal < open {
                parts.push(Part::Literal(text[literal..open].to_owned()));
            }
            parts.push(Part::Placeholder(placeholder));
            literal = at;
        }
        if count == 0 {
            return Ok(None);
        }
        if literal < text.len() {
            parts.push(Part::Literal(text[literal..].to_owned()));
        }
        Ok(Some(Self(parts)))
    }

    /// The path of each placeholder.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Placeholder(placeholder) => Some(placeholder.path.as_str()),
        })
    }

    /// The text of one row. `report` is told of values that cannot be shown, each with its path.
    pub(crate) fn fill(
        &self,
        payload: &Payload,
        lang: &Lang,
        mut report: impl FnMut(&str, String),
    ) -> Filled<'_> {
        /// With one byte more a text has too many characters, whichever they are.
        const BYTES_MAX: usize = 4 * TEXT_CHARS_MAX;
        let mut text = String::new();
        let mut missing = Vec::new();
        for part in &self.0 {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder(Placeholder { path, format, default }) => {
                    match (value_at(payload, path), default) {
                        (Some(value), _) => match show(path, *format, value, lang) {
                            Ok(shown) => text.push_str(&shown),
                            Err(message) => report(path, message),
                        },
                        (None, Some(default)) => text.push_str(default),
                        (None, None) if missing.contains(&path.as_str()) => {}
                        (None, None) => missing.push(path),
                    }
                }
            }
            if text.len() > BYTES_MAX {
                text.truncate(text.floor_char_boundary(BYTES_MAX + 4));
                break;
            }
        }
        Filled { text, missing }
    }
}

/// A text whose placeholders are filled in.
pub(crate) struct Filled<'a> {
    /// The text. One that is too long is cut, but not so far that it would no longer be too long.
    pub text: String,
    /// The paths that have neither value nor default, each once.
    pub missing: Vec<&'a str>,
}

fn first(path: &str) -> &str {
    path.split_once('.').map_or(path, |(first, _)| first)
}

/// The value at `path`. What is null counts as missing.
pub(crate) fn value_at<'a>(payload: &'a Payload, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let mut value = payload.get(names.next()?)?;
    for name in names {
        value = match value {
            Value::Object(fields) => fields.get(name)?,
            Value::Array(list) => list.get(name.parse::<usize>().ok()?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(value).filter(|value| !value.is_null())
}

fn show(path: &str, format: Format, value: &Value, lang: &Lang) -> Result<String, String> {
    match value {
        Value::Array(_) | Value::Object(_) => {
            let found = kind(value);
            Err(format!("placeholder {{{{{path}}}}} needs a text or a number, found {found}"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            format.write(value, lang)
        }
    }
}

/// A placeholder as it is written, its words not yet understood.
struct Written<'a> {
    path: &'a str,
    format: Option<&'a str>,
    default: Option<&'a str>,
}

impl<'a> Written<'a> {
    /// Reads one from behind its opening braces; also gives what follows it.
    fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let (path, text) = word(text);
        if !is_path(path) {
            return None;
        }
        let (format, text) = match text.strip_prefix(':') {
            Some(text) => {
                let (format, text) = word(text);
                (Some(format).filter(|format| !format.is_empty()).map(Some)?, text)
            }
            None => (None, text),
        };
        let (default, rest) = match text.strip_prefix('|') {
            Some(text) => {
                let (default, rest) = text.split_once("}}")?;
                (Some(default.trim()), rest)
            }
            None => (None, text.strip_prefix("}}")?),
        };
        Some((Self { path, format, default }, rest))
    }

    /// Understands it; `source` is how it is written, for messages.
    fn check(self, source: &str) -> Result<Placeholder, String> {
        let source = || source.chars().take(SOURCE_CHARS_MAX).collect::<String>();
        check_size(self.path).map_err(|message| format!("{message} in {}", source()))?;
        let format = match self.format.map(|word| (word, Format::of(word))) {
            None => Format::Plain,
            Some((_, Some(format))) => format,
            Some((word, None)) => {
                let word: String = word.chars().take(SOURCE_CHARS_MAX).collect();
                let source = source();
                return Err(format!("unknown format `{word}` in {source}; there are {FORMATS}"));
            }
        };
        Ok(Placeholder {
            path: self.path.to_owned(),
            format,
            default: self.default.map(str::to_owned),
        })
    }
}

/// The word at the start of a text and what follows it, the spaces around it left out.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    let (word, rest) = text.split_at(text.find(|char| !is_part(char)).unwrap_or(text.len()));
    (word, rest.trim_start())
}

/// Checks a path that stands alone.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    check_size(path)?;
    if word(path) == (path, "") && is_path(path) {
        Ok(())
    } else {
        Err(format!("`{path}` is no path; write one such as user.name or items.0.price"))
    }
}

fn check_size(path: &str) -> Result<(), String> {
    if path.split('.').count() > PLACEHOLDER_DEPTH_MAX {
        return Err(format!("more than {PLACEHOLDER_DEPTH_MAX} names"));
    }
    if path.len() > NAME_CHARS_MAX {
        return Err(format!("a path longer than {NAME_CHARS_MAX} characters"));
    }
    Ok(())
}

/// Names, and after the first one list indexes too, with dots between.
fn is_path(text: &str) -> bool {
    let starts_name = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    text.split('.').enumerate().all(|(at, part)| {
        let is_index = at > 0 && part.bytes().all(|byte| byte.is_ascii_digit());
        !part.is_empty() && (is_index || part.as_bytes().first().is_some_and(starts_name))
    })
}
