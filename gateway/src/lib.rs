//! The gateway: the HTTP API in front, the workers behind, the store and the pictures beside.
//!
//! [`run`] is all there is to it. It owns no state: what must survive is in the store and in the
//! object store, and the rest is rebuilt when workers and callers dial again.
//!
//! Deliberately absent: SQL (`store`), painting (`render`, in the workers), reading flags and
//! environment (the binary).

mod clock;
mod config;
mod dispatch;
mod error;
mod http;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use pixeldrive_blobs::Blobs;
use pixeldrive_store::Store;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

pub use config::{Config, SigningKey, SigningKeys};
pub use error::Error;
/// What a connection of a worker must be, besides a pair of byte streams.
pub use tonic::transport::server::Connected;

use dispatch::{Dispatch, DispatchConfig};

/// How often a job is tried.
const ATTEMPTS_MAX: u32 = 4;
const LEASE_MS: u32 = 30_000;
const HEARTBEAT_MS: u32 = 5_000;
/// How often a silent connection is tested, and how long for.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_SILENCE: Duration = Duration::from_secs(20);
/// How long to wait after a connection could not be accepted: file descriptors may be short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often expired previews are removed.
const PREVIEWS_SWEEP: Duration = Duration::from_secs(3600);
/// How long connections may take to close once all that they carried is done.
const CLOSE: Duration = Duration::from_secs(2);

/// Serves callers on `http` and workers on `workers` until `shutdown`, then drains: nothing new is
/// accepted, what callers wait for is finished, workers are sent away, and what they answered is
/// settled.
///
/// # Errors
/// When the store fails at the start, or a listener later.
pub async fn run<IO>(
    config: Config,
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    http: TcpListener,
    workers: impl Stream<Item = io::Result<IO>> + Send + 'static,
    shutdown: CancellationToken,
) -> Result<(), Error>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let now = clock::now();
    let recovered = store.recover(&config.name, ATTEMPTS_MAX, now).await.map_err(Error::Recover)?;
    if recovered > 0 {
        tracing::info!(jobs = recovered, "jobs of an earlier life are ready again");
    }
    let dispatch = Dispatch::new(Arc::clone(&store), Arc::clone(&blobs), dispatch_config(&config));
    let draining = dispatch.draining();
    let state = http::State::new(
        Arc::new(config),
        store,
        Arc::clone(&blobs),
        dispatch.clone(),
        draining.clone(),
    );
    let router = http::router(state.clone());

    // The workers' listener takes the rest down in good order when it fails.
    let shutdown = shutdown.child_token();
    let callers = async {
        let served = async {
            http::server::serve(http, router, draining.clone()).await;
            state.drained().await;
        };
        until(served, draining, dispatch::DRAIN).await;
    };
    let farm = async {
        let closed = dispatch.closed().clone();
        let server = Server::builder()
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE_SILENCE))
            .add_service(dispatch.service())
            .serve_with_incoming_shutdown(accepted(workers), closed.cancelled_owned());
        let ended = until(server, dispatch.closed(), CLOSE).await;
        shutdown.cancel();
        ended.unwrap_or(Ok(())).map_err(Error::Workers)
    };
    let previews = draining.run_until_cancelled(sweep_previews(&*blobs));
    let dispatching = dispatch.run(shutdown.clone());
    let ((), farm, (), _) = tokio::join!(callers, farm, dispatching, previews);
    farm
}

fn dispatch_config(config: &Config) -> DispatchConfig {
    DispatchConfig {
        name: config.name.clone(),
        epoch: config.epoch.clone(),
        worker_token: config.worker_token.clone(),
        lease_ms: LEASE_MS,
        heartbeat_ms: HEARTBEAT_MS,
        attempts_max: ATTEMPTS_MAX,
    }
}

/// Waits for a server, but not longer than `grace` once `stopping`: a connection that its peer
/// leaves open would hold it up for ever.
async fn until<T>(
    server: impl Future<Output = T>,
    stopping: &CancellationToken,
    grace: Duration,
) -> Option<T> {
    let stopped = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        ended = server => Some(ended),
        () = stopped => None,
    }
}

/// Removes expired previews, from the start on: the last life may have left some.
async fn sweep_previews(blobs: &dyn Blobs) {
    let mut ticks = tokio::time::interval(PREVIEWS_SWEEP);
    loop {
        ticks.tick().await;
        match http::previews::sweep(blobs, clock::now()).await {
            Ok(previews) => tracing::debug!(previews, "expired previews were removed"),
            Err(error) => tracing::warn!(%error, "expired previews were not removed"),
        }
    }
}

/// The connections of workers, which never end: the server would take an end for a shutdown.
fn accepted<IO>(workers: impl Stream<Item = io::Result<IO>>) -> impl Stream<Item = io::Result<IO>> {
    let paused = workers.then(async |connection| {
        if let Err(error) = &connection {
            tracing::warn!(%error, "a worker's connection was not accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
        connection
    });
    paused.chain(stream::pending())
}
