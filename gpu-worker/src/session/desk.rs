//! What a worker has on its desk for one gateway: jobs in hand, permits, and mail to go out.
//!
//! The desk outlives connections. Results that were not sent when one broke go out on the next,
//! under the lease of their job, and jobs that were begun go on meanwhile. Everything is behind one
//! lock that is never held across an await.
//!
//! Deliberately absent: rendering and the wire.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use pixeldrive_proto::v1;
use pixeldrive_proto::v1::worker_message::Kind;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::permits::Permits;
use crate::engine::{Claim, Lane};

/// Results kept while there is no connection; the oldest go first. Their leases run out, and the
/// jobs are rendered again.
const RESULTS_MAX: usize = 4096;
/// Bytes of pictures in these results.
const RESULT_BYTES_MAX: usize = 64 << 20;

/// A job as it was handed out: the same job comes again under another lease.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JobKey {
    pub(super) job_id: String,
    pub(super) lease_id: String,
}

impl JobKey {
    pub(super) fn of(job: &v1::Job) -> Self {
        Self { job_id: job.job_id.clone(), lease_id: job.lease_id.clone() }
    }

    fn reference(&self) -> v1::JobRef {
        v1::JobRef { job_id: self.job_id.clone(), lease_id: self.lease_id.clone() }
    }
}

/// A job in hand.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) lane: Lane,
    /// Whether a render thread has begun.
    pub(super) claim: Claim,
    /// Cancelled when the job is taken back.
    pub(super) withdrawn: CancellationToken,
    /// When it came in.
    pub(super) received: Instant,
}

/// What becomes of a job that comes in.
#[derive(Debug)]
pub(super) enum Accepted {
    /// It is in hand now.
    Yes(Held),
    /// It was in hand already.
    Twice,
    /// It goes back: the worker stops, or the gateway had no permit.
    No,
}

/// What a connection sends next.
#[derive(Debug)]
pub(super) enum Mail {
    /// This message.
    Message(Kind),
    /// Nothing before the notification.
    Wait,
    /// Nothing any more.
    End,
}

/// The desk.
#[derive(Debug)]
pub(super) struct Desk(Mutex<State>);

#[derive(Debug)]
struct State {
    held: BTreeMap<JobKey, Held>,
    interactive: Permits,
    bulk: Permits,
    control: VecDeque<Kind>,
    results: VecDeque<v1::Result>,
    result_bytes: usize,
    phase: Phase,
    /// Wakes the current connection's sender; each connection has its own.
    wake: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No permits yet.
    Greeting,
    /// Taking work.
    Open,
    /// Finishing what was begun.
    Draining,
}

impl Desk {
    /// A desk for a gateway that may keep so many `slots` busy.
    pub(super) fn new(slots: usize) -> Self {
        let slots = u32::try_from(slots).unwrap_or(u32::MAX / 4);
        Self(Mutex::new(State {
            held: BTreeMap::new(),
            interactive: Permits::new(2 * slots),
            // Twice what fills the way to the gateway and back: it hands out half of them at a time,
            // in one transaction.
            bulk: Permits::new(4 * slots + 24),
            control: VecDeque::new(),
            results: VecDeque::new(),
            result_bytes: 0,
            phase: Phase::Greeting,
            wake: Arc::default(),
        }))
    }

    /// A new connection. Jobs of the last one that no thread has begun go back: the gateway has
    /// given them up, or soon will. The notification is the connection's name from now on.
    pub(super) fn connect(&self) -> Arc<Notify> {
        let mut state = self.0.lock();
        let stale = std::mem::take(&mut state.wake);
        stale.notify_one();
        state.phase = Phase::Greeting;
        state.interactive.reset();
        state.bulk.reset();
        state.control.clear();
        state.release_unbegun();
        Arc::clone(&state.wake)
    }

    /// The gateway has answered: from now on it gets permits.
    pub(super) fn open(&self) {
        let mut state = self.0.lock();
        state.phase = Phase::Open;
        state.wake.notify_one();
    }

    /// Grants nothing more, hands back what no thread has begun; the rest is finished and sent.
    pub(super) fn drain(&self) {
        let mut state = self.0.lock();
        state.phase = Phase::Draining;
        state.release_unbegun();
        state.wake.notify_one();
    }

    /// What the connection `wake` sends next.
    pub(super) fn next(&self, wake: &Arc<Notify>) -> Mail {
        let mut state = self.0.lock();
        if !Arc::ptr_eq(wake, &state.wake) {
            return Mail::End;
        }
        if let Some(kind) = state.control.pop_front() {
            return Mail::Message(kind);
        }
        if state.phase == Phase::Greeting {
            return Mail::Wait;
        }
        // Before the permit that it frees, so that the gateway never counts one too many.
        if let Some(result) = state.results.pop_front() {
            state.result_bytes -= png_bytes(&result);
            return Mail::Message(Kind::Result(result));
        }
        if let Some(grant) = state.grant() {
            return Mail::Message(Kind::Grant(grant));
        }
        let done = state.phase == Phase::Draining && state.held.is_empty();
        if done { Mail::End } else { Mail::Wait }
    }

