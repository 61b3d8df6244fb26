//! Elements: what a template draws. Property names are those of CSS and SVG in camelCase.

use serde_json::Value;

use crate::limits::{
    COORDINATE_PX_MAX, NAME_CHARS_MAX, RATING_ICONS_MAX, RATING_VALUE_MAX, TEXT_CHARS_MAX,
};
use crate::property::{Properties, Property, kind, properties, within, words};
use crate::text::{Overflow, Text};
use crate::{
    Border, Color, Filters, Lang, ObjectFit, ObjectPosition, OnError, Paint, PathData, Source,
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
        /// Clockwise rotation about the centre, in degrees.
        "rotation" rotation: f64 = 0.0, in -3600.0..=3600.0;
        /// 0 is invisible, 1 is opaque.
        "opacity" opacity: f64 = 1.0, in 0.0..=1.0;
        /// Whether it is drawn at all.
        "visible" visible: bool = true;
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
    Path(Path),
    Group(Group),
    QrCode(QrCode),
    Barcode(Barcode),
    Rating(Rating),
}

/// The words for `type`, in the order of the documentation.
pub(crate) const TYPES: &[&str] = &[
    "text", "image", "svg", "rect", "ellipse", "line", "path", "group", "qrcode", "barcode",
    "rating",
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
            "path" => Self::Path(Path::default()),
            "group" => Self::Group(Group::default()),
            "qrcode" => Self::QrCode(QrCode::default()),
            "barcode" => Self::Barcode(Barcode::default()),
            "rating" => Self::Rating(Rating::default()),
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
            Self::Path(_) => "path",
            Self::Group(_) => "group",
            Self::QrCode(_) => "qrcode",
            Self::Barcode(_) => "barcode",
            Self::Rating(_) => "rating",
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
            Self::Path(_) | Self::Group(_) | Self::Rating(_) => Vec::new(),
        }
    }
}

impl Element {
    /// The properties that this element has.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let own = match &self.kind {
            Kind::Text(_) => Text::KEYS,
            Kind::Image(_) => Image::KEYS,
            Kind::Svg(_) => Svg::KEYS,
            Kind::Rect(_) => Rect::KEYS,
            Kind::Ellipse(_) => Ellipse::KEYS,
            Kind::Line(_) => Line::KEYS,
            Kind::Path(_) => Path::KEYS,
            Kind::Group(_) => &[],
            Kind::QrCode(_) => QrCode::KEYS,
            Kind::Barcode(_) => Barcode::KEYS,
            Kind::Rating(_) => Rating::KEYS,
        };
        own.iter().chain(Frame::KEYS).copied()
    }

    /// The language of its numbers and dates. Codes are read by machines: theirs is English.
    pub(crate) fn lang(&self) -> &Lang {
        const ENGLISH: &Lang = &Lang::EN;
        if let Kind::Text(text) = &self.kind { &text.lang } else { ENGLISH }
    }

    /// Sets one property, from the template or from a payload.
    pub(crate) fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let own = match &mut self.kind {
            Kind::Text(text) => text.set(key, value),
            Kind::Image(image) => image.set(key, value),
            Kind::Svg(svg) => svg.set(key, value),
            Kind::Rect(rect) => rect.set(key, value),
            Kind::Ellipse(ellipse) => ellipse.set(key, value),
            Kind::Line(line) => line.set(key, value),
            Kind::Path(path) => path.set(key, value),
            Kind::Group(_) => None,
            Kind::QrCode(code) => code.set(key, value),
            Kind::Barcode(code) => code.set(key, value),
            Kind::Rating(rating) => rating.set(key, value),
        };
        if let (Kind::Text(text), "text", Some(Ok(()))) = (&mut self.kind, key, &own) {
            // A text from the payload stands in place of the template's spans.
            text.spans.clear();
        }
        own.or_else(|| self.frame.set(key, value)).unwrap_or_else(|| {
            let keys: Vec<_> = self.keys().collect();
            Err(format!("unknown property; a {} has {}", self.kind.word(), keys.join(", ")))
        })
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
        /// What is done to its pixels.
        "filters" filters: Filters = Filters::default();
        /// What is shown when it cannot be had.
        "onError" on_error: OnError = OnError::Fail;
    }
}

properties! {
    /// A rectangle.
    pub struct Rect {
        /// Inside.
        "fill" fill: Paint = Paint::Solid(Color::BLACK);
        /// Outline, centred on the edge.
        "stroke" stroke: Paint = Paint::None;
        /// Outline width in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=1000.0;
        /// Corner radii.
        "borderRadius" border_radius: Corners = Corners([0.0; 4]);
    }
}

