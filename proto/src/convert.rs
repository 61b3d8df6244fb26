//! Wire to model and back.
//!
//! Ids are refused when they are none. A fault that this build does not know counts as the
//! operator's: it is neither retried for ever nor blamed on the caller. An effort that is not said is
//! the default one.

use std::str::FromStr;

use pixeldrive_model::{Effort, Failure, Fault, Warning};

use crate::v1;

/// A field of a message that does not hold what the protocol says.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is `{found}`: {why}")]
pub struct Malformed {
    field: &'static str,
    found: String,
    why: String,
}

/// Reads an id or a hash from `field`.
///
/// # Errors
/// The field, what it holds, and why that is wrong.
pub fn id<T: FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    text: &str,
) -> Result<T, Malformed> {
    text.parse().map_err(|why: T::Err| Malformed {
        field,
        found: text.chars().take(80).collect(),
        why: why.to_string(),
    })
}

impl From<Fault> for v1::Fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Caller => Self::Caller,
            Fault::Operator => Self::Operator,
            Fault::Transient => Self::Transient,
        }
    }
}

impl From<v1::Fault> for Fault {
    fn from(fault: v1::Fault) -> Self {
        match fault {
            v1::Fault::Caller => Self::Caller,
            v1::Fault::Operator | v1::Fault::Unspecified => Self::Operator,
            v1::Fault::Transient => Self::Transient,
        }
    }
}

impl From<Effort> for v1::Effort {
    fn from(effort: Effort) -> Self {
        match effort {
            Effort::Fast => Self::Fast,
            Effort::Balanced => Self::Balanced,
            Effort::Small => Self::Small,
        }
    }
}

impl From<v1::Effort> for Effort {
    fn from(effort: v1::Effort) -> Self {
        match effort {
            v1::Effort::Fast => Self::Fast,
            v1::Effort::Balanced => Self::Balanced,
            v1::Effort::Small => Self::Small,
            v1::Effort::Unspecified => Self::default(),
        }
    }
}

impl From<Failure> for v1::Failed {
    fn from(failure: Failure) -> Self {
        let Failure { fault, code, message, element } = failure;
        Self { fault: v1::Fault::from(fault).into(), code, message, element }
    }
}

impl From<v1::Failed> for Failure {
    fn from(failed: v1::Failed) -> Self {
        let fault = failed.fault().into();
        let v1::Failed { code, message, element, .. } = failed;
        Self { fault, code, message, element }
    }
}

impl From<Warning> for v1::Warning {
    fn from(warning: Warning) -> Self {
        let Warning { code, element, message } = warning;
        Self { code, element, message }
    }
}

impl From<v1::Warning> for Warning {
    fn from(warning: v1::Warning) -> Self {
        let v1::Warning { code, element, message } = warning;
        Self { code, element, message }
    }
}

#[cfg(test)]
mod tests {
    use pixeldrive_model::JobId;

    use super::*;

    #[test]
    fn failures_come_back_as_they_went() {
        for fault in [Fault::Caller, Fault::Operator, Fault::Transient] {
            let failure = Failure {
                fault,
                code: "asset_not_found".to_owned(),
                message: "404".to_owned(),
                element: "photo".to_owned(),
            };
            let wire = v1::Failed::from(failure.clone());
            assert_eq!(Failure::from(wire), failure, "{fault:?}");
        }
    }

    #[test]
    fn efforts_come_back_as_they_went() {
        for effort in Effort::ALL {
            let mut job = v1::Job::default();
            assert_eq!(Effort::from(job.effort()), Effort::default(), "not said");
            job.set_effort(effort.into());
            assert_eq!(Effort::from(job.effort()), effort);
        }
    }

    #[test]
    fn an_unknown_fault_is_the_operators() {
        let failed = v1::Failed { fault: 99, ..v1::Failed::default() };
        assert_eq!(Failure::from(failed).fault, Fault::Operator, "a fault of a later protocol");
    }

    #[test]
    fn a_malformed_id_names_its_field() {
        let error = id::<JobId>("job_id", "seven").map_err(|error| error.to_string());
        let error = error.expect_err("`seven` is no UUID");
        assert!(error.starts_with("`job_id` is `seven`: "), "{error}");
    }
}
