//! Parsing: from bytes to a [`Template`], with every fault named at once.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::element::{self, Element, Group, Kind, TYPES};
use crate::limits::{
    CANVAS_SIDE_PX_MAX, ELEMENTS_MAX, GROUP_DEPTH_MAX, NAME_CHARS_MAX, PICTURE_PX_MAX,
    TEMPLATE_BYTES_MAX,
};
use crate::placeholder::Placeholders;
use crate::property::{Property, kind, within};
use crate::{ContentHash, Fill, Paint, Problem, Source, content_hash};
use crate::{json, text};

/// A template: a canvas and what is drawn on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// For people; it does not change the picture.
    pub name: String,
    /// Canvas width in px.
    pub width: u32,
    /// Canvas height in px.
    pub height: u32,
    /// Painted first, over the whole canvas.
    pub background: Paint,
    /// Drawn in order.
    pub elements: Vec<Element>,
    /// Identity of this version.
    pub hash: ContentHash,
    /// What its texts take from the payload.
    pub(crate) placeholders: Placeholders,
}

impl Template {
    /// Every element, those inside groups included, in drawing order.
    pub fn walk(&self) -> impl Iterator<Item = &Element> {
        let mut stack: Vec<_> = self.elements.iter().rev().collect();
        std::iter::from_fn(move || {
            let element = stack.pop()?;
            if let Kind::Group(group) = &element.kind {
                stack.extend(group.members().rev());
            }
            Some(element)
        })
    }

    /// The sources that the template itself names, with the ids of their elements.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.walk()
            .flat_map(|element| element.sources().map(|(_, source)| (element.id.as_str(), source)))
    }

    /// The placeholders in its texts, in drawing order: the id of the element and the path.
    pub fn placeholders(&self) -> impl Iterator<Item = (&str, &str)> {
        self.walk().flat_map(|element| {
            let texts = self.placeholders.of(&element.id).iter();
            let paths = texts.flat_map(|(_, parts)| parts.paths());
            paths.map(|path| (element.id.as_str(), path))
        })
    }
}

impl Element {
    /// Where its picture comes from, if it has one.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        match &self.kind {
            Kind::Image(image) => Some(&image.src),
            Kind::Svg(svg) => Some(&svg.src).filter(|_| svg.svg.is_empty()),
            Kind::Text(_) | Kind::Rect(_) | Kind::Ellipse(_) | Kind::Line(_) | Kind::Path(_) => {
                None
            }
            Kind::QrCode(code) => Some(&code.logo).filter(|logo| **logo != Source::Missing),
            Kind::Polygon(_) | Kind::Star(_) | Kind::Group(_) | Kind::Barcode(_) => None,
            Kind::Rating(_) | Kind::Progress(_) | Kind::Chart(_) | Kind::Table(_) => None,
        }
    }

    /// All sources that it shows, each with the property that names it.
    pub fn sources(&self) -> impl Iterator<Item = (&'static str, &Source)> {
        let fill = match &self.kind {
            Kind::Rect(rect) => Some(&rect.fill),
            Kind::Ellipse(ellipse) => Some(&ellipse.fill),
            Kind::Polygon(polygon) => Some(&polygon.fill),
            Kind::Star(star) => Some(&star.fill),
            Kind::Path(path) => Some(&path.fill),
            Kind::Text(_) | Kind::Image(_) | Kind::Svg(_) | Kind::Line(_) | Kind::Group(_) => None,
            Kind::QrCode(_) | Kind::Barcode(_) | Kind::Rating(_) | Kind::Progress(_) => None,
            Kind::Chart(_) | Kind::Table(_) => None,
        };
        let own = if matches!(self.kind, Kind::QrCode(_)) { "logo" } else { "src" };
        let filled = fill.and_then(|fill| match fill {
            Fill::Image(image) => Some(("fill.src", &image.src)),
            Fill::Paint(_) => None,
        });
        self.source().map(|source| (own, source)).into_iter().chain(filled)
    }
}

/// Parses a template document.
///
/// # Errors
/// Every problem found, each with its JSON path.
pub fn parse(bytes: &[u8]) -> Result<Template, Vec<Problem>> {
    if bytes.len() > TEMPLATE_BYTES_MAX {
        let message = format!(
            "the template has {} bytes; at most {TEMPLATE_BYTES_MAX} are taken",
            bytes.len()
        );
        return Err(vec![Problem::new("", message)]);
    }
    let value = json::read(bytes).map_err(|problem| vec![problem])?;
    let Value::Object(document) = value else {
        return Err(vec![Problem::new("", format!("expected an object, found {}", kind(&value)))]);
    };
    let mut reader = Reader::default();
    let template = reader.template(&document);
    if reader.problems.is_empty() { Ok(template) } else { Err(reader.problems) }
}

/// Collects problems while it walks the document.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
    ids: HashSet<String>,
    placeholders: Placeholders,
}

