//! Texts: what they say, in which styles, and how they fill their box.
//!
//! Property names are those of CSS in camelCase; where CSS has a small language of its own
//! (`font-feature-settings`, `text-decoration`), it is read here, so that nothing after the parser
//! meets a string with a meaning. Deliberately absent: shaping, and what fonts can do.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::element::{Corners, FontStyle, FontWeight, Padding};
use crate::faults::{Faults, Fields, Found, at, each, set_all};
use crate::limits::{
    COORDINATE_PX_MAX, FONT_SETTINGS_MAX, FONT_SIZE_PX_MAX, SHADOWS_MAX, SPANS_MAX,
};
use crate::property::{Properties, Property, kind, object, properties, within, words};
use crate::schema::{self, Defs, ranged};
use crate::{Color, Lang, Paint};

properties! {
    /// Text, shaped and wrapped.
    pub struct Text {
        /// What it says, in one style; `\n` breaks the line.
        "text" text: String = String::new();
        /// What it says instead of `text`, in stretches of their own style.
        "spans" spans: Vec<Span> = Vec::new();
        /// Font family. A family that is not installed is replaced, with a warning.
        "fontFamily" font_family: String = "Inter".to_owned();
        /// Size in px.
        "fontSize" font_size: f64 = 16.0, in 1.0..=FONT_SIZE_PX_MAX;
        /// 1 to 1000, or `"normal"` and `"bold"`.
        "fontWeight" font_weight: FontWeight = FontWeight(400.0);
        /// `normal` or `italic`.
        "fontStyle" font_style: FontStyle = FontStyle::Normal;
        /// Width of the letters in percent of the normal width, where the family has others.
        "fontStretch" font_stretch: f64 = 100.0, in 50.0..=200.0;
        /// OpenType features, as CSS writes them: `"tnum" 1, "ss01"`.
        "fontFeatureSettings" font_features: FontFeatures = FontFeatures::default();
        /// Forms of figures: `tabular-nums`, `oldstyle-nums`, `slashed-zero` and so on.
        "fontVariantNumeric" numeric: NumericForms = NumericForms::default();
        /// Which ligatures are used.
        "fontVariantLigatures" ligatures: Ligatures = Ligatures::Normal;
        /// Positions on a variable font's axes, as CSS writes them: `"opsz" 32, "GRAD" 80`.
        "fontVariationSettings" font_variations: FontVariations = FontVariations::default();
        /// Colour or gradient of the glyphs; a gradient spans the box.
        "color" color: Paint = Paint::Solid(Color::BLACK);
        /// Outline of the glyphs, painted below them.
        "stroke" stroke: Paint = Paint::None;
        /// Width of that outline in px; it is centred on the edge, so half of it shows.
        "strokeWidth" stroke_width: f64 = 1.0, in 0.0..=200.0;
        /// Shadows of the glyphs, the first on top.
        "textShadow" text_shadow: Vec<Shadow> = Vec::new();
        /// Lines under, over or through the glyphs.
        "textDecoration" text_decoration: TextDecoration = TextDecoration::default();
        /// Whether the letters' case is changed.
        "textTransform" text_transform: TextTransform = TextTransform::None;
        /// Across the box.
        "textAlign" text_align: Align = Align::Start;
        /// Down the box, when the height is given.
        "verticalAlign" vertical_align: VerticalAlign = VerticalAlign::Top;
        /// Which way lines run: that of their first letters, unless it is set.
        "direction" direction: Direction = Direction::Auto;
        /// How lines are broken.
        "textWrap" text_wrap: TextWrap = TextWrap::Wrap;
        /// Where words may be broken.
        "wordBreak" word_break: WordBreak = WordBreak::Normal;
        /// Height of a line, as a multiple of the font size.
        "lineHeight" line_height: f64 = 1.2, in 0.1..=10.0;
        /// Space added between letters, in px.
        "letterSpacing" letter_spacing: f64 = 0.0, in -1000.0..=1000.0;
        /// Space added between words, in px.
        "wordSpacing" word_spacing: f64 = 0.0, in -1000.0..=1000.0;
        /// Most lines shown; 0 sets no limit.
        "maxLines" max_lines: u32 = 0;
        /// With `"overflow": "shrink"`, the smallest size in px that the text may shrink to: 8, or the
        /// `fontSize` if that is less, unless it is set.
        "minFontSize" min_font_size: Option<FontSize> = None;
        /// The largest size in px that the text may grow to while it fits its box; 0 for none.
        "maxFontSize" max_font_size: f64 = 0.0, in 0.0..=FONT_SIZE_PX_MAX;
        /// What to do when the text does not fit its box or its lines.
        "overflow" overflow: Overflow = Overflow::Visible;
        /// Painted behind the text, over the whole box.
        "background" background: Paint = Paint::None;
        /// Space between the box and the text.
        "padding" padding: Padding = Padding([0.0; 4]);
        /// Corner radii of the background.
        "borderRadius" border_radius: Corners = Corners([0.0; 4]);
        /// Painted behind each line, as wide as the line.
        "highlight" highlight: Paint = Paint::None;
        /// How far the highlight reaches beyond the line.
        "highlightPadding" highlight_padding: Padding = Padding([0.0; 4]);
        /// Corner radii of the highlight.
        "highlightRadius" highlight_radius: Corners = Corners([0.0; 4]);
        /// Language of its letters, and of the numbers and dates that placeholders write.
        "lang" lang: Lang = Lang::EN;
    }
}

