//! Labels: short texts in other elements, set as text elements are, each on one line.

use kurbo::{Affine, Rect};
use pixeldrive_model::{
    Align, Element, Frame, Group, Kind, Length, Overflow, Text, TextWrap, VerticalAlign, Warning,
};

use super::{Context, text};
use crate::Error;

/// Texts named in a warning.
const NAMED_MAX: usize = 3;
/// Height of a line as a multiple of the font size.
pub(super) const LINE: f64 = 1.2;

/// The labels of one element.
pub(super) struct Labels<'a> {
    pub element: &'a Element,
    /// Those that had to be cut.
    cut: Vec<String>,
}

/// One label.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub words: &'a str,
    /// How it looks.
    pub look: &'a Text,
    /// It stands in the middle of its height, in px of the element's box.
    pub area: Rect,
    pub align: Align,
}

impl<'a> Labels<'a> {
    pub(super) fn new(element: &'a Element) -> Self {
        Self { element, cut: Vec::new() }
    }

    /// Draws a label, with an ellipsis when its area is too narrow.
    pub(super) fn draw(
        &mut self,
        context: &mut Context<'_>,
        label: &Label<'_>,
    ) -> Result<(), Error> {
        if label.words.is_empty() {
            return Ok(());
        }
        let Label { area, align, .. } = *label;
        let text = Text { text_align: align, ..said(label.look, label.words) };
        let element = self.stand_in(Length::Px(area.width()), Length::Px(area.height()));
        let before = std::mem::take(context.warnings);
        let block = text::block(context, &element, &text);
        let parent = context.transform;
        context.transform = parent * Affine::translate(area.origin().to_vec2());
        let drawn = block.draw(context, &element, &text);
        context.transform = parent;
        let found = std::mem::replace(context.warnings, before);
        self.keep(context, found, label.words);
        drawn
    }

    /// How wide a label would like to be.
    pub(super) fn width(&self, context: &mut Context<'_>, look: &Text, words: &str) -> f64 {
        let element = self.stand_in(Length::Auto, Length::Auto);
        let before = std::mem::take(context.warnings);
        let lines = text::lines(context, &element, &said(look, words));
        *context.warnings = before;
        lines.iter().map(|line| line.width).fold(0.0, f64::max)
    }

    /// An element of this size by whose name findings go.
    fn stand_in(&self, width: Length, height: Length) -> Element {
        let frame = Frame { width, height, ..Frame::default() };
        Element { id: self.element.id.clone(), frame, kind: Kind::Group(Group::default()) }
    }

    /// What many labels have in common is said once.
    fn keep(&mut self, context: &mut Context<'_>, found: Vec<Warning>, words: &str) {
        let mut cut = false;
        for warning in found {
            // What text elements are advised to do about it is not what these elements can do.
            if matches!(warning.code.as_str(), "text_truncated" | "text_overflow") {
                cut = true;
            } else if !context.warnings.contains(&warning) {
                context.warnings.push(warning);
            }
        }
        if cut {
            self.cut.push(words.to_owned());
        }
    }

    /// Says which labels were cut.
    pub(super) fn report(self, context: &mut Context<'_>) {
        if self.cut.is_empty() {
            return;
        }
        let short = |words: &String| words.chars().take(40).collect::<String>();
        let named: Vec<_> =
            self.cut.iter().take(NAMED_MAX).map(|words| format!("`{}`", short(words))).collect();
        let more = match self.cut.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "{}{more} had to be cut to fit; enlarge the box, or make fontSize smaller or the texts \
             shorter",
            named.join(", ")
        );
        context.warn("text_truncated", self.element, message);
    }
}

fn said(look: &Text, words: &str) -> Text {
    Text {
        text: words.to_owned(),
        text_wrap: TextWrap::Nowrap,
        vertical_align: VerticalAlign::Middle,
        line_height: LINE,
        overflow: Overflow::Ellipsis,
        max_lines: 1,
        ..look.clone()
    }
}
