//! Recorded pictures, and the credits of synchronous renders.

use pixeldrive_model::{AccountId, Credits, FieldsHash, HoldId, TemplateId, Warning};
use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use super::ledger::{self, Kind, Resolution};
use super::{Sqlite, Tx, account, json, unreadable};
use crate::{Captured, Error, Millis, Render};

type Recorded = (Uuid, u32, u32, u64, Json<Vec<Warning>>);

pub(super) async fn get(
    db: &Sqlite,
    template: TemplateId,
    hash: &FieldsHash,
) -> Result<Option<Render>, Error> {
    let row: Option<Recorded> = sqlx::query_as(
        "SELECT account, width, height, bytes, warnings FROM render
         WHERE template = ?1 AND hash = ?2",
    )
    .bind(template.0)
    .bind(hash.as_str())
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.map(|(account, width, height, bytes, Json(warnings))| {
        let (account, hash) = (AccountId(account), hash.clone());
        Render { account, template, hash, width, height, bytes, warnings }
    }))
}

/// A picture to be recorded; serialized as an array in this order.
#[derive(Serialize)]
pub(super) struct Picture<'a>(
    pub(super) TemplateId,
    pub(super) &'a FieldsHash,
    pub(super) AccountId,
    pub(super) u32,
    pub(super) u32,
    pub(super) u64,
    pub(super) &'a [Warning],
);

/// Records the pictures that are not recorded yet, and answers which these were.
pub(super) async fn record(
    tx: &mut Tx,
    pictures: &[Picture<'_>],
    now: Millis,
) -> Result<Vec<(TemplateId, FieldsHash)>, Error> {
    if pictures.is_empty() {
        return Ok(Vec::new());
    }
    let inserted: Vec<(Uuid, String)> = sqlx::query_as(
        "INSERT INTO render (template, hash, account, width, height, bytes, warnings, created)
         SELECT unhex(value ->> 0, '-'), value ->> 1, unhex(value ->> 2, '-'), value ->> 3,
                value ->> 4, value ->> 5, value ->> 6, ?2
         FROM json_each(?1) WHERE true
         ON CONFLICT (template, hash) DO NOTHING
         RETURNING template, hash",
    )
    .bind(json(&pictures)?)
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    inserted
        .into_iter()
        .map(|(template, hash)| Ok((TemplateId(template), hash.parse().map_err(unreadable)?)))
        .collect()
}

pub(super) async fn hold(
    db: &Sqlite,
    hold: HoldId,
    account: AccountId,
    expires: Millis,
    now: Millis,
) -> Result<Credits, Error> {
    let mut tx = db.begin_loan().await?;
    if held(&mut tx, hold).await?.is_some_and(|held| held.account == account) {
        return account::available(&mut tx, account).await;
    }
    let hold = ledger::Hold { id: hold, account, amount: 1, expires: Some(expires) };
    let available = ledger::hold(&mut tx, &hold, now).await?;
    tx.commit().await?;
    Ok(available)
}

pub(super) async fn capture(
    db: &Sqlite,
    hold: HoldId,
    render: &Render,
    now: Millis,
) -> Result<Captured, Error> {
    let mut tx = db.begin().await?;
    let held = held(&mut tx, hold).await?.ok_or(Error::HoldUnknown(hold))?;
    let charged = match held.state {
        State::Captured => true,
        State::Voided if recorded(&mut tx, render.template, &render.hash).await? => false,
        // Recording it would give it away.
        State::Voided => return Err(Error::HoldVoided(hold)),
        State::Open => {
            let picture = Picture(
                render.template,
                &render.hash,
                held.account,
                render.width,
                render.height,
                render.bytes,
                &render.warnings,
            );
            let charged = !record(&mut tx, &[picture], now).await?.is_empty();
            let kind = if charged { Kind::Capture } else { Kind::Void };
            let resolution = Resolution(kind, held.account, hold, hold.0);
            ledger::resolve(&mut tx, &[resolution], now).await?;
            charged
        }
    };
    let available = account::available(&mut tx, held.account).await?;
    tx.commit().await?;
    Ok(Captured { charged, available })
}

pub(super) async fn void(db: &Sqlite, hold: HoldId, now: Millis) -> Result<Credits, Error> {
    let mut tx = db.begin_loan().await?;
    let held = held(&mut tx, hold).await?.ok_or(Error::HoldUnknown(hold))?;
    if held.state == State::Open {
        let resolution = Resolution(Kind::Void, held.account, hold, hold.0);
        ledger::resolve(&mut tx, &[resolution], now).await?;
    }
    let available = account::available(&mut tx, held.account).await?;
    tx.commit().await?;
    Ok(available)
}

async fn recorded(tx: &mut Tx, template: TemplateId, hash: &FieldsHash) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM render WHERE template = ?1 AND hash = ?2)";
    let recorded = sqlx::query_scalar(sql).bind(template.0).bind(hash.as_str());
    Ok(recorded.fetch_one(&mut **tx).await?)
}

/// Where the hold of a synchronous render stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Captured,
    Voided,
}

struct Held {
    account: AccountId,
    state: State,
}

async fn held(tx: &mut Tx, hold: HoldId) -> Result<Option<Held>, Error> {
    let row: Option<(Uuid, bool, bool)> = sqlx::query_as(
        "SELECT account, captured > 0, voided > 0 FROM hold WHERE id = ?1 AND expires IS NOT NULL",
    )
    .bind(hold.0)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|(account, captured, voided)| {
        let state = match (captured, voided) {
            (true, _) => State::Captured,
            (false, true) => State::Voided,
            (false, false) => State::Open,
        };
        Held { account: AccountId(account), state }
    }))
}

/// Voids the synchronous renders' holds that ran out.
pub(super) async fn void_expired(tx: &mut Tx, now: Millis) -> Result<(), Error> {
    let expired: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT account, id FROM hold
         WHERE expires IS NOT NULL AND captured + voided < amount AND expires <= ?1",
    )
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    let resolutions: Vec<_> = expired
        .into_iter()
        .map(|(account, id)| Resolution(Kind::Void, AccountId(account), HoldId(id), id))
        .collect();
    ledger::resolve(tx, &resolutions, now).await
}