properties! {
    /// A stretch of a text. What it does not set is as the element says.
    pub struct Span {
        /// What it says.
        "text" text: String = String::new();
        /// Font family.
        "fontFamily" font_family: Option<String> = None;
        /// Size in px.
        "fontSize" font_size: Option<FontSize> = None;
        /// Weight of the font.
        "fontWeight" font_weight: Option<FontWeight> = None;
        /// Slope of the letters.
        "fontStyle" font_style: Option<FontStyle> = None;
        /// Colour or gradient of the glyphs.
        "color" color: Option<Paint> = None;
        /// Painted behind the stretch.
        "background" background: Paint = Paint::None;
        /// Lines under, over or through the glyphs.
        "textDecoration" text_decoration: Option<TextDecoration> = None;
        /// Space added between letters, in px.
        "letterSpacing" letter_spacing: Option<Spacing> = None;
    }
}

impl Text {
    /// The stretches that it is made of: its spans, or its text in the element's own style.
    pub fn stretches(&self) -> impl Iterator<Item = (&str, Option<&Span>)> {
        let plain = self.spans.is_empty().then_some((self.text.as_str(), None));
        plain.into_iter().chain(self.spans.iter().map(|span| (span.text.as_str(), Some(span))))
    }
}

/// What cannot stand together in one object.
pub(crate) fn conflict(fields: &Map<String, Value>) -> Option<&'static str> {
    let both = fields.contains_key("text") && fields.contains_key("spans");
    both.then_some("give `text` or `spans`, not both")
}

impl Property for Vec<Span> {
    fn read(value: &Value) -> Result<Self, Faults> {
        each(list(value, SPANS_MAX, "spans")?, span)
    }

    fn write(&self) -> Value {
        self.iter().map(|span| Value::Object(span.write())).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        let span = schema::object(Span::default().schema(defs), &["text"]);
        json!({"type": "array", "items": span, "maxItems": SPANS_MAX})
    }
}

fn span(value: &Value) -> Result<Span, Faults> {
    let (fields, mut span) = (object(value)?, Span::default());
    let mut found = Found::default();
    found.keep(set_all(&mut span, fields, "a span"));
    if !fields.contains_key("text") {
        found.keep::<()>(at(".text", Err("missing: what the span says")));
    }
    found.or(Some(span))
}

/// A list of at most `max`.
pub(crate) fn list<'a>(value: &'a Value, max: usize, what: &str) -> Result<&'a [Value], Faults> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("expected a list of {what}, found {}", kind(value)))?;
    if list.len() > max {
        return Err(format!("{} {what}; at most {max} are taken", list.len()).into());
    }
    Ok(list)
}

/// A font size in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FontSize(pub f64);

