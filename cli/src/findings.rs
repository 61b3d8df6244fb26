//! What many rows of a batch have to say, said once: warnings by their kind, and failures that are equal.

use std::collections::{BTreeMap, BTreeSet};

use pixeldrive_model::Warning;

use crate::out::{note, thousands};

/// Rows that are named of those that failed alike.
const ROWS_NAMED_MAX: usize = 3;
/// Failures that are told apart. Rows may have one each, and there may be millions.
const FAILURES_MAX: usize = 1_000;

/// Warnings of a batch, each kind once.
#[derive(Default)]
pub(crate) struct Findings(BTreeMap<String, Finding>);

struct Finding {
    pictures: u64,
    /// The first row that has it, and where that is.
    first: (usize, String),
    message: String,
}

impl Findings {
    pub(crate) fn add(&mut self, number: usize, place: &str, warnings: Vec<Warning>) {
        let mut seen = BTreeSet::new();
        for Warning { code, element, message } in warnings {
            if !seen.insert(code.clone()) {
                continue;
            }
            let message = format!("{element}: {message}");
            let found = self.0.entry(code).or_insert_with(|| Finding {
                pictures: 0,
                first: (number, place.to_owned()),
                message: message.clone(),
            });
            found.pictures += 1;
            // Rows are not done in their order.
            if number < found.first.0 {
                (found.first, found.message) = ((number, place.to_owned()), message);
            }
        }
    }

    pub(crate) fn show(&self) {
        for (code, Finding { pictures, first: (_, place), message }) in &self.0 {
            let pictures = match pictures {
                1 => "1 picture".to_owned(),
                more => format!("{} pictures", thousands(*more)),
            };
            note(format!("warning: {code} in {pictures}, first in {place}: {message}"));
        }
        if !self.0.is_empty() {
            note("note: --strict makes warnings errors");
        }
    }
}

/// Failures of a batch, equal ones together.
#[derive(Default)]
pub(crate) struct Failures(BTreeMap<String, Failed>);

/// The rows that failed alike.
struct Failed {
    rows: u64,
    /// The first of them, and where they are.
    first: BTreeMap<usize, String>,
}

impl Failures {
    /// Adds a row that failed. Answers whether it is the first to fail so, which is said at once.
    pub(crate) fn add(&mut self, number: usize, place: &str, reason: &str) -> bool {
        let first = BTreeMap::from([(number, place.to_owned())]);
        let Some(failed) = self.0.get_mut(reason) else {
            if self.0.len() < FAILURES_MAX {
                self.0.insert(reason.to_owned(), Failed { rows: 1, first });
            }
            return true;
        };
        failed.rows += 1;
        // Rows are not done in their order.
        failed.first.extend(first);
        if failed.first.len() > ROWS_NAMED_MAX {
            failed.first.pop_last();
        }
        false
    }

    pub(crate) fn show(&self) {
        self.lines().for_each(note);
    }

    /// A line for each failure of several rows.
    fn lines(&self) -> impl Iterator<Item = String> {
        let several = self.0.iter().filter(|(_, failed)| failed.rows > 1);
        several.map(|(reason, Failed { rows, first })| {
            let named: Vec<&str> = first.values().map(String::as_str).collect();
            let (rows, named) = (thousands(*rows), named.join(", "));
            format!("error: {rows} rows failed alike, first {named}: {reason}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_that_are_equal_are_said_once() {
        let mut failures = Failures::default();
        let said = [(9, "gone"), (4, "gone"), (5, "broken"), (2, "gone"), (7, "gone")]
            .map(|(number, reason)| failures.add(number, &format!("row {number}"), reason));
        assert_eq!(said, [true, false, true, false, false]);
        let lines: Vec<_> = failures.lines().collect();
        assert_eq!(lines, ["error: 4 rows failed alike, first row 2, row 4, row 7: gone"]);
    }

    #[test]
    fn failures_of_their_own_are_said_each_and_not_kept() {
        let mut failures = Failures::default();
        for number in 0..2 * FAILURES_MAX {
            assert!(failures.add(number, "row", &format!("reason {number}")), "{number}");
        }
        assert_eq!(failures.0.len(), FAILURES_MAX);
    }
}
