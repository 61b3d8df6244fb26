//! How many requests an account may make in a sliding window of time.
//!
//! The window slides over the requests themselves, so "60 a minute" holds for every minute, also
//! across the turn of one. Kept in this process; the time is an argument.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;
use pixeldrive_model::AccountId;

/// The window of the limits of the API reference.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// Accounts remembered before those that have been quiet for a window are forgotten.
const ACCOUNTS_MAX: usize = 10_000;

/// The limiter.
pub(crate) struct Limiter {
    requests_max: usize,
    window: Duration,
    seen: Mutex<HashMap<AccountId, VecDeque<Instant>>>,
}

/// What an account has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Requests in a window.
    pub(crate) limit: usize,
    /// Requests left now.
    pub(crate) remaining: usize,
    /// Seconds until the oldest request leaves the window, rounded up.
    pub(crate) reset_s: u64,
    window_s: u64,
}

impl Limiter {
    pub(crate) fn new(requests_max: usize, window: Duration) -> Self {
        Self { requests_max, window, seen: Mutex::new(HashMap::new()) }
    }

    /// Counts a request, or refuses it: `Err` when nothing is left.
    pub(crate) fn take(&self, account: AccountId, now: Instant) -> Result<Budget, Budget> {
        let recent = |at: &Instant| now.saturating_duration_since(*at) < self.window;
        let mut seen = self.seen.lock();
        if seen.len() >= ACCOUNTS_MAX {
            seen.retain(|_, times| times.back().is_some_and(recent));
        }
        let times = seen.entry(account).or_default();
        while times.front().is_some_and(|at| !recent(at)) {
            times.pop_front();
        }
        let fits = times.len() < self.requests_max;
        if fits {
            times.push_back(now);
        }
        let waited = times.front().map_or(Duration::ZERO, |at| now.saturating_duration_since(*at));
        let reset = self.window.saturating_sub(waited);
        let budget = Budget {
            limit: self.requests_max,
            remaining: self.requests_max - times.len(),
            reset_s: reset.as_secs() + u64::from(reset.subsec_nanos() > 0),
            window_s: self.window.as_secs(),
        };
        if fits { Ok(budget) } else { Err(budget) }
    }
}

impl Budget {
    /// The RateLimit headers of the IETF draft.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Self { limit, remaining, reset_s, window_s } = self;
        let policy = format!("\"preview\";q={limit};w={window_s}");
        let left = format!("\"preview\";r={remaining};t={reset_s}");
        for (name, text) in [("ratelimit-policy", policy), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is a request: its account, its time in ms, and what is left after it or how many
    /// seconds it has to wait.
    #[test]
    fn the_window_slides() {
        let script = "
            a 0      left 2, 10 s
            a 4000   left 1, 6 s
            b 4000   left 2, 10 s   # accounts do not share
            a 5000   left 0, 5 s
            a 5000   wait 5 s
            a 9001   wait 1 s       # rounded up: never too early
            a 9999   wait 1 s
            a 10000  left 0, 4 s    # the first has left; those refused did not count
            a 13999  wait 1 s
            a 14000  left 0, 1 s
            a 99000  left 2, 10 s
        ";
        let limiter = Limiter::new(3, Duration::from_secs(10));
        let (a, b, zero) = (AccountId::new(), AccountId::new(), Instant::now());
        for line in script.lines().filter_map(|line| line.split('#').next()).map(str::trim) {
            let Some((head, expected)) = line.split_once("  ") else {
                continue;
            };
            let Some((who, at)) = head.split_once(' ') else {
                continue;
            };
            let at = zero + Duration::from_millis(at.parse().expect("milliseconds"));
            let found = match limiter.take(if who == "a" { a } else { b }, at) {
                Ok(budget) => format!("left {}, {} s", budget.remaining, budget.reset_s),
                Err(budget) => format!("wait {} s", budget.reset_s),
            };
            assert_eq!(found, expected.trim(), "{line}");
        }
    }

    #[test]
    fn quiet_accounts_are_forgotten() {
        let limiter = Limiter::new(3, Duration::from_secs(10));
        let zero = Instant::now();
        for _ in 0..ACCOUNTS_MAX {
            let budget = limiter.take(AccountId::new(), zero);
            assert!(budget.is_ok(), "a first request");
        }
        let budget = limiter.take(AccountId::new(), zero + Duration::from_secs(10));
        assert!(budget.is_ok(), "a first request");
        assert_eq!(limiter.seen.lock().len(), 1, "only the last is remembered");
    }
}