impl Reader {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
    }

    fn keep<T>(&mut self, path: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.report(path, message)).ok()
    }

    fn template(&mut self, document: &Map<String, Value>) -> Template {
        for key in document.keys() {
            if !matches!(key.as_str(), "name" | "width" | "height" | "background" | "elements") {
                self.report(
                    key,
                    "unknown key; a template has name, width, height, background, elements",
                );
            }
        }
        let name = document.get("name").map_or(Ok(String::new()), String::read);
        let name = self.keep("name", name).unwrap_or_default();
        if name.chars().count() > NAME_CHARS_MAX {
            self.report("name", format!("longer than {NAME_CHARS_MAX} characters"));
        }
        let width = self.side(document, "width");
        let height = self.side(document, "height");
        if u64::from(width) * u64::from(height) > PICTURE_PX_MAX {
            self.report("width", format!("{width} x {height} exceeds {PICTURE_PX_MAX} pixels"));
        }
        let background = document.get("background").map_or(Ok(Paint::None), Paint::read);
        let background = self.keep("background", background).unwrap_or(Paint::None);
        let elements = match document.get("elements") {
            Some(Value::Array(list)) => self.elements("elements", list, 0),
            Some(other) => {
                self.report("elements", format!("expected a list, found {}", kind(other)));
                Vec::new()
            }
            None => {
                self.report("elements", "missing: the list of what is drawn");
                Vec::new()
            }
        };
        let placeholders = std::mem::take(&mut self.placeholders);
        let hash = content_hash(document);
        Template { name, width, height, background, elements, hash, placeholders }
    }

    fn side(&mut self, document: &Map<String, Value>, key: &str) -> u32 {
        let read = match document.get(key) {
            Some(value) => u32::read(value).and_then(|px| within(px, 1..=CANVAS_SIDE_PX_MAX)),
            None => Err(format!("missing: the canvas {key} in px")),
        };
        self.keep(key, read).unwrap_or(1)
    }

    fn elements(&mut self, path: &str, list: &[Value], depth: usize) -> Vec<Element> {
        if depth > GROUP_DEPTH_MAX {
            self.report(path, format!("groups nest deeper than {GROUP_DEPTH_MAX}"));
            return Vec::new();
        }
        let mut elements = Vec::with_capacity(list.len().min(ELEMENTS_MAX));
        for (index, value) in list.iter().enumerate() {
            if self.ids.len() >= ELEMENTS_MAX {
                self.report(path, format!("more than {ELEMENTS_MAX} elements"));
                break;
            }
            elements.extend(self.element(&format!("{path}[{index}]"), value, depth));
        }
        elements
    }

    fn element(&mut self, path: &str, value: &Value, depth: usize) -> Option<Element> {
        let Value::Object(fields) = value else {
            self.report(path, format!("expected an object, found {}", kind(value)));
            return None;
        };
        let kind = self.kind(path, fields.get("type"))?;
        let id = self.id(path, fields.get("id"));
        let mut element = Element { id, frame: element::Frame::default(), kind };
        if let (Kind::Text(_), Some(message)) = (&element.kind, text::conflict(fields)) {
            self.report(format!("{path}.spans"), message);
        }
        for (key, value) in fields {
            let path = format!("{path}.{key}");
            match (key.as_str(), &mut element.kind) {
                ("id" | "type", _) | ("mask", Kind::Group(_)) => {}
                ("elements", Kind::Group(group)) => match value {
                    Value::Array(list) => group.elements = self.elements(&path, list, depth + 1),
                    _ => self.report(path, "expected a list of elements"),
                },
                _ => {
                    let set = element.set(key, value);
                    self.keep(&path, set);
                }
            }
        }
        if let (Kind::Group(group), Some(mask)) = (&mut element.kind, fields.get("mask")) {
            self.mask(&format!("{path}.mask"), group, mask, depth);
        }
        element::check(&element, |key, message| self.report(format!("{path}.{key}"), message));
        for (index, text) in element.kind.texts_mut().into_iter().enumerate() {
            if let Err(message) = self.placeholders.read(&element.id, index, text) {
                self.problems.push(Problem::new(format!("{path}.text"), message));
            }
        }
        // What its placeholders are filled with is known when a row is bound.
        if let Kind::Barcode(code) = &element.kind
            && !code.text.is_empty()
            && self.placeholders.of(&element.id).is_empty()
            && let Err(rule) = code.symbology.complete(&code.text)
        {
            self.report(format!("{path}.text"), rule);
        }
        Some(element)
    }

    /// A group's mask: an element of its own, or one of the group's by its id.
    fn mask(&mut self, path: &str, group: &mut Group, value: &Value, depth: usize) {
        match value {
            Value::Null => {}
            Value::Object(_) if self.ids.len() >= ELEMENTS_MAX => {
                self.report(path, format!("more than {ELEMENTS_MAX} elements"));
            }
            Value::Object(_) if depth >= GROUP_DEPTH_MAX => {
                self.report(path, format!("groups nest deeper than {GROUP_DEPTH_MAX}"));
            }
            Value::Object(_) => group.mask = self.element(path, value, depth + 1).map(Box::new),
            Value::String(id) => match group.elements.iter().position(|each| each.id == *id) {
                Some(at) => group.mask = Some(Box::new(group.elements.remove(at))),
                None => {
                    let id: String = id.chars().take(NAME_CHARS_MAX).collect();
                    self.report(path, format!("the group has no element `{id}` of its own"));
                }
            },
            other => {
                let found = kind(other);
                self.report(
                    path,
                    format!("expected an element, or the id of one of the group's, found {found}"),
                );
            }
        }
    }

    fn kind(&mut self, path: &str, word: Option<&Value>) -> Option<Kind> {
        let kind = word.and_then(Value::as_str).and_then(Kind::of);
        if kind.is_none() {
            let problem = if word.is_some() { "unknown" } else { "missing" };
            self.report(format!("{path}.type"), format!("{problem}; one of {}", TYPES.join(", ")));
        }
        kind
    }

    fn id(&mut self, path: &str, value: Option<&Value>) -> String {
        let path = format!("{path}.id");
        let read = value.map_or(Err("missing: a unique name".to_owned()), String::read);
        let id = self.keep(&path, read).unwrap_or_default();
        if value.is_some() && (id.is_empty() || id.chars().count() > NAME_CHARS_MAX) {
            self.report(&path, format!("an id has 1 to {NAME_CHARS_MAX} characters"));
        }
        if !id.is_empty() && !self.ids.insert(id.clone()) {
            self.report(path, format!("`{id}` is used by another element"));
        }
        id
    }
}
