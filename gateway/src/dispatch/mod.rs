//! Dispatch: jobs from the queue and from waiting callers to the workers, and their ends back.
//!
//! Workers dial; each has a session ([`session`]) that grants permits. The claim loop ([`queue`])
//! leases jobs for whoever has permits, a synchronous render ([`interactive`]) takes a permit of
//! its own, the ends of attempts ([`outcome`]) are settled in groups ([`settle`]), and leases live
//! as long as workers list them ([`leases`]). What a worker lacks it asks for ([`supply`]).
//!
//! A job is always in exactly one place: in the store, held by a session ([`workers`]), or on its
//! way into the settler. Whatever ends a session moves what it holds.

mod interactive;
mod leases;
mod outcome;
mod queue;
mod retry;
mod session;
mod settle;
mod supply;
#[cfg(test)]
pub(crate) mod tests;
mod watch;
mod workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use pixeldrive_blobs::{Blobs, Key};
use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Epoch, FieldsHash, FontHash, JobId, LeaseId, TemplateId,
};
use pixeldrive_proto::MESSAGE_BYTES_MAX;
use pixeldrive_proto::v1::farm_server::FarmServer;
use pixeldrive_store::{Millis, Store};
use tokio::sync::{Notify, OnceCell};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use interactive::Ticket;
pub(crate) use interactive::{RenderNow, RenderNowError};
use session::Farm;

/// How long synchronous renders may take to finish once the gateway drains.
pub(crate) const DRAIN: Duration = Duration::from_secs(20);
/// How long workers may take to finish and go after that.
const FAREWELL: Duration = Duration::from_secs(5);

/// How jobs are dispatched.
#[derive(Clone)]
pub(crate) struct DispatchConfig {
    /// Name of this gateway; its leases carry it.
    pub(crate) name: String,
    /// What workers must agree on.
    pub(crate) epoch: Epoch,
    /// What workers must show.
    pub(crate) worker_token: Option<String>,
    /// How long a lease lasts unless it is renewed.
    pub(crate) lease_ms: u32,
    /// How often workers say that they live; three times that in silence and they do not.
    pub(crate) heartbeat_ms: u32,
    /// How often a job is tried.
    pub(crate) attempts_max: u32,
}

/// The handle to it all; clones share it.
#[derive(Clone)]
pub(crate) struct Dispatch {
    shared: Arc<Shared>,
}

struct Shared {
    config: DispatchConfig,
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    workers: workers::Workers,
    settler: settle::Settler,
    watches: watch::Watches,
    /// Rouses the claim loop.
    wake: Notify,
    /// When a job is known to fall due, beyond what the store was asked.
    due: AtomicI64,
    /// Written once; whoever reads it shares this gateway's store.
    probe: OnceCell<Key>,
    /// No new work is taken on.
    draining: CancellationToken,
    /// No session may live on.
    closed: CancellationToken,
    /// Synchronous renders under way.
    renders: TaskTracker,
    /// Sessions, and results that are on their way into the settler.
    tasks: TaskTracker,
}

/// A job in a worker's hands.
struct Held {
    job: JobId,
    lease: LeaseId,
    /// Content hash of the template's version.
    template: ContentHash,
    /// The uploaded fonts that it uses.
    fonts: Arc<[FontHash]>,
    /// Where its picture goes.
    key: String,
    /// Where it goes with something in place of an image.
    stand_in_key: String,
    sent: Instant,
    origin: Origin,
}

/// Who wants it.
enum Origin {
    Bulk(BulkJob),
    Interactive(Ticket),
}

/// What settling a job of a batch takes.
struct BulkJob {
    account: AccountId,
    template: TemplateId,
    hash: FieldsHash,
    attempt: u32,
    /// It may kill whoever has it: nothing else is sent there meanwhile.
    suspect: bool,
}

impl Dispatch {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        config: DispatchConfig,
    ) -> Self {
        let shared = Shared {
            config,
            store,
            blobs,
            workers: workers::Workers::default(),
            settler: settle::Settler::default(),
            watches: watch::Watches::default(),
            wake: Notify::new(),
            due: AtomicI64::new(Millis::MAX),
            probe: OnceCell::new(),
            draining: CancellationToken::new(),
            closed: CancellationToken::new(),
            renders: TaskTracker::new(),
            tasks: TaskTracker::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs until `shutdown`, then drains: what callers wait for is finished, workers are sent
    /// away, and every outcome that arrived is settled.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        let shared = &*self.shared;
        let finished = CancellationToken::new();
        let drain = async {
            shutdown.cancelled().await;
            shared.drain().await;
            finished.cancel();
        };
        tokio::join!(
            queue::run(shared),
            leases::run(shared),
            settle::run(shared, &finished),
            drain
        );
    }

    /// The service that workers dial.
    pub(crate) fn service(&self) -> FarmServer<Farm> {
        FarmServer::new(Farm::new(Arc::clone(&self.shared)))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// A batch was submitted.
    pub(crate) fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Watches a batch: the number rises when one of its jobs changed.
    pub(crate) fn watch(&self, batch: BatchId) -> tokio::sync::watch::Receiver<u64> {
        self.shared.watches.watch(batch)
    }

    /// How many workers are connected and take work.
    pub(crate) fn workers(&self) -> usize {
        self.shared.workers.count().borrow().live
    }

    /// Cancelled when this gateway begins to shut down.
    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.shared.draining
    }

    /// Cancelled when every session is to end.
    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.shared.closed
    }
}

impl Shared {
    async fn drain(&self) {
        self.draining.cancel();
        self.renders.close();
        if timeout(DRAIN, self.renders.wait()).await.is_err() {
            tracing::warn!(renders = self.renders.len(), "renders were cut off by the shutdown");
        }
        self.workers.go_away();
        let mut count = self.workers.count();
        // In vain when a worker does not go: its jobs are handed back below.
        let _ = timeout(FAREWELL, count.wait_for(|count| count.all == 0)).await;
        self.closed.cancel();
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "results were cut off by the shutdown");
        }
        if let Some(probe) = self.probe.get()
            && let Err(error) = self.blobs.delete(probe).await
        {
            tracing::warn!(%probe, %error, "the probe blob stays behind");
        }
    }

    /// A job falls due then.
    fn due_at(&self, at: Millis) {
        self.due.fetch_min(at, Ordering::Relaxed);
        self.wake.notify_one();
    }
}