    /// Sends a message that only makes sense on this connection.
    pub(super) fn say(&self, kind: Kind) {
        let mut state = self.0.lock();
        state.control.push_back(kind);
        state.wake.notify_one();
    }

    /// Says which leases are in hand.
    pub(super) fn heartbeat(&self) {
        let leases: BTreeSet<_> =
            self.0.lock().held.keys().map(|key| key.lease_id.clone()).collect();
        self.say(Kind::Heartbeat(v1::Heartbeat { lease_ids: leases.into_iter().collect() }));
    }

    /// A job comes in.
    pub(super) fn accept(&self, lane: Lane, job: &v1::Job) -> Accepted {
        let mut state = self.0.lock();
        let key = JobKey::of(job);
        if state.held.contains_key(&key) {
            return Accepted::Twice;
        }
        if state.phase != Phase::Open || !state.permits(lane).take() {
            state.release([key.reference()]);
            return Accepted::No;
        }
        let claim = Claim::default();
        let withdrawn = CancellationToken::new();
        let held = Held { lane, claim, withdrawn, received: Instant::now() };
        state.held.insert(key, held.clone());
        Accepted::Yes(held)
    }

    /// A job is done. Nothing happens when it was taken back meanwhile.
    pub(super) fn finish(&self, key: &JobKey, result: v1::Result) {
        let mut state = self.0.lock();
        let Some(held) = state.held.remove(key) else {
            return;
        };
        state.permits(held.lane).give_back();
        state.result_bytes += png_bytes(&result);
        state.results.push_back(result);
        while state.results.len() > RESULTS_MAX || state.result_bytes > RESULT_BYTES_MAX {
            let Some(oldest) = state.results.pop_front() else {
                break;
            };
            state.result_bytes -= png_bytes(&oldest);
            tracing::warn!(job = oldest.job_id, "gateway away too long: a result is given up");
        }
        state.wake.notify_one();
    }

    /// Nobody waits for the job: it is dropped, unless a thread has begun it.
    pub(super) fn cancel(&self, job_id: &str) {
        let mut state = self.0.lock();
        state.withdraw(|key| key.job_id == job_id);
        state.wake.notify_one();
    }

    /// Whether there is nothing in hand and nothing to send.
    #[cfg(test)]
    pub(super) fn is_clear(&self) -> bool {
        let state = self.0.lock();
        state.held.is_empty() && state.results.is_empty()
    }
}

impl State {
    fn permits(&mut self, lane: Lane) -> &mut Permits {
        match lane {
            Lane::Interactive => &mut self.interactive,
            Lane::Bulk => &mut self.bulk,
        }
    }

    fn grant(&mut self) -> Option<v1::Grant> {
        if self.phase != Phase::Open {
            return None;
        }
        [(Lane::Interactive, v1::Lane::Interactive), (Lane::Bulk, v1::Lane::Bulk)]
            .into_iter()
            .map(|(lane, wire)| v1::Grant {
                lane: wire.into(),
                permits: self.permits(lane).grant(),
            })
            .find(|grant| grant.permits > 0)
    }

    fn release_unbegun(&mut self) {
        let released = self.withdraw(|_| true);
        self.release(released.iter().map(JobKey::reference));
    }

    fn release(&mut self, jobs: impl IntoIterator<Item = v1::JobRef>) {
        let jobs: Vec<_> = jobs.into_iter().collect();
        if !jobs.is_empty() {
            self.control.push_back(Kind::Release(v1::Release { jobs }));
            self.wake.notify_one();
        }
    }

    /// Takes back the jobs that `which` picks and no thread has begun.
    fn withdraw(&mut self, which: impl Fn(&JobKey) -> bool) -> Vec<JobKey> {
        let out: Vec<_> =
            self.held.extract_if(.., |key, held| which(key) && held.claim.withdraw()).collect();
        out.into_iter()
            .map(|(key, held)| {
                held.withdrawn.cancel();
                self.permits(held.lane).give_back();
                key
            })
            .collect()
    }
}

fn png_bytes(result: &v1::Result) -> usize {
    match &result.outcome {
        Some(v1::result::Outcome::Done(done)) => done.png.len(),
        Some(v1::result::Outcome::Failed(_)) | None => 0,
    }
}

#[cfg(test)]
mod tests;
