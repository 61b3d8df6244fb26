//! Elements: what a template draws. Property names are those of CSS and SVG in camelCase.

use serde_json::{Value, json};

use crate::effect::{BlendMode, ClipPath, Masking};
use crate::faults::{Faults, each, unknown};
use crate::limits::{
    COORDINATE_PX_MAX, DEVIATION_PX_MAX, NAME_CHARS_MAX, PROGRESS_VALUE_MAX, RATING_VALUE_MAX,
    SKEW_DEGREES_MAX, TEXT_CHARS_MAX,
};
use crate::property::{Properties, Property, kind, properties, within, words};
use crate::schema::{Defs, ranged};
use crate::shape::{Ellipse, Line, Path, Polygon, Rect, Star};
use crate::text::{FontSize, Overflow, Shadow, Text};
use crate::{
    Barcode, Border, Chart, Color, Condition, Filters, Lang, ObjectFit, ObjectPosition, OnError,
    Progress, QrCode, Rating, Recolor, Source, Table,
};

/// One element of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Unique in the template; the payload's key.
    pub id: String,
    /// Where it stands and how it is shown.
    pub frame: Frame,
    /// What it is.
    pub kind: Kind,
}

/// Elements and what is in them, in drawing order.
pub(crate) fn walk(elements: &[Element]) -> impl Iterator<Item = &Element> {
    let mut stack: Vec<_> = elements.iter().rev().collect();
    std::iter::from_fn(move || {
        let element = stack.pop()?;
        if let Kind::Group(group) = &element.kind {
            stack.extend(group.members().rev());
        }
        Some(element)
    })
}

properties! {
    /// What every element has.
    pub struct Frame {
        /// Left edge in px, from the left of the canvas or of the group around it.
        "x" x: f64 = 0.0, in -COORDINATE_PX_MAX..=COORDINATE_PX_MAX;
        /// Top edge in px.
        "y" y: f64 = 0.0, in -COORDINATE_PX_MAX..=COORDINATE_PX_MAX;
        /// Width in px; `"auto"` hugs the content where the element has a size of its own.
        "width" width: Length = Length::Auto;
        /// Height in px, or `"auto"`.
        "height" height: Length = Length::Auto;
        /// Clockwise rotation about the `transformOrigin`, in degrees.
        "rotation" rotation: f64 = 0.0, in -3600.0..=3600.0;
        /// 0 is invisible, 1 is opaque.
        "opacity" opacity: f64 = 1.0, in 0.0..=1.0;
        /// Whether it is drawn at all.
        "visible" visible: bool = true;
        /// Draws it for those payloads alone for which this holds.
        "visibleWhen" visible_when: Option<Condition> = None;
        /// Leaning along the x axis, in degrees, before it is turned.
        "skewX" skew_x: f64 = 0.0, in -SKEW_DEGREES_MAX..=SKEW_DEGREES_MAX;
        /// Leaning along the y axis.
        "skewY" skew_y: f64 = 0.0, in -SKEW_DEGREES_MAX..=SKEW_DEGREES_MAX;
        /// The point of its box that stays where it is when it is turned or leans.
        "transformOrigin" transform_origin: ObjectPosition = ObjectPosition { x: 0.5, y: 0.5 };
        /// How it mixes with what is below.
        "blendMode" blend_mode: BlendMode = BlendMode::Normal;
        /// What it is cut to.
        "clipPath" clip_path: ClipPath = ClipPath::None;
        /// Shadows that it casts on what is below, the first on top.
        "shadow" shadow: Vec<Shadow> = Vec::new();
        /// Shadows that its edge casts into it, the first on top.
        "innerShadow" inner_shadow: Vec<Shadow> = Vec::new();
        /// How far it is blurred, in px, as CSS counts it: the standard deviation.
        "blur" blur: f64 = 0.0, in 0.0..=DEVIATION_PX_MAX;
        /// How far what is below it is blurred, in px.
        "backgroundBlur" background_blur: f64 = 0.0, in 0.0..=DEVIATION_PX_MAX;
    }
}

/// What an element is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each type says what it is")]
pub enum Kind {
    Text(Box<Text>),
    Image(Image),
    Svg(Svg),
    Rect(Rect),
    Ellipse(Ellipse),
    Line(Line),
    Polygon(Polygon),
    Star(Star),
    Path(Path),
    Group(Group),
    QrCode(QrCode),
    Barcode(Barcode),
    Rating(Rating),
    Progress(Progress),
    Chart(Box<Chart>),
    Table(Box<Table>),
}

