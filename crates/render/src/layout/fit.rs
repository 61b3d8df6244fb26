//! Fitting: what happens to a text when its box or its number of lines is too small.
//!
//! Deliberately absent: hyphenation, and shrinking by letter spacing or font width.

use pixeldrive_model::{Element, Overflow, Text};

use super::Context;
use super::typeset::{Lines, Style};

/// Room that rounding in f32 may cost a text that fits exactly, in px.
const SLACK_PX: f64 = 0.01;
/// Sizes tried when a text shrinks lie on this grid, so that near-equal texts get equal sizes.
const STEP_PX: f64 = 0.25;

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
pub(super) struct Fitted {
    pub lines: Lines,
    /// What the lines say: the text itself, or a part of it and an ellipsis.
    pub text: String,
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
    style: &'a Style<'a>,
    room: Room,
}

/// Breaks the text into lines that fit, as far as the element wants it, and reports what was done.
pub(super) fn fit(
    context: &mut Context<'_>,
    element: &Element,
    text: &Text,
    style: &Style<'_>,
    room: Room,
) -> Fitted {
    let said = lines_of(&text.text);
    let mut size = text.font_size;
    let mut fitter = Fitter { context, style, room };
    let mut lines = fitter.set(&said, size);
    if text.overflow == Overflow::Shrink && !fitter.fits(&lines, Words::Whole) {
        size = fitter.shrink(&said, text.min_font_size, size);
    }
    if size < text.font_size {
        lines = fitter.set(&said, size);
        let message =
            format!("the text was set at {size} px instead of {} px to fit", text.font_size);
        fitter.context.warn("text_shrunk", element, message);
    }
    let may_cut = matches!(text.overflow, Overflow::Shrink | Overflow::Ellipsis);
    let fitted = if may_cut && fitter.needs_cut(&lines) {
        let fitted = fitter.truncate(&said, &lines, size);
        let (kept, of) = (fitted.text.chars().count().saturating_sub(1), said.chars().count());
        let message = format!("the text was cut after {kept} of {of} characters to fit");
        context.warn("text_truncated", element, message);
        fitted
    } else {
        let shown = room.shown(lines.count());
        Fitted { lines, text: said, shown }
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
    fitted: &Fitted,
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
    fn set(&mut self, text: &str, size: f64) -> Lines {
        self.context.text.set(text, self.style, size, self.room.width)
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
    fn shrink(&mut self, text: &str, least: f64, most: f64) -> f64 {
        let smallest = self.set(text, least);
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
            let lines = self.set(text, at(middle));
            if self.fits(&lines, words) {
                under = middle;
            } else {
                over = middle;
            }
        }
        at(under)
    }

    /// Cuts the text so that it fits with an ellipsis at its end.
    fn truncate(&mut self, text: &str, lines: &Lines, size: f64) -> Fitted {
        let last = self.last_line(lines);
        // The next line may lend the start of a word that did not fit as a whole.
        let cuts = lines.cuts(last, last + 1);
        let mut best: Option<Fitted> = None;
        let (mut under, mut over) = (0, cuts.len());
        while under < over {
            let middle = usize::midpoint(under, over);
            let attempt = self.ellipsis(text, cuts.get(middle).copied().unwrap_or(0), size);
            if attempt.lines.count() <= last + 1 && self.room.wide_enough(&attempt.lines) {
                best = Some(attempt);
                under = middle + 1;
            } else {
                over = middle;
            }
        }
        best.unwrap_or_else(|| self.ellipsis(text, cuts.first().copied().unwrap_or(0), size))
    }

    fn ellipsis(&mut self, text: &str, cut: usize, size: f64) -> Fitted {
        let kept = text.get(..cut).unwrap_or_default().trim_end();
        let text = format!("{kept}…");
        let lines = self.set(&text, size);
        let shown = self.room.shown(lines.count());
        Fitted { lines, text, shown }
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

/// The text with one kind of line break, and with tabs as spaces: fonts have no glyph for a tab.
fn lines_of(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ")
}
