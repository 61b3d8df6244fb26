//! Fitting: what happens to a text when its box or its number of lines is too small, or too large.
//!
//! Deliberately absent: hyphenation, and shrinking by letter spacing or font width.

use pixeldrive_model::{Element, Overflow, Text, TextWrap};

use super::Context;
use super::typeset::{Lines, Styled};

/// Room that rounding in f32 may cost a text that fits exactly, in px.
const SLACK_PX: f64 = 0.01;
/// Sizes tried when a text shrinks or grows lie on this grid, so that near-equal texts get equal sizes.
const STEP_PX: f64 = 0.25;
/// The smallest size in px that a text shrinks to, unless it says another.
const SHRUNK_PX_MIN: f64 = 8.0;

/// What a text must fit into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Without it nothing wraps.
    pub width: Option<f64>,
    pub height: Option<f64>,
    /// 0 sets no limit.
    pub lines_max: usize,
}

/// A text as it is shown.
pub(super) struct Fitted<'a> {
    pub lines: Lines,
    /// What the lines say: the text itself, or a part of it and an ellipsis.
    pub styled: Styled<'a>,
    /// Lines that are drawn.
    pub shown: usize,
}

/// Whether a word may be broken in two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Whole,
    Broken,
}

/// Fits one text into its room.
struct Fitter<'a, 'b> {
    context: &'a mut Context<'b>,
    room: Room,
    /// The element's font size in px; sizes of stretches change in proportion to it.
    font_size: f64,
}

/// Breaks the text into lines that fit, as far as the element wants it, and reports what was done.
pub(super) fn fit<'a>(
    context: &mut Context<'_>,
    element: &Element,
    text: &Text,
    styled: Styled<'a>,
    room: Room,
) -> Fitted<'a> {
    let mut fitter = Fitter { context, room, font_size: text.font_size };
    let mut size = text.font_size;
    let mut lines = fitter.set(&styled, size);
    if !fitter.fits(&lines, Words::Whole) {
        if text.overflow == Overflow::Shrink {
            let least = text.min_font_size.map_or(SHRUNK_PX_MIN.min(size), |least| least.0);
            size = fitter.largest(&styled, least, size);
        }
    } else if text.max_font_size > size {
        size = fitter.largest(&styled, size, text.max_font_size);
    }
    if size != text.font_size {
        lines = fitter.set(&styled, size);
    }
    if size < text.font_size {
        let message =
            format!("the text was set at {size} px instead of {} px to fit", text.font_size);
        fitter.context.warn("text_shrunk", element, message);
    }
    let may_cut = matches!(text.overflow, Overflow::Shrink | Overflow::Ellipsis);
    let fitted = if may_cut && fitter.needs_cut(&lines) {
        let fitted = fitter.truncate(&styled, &lines, size);
        let kept = fitted.styled.text.chars().count().saturating_sub(1);
        let of = styled.text.chars().count();
        let message = format!("the text was cut after {kept} of {of} characters to fit");
        context.warn("text_truncated", element, message);
        fitted
    } else {
        if let (TextWrap::Balance, Some(width)) = (text.text_wrap, room.width) {
            lines.balance(width);
        }
        let shown = room.shown(lines.count());
        Fitted { lines, styled, shown }
    };
    report_overflow(context, element, text, room, &fitted);
    fitted
}

/// Says what the text still loses or spills.
fn report_overflow(
    context: &mut Context<'_>,
    element: &Element,
    text: &Text,
    room: Room,
    fitted: &Fitted<'_>,
) {
    let (count, shown) = (fitted.lines.count(), fitted.shown);
    let spills = !room.wide_enough(&fitted.lines) || !room.high_enough(&fitted.lines, shown);
    if text.overflow == Overflow::Clip && (spills || shown < count) {
        let message = "the text is larger than its box and was cut; enlarge the box, or use \
                       \"overflow\": \"shrink\"";
        context.warn("text_clipped", element, message);
        return;
    }
    if shown < count {
        let message = format!("{shown} of {count} lines are shown, as maxLines says");
        context.warn("text_truncated", element, message);
    }
    if spills {
        let message =
            "the text runs out of its box; enlarge the box, or use \"overflow\": \"shrink\"";
        context.warn("text_overflow", element, message);
    }
}

