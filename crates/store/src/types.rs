//! Rows and arguments of [`Store`](crate::Store), in plain types.

use std::sync::Arc;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Credits, Effort, Failure, FieldsHash, FontHash, JobId,
    LeaseId, TemplateId, TokenId, Warning,
};

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// An account to be created.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub id: AccountId,
    /// For people.
    pub name: String,
    /// Credits granted with it.
    pub credits: Credits,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// For people.
    pub name: String,
    /// Credits that can be spent.
    pub available: Credits,
    /// Credits held for renders under way.
    pub held: Credits,
    /// Credits spent so far.
    pub spent: Credits,
}

/// Credits given to an account.
#[derive(Clone, Debug)]
pub struct Grant {
    /// To whom.
    pub account: AccountId,
    /// How many; more than 0, and no more in all than [`CREDITS_MAX`].
    pub credits: Credits,
    /// Makes a repeated grant one.
    pub idempotency_key: String,
}

/// A token to be created. Only its hash is kept.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// For people.
    pub name: String,
    /// BLAKE3 of the token.
    pub hash: [u8; 32],
    /// Its last four characters, to tell tokens apart in a list.
    pub last4: String,
    /// When it ends by itself.
    pub expires: Option<Millis>,
}

/// A token as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// For people.
    pub name: String,
    /// Its last four characters.
    pub last4: String,
    /// When it ends by itself.
    pub expires: Option<Millis>,
    /// Whether it was ended by hand.
    pub revoked: bool,
}

/// Credits that an account can have: no sum of them comes near the end of an integer's range.
pub const CREDITS_MAX: Credits = 1_000_000_000_000_000;

/// Who is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that is billed.
    pub account: AccountId,
    /// The token used.
    pub token: TokenId,
}

/// A template document to be stored.
#[derive(Clone, Debug)]
pub struct PutTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub account: AccountId,
    /// From the document.
    pub name: String,
    /// Content hash of the document.
    pub hash: ContentHash,
    /// The document as it was sent.
    pub json: Vec<u8>,
}

/// A template's current version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub account: AccountId,
    /// From the document.
    pub name: String,
    /// Content hash of the current version.
    pub hash: ContentHash,
    /// 1 for the first version.
    pub version: u32,
    /// The document.
    pub json: Arc<[u8]>,
    /// When the first version came.
    pub created: Millis,
    /// When this version came.
    pub updated: Millis,
}

/// A font to be added to an account.
#[derive(Clone, Debug)]
pub struct PutFont {
    /// Whose it is.
    pub account: AccountId,
    /// Its name.
    pub hash: FontHash,
    /// Length of the file, unpacked.
    pub bytes: u64,
    /// Its families as [`family_key`](pixeldrive_model::family_key) writes them.
    pub families: Vec<String>,
    /// JSON: what the API shows.
    pub description: String,
}

/// What [`put_font`](crate::Store::put_font) did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutFontDone {
    /// The font.
    pub font: FontRow,
    /// Whether the account did not have it yet.
    pub added: bool,
}

/// A font of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontRow {
    /// Its name.
    pub hash: FontHash,
    /// Length of the file, unpacked.
    pub bytes: u64,
    /// JSON: what the API shows.
    pub description: String,
    /// When it came.
    pub created: Millis,
}

/// A font of an account, as far as choosing it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FontFamilies {
    /// Its name.
    pub hash: FontHash,
    /// Length of the file, unpacked.
    pub bytes: u64,
    /// Its families as [`family_key`](pixeldrive_model::family_key) writes them.
    pub families: Vec<String>,
}

/// A page of a list.
#[derive(Clone, Copy, Debug)]
pub struct Page<Id> {
    /// Rows at most.
    pub limit: u32,
    /// The last row of the page before.
    pub after: Option<Id>,
}

/// A recorded picture: its bytes are in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    /// Whose template.
    pub account: AccountId,
    /// The template.
    pub template: TemplateId,
    /// Name of the picture.
    pub hash: FieldsHash,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Length of the PNG.
    pub bytes: u64,
    /// What was adjusted.
    pub warnings: Vec<Warning>,
}

/// What [`capture`](crate::Store::capture) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Whether this call recorded the picture, and so took the credit.
    pub charged: bool,
    /// Free credits now.
    pub available: Credits,
}

/// A batch to be submitted.
#[derive(Clone, Debug)]
pub struct Submit {
    /// Its id.
    pub batch: BatchId,
    /// Who pays.
    pub account: AccountId,
    /// What is rendered.
    pub template: TemplateId,
    /// Its version.
    pub version: ContentHash,
    /// In which of its named sizes.
    pub size: Option<String>,
    /// Device pixels per px.
    pub pixel_ratio: f64,
    /// How much time the files may take to become small.
    pub effort: Effort,
    /// Warnings are failures.
    pub strict: bool,
    /// The uploaded fonts that the template uses.
    pub fonts: Vec<FontHash>,
    /// The rows, in order.
    pub rows: Vec<Row>,
}

