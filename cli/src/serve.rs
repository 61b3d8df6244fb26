//! `serve` and `gateway`: the state opened, the listeners bound, the gateway run until a signal.
//!
//! `serve` adds one worker in the same process. It speaks the service that remote workers speak,
//! over a pipe in memory, so that there is one way for a job to go.

use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use futures::{Stream, StreamExt};
use pixeldrive_blobs::{Blobs, Folder};
use pixeldrive_gateway::{Connected, SigningKeys};
use pixeldrive_gpu_worker::WorkerConfig;
use pixeldrive_model::{Epoch, WorkerId};
use pixeldrive_store::{Sqlite, Store};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::{Front, Gateway, Render};
use crate::lock::Lock;
use crate::out::{say, thousands};
use crate::token::Token;
use crate::{account, engine, keys};

/// Connections of the in-process worker that wait to be accepted.
const PIPES_MAX: usize = 4;

/// A gateway that serves.
pub(crate) struct Served {
    /// Where clients reach it.
    pub(crate) address: SocketAddr,
    /// The first account's token, when this start made the account.
    pub(crate) token: Option<Token>,
    /// Ends when everything is drained.
    pub(crate) ended: JoinHandle<Result<()>>,
}

/// What a gateway stands on.
struct State {
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    http: TcpListener,
    config: pixeldrive_gateway::Config,
    token: Option<Token>,
    lock: Lock,
}

/// `pixeldrive serve`.
pub(crate) async fn serve(
    front: Front,
    render: &Render,
    shutdown: CancellationToken,
) -> Result<()> {
    let served = start(front, render, shutdown).await?;
    welcome(&served.token);
    say(format!("Listening on http://{}", served.address));
    served.ended.await?
}

/// Starts a gateway with one worker in this process.
pub(crate) async fn start(
    front: Front,
    render: &Render,
    shutdown: CancellationToken,
) -> Result<Served> {
    let engine = engine::start(render, None)?;
    let epoch = engine::epoch(&render.fonts)?;
    // Nobody else can reach the pipe; the secret only satisfies the protocol.
    let secret = Token::generate().reveal().to_owned();
    let state = open(front, epoch.clone(), secret.clone()).await?;
    let address = state.http.local_addr()?;
    let token = state.token.clone();

    let (dial, pipes) = mpsc::channel(PIPES_MAX);
    let dial = pixeldrive_gpu_worker::dial_pipe(dial);
    let worker = WorkerConfig { id: WorkerId::new(), token: secret, epoch };
    let worker_shutdown = CancellationToken::new();
    let blobs = Some(Arc::clone(&state.blobs));
    let shutdown = shutdown.child_token();
    let (stopping, gone) = (worker_shutdown.clone(), shutdown.clone());
    let worker = tokio::spawn(async move {
        let worked = pixeldrive_gpu_worker::run(worker, engine, blobs, vec![dial], stopping).await;
        // A gateway without its worker is of no use.
        gone.cancel();
        worked
    });
    let ended = tokio::spawn(async move {
        // The worker outlives the gateway's drain, so that what is under way is finished.
        let ended = run(state, ReceiverStream::new(pipes).map(Ok), shutdown).await;
        worker_shutdown.cancel();
        worker.await??;
        ended
    });
    Ok(Served { address, token, ended })
}

/// `pixeldrive gateway`.
pub(crate) async fn gateway(config: Gateway, shutdown: CancellationToken) -> Result<()> {
    let workers = bind(config.worker_listen, "--worker-listen").await?;
    let state = open(config.front, engine::epoch(&config.fonts)?, config.worker_token).await?;
    welcome(&state.token);
    say(format!("Workers dial {}", workers.local_addr()?));
    say(format!("Listening on http://{}", state.http.local_addr()?));
    let workers = TcpListenerStream::new(workers).map(|accepted| {
        let stream = accepted?;
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    run(state, workers, shutdown).await
}

async fn open(front: Front, epoch: Epoch, worker_token: String) -> Result<State> {
    let data = &front.data;
    // Templates, payloads and keys are nobody else's business.
    let mut folder = DirBuilder::new();
    let made = folder.recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("cannot make {}", data.display()))?;
    let lock = Lock::take(&front.database)?;
    let signing = match front.signing_keys {
        Some(keys) => keys,
        None => keys::load(&data.join("signing-keys"))?,
    };
    let signing = SigningKeys::new(signing)?;
    let store: Arc<dyn Store> = Arc::new(database(&front.database).await?);
    let blobs: Arc<dyn Blobs> = Arc::new(Folder::open(&front.store).await?);
    let token = account::first(&*store, front.bootstrap_token).await?;
    let http = bind(front.listen, "--listen").await?;
    let public_url = match front.public_url {
        Some(url) => url,
        None => Url::parse(&format!("http://{}", http.local_addr()?))?,
    };
    if public_url.host_str().is_some_and(|host| matches!(host, "0.0.0.0" | "[::]")) {
        tracing::warn!(
            "the URLs of pictures begin with {public_url}, which nobody can open: set \
             PIXELDRIVE_PUBLIC_URL to the address that callers see"
        );
    }
    let config = pixeldrive_gateway::Config {
        public_url,
        worker_token: Some(worker_token),
        signing,
        // One gateway at a time holds the lock of a database file, so this names its earlier life.
        name: "local".to_owned(),
        epoch,
        effort: front.effort,
        inspect: pixeldrive_render::inspect,
    };
    Ok(State { store, blobs, http, config, token, lock })
}

/// Opens the database.
pub(crate) async fn database(path: &Path) -> Result<Sqlite> {
    let context = || format!("cannot open the database {}", path.display());
    Sqlite::open(path).await.with_context(context)
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    let context = || format!("cannot listen on {address}; choose another with {flag}");
    TcpListener::bind(address).await.with_context(context)
}

async fn run<IO>(
    state: State,
    workers: impl Stream<Item = io::Result<IO>> + Send + 'static,
    shutdown: CancellationToken,
) -> Result<()>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let State { store, blobs, http, config, token: _, lock } = state;
    let ended = pixeldrive_gateway::run(config, store, blobs, http, workers, shutdown).await;
    drop(lock);
    Ok(ended?)
}

/// Shows a fresh account's token, this once.
fn welcome(token: &Option<Token>) {
    let Some(token) = token else { return };
    let credits = thousands(account::FIRST_CREDITS.unsigned_abs());
    say(format!("The first account has {credits} credits. Its token, shown only this once:"));
    say(format!("\n    {}\n", token.reveal()));
}
