//! What was adjusted while rendering, reported and never hidden.

use serde::{Deserialize, Serialize};

use crate::{Failure, Fault};

/// Warnings that the message of a strict failure repeats.
const NAMED_MAX: usize = 10;

/// A cosmetic finding: the picture was made, but not quite as the template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word for programs: `text_truncated`, `placeholder_missing`.
    pub code: String,
    /// The element it concerns.
    pub element: String,
    /// A sentence for people.
    pub message: String,
}

impl Warning {
    /// A warning about `element`.
    #[must_use]
    pub fn new(code: &str, element: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), element: element.to_owned(), message: message.into() }
    }
}

impl Failure {
    /// What `"strict": true` makes of warnings; `None` when there are none.
    #[must_use]
    pub fn strict(warnings: &[Warning]) -> Option<Self> {
        let first = warnings.first()?;
        let named = warnings.iter().take(NAMED_MAX);
        let named: Vec<_> =
            named.map(|Warning { code, message, .. }| format!("{message} ({code})")).collect();
        let more = match warnings.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(Self {
            fault: Fault::Caller,
            code: "strict_warnings".to_owned(),
            message: format!("warnings are errors with `strict`: {}{more}", named.join("; ")),
            element: first.element.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_turns_warnings_into_a_failure() {
        assert_eq!(Failure::strict(&[]), None);
        let cut = Warning::new("text_truncated", "title", "2 lines were cut");
        let failure = Failure::strict(std::slice::from_ref(&cut)).unwrap();
        assert_eq!((failure.fault, failure.element.as_str()), (Fault::Caller, "title"));
        let message = "warnings are errors with `strict`: 2 lines were cut (text_truncated)";
        assert_eq!(failure.message, message);
        let failure = Failure::strict(&vec![cut; 12]).unwrap();
        assert!(failure.message.ends_with("(text_truncated) and 2 more"), "{failure}");
    }
}
