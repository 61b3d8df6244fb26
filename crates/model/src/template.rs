//! Parsing: from bytes to a [`Template`], with every fault named at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::element::{self, Element, Group, Kind, TYPES};
use crate::faults::{Faults, did_you_mean, unknown};
use crate::hash::size_hash;
use crate::limits::{
    CANVAS_SIDE_PX_MAX, ELEMENTS_MAX, GROUP_DEPTH_MAX, NAME_CHARS_MAX, PICTURE_PX_MAX, SIZES_MAX,
    TEMPLATE_BYTES_MAX,
};
use crate::placeholder::Placeholders;
use crate::property::{Property, kind, within};
use crate::{Condition, ContentHash, Fill, Given, Paint, Problem, Source, content_hash};
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
    /// The same template in other sizes, by their names.
    pub sizes: BTreeMap<String, Arc<Self>>,
    /// What its texts take from the payload.
    pub(crate) placeholders: Placeholders,
}

impl Template {
    /// The template in one of its sizes; without a name, in its own.
    ///
    /// # Errors
    /// There is no such size; the message has those there are.
    pub fn sized(self: &Arc<Self>, size: Option<&str>) -> Result<Arc<Self>, Problem> {
        let Some(size) = size else { return Ok(Arc::clone(self)) };
        self.sizes.get(size).cloned().ok_or_else(|| {
            let names: Vec<_> = self.sizes.keys().map(String::as_str).collect();
            let size: String = size.chars().take(NAME_CHARS_MAX).collect();
            let there = match names.as_slice() {
                [] => "the template has no named sizes".to_owned(),
                names => format!("the template has {}", names.join(", ")),
            };
            Problem::new("size", format!("no size is named `{size}`; {there}"))
        })
    }

    /// Every element, those inside groups included, in drawing order.
    pub fn walk(&self) -> impl Iterator<Item = &Element> {
        element::walk(&self.elements)
    }

