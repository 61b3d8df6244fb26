//! Binding: a template and one row's payload become what is to be drawn.
//!
//! After [`bind`] nothing is optional: every element has its data, invisible ones are gone,
//! placeholders are filled in, and the size of the picture is known and within the limits.

use serde_json::{Map, Value};

use crate::element::{self, Element, Group, Kind};
use crate::faults::{did_you_mean, nearest};
use crate::limits::{
    PAYLOAD_BYTES_MAX, PICTURE_PX_MAX, PICTURE_SIDE_PX_MAX, PIXEL_RATIO_MAX, PIXEL_RATIO_MIN,
    PROBLEMS_MAX,
};
use crate::property::{digits, kind};
use crate::{OnError, Paint, Problem, Progress, Rating, Source, Template, Warning};
use crate::{json, text};

/// One row's data: element id to value object, and whatever else the placeholders read.
pub type Payload = Map<String, Value>;

/// A template with a row's data in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// Canvas width in CSS px.
    pub width: u32,
    /// Canvas height in CSS px.
    pub height: u32,
    /// Device pixels per CSS px.
    pub pixel_ratio: f64,
    /// Painted first.
    pub background: Paint,
    /// Visible elements in drawing order.
    pub elements: Vec<Element>,
    /// What was found while binding; layout adds its own.
    pub warnings: Vec<Warning>,
}

impl Bound {
    /// Size of the picture in device pixels.
    #[must_use]
    pub fn picture_size(&self) -> (u32, u32) {
        picture_size(self.width, self.height, self.pixel_ratio)
    }

    /// Every visible element, those inside groups included, in drawing order.
    pub fn walk(&self) -> impl Iterator<Item = &Element> {
        element::walk(&self.elements)
    }

    /// Every source that has to be at hand before layout, each once.
    #[must_use]
    pub fn sources(&self) -> Vec<&Source> {
        let mut found = Vec::new();
        for (_, source) in self.walk().flat_map(Element::sources) {
            if *source != Source::Missing && !found.contains(&source) {
                found.push(source);
            }
        }
        found
    }
}

/// Parses one row's payload.
///
/// # Errors
/// One problem, when the bytes are no JSON object, too many, or give a key twice.
pub fn parse_payload(bytes: &[u8]) -> Result<Payload, Vec<Problem>> {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        let message = format!("{} bytes; at most {PAYLOAD_BYTES_MAX} are taken", bytes.len());
        return Err(vec![Problem::new("payload", message)]);
    }
    match json::read(bytes) {
        Ok(Value::Object(payload)) => Ok(payload),
        Ok(other) => {
            let message = format!("expected an object, found {}", kind(&other));
            Err(vec![Problem::new("payload", message)])
        }
        Err(Problem { path, message }) if path.is_empty() => {
            Err(vec![Problem::new("payload", message)])
        }
        Err(Problem { path, message }) => {
            Err(vec![Problem::new(format!("payload.{path}"), message)])
        }
    }
}

/// Puts `payload` into `template`.
///
/// # Errors
/// Every problem found. Paths start with `payload`, or are `pixelRatio`.
pub fn bind(
    template: &Template,
    payload: &Payload,
    pixel_ratio: f64,
) -> Result<Bound, Vec<Problem>> {
    let mut binder = Binder { template, payload, problems: Vec::new(), warnings: Vec::new() };
    check_pixel_ratio(template, pixel_ratio, &mut binder.problems);
    binder.check_keys();
    let elements = binder.elements(&template.elements, true);
    if !binder.problems.is_empty() {
        return Err(binder.problems);
    }
    Ok(Bound {
        width: template.width,
        height: template.height,
        pixel_ratio,
        background: template.background.clone(),
        elements,
        warnings: binder.warnings,
    })
}

impl Template {
    /// What is wrong with a column of rows that sets `property` of `element`, if no row could be bound
    /// with it: there is no such element, or it has no such property.
    #[must_use]
    pub fn column_fault(&self, element: &str, property: &str) -> Option<String> {
        if self.placeholders.keys().contains(element) {
            return None;
        }
        let Some(element) = self.walk().find(|known| known.id == element) else {
            return Some(self.nothing_named(element));
        };
        let known = element.keys().any(|known| known == property);
        (!known).then(|| element.unknown(property))
    }

    /// The column that was probably meant by one that is named about like an element, without a property, or like
    /// a placeholder.
    #[must_use]
    pub fn column_meant(&self, name: &str) -> Option<String> {
        let ids = self.walk().map(|element| element.id.as_str());
        let meant = nearest(name, ids.chain(self.keys_read()))?;
        let element = self.walk().find(|known| known.id == meant);
        Some(element.map_or(meant.to_owned(), |element| {
            format!("{meant}.{}", element.kind.main_property())
        }))
    }