properties! {
    /// An ellipse that touches the four sides of its box.
    pub struct Ellipse {
        /// Inside.
        "fill" fill: Paint = Paint::Solid(Color::BLACK);
        /// Outline, centred on the edge.
        "stroke" stroke: Paint = Paint::None;
        /// Outline width in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=1000.0;
    }
}

properties! {
    /// A line from the top left of its box to the bottom right.
    pub struct Line {
        /// Its colour.
        "stroke" stroke: Paint = Paint::Solid(Color::BLACK);
        /// Width in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=1000.0;
    }
}

properties! {
    /// A shape given by SVG path data, in px from the top left of its box.
    pub struct Path {
        /// The path data.
        "d" d: PathData = PathData::default();
        /// Inside.
        "fill" fill: Paint = Paint::Solid(Color::BLACK);
        /// Outline.
        "stroke" stroke: Paint = Paint::None;
        /// Outline width in px.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=1000.0;
    }
}

/// Elements that move, turn and fade together; their coordinates count from its top left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The elements, drawn in order.
    pub elements: Vec<Element>,
}

properties! {
    /// A QR code.
    pub struct QrCode {
        /// What it says.
        "text" text: String = String::new();
        /// How much of it may be damaged.
        "errorCorrection" error_correction: ErrorCorrection = ErrorCorrection::M;
        /// Colour of the modules.
        "color" color: Color = Color::BLACK;
        /// Painted behind them, over the whole box.
        "background" background: Color = Color::WHITE;
        /// Margin in modules; the standard asks for 4.
        "quietZone" quiet_zone: u32 = 4, in 0..=20;
    }
}

properties! {
    /// A linear barcode.
    pub struct Barcode {
        /// Which code.
        "symbology" symbology: Symbology = Symbology::Code128;
        /// What it says.
        "text" text: String = String::new();
        /// Colour of the bars and of the text below.
        "color" color: Color = Color::BLACK;
        /// Painted behind them, over the whole box.
        "background" background: Color = Color::WHITE;
        /// Whether the text is written below the bars.
        "showText" show_text: bool = true;
    }
}

properties! {
    /// A row of icons of which some are filled.
    pub struct Rating {
        /// How many icons are filled; fractions fill an icon in part. Binding refuses to have none.
        "value" value: Option<f64> = None;
        /// How many icons there are.
        "max" max: u32 = 5, in 1..=RATING_ICONS_MAX;
        /// Colour of the filled part.
        "color" color: Color = Color::rgb(255, 197, 61);
        /// Colour of the rest.
        "emptyColor" empty_color: Color = Color { r: 128, g: 128, b: 128, a: 89 };
        /// Space between icons in px.
        "gap" gap: f64 = 4.0, in 0.0..=1000.0;
        /// SVG path data of one icon in a box of 24 by 24; a star by default.
        "icon" icon: PathData = PathData::known(STAR);
    }
}

/// The default icon of a rating.
const STAR: &str = "M12 2l3.09 6.26L22 9.27l-5 4.87 1.18 6.88L12 17.77l-6.18 3.25L7 14.14 2 9.27\
                    l6.91-1.01L12 2z";

words! {
    /// Slope of the letters.
    pub enum FontStyle {
        /// Upright.
        Normal = "normal",
        /// Italic, slanted by the renderer when the family has none.
        Italic = "italic",
    }
}

words! {
    /// Share of a QR code that may be damaged.
    pub enum ErrorCorrection {
        /// 7 %.
        L = "L",
        /// 15 %.
        M = "M",
        /// 25 %.
        Q = "Q",
        /// 30 %.
        H = "H",
    }
}

words! {
    /// A kind of barcode.
    pub enum Symbology {
        /// Code 128, sets A, B and C chosen as the text needs.
        Code128 = "code128",
        /// EAN-13: 12 digits, or 13 with their check digit.
        Ean13 = "ean13",
        /// Code 39.
        Code39 = "code39",
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
}

impl Property for Length {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text == "auto" => Ok(Self::Auto),
            Value::Number(_) => within(f64::read(value)?, 0.0..=COORDINATE_PX_MAX).map(Self::Px),
            other => Err(format!("expected a number of px or \"auto\", found {}", kind(other))),
        }
    }
}

/// Weight of a font, 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FontWeight(pub f64);