/// The words for `type`, in the order of the documentation.
pub(crate) const TYPES: &[&str] = &[
    "text", "image", "svg", "rect", "ellipse", "line", "polygon", "star", "path", "group",
    "qrcode", "barcode", "rating", "progress", "chart", "table",
];

impl Kind {
    /// A kind with its defaults, by its word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "text" => Self::Text(Box::default()),
            "image" => Self::Image(Image::default()),
            "svg" => Self::Svg(Svg::default()),
            "rect" => Self::Rect(Rect::default()),
            "ellipse" => Self::Ellipse(Ellipse::default()),
            "line" => Self::Line(Line::default()),
            "polygon" => Self::Polygon(Polygon::default()),
            "star" => Self::Star(Star::default()),
            "path" => Self::Path(Path::default()),
            "group" => Self::Group(Group::default()),
            "qrcode" => Self::QrCode(QrCode::default()),
            "barcode" => Self::Barcode(Barcode::default()),
            "rating" => Self::Rating(Rating::default()),
            "progress" => Self::Progress(Progress::default()),
            "chart" => Self::Chart(Box::default()),
            "table" => Self::Table(Box::default()),
            _ => return None,
        })
    }

    /// The word that a template writes for `type`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Svg(_) => "svg",
            Self::Rect(_) => "rect",
            Self::Ellipse(_) => "ellipse",
            Self::Line(_) => "line",
            Self::Polygon(_) => "polygon",
            Self::Star(_) => "star",
            Self::Path(_) => "path",
            Self::Group(_) => "group",
            Self::QrCode(_) => "qrcode",
            Self::Barcode(_) => "barcode",
            Self::Rating(_) => "rating",
            Self::Progress(_) => "progress",
            Self::Chart(_) => "chart",
            Self::Table(_) => "table",
        }
    }

    /// The property that rows usually bring: what it shows.
    pub(crate) fn main_property(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::QrCode(_) | Self::Barcode(_) => "text",
            Self::Image(_) | Self::Svg(_) => "src",
            Self::Rect(_) | Self::Ellipse(_) | Self::Polygon(_) | Self::Star(_) => "fill",
            Self::Path(_) => "fill",
            Self::Line(_) => "stroke",
            Self::Group(_) => "visible",
            Self::Rating(_) | Self::Progress(_) => "value",
            Self::Chart(_) | Self::Table(_) => "values",
        }
    }

    /// The word as it stands in a sentence: `an image`.
    fn with_article(&self) -> String {
        let word = self.word();
        let article = if word.starts_with(['e', 'i', 's']) && word != "star" { "an" } else { "a" };
        format!("{article} {word}")
    }

    /// The properties that it has besides those of the [`Frame`].
    pub(crate) fn own(&self) -> &dyn Properties {
        match self {
            Self::Text(text) => text.as_ref(),
            Self::Image(image) => image,
            Self::Svg(svg) => svg,
            Self::Rect(rect) => rect,
            Self::Ellipse(ellipse) => ellipse,
            Self::Line(line) => line,
            Self::Polygon(polygon) => polygon,
            Self::Star(star) => star,
            Self::Path(path) => path,
            Self::Group(group) => &group.masking,
            Self::QrCode(code) => code,
            Self::Barcode(code) => code,
            Self::Rating(rating) => rating,
            Self::Progress(progress) => progress,
            Self::Chart(chart) => chart.as_ref(),
            Self::Table(table) => table.as_ref(),
        }
    }

    /// The same, to be set.
    fn own_mut(&mut self) -> &mut dyn Properties {
        match self {
            Self::Text(text) => text.as_mut(),
            Self::Image(image) => image,
            Self::Svg(svg) => svg,
            Self::Rect(rect) => rect,
            Self::Ellipse(ellipse) => ellipse,
            Self::Line(line) => line,
            Self::Polygon(polygon) => polygon,
            Self::Star(star) => star,
            Self::Path(path) => path,
            Self::Group(group) => &mut group.masking,
            Self::QrCode(code) => code,
            Self::Barcode(code) => code,
            Self::Rating(rating) => rating,
            Self::Progress(progress) => progress,
            Self::Chart(chart) => chart.as_mut(),
            Self::Table(table) => table.as_mut(),
        }
    }

    /// What it is, in a sentence.
    pub(crate) fn about(&self) -> &'static str {
        match self {
            Self::Group(_) => {
                "Elements that move, turn and fade together; their coordinates count from its top left."
            }
            _ => self.own().about(),
        }
    }

    /// The sides that must be given in px: it has no size of its own.
    pub(crate) fn sides_needed(&self) -> &'static [&'static str] {
        match self {
            Self::Image(_) | Self::Svg(_) | Self::Rect(_) | Self::Ellipse(_) => {
                &["width", "height"]
            }
            Self::Polygon(_) | Self::Star(_) | Self::Barcode(_) => &["width", "height"],
            Self::Progress(_) | Self::Chart(_) | Self::Table(_) => &["width", "height"],
            Self::QrCode(_) => &["width"],
            Self::Rating(_) => &["height"],
            Self::Text(_) | Self::Line(_) | Self::Path(_) | Self::Group(_) => &[],
        }
    }

    /// What it says, in one piece or in spans; placeholders are filled in here.
    pub(crate) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Text(text) => {
                let Text { text, spans, .. } = text.as_mut();
                let plain = spans.is_empty().then_some(text);
                plain.into_iter().chain(spans.iter_mut().map(|span| &mut span.text)).collect()
            }
            Self::QrCode(code) => vec![&mut code.text],
            Self::Barcode(code) => vec![&mut code.text],
            Self::Image(_) | Self::Svg(_) | Self::Rect(_) | Self::Ellipse(_) | Self::Line(_) => {
                Vec::new()
            }
            Self::Polygon(_) | Self::Star(_) | Self::Path(_) | Self::Group(_) | Self::Rating(_) => {
                Vec::new()
            }
            Self::Progress(_) | Self::Chart(_) | Self::Table(_) => Vec::new(),
        }
    }
}