    /// What is said of a key of the payload that nothing reads.
    fn nothing_named(&self, key: &str) -> String {
        let ids: Vec<_> = self.walk().map(|element| element.id.as_str()).take(100).collect();
        let keys: Vec<_> = self.keys_read().take(100).collect();
        let meant = did_you_mean(key, ids.iter().chain(&keys).copied());
        let also = if keys.is_empty() {
            String::new()
        } else {
            format!("; it also reads {}", keys.join(", "))
        };
        format!("no element has this id{meant}; the template has {}{also}", ids.join(", "))
    }
}

fn picture_size(width: u32, height: u32, pixel_ratio: f64) -> (u32, u32) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited by bind")]
    let scale = |side: u32| ((f64::from(side) * pixel_ratio).round() as u32).max(1);
    (scale(width), scale(height))
}

fn check_pixel_ratio(template: &Template, pixel_ratio: f64, problems: &mut Vec<Problem>) {
    if !(PIXEL_RATIO_MIN..=PIXEL_RATIO_MAX).contains(&pixel_ratio) {
        let message =
            format!("{} is outside {PIXEL_RATIO_MIN} to {PIXEL_RATIO_MAX}", digits(pixel_ratio));
        problems.push(Problem::new("pixelRatio", message));
        return;
    }
    let (width, height) = picture_size(template.width, template.height, pixel_ratio);
    if width.max(height) > PICTURE_SIDE_PX_MAX
        || u64::from(width) * u64::from(height) > PICTURE_PX_MAX
    {
        let message = format!(
            "a picture of {width} x {height} exceeds {PICTURE_SIDE_PX_MAX} px a side or \
             {PICTURE_PX_MAX} px in all; use a smaller pixelRatio"
        );
        problems.push(Problem::new("pixelRatio", message));
    }
}

/// Collects problems and warnings while it walks the elements.
struct Binder<'a> {
    template: &'a Template,
    payload: &'a Payload,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl<'a> Binder<'a> {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
    }

    /// A key of the payload names an element, or data that a placeholder or a condition reads.
    fn check_keys(&mut self) {
        let (template, keys) = (self.template, self.template.placeholders.keys());
        for key in self.payload.keys() {
            if keys.contains(key) || template.walk().any(|element| element.id == *key) {
                continue;
            }
            if self.problems.len() >= PROBLEMS_MAX {
                return;
            }
            self.report(format!("payload.{key}"), template.nothing_named(key));
        }
    }

    fn elements(&mut self, elements: &[Element], shown: bool) -> Vec<Element> {
        elements.iter().filter_map(|element| self.element(element, shown)).collect()
    }

    fn element(&mut self, element: &Element, shown: bool) -> Option<Element> {
        let mut bound = match &element.kind {
            // Children are bound below, so they are not cloned here.
            Kind::Group(group) => Element {
                id: element.id.clone(),
                frame: element.frame.clone(),
                kind: Kind::Group(Group { masking: group.masking.clone(), ..Group::default() }),
            },
            _ => element.clone(),
        };
        let path = format!("payload.{}", element.id);
        let values = self.values(element, &path);
        if let (Kind::Text(_), Some(message)) = (&bound.kind, values.and_then(text::conflict)) {
            self.report(format!("{path}.spans"), message);
        }
        let mut refused = Vec::new();
        for (key, value) in values.into_iter().flatten() {
            if let Err(faults) = bound.set(key, value) {
                self.problems.extend(faults.problems(&format!("{path}.{key}")));
                refused.push(key.as_str());
            }
        }
        // What is hidden may lack its data, but what the payload says of it must still be right.
        let condition = bound.frame.visible_when.take();
        // A payload that says whether the element is visible is not asked for more.
        let said = values.is_some_and(|values| values.contains_key("visible"));
        let holds = said || condition.is_none_or(|condition| condition.holds(self.payload));
        let shown = shown && holds && is_shown(&bound);
        // The payload's own text is shown as it is.
        let says = values
            .is_some_and(|values| values.contains_key("text") || values.contains_key("spans"));
        let filled = shown && !says && self.fill(&mut bound);
        if values.is_some() || filled {
            element::check(&bound, |key, message| {
                if !refused.contains(&key) {
                    self.report(format!("{path}.{key}"), message);
                }
            });
        }
        if let (Kind::Group(group), Kind::Group(from)) = (&mut bound.kind, &element.kind) {
            group.elements = self.elements(&from.elements, shown);
            let mask = from.mask.as_deref().and_then(|mask| self.element(mask, shown));
            group.mask = mask.map(Box::new);
        }
        if !shown {
            return None;
        }
        // What was refused is not called missing too.
        if let Some((key, message)) = check_data(&bound).filter(|(key, _)| !refused.contains(key)) {
            self.report(format!("{path}.{key}"), message);
        }
        self.clamp(&mut bound);
        Some(bound)
    }

    /// A rating never fills more icons than there are, a progress no more than the whole.
    fn clamp(&mut self, element: &mut Element) {
        let (value, full, message) = match &mut element.kind {
            Kind::Rating(Rating { value: Some(value), max, .. }) => {
                let message = format!("{} of {max}: all {max} icons are filled", digits(*value));
                (value, f64::from(*max), message)
            }
            Kind::Progress(Progress { value: Some(value), max, .. }) => {
                let message =
                    format!("{} of {}: the whole is filled", digits(*value), digits(*max));
                (value, *max, message)
            }
            _ => return,
        };
        if *value > full {
            self.warnings.push(Warning::new("value_clamped", &element.id, message));
            *value = full;
        }
    }

    /// What the payload says of an element.
    fn values(&mut self, element: &Element, path: &str) -> Option<&'a Map<String, Value>> {
        match self.payload.get(&element.id)? {
            Value::Object(values) => Some(values),
            other => {
                let example = value_example(&element.kind);
                let message =
                    format!("expected an object such as {example}, found {}", kind(other));
                self.report(path, message);
                None
            }
        }
    }

    /// Fills the placeholders of an element's texts, if it has any.
    fn fill(&mut self, element: &mut Element) -> bool {
        let template = self.template;
        let texts = template.placeholders.of(&element.id);
        let lang = element.lang().clone();
        let mut missing = Vec::new();
        for (index, parts) in texts {
            let mut shown = true;
            let filled = parts.fill(self.payload, &lang, |path, message| {
                shown = false;
                let problem = Problem::new(format!("payload.{path}"), message);
                if self.problems.len() < PROBLEMS_MAX && !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            });
            for path in filled.missing {
                if !missing.contains(&path) {
                    missing.push(path);
                }
            }
            // A text with a wrong value is not called empty too.
            if let Some(text) = element.kind.texts_mut().into_iter().nth(*index).filter(|_| shown) {
                *text = filled.text;
            }
        }
        if !missing.is_empty() {
            let message = nothing_for(&missing);
            self.warnings.push(Warning::new("placeholder_missing", &element.id, message));
        }
        !texts.is_empty()
    }
}

