//! All SQL: accounts, tokens, templates, fonts, the job queue, the credit ledger, rendered pictures.
//!
//! [`Store`] is the one trait; every database behind it passes the one suite in `conformance.rs`.
//! Times come in as [`Millis`]: this crate reads no clock. Every change of a job's state is one
//! statement guarded by the state that it leaves, and every movement of credits but grants is in
//! the same transaction as the change that causes it, so that
//!
//! - a job is finished by the holder of its lease or not at all,
//! - a hold is captured or voided exactly once,
//! - a picture is paid for exactly when this transaction is the one that recorded it.
//!
//! Deliberately absent: HTTP statuses, pictures' bytes, retry policy (the caller says when a
//! delayed job runs again).

#[cfg(test)]
mod conformance;
mod error;
mod sqlite;
mod types;

pub use error::Error;
pub use sqlite::Sqlite;
pub use types::*;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Credits, FieldsHash, FontHash, HoldId, JobId, LeaseId,
    TemplateId, TokenId,
};

/// Everything that must survive.
#[async_trait::async_trait]
pub trait Store: Send + Sync {
    // Accounts and tokens.

    /// Creates an account with `credits`; an existing id is left as it is.
    async fn create_account(&self, new: NewAccount, now: Millis) -> Result<Account, Error>;
    /// How many accounts there are: 0 asks for the first.
    async fn count_accounts(&self) -> Result<u64, Error>;
    /// An account with its balance.
    async fn account(&self, id: AccountId) -> Result<Option<Account>, Error>;
    /// Every account, the oldest first.
    async fn accounts(&self) -> Result<Vec<Account>, Error>;
    /// Adds credits; a repeated `idempotency_key` changes nothing. Answers the free credits.
    async fn grant(&self, grant: Grant, now: Millis) -> Result<Credits, Error>;
    /// Adds a token by its hash. The same token again is the one there is; one that was revoked or is
    /// another account's is [`Error::TokenTaken`].
    async fn create_token(&self, token: NewToken, now: Millis) -> Result<TokenId, Error>;
    /// Ends a token at once; `false` when the account has no such token.
    async fn revoke_token(
        &self,
        account: AccountId,
        token: TokenId,
        now: Millis,
    ) -> Result<bool, Error>;
    /// The tokens of an account, those that were revoked included, the oldest first.
    async fn tokens(&self, account: AccountId) -> Result<Vec<TokenRow>, Error>;
    /// Whose token this is; `None` when unknown, revoked or expired.
    async fn authenticate(
        &self,
        token_hash: &[u8; 32],
        now: Millis,
    ) -> Result<Option<Identity>, Error>;

    // Templates. A template is seen by its account alone; another account's is as if it were not.