impl Property for FontWeight {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some("normal") => Ok(Self(400.0)),
            Some("bold") => Ok(Self(700.0)),
            Some(_) => Err("expected normal, bold or a number from 1 to 1000".to_owned()),
            None => within(f64::read(value)?, 1.0..=1000.0).map(Self),
        }
    }
}

/// Radii in px: top left, top right, bottom right, bottom left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corners(pub [f64; 4]);

impl Property for Corners {
    fn read(value: &Value) -> Result<Self, String> {
        one_or_four(value).map(Self)
    }
}

/// Inner margins in px: top, right, bottom, left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Padding(pub [f64; 4]);

impl Property for Padding {
    fn read(value: &Value) -> Result<Self, String> {
        match value.as_array().map(Vec::as_slice) {
            Some([vertical, horizontal]) => {
                let vertical = within(f64::read(vertical)?, 0.0..=COORDINATE_PX_MAX)?;
                let horizontal = within(f64::read(horizontal)?, 0.0..=COORDINATE_PX_MAX)?;
                Ok(Self([vertical, horizontal, vertical, horizontal]))
            }
            _ => one_or_four(value).map(Self).map_err(|message| {
                message
                    .replace("a number or four,", "a number, two or four,")
                    .replace("a list of four,", "a list of two or four,")
            }),
        }
    }
}

fn one_or_four(value: &Value) -> Result<[f64; 4], String> {
    let read = |value: &Value| within(f64::read(value)?, 0.0..=COORDINATE_PX_MAX);
    match value {
        Value::Number(_) => read(value).map(|all| [all; 4]),
        Value::Array(list) => match list.as_slice() {
            [a, b, c, d] => Ok([read(a)?, read(b)?, read(c)?, read(d)?]),
            _ => Err(format!("expected a number or four, found a list of {}", list.len())),
        },
        other => Err(format!("expected a number or a list of four, found {}", kind(other))),
    }
}

/// Checks that no setter can make alone: sizes that must be there and texts that must be short.
pub(crate) fn check(element: &Element, mut report: impl FnMut(&'static str, String)) {
    let Frame { width, height, .. } = element.frame;
    let mut need = |key: &'static str, length: Length| match length {
        Length::Auto => report(key, format!("a {} needs a {key} in px", element.kind.word())),
        Length::Px(_) => {}
    };
    match &element.kind {
        Kind::Image(_) | Kind::Svg(_) | Kind::Rect(_) | Kind::Ellipse(_) | Kind::Barcode(_) => {
            need("width", width);
            need("height", height);
        }
        Kind::QrCode(_) => need("width", width),
        Kind::Rating(rating) => {
            need("height", height);
            let value = rating.value.map(|value| within(value, 0.0..=RATING_VALUE_MAX));
            if let Some(Err(message)) = value {
                report("value", message);
            }
        }
        Kind::Text(text) => {
            let said = if text.spans.is_empty() { "text" } else { "spans" };
            let mut chars = text.stretches().flat_map(|(text, _)| text.chars());
            if chars.nth(TEXT_CHARS_MAX).is_some() {
                report(said, format!("longer than {TEXT_CHARS_MAX} characters"));
            }
            let families = text.spans.iter().filter_map(|span| span.font_family.as_ref());
            if families.chain([&text.font_family]).any(|name| name.len() > 4 * NAME_CHARS_MAX) {
                report("fontFamily", format!("longer than {NAME_CHARS_MAX} characters"));
            }
            if text.max_font_size > 0.0 && text.max_font_size < text.font_size {
                report("maxFontSize", format!("smaller than the fontSize of {}", text.font_size));
            }
            if text.overflow == Overflow::Shrink && text.min_font_size > text.font_size {
                report("minFontSize", format!("larger than the fontSize of {}", text.font_size));
            }
        }
        Kind::Line(_) | Kind::Path(_) | Kind::Group(_) => {}
    }
    let (key, text, max) = match &element.kind {
        Kind::Svg(svg) => ("svg", &svg.svg, crate::limits::SVG_BYTES_MAX),
        Kind::QrCode(code) => ("text", &code.text, crate::limits::QR_BYTES_MAX),
        Kind::Barcode(code) => ("text", &code.text, crate::limits::BARCODE_CHARS_MAX),
        Kind::Text(_) | Kind::Image(_) | Kind::Rect(_) | Kind::Path(_) => return,
        Kind::Ellipse(_) | Kind::Line(_) | Kind::Group(_) | Kind::Rating(_) => return,
    };
    if text.len() > max {
        report(key, format!("longer than {max} bytes"));
    }
}