impl Property for FontSize {
    fn read(value: &Value) -> Result<Self, Faults> {
        within(f64::read(value)?, 1.0..=FONT_SIZE_PX_MAX).map(Self)
    }

    fn write(&self) -> Value {
        self.0.write()
    }

    fn schema(_: &mut Defs) -> Value {
        ranged(json!({"type": "number"}), &(1.0..=FONT_SIZE_PX_MAX))
    }
}

/// Space between letters in px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spacing(pub f64);

impl Property for Spacing {
    fn read(value: &Value) -> Result<Self, Faults> {
        within(f64::read(value)?, -1000.0..=1000.0).map(Self)
    }

    fn write(&self) -> Value {
        self.0.write()
    }

    fn schema(_: &mut Defs) -> Value {
        ranged(json!({"type": "number"}), &(-1000.0..=1000.0))
    }
}

/// A shadow of glyphs, or of any element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shadow {
    /// Right of what casts it, in px.
    pub x: f64,
    /// Below it, in px.
    pub y: f64,
    /// How far its edge is spread, in px, as CSS counts it: twice the standard deviation.
    pub blur: f64,
    /// Its colour.
    pub color: Color,
}

impl Property for Vec<Shadow> {
    fn read(value: &Value) -> Result<Self, Faults> {
        match value {
            Value::Null => Ok(Self::new()),
            Value::String(word) if word == "none" => Ok(Self::new()),
            Value::Object(fields) => shadow(fields).map(|shadow| vec![shadow]),
            _ => each(list(value, SHADOWS_MAX, "shadows")?, |value| shadow(object(value)?)),
        }
    }

    fn write(&self) -> Value {
        let write = |Shadow { x, y, blur, color }: &Shadow| json!({"x": x.write(), "y": y.write(), "blur": blur.write(), "color": color.write()});
        self.iter().map(write).collect()
    }

    fn schema(defs: &mut Defs) -> Value {
        let offset = ranged(json!({"type": "number"}), &(-COORDINATE_PX_MAX..=COORDINATE_PX_MAX));
        let blur = ranged(json!({"type": "number"}), &(0.0..=crate::limits::BLUR_PX_MAX));
        let fields = [
            ("x", offset.clone(), "Right of what casts it, in px.", json!(0)),
            ("y", offset, "Below it, in px.", json!(0)),
            ("blur", blur, "Spread of its edge in px, as in CSS.", json!(0)),
            ("color", Color::schema(defs), "Its colour.", Color::BLACK.write()),
        ];
        let fields = fields.into_iter().map(|(key, schema, about, default)| {
            (key.to_owned(), schema::described(schema, about, default))
        });
        let shadow = schema::object(fields.collect(), &[]);
        let list = json!({"type": "array", "items": shadow, "maxItems": SHADOWS_MAX});
        json!({
            "anyOf": [shadow, list, {"const": "none"}, {"type": "null"}],
            "examples": [{"x": 0, "y": 2, "blur": 8, "color": "#00000080"}],
        })
    }
}

fn shadow(fields: &Map<String, Value>) -> Result<Shadow, Faults> {
    let mut fields = Fields::new(fields, "a shadow", &["x", "y", "blur", "color"]);
    let offset = || -COORDINATE_PX_MAX..=COORDINATE_PX_MAX;
    let (x, y) = (fields.within("x", 0.0, offset()), fields.within("y", 0.0, offset()));
    let blur = fields.within("blur", 0.0, 0.0..=crate::limits::BLUR_PX_MAX);
    let color = fields.get("color", Color::BLACK);
    let shadow = || Some(Shadow { x: x?, y: y?, blur: blur?, color: color? });
    fields.done(shadow())
}

/// Lines along the glyphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextDecoration {
    /// Below the baseline.
    pub underline: bool,
    /// Above the letters.
    pub overline: bool,
    /// Through their middle.
    pub line_through: bool,
}

