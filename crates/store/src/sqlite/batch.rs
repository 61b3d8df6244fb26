//! How far batches and jobs are.

use pixeldrive_model::{AccountId, BatchId, Failure, JobId, TemplateId, Warning};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::change::State;
use super::{Sqlite, unreadable};
use crate::{BatchRow, Error, JobRow};

pub(super) async fn get(
    db: &Sqlite,
    account: AccountId,
    id: BatchId,
) -> Result<Option<BatchRow>, Error> {
    let row: Option<(Uuid, u64, u64, u64, u64, u64)> = sqlx::query_as(
        "SELECT b.template, b.total,
                count(*) FILTER (WHERE j.state IN ('waiting', 'following', 'delayed')),
                count(*) FILTER (WHERE j.state = 'active'),
                count(*) FILTER (WHERE j.state = 'completed'),
                count(*) FILTER (WHERE j.state = 'failed')
         FROM batch AS b CROSS JOIN job AS j ON j.batch = b.id
         WHERE b.id = ?1 AND b.account = ?2 GROUP BY b.id",
    )
    .bind(id.0)
    .bind(account.0)
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.map(|(template, total, queued, running, completed, failed)| {
        let template = TemplateId(template);
        BatchRow { id, account, template, total, queued, running, completed, failed }
    }))
}

pub(super) async fn jobs(db: &Sqlite, id: BatchId) -> Result<Vec<JobRow>, Error> {
    sqlx::query(
        "SELECT j.id, j.batch, j.seq, b.template, j.hash, j.state, j.from_cache, j.attempts,
                j.failure, r.warnings
         FROM batch AS b CROSS JOIN job AS j ON j.batch = b.id
         LEFT JOIN render AS r
           ON j.state = 'completed' AND r.template = b.template AND r.hash = j.hash
         WHERE b.id = ?1 ORDER BY j.seq",
    )
    .bind(id.0)
    .fetch_all(&db.readers)
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn job(
    db: &Sqlite,
    account: AccountId,
    id: JobId,
) -> Result<Option<JobRow>, Error> {
    sqlx::query(
        "SELECT j.id, j.batch, j.seq, b.template, j.hash, j.state, j.from_cache, j.attempts,
                j.failure, r.warnings
         FROM job AS j CROSS JOIN batch AS b ON b.id = j.batch
         LEFT JOIN render AS r
           ON j.state = 'completed' AND r.template = b.template AND r.hash = j.hash
         WHERE j.id = ?1 AND b.account = ?2",
    )
    .bind(id.0)
    .bind(account.0)
    .fetch_optional(&db.readers)
    .await?
    .map(|row| read(&row))
    .transpose()
}

fn read(row: &SqliteRow) -> Result<JobRow, Error> {
    Ok(JobRow {
        id: JobId(row.try_get("id")?),
        batch: BatchId(row.try_get("batch")?),
        seq: row.try_get("seq")?,
        template: TemplateId(row.try_get("template")?),
        hash: row.try_get::<&str, _>("hash")?.parse().map_err(unreadable)?,
        state: State::read(row.try_get("state")?)?.public(),
        from_cache: row.try_get("from_cache")?,
        attempts: row.try_get("attempts")?,
        failure: row.try_get::<Option<Json<Failure>>, _>("failure")?.map(|Json(failure)| failure),
        warnings: row
            .try_get::<Option<Json<Vec<Warning>>>, _>("warnings")?
            .map_or_else(Vec::new, |Json(warnings)| warnings),
    })
}
