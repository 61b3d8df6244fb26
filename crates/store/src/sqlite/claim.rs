//! Jobs go out under leases.

use pixeldrive_model::{AccountId, BatchId, JobId, LeaseId, TemplateId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::change::{Live, State, To, apply, batches};
use super::{Sqlite, Tx, json, template, unreadable};
use crate::{Claim, Claimed, ClaimedJob, Error, Millis};

/// The next jobs in fair order: one walk along `job_ready`, then a look-up each.
pub(super) const NEXT: &str = "
    SELECT j.id, j.batch, j.hash, j.payload, j.vtime, j.attempts + 1 AS attempt,
           j.lost >= 2 AS suspect,
           b.account, b.template, b.version, b.size, b.pixel_ratio, b.effort, b.strict,
           ifnull(j.fonts, b.fonts) AS fonts,
           EXISTS (SELECT 1 FROM render AS r
                   WHERE r.template = b.template AND r.hash = j.hash
                     AND (NOT b.strict OR r.warnings = '[]')) AS recorded
    FROM (SELECT * FROM job WHERE state = 'waiting' ORDER BY vtime, id LIMIT ?1) AS j
    CROSS JOIN batch AS b ON b.id = j.batch
    ORDER BY j.vtime, j.id";

/// How many of the next jobs there are: so many steps along `job_ready` at most.
pub(super) const DEPTH: &str =
    "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'waiting' ORDER BY vtime, id LIMIT ?1)";

pub(super) const LEASE: &str = "
    UPDATE job SET state = 'active', attempts = attempts + 1,
                   lease = ?2, lease_until = ?3, gateway = ?4
    WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND state = 'waiting'";

pub(super) async fn claim(db: &Sqlite, claim: &Claim, now: Millis) -> Result<Claimed, Error> {
    let mut tx = db.begin_loan().await?;
    let mut jobs: Vec<ClaimedJob> = Vec::new();
    let mut passed: Vec<(Live, To)> = Vec::new();
    let mut reached = 0;
    let limit = claim.limit as usize;
    while jobs.len() < limit {
        let room = i64::from(claim.limit) - jobs.len() as i64;
        let next = sqlx::query(NEXT).bind(room).fetch_all(&mut *tx).await?;
        let (taken, done) = (jobs.len(), passed.len());
        let mut alone = false;
        for row in &next {
            let job = read(row)?;
            let recorded: bool = row.try_get("recorded")?;
            if job.suspect && !recorded {
                alone = true;
                if !(claim.idle && jobs.is_empty()) {
                    break;
                }
            }
            reached = reached.max(row.try_get("vtime")?);
            if recorded {
                let (batch, account, state) = (job.batch, job.account, State::Waiting);
                passed.push((Live { job: job.id, batch, account, state }, To::Cached));
            } else {
                jobs.push(job);
            }
            if alone {
                break;
            }
        }
        apply(&mut tx, &passed[done..], now).await?;
        lease(&mut tx, claim, &jobs[taken..]).await?;
        if alone || next.len() < limit - taken {
            break; // What is next must wait, or nothing is.
        }
    }
    if !(jobs.is_empty() && passed.is_empty()) {
        sqlx::query("UPDATE clock SET v = max(v, ?1)")
            .bind::<i64>(reached)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Claimed { jobs, batches: batches(&passed) })
}

async fn lease(tx: &mut Tx, claim: &Claim, jobs: &[ClaimedJob]) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let leased = sqlx::query(LEASE)
        .bind(json(&ids)?)
        .bind(claim.lease.0)
        .bind(claim.until)
        .bind(&claim.gateway)
        .execute(&mut **tx)
        .await?;
    if leased.rows_affected() != jobs.len() as u64 {
        return Err(unreadable("a job that changed outside of its transaction"));
    }
    Ok(())
}

fn read(row: &SqliteRow) -> Result<ClaimedJob, Error> {
    Ok(ClaimedJob {
        id: JobId(row.try_get("id")?),
        batch: BatchId(row.try_get("batch")?),
        account: AccountId(row.try_get("account")?),
        template: TemplateId(row.try_get("template")?),
        version: template::content_hash(row.try_get("version")?)?,
        hash: row.try_get::<&str, _>("hash")?.parse().map_err(unreadable)?,
        payload: row.try_get("payload")?,
        size: row.try_get("size")?,
        pixel_ratio: row.try_get("pixel_ratio")?,
        effort: row.try_get::<&str, _>("effort")?.parse().map_err(unreadable)?,
        strict: row.try_get("strict")?,
        fonts: row.try_get::<Json<_>, _>("fonts")?.0,
        attempt: row.try_get("attempt")?,
        suspect: row.try_get("suspect")?,
    })
}

/// A lease that ran out, but was not taken back yet, is as good as before: after a machine slept,
/// work that is still going on is not thrown away.
pub(super) async fn renew(
    db: &Sqlite,
    leases: &[LeaseId],
    until: Millis,
) -> Result<Vec<LeaseId>, Error> {
    let mut tx = db.begin_loan().await?;
    let rows = json(&leases)?;
    sqlx::query(
        "UPDATE job SET lease_until = max(lease_until, ?2)
         WHERE state = 'active' AND lease IN (SELECT unhex(value, '-') FROM json_each(?1))",
    )
    .bind(&rows)
    .bind(until)
    .execute(&mut *tx)
    .await?;
    let lost: Vec<Uuid> = sqlx::query_scalar(
        "SELECT unhex(value, '-') FROM json_each(?1) AS asked
         WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.state = 'active'
                                               AND job.lease = unhex(asked.value, '-'))",
    )
    .bind(&rows)
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(lost.into_iter().map(LeaseId).collect())
}

pub(super) async fn next_due(db: &Sqlite) -> Result<Option<Millis>, Error> {
    let due = sqlx::query_scalar(
        "SELECT min(due) FROM (
            SELECT min(run_at) AS due FROM job WHERE state = 'delayed'
            UNION ALL SELECT min(lease_until) FROM job WHERE state = 'active')",
    );
    Ok(due.fetch_one(&db.readers).await?)
}

pub(super) async fn depth(db: &Sqlite, most: u32) -> Result<u32, Error> {
    let depth = sqlx::query_scalar(DEPTH).bind(most);
    Ok(depth.fetch_one(&db.readers).await?)
}
