//! One job: render, store, answer.
//!
//! Deliberately absent: retries. A failure says who can act, and the gateway decides.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::OptionFuture;
use pixeldrive_blobs::{Blobs, Key};
use pixeldrive_model::{Failure, Fault, Problem, Template, parse_payload};
use pixeldrive_proto::{MESSAGE_BYTES_MAX, v1};

use super::Link;
use super::desk::Held;
use super::turns::Turns;
use crate::engine::{Attempt, Lane, Rendered, Task, Timings};

/// What a message holds besides the picture, at most.
const ENVELOPE_BYTES: usize = 64 << 10;

/// Where pictures go.
pub(super) struct Storage<'a> {
    /// The object store, when the gateway reads the same one.
    pub(super) shared: Option<&'a dyn Blobs>,
    /// What a picture waits for before it is put there.
    pub(super) turns: Option<&'a Turns>,
}

/// Renders `job` and stores the picture.
pub(super) async fn perform(
    link: &Link,
    template: Arc<Template>,
    job: &v1::Job,
    held: &Held,
) -> v1::Result {
    // From receipt, so that a wait for the template and the fonts counts.
    let wait = Duration::from_millis(job.deadline_ms.into());
    if held.lane == Lane::Interactive {
        link.worker.turns.single();
    }
    let outcome = async {
        let size = Some(job.size.as_str()).filter(|size| !size.is_empty());
        let task = Task {
            template: template.sized(size).map_err(|found| malformed(&[found]))?,
            payload: parse_payload(&job.payload).map_err(|found| malformed(&found))?,
            fonts: link.fonts(&job.font_hashes).await?,
            pixel_ratio: job.pixel_ratio,
            effort: job.effort().into(),
            lane: held.lane,
            strict: job.strict,
            deadline: (job.deadline_ms > 0).then(|| held.received + wait),
            attempt: if job.stand_in_key.is_empty() { Attempt::Early } else { Attempt::Last },
        };
        let rendered = link.worker.engine.render_claimed(task, held.claim.clone()).await?;
        let key = if rendered.stand_in { &job.stand_in_key } else { &job.key };
        link.storage(held.lane).place(key, rendered).await
    };
    answer(job, outcome.await)
}

/// The result of `job`.
pub(super) fn answer(job: &v1::Job, outcome: Result<v1::Done, Failure>) -> v1::Result {
    let (job_id, lease_id) = (job.job_id.clone(), job.lease_id.clone());
    let outcome = match outcome {
        Ok(done) => v1::result::Outcome::Done(done),
        Err(failure) => v1::result::Outcome::Failed(failure.into()),
    };
    v1::Result { job_id, lease_id, outcome: Some(outcome) }
}

impl Storage<'_> {
    /// Puts the picture where the gateway finds it: in the shared store, else in the answer.
    async fn place(&self, key: &str, rendered: Rendered) -> Result<v1::Done, Failure> {
        let Rendered { png, width, height, stand_in, warnings, timings } = rendered;
        let begun = Instant::now();
        let bytes = png.len() as u64;
        let inline = match self.shared {
            Some(blobs) => match self.put(blobs, key, png.clone()).await {
                Ok(()) => Bytes::new(),
                Err(error) => {
                    tracing::warn!(key, %error, "picture not stored; it goes with the answer");
                    png
                }
            },
            None => png,
        };
        if inline.len() > MESSAGE_BYTES_MAX - ENVELOPE_BYTES {
            return Err(too_large(inline.len()));
        }
        let timings = Some(wire_timings(timings, begun.elapsed()));
        let warnings = warnings.into_iter().map(v1::Warning::from).collect();
        Ok(v1::Done { width, height, bytes, png: inline, warnings, timings, stand_in })
    }

    async fn put(
        &self,
        blobs: &dyn Blobs,
        key: &str,
        png: Bytes,
    ) -> Result<(), pixeldrive_blobs::Error> {
        let key: Key = key.parse()?;
        let _turn = OptionFuture::from(self.turns.map(Turns::take)).await;
        blobs.put(&key, png).await
    }
}

fn wire_timings(timings: Timings, upload: Duration) -> v1::Timings {
    let us = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    v1::Timings {
        fetch_us: us(timings.fetch),
        layout_us: us(timings.layout),
        paint_us: us(timings.paint),
        encode_us: us(timings.encode),
        upload_us: us(upload),
    }
}

fn too_large(bytes: usize) -> Failure {
    Failure {
        fault: Fault::Operator,
        code: "picture_not_storable".to_owned(),
        message: format!(
            "the picture has {bytes} bytes, too many for a message; give the worker the gateway's store"
        ),
        element: String::new(),
    }
}

/// The gateway checks payloads before it queues them, so this one is not the caller's fault.
fn malformed(problems: &[Problem]) -> Failure {
    let message = problems.first().map_or("", |problem| problem.message.as_str());
    Failure {
        fault: Fault::Operator,
        code: "payload_malformed".to_owned(),
        message: format!("the job's payload cannot be read: {message}"),
        element: String::new(),
    }
}
