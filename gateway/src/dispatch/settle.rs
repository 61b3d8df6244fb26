//! Ends of attempts, gathered into groups and written one transaction per group.

use std::time::Duration;

use parking_lot::Mutex;
use pixeldrive_model::Fault;
use pixeldrive_store::{Error, Outcome, Settle};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::workers::Workers;
use crate::clock;

/// Rows of one transaction.
const GROUP_ROWS_MAX: usize = 64;
/// How long the first of a group waits for others that are under way.
const LINGER: Duration = Duration::from_millis(25);
/// How long to wait before a store that failed is asked again.
const RETRY: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(2);
/// Attempts at a store that fails while the gateway ends: the leases will bring the jobs back.
const LAST_ATTEMPTS_MAX: u32 = 5;

/// What waits to be written. Permits bound it: no job is handed out while the store fails.
#[derive(Default)]
pub(super) struct Settler {
    waiting: Mutex<Vec<Settle>>,
    filled: Notify,
}

impl Settler {
    pub(super) fn push(&self, settle: Settle) {
        self.waiting.lock().push(settle);
        self.filled.notify_one();
    }

    /// Waits for a group. Empty only when `finished` and nothing is left.
    async fn group(&self, workers: &Workers, finished: &CancellationToken) -> Vec<Settle> {
        while self.waiting.lock().is_empty() {
            tokio::select! {
                () = self.filled.notified() => {}
                () = finished.cancelled() => break,
            }
        }
        let linger = tokio::time::sleep(LINGER);
        tokio::pin!(linger);
        // The last rows of a batch wait for nothing.
        while self.waiting.lock().len() < GROUP_ROWS_MAX && workers.hold_rows() {
            tokio::select! {
                () = self.filled.notified() => {}
                () = &mut linger => break,
            }
        }
        let mut waiting = self.waiting.lock();
        let rows = waiting.len().min(GROUP_ROWS_MAX);
        waiting.drain(..rows).collect()
    }
}

/// Writes groups until `finished` and nothing is left.
pub(super) async fn run(shared: &Shared, finished: &CancellationToken) {
    loop {
        let group = shared.settler.group(&shared.workers, finished).await;
        if group.is_empty() {
            return;
        }
        write(shared, finished, group).await;
    }
}

/// Writes one group, however long the store fails.
async fn write(shared: &Shared, finished: &CancellationToken, group: Vec<Settle>) {
    // A row that the store will never take must not hold up its neighbours.
    if let Err(error) = attempt(shared, finished, &group).await {
        if group.len() == 1 {
            let job = group[0].job;
            tracing::error!(%job, %error, "an outcome was refused; the job's lease will run out");
            return;
        }
        for settle in group {
            if let Err(error) = attempt(shared, finished, std::slice::from_ref(&settle)).await {
                let job = settle.job;
                tracing::error!(%job, %error, "an outcome was refused; the job's lease will run out");
            }
        }
    }
}

/// Asks the store until it answers. Fails when asking again is in vain.
async fn attempt(
    shared: &Shared,
    finished: &CancellationToken,
    group: &[Settle],
) -> Result<(), Error> {
    let mut last_attempts = 0;
    let mut wait = RETRY;
    loop {
        match shared.store.settle(group, clock::now()).await {
            Ok(settled) => {
                if !settled.stale.is_empty() {
                    tracing::debug!(jobs = settled.stale.len(), "late results were ignored");
                }
                shared.watches.bump(&settled.batches);
                rouse(shared, group);
                return Ok(());
            }
            Err(error) if error.fault() != Fault::Transient => return Err(error),
            Err(error) if last_attempts >= LAST_ATTEMPTS_MAX => return Err(error),
            Err(error) => tracing::warn!(%error, rows = group.len(), "outcomes wait for the store"),
        }
        last_attempts += u32::from(finished.is_cancelled());
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(RETRY_MAX);
    }
}

/// Tells the claim loop what has become ready, or will.
fn rouse(shared: &Shared, group: &[Settle]) {
    for settle in group {
        match &settle.outcome {
            Outcome::Delayed { run_at, .. } => shared.due_at(*run_at),
            Outcome::Lost | Outcome::Released => shared.wake.notify_one(),
            Outcome::Completed(_) | Outcome::StandIn(_) | Outcome::Failed(_) => {}
        }
    }
}
