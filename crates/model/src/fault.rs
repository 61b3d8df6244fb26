//! Who can act on a failure, and the form in which failures cross process boundaries.

use serde::{Deserialize, Serialize};

/// Who can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The caller: a 4xx; never retried, the hold is voided.
    Caller,
    /// The operator: a 5xx; never retried, the hold is voided.
    Operator,
    /// Nobody: trying again may work.
    Transient,
}

/// One thing wrong with a template or a payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where, as a path of keys and indices: `elements[2].fontSize`, `payload.headline.text`.
    pub path: String,
    /// What is wrong there and how to mend it.
    pub message: String,
}

impl Problem {
    /// A problem at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The same problem where its path counts from `path`.
    #[must_use]
    pub fn inside(self, path: &str) -> Self {
        Self { path: format!("{path}.{}", self.path), ..self }
    }
}

/// Why a render produced no picture, as workers tell gateways and gateways tell callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Who can act.
    pub fault: Fault,
    /// A stable word for programs: `asset_not_found`, `barcode_invalid`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// The element that caused it; empty when it is none.
    pub element: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.element.is_empty() {
            write!(f, "{} ({})", self.message, self.code)
        } else {
            write!(f, "{}: {} ({})", self.element, self.message, self.code)
        }
    }
}

impl std::error::Error for Failure {}
