//! Signals: the first asks for an orderly end, the second ends at once.

use std::process;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit status after a second signal: ended by the user.
const IMPATIENT: i32 = 130;

/// A token that is cancelled by the first SIGTERM or SIGINT.
pub(crate) fn on_signal() -> Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let first = shutdown.clone();
    tokio::spawn(async move {
        for count in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if count > 0 {
                process::exit(IMPATIENT);
            }
            tracing::info!("draining; a second signal ends at once");
            first.cancel();
        }
    });
    Ok(shutdown)
}