impl Element {
    /// The properties that this element has.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let own = self.kind.own().keys();
        own.iter().chain(self.frame.keys()).copied()
    }

    /// The language of its numbers and dates. Codes are read by machines: theirs is English.
    pub(crate) fn lang(&self) -> &Lang {
        const ENGLISH: &Lang = &Lang::EN;
        if let Kind::Text(text) = &self.kind { &text.lang } else { ENGLISH }
    }

    /// Sets one property, from the template or from a payload.
    pub(crate) fn set(&mut self, key: &str, value: &Value) -> Result<(), Faults> {
        let own = self.kind.own_mut().set(key, value);
        if let (Kind::Text(text), "text", Some(Ok(()))) = (&mut self.kind, key, &own) {
            // A text from the payload stands in place of the template's spans.
            text.spans.clear();
        }
        own.or_else(|| self.frame.set(key, value)).unwrap_or_else(|| Err(self.unknown(key).into()))
    }

    /// What is said of a property that it does not have.
    pub(crate) fn unknown(&self, key: &str) -> String {
        let keys: Vec<_> = self.keys().collect();
        unknown(key, &self.kind.with_article(), &keys)
    }
}

properties! {
    /// A raster image.
    pub struct Image {
        /// Where it comes from.
        "src" src: Source = Source::Missing;
        /// How it fills its box.
        "objectFit" object_fit: ObjectFit = ObjectFit::Cover;
        /// Which part of it stays in view.
        "objectPosition" object_position: ObjectPosition = ObjectPosition { x: 0.5, y: 0.5 };
        /// Corner radii.
        "borderRadius" border_radius: Corners = Corners([0.0; 4]);
        /// A line along the inside of its edge.
        "border" border: Border = Border::NONE;
        /// What is done to its pixels.
        "filters" filters: Filters = Filters::default();
        /// What is shown when it cannot be had.
        "onError" on_error: OnError = OnError::Fail;
    }
}

properties! {
    /// A vector image.
    pub struct Svg {
        /// Where it comes from.
        "src" src: Source = Source::Missing;
        /// The document itself, instead of `src`.
        "svg" svg: String = String::new();
        /// How it fills its box.
        "objectFit" object_fit: ObjectFit = ObjectFit::Contain;
        /// Which part of it stays in view.
        "objectPosition" object_position: ObjectPosition = ObjectPosition { x: 0.5, y: 0.5 };
        /// What `currentColor` means in it.
        "color" color: Color = Color::BLACK;
        /// Colours of the document, each with the one that takes its place.
        "colors" colors: Recolor = Recolor::default();
        /// What is done to its pixels.
        "filters" filters: Filters = Filters::default();
        /// What is shown when it cannot be had.
        "onError" on_error: OnError = OnError::Fail;
    }
}