/// One row of a batch.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its job.
    pub job: JobId,
    /// Name of its picture.
    pub hash: FieldsHash,
    /// JSON object.
    pub payload: Vec<u8>,
    /// The uploaded fonts that it uses, when they are not those of its batch.
    pub fonts: Option<Vec<FontHash>>,
}

/// What [`submit`](crate::Store::submit) did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Credits held for the batch.
    pub held: Credits,
    /// Free credits now.
    pub available: Credits,
    /// Rows to be rendered.
    pub ready: u64,
}

/// Where a job stands; the words are those of the public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Ready to be claimed, or following an equal row.
    Waiting,
    /// Leased to a worker.
    Active,
    /// Its picture is recorded.
    Completed,
    /// It will not be tried again.
    Failed,
    /// It will be tried again later.
    Delayed,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// Its batch.
    pub batch: BatchId,
    /// Its place in the batch, from 0.
    pub seq: u32,
    /// Its template.
    pub template: TemplateId,
    /// Name of its picture.
    pub hash: FieldsHash,
    /// Where it stands.
    pub state: JobState,
    /// Whether the picture was there already, and so cost nothing. Meaningful when completed.
    pub from_cache: bool,
    /// How often it was handed to a worker.
    pub attempts: u32,
    /// Why it failed, or why its last attempt did.
    pub failure: Option<Failure>,
    /// What was adjusted in its picture.
    pub warnings: Vec<Warning>,
}

/// A batch and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// Its id.
    pub id: BatchId,
    /// Whose it is.
    pub account: AccountId,
    /// Its template.
    pub template: TemplateId,
    /// Rows in all.
    pub total: u64,
    /// Waiting or delayed.
    pub queued: u64,
    /// Leased.
    pub running: u64,
    /// Done.
    pub completed: u64,
    /// Given up.
    pub failed: u64,
}

/// A wish for jobs.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Jobs at most.
    pub limit: u32,
    /// Whoever asks holds no other job, so that a suspect may be given to it.
    pub idle: bool,
    /// The lease they are given out with.
    pub lease: LeaseId,
    /// When it ends unless renewed.
    pub until: Millis,
    /// Name of the gateway that claims, for [`recover`](crate::Store::recover).
    pub gateway: String,
}

/// What [`claim`](crate::Store::claim) did.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// The jobs given out.
    pub jobs: Vec<ClaimedJob>,
    /// Batches of which a job was completed in passing.
    pub batches: Vec<BatchId>,
}

/// A job given out.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Its batch.
    pub batch: BatchId,
    /// Whose it is.
    pub account: AccountId,
    /// Its template.
    pub template: TemplateId,
    /// Content hash of the version to render.
    pub version: ContentHash,
    /// Name of its picture.
    pub hash: FieldsHash,
    /// JSON object.
    pub payload: Vec<u8>,
    /// In which of the template's named sizes.
    pub size: Option<String>,
    /// Device pixels per px.
    pub pixel_ratio: f64,
    /// How much time the file may take to become small.
    pub effort: Effort,
    /// Warnings are failures.
    pub strict: bool,
    /// The uploaded fonts that it uses.
    pub fonts: Vec<FontHash>,
    /// This attempt's number, from 1.
    pub attempt: u32,
    /// It was lost with its worker twice, so that it comes alone and should stay alone.
    pub suspect: bool,
}

/// The end of an attempt at a job.
#[derive(Clone, Debug)]
pub struct Settle {
    /// Which job.
    pub job: JobId,
    /// The lease it was given out with.
    pub lease: LeaseId,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The picture is in the object store.
    Completed(Render),
    /// A picture in which something stands in for an image is in the object store, under a hash of its
    /// own that the job takes over. Whoever asks for the true picture does not find it.
    StandIn(Render),
    /// For good.
    Failed(Failure),
    /// It is to be tried again at that time.
    Delayed {
        /// When.
        run_at: Millis,
        /// What went wrong.
        failure: Failure,
    },
    /// Whoever had it vanished: it is ready again, and the attempt counts.
    Lost,
    /// It was not started.
    Released,
}

/// What [`settle`](crate::Store::settle) did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Batches of which a job changed.
    pub batches: Vec<BatchId>,
    /// Jobs that were not under their lease any more.
    pub stale: Vec<JobId>,
}

/// What [`sweep`](crate::Store::sweep) did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs made ready, the expired ones among them.
    pub ready: u64,
    /// Jobs whose lease had run out.
    pub expired: u64,
    /// Batches of which a job changed.
    pub batches: Vec<BatchId>,
}
