//! A group of jobs changing state, with all that this brings about: followers end with their
//! leaders, and held credits are taken or given back.
//!
//! Deliberately absent: who decides it. `claim.rs` and `settle.rs` do, in the same transaction.

use pixeldrive_model::{AccountId, BatchId, Failure, HoldId, JobId};
use serde::Serialize;

use super::ledger::{self, Kind, Resolution};
use super::{Tx, json, unreadable};
use crate::{Error, JobState, Millis};

/// The states of the table.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Waiting,
    Following,
    Active,
    Delayed,
    Completed,
    Failed,
}

impl State {
    /// The state that the table calls so.
    pub(super) fn read(word: &str) -> Result<Self, Error> {
        Ok(match word {
            "waiting" => Self::Waiting,
            "following" => Self::Following,
            "active" => Self::Active,
            "delayed" => Self::Delayed,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            _ => return Err(unreadable(format!("job state {word}"))),
        })
    }

    /// Its public word.
    pub(super) fn public(self) -> JobState {
        match self {
            Self::Waiting | Self::Following => JobState::Waiting,
            Self::Active => JobState::Active,
            Self::Delayed => JobState::Delayed,
            Self::Completed => JobState::Completed,
            Self::Failed => JobState::Failed,
        }
    }
}

/// A job that is no follower and not at its end.
#[derive(Clone, Copy)]
pub(super) struct Live {
    pub(super) job: JobId,
    pub(super) batch: BatchId,
    pub(super) account: AccountId,
    pub(super) state: State,
}

/// What becomes of it.
#[derive(Clone)]
pub(super) enum To {
    /// Its picture was recorded in this transaction.
    Completed,
    /// Its picture was recorded by somebody else.
    Cached,
    /// For good.
    Failed(Failure),
    /// Until then.
    Delayed(Millis, Failure),
    /// Ready again; the attempt counts.
    Ready,
    /// Ready again; the attempt counts, and whoever had it is lost.
    Lost,
    /// Ready again as if it had not been claimed.
    Released,
}

/// A change of one job, as [`CHANGE_JOBS`] reads it.
#[derive(Serialize)]
struct Row<'a> {
    job: JobId,
    from: State,
    to: State,
    from_cache: bool,
    uncount: u32,
    lost: u32,
    run_at: Option<Millis>,
    failure: Option<&'a Failure>,
}

pub(super) const CHANGE_JOBS: &str = "
    UPDATE job SET
        state = change.new, from_cache = change.from_cache,
        attempts = job.attempts - change.uncount, lost = job.lost + change.lost, run_at = change.run_at,
        lease = NULL, lease_until = NULL, gateway = NULL,
        failure = iif(change.new = 'waiting', job.failure, change.failure)
    FROM (SELECT unhex(value ->> 'job', '-') AS id, value ->> 'from' AS old,
                 value ->> 'to' AS new, value ->> 'from_cache' AS from_cache,
                 value ->> 'uncount' AS uncount, value ->> 'lost' AS lost, value ->> 'run_at' AS run_at,
                 value ->> 'failure' AS failure
          FROM json_each(?1)) AS change
    WHERE job.id = change.id AND job.state = change.old";

pub(super) const END_FOLLOWERS: &str = "
    UPDATE job SET state = leader.state, from_cache = leader.state = 'completed',
                   failure = leader.failure
    FROM json_each(?1) AS ended CROSS JOIN job AS leader
    WHERE leader.id = unhex(ended.value, '-')
      AND job.leader = leader.id AND job.state = 'following'";

/// Changes the jobs. Each must be in the state that its [`Live`] tells.
pub(super) async fn apply(tx: &mut Tx, changes: &[(Live, To)], now: Millis) -> Result<(), Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = changes.iter().map(|(live, to)| row(live, to)).collect();
    let changed = sqlx::query(CHANGE_JOBS).bind(json(&rows)?).execute(&mut **tx).await?;
    if changed.rows_affected() != changes.len() as u64 {
        return Err(unreadable("a job that changed outside of its transaction"));
    }
    let (ended, resolutions): (Vec<JobId>, Vec<Resolution>) = changes
        .iter()
        .filter_map(|(live, to)| {
            let kind = match to {
                To::Completed => Kind::Capture,
                To::Cached | To::Failed(_) => Kind::Void,
                To::Delayed(..) | To::Ready | To::Lost | To::Released => return None,
            };
            // A batch's hold has the batch's id.
            Some((live.job, Resolution(kind, live.account, HoldId(live.batch.0), live.job.0)))
        })
        .unzip();
    if !ended.is_empty() {
        sqlx::query(END_FOLLOWERS).bind(json(&ended)?).execute(&mut **tx).await?;
    }
    ledger::resolve(tx, &resolutions, now).await
}

fn row<'a>(live: &Live, to: &'a To) -> Row<'a> {
    let (state, run_at, failure) = match to {
        To::Completed | To::Cached => (State::Completed, None, None),
        To::Failed(failure) => (State::Failed, None, Some(failure)),
        To::Delayed(run_at, failure) => (State::Delayed, Some(*run_at), Some(failure)),
        To::Ready | To::Lost | To::Released => (State::Waiting, None, None),
    };
    Row {
        job: live.job,
        from: live.state,
        to: state,
        from_cache: matches!(to, To::Cached),
        uncount: u32::from(matches!(to, To::Released)),
        lost: u32::from(matches!(to, To::Lost)),
        run_at,
        failure,
    }
}

/// The batches of these changes, each once.
pub(super) fn batches(changes: &[(Live, To)]) -> Vec<BatchId> {
    let mut batches: Vec<_> = changes.iter().map(|(live, _)| live.batch).collect();
    batches.sort_unstable();
    batches.dedup();
    batches
}
