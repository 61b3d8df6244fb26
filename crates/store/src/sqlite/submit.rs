//! A batch comes in: its credits are held and its jobs take their places in the fair order.
//!
//! Fairness is decided here and nowhere else, as start-time fair queueing: each account's jobs get
//! virtual times one after the other, and claims go by virtual time. A newcomer starts at the time
//! that claims have reached, so no backlog delays it; an account that was idle has saved nothing.

use std::collections::{HashMap, HashSet};

use pixeldrive_model::{Credits, FieldsHash, FontHash, HoldId, JobId, price};
use serde::Serialize;

use super::change::State;
use super::{Sqlite, Tx, account, json, ledger, unreadable};
use crate::{Error, Millis, Submit, Submitted};

/// Jobs of one account that share a virtual time, so that rows of one template stay together and
/// workers can prepare it once for all of them.
const QUANTUM: i64 = 8;

pub(super) async fn submit(db: &Sqlite, submit: Submit, now: Millis) -> Result<Submitted, Error> {
    if submit.rows.is_empty() {
        return Err(Error::Invalid { what: "rows", must_be: "at least one" });
    }
    let mut tx = db.begin().await?;
    if let Some(before) = repeated(&mut tx, &submit).await? {
        return Ok(before);
    }
    let recorded = recorded(&mut tx, &submit).await?;
    let plan = Plan::new(&submit, &recorded)?;
    insert_batch(&mut tx, &submit, now).await?;
    let held = price(plan.ready);
    let available = if held == 0 {
        account::available(&mut tx, submit.account).await?
    } else {
        let hold = ledger::Hold {
            id: HoldId(submit.batch.0),
            account: submit.account,
            amount: held,
            expires: None,
        };
        ledger::hold(&mut tx, &hold, now).await?
    };
    let start = take_place(&mut tx, &submit, plan.ready).await?;
    sqlx::query(INSERT_JOBS)
        .bind(submit.batch.0)
        .bind(start)
        .bind(QUANTUM)
        .bind(json(&plan.rows)?)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Submitted { held, available, ready: plan.ready as u64 })
}

/// A job to be inserted, serialized as an array in this order: id, hash, state, leader, place among
/// the batch's ready jobs, payload, fonts.
#[derive(Serialize)]
struct Planned<'a>(
    JobId,
    &'a FieldsHash,
    State,
    Option<JobId>,
    Option<usize>,
    &'a str,
    Option<&'a [FontHash]>,
);

const INSERT_JOBS: &str = "
    INSERT INTO job (id, batch, seq, hash, state, leader, from_cache, vtime, payload, fonts)
    SELECT unhex(value ->> 0, '-'), ?1, key, value ->> 1, value ->> 2,
           unhex(value ->> 3, '-'), value ->> 2 = 'completed',
           ?2 + (value ->> 4) / ?3 * ?3, value ->> 5, value ->> 6
    FROM json_each(?4)";

struct Plan<'a> {
    rows: Vec<Planned<'a>>,
    ready: usize,
}

impl<'a> Plan<'a> {
    /// Decides for each row whether it is done, follows an earlier one, or is rendered.
    fn new(submit: &'a Submit, recorded: &HashSet<FieldsHash>) -> Result<Self, Error> {
        let mut leaders: HashMap<&FieldsHash, JobId> = HashMap::new();
        let mut rows = Vec::with_capacity(submit.rows.len());
        for row in &submit.rows {
            let payload = std::str::from_utf8(&row.payload)
                .map_err(|_| Error::Invalid { what: "a payload", must_be: "a JSON object" })?;
            let (state, leader, place) = if recorded.contains(&row.hash) {
                (State::Completed, None, None)
            } else if let Some(leader) = leaders.get(&row.hash) {
                (State::Following, Some(*leader), None)
            } else {
                let place = leaders.len();
                leaders.insert(&row.hash, row.job);
                (State::Waiting, None, Some(place))
            };
            let fonts = row.fonts.as_deref();
            rows.push(Planned(row.job, &row.hash, state, leader, place, payload, fonts));
        }
        Ok(Self { rows, ready: leaders.len() })
    }
}

