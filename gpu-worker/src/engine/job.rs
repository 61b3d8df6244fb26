//! A job on its way through the threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use pixeldrive_model::{Bound, Effort, Failure, Fault, Payload, Template, Warning};
use pixeldrive_render::{Assets, Font};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{Lane, Rendered, Timings};

/// Whether a job has been begun; whoever moves it on from waiting decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim(Arc<AtomicU8>);

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

impl Claim {
    /// A render thread begins. `false` when the job was withdrawn.
    pub(crate) fn begin(&self) -> bool {
        self.settle(BEGUN)
    }

    /// Takes a job back. `false` when it has been begun: then it will be finished.
    pub(crate) fn withdraw(&self) -> bool {
        self.settle(WITHDRAWN)
    }

    fn settle(&self, to: u8) -> bool {
        self.0.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// What comes of a job.
pub(super) type Outcome = Result<Rendered, Failure>;

/// What every stage of a job needs to know.
pub(super) struct Ticket {
    pub(super) lane: Lane,
    pub(super) strict: bool,
    pub(super) deadline: Option<Instant>,
    pub(super) pixel_ratio: f64,
    pub(super) effort: Effort,
    pub(super) stand_in: bool,
    pub(super) timings: Timings,
    pub(super) claim: Claim,
    pub(super) reply: Reply,
}

/// Where the outcome of a job goes, from whoever has it first: its thread, or the watchdog.
#[derive(Clone)]
pub(super) struct Reply(Arc<Mutex<Option<Waiting>>>);

struct Waiting {
    sender: oneshot::Sender<Outcome>,
    /// The job's place in the bounded queue, given back with the answer.
    _room: OwnedSemaphorePermit,
}

impl Reply {
    pub(super) fn new(sender: oneshot::Sender<Outcome>, room: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Mutex::new(Some(Waiting { sender, _room: room }))))
    }

    /// Whether somebody waits for it.
    fn is_wanted(&self) -> bool {
        self.0.lock().as_ref().is_some_and(|waiting| !waiting.sender.is_closed())
    }

    /// Ends the job, unless it has ended. Nobody may be waiting any more; that is no error.
    pub(super) fn answer(&self, outcome: Outcome) {
        if let Some(waiting) = self.0.lock().take() {
            _ = waiting.sender.send(outcome);
        }
    }
}

/// A job that waits for a render thread.
pub(super) struct Job {
    pub(super) template: Arc<Template>,
    pub(super) payload: Payload,
    /// The payload in the template.
    pub(super) bound: Bound,
    pub(super) assets: Assets,
    pub(super) fonts: Vec<Font>,
    pub(super) ticket: Ticket,
}

impl Ticket {
    /// Whether the job is still to be done; asked once, by the thread that would do it.
    pub(super) fn begin(&self) -> bool {
        let late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        !late && self.reply.is_wanted() && self.claim.begin()
    }

    /// Ends the job with its file, of so many pixels.
    pub(super) fn answer_file(
        self,
        file: Vec<u8>,
        (width, height): (u32, u32),
        warnings: Vec<Warning>,
    ) {
        let (stand_in, timings) = (self.stand_in, self.timings);
        let png = Bytes::from(file);
        self.answer(Ok(Rendered { png, width, height, stand_in, warnings, timings }));
    }

    /// Ends the job.
    pub(super) fn answer(self, outcome: Outcome) {
        self.reply.answer(outcome);
    }
}

/// Nobody waits any more.
pub(super) fn late() -> Failure {
    Failure {
        fault: Fault::Transient,
        code: "deadline_exceeded".to_owned(),
        message: "the render was not done in time; try again".to_owned(),
        element: String::new(),
    }
}

/// The time since `from`, which moves up to now.
pub(super) fn lap(from: &mut Instant) -> Duration {
    let now = Instant::now();
    let lap = now - *from;
    *from = now;
    lap
}