impl Property for TextDecoration {
    fn read(value: &Value) -> Result<Self, Faults> {
        let expected = "expected none, or some of underline, overline and line-through";
        let text = value.as_str().ok_or(expected)?;
        let mut lines = Self::default();
        let mut words = text.split_ascii_whitespace();
        if text.trim() == "none" {
            return Ok(lines);
        }
        words.try_for_each(|word| {
            let line = match word {
                "underline" => &mut lines.underline,
                "overline" => &mut lines.overline,
                "line-through" => &mut lines.line_through,
                _ => return Err(expected),
            };
            *line = true;
            Ok(())
        })?;
        if lines == Self::default() { Err(expected.into()) } else { Ok(lines) }
    }

    fn write(&self) -> Value {
        let lines = [
            (self.underline, "underline"),
            (self.overline, "overline"),
            (self.line_through, "line-through"),
        ];
        let words: Vec<_> =
            lines.iter().filter(|(drawn, _)| *drawn).map(|(_, word)| *word).collect();
        if words.is_empty() { json!("none") } else { json!(words.join(" ")) }
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["none", "underline", "overline line-through"]})
    }
}

/// An OpenType feature or axis, by its four letters, and its value.
pub type Setting<T> = ([u8; 4], T);

/// OpenType features.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FontFeatures(pub Vec<Setting<u16>>);

impl Property for FontFeatures {
    fn read(value: &Value) -> Result<Self, Faults> {
        settings(value, r#"features such as "tnum" 1, "ss01" or "liga" off"#, |text| match text {
            None | Some("on") => Some(1),
            Some("off") => Some(0),
            Some(number) => number.parse().ok(),
        })
        .map(Self)
    }

    fn write(&self) -> Value {
        write_settings(&self.0)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["normal", r#""tnum" 1, "ss01""#]})
    }
}

/// Positions on the axes of a variable font.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FontVariations(pub Vec<Setting<f64>>);

impl Property for FontVariations {
    fn read(value: &Value) -> Result<Self, Faults> {
        settings(value, r#"axes such as "wght" 650, "opsz" 20"#, |text| {
            number(text?).filter(|position: &f64| position.abs() <= 32_767.0)
        })
        .map(Self)
    }

    fn write(&self) -> Value {
        write_settings(&self.0)
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["normal", r#""wght" 650, "opsz" 20"#]})
    }
}

fn number<T: FromStr + PartialEq + Display>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Reads a list of four-letter tags with values, as CSS writes it.
fn settings<T>(
    value: &Value,
    expected: &str,
    read: impl Fn(Option<&str>) -> Option<T>,
) -> Result<Vec<Setting<T>>, Faults> {
    let wrong = || Faults::from(format!("expected normal, or {expected}"));
    let text = value.as_str().ok_or_else(wrong)?.trim();
    if matches!(text, "normal" | "") {
        return Ok(Vec::new());
    }
    let items: Vec<_> = text.split(',').collect();
    if items.len() > FONT_SETTINGS_MAX {
        return Err(
            format!("{} settings; at most {FONT_SETTINGS_MAX} are taken", items.len()).into()
        );
    }
    let setting = |item: &str| {
        let item = item.trim();
        let (tag, rest) = match item.as_bytes().first()? {
            quote @ (b'"' | b'\'') => item[1..].split_once(char::from(*quote))?,
            _ => item.split_once(' ').unwrap_or((item, "")),
        };
        let tag: [u8; 4] = tag.as_bytes().try_into().ok()?;
        let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
        tag.iter().all(|byte| (0x20..0x7f).contains(byte)).then_some((tag, read(rest)?))
    };
    items.into_iter().map(|item| setting(item).ok_or_else(wrong)).collect()
}

fn write_settings<T: Display>(settings: &[Setting<T>]) -> Value {
    let write = |(tag, value): &Setting<T>| format!("\"{}\" {value}", tag.escape_ascii());
    let settings: Vec<_> = settings.iter().map(write).collect();
    if settings.is_empty() { json!("normal") } else { json!(settings.join(", ")) }
}

/// Forms of figures, as the OpenType features that give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumericForms(pub Vec<[u8; 4]>);