/// What an earlier call with this batch answered, as far as it is still so.
async fn repeated(tx: &mut Tx, submit: &Submit) -> Result<Option<Submitted>, Error> {
    let row: Option<(bool, Option<Credits>)> = sqlx::query_as(
        "SELECT b.account = ?2 AND b.template = ?3 AND b.version = ?4 AND b.total = ?5, h.amount
         FROM batch AS b LEFT JOIN hold AS h ON h.id = b.id WHERE b.id = ?1",
    )
    .bind(submit.batch.0)
    .bind(submit.account.0)
    .bind(submit.template.0)
    .bind(&submit.version.0[..])
    .bind(submit.rows.len() as i64)
    .fetch_optional(&mut **tx)
    .await?;
    match row {
        None => Ok(None),
        Some((false, _)) => Err(Error::BatchExists(submit.batch)),
        Some((true, amount)) => {
            let held = amount.unwrap_or(0);
            let available = account::available(tx, submit.account).await?;
            let ready = u64::try_from(held).map_err(unreadable)?;
            Ok(Some(Submitted { held, available, ready }))
        }
    }
}

/// Which of the rows' pictures are recorded. A strict batch takes none that has warnings: its row is
/// rendered again to fail as it must.
async fn recorded(tx: &mut Tx, submit: &Submit) -> Result<HashSet<FieldsHash>, Error> {
    let hashes: Vec<_> = submit.rows.iter().map(|row| &row.hash).collect();
    let recorded: Vec<String> = sqlx::query_scalar(
        "SELECT r.hash FROM json_each(?2) AS row
         CROSS JOIN render AS r ON r.template = ?1 AND r.hash = row.value
         WHERE NOT ?3 OR r.warnings = '[]'",
    )
    .bind(submit.template.0)
    .bind(json(&hashes)?)
    .bind(submit.strict)
    .fetch_all(&mut **tx)
    .await?;
    recorded.into_iter().map(|hash| hash.parse().map_err(unreadable)).collect()
}

async fn insert_batch(tx: &mut Tx, submit: &Submit, now: Millis) -> Result<(), Error> {
    let inserted = sqlx::query(
        "INSERT INTO batch (id, account, template, version, pixel_ratio, strict, total, created, fonts,
                            size, effort)
         SELECT ?1, t.account, t.id, v.hash, ?5, ?6, ?7, ?8, ?9, ?10, ?11
         FROM template AS t JOIN template_version AS v ON v.template = t.id
         WHERE t.id = ?3 AND t.account = ?2 AND v.hash = ?4 LIMIT 1",
    )
    .bind(submit.batch.0)
    .bind(submit.account.0)
    .bind(submit.template.0)
    .bind(&submit.version.0[..])
    .bind(submit.pixel_ratio)
    .bind(submit.strict)
    .bind(submit.rows.len() as i64)
    .bind(now)
    .bind(json(&submit.fonts)?)
    .bind(&submit.size)
    .bind(submit.effort.as_str())
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        account::available(tx, submit.account).await?;
        return Err(Error::TemplateUnknown(submit.template));
    }
    Ok(())
}

/// Takes the account's next places in the fair order. Answers the first one's virtual time.
async fn take_place(tx: &mut Tx, submit: &Submit, ready: usize) -> Result<i64, Error> {
    let start: i64 = sqlx::query_scalar(
        "SELECT max(clock.v,
                    coalesce((SELECT min(vtime) FROM job WHERE state = 'waiting'), 0),
                    coalesce((SELECT finish FROM sched WHERE account = ?1), 0))
         FROM clock",
    )
    .bind(submit.account.0)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO sched (account, finish) VALUES (?1, ?2)
         ON CONFLICT (account) DO UPDATE SET finish = excluded.finish",
    )
    .bind(submit.account.0)
    .bind(start + price(ready))
    .execute(&mut **tx)
    .await?;
    Ok(start)
}