    /// Creates a template, or adds a version to it when `id` exists and is the account's; an equal
    /// hash makes no version. Another account's id is [`Error::TemplateUnknown`].
    async fn put_template(&self, put: PutTemplate, now: Millis) -> Result<TemplateRow, Error>;
    /// The current version of a template of this account.
    async fn template(
        &self,
        account: AccountId,
        id: TemplateId,
    ) -> Result<Option<TemplateRow>, Error>;
    /// Any version of any template by content, for workers.
    async fn template_version(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, Error>;
    /// Templates of an account, newest first, after the cursor.
    async fn templates(
        &self,
        account: AccountId,
        page: Page<TemplateId>,
    ) -> Result<Vec<TemplateRow>, Error>;
    /// Forgets a template; its pictures stay. `false` when there is none.
    async fn delete_template(
        &self,
        account: AccountId,
        id: TemplateId,
        now: Millis,
    ) -> Result<bool, Error>;

    // Fonts. Their bytes are in the object store. A font is seen by its account alone.

    /// Adds a font to its account; the same file again is the one there is. [`Error::FontsExceeded`]
    /// when the account has as many as it may.
    async fn put_font(&self, put: PutFont, now: Millis) -> Result<PutFontDone, Error>;
    /// The fonts of an account, newest first.
    async fn fonts(&self, account: AccountId) -> Result<Vec<FontRow>, Error>;
    /// One font of this account.
    async fn font(&self, account: AccountId, hash: FontHash) -> Result<Option<FontRow>, Error>;
    /// The families of an account's fonts, for choosing those that a picture uses, in the order of
    /// their hashes.
    async fn font_families(&self, account: AccountId) -> Result<Vec<FontFamilies>, Error>;
    /// Takes a font from its account at once; batches under way keep it. `false` when there is none.
    async fn delete_font(&self, account: AccountId, hash: FontHash) -> Result<bool, Error>;

    // Pictures.

    /// The recorded picture of that name.
    async fn render(
        &self,
        template: TemplateId,
        hash: &FieldsHash,
    ) -> Result<Option<Render>, Error>;

    // Synchronous renders: hold, render, then capture or void. No job is made.

    /// Sets one credit aside until `expires`. [`Error::CreditShort`] when there is none.
    async fn hold(
        &self,
        hold: HoldId,
        account: AccountId,
        expires: Millis,
        now: Millis,
    ) -> Result<Credits, Error>;
    /// Records the picture and takes the held credit; when the picture was recorded meanwhile by
    /// somebody else, gives it back. Idempotent. [`Error::HoldVoided`] when the hold ran out and the
    /// picture is not recorded. Answers the free credits.
    async fn capture(&self, hold: HoldId, render: &Render, now: Millis) -> Result<Captured, Error>;
    /// Gives the held credit back. Idempotent. Answers the free credits.
    async fn void(&self, hold: HoldId, now: Millis) -> Result<Credits, Error>;

    // Batches.

    /// Reserves the credits and inserts the batch and its jobs, all or nothing. Rows whose picture
    /// is recorded are completed at once; rows equal to an earlier row of the batch follow it. Neither
    /// costs a credit. [`Error::CreditShort`] creates nothing. The same batch again answers what it did
    /// the first time.
    async fn submit(&self, submit: Submit, now: Millis) -> Result<Submitted, Error>;
    /// A batch of this account with its counts.
    async fn batch(&self, account: AccountId, id: BatchId) -> Result<Option<BatchRow>, Error>;
    /// The jobs of a batch in row order.
    async fn batch_jobs(&self, id: BatchId) -> Result<Vec<JobRow>, Error>;
    /// One job of this account.
    async fn job(&self, account: AccountId, id: JobId) -> Result<Option<JobRow>, Error>;

    // The queue.

    /// Leases up to `limit` ready jobs in fair order. Jobs whose picture was recorded meanwhile
    /// are completed in passing, and not given out; their batches are answered. A job that was lost
    /// with its worker twice is a suspect: it is given out by itself, to an idle asker alone, and
    /// those behind it wait, so that it takes no other job down with it.
    async fn claim(&self, claim: Claim, now: Millis) -> Result<Claimed, Error>;
    /// Extends leases; answers those that no active job is under any more. One that ran out but was
    /// not taken back yet is extended.
    async fn renew(
        &self,
        leases: &[LeaseId],
        until: Millis,
        now: Millis,
    ) -> Result<Vec<LeaseId>, Error>;
    /// Settles a group of jobs in one transaction: completed ones record their picture and capture,
    /// failed ones void, delayed ones wait for `run_at`, lost and released ones are ready again, and
    /// of the released ones the attempt does not count. A job that is not under its lease any more is left alone.
    async fn settle(&self, outcomes: &[Settle], now: Millis) -> Result<Settled, Error>;
    /// Makes due delayed jobs ready, takes back expired leases (ready again, or failed after
    /// `attempts_max`), voids expired holds. Answers what it did.
    async fn sweep(&self, attempts_max: u32, now: Millis) -> Result<Swept, Error>;
    /// Takes back every lease of gateways of this name: a gateway calls it as it starts, for what
    /// its earlier life left behind. The attempt counts, and a job that has had `attempts_max` of
    /// them fails, lest one that kills its gateway do so for ever. Answers how many jobs are ready
    /// again.
    async fn recover(&self, gateway: &str, attempts_max: u32, now: Millis) -> Result<u64, Error>;
    /// When the next delayed job or lease falls due; `None` when nothing waits.
    async fn next_due(&self) -> Result<Option<Millis>, Error>;
    /// Jobs ready to be claimed; they are counted up to `most`, however many there are.
    async fn queue_depth(&self, most: u32) -> Result<u32, Error>;

    /// The ledger's invariants that do not hold, as sentences; none in a sound database.
    async fn audit(&self) -> Result<Vec<String>, Error>;
}
