//! How long to wait before dialling again: full jitter, so that a hundred workers do not come back
//! to a restarted gateway in the same instant.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// Waiting times that grow until [`Backoff::reset`].
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait: anything up to a bound that doubles.
    pub(super) fn next(&mut self) -> Duration {
        let bound = self.bound();
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(rand::random::<f64>())
    }

    /// A connection worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    fn bound(&self) -> Duration {
        (FIRST * 2_u32.saturating_pow(self.failures.min(16))).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_over() {
        let mut backoff = Backoff::default();
        let bounds: Vec<_> = (0..8)
            .map(|_| {
                let bound = backoff.bound();
                assert!(backoff.next() <= bound, "a wait within {bound:?}");
                bound.as_millis()
            })
            .collect();
        assert_eq!(bounds, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.bound(), FIRST);
    }
}
