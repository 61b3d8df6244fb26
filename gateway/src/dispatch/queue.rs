//! The claim loop: jobs leave the queue as permits come free.
//!
//! Nothing waits for a poll: submitting, permits and due times each wake the loop. The poll once a
//! second is for what happens through other gateways, and for a store that failed.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pixeldrive_model::{FontHash, LeaseId, image_key};
use pixeldrive_proto::v1;
use pixeldrive_store::{Claim, ClaimedJob, Error, Millis};

use super::workers::Hungry;
use super::{BulkJob, Held, Origin, Shared};
use crate::clock;

const POLL_MS: Millis = 1_000;

/// Claims until the gateway drains.
pub(super) async fn run(shared: &Shared) {
    let mut next = clock::now();
    loop {
        let due = next.min(shared.due.load(Ordering::Relaxed));
        let wait = (due - clock::now()).clamp(0, POLL_MS);
        let wait = Duration::from_millis(wait.unsigned_abs());
        let sweeps = tokio::select! {
            biased;
            () = shared.draining.cancelled() => return,
            () = tokio::time::sleep(wait) => true,
            // A due time may have come nearer.
            () = shared.wake.notified() => shared.due.load(Ordering::Relaxed) <= clock::now(),
        };
        let turn = async {
            if sweeps {
                next = sweep(shared).await?;
            }
            claim(shared).await
        };
        if let Err(error) = turn.await {
            tracing::warn!(%error, "the queue waits for the store");
            next = clock::now() + POLL_MS;
        }
    }
}

/// Makes ready what is due. Answers when to do so again.
async fn sweep(shared: &Shared) -> Result<Millis, Error> {
    // Before the sweep: what falls due from here on asks anew.
    shared.due.store(Millis::MAX, Ordering::Relaxed);
    let now = clock::now();
    let swept = shared.store.sweep(shared.config.attempts_max, now).await?;
    if swept.expired > 0 {
        tracing::warn!(jobs = swept.expired, "leases ran out");
    }
    shared.watches.bump(&swept.batches);
    let next = now + POLL_MS;
    // At least a moment ahead: a due time that a sweep leaves behind must not make it spin.
    Ok(shared.store.next_due().await?.map_or(next, |due| due.clamp(now + 10, next)))
}

/// Claims for every worker that has room, while there are jobs.
async fn claim(shared: &Shared) -> Result<(), Error> {
    while let Some(Hungry { session, limit, share, idle }) = shared.workers.hungry() {
        if shared.draining.is_cancelled() {
            return Ok(());
        }
        let limit = if share.jobs < limit && !has(shared, share.enough).await? {
            share.jobs
        } else {
            limit
        };
        let now = clock::now();
        let lease = LeaseId::new();
        let until = now + Millis::from(shared.config.lease_ms);
        let gateway = shared.config.name.clone();
        let claimed = shared.store.claim(Claim { limit, idle, lease, until, gateway }, now).await?;
        shared.watches.bump(&claimed.batches);
        let passed = !claimed.batches.is_empty();
        let some = !claimed.jobs.is_empty();
        let full = claimed.jobs.len() >= limit as usize;
        let suspect = claimed.jobs.iter().any(|job| job.suspect);
        if some {
            let mut batches: Vec<_> = claimed.jobs.iter().map(|job| job.batch).collect();
            batches.dedup();
            shared.watches.bump(&batches);
            let attempts_max = shared.config.attempts_max;
            let hand_out = |job| hand_out(job, lease, attempts_max);
            let jobs = claimed.jobs.into_iter().map(hand_out).collect();
            if let Err(returned) = shared.workers.send_bulk(session, jobs) {
                returned.into_iter().for_each(|held| shared.release(held));
            }
        }
        // Fewer than asked for is the end of the queue, unless some were completed in passing or
        // one had to come alone.
        if !(full || passed || suspect) {
            break;
        }
    }
    Ok(())
}

/// Whether so many jobs wait.
async fn has(shared: &Shared, jobs: u32) -> Result<bool, Error> {
    Ok(shared.store.queue_depth(jobs).await? >= jobs)
}

/// A claimed job, as the worker is told and as the gateway remembers it.
fn hand_out(job: ClaimedJob, lease: LeaseId, attempts_max: u32) -> (v1::Job, Held) {
    let key = image_key(job.template, &job.hash);
    let stand_in_key = if job.attempt < attempts_max {
        String::new()
    } else {
        image_key(job.template, &job.hash.stand_in(job.id.0))
    };
    let message = v1::Job {
        job_id: job.id.to_string(),
        lease_id: lease.to_string(),
        template_hash: job.version.to_string(),
        payload: Bytes::from(job.payload),
        pixel_ratio: job.pixel_ratio,
        key: key.clone(),
        deadline_ms: 0,
        strict: job.strict,
        font_hashes: job.fonts.iter().map(FontHash::to_string).collect(),
        size: job.size.unwrap_or_default(),
        stand_in_key: stand_in_key.clone(),
        effort: v1::Effort::from(job.effort).into(),
    };
    let origin = Origin::Bulk(BulkJob {
        account: job.account,
        template: job.template,
        hash: job.hash,
        attempt: job.attempt,
        suspect: job.suspect,
    });
    let (sent, template, fonts) = (Instant::now(), job.version, job.fonts.into());
    (message, Held { job: job.id, lease, template, fonts, key, stand_in_key, sent, origin })
}
