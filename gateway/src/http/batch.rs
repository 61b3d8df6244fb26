//! Batches: up to a thousand rows taken in at once, and how far they are.
//!
//! Every row is bound before anything is stored, so that a row that can never be drawn is refused
//! here, with its path, and not found among a thousand results.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use axum::extract::{self, Path};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use pixeldrive_model::limits::{BATCH_BODY_BYTES_MAX, BATCH_PAYLOADS_MAX};
use pixeldrive_model::{
    AccountId, BatchId, Effort, Epoch, FontHash, JobId, Payload, Problem, Template, TemplateId,
    families_named, fields_hash,
};
use pixeldrive_store::{BatchRow, JobState, Row, Submit};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::auth::Caller;
use super::body::Json;
use super::error::{Error, PROBLEMS_MAX};
use super::families::Uploaded;
use super::job::Finished;
use super::{State, render};
use crate::clock;

/// The body of `POST /v1/render/batch`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ask {
    template_id: TemplateId,
    payloads: Vec<Box<RawValue>>,
    user_id: Option<AccountId>,
    size: Option<String>,
    pixel_ratio: Option<f64>,
    effort: Option<Effort>,
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    batch_id: BatchId,
    count: usize,
    job_ids: Vec<JobId>,
}

/// `POST /v1/render/batch`.
pub(crate) async fn submit(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Json(ask): Json<Ask, BATCH_BODY_BYTES_MAX>,
) -> Result<Response, Error> {
    let rows = ask.payloads.len();
    if !(1..=BATCH_PAYLOADS_MAX).contains(&rows) {
        let message = format!("{rows} payloads; a batch has 1 to {BATCH_PAYLOADS_MAX}");
        return Err(Error::invalid("payloads", message));
    }
    if ask.user_id.is_some_and(|payer| payer != caller.account) {
        return Err(Error::NotFound("template of this userId"));
    }
    let (template, known) = state.template(caller.account, ask.template_id).await?;
    let sized = known.template.sized(ask.size.as_deref()).map_err(|found| vec![found])?;
    let pixel_ratio = ask.pixel_ratio.unwrap_or(1.0);
    let effort = ask.effort.unwrap_or(state.config.effort);
    let uploaded = Uploaded::of(&state, caller.account).await?;
    let fonts = uploaded.used(&known.families).map_err(|found| vec![found])?;
    let binding = Binding {
        template: sized,
        families: known.families.clone(),
        uploaded,
        fonts: fonts.clone(),
        epoch: state.config.epoch.clone(),
        pixel_ratio,
        effort,
        payloads: ask.payloads,
    };
    let rows = tokio::task::spawn_blocking(move || binding.rows()).await??;
    let job_ids: Vec<_> = rows.iter().map(|row| row.job).collect();
    let submit = Submit {
        batch: BatchId::new(),
        account: caller.account,
        template: template.id,
        version: template.hash,
        size: ask.size,
        pixel_ratio,
        effort,
        strict: ask.strict.unwrap_or(false),
        fonts,
        rows,
    };
    let batch_id = submit.batch;
    let submitted = state.store.submit(submit, clock::now()).await?;
    if submitted.ready > 0 {
        state.dispatch.wake();
    }
    let location = [(LOCATION, format!("/v1/batches/{batch_id}"))];
    let accepted = Accepted { batch_id, count: job_ids.len(), job_ids };
    Ok((StatusCode::ACCEPTED, location, axum::Json(accepted)).into_response())
}

/// Payloads to be bound against a template.
struct Binding {
    /// In the size that is asked for.
    template: Arc<Template>,
    /// The font families that it names.
    families: BTreeSet<String>,
    uploaded: Uploaded,
    /// The fonts of these families.
    fonts: Vec<FontHash>,
    epoch: Epoch,
    pixel_ratio: f64,
    effort: Effort,
    payloads: Vec<Box<RawValue>>,
}

