//! Faults as gRPC statuses.

use pixeldrive_model::Fault;
use tonic::{Code, Status};

/// A refusal of that kind.
#[must_use]
pub fn status(fault: Fault, message: impl Into<String>) -> Status {
    let code = match fault {
        Fault::Caller => Code::InvalidArgument,
        Fault::Operator => Code::FailedPrecondition,
        Fault::Transient => Code::Unavailable,
    };
    Status::new(code, message)
}

/// Who can act on a status: only a transient one is worth dialling again soon.
#[must_use]
pub fn fault(status: &Status) -> Fault {
    match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::OutOfRange | Code::AlreadyExists => {
            Fault::Caller
        }
        Code::FailedPrecondition
        | Code::Unauthenticated
        | Code::PermissionDenied
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Fault::Operator,
        // What a broken connection looks like from either side.
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unavailable => Fault::Transient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_the_wire() {
        for kind in [Fault::Caller, Fault::Operator, Fault::Transient] {
            assert_eq!(fault(&status(kind, "why")), kind, "{kind:?}");
        }
    }
}
