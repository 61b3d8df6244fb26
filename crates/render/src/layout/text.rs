//! Text elements: a background, and lines of glyphs in a box with padding.
//!
//! Deliberately absent: shaping (`typeset.rs`), fitting (`fit.rs`) and painting (`ink.rs`), which
//! this file brings together.

use kurbo::{Affine, Rect, Size, Vec2};
use parley::setting::Tag;
use parley::{Alignment, BaseDirection, FontFeature, FontVariation, WordBreak};
use pixeldrive_model::{
    self as model, Align, Color, Direction, Element, FontStyle, Length, Ligatures, Overflow,
    Padding, Span, Text, TextTransform, TextWrap, VerticalAlign,
};

use super::fit::{self, Fitted, Room};
use super::ink::{Ink, Painting};
use super::typeset::{Common, Notes, Style, Styled};
use super::{Context, TextLine, paint};
use crate::Error;
use crate::drawing::{Brush, Mark};
use crate::fonts::FALLBACK;

/// Characters named in a warning.
const CHARS_NAMED_MAX: usize = 10;

/// A text whose lines are broken.
pub(super) struct Block {
    /// The element's box.
    pub size: Size,
    runs: Vec<super::typeset::Run>,
    /// Top left of the text in the box.
    origin: Vec2,
}

/// Breaks a text into lines and sizes its box.
pub(super) fn block(context: &mut Context<'_>, element: &Element, text: &Text) -> Block {
    let Padding([top, right, bottom, left]) = text.padding;
    let room = room(element, text);
    let common = common(text);
    let Fitted { lines, styled, shown } = set(context, element, text, &common);
    let height = lines.height(shown);
    let free = room.height.map_or(0.0, |room| room - height);
    let down = match text.vertical_align {
        VerticalAlign::Top => 0.0,
        VerticalAlign::Middle => free / 2.0,
        VerticalAlign::Bottom => free,
    };
    let notes = lines.notes(&styled, context.text, shown);
    report(context, element, &notes);
    let size = Size::new(
        element.frame.width.or(lines.width() + left + right),
        element.frame.height.or(height + top + bottom),
    );
    Block {
        size,
        runs: lines.runs(&styled, context.text, shown),
        origin: Vec2::new(left, top + down),
    }
}

/// What each line says, and how wide it is.
pub(super) fn lines(context: &mut Context<'_>, element: &Element, text: &Text) -> Vec<TextLine> {
    let common = common(text);
    let Fitted { lines, styled, shown } = set(context, element, text, &common);
    let told = lines.told(&styled, shown).into_iter();
    told.map(|(text, width)| TextLine { text, width }).collect()
}

/// What the text has to fit into: its box without the padding.
fn room(element: &Element, text: &Text) -> Room {
    let Padding([top, right, bottom, left]) = text.padding;
    let inner = |length: Length, padding: f64| match length {
        Length::Auto => None,
        Length::Px(px) => Some((px - padding).max(0.0)),
    };
    Room {
        width: inner(element.frame.width, left + right),
        height: inner(element.frame.height, top + bottom),
        lines_max: usize::try_from(text.max_lines).unwrap_or(usize::MAX),
    }
}

fn set<'a>(
    context: &mut Context<'_>,
    element: &Element,
    text: &'a Text,
    common: &'a Common,
) -> Fitted<'a> {
    let styled = styled(context, element, text, common);
    let mut fitted = fit::fit(context, element, text, styled, room(element, text));
    fitted.lines.align(alignment(text.text_align));
    fitted
}

impl Block {
    /// Draws the box and the lines; the context's transform is that of the box.
    pub(super) fn draw(
        self,
        context: &mut Context<'_>,
        element: &Element,
        text: &Text,
    ) -> Result<(), Error> {
        let transform = context.transform;
        let area = self.size.to_rect();
        let outline = paint::rounded(area, text.border_radius);
        if let Some(brush) = paint::brush(&text.background, area) {
            context.drawing.push(Mark::Fill { transform, shape: outline.clone(), brush })?;
        }
        let clip = text.overflow == Overflow::Clip;
        if clip {
            context.drawing.push(Mark::PushClip { transform, shape: outline })?;
        }
        let inks: Vec<Ink> = text.stretches().map(|(_, span)| Ink::new(text, span, area)).collect();
        let painting = Painting {
            runs: &self.runs,
            inks: &inks,
            transform: transform * Affine::translate(self.origin),
            to_box: self.origin,
        };
        painting.draw(context, element, text, area)?;
        if clip {
            context.drawing.push(Mark::Pop)?;
        }
        Ok(())
    }
}