impl Binding {
    fn rows(self) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(self.payloads.len());
        let mut problems = Vec::new();
        for (index, payload) in self.payloads.iter().enumerate() {
            match self.row(payload.get()) {
                Ok(row) => rows.push(row),
                Err(found) => problems.extend(found.into_iter().map(|problem| at(index, problem))),
            }
            if problems.len() > PROBLEMS_MAX {
                break;
            }
        }
        if problems.is_empty() {
            return Ok(rows);
        }
        // A wrong pixelRatio is wrong for every row, but it is one problem.
        let mut seen = HashSet::new();
        problems.retain(|problem| seen.insert(problem.path.clone()));
        Err(Error::Invalid(problems))
    }

    fn row(&self, payload: &str) -> Result<Row, Vec<Problem>> {
        let values = render::check(&self.template, payload, self.pixel_ratio)?;
        let fonts = self.fonts_of(&values).map_err(|found| vec![found])?;
        let used = fonts.as_ref().unwrap_or(&self.fonts);
        let Self { template, pixel_ratio, effort, epoch, .. } = self;
        let hash = fields_hash(&template.hash, &values, *pixel_ratio, *effort, epoch, used);
        Ok(Row { job: JobId::new(), hash, payload: payload.as_bytes().to_vec(), fonts })
    }

    /// The fonts of a row that names families of its own.
    fn fonts_of(&self, values: &Payload) -> Result<Option<Vec<FontHash>>, Problem> {
        if self.uploaded.is_empty() {
            return Ok(None);
        }
        let mut families = families_named(values);
        if families.is_empty() {
            return Ok(None);
        }
        families.extend(self.families.iter().cloned());
        let used = self.uploaded.used(&families)?;
        Ok((used != self.fonts).then_some(used))
    }
}

/// `payload.headline.text` of row 3 is `payloads[3].headline.text`.
fn at(index: usize, problem: Problem) -> Problem {
    match problem.path.strip_prefix("payload") {
        Some(rest) => Problem::new(format!("payloads[{index}]{rest}"), problem.message),
        None => problem,
    }
}

/// How far a batch is. The order of the fields is that of the API reference's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) running: u64,
    pub(crate) queued: u64,
}

impl Counts {
    /// Nothing is left to do.
    pub(crate) fn finished(&self) -> bool {
        self.running + self.queued == 0
    }
}

impl From<BatchRow> for Counts {
    fn from(row: BatchRow) -> Self {
        let BatchRow { total, queued, running, completed, failed, .. } = row;
        Self { total, completed, failed, running, queued }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    batch_id: BatchId,
    #[serde(flatten)]
    counts: Counts,
    results: Vec<RowResult>,
}

/// One row of a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowResult {
    id: JobId,
    status: &'static str,
    result: Option<Finished>,
    failed_reason: Option<String>,
}

/// `GET /v1/batches/:id`.
pub(crate) async fn read(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Status>, Error> {
    let batch = find(&state, caller, &id).await?;
    let results = results(&state, batch.id).await?;
    // Counted here and not taken from the row, so that the counts are those of these results.
    let count = |status| results.iter().filter(|row| row.status == status).count() as u64;
    let counts = Counts {
        total: batch.total,
        completed: count(word(JobState::Completed)),
        failed: count(word(JobState::Failed)),
        running: count(word(JobState::Active)),
        queued: count(word(JobState::Waiting)),
    };
    Ok(axum::Json(Status { batch_id: batch.id, counts, results }))
}

/// A batch of the caller.
pub(crate) async fn find(state: &State, caller: Caller, id: &str) -> Result<BatchRow, Error> {
    let missing = Error::NotFound("batch");
    let Ok(id) = id.parse() else {
        return Err(missing);
    };
    state.store.batch(caller.account, id).await?.ok_or(missing)
}

/// The rows of a batch, in order.
pub(crate) async fn results(state: &State, batch: BatchId) -> Result<Vec<RowResult>, Error> {
    let jobs = state.store.batch_jobs(batch).await?;
    let row = |job| RowResult {
        result: Finished::of(&job, &state.images),
        failed_reason: super::job::failed_reason(&job),
        status: word(job.state),
        id: job.id,
    };
    Ok(jobs.into_iter().map(row).collect())
}

/// A batch has fewer words than a job.
fn word(state: JobState) -> &'static str {
    match state {
        JobState::Waiting | JobState::Delayed => "queued",
        JobState::Active => "running",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
    }
}
