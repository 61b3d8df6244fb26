//! The time of day. Everything else takes it as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use pixeldrive_store::Millis;

/// Milliseconds since 1970, UTC.
#[expect(clippy::disallowed_methods, reason = "the one place of this crate that asks for the time")]
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