/// The text with its stretches, each in a family that is there.
fn styled<'a>(
    context: &mut Context<'_>,
    element: &Element,
    text: &'a Text,
    common: &'a Common,
) -> Styled<'a> {
    let mut said = String::new();
    let mut stretches = Vec::new();
    let mut removed = false;
    for (words, span) in text.stretches() {
        let clean: String = lines_of(words).chars().filter(|char| !is_control(*char)).collect();
        removed |= words.chars().any(is_control);
        said.push_str(&transform(&clean, text.text_transform, said.chars().next_back()));
        stretches.push((said.len(), style(context, element, text, span)));
    }
    if removed {
        let message = "control characters, which no font has, were left out";
        context.warn("characters_removed", element, message);
    }
    Styled { text: said, stretches, common }
}

fn style<'a>(
    context: &mut Context<'_>,
    element: &Element,
    text: &'a Text,
    span: Option<&'a Span>,
) -> Style<'a> {
    let wanted = span.and_then(|span| span.font_family.as_deref()).unwrap_or(&text.font_family);
    let weight = span.and_then(|span| span.font_weight).unwrap_or(text.font_weight);
    let slope = span.and_then(|span| span.font_style).unwrap_or(text.font_style);
    let spacing = span.and_then(|span| span.letter_spacing);
    Style {
        family: family(context, element, wanted),
        weight: weight.0,
        italic: slope == FontStyle::Italic,
        size: span.and_then(|span| span.font_size).map_or(text.font_size, |size| size.0),
        letter_spacing: spacing.map_or(text.letter_spacing, |spacing| spacing.0),
    }
}

fn common(text: &Text) -> Common {
    let ligatures: &[([u8; 4], u16)] = match text.ligatures {
        Ligatures::Normal => &[],
        Ligatures::None => {
            &[(*b"liga", 0), (*b"clig", 0), (*b"dlig", 0), (*b"hlig", 0), (*b"calt", 0)]
        }
        Ligatures::Discretionary => &[(*b"dlig", 1)],
        Ligatures::Historical => &[(*b"hlig", 1)],
    };
    let numeric = text.numeric.0.iter().map(|tag| (*tag, 1));
    let features = ligatures.iter().copied().chain(numeric);
    let features = features.chain(text.font_features.0.iter().copied());
    #[expect(clippy::cast_possible_truncation, reason = "limited to 32,767")]
    let axis =
        |(tag, value): &([u8; 4], f64)| FontVariation { tag: Tag::new(tag), value: *value as f32 };
    Common {
        line_height: text.line_height,
        word_spacing: text.word_spacing,
        stretch: text.font_stretch,
        wraps: text.text_wrap != TextWrap::Nowrap,
        word_break: match text.word_break {
            model::WordBreak::Normal => WordBreak::Normal,
            model::WordBreak::BreakAll => WordBreak::BreakAll,
            model::WordBreak::KeepAll => WordBreak::KeepAll,
        },
        direction: match text.direction {
            Direction::Auto => BaseDirection::Auto,
            Direction::Ltr => BaseDirection::Ltr,
            Direction::Rtl => BaseDirection::Rtl,
        },
        lang: text.lang.as_str().to_owned(),
        features: features.map(|(tag, value)| FontFeature::new(Tag::new(&tag), value)).collect(),
        variations: text.font_variations.0.iter().map(axis).collect(),
    }
}

/// The text with one kind of line break, and with tabs as spaces: fonts have no glyph for a tab.
fn lines_of(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ")
}

/// Characters that are no text: all control characters but those that end lines or are a tab.
fn is_control(char: char) -> bool {
    char.is_control() && !matches!(char, '\n' | '\r' | '\t')
}

/// The text with its case changed; `before` is the character in front of it.
fn transform(text: &str, transform: TextTransform, before: Option<char>) -> String {
    match transform {
        TextTransform::None => text.to_owned(),
        TextTransform::Uppercase => text.to_uppercase(),
        TextTransform::Lowercase => text.to_lowercase(),
        TextTransform::Capitalize => {
            let inside = |char: char| char.is_alphanumeric() || matches!(char, '\'' | '’');
            let mut in_word = before.is_some_and(inside);
            let mut changed = String::with_capacity(text.len());
            for char in text.chars() {
                if !in_word && char.is_alphabetic() {
                    changed.extend(char.to_uppercase());
                } else {
                    changed.push(char);
                }
                in_word = inside(char);
            }
            changed
        }
    }
}

/// One line of text that belongs to another element.
pub(super) struct Caption<'a> {
    pub text: &'a str,
    /// Font size in px; it falls when the line is wider than its area.
    pub size: f64,
    pub color: Color,
    /// The line stands in the middle of it, in px of the element's box.
    pub area: Rect,
}

