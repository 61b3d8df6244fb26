//! When a failed job is tried again. Pure: the caller brings the time and the dice.

use pixeldrive_model::{Failure, Fault};
use pixeldrive_store::{Millis, Outcome};

/// The longest a job waits between two attempts.
const WAIT_MS_MAX: f64 = 60_000.0;
/// The longest it waits after the attempt before the first.
const WAIT_MS_FIRST: f64 = 500.0;

/// What becomes of a job whose attempt number `attempt` (from 1) failed. `dice` is in 0 to 1.
pub(super) fn after(
    failure: Failure,
    attempt: u32,
    attempts_max: u32,
    now: Millis,
    dice: f64,
) -> Outcome {
    if failure.fault != Fault::Transient || attempt >= attempts_max {
        return Outcome::Failed(failure);
    }
    // Full jitter: jobs that failed together must not come back together.
    let wait = (WAIT_MS_FIRST * 2f64.powf(f64::from(attempt))).min(WAIT_MS_MAX) * dice;
    #[expect(clippy::cast_possible_truncation, reason = "at most WAIT_MS_MAX")]
    Outcome::Delayed { run_at: now + wait as Millis, failure }
}

/// What becomes of a job whose worker was lost. The attempt counts, since the job may be what
/// killed the worker, but nothing is gained by waiting.
pub(super) fn lost(attempt: u32, attempts_max: u32) -> Outcome {
    if attempt < attempts_max { Outcome::Lost } else { Outcome::Failed(worker_lost()) }
}

/// The failure of whatever a lost worker held.
pub(super) fn worker_lost() -> Failure {
    Failure {
        fault: Fault::Transient,
        code: "worker_lost".to_owned(),
        message: "the worker went away before it answered".to_owned(),
        element: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Some(wait in ms)` when tried again, `None` when failed for good.
    fn check(fault: Fault, attempt: u32, dice: f64, expected: Option<Millis>) {
        let outcome = after(Failure { fault, ..worker_lost() }, attempt, 4, 1_000, dice);
        let found = match outcome {
            Outcome::Delayed { run_at, .. } => Some(run_at - 1_000),
            _ => None,
        };
        assert_eq!(found, expected, "{fault:?} attempt {attempt} dice {dice}");
    }

    #[test]
    fn only_transient_failures_come_back_and_not_for_ever() {
        check(Fault::Caller, 1, 1.0, None);
        check(Fault::Operator, 1, 1.0, None);
        check(Fault::Transient, 1, 1.0, Some(1_000));
        check(Fault::Transient, 1, 0.0, Some(0));
        check(Fault::Transient, 3, 1.0, Some(4_000));
        check(Fault::Transient, 3, 0.5, Some(2_000));
        check(Fault::Transient, 4, 1.0, None);
    }

    #[test]
    fn the_wait_has_a_ceiling() {
        let outcome = after(worker_lost(), 30, 99, 0, 1.0);
        assert!(matches!(outcome, Outcome::Delayed { run_at: 60_000, .. }), "{outcome:?}");
    }
}
