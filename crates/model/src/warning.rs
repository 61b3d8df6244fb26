//! What was adjusted while rendering, reported and never hidden.

use serde::{Deserialize, Serialize};

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