/// Their words in CSS.
const FORMS: [(&str, [u8; 4]); 8] = [
    ("lining-nums", *b"lnum"),
    ("oldstyle-nums", *b"onum"),
    ("proportional-nums", *b"pnum"),
    ("tabular-nums", *b"tnum"),
    ("diagonal-fractions", *b"frac"),
    ("stacked-fractions", *b"afrc"),
    ("ordinal", *b"ordn"),
    ("slashed-zero", *b"zero"),
];

impl Property for NumericForms {
    fn read(value: &Value) -> Result<Self, Faults> {
        let expected = || {
            let forms = FORMS.map(|(word, _)| word).join(", ");
            Faults::from(format!("expected normal, or some of {forms}"))
        };
        let text = value.as_str().ok_or_else(expected)?;
        if text.trim() == "normal" {
            return Ok(Self::default());
        }
        let form = |word| FORMS.iter().find(|(name, _)| *name == word).map(|(_, tag)| *tag);
        let forms: Option<Vec<_>> = text.split_ascii_whitespace().map(form).collect();
        forms.filter(|forms| !forms.is_empty()).map(Self).ok_or_else(expected)
    }

    fn write(&self) -> Value {
        let word = |form| FORMS.iter().find(|(_, tag)| tag == form).map(|(word, _)| *word);
        let words: Vec<_> = self.0.iter().filter_map(word).collect();
        if words.is_empty() { json!("normal") } else { json!(words.join(" ")) }
    }

    fn schema(_: &mut Defs) -> Value {
        json!({"type": "string", "examples": ["normal", "tabular-nums slashed-zero"]})
    }
}

words! {
    /// Which ligatures are used.
    pub enum Ligatures {
        /// Those that the font means to be used.
        Normal = "normal",
        /// None but those that the script needs.
        None = "none",
        /// Also those that are an ornament.
        Discretionary = "discretionary-ligatures",
        /// Also those of old prints.
        Historical = "historical-ligatures",
    }
}

words! {
    /// Changes of the letters' case.
    pub enum TextTransform {
        /// As written.
        None = "none",
        /// All capitals.
        Uppercase = "uppercase",
        /// All small letters.
        Lowercase = "lowercase",
        /// A capital at the start of each word.
        Capitalize = "capitalize",
    }
}

words! {
    /// How a text is broken into lines.
    pub enum TextWrap {
        /// As many words on each line as fit.
        Wrap = "wrap",
        /// Lines of about the same width, no more of them than need be.
        Balance = "balance",
        /// Only where `\n` stands.
        Nowrap = "nowrap",
    }
}

words! {
    /// Where words may be broken.
    pub enum WordBreak {
        /// As the script has it.
        Normal = "normal",
        /// Anywhere.
        BreakAll = "break-all",
        /// Nowhere, not even between the syllables of Korean.
        KeepAll = "keep-all",
    }
}

words! {
    /// Which way lines run.
    pub enum Direction {
        /// As the first letter that has a direction.
        Auto = "auto",
        /// From left to right.
        Ltr = "ltr",
        /// From right to left.
        Rtl = "rtl",
    }
}

words! {
    /// Alignment of lines in their box.
    pub enum Align {
        /// Where the text's direction starts.
        Start = "start",
        /// Left.
        Left = "left",
        /// In the middle.
        Center = "center",
        /// Right.
        Right = "right",
        /// Where the text's direction ends.
        End = "end",
        /// Both edges, but for the last line.
        Justify = "justify",
    }
}

words! {
    /// Alignment of the text in the height of its box.
    pub enum VerticalAlign {
        /// At the top.
        Top = "top",
        /// In the middle.
        Middle = "middle",
        /// At the bottom.
        Bottom = "bottom",
    }
}