/// One warning for an element, however many of its placeholders have no value.
fn nothing_for(paths: &[&str]) -> String {
    const NAMED_MAX: usize = 5;
    let named: Vec<_> = paths.iter().take(NAMED_MAX).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("the payload has no {}{more}: nothing is shown there", named.join(", "))
}

/// What is wrong with the data of an element, and the property that would mend it.
fn check_data(element: &Element) -> Option<(&'static str, String)> {
    if let Some(missing) = data_missing(element) {
        let (word, id) = (element.kind.word(), &element.id);
        let message = format!(
            "missing: neither the template nor the payload gives {word} `{id}` its {missing}"
        );
        return Some((missing, message));
    }
    let Kind::Barcode(code) = &element.kind else { return None };
    code.symbology.complete(&code.text).err().map(|rule| ("text", rule))
}

/// The property without which an element cannot be drawn, if it lacks it.
fn data_missing(element: &Element) -> Option<&'static str> {
    match &element.kind {
        Kind::QrCode(code) if code.text.is_empty() => Some("text"),
        Kind::Barcode(code) if code.text.is_empty() => Some("text"),
        Kind::Rating(rating) if rating.value.is_none() => Some("value"),
        Kind::Progress(progress) if progress.value.is_none() => Some("value"),
        Kind::Chart(chart) if chart.values.is_none() => Some("values"),
        Kind::Table(table) if table.values.is_none() => Some("values"),
        _ if element.source() == Some(&Source::Missing) && element.on_error() == OnError::Fail => {
            Some("src")
        }
        _ => None,
    }
}

/// What every payload must bring: ids of elements, each with the property that it lacks.
pub(crate) fn missing(template: &Template) -> Vec<(&str, &'static str)> {
    fn collect<'a>(elements: &'a [Element], found: &mut Vec<(&'a str, &'static str)>) {
        let always = |element: &&Element| element.frame.visible_when.is_none() && is_shown(element);
        for element in elements.iter().filter(always) {
            if let Kind::Group(group) = &element.kind {
                collect(&group.elements, found);
                collect(group.mask.as_deref().map_or(&[], std::slice::from_ref), found);
            }
            found.extend(data_missing(element).map(|key| (element.id.as_str(), key)));
        }
    }
    let mut found = Vec::new();
    collect(&template.elements, &mut found);
    found
}

/// Whether an element itself is drawn, whatever becomes of the groups around it.
fn is_shown(element: &Element) -> bool {
    element.frame.visible && element.frame.opacity > 0.0
}

fn value_example(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) | Kind::QrCode(_) | Kind::Barcode(_) => "{\"text\": \"…\"}",
        Kind::Image(_) | Kind::Svg(_) => "{\"src\": \"https://…\"}",
        Kind::Rating(_) => "{\"value\": 4.5}",
        Kind::Rect(_) | Kind::Ellipse(_) | Kind::Polygon(_) | Kind::Star(_) | Kind::Path(_) => {
            "{\"fill\": \"#ff0000\"}"
        }
        Kind::Progress(_) => "{\"value\": 72}",
        Kind::Chart(_) => "{\"values\": [3, 5, 4]}",
        Kind::Table(_) => "{\"values\": [[\"a\", 1], [\"b\", 2]]}",
        Kind::Line(_) => "{\"stroke\": \"#ff0000\"}",
        Kind::Group(_) => "{\"visible\": false}",
    }
}
