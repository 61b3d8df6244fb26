//! Synchronous renders: no job is made; a caller waits on the connection.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pixeldrive_model::{ContentHash, Effort, Failure, Fault, FontHash, JobId, LeaseId, Warning};
use pixeldrive_proto::v1;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use super::workers::Workers;
use super::{Dispatch, Held, Origin, retry};

/// How long a render waits for the first worker to come: they may all be reconnecting.
const GRACE: Duration = Duration::from_secs(2);
/// Workers that a render may outlive.
const LOST_MAX: u32 = 1;

/// A picture that somebody waits for.
pub(crate) struct RenderNow {
    /// The template document.
    pub(crate) template: Arc<[u8]>,
    /// Its content hash.
    pub(crate) template_hash: ContentHash,
    /// JSON object.
    pub(crate) payload: Vec<u8>,
    /// The uploaded fonts that it uses.
    pub(crate) fonts: Arc<[FontHash]>,
    /// The named size of the template; empty for its own.
    pub(crate) size: String,
    /// Device pixels per px.
    pub(crate) pixel_ratio: f64,
    /// How much time the file may take to become small.
    pub(crate) effort: Effort,
    /// Where the picture goes in the object store.
    pub(crate) key: String,
    /// Where it goes with something in place of an image whose origin fails for the moment.
    pub(crate) stand_in_key: String,
    /// Warnings are failures.
    pub(crate) strict: bool,
    /// How long the caller waits.
    pub(crate) deadline: Duration,
}

/// A picture that is in the object store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Picture {
    /// Pixels across.
    pub(crate) width: u32,
    /// Pixels down.
    pub(crate) height: u32,
    /// Length of the PNG.
    pub(crate) bytes: u64,
    /// Whether it is where pictures go with something in place of an image.
    pub(crate) stand_in: bool,
    /// What was adjusted.
    pub(crate) warnings: Vec<Warning>,
    /// Where the time went.
    pub(crate) timings: v1::Timings,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderNowError {
    /// No worker is connected.
    #[error("no worker is connected; try again")]
    NoWorker,
    /// The time is up.
    #[error("the picture was not ready in time; try again")]
    Deadline,
    /// This gateway is shutting down.
    #[error("this gateway is shutting down; try again")]
    Draining,
    /// The render failed.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// How an attempt at a synchronous render ended.
pub(super) enum Answer {
    Picture(Picture),
    Failed(Failure),
    /// The worker handed it back unstarted.
    Released,
    /// The worker is gone.
    Lost,
}

/// One attempt at a synchronous render.
pub(super) struct Ticket {
    pub(super) job: JobId,
    pub(super) template: Arc<[u8]>,
    pub(super) template_hash: ContentHash,
    payload: Bytes,
    fonts: Arc<[FontHash]>,
    size: String,
    pixel_ratio: f64,
    effort: Effort,
    key: String,
    stand_in_key: String,
    strict: bool,
    deadline: Instant,
    reply: oneshot::Sender<Answer>,
}

impl Dispatch {
    /// Renders one picture at once, into the object store.
    pub(crate) async fn render_now(&self, job: RenderNow) -> Result<Picture, RenderNowError> {
        let _under_way = self.shared.renders.token();
        if self.shared.draining.is_cancelled() {
            return Err(RenderNowError::Draining);
        }
        let deadline = Instant::now() + job.deadline;
        match timeout_at(deadline, self.attempts(job, deadline)).await {
            Ok(ended) => ended,
            Err(_) if self.workers() == 0 => Err(RenderNowError::NoWorker),
            Err(_) => Err(RenderNowError::Deadline),
        }
    }

    async fn attempts(&self, job: RenderNow, deadline: Instant) -> Result<Picture, RenderNowError> {
        let workers = &self.shared.workers;
        let payload = Bytes::from(job.payload);
        let mut lost = 0;
        loop {
            let mut count = workers.count();
            if timeout(GRACE, count.wait_for(|count| count.live > 0)).await.is_err() {
                return Err(RenderNowError::NoWorker);
            }
            let (reply, answer) = oneshot::channel();
            let ticket = Ticket {
                job: JobId::new(),
                template: Arc::clone(&job.template),
                template_hash: job.template_hash,
                payload: payload.clone(),
                fonts: Arc::clone(&job.fonts),
                size: job.size.clone(),
                pixel_ratio: job.pixel_ratio,
                effort: job.effort,
                key: job.key.clone(),
                stand_in_key: job.stand_in_key.clone(),
                strict: job.strict,
                deadline,
                reply,
            };
            let _withdraw = Withdraw { workers, job: ticket.job };
            if !workers.offer(ticket) {
                return Err(overloaded().into());
            }
            match answer.await {
                Ok(Answer::Picture(picture)) => return Ok(picture),
                Ok(Answer::Failed(failure)) => return Err(failure.into()),
                Ok(Answer::Released) => {}
                Ok(Answer::Lost) | Err(_) if lost < LOST_MAX => lost += 1,
                Ok(Answer::Lost) | Err(_) => return Err(retry::worker_lost().into()),
            }
        }
    }
}

/// Takes the render back when its caller is gone, by a closed connection or by the deadline.
struct Withdraw<'a> {
    workers: &'a Workers,
    job: JobId,
}

impl Drop for Withdraw<'_> {
    fn drop(&mut self) {
        self.workers.withdraw(self.job);
    }
}

impl Ticket {
    /// As the worker is told.
    pub(super) fn message(&self) -> v1::Job {
        let left = self.deadline.saturating_duration_since(Instant::now()).as_millis();
        v1::Job {
            job_id: self.job.to_string(),
            lease_id: self.lease().to_string(),
            template_hash: self.template_hash.to_string(),
            payload: self.payload.clone(),
            pixel_ratio: self.pixel_ratio,
            key: self.key.clone(),
            // 0 would be no deadline at all.
            deadline_ms: u32::try_from(left).unwrap_or(u32::MAX).max(1),
            strict: self.strict,
            font_hashes: self.fonts.iter().map(FontHash::to_string).collect(),
            size: self.size.clone(),
            stand_in_key: self.stand_in_key.clone(),
            effort: v1::Effort::from(self.effort).into(),
        }
    }

    pub(super) fn into_held(self) -> Held {
        Held {
            job: self.job,
            lease: self.lease(),
            template: self.template_hash,
            fonts: Arc::clone(&self.fonts),
            key: self.key.clone(),
            stand_in_key: self.stand_in_key.clone(),
            sent: std::time::Instant::now(),
            origin: Origin::Interactive(self),
        }
    }

    /// Answers the caller, if he still waits.
    pub(super) fn answer(self, answer: Answer) {
        // He may be gone: a picture that nobody waits for is no loss.
        let _ = self.reply.send(answer);
    }

    /// Each attempt has an id of its own, which therefore serves as its lease too.
    fn lease(&self) -> LeaseId {
        LeaseId(self.job.0)
    }
}

fn overloaded() -> Failure {
    Failure {
        fault: Fault::Transient,
        code: "overloaded".to_owned(),
        message: "too many renders wait for a worker; try again later".to_owned(),
        element: String::new(),
    }
}
