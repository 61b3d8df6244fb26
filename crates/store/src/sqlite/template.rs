//! Templates and their versions.

use pixeldrive_model::{AccountId, ContentHash, TemplateId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row};
use uuid::Uuid;

use super::{Sqlite, unreadable};
use crate::{Error, Millis, Page, PutTemplate, TemplateRow};

pub(super) async fn put(db: &Sqlite, put: &PutTemplate, now: Millis) -> Result<TemplateRow, Error> {
    let mut tx = db.begin().await?;
    super::account::available(&mut tx, put.account).await?;
    // An id that is another account's is as if it were not, but cannot be taken either.
    sqlx::query_scalar::<_, i64>(
        "INSERT INTO template (id, account, version, created, updated) VALUES (?1, ?2, 1, ?3, ?3)
         ON CONFLICT (id) DO UPDATE
         SET updated = excluded.updated, deleted = NULL,
             -- The name is not part of the hash: a template renamed is the same version.
             version = version + ((SELECT hash FROM template_version AS current
                                   WHERE current.template = template.id
                                     AND current.version = template.version) <> ?4)
         WHERE account = excluded.account
         RETURNING version",
    )
    .bind(put.id.0)
    .bind(put.account.0)
    .bind(now)
    .bind(&put.hash.0[..])
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::TemplateUnknown(put.id))?;
    sqlx::query(
        "INSERT INTO template_version (template, version, hash, name, json, created)
         SELECT id, version, ?2, ?3, ?4, ?5 FROM template WHERE id = ?1
         ON CONFLICT (template, version) DO UPDATE SET name = excluded.name, json = excluded.json",
    )
    .bind(put.id.0)
    .bind(&put.hash.0[..])
    .bind(&put.name)
    .bind(&put.json)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let row = get(&mut *tx, put.account, put.id).await?;
    tx.commit().await?;
    row.ok_or(Error::TemplateUnknown(put.id))
}

pub(super) async fn get(
    db: impl Executor<'_, Database = sqlx::Sqlite>,
    account: AccountId,
    id: TemplateId,
) -> Result<Option<TemplateRow>, Error> {
    sqlx::query(
        "SELECT t.id, t.account, t.version, t.created, t.updated, v.hash, v.name, v.json
         FROM template AS t
         JOIN template_version AS v ON v.template = t.id AND v.version = t.version
         WHERE t.id = ?1 AND t.account = ?2 AND t.deleted IS NULL",
    )
    .bind(id.0)
    .bind(account.0)
    .fetch_optional(db)
    .await?
    .map(|row| read(&row))
    .transpose()
}

pub(super) async fn version(db: &Sqlite, hash: ContentHash) -> Result<Option<Vec<u8>>, Error> {
    let json = sqlx::query_scalar("SELECT json FROM template_version WHERE hash = ?1 LIMIT 1")
        .bind(&hash.0[..])
        .fetch_optional(&db.readers)
        .await?;
    Ok(json)
}

pub(super) async fn list(
    db: &Sqlite,
    account: AccountId,
    page: Page<TemplateId>,
) -> Result<Vec<TemplateRow>, Error> {
    // By time and not by id: a caller may choose an id, and then ids are in no order.
    sqlx::query(
        "SELECT t.id, t.account, t.version, t.created, t.updated, v.hash, v.name, v.json
         FROM template AS t
         JOIN template_version AS v ON v.template = t.id AND v.version = t.version
         WHERE t.account = ?1 AND t.deleted IS NULL
           AND (?2 IS NULL
                OR (t.created, t.id) < (SELECT created, id FROM template WHERE id = ?2))
         ORDER BY t.created DESC, t.id DESC LIMIT ?3",
    )
    .bind(account.0)
    .bind(page.after.map(|id| id.0))
    .bind(page.limit)
    .fetch_all(&db.readers)
    .await?
    .iter()
    .map(read)
    .collect()
}

pub(super) async fn delete(
    db: &Sqlite,
    account: AccountId,
    id: TemplateId,
    now: Millis,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let deleted = sqlx::query(
        "UPDATE template SET deleted = ?3 WHERE id = ?1 AND account = ?2 AND deleted IS NULL",
    )
    .bind(id.0)
    .bind(account.0)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected() == 1)
}

fn read(row: &SqliteRow) -> Result<TemplateRow, Error> {
    let json: Vec<u8> = row.try_get("json")?;
    Ok(TemplateRow {
        id: TemplateId(row.try_get("id")?),
        account: AccountId(row.try_get::<Uuid, _>("account")?),
        name: row.try_get("name")?,
        hash: content_hash(row.try_get("hash")?)?,
        version: row.try_get("version")?,
        json: json.into(),
        created: row.try_get("created")?,
        updated: row.try_get("updated")?,
    })
}

/// A content hash as it is stored.
pub(super) fn content_hash(bytes: Vec<u8>) -> Result<ContentHash, Error> {
    let bytes = bytes.try_into().map_err(|_| unreadable("a content hash that is not 32 bytes"))?;
    Ok(ContentHash(bytes))
}
