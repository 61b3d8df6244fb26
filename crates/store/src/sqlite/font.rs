//! The fonts of accounts: rows about files that are in the object store.

use pixeldrive_model::limits::FONTS_PER_ACCOUNT_MAX;
use pixeldrive_model::{AccountId, FontHash};
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{Executor, Row};

use super::{Sqlite, account, json, unreadable};
use crate::{Error, FontFamilies, FontRow, Millis, PutFont, PutFontDone};

pub(super) async fn put(db: &Sqlite, put: &PutFont, now: Millis) -> Result<PutFontDone, Error> {
    let mut tx = db.begin().await?;
    account::available(&mut tx, put.account).await?;
    if let Some(font) = get(&mut *tx, put.account, put.hash).await? {
        return Ok(PutFontDone { font, added: false });
    }
    let added = sqlx::query(
        "INSERT INTO font (account, hash, bytes, families, description, created)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE (SELECT count(*) FROM font WHERE account = ?1) < ?7",
    )
    .bind(put.account.0)
    .bind(&put.hash.0[..])
    .bind(i64::try_from(put.bytes).map_err(unreadable)?)
    .bind(json(&put.families)?)
    .bind(&put.description)
    .bind(now)
    .bind(FONTS_PER_ACCOUNT_MAX as i64)
    .execute(&mut *tx)
    .await?;
    if added.rows_affected() == 0 {
        return Err(Error::FontsExceeded { fonts_max: FONTS_PER_ACCOUNT_MAX });
    }
    tx.commit().await?;
    let (hash, bytes, description) = (put.hash, put.bytes, put.description.clone());
    Ok(PutFontDone { font: FontRow { hash, bytes, description, created: now }, added: true })
}

pub(super) async fn get(
    db: impl Executor<'_, Database = sqlx::Sqlite>,
    account: AccountId,
    hash: FontHash,
) -> Result<Option<FontRow>, Error> {
    sqlx::query(
        "SELECT hash, bytes, description, created FROM font WHERE account = ?1 AND hash = ?2",
    )
    .bind(account.0)
    .bind(&hash.0[..])
    .fetch_optional(db)
    .await?
    .map(|row| read(&row))
    .transpose()
}

pub(super) async fn list(db: &Sqlite, account: AccountId) -> Result<Vec<FontRow>, Error> {
    sqlx::query(
        "SELECT hash, bytes, description, created FROM font WHERE account = ?1
         ORDER BY created DESC, hash",
    )
    .bind(account.0)
    .fetch_all(&db.readers)
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn families(db: &Sqlite, account: AccountId) -> Result<Vec<FontFamilies>, Error> {
    let rows =
        sqlx::query("SELECT hash, bytes, families FROM font WHERE account = ?1 ORDER BY hash")
            .bind(account.0)
            .fetch_all(&db.readers)
            .await?;
    let read = |row: &SqliteRow| {
        let Json(families) = row.try_get("families")?;
        let (hash, bytes) = (hash(row.try_get("hash")?)?, row.try_get("bytes")?);
        Ok(FontFamilies { hash, bytes, families })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn delete(db: &Sqlite, account: AccountId, hash: FontHash) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let deleted = sqlx::query("DELETE FROM font WHERE account = ?1 AND hash = ?2")
        .bind(account.0)
        .bind(&hash.0[..])
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> Result<FontRow, Error> {
    Ok(FontRow {
        hash: hash(row.try_get("hash")?)?,
        bytes: row.try_get("bytes")?,
        description: row.try_get("description")?,
        created: row.try_get("created")?,
    })
}

fn hash(bytes: Vec<u8>) -> Result<FontHash, Error> {
    let bytes = bytes.try_into().map_err(|_| unreadable("a font hash that is not 32 bytes"))?;
    Ok(FontHash(bytes))
}
