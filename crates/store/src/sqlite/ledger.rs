//! The credit ledger: entries are added, holds and balances follow in the same transaction.
//!
//! Deliberately absent: transactions. Whoever moves credits does so because something else
//! changed, and brings the transaction in which it did.

use pixeldrive_model::{AccountId, Credits, HoldId};
use serde::Serialize;
use uuid::Uuid;

use super::{Tx, account, json};
use crate::{CREDITS_MAX, Error, Grant, Millis};

/// Adds credits, once for each idempotency key.
pub(super) async fn grant(tx: &mut Tx, grant: &Grant, now: Millis) -> Result<(), Error> {
    if grant.credits <= 0 {
        return Err(Error::Invalid { what: "credits", must_be: "more than 0" });
    }
    let added = sqlx::query(
        "INSERT INTO entry (kind, account, amount, grant_key, created)
         VALUES ('grant', ?1, ?2, ?3, ?4)
         ON CONFLICT (account, grant_key) WHERE kind = 'grant' DO NOTHING",
    )
    .bind(grant.account.0)
    .bind(grant.credits)
    .bind(&grant.idempotency_key)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    if added.rows_affected() == 1 {
        let moved = sqlx::query(
            "UPDATE account SET available = available + ?2
             WHERE id = ?1 AND ?2 <= ?3 AND available + held + spent <= ?3 - ?2",
        )
        .bind(grant.account.0)
        .bind(grant.credits)
        .bind(CREDITS_MAX)
        .execute(&mut **tx)
        .await?;
        // The entry goes with the transaction.
        if moved.rows_affected() == 0 {
            let must_be = "fewer: an account has at most 1,000,000,000,000,000 in its life";
            return Err(Error::Invalid { what: "credits", must_be });
        }
    }
    Ok(())
}

/// Credits to be set aside.
pub(super) struct Hold {
    pub(super) id: HoldId,
    pub(super) account: AccountId,
    pub(super) amount: Credits,
    pub(super) expires: Option<Millis>,
}

/// Sets credits aside, or fails with [`Error::CreditShort`]. Answers the free credits.
pub(super) async fn hold(tx: &mut Tx, hold: &Hold, now: Millis) -> Result<Credits, Error> {
    let available: Option<Credits> = sqlx::query_scalar(
        "UPDATE account SET available = available - ?2, held = held + ?2
         WHERE id = ?1 AND available >= ?2 RETURNING available",
    )
    .bind(hold.account.0)
    .bind(hold.amount)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(available) = available else {
        let available = account::available(tx, hold.account).await?;
        return Err(Error::CreditShort { needed: hold.amount, available });
    };
    sqlx::query(
        "INSERT INTO hold (id, account, amount, expires, created) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(hold.id.0)
    .bind(hold.account.0)
    .bind(hold.amount)
    .bind(hold.expires)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO entry (kind, account, amount, hold, subject, created)
         VALUES ('hold', ?1, ?2, ?3, ?3, ?4)",
    )
    .bind(hold.account.0)
    .bind(hold.amount)
    .bind(hold.id.0)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(available)
}

/// Which way a held credit goes.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Capture,
    Void,
}

/// One held credit that is taken or given back; serialized as an array in this order.
#[derive(Serialize)]
pub(super) struct Resolution(
    pub(super) Kind,
    pub(super) AccountId,
    pub(super) HoldId,
    /// The job, or the hold itself when there is none.
    pub(super) Uuid,
);

/// Takes or gives back one credit for each subject. A subject that was resolved before is an
/// error of the caller, refused by a unique index.
pub(super) async fn resolve(
    tx: &mut Tx,
    resolutions: &[Resolution],
    now: Millis,
) -> Result<(), Error> {
    if resolutions.is_empty() {
        return Ok(());
    }
    let rows = json(&resolutions)?;
    for sql in [ADD_ENTRIES, MOVE_HOLDS, MOVE_BALANCES] {
        sqlx::query(sql).bind(&rows).bind(now).execute(&mut **tx).await?;
    }
    Ok(())
}

const ADD_ENTRIES: &str = "
    INSERT INTO entry (kind, account, amount, hold, subject, created)
    SELECT value ->> 0, unhex(value ->> 1, '-'), 1, unhex(value ->> 2, '-'),
           unhex(value ->> 3, '-'), ?2
    FROM json_each(?1)";

pub(super) const MOVE_HOLDS: &str = "
    UPDATE hold SET captured = hold.captured + moved.captured, voided = hold.voided + moved.voided
    FROM (SELECT unhex(value ->> 2, '-') AS id,
                 sum(value ->> 0 = 'capture') AS captured, sum(value ->> 0 = 'void') AS voided
          FROM json_each(?1) GROUP BY 1) AS moved
    WHERE hold.id = moved.id";

pub(super) const MOVE_BALANCES: &str = "
    UPDATE account SET held = account.held - moved.captured - moved.voided,
                       spent = account.spent + moved.captured,
                       available = account.available + moved.voided
    FROM (SELECT unhex(value ->> 1, '-') AS id,
                 sum(value ->> 0 = 'capture') AS captured, sum(value ->> 0 = 'void') AS voided
          FROM json_each(?1) GROUP BY 1) AS moved
    WHERE account.id = moved.id";