/// Draws one line of Inter, centred in its area.
pub(super) fn plain(
    context: &mut Context<'_>,
    element: &Element,
    caption: &Caption<'_>,
) -> Result<(), Error> {
    let common = Common {
        line_height: 1.0,
        word_spacing: 0.0,
        stretch: 100.0,
        wraps: false,
        word_break: WordBreak::Normal,
        direction: BaseDirection::Auto,
        lang: "en".to_owned(),
        features: Vec::new(),
        variations: Vec::new(),
    };
    let style = Style {
        family: FALLBACK,
        weight: 400.0,
        italic: false,
        size: caption.size,
        letter_spacing: 0.0,
    };
    let text = caption.text.to_owned();
    let styled = Styled { stretches: vec![(text.len(), style)], text, common: &common };
    let mut lines = context.text.set(&styled, 1.0, None);
    if lines.width() > caption.area.width() {
        lines = context.text.set(&styled, caption.area.width() / lines.width(), None);
    }
    let notes = lines.notes(&styled, context.text, 1);
    report(context, element, &notes);
    lines.align(Alignment::Left);
    let text = Size::new(lines.width(), lines.height(1));
    let at = caption.area.center().to_vec2() - text.to_vec2() / 2.0;
    let painting = Painting {
        runs: &lines.runs(&styled, context.text, 1),
        inks: &[Ink::plain(Brush::Solid(paint::color(caption.color)))],
        transform: context.transform * Affine::translate(at),
        to_box: at,
    };
    painting.fill(context, element)
}

/// The family, or the one that replaces it.
fn family<'a>(context: &mut Context<'_>, element: &Element, wanted: &'a str) -> &'a str {
    if context.text.has(wanted) {
        return wanted;
    }
    let message = format!("there is no font family `{wanted}`; `{FALLBACK}` was used instead");
    context.warn_once("font_fallback", element, message);
    FALLBACK
}

/// Names the characters that no font has.
pub(super) fn report_missing(context: &mut Context<'_>, element: &Element, missing: &[char]) {
    if !missing.is_empty() {
        let message = format!("no font has {}; add one that does", named(missing));
        context.warn("glyph_missing", element, message);
    }
}

/// Says which families the characters came from that another lacks.
pub(super) fn report_stand_ins(
    context: &mut Context<'_>,
    element: &Element,
    stand_ins: &[(String, String)],
) {
    let mut lacking: Vec<&str> = stand_ins.iter().map(|(own, _)| own.as_str()).collect();
    lacking.dedup();
    for family in lacking {
        let others = stand_ins.iter().filter(|(own, _)| own == family);
        let others: Vec<&str> = others.map(|(_, other)| other.as_str()).collect();
        let message = format!(
            "`{family}` lacks some of the characters; they were taken from {}",
            others.join(", ")
        );
        context.warn_once("font_fallback", element, message);
    }
}

/// Says which weights were used in place of those that were asked for.
pub(super) fn report_weights(
    context: &mut Context<'_>,
    element: &Element,
    weights: &[(String, f64, f64)],
) {
    for (family, asked, used) in weights {
        let message = format!("`{family}` has no weight {asked}; {used} was used, add the other");
        context.warn("font_weight_replaced", element, message);
    }
}

/// Some of the characters, with their numbers.
fn named(chars: &[char]) -> String {
    let named = chars.iter().take(CHARS_NAMED_MAX);
    let named: Vec<String> =
        named.map(|char| format!("{char} (U+{:04X})", u32::from(*char))).collect();
    let more = if chars.len() > CHARS_NAMED_MAX { " and others" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn report(context: &mut Context<'_>, element: &Element, notes: &Notes) {
    report_missing(context, element, &notes.missing);
    if let Some((family, _)) = notes.undrawn.first() {
        let chars: Vec<char> = notes.undrawn.iter().map(|(_, char)| *char).collect();
        let message = format!("`{family}` cannot draw {}; set it in another family", named(&chars));
        context.warn("glyph_missing", element, message);
    }
    report_stand_ins(context, element, &notes.stand_ins);
    report_weights(context, element, &notes.weights);
    for family in &notes.synthesized {
        let message = format!(
            "`{family}` has no face of this weight or style; it was made from another, add the real one"
        );
        context.warn("font_synthesized", element, message);
    }
}

fn alignment(align: Align) -> Alignment {
    match align {
        Align::Start => Alignment::Start,
        Align::Left => Alignment::Left,
        Align::Center => Alignment::Center,
        Align::Right => Alignment::Right,
        Align::End => Alignment::End,
        Align::Justify => Alignment::Justify,
    }
}