    /// The sources that the template itself names, with the ids of their elements.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.walk()
            .flat_map(|element| element.sources().map(|(_, source)| (element.id.as_str(), source)))
    }

    /// The keys of a payload that it reads besides those that name elements, sorted.
    pub(crate) fn keys_read(&self) -> impl Iterator<Item = &str> {
        self.placeholders.keys().iter().map(String::as_str)
    }

    /// The paths of a payload that its placeholders and conditions read, in drawing order: the id of
    /// the element and the path.
    pub fn paths_read(&self) -> impl Iterator<Item = (&str, &str)> {
        self.walk().flat_map(|element| {
            let texts = self.placeholders.of(&element.id).iter();
            let paths = texts.flat_map(|(_, parts)| parts.paths());
            let conditions = element.frame.visible_when.iter().flat_map(Condition::paths);
            paths.chain(conditions).map(|path| (element.id.as_str(), path))
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
    parse_with(bytes, &|_| Vec::new())
}

/// Parses a template document that is new, and so has `inspect` look at what each of its elements
/// carries. Problems that it finds count from the element.
///
/// # Errors
/// Every problem found, each with its JSON path.
pub fn parse_with(
    bytes: &[u8],
    inspect: &dyn Fn(Given<'_>) -> Vec<Problem>,
) -> Result<Template, Vec<Problem>> {
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
    let mut reader = Reader {
        inspect,
        problems: Vec::new(),
        ids: HashSet::new(),
        placeholders: Placeholders::default(),
    };
    let template = reader.template(&document);
    if reader.problems.is_empty() { Ok(template) } else { Err(reader.problems) }
}

/// What a document may have; `$schema` is for editors.
const KEYS: [&str; 7] = ["name", "width", "height", "background", "elements", "sizes", "$schema"];
const SIZE_KEYS: [&str; 4] = ["width", "height", "background", "elements"];

/// Collects problems while it walks the document.
struct Reader<'a> {
    inspect: &'a dyn Fn(Given<'_>) -> Vec<Problem>,
    problems: Vec<Problem>,
    ids: HashSet<String>,
    placeholders: Placeholders,
}

impl Reader<'_> {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
    }

    fn keep<T>(&mut self, path: &str, read: Result<T, Faults>) -> Option<T> {
        read.map_err(|faults| self.problems.extend(faults.problems(path))).ok()
    }

    fn template(&mut self, document: &Map<String, Value>) -> Template {
        for key in document.keys() {
            if !KEYS.contains(&key.as_str()) {
                self.report(key, unknown(key, "a template", &KEYS));
            }
        }
        if let Some(schema) = document.get("$schema") {
            self.keep("$schema", String::read(schema));
        }
        let name = document.get("name").map_or(Ok(String::new()), String::read);
        let name = self.keep("name", name).unwrap_or_default();
        if name.chars().count() > NAME_CHARS_MAX {
            self.report("name", format!("longer than {NAME_CHARS_MAX} characters"));
        }
        let missing = |key| Err(format!("missing: the canvas {key} in px").into());
        let width = self.side(document, "", "width", || missing("width"));
        let height = self.side(document, "", "height", || missing("height"));
        self.area("width", width, height);
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
        let (hash, sizes) = (content_hash(document), BTreeMap::new());
        let mut template =
            Template { name, width, height, background, elements, hash, sizes, placeholders };
        if let Some(sizes) = document.get("sizes") {
            template.sizes = self.sizes(&template, sizes);
        }
        template
    }

    /// A side of the canvas; `absent` says what it is when it is not given.
    fn side(
        &mut self,
        fields: &Map<String, Value>,
        path: &str,
        key: &str,
        absent: impl FnOnce() -> Result<u32, Faults>,
    ) -> u32 {
        let read = match fields.get(key) {
            Some(value) => u32::read(value).and_then(|px| within(px, 1..=CANVAS_SIDE_PX_MAX)),
            None => absent(),
        };
        self.keep(&format!("{path}{key}"), read).unwrap_or(1)
    }

    fn area(&mut self, path: &str, width: u32, height: u32) {
        if u64::from(width) * u64::from(height) > PICTURE_PX_MAX {
            self.report(path, format!("{width} x {height} exceeds {PICTURE_PX_MAX} pixels"));
        }
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
        self.finish(path, &mut element, &[]);
        Some(element)
    }

    /// What can be said of an element when all of its properties are set, but for what has been `said`.
    fn finish(&mut self, path: &str, element: &mut Element, said: &[&str]) {
        element::check(element, |key, message| {
            let path = format!("{path}.{key}");
            // A size that cannot be read is not called missing too.
            let known = said.contains(&key) || self.problems.iter().any(|known| known.path == path);
            if !known {
                self.report(path, message);
            }
        });
        if let Err(message) = self.read_paths(element) {
            self.report(format!("{path}.text"), message);
        }
        // What its placeholders are filled with is known when a row is bound.
        let text_is_fixed = self.placeholders.of(&element.id).is_empty();
        if let Kind::Barcode(code) = &element.kind
            && !code.text.is_empty()
            && text_is_fixed
            && let Err(rule) = code.symbology.complete(&code.text)
        {
            self.report(format!("{path}.text"), rule);
        }
        let found = (self.inspect)(Given { element, text_is_fixed });
        self.problems.extend(found.into_iter().map(|problem| problem.inside(path)));
    }

    /// What an element reads of the payload.
    fn read_paths(&mut self, element: &mut Element) -> Result<(), String> {
        for path in element.frame.visible_when.iter().flat_map(Condition::paths) {
            self.placeholders.reads(path);
        }
        let (id, texts) = (&element.id, element.kind.texts_mut());
        let mut texts = texts.into_iter().enumerate();
        texts.try_for_each(|(index, text)| self.placeholders.read(id, index, text))
    }

    fn sizes(&mut self, base: &Template, value: &Value) -> BTreeMap<String, Arc<Template>> {
        let Some(sizes) = self.object("sizes", value, "an object from name to size") else {
            return BTreeMap::new();
        };
        if sizes.len() > SIZES_MAX {
            self.report("sizes", format!("{} sizes; at most {SIZES_MAX} are taken", sizes.len()));
            return BTreeMap::new();
        }
        let mut read = BTreeMap::new();
        for (name, value) in sizes {
            let path = format!("sizes.{name}");
            if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
                self.report(&path, format!("a size's name has 1 to {NAME_CHARS_MAX} characters"));
            }
            if let Some(fields) = self.object(&path, value, "an object such as {\"width\": 1080}") {
                read.insert(name.clone(), Arc::new(self.size(base, name, &path, fields)));
            }
        }
        read
    }

    /// The template as one of its sizes changes it.
    fn size(
        &mut self,
        base: &Template,
        name: &str,
        path: &str,
        fields: &Map<String, Value>,
    ) -> Template {
        for key in fields.keys().filter(|key| !SIZE_KEYS.contains(&key.as_str())) {
            self.report(format!("{path}.{key}"), unknown(key, "a size", &SIZE_KEYS));
        }
        let mut template = base.clone();
        let inside = format!("{path}.");
        template.width = self.side(fields, &inside, "width", || Ok(base.width));
        template.height = self.side(fields, &inside, "height", || Ok(base.height));
        self.area(path, template.width, template.height);
        if let Some(background) = fields.get("background") {
            let read = Paint::read(background);
            let read = self.keep(&format!("{path}.background"), read);
            template.background = read.unwrap_or(Paint::None);
        }
        let path = format!("{path}.elements");
        let none = Map::new();
        let changes = match fields.get("elements") {
            Some(value) => self.object(&path, value, "an object from element id to properties"),
            None => None,
        };
        let changes = changes.unwrap_or(&none);
        for id in changes.keys().filter(|id| !self.ids.contains(*id)).cloned().collect::<Vec<_>>() {
            let ids: Vec<_> = base.walk().map(|element| element.id.as_str()).take(100).collect();
            let meant = did_you_mean(&id, ids.iter().copied());
            let message = format!("no element has this id{meant}; there are {}", ids.join(", "));
            self.report(format!("{path}.{id}"), message);
        }
        self.change(&mut template.elements, changes, &path);
        template.placeholders = std::mem::take(&mut self.placeholders);
        template.hash = size_hash(&base.hash, name);
        template
    }

    /// Sets what a size changes of elements.
    fn change(&mut self, elements: &mut [Element], changes: &Map<String, Value>, path: &str) {
        for element in elements {
            let path_inside = format!("{path}.{}", element.id);
            let value = changes.get(&element.id);
            let fields = value.and_then(|value| {
                self.object(&path_inside, value, "an object such as {\"x\": 10}")
            });
            if let Some(fields) = fields {
                if let (Kind::Text(_), Some(message)) = (&element.kind, text::conflict(fields)) {
                    self.report(format!("{path_inside}.spans"), message);
                }
                let mut said = Vec::new();
                element::check(element, |key, _| said.push(key));
                for (key, value) in fields {
                    let set = element.set(key, value);
                    self.keep(&format!("{path_inside}.{key}"), set);
                }
                self.finish(&path_inside, element, &said);
            } else {
                // What is wrong with it has been said of the template itself.
                self.read_paths(element).unwrap_or_default();
            }
            if let Kind::Group(group) = &mut element.kind {
                self.change(&mut group.elements, changes, path);
                let mask = group.mask.as_deref_mut().map(std::slice::from_mut);
                self.change(mask.unwrap_or_default(), changes, path);
            }
        }
    }

    fn object<'a>(
        &mut self,
        path: &str,
        value: &'a Value,
        expected: &str,
    ) -> Option<&'a Map<String, Value>> {
        if value.as_object().is_none() {
            self.report(path, format!("expected {expected}, found {}", kind(value)));
        }
        value.as_object()
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
            let problem = match word.map(Value::as_str) {
                None => "missing".to_owned(),
                Some(word) => {
                    let word = word.unwrap_or_default();
                    format!("unknown{}", did_you_mean(word, TYPES.iter().copied()))
                }
            };
            self.report(format!("{path}.type"), format!("{problem}; one of {}", TYPES.join(", ")));
        }
        kind
    }

    fn id(&mut self, path: &str, value: Option<&Value>) -> String {
        let path = format!("{path}.id");
        let read = value.map_or(Err("missing: a unique name".into()), String::read);
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