impl Room {
    /// How many of `count` lines are drawn.
    fn shown(self, count: usize) -> usize {
        if self.lines_max == 0 { count } else { count.min(self.lines_max) }
    }

    fn wide_enough(self, lines: &Lines) -> bool {
        self.width.is_none_or(|width| lines.width() <= width + SLACK_PX)
    }

    fn high_enough(self, lines: &Lines, count: usize) -> bool {
        self.height.is_none_or(|height| lines.height(count) <= height + SLACK_PX)
    }
}

impl Fitter<'_, '_> {
    fn set(&mut self, styled: &Styled<'_>, size: f64) -> Lines {
        self.context.text.set(styled, size / self.font_size, self.room.width)
    }

    fn fits(&self, lines: &Lines, words: Words) -> bool {
        let count = lines.count();
        self.room.shown(count) == count
            && self.room.wide_enough(lines)
            && self.room.high_enough(lines, count)
            && (words == Words::Broken || !lines.breaks_words())
    }

    /// Whether some of the text has to go.
    fn needs_cut(&self, lines: &Lines) -> bool {
        lines.count() > self.last_line(lines) + 1 || !self.room.wide_enough(lines)
    }

    /// The largest size on the grid at which the text fits, or the least. Words are broken only
    /// when some word is too long even at the least size.
    fn largest(&mut self, styled: &Styled<'_>, least: f64, most: f64) -> f64 {
        let smallest = self.set(styled, least);
        let words = if smallest.breaks_words() { Words::Broken } else { Words::Whole };
        let at = |step: u32| (least + f64::from(step) * STEP_PX).min(most);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 8,000"
        )]
        let steps = ((most - least) / STEP_PX).ceil() as u32;
        let (mut under, mut over) = (0, steps + 1);
        while over - under > 1 {
            let middle = under.midpoint(over);
            let lines = self.set(styled, at(middle));
            if self.fits(&lines, words) {
                under = middle;
            } else {
                over = middle;
            }
        }
        at(under)
    }

    /// Cuts the text so that it fits with an ellipsis at its end.
    fn truncate<'a>(&mut self, styled: &Styled<'a>, lines: &Lines, size: f64) -> Fitted<'a> {
        let last = self.last_line(lines);
        // The next line may lend the start of a word that did not fit as a whole.
        let cuts = lines.cuts(last, last + 1);
        let mut best: Option<Fitted<'a>> = None;
        let (mut under, mut over) = (0, cuts.len());
        while under < over {
            let middle = usize::midpoint(under, over);
            let attempt = self.ellipsis(styled, cuts.get(middle).copied().unwrap_or(0), size);
            if attempt.lines.count() <= last + 1 && self.room.wide_enough(&attempt.lines) {
                best = Some(attempt);
                under = middle + 1;
            } else {
                over = middle;
            }
        }
        best.unwrap_or_else(|| self.ellipsis(styled, cuts.first().copied().unwrap_or(0), size))
    }

    fn ellipsis<'a>(&mut self, styled: &Styled<'a>, cut: usize, size: f64) -> Fitted<'a> {
        let styled = styled.cut(cut, "…");
        let lines = self.set(&styled, size);
        let shown = self.room.shown(lines.count());
        Fitted { lines, styled, shown }
    }

    /// Index of the last line that there is room for; one line is always shown.
    fn last_line(&self, lines: &Lines) -> usize {
        let mut count = self.room.shown(lines.count());
        while count > 1 && !self.room.high_enough(lines, count) {
            count -= 1;
        }
        count.saturating_sub(1)
    }
}
