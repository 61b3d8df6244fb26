//! Sessions with gateways: one each, kept up for as long as the worker lives.
//!
//! The worker dials, says what it is, grants permits and does what it is sent ([`talk`]). When a
//! connection breaks it dials again after a random wait; what it still has in hand for that gateway
//! stays on its [`desk`]. Deliberately absent: choosing among gateways. Each gets its permits, and
//! the engine's queue evens them out.

mod backoff;
mod desk;
mod fonts;
mod perform;
mod permits;
mod talk;
#[cfg(test)]
mod tests;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use moka::sync::Cache;
use pixeldrive_blobs::Blobs;
use pixeldrive_model::{ContentHash, Epoch, Template, WorkerId};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Dial, Engine, Error, Lane};
use backoff::Backoff;
use desk::Desk;
use turns::Turns;

/// Bytes of the documents of the templates that are kept parsed.
const TEMPLATE_BYTES_MAX: u64 = 64 << 20;

/// Who this worker is.
#[derive(Clone)]
pub struct WorkerConfig {
    /// Of this process.
    pub id: WorkerId,
    /// What gateways ask for.
    pub token: String,
    /// What this worker's pixels depend on; the gateways' must be the same.
    pub epoch: Epoch,
}

/// What all sessions share.
struct Worker {
    config: WorkerConfig,
    engine: Engine,
    blobs: Option<Arc<dyn Blobs>>,
    templates: Cache<ContentHash, Parsed>,
    fonts: fonts::Known,
    turns: Turns,
}

/// A template with the length of its document.
#[derive(Clone)]
struct Parsed {
    template: Arc<Template>,
    bytes: u32,
}

/// One gateway, across connections.
struct Link {
    worker: Arc<Worker>,
    desk: Desk,
    /// Fonts that the gateway is sending.
    arriving: fonts::Arriving,
    /// Whether the gateway reads the store that this worker writes.
    shared_store: AtomicBool,
}

impl Link {
    /// The store to put pictures in, when the gateway reads it too.
    fn storage(&self, lane: Lane) -> perform::Storage<'_> {
        let shared = self.shared_store.load(Ordering::Relaxed);
        let shared = self.worker.blobs.as_deref().filter(|_| shared);
        let turns = (lane == Lane::Bulk).then_some(&self.worker.turns);
        perform::Storage { shared, turns }
    }
}

/// Works for `gateways` until `shutdown`, or until too many renders do not end; then hands back what is not
/// begun, finishes the rest, and returns.
///
/// # Errors
/// [`Error::Stuck`]: the process should end, and another begin.
pub async fn run(
    config: WorkerConfig,
    engine: Engine,
    blobs: Option<Arc<dyn Blobs>>,
    gateways: Vec<Dial>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let shutdown = shutdown.child_token();
    let templates = Cache::builder()
        .max_capacity(TEMPLATE_BYTES_MAX)
        .weigher(|_, parsed: &Parsed| parsed.bytes)
        .build();
    let (fonts, turns) = (fonts::Known::new(), Turns::new(engine.slots()));
    let worker = Arc::new(Worker { config, engine, blobs, templates, fonts, turns });
    let mut links = JoinSet::new();
    for (number, dial) in gateways.into_iter().enumerate() {
        let desk = Desk::new(worker.engine.slots());
        let shared_store = AtomicBool::new(false);
        let arriving = fonts::Arriving::default();
        let link = Arc::new(Link { worker: Arc::clone(&worker), desk, arriving, shared_store });
        links.spawn(keep_up(link, number, dial, shutdown.clone()));
    }
    let mut stuck = false;
    loop {
        tokio::select! {
            ended = links.join_next() => match ended {
                None => break,
                Some(Err(error)) => tracing::error!(%error, "a session ended badly"),
                Some(Ok(())) => {}
            },
            () = worker.engine.hopeless(), if !stuck => {
                stuck = true;
                shutdown.cancel();
            }
        }
    }
    if stuck { Err(Error::Stuck) } else { Ok(()) }
}

/// Connects, talks, and does so again.
async fn keep_up(link: Arc<Link>, number: usize, dial: Dial, shutdown: CancellationToken) {
    let mut backoff = Backoff::default();
    while !shutdown.is_cancelled() {
        let connected = shutdown.run_until_cancelled(dial()).await;
        match connected {
            None => break,
            Some(Err(error)) => tracing::warn!(gateway = number, error = ?error, "cannot connect"),
            Some(Ok(channel)) => match talk::talk(&link, channel, &shutdown, &mut backoff).await {
                Ok(()) => tracing::info!(gateway = number, "session over"),
                Err(status) => tracing::warn!(
                    gateway = number,
                    code = ?status.code(),
                    message = status.message(),
                    "session broken"
                ),
            },
        }
        _ = shutdown.run_until_cancelled(tokio::time::sleep(backoff.next())).await;
    }
}
