//! Jobs come back: finished, put off, handed back, or taken back from whoever was lost.

use std::collections::{HashMap, HashSet};

use pixeldrive_model::{
    AccountId, BatchId, Failure, Fault, FieldsHash, JobId, LeaseId, TemplateId,
};
use uuid::Uuid;

use super::change::{Live, State, To, apply, batches};
use super::render::{self, Picture};
use super::{Sqlite, Tx, json, unreadable};
use crate::{Error, Millis, Outcome, Render, Settle, Settled, Swept};

pub(super) async fn settle(
    db: &Sqlite,
    outcomes: &[Settle],
    now: Millis,
) -> Result<Settled, Error> {
    let mut tx = db.begin().await?;
    let mut leased = leased(&mut tx, outcomes).await?;
    let mut stale = Vec::new();
    let mut live = Vec::with_capacity(outcomes.len());
    for settle in outcomes {
        // Removed, so that a job named twice is settled once.
        match leased.remove(&(settle.job, settle.lease)) {
            Some(job) => live.push((job, &settle.outcome)),
            None => stale.push(settle.job),
        }
    }
    rename(&mut tx, &mut live).await?;
    let pictures: Vec<_> = live
        .iter()
        .filter_map(|(job, outcome)| match outcome {
            Outcome::Completed(render) | Outcome::StandIn(render) => Some(job.picture(render)),
            Outcome::Failed(_) | Outcome::Delayed { .. } | Outcome::Lost | Outcome::Released => {
                None
            }
        })
        .collect();
    let recorded = render::record(&mut tx, &pictures, now).await?;
    let mut recorded: HashSet<_> = recorded.into_iter().collect();
    let changes: Vec<_> = live
        .into_iter()
        .map(|(job, outcome)| {
            let to = match outcome {
                // Of several equal pictures in one group, the first is the one that is paid for.
                Outcome::Completed(_) | Outcome::StandIn(_) => {
                    if recorded.remove(&(job.template, job.hash)) {
                        To::Completed
                    } else {
                        To::Cached
                    }
                }
                Outcome::Failed(failure) => To::Failed(failure.clone()),
                Outcome::Delayed { run_at, failure } => To::Delayed(*run_at, failure.clone()),
                Outcome::Lost => To::Lost,
                Outcome::Released => To::Released,
            };
            (job.live, to)
        })
        .collect();
    apply(&mut tx, &changes, now).await?;
    tx.commit().await?;
    Ok(Settled { batches: batches(&changes), stale })
}

pub(super) const RENAME: &str = "
    UPDATE job SET hash = ?2
    WHERE id = ?1 AND state = 'active' OR leader = ?1 AND state = 'following'";

/// Gives jobs, and those that follow them, the names of the stand-ins that they came to.
async fn rename(tx: &mut Tx, live: &mut [(Leased, &Outcome)]) -> Result<(), Error> {
    for (job, outcome) in live {
        if let Outcome::StandIn(render) = outcome {
            let renamed = sqlx::query(RENAME).bind(job.live.job.0).bind(render.hash.as_str());
            renamed.execute(&mut **tx).await?;
            job.hash = render.hash.clone();
        }
    }
    Ok(())
}

/// A job under a lease, and what its picture is called.
struct Leased {
    live: Live,
    template: TemplateId,
    hash: FieldsHash,
}

impl Leased {
    /// Whose picture it is and what it is called is read from the job, not from the result.
    fn picture<'a>(&'a self, render: &'a Render) -> Picture<'a> {
        let (width, height, bytes) = (render.width, render.height, render.bytes);
        let account = self.live.account;
        Picture(self.template, &self.hash, account, width, height, bytes, &render.warnings)
    }
}

pub(super) const LEASED: &str = "
    SELECT j.id, j.lease, j.batch, b.account, b.template, j.hash
    FROM json_each(?1) AS asked
    CROSS JOIN job AS j ON j.id = unhex(asked.value, '-')
    CROSS JOIN batch AS b ON b.id = j.batch
    WHERE j.state = 'active'";

