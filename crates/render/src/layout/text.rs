//! Text elements: a background, and lines of glyphs in a box with padding.
//!
//! Deliberately absent: more than one style in one text.

use kurbo::{Affine, Rect, Size, Vec2};
use parley::Alignment;
use pixeldrive_model::{
    Align, Color, Element, FontStyle, Length, Overflow, Padding, Text, VerticalAlign,
};

use super::fit::{self, Fitted, Room};
use super::typeset::{Notes, Style};
use super::{Context, paint};
use crate::Error;
use crate::drawing::Mark;
use crate::fonts::FALLBACK;

/// Characters named in a warning.
const CHARS_NAMED_MAX: usize = 10;

/// A text whose lines are broken.
pub(super) struct Block {
    /// The element's box.
    pub size: Size,
    fitted: Fitted,
    /// Top left of the text in the box.
    origin: Vec2,
}

/// Breaks a text into lines and sizes its box.
pub(super) fn block(context: &mut Context<'_>, element: &Element, text: &Text) -> Block {
    let family = family(context, element, &text.font_family);
    let style = Style {
        family,
        weight: text.font_weight.0,
        italic: text.font_style == FontStyle::Italic,
        line_height: text.line_height,
        letter_spacing: text.letter_spacing,
    };
    let Padding([top, right, bottom, left]) = text.padding;
    let inner = |length: Length, padding: f64| match length {
        Length::Auto => None,
        Length::Px(px) => Some((px - padding).max(0.0)),
    };
    let room = Room {
        width: inner(element.frame.width, left + right),
        height: inner(element.frame.height, top + bottom),
        lines_max: usize::try_from(text.max_lines).unwrap_or(usize::MAX),
    };
    let mut fitted = fit::fit(context, element, text, &style, room);
    fitted.lines.align(alignment(text.text_align));
    let height = fitted.lines.height(fitted.shown);
    let free = room.height.map_or(0.0, |room| room - height);
    let down = match text.vertical_align {
        VerticalAlign::Top => 0.0,
        VerticalAlign::Middle => free / 2.0,
        VerticalAlign::Bottom => free,
    };
    let notes = fitted.lines.notes(&fitted.text, family, context.text, fitted.shown);
    report(context, element, family, &notes);
    let size = Size::new(
        element.frame.width.or(fitted.lines.width() + left + right),
        element.frame.height.or(height + top + bottom),
    );
    Block { size, fitted, origin: Vec2::new(left, top + down) }
}

impl Block {
    /// Draws the box and the lines; the context's transform is that of the box.
    pub(super) fn draw(
        self,
        context: &mut Context<'_>,
        element: &Element,
        text: &Text,
    ) -> Result<(), Error> {
        debug_assert_eq!(element.kind.word(), "text", "a block is made from a text");
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
        let origin = transform * Affine::translate(self.origin);
        let color = paint::color(text.color);
        for mark in self.fitted.lines.marks(origin, self.fitted.shown, color) {
            context.drawing.push(mark)?;
        }
        if clip {
            context.drawing.push(Mark::Pop)?;
        }
        Ok(())
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
    let style = Style {
        family: FALLBACK,
        weight: 400.0,
        italic: false,
        line_height: 1.0,
        letter_spacing: 0.0,
    };
    let mut size = caption.size;
    let mut lines = context.text.set(caption.text, &style, size, None);
    if lines.width() > caption.area.width() {
        size *= caption.area.width() / lines.width();
        lines = context.text.set(caption.text, &style, size, None);
    }
    let notes = lines.notes(caption.text, FALLBACK, context.text, 1);
    report(context, element, FALLBACK, &notes);
    lines.align(Alignment::Left);
    let text = Size::new(lines.width(), lines.height(1));
    let at = caption.area.center().to_vec2() - text.to_vec2() / 2.0;
    let origin = context.transform * Affine::translate(at);
    for mark in lines.marks(origin, 1, paint::color(caption.color)) {
        context.drawing.push(mark)?;
    }
    Ok(())
}

/// The family, or the one that replaces it.
fn family<'a>(context: &mut Context<'_>, element: &Element, wanted: &'a str) -> &'a str {
    if context.text.has(wanted) {
        return wanted;
    }
    let message = format!("there is no font family `{wanted}`; `{FALLBACK}` was used instead");
    context.warn("font_fallback", element, message);
    FALLBACK
}

fn report(context: &mut Context<'_>, element: &Element, family: &str, notes: &Notes) {
    if !notes.missing.is_empty() {
        let named: Vec<String> = notes
            .missing
            .iter()
            .take(CHARS_NAMED_MAX)
            .map(|char| format!("{char} (U+{:04X})", u32::from(*char)))
            .collect();
        let more = if notes.missing.len() > CHARS_NAMED_MAX { " and others" } else { "" };
        let message = format!("no font has {}{more}; add one that does", named.join(", "));
        context.warn("glyph_missing", element, message);
    }
    if !notes.stand_ins.is_empty() {
        let message = format!(
            "`{family}` lacks some of the characters; they were taken from {}",
            notes.stand_ins.join(", ")
        );
        context.warn("font_fallback", element, message);
    }
    if notes.synthesized {
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
