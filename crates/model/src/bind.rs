//! Binding: a template and one row's payload become what is to be drawn.
//!
//! After [`bind`] nothing is optional: every element has its data, invisible ones are gone, and the
//! size of the picture is known and within the limits.

use serde_json::{Map, Value};

use crate::element::{self, Element, Group, Kind};
use crate::limits::{
    PAYLOAD_BYTES_MAX, PICTURE_PX_MAX, PICTURE_SIDE_PX_MAX, PIXEL_RATIO_MAX, PIXEL_RATIO_MIN,
};
use crate::property::kind;
use crate::{Paint, Problem, Source, Template};

/// One row's data: element id to value object.
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
}

impl Bound {
    /// Size of the picture in device pixels.
    #[must_use]
    pub fn picture_size(&self) -> (u32, u32) {
        picture_size(self.width, self.height, self.pixel_ratio)
    }

    /// Every source that has to be at hand before layout, each once.
    #[must_use]
    pub fn sources(&self) -> Vec<&Source> {
        fn collect<'a>(elements: &'a [Element], found: &mut Vec<&'a Source>) {
            for element in elements {
                if let Kind::Group(group) = &element.kind {
                    collect(&group.elements, found);
                } else if let Some(source) = element.source()
                    && !found.contains(&source)
                {
                    found.push(source);
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.elements, &mut found);
        found
    }
}

/// Parses one row's payload.
///
/// # Errors
/// One problem, when the bytes are no JSON object or too many.
pub fn parse_payload(bytes: &[u8]) -> Result<Payload, Vec<Problem>> {
    if bytes.len() > PAYLOAD_BYTES_MAX {
        let message = format!("{} bytes; at most {PAYLOAD_BYTES_MAX} are taken", bytes.len());
        return Err(vec![Problem::new("payload", message)]);
    }
    serde_json::from_slice(bytes)
        .map_err(|error| vec![Problem::new("payload", format!("not a JSON object: {error}"))])
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
    let mut problems = Vec::new();
    check_pixel_ratio(template, pixel_ratio, &mut problems);
    check_ids(template, payload, &mut problems);
    let elements = bind_all(&template.elements, payload, true, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Bound {
        width: template.width,
        height: template.height,
        pixel_ratio,
        background: template.background.clone(),
        elements,
    })
}

fn picture_size(width: u32, height: u32, pixel_ratio: f64) -> (u32, u32) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited by bind")]
    let scale = |side: u32| ((f64::from(side) * pixel_ratio).round() as u32).max(1);
    (scale(width), scale(height))
}

fn check_pixel_ratio(template: &Template, pixel_ratio: f64, problems: &mut Vec<Problem>) {
    if !(PIXEL_RATIO_MIN..=PIXEL_RATIO_MAX).contains(&pixel_ratio) {
        let message = format!("{pixel_ratio} is outside {PIXEL_RATIO_MIN} to {PIXEL_RATIO_MAX}");
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

fn check_ids(template: &Template, payload: &Payload, problems: &mut Vec<Problem>) {
    for id in payload.keys() {
        if !template.walk().any(|element| element.id == *id) {
            let ids: Vec<_> =
                template.walk().map(|element| element.id.as_str()).take(100).collect();
            let message = format!("no element has this id; the template has {}", ids.join(", "));
            problems.push(Problem::new(format!("payload.{id}"), message));
        }
    }
}

fn bind_all(
    elements: &[Element],
    payload: &Payload,
    shown: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Element> {
    elements.iter().filter_map(|element| bind_one(element, payload, shown, problems)).collect()
}

fn bind_one(
    element: &Element,
    payload: &Payload,
    shown: bool,
    problems: &mut Vec<Problem>,
) -> Option<Element> {
    let mut bound = match &element.kind {
        // Children are bound below, so they are not cloned here.
        Kind::Group(_) => Element {
            id: element.id.clone(),
            frame: element.frame.clone(),
            kind: Kind::Group(Group::default()),
        },
        _ => element.clone(),
    };
    let path = format!("payload.{}", element.id);
    match payload.get(&element.id) {
        None => {}
        Some(Value::Object(values)) => {
            for (key, value) in values {
                if let Err(message) = bound.set(key, value) {
                    problems.push(Problem::new(format!("{path}.{key}"), message));
                }
            }
            element::check(&bound, |key, message| {
                problems.push(Problem::new(format!("{path}.{key}"), message));
            });
        }
        Some(other) => {
            let example = value_example(&element.kind);
            let message = format!("expected an object such as {example}, found {}", kind(other));
            problems.push(Problem::new(&path, message));
        }
    }
    // What is hidden may lack its data, but what the payload says of it must still be right.
    let shown = shown && bound.frame.visible && bound.frame.opacity > 0.0;
    if let (Kind::Group(group), Kind::Group(from)) = (&mut bound.kind, &element.kind) {
        group.elements = bind_all(&from.elements, payload, shown, problems);
    }
    if !shown {
        return None;
    }
    check_data(&bound, &path, problems);
    Some(bound)
}

/// Refuses an element that would be drawn without its data.
fn check_data(element: &Element, path: &str, problems: &mut Vec<Problem>) {
    let missing = match &element.kind {
        Kind::QrCode(code) if code.text.is_empty() => "text",
        Kind::Barcode(code) if code.text.is_empty() => "text",
        _ if element.source() == Some(&Source::Missing) => "src",
        _ => return,
    };
    let message = format!(
        "missing: neither the template nor the payload gives {} `{}` its {missing}",
        element.kind.word(),
        element.id
    );
    problems.push(Problem::new(format!("{path}.{missing}"), message));
}

fn value_example(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text(_) | Kind::QrCode(_) | Kind::Barcode(_) => "{\"text\": \"…\"}",
        Kind::Image(_) | Kind::Svg(_) => "{\"src\": \"https://…\"}",
        Kind::Rating(_) => "{\"value\": 4.5}",
        Kind::Rect(_) | Kind::Ellipse(_) | Kind::Path(_) => "{\"fill\": \"#ff0000\"}",
        Kind::Line(_) => "{\"stroke\": \"#ff0000\"}",
        Kind::Group(_) => "{\"visible\": false}",
    }
}