/// Those of the jobs that are active, with their leases.
async fn leased(
    tx: &mut Tx,
    outcomes: &[Settle],
) -> Result<HashMap<(JobId, LeaseId), Leased>, Error> {
    let ids: Vec<_> = outcomes.iter().map(|settle| settle.job).collect();
    let rows: Vec<(Uuid, Uuid, Uuid, Uuid, Uuid, String)> =
        sqlx::query_as(LEASED).bind(json(&ids)?).fetch_all(&mut **tx).await?;
    rows.into_iter()
        .map(|(job, lease, batch, account, template, hash)| {
            let live = Live {
                job: JobId(job),
                batch: BatchId(batch),
                account: AccountId(account),
                state: State::Active,
            };
            let hash = hash.parse().map_err(unreadable)?;
            let leased = Leased { live, template: TemplateId(template), hash };
            Ok(((JobId(job), LeaseId(lease)), leased))
        })
        .collect()
}

pub(super) async fn sweep(db: &Sqlite, attempts_max: u32, now: Millis) -> Result<Swept, Error> {
    let mut tx = db.begin().await?;
    let mut changes = lost(&mut tx, LEASE_RAN_OUT, now, attempts_max).await?;
    let expired = changes.len() as u64;
    changes.extend(due(&mut tx, now).await?);
    apply(&mut tx, &changes, now).await?;
    render::void_expired(&mut tx, now).await?;
    tx.commit().await?;
    Ok(Swept { ready: ready(&changes), expired, batches: batches(&changes) })
}

pub(super) async fn recover(
    db: &Sqlite,
    gateway: &str,
    attempts_max: u32,
    now: Millis,
) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    let changes = lost(&mut tx, GATEWAY_DIED, gateway, attempts_max).await?;
    apply(&mut tx, &changes, now).await?;
    tx.commit().await?;
    Ok(ready(&changes))
}

fn ready(changes: &[(Live, To)]) -> u64 {
    changes.iter().filter(|(_, to)| matches!(to, To::Ready | To::Lost)).count() as u64
}

pub(super) const LEASE_RAN_OUT: &str = "
    SELECT j.id, j.batch, b.account, j.attempts FROM job AS j CROSS JOIN batch AS b ON b.id = j.batch
    WHERE j.state = 'active' AND j.lease_until <= ?1";

const GATEWAY_DIED: &str = "
    SELECT j.id, j.batch, b.account, j.attempts FROM job AS j CROSS JOIN batch AS b ON b.id = j.batch
    WHERE j.state = 'active' AND j.gateway = ?1";

/// What becomes of the active jobs that `sql` finds: whoever had them is lost.
async fn lost<'q, T>(
    tx: &mut Tx,
    sql: &'static str,
    which: T,
    attempts_max: u32,
) -> Result<Vec<(Live, To)>, Error>
where
    T: 'q + sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let rows: Vec<(Uuid, Uuid, Uuid, u32)> =
        sqlx::query_as(sql).bind(which).fetch_all(&mut **tx).await?;
    Ok(rows
        .into_iter()
        .map(|(job, batch, account, attempts)| {
            let to = if attempts < attempts_max { To::Lost } else { To::Failed(gone(attempts)) };
            (live(job, batch, account, State::Active), to)
        })
        .collect())
}

fn gone(attempts: u32) -> Failure {
    Failure {
        fault: Fault::Operator,
        code: "lease_expired".to_owned(),
        message: format!(
            "its worker was lost {attempts} times: see the workers' logs, then submit the row again"
        ),
        element: String::new(),
    }
}

pub(super) const DUE: &str = "
    SELECT j.id, j.batch, b.account FROM job AS j CROSS JOIN batch AS b ON b.id = j.batch
    WHERE j.state = 'delayed' AND j.run_at <= ?1";

/// Delayed jobs whose time has come.
async fn due(tx: &mut Tx, now: Millis) -> Result<Vec<(Live, To)>, Error> {
    let rows: Vec<(Uuid, Uuid, Uuid)> = sqlx::query_as(DUE).bind(now).fetch_all(&mut **tx).await?;
    Ok(rows
        .into_iter()
        .map(|(job, batch, account)| (live(job, batch, account, State::Delayed), To::Ready))
        .collect())
}

fn live(job: Uuid, batch: Uuid, account: Uuid, state: State) -> Live {
    Live { job: JobId(job), batch: BatchId(batch), account: AccountId(account), state }
}