/// Elements that move, turn and fade together; their coordinates count from its top left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The elements, drawn in order.
    pub elements: Vec<Element>,
    /// Hides the others where it is not; it is not seen itself.
    pub mask: Option<Box<Element>>,
    /// How the mask is read.
    pub masking: Masking,
}

impl Group {
    /// Its elements, the mask as the last one.
    pub fn members(&self) -> impl DoubleEndedIterator<Item = &Element> {
        self.elements.iter().chain(self.mask.as_deref())
    }
}

words! {
    /// Slope of the letters.
    pub enum FontStyle {
        /// Upright.
        Normal = "normal",
        /// Italic, slanted by the renderer when the family has none.
        Italic = "italic",
    }
}

/// A size in px, or the size of the content.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// As much as the content needs.
    Auto,
    /// That many px.
    Px(f64),
}

impl Length {
    /// The px, or `auto` where the content decides.
    #[must_use]
    pub fn or(self, auto: f64) -> f64 {
        match self {
            Self::Auto => auto,
            Self::Px(px) => px,
        }
    }

    /// The schema of one that is given in px.
    pub(crate) fn px() -> Value {
        ranged(json!({"type": "number"}), &(0.0..=COORDINATE_PX_MAX))
    }
}

impl Property for Length {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value {
            Value::String(text) if text == "auto" => Ok(Self::Auto),
            Value::Number(_) => within(f64::read(value)?, 0.0..=COORDINATE_PX_MAX).map(Self::Px),
            other => {
                Err(format!("expected a number of px or \"auto\", found {}", kind(other)).into())
            }
        }
    }

    fn write(&self) -> Value {
        match self {
            Self::Auto => json!("auto"),
            Self::Px(px) => px.write(),
        }
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"anyOf": [Self::px(), {"const": "auto"}]})
    }
}

/// Weight of a font, 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FontWeight(pub f64);

impl Property for FontWeight {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value.as_str() {
            Some("normal") => Ok(Self(400.0)),
            Some("bold") => Ok(Self(700.0)),
            Some(_) => Err("expected normal, bold or a number from 1 to 1000".into()),
            None => within(f64::read(value)?, 1.0..=1000.0).map(Self),
        }
    }

    fn write(&self) -> Value {
        self.0.write()
    }

    fn schema(_: &mut Defs) -> Value {
        let number = ranged(json!({"type": "number"}), &(1.0..=1000.0));
        json!({"anyOf": [number, {"enum": ["normal", "bold"]}], "examples": [400, 700, "bold"]})
    }
}

/// Radii in px: top left, top right, bottom right, bottom left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corners(pub [f64; 4]);

impl Property for Corners {
    fn read(value: &Value) -> Result<Self, Faults> {
        one_or_four(value).map(Self)
    }

    fn write(&self) -> Value {
        write_sides(&self.0)
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("corners", |_| {
            let px = Length::px();
            let four = json!({"type": "array", "items": px, "minItems": 4, "maxItems": 4});
            json!({
                "anyOf": [px, four],
                "description": "Px, or [top left, top right, bottom right, bottom left].",
                "examples": [16, [16, 16, 0, 0]],
            })
        })
    }
}

/// Inner margins in px: top, right, bottom, left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Padding(pub [f64; 4]);

impl Property for Padding {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value.as_array().map(Vec::as_slice) {
            Some(two @ [_, _]) => {
                let px = each(two, px)?;
                Ok(Self([px[0], px[1], px[0], px[1]]))
            }
            _ => one_or_four(value).map(Self).map_err(|faults| {
                faults.said(|message| {
                    message
                        .replace("a number or four,", "a number, two or four,")
                        .replace("a list of four,", "a list of two or four,")
                })
            }),
        }
    }

    fn write(&self) -> Value {
        write_sides(&self.0)
    }

    fn schema(defs: &mut Defs) -> Value {
        defs.share("padding", |_| {
            let px = Length::px();
            let list =
                |len| json!({"type": "array", "items": px, "minItems": len, "maxItems": len});
            json!({
                "anyOf": [px, list(2), list(4)],
                "description": "Px, or [vertical, horizontal], or [top, right, bottom, left].",
                "examples": [12, [8, 16], [4, 8, 12, 8]],
            })
        })
    }
}

/// One number where all four are equal.
fn write_sides(sides: &[f64; 4]) -> Value {
    let [first, rest @ ..] = sides;
    if rest.iter().all(|side| side == first) {
        first.write()
    } else {
        sides.iter().map(f64::write).collect()
    }
}

