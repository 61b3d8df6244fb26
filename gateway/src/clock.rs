//! The clock: the one place of the gateway that asks for the time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use pixeldrive_store::Millis;

/// The time of day.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn now() -> Millis {
    // A clock before 1970 is as good as none.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
