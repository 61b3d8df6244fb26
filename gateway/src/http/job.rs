//! One job of a batch, in the words of the API reference.

use axum::extract::{self, Path};
use pixeldrive_model::{JobId, Warning, image_key};
use pixeldrive_store::{JobRow, JobState};
use serde::Serialize;

use super::State;
use super::auth::Caller;
use super::error::Error;
use super::render::FromCache;

/// The picture of a completed job.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finished {
    image_url: String,
    content_type: &'static str,
    from_cache: FromCache,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl Finished {
    /// `None` unless the job is completed. `images` is the URL that pictures' keys follow.
    pub(crate) fn of(job: &JobRow, images: &str) -> Option<Self> {
        (job.state == JobState::Completed).then(|| Self {
            image_url: format!("{images}{}", image_key(job.template, &job.hash)),
            content_type: "image/png",
            from_cache: if job.from_cache { FromCache::Db } else { FromCache::No },
            warnings: job.warnings.clone(),
        })
    }
}

/// Why a job failed, or why its last attempt did.
pub(crate) fn failed_reason(job: &JobRow) -> Option<String> {
    match job.state {
        JobState::Failed | JobState::Delayed => job.failure.as_ref().map(ToString::to_string),
        JobState::Waiting | JobState::Active | JobState::Completed => None,
    }
}

/// A job as the API shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: JobId,
    status: &'static str,
    progress: u32,
    result: Option<Finished>,
    failed_reason: Option<String>,
    attempts_made: u32,
    warnings: Vec<Warning>,
}

/// `GET /v1/jobs/:id`.
pub(crate) async fn read(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Shown>, Error> {
    let missing = Error::NotFound("job");
    let Ok(id) = id.parse() else {
        return Err(missing);
    };
    let job = state.store.job(caller.account, id).await?.ok_or(missing)?;
    // A render is too short for more steps than these.
    let (status, progress) = match job.state {
        JobState::Waiting => ("waiting", 0),
        JobState::Active => ("active", 50),
        JobState::Completed => ("completed", 100),
        JobState::Failed => ("failed", 0),
        JobState::Delayed => ("delayed", 0),
    };
    Ok(axum::Json(Shown {
        id,
        status,
        progress,
        result: Finished::of(&job, &state.images),
        failed_reason: failed_reason(&job),
        attempts_made: job.attempts,
        warnings: job.warnings,
    }))
}
