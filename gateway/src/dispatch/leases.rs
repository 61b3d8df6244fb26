//! Leases are renewed for as long as a worker's heartbeats list them.

use std::time::Duration;

use pixeldrive_store::Millis;

use super::Shared;
use crate::clock;

/// Renews until the gateway has drained.
pub(super) async fn run(shared: &Shared) {
    let mut ticks = tokio::time::interval(Duration::from_millis(shared.config.heartbeat_ms.into()));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shared.closed.run_until_cancelled(ticks.tick()).await.is_some() {
        renew(shared).await;
    }
}

async fn renew(shared: &Shared) {
    // A lease that has not been listed for as long as it lasts is over, in the store too.
    let lease_ms = shared.config.lease_ms;
    let (listed, mut gone) = shared.workers.leases(Duration::from_millis(lease_ms.into()));
    if !listed.is_empty() {
        let now = clock::now();
        match shared.store.renew(&listed, now + Millis::from(lease_ms), now).await {
            Ok(lost) => gone.extend(lost),
            Err(error) => tracing::warn!(%error, "leases were not renewed"),
        }
    }
    // A lease whose last job was settled a moment ago is gone as well, and nobody's loss.
    let forgotten = shared.workers.forget(&gone);
    if forgotten > 0 {
        tracing::warn!(jobs = forgotten, "leases were lost while their jobs were under way");
    }
}
