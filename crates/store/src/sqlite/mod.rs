//! The store in one SQLite file, for the embedded default.
//!
//! SQLite has one writer at a time whatever we do, so all changes go through one connection, each
//! in a `BEGIN IMMEDIATE` transaction: a deferred one can fail half-way, with an error that no
//! time-out mends. Readers have connections of their own and see the last commit. Another process
//! (the `admin` commands) may write too; it and we wait for each other up to [`BUSY`].
//!
//! Groups of rows go in and out as one JSON parameter to one statement. Statements are literals:
//! no SQL is put together at run time.
//!
//! Deliberately absent: any decision that a second database would have to repeat. Those that are
//! not SQL are made by the callers of [`Store`].

mod account;
mod audit;
mod batch;
mod change;
mod claim;
mod font;
mod ledger;
mod render;
mod schema;
mod settle;
mod submit;
mod template;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Credits, FieldsHash, FontHash, HoldId, JobId, LeaseId,
    TemplateId, TokenId,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::{
    Account, BatchRow, Captured, Claim, Claimed, Error, FontFamilies, FontRow, Grant, Identity,
    JobRow, Millis, NewAccount, NewToken, Page, PutFont, PutFontDone, PutTemplate, Render, Settle,
    Settled, Store, Submit, Submitted, Swept, TemplateRow, TokenRow,
};

/// How long a statement waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// Connections that read.
const READERS_MAX: u32 = 4;

/// The log is cut back to this length when it is written into the database file.
const LOG_BYTES_MAX: &str = "67108864";

/// A change under way; dropping it undoes it.
type Tx = sqlx::Transaction<'static, sqlx::Sqlite>;

/// A store in one SQLite file. Cheap to clone; the clones share their connections.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    /// Opens the database at `path`, makes it and its folder when they are missing, and brings its
    /// schema up to date.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        if let Some(folder) = path.parent() {
            let made = tokio::fs::create_dir_all(folder).await;
            let path = || path.to_owned();
            made.map_err(|source| Error::Folder { path: path(), source })?;
        }
        let failed = |source| Error::Open { path: path.to_owned(), source };
        owned_alone(path).map_err(|error| failed(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("journal_size_limit", LOG_BYTES_MAX)
            // Statements that change many rows would write files for what they undo and sort.
            .pragma("temp_store", "MEMORY");
        // Without recursive triggers, REPLACE would remove a row of the ledger and ask no trigger.
        let write = options
            .clone()
            .create_if_missing(true)
            .pragma("recursive_triggers", "ON")
            .journal_mode(SqliteJournalMode::Wal);
        let writer = pool(1).connect_with(write).await.map_err(failed)?;
        schema::migrator().run(&writer).await?;
        let readers =
            pool(READERS_MAX).connect_with(options.read_only(true)).await.map_err(failed)?;
        Ok(Self { writer, readers })
    }

    /// Begins a change that is on the disk when its commit returns: a power cut takes back no batch that
    /// was accepted and no credit that was taken.
    async fn begin(&self) -> Result<Tx, Error> {
        self.begin_with("PRAGMA synchronous = FULL; BEGIN IMMEDIATE").await
    }

    /// Begins a change that survives the death of this process, and is on the disk with the next one
    /// that [`Sqlite::begin`] began. For what is given out to this process alone: leases and holds.
    /// Should a power cut take them back, nobody has them any more either.
    async fn begin_loan(&self) -> Result<Tx, Error> {
        self.begin_with("PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE").await
    }

    async fn begin_with(&self, begin: &'static str) -> Result<Tx, Error> {
        Ok(self.writer.begin_with(begin).await?)
    }
}

/// Makes the file, if it is missing, for this user alone: it holds what callers sent. SQLite gives
/// the files beside it the same mode.
fn owned_alone(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Connections are kept: they cannot go stale, and a new one must read the schema again.
fn pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections_max)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// What a column holds that this version cannot read.
fn unreadable(error: impl std::fmt::Display) -> Error {
    Error::Unreadable(error.to_string())
}

/// Rows as the one parameter of a statement that reads them with `json_each`.
fn json(rows: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(rows).map_err(unreadable)
}

#[async_trait::async_trait]
impl Store for Sqlite {
    async fn create_account(&self, new: NewAccount, now: Millis) -> Result<Account, Error> {
        account::create(self, &new, now).await
    }

    async fn count_accounts(&self) -> Result<u64, Error> {
        account::count(self).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        account::list(self).await
    }

