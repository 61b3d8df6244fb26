//! How far many pictures are: a bar on a terminal, and now and then a line where stderr goes elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::out::{note, thousands};

/// Between two lines, at least.
const LINE_EVERY: Duration = Duration::from_secs(1);
/// Longest time without a line.
const SILENT_MAX: Duration = Duration::from_secs(10);

/// The progress of so many pictures.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Where there is no terminal to draw the bar on.
    lines: Option<Lines>,
    began: Instant,
}

/// The lines said so far.
struct Lines {
    count: u64,
    /// When the last one was said, and how many pictures there were then.
    last: (Instant, u64),
}

impl Progress {
    pub(crate) fn new(count: u64) -> Self {
        let bar = ProgressBar::new(count);
        let style = "{bar:40.cyan/blue} {human_pos}/{human_len} images  {msg}  {elapsed} + {eta}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let began = Instant::now();
        let lines = (!std::io::stderr().is_terminal()).then_some(Lines { count, last: (began, 0) });
        Self { bar, lines, began }
    }

    /// So many pictures are done.
    pub(crate) fn set(&mut self, done: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        self.bar.set_message(format!("{rate:.0}/s"));
        self.bar.set_position(done);
        let now = Instant::now();
        if let Some(lines) = self.lines.as_mut().filter(|lines| lines.due(done, now)) {
            lines.last = (now, done);
            note(format!("{} of {} images, {rate:.0}/s", thousands(done), thousands(lines.count)));
        }
    }

    /// Prints a remark beside the bar.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        self.bar.suspend(|| note(line));
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl Lines {
    /// Whether a line is due: for every tenth of the pictures, but neither too often nor too seldom. That all
    /// are done is for the summary to say.
    fn due(&self, done: u64, now: Instant) -> bool {
        let (since, before) = (now.duration_since(self.last.0), self.last.1);
        let tenth = done.saturating_sub(before) >= self.count.div_ceil(10);
        done < self.count && (since >= SILENT_MAX || (tenth && since >= LINE_EVERY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_for_every_tenth_and_after_some_time() {
        let began = Instant::now();
        let lines = Lines { count: 1000, last: (began, 300) };
        let check = |done: u64, after_ms: u64, expected: bool| {
            let due = lines.due(done, began + Duration::from_millis(after_ms));
            assert_eq!(due, expected, "{done} after {after_ms} ms");
        };
        check(399, 1500, false);
        check(400, 1500, true);
        check(400, 500, false);
        check(301, 10_000, true);
        check(1000, 20_000, false);
    }
}
