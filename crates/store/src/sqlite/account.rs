//! Accounts, their credits and their tokens.

use pixeldrive_model::{AccountId, Credits, TokenId};
use uuid::Uuid;

use super::{Sqlite, Tx, ledger};
use crate::{Account, Error, Grant, Identity, Millis, NewAccount, NewToken, TokenRow};

/// The grant that an account is made with.
const OPENING: &str = "opening";

const ACCOUNT: &str = "SELECT name, available, held, spent FROM account WHERE id = ?1";

pub(super) async fn create(db: &Sqlite, new: &NewAccount, now: Millis) -> Result<Account, Error> {
    let mut tx = db.begin().await?;
    let made = sqlx::query(
        "INSERT INTO account (id, name, created) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(new.id.0)
    .bind(&new.name)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 1 && new.credits != 0 {
        let idempotency_key = OPENING.to_owned();
        let grant = Grant { account: new.id, credits: new.credits, idempotency_key };
        ledger::grant(&mut tx, &grant, now).await?;
    }
    let account = sqlx::query_as(ACCOUNT).bind(new.id.0).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(read(new.id, account))
}

pub(super) async fn count(db: &Sqlite) -> Result<u64, Error> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM account").fetch_one(&db.readers).await?)
}

pub(super) async fn get(db: &Sqlite, id: AccountId) -> Result<Option<Account>, Error> {
    let account = sqlx::query_as(ACCOUNT).bind(id.0).fetch_optional(&db.readers).await?;
    Ok(account.map(|account| read(id, account)))
}

pub(super) async fn list(db: &Sqlite) -> Result<Vec<Account>, Error> {
    // The ids of one moment sort by it; the first account's is older than any.
    let rows: Vec<(Uuid, String, Credits, Credits, Credits)> =
        sqlx::query_as("SELECT id, name, available, held, spent FROM account ORDER BY id")
            .fetch_all(&db.readers)
            .await?;
    let read =
        |(id, name, available, held, spent)| read(AccountId(id), (name, available, held, spent));
    Ok(rows.into_iter().map(read).collect())
}

pub(super) async fn tokens(db: &Sqlite, account: AccountId) -> Result<Vec<TokenRow>, Error> {
    let rows: Vec<(Uuid, String, String, Option<Millis>, bool)> = sqlx::query_as(
        "SELECT id, name, last4, expires, revoked IS NOT NULL FROM token WHERE account = ?1
         ORDER BY id",
    )
    .bind(account.0)
    .fetch_all(&db.readers)
    .await?;
    let read = |(id, name, last4, expires, revoked)| TokenRow {
        id: TokenId(id),
        name,
        last4,
        expires,
        revoked,
    };
    Ok(rows.into_iter().map(read).collect())
}

fn read(id: AccountId, row: (String, Credits, Credits, Credits)) -> Account {
    let (name, available, held, spent) = row;
    Account { id, name, available, held, spent }
}

/// The free credits of an account.
pub(super) async fn available(tx: &mut Tx, id: AccountId) -> Result<Credits, Error> {
    sqlx::query_scalar("SELECT available FROM account WHERE id = ?1")
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::AccountUnknown(id))
}

pub(super) async fn grant(db: &Sqlite, grant: &Grant, now: Millis) -> Result<Credits, Error> {
    let mut tx = db.begin().await?;
    available(&mut tx, grant.account).await?;
    ledger::grant(&mut tx, grant, now).await?;
    let available = available(&mut tx, grant.account).await?;
    tx.commit().await?;
    Ok(available)
}

pub(super) async fn create_token(
    db: &Sqlite,
    token: &NewToken,
    now: Millis,
) -> Result<TokenId, Error> {
    let mut tx = db.begin().await?;
    available(&mut tx, token.account).await?;
    sqlx::query(
        "INSERT INTO token (id, account, name, hash, last4, created, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (hash) DO NOTHING",
    )
    .bind(token.id.0)
    .bind(token.account.0)
    .bind(&token.name)
    .bind(&token.hash[..])
    .bind(&token.last4)
    .bind(now)
    .bind(token.expires)
    .execute(&mut *tx)
    .await?;
    // The same token again, by a repeated call or a restart with a given one, is the one there is.
    let id = sqlx::query_scalar(
        "SELECT id FROM token WHERE hash = ?1 AND account = ?2 AND revoked IS NULL",
    )
    .bind(&token.hash[..])
    .bind(token.account.0)
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::TokenTaken)?;
    tx.commit().await?;
    Ok(TokenId(id))
}

pub(super) async fn revoke_token(
    db: &Sqlite,
    account: AccountId,
    token: TokenId,
    now: Millis,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let revoked = sqlx::query(
        "UPDATE token SET revoked = coalesce(revoked, ?3) WHERE id = ?1 AND account = ?2",
    )
    .bind(token.0)
    .bind(account.0)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(revoked.rows_affected() == 1)
}

pub(super) async fn authenticate(
    db: &Sqlite,
    hash: &[u8; 32],
    now: Millis,
) -> Result<Option<Identity>, Error> {
    let row: Option<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT account, id FROM token
         WHERE hash = ?1 AND revoked IS NULL AND (expires IS NULL OR expires > ?2)",
    )
    .bind(&hash[..])
    .bind(now)
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.map(|(account, token)| Identity { account: AccountId(account), token: TokenId(token) }))
}