    async fn tokens(&self, account: AccountId) -> Result<Vec<TokenRow>, Error> {
        account::tokens(self, account).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, Error> {
        account::get(self, id).await
    }

    async fn grant(&self, grant: Grant, now: Millis) -> Result<Credits, Error> {
        account::grant(self, &grant, now).await
    }

    async fn create_token(&self, token: NewToken, now: Millis) -> Result<TokenId, Error> {
        account::create_token(self, &token, now).await
    }

    async fn revoke_token(
        &self,
        account: AccountId,
        token: TokenId,
        now: Millis,
    ) -> Result<bool, Error> {
        account::revoke_token(self, account, token, now).await
    }

    async fn authenticate(
        &self,
        token_hash: &[u8; 32],
        now: Millis,
    ) -> Result<Option<Identity>, Error> {
        account::authenticate(self, token_hash, now).await
    }

    async fn put_template(&self, put: PutTemplate, now: Millis) -> Result<TemplateRow, Error> {
        template::put(self, &put, now).await
    }

    async fn template(
        &self,
        account: AccountId,
        id: TemplateId,
    ) -> Result<Option<TemplateRow>, Error> {
        template::get(&self.readers, account, id).await
    }

    async fn template_version(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, Error> {
        template::version(self, hash).await
    }

    async fn templates(
        &self,
        account: AccountId,
        page: Page<TemplateId>,
    ) -> Result<Vec<TemplateRow>, Error> {
        template::list(self, account, page).await
    }

    async fn delete_template(
        &self,
        account: AccountId,
        id: TemplateId,
        now: Millis,
    ) -> Result<bool, Error> {
        template::delete(self, account, id, now).await
    }

    async fn put_font(&self, put: PutFont, now: Millis) -> Result<PutFontDone, Error> {
        font::put(self, &put, now).await
    }

    async fn fonts(&self, account: AccountId) -> Result<Vec<FontRow>, Error> {
        font::list(self, account).await
    }

    async fn font(&self, account: AccountId, hash: FontHash) -> Result<Option<FontRow>, Error> {
        font::get(&self.readers, account, hash).await
    }

    async fn font_families(&self, account: AccountId) -> Result<Vec<FontFamilies>, Error> {
        font::families(self, account).await
    }

    async fn delete_font(&self, account: AccountId, hash: FontHash) -> Result<bool, Error> {
        font::delete(self, account, hash).await
    }

    async fn render(
        &self,
        template: TemplateId,
        hash: &FieldsHash,
    ) -> Result<Option<Render>, Error> {
        render::get(self, template, hash).await
    }

    async fn hold(
        &self,
        hold: HoldId,
        account: AccountId,
        expires: Millis,
        now: Millis,
    ) -> Result<Credits, Error> {
        render::hold(self, hold, account, expires, now).await
    }

    async fn capture(&self, hold: HoldId, render: &Render, now: Millis) -> Result<Captured, Error> {
        render::capture(self, hold, render, now).await
    }

    async fn void(&self, hold: HoldId, now: Millis) -> Result<Credits, Error> {
        render::void(self, hold, now).await
    }

    async fn submit(&self, submit: Submit, now: Millis) -> Result<Submitted, Error> {
        submit::submit(self, submit, now).await
    }

    async fn batch(&self, account: AccountId, id: BatchId) -> Result<Option<BatchRow>, Error> {
        batch::get(self, account, id).await
    }

    async fn batch_jobs(&self, id: BatchId) -> Result<Vec<JobRow>, Error> {
        batch::jobs(self, id).await
    }

    async fn job(&self, account: AccountId, id: JobId) -> Result<Option<JobRow>, Error> {
        batch::job(self, account, id).await
    }

    async fn claim(&self, claim: Claim, now: Millis) -> Result<Claimed, Error> {
        claim::claim(self, &claim, now).await
    }

    async fn renew(
        &self,
        leases: &[LeaseId],
        until: Millis,
        _now: Millis,
    ) -> Result<Vec<LeaseId>, Error> {
        claim::renew(self, leases, until).await
    }

    async fn settle(&self, outcomes: &[Settle], now: Millis) -> Result<Settled, Error> {
        settle::settle(self, outcomes, now).await
    }

    async fn sweep(&self, attempts_max: u32, now: Millis) -> Result<Swept, Error> {
        settle::sweep(self, attempts_max, now).await
    }

    async fn recover(&self, gateway: &str, attempts_max: u32, now: Millis) -> Result<u64, Error> {
        settle::recover(self, gateway, attempts_max, now).await
    }

    async fn next_due(&self) -> Result<Option<Millis>, Error> {
        claim::next_due(self).await
    }

    async fn queue_depth(&self, most: u32) -> Result<u32, Error> {
        claim::depth(self, most).await
    }

    async fn audit(&self) -> Result<Vec<String>, Error> {
        audit::audit(self).await
    }
}