words! {
    /// What happens to text that does not fit.
    pub enum Overflow {
        /// The font size falls, down to `minFontSize`; what still does not fit ends in an ellipsis.
        Shrink = "shrink",
        /// The last line that fits ends in an ellipsis.
        Ellipsis = "ellipsis",
        /// What lies outside the box is cut.
        Clip = "clip",
        /// It is drawn outside the box.
        Visible = "visible",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check<T: Property + PartialEq + std::fmt::Debug>(value: Value, expected: Result<T, &str>) {
        match (T::read(&value), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{value}"),
            (Err(found), Err(part)) => {
                assert!(found.to_string().contains(part), "{value}: {found}")
            }
            (found, expected) => panic!("{value}: {found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn settings_are_read_as_css_writes_them() {
        let features = |list: &[(&[u8; 4], u16)]| {
            Ok(FontFeatures(list.iter().map(|(tag, value)| (**tag, *value)).collect()))
        };
        check(json!("normal"), features(&[]));
        check(
            json!(r#""tnum" 1, 'ss01', "liga" off"#),
            features(&[(b"tnum", 1), (b"ss01", 1), (b"liga", 0)]),
        );
        check(json!("tnum, salt 2"), features(&[(b"tnum", 1), (b"salt", 2)]));
        for wrong in
            [json!("tn"), json!(r#""tnum" yes"#), json!(r#""tnum"#), json!("é12"), json!(4)]
        {
            check::<FontFeatures>(wrong, Err("expected normal"));
        }
        check(json!("a".repeat(5) + &", tnum".repeat(80)), Err::<FontFeatures, _>("at most"));
        check(
            json!(r#""wght" 650.5, "GRAD" -10"#),
            Ok(FontVariations(vec![(*b"wght", 650.5), (*b"GRAD", -10.0)])),
        );
        for wrong in [json!(r#""wght""#), json!(r#""wght" 1e9"#), json!(r#""wght" NaN"#)] {
            check::<FontVariations>(wrong, Err("expected normal"));
        }
    }

    #[test]
    fn words_may_be_combined() {
        let lines = TextDecoration { underline: true, line_through: true, overline: false };
        check(json!("underline line-through"), Ok(lines));
        check(json!("none"), Ok(TextDecoration::default()));
        for wrong in [json!(""), json!("blink"), json!("none underline"), json!(1)] {
            check::<TextDecoration>(wrong, Err("expected none"));
        }
        check(json!("tabular-nums slashed-zero"), Ok(NumericForms(vec![*b"tnum", *b"zero"])));
        check(json!("normal"), Ok(NumericForms::default()));
        check(json!("big"), Err::<NumericForms, _>("lining-nums"));
    }

    #[test]
    fn spans_name_the_place_of_a_fault() {
        let styled =
            Span { text: "a".to_owned(), font_size: Some(FontSize(20.0)), ..Span::default() };
        check(json!([{"text": "a", "fontSize": 20}]), Ok(vec![styled]));
        check(json!("a"), Err::<Vec<Span>, _>("expected a list of spans"));
        check(json!([{"text": "a"}, 3]), Err::<Vec<Span>, _>("[1]: expected an object"));
        check(json!([{"color": "red"}]), Err::<Vec<Span>, _>("[0].text: missing"));
        check(json!([{"text": "a", "fontSize": 0}]), Err::<Vec<Span>, _>("[0].fontSize: 0"));
        check(
            json!([{"text": "a", "size": 9}]),
            Err::<Vec<Span>, _>("a span has text, fontFamily"),
        );
        let many = vec![json!({"text": "a"}); SPANS_MAX + 1];
        check(json!(many), Err::<Vec<Span>, _>("at most"));
    }

    #[test]
    fn shadows_are_one_or_a_list() {
        let shadow = Shadow { x: 1.0, y: 2.0, blur: 3.0, color: Color::WHITE };
        let value = json!({"x": 1, "y": 2, "blur": 3, "color": "white"});
        check(value.clone(), Ok(vec![shadow]));
        check(
            json!([value, {}]),
            Ok(vec![shadow, Shadow { x: 0.0, y: 0.0, blur: 0.0, color: Color::BLACK }]),
        );
        check(json!("none"), Ok(Vec::<Shadow>::new()));
        check(json!({"blur": -1}), Err::<Vec<Shadow>, _>(".blur: -1"));
        check(json!({"spread": 1}), Err::<Vec<Shadow>, _>(".spread: unknown property"));
        check(json!([1]), Err::<Vec<Shadow>, _>("[0]: expected an object"));
        check(json!(vec![json!({}); 9]), Err::<Vec<Shadow>, _>("at most"));
    }
}