fn one_or_four(value: &Value) -> Result<[f64; 4], Faults> {
    match value {
        Value::Number(_) => px(value).map(|all| [all; 4]),
        Value::Array(list) if list.len() == 4 => {
            let px = each(list, px)?;
            Ok([px[0], px[1], px[2], px[3]])
        }
        Value::Array(list) => {
            Err(format!("expected a number or four, found a list of {}", list.len()).into())
        }
        other => Err(format!("expected a number or a list of four, found {}", kind(other)).into()),
    }
}

fn px(value: &Value) -> Result<f64, Faults> {
    within(f64::read(value)?, 0.0..=COORDINATE_PX_MAX)
}

/// Checks that no setter can make alone: sizes that must be there and texts that must be short.
pub(crate) fn check(element: &Element, mut report: impl FnMut(&'static str, String)) {
    check_size(element, &mut report);
    let mut value = |value: Option<f64>, max: f64| {
        if let Some(Err(faults)) = value.map(|value| within(value, 0.0..=max)) {
            report("value", faults.to_string());
        }
    };
    match &element.kind {
        Kind::Rating(rating) => value(rating.value, RATING_VALUE_MAX),
        Kind::Progress(progress) => value(progress.value, PROGRESS_VALUE_MAX),
        Kind::Text(text) => check_text(text, report),
        Kind::Chart(chart) => {
            family(&chart.font_family, &mut report);
            if let Some((key, message)) = chart.fault() {
                report(key, message);
            }
        }
        Kind::Table(table) => {
            family(&table.font_family, &mut report);
            if let Some(message) = table.fault() {
                report("values", message);
            }
        }
        Kind::Svg(svg) => short("svg", &svg.svg, crate::limits::SVG_BYTES_MAX, report),
        Kind::QrCode(code) => short("text", &code.text, crate::limits::QR_BYTES_MAX, report),
        Kind::Barcode(code) => short("text", &code.text, crate::limits::BARCODE_CHARS_MAX, report),
        Kind::Image(_) | Kind::Rect(_) | Kind::Ellipse(_) => {}
        Kind::Polygon(_) | Kind::Star(_) => {}
        Kind::Line(_) | Kind::Path(_) | Kind::Group(_) => {}
    }
}

/// Checks that a size is there where the content has none of its own.
fn check_size(element: &Element, mut report: impl FnMut(&'static str, String)) {
    let Frame { width, height, .. } = element.frame;
    for key in element.kind.sides_needed() {
        if let ("width", Length::Auto, _) | ("height", _, Length::Auto) = (*key, width, height) {
            report(key, format!("a {} needs a {key} in px", element.kind.word()));
        }
    }
}

fn check_text(text: &Text, mut report: impl FnMut(&'static str, String)) {
    let said = if text.spans.is_empty() { "text" } else { "spans" };
    let mut chars = text.stretches().flat_map(|(text, _)| text.chars());
    if chars.nth(TEXT_CHARS_MAX).is_some() {
        report(said, format!("longer than {TEXT_CHARS_MAX} characters"));
    }
    let families = text.spans.iter().filter_map(|span| span.font_family.as_ref());
    for name in families.chain([&text.font_family]) {
        family(name, &mut report);
    }
    if text.max_font_size > 0.0 && text.max_font_size < text.font_size {
        report("maxFontSize", format!("smaller than the fontSize of {}", text.font_size));
    }
    let too_large = |min: FontSize| min.0 > text.font_size;
    if text.overflow == Overflow::Shrink && text.min_font_size.is_some_and(too_large) {
        report("minFontSize", format!("larger than the fontSize of {}", text.font_size));
    }
}

fn short(
    key: &'static str,
    text: &str,
    bytes_max: usize,
    mut report: impl FnMut(&'static str, String),
) {
    if text.len() > bytes_max {
        report(key, format!("longer than {bytes_max} bytes"));
    }
}

fn family(name: &str, mut report: impl FnMut(&'static str, String)) {
    if name.len() > 4 * NAME_CHARS_MAX {
        report("fontFamily", format!("longer than {NAME_CHARS_MAX} characters"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_main_property() {
        for word in TYPES {
            let kind = Kind::of(word).unwrap();
            let main = kind.main_property();
            let has = kind.own().keys().contains(&main) || Frame::default().keys().contains(&main);
            assert!(has, "{word} has no {main}");
        }
    }
}
