//! The tests' own gateway, a card for it to hand out, and a worker beside them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use pixeldrive_blobs::Blobs;
use pixeldrive_model::{Epoch, WorkerId};
use pixeldrive_proto::v1;
use pixeldrive_proto::v1::farm_server::{Farm, FarmServer};
use pixeldrive_proto::v1::gateway_message::Kind as Said;
use pixeldrive_proto::v1::result::Outcome;
use pixeldrive_proto::v1::worker_message::Kind as Heard;
use pixeldrive_render::Fonts;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{ReceiverStream, UnboundedReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::session::{WorkerConfig, run};
use crate::{Dial, Engine, EngineConfig, Error, GpuMode, SourcesConfig, dial_pipe};

/// A test that hangs fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
const SLOTS: usize = 2;

/// Hands each session to the test.
struct Gate(mpsc::UnboundedSender<Session>);

pub(super) struct Session {
    pub(super) token: String,
    heard: Streaming<v1::WorkerMessage>,
    say: mpsc::UnboundedSender<Result<v1::GatewayMessage, Status>>,
}

#[tonic::async_trait]
impl Farm for Gate {
    type SessionStream = UnboundedReceiverStream<Result<v1::GatewayMessage, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<v1::WorkerMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        let token = request.metadata().get("authorization").unwrap();
        let token = token.to_str().unwrap().to_owned();
        let (say, said) = mpsc::unbounded_channel();
        self.0.send(Session { token, heard: request.into_inner(), say }).unwrap();
        Ok(Response::new(UnboundedReceiverStream::new(said)))
    }
}

impl Session {
    pub(super) fn say(&self, kind: Said) {
        self.say.send(Ok(v1::GatewayMessage { kind: Some(kind) })).unwrap();
    }

    /// The next message but heartbeats; `None` at the end.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.heard.message()).await.unwrap();
            match message.unwrap()?.kind.unwrap() {
                Heard::Heartbeat(_) => {}
                kind => return Some(kind),
            }
        }
    }

    pub(super) async fn hello(&mut self, probe: &str) -> v1::Hello {
        let Some(Heard::Hello(hello)) = self.hear().await else { panic!("no hello") };
        let probe_key = probe.to_owned();
        self.say(Said::Welcome(v1::Welcome { heartbeat_ms: 100, probe_key }));
        hello
    }

    /// Waits for the permits that every session begins with: interactive, then bulk.
    pub(super) async fn permits(&mut self) -> (u32, u32) {
        let mut permits = [0; 2];
        for permits in &mut permits {
            let Some(Heard::Grant(grant)) = self.hear().await else { panic!("no grant") };
            *permits = grant.permits;
        }
        permits.into()
    }

    pub(super) fn work(&self, lane: v1::Lane, jobs: impl IntoIterator<Item = v1::Job>) {
        let jobs = jobs.into_iter().collect();
        self.say(Said::Work(v1::Work { lane: lane.into(), jobs }));
    }

    /// The next result; templates are sent when asked for, permits are ignored.
    pub(super) async fn result(&mut self, card: &Card) -> v1::Result {
        loop {
            match self.hear().await.unwrap() {
                Heard::Result(result) => return result,
                Heard::NeedTemplate(_) => self.say(card.template()),
                Heard::Grant(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The ids of the next jobs handed back.
    pub(super) async fn released(&mut self) -> Vec<String> {
        loop {
            match self.hear().await.unwrap() {
                Heard::Release(release) => {
                    return release.jobs.into_iter().map(|job| job.job_id).collect();
                }
                Heard::Grant(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A card with a photo from an origin that answers when the test lets it.
pub(super) struct Card {
    json: Bytes,
    pub(super) hash: String,
    pub(super) gate: Arc<Semaphore>,
}

impl Card {
    pub(super) async fn new() -> Self {
        Self::named("card").await
    }

    pub(super) async fn named(name: &str) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let asked = Arc::clone(&gate);
        let answer = async move || {
            asked.acquire().await.unwrap().forget();
            crate::sources::tests::png()
        };
        let routes = Router::new().route("/photo", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let src = format!("http://{}/photo", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let json = serde_json::json!({"name": name, "width": 40, "height": 20, "elements": [
            {"id": "photo", "type": "image", "width": 20, "height": 20, "src": src},
            {"id": "word", "type": "text", "text": "?", "x": 20, "fontSize": 12},
        ]});
        let json = Bytes::from(json.to_string());
        let hash = pixeldrive_model::parse(&json).unwrap().hash.to_string();
        Self { json, hash, gate }
    }

    pub(super) fn template(&self) -> Said {
        let (template_hash, json) = (self.hash.clone(), self.json.clone());
        Said::Template(v1::Template { template_hash, json })
    }

    /// A job that renders at once.
    pub(super) fn job(&self, id: &str) -> v1::Job {
        v1::Job {
            job_id: id.to_owned(),
            lease_id: format!("lease-of-{id}"),
            template_hash: self.hash.clone(),
            payload: r#"{"photo": {"visible": false}, "word": {"text": "hi"}}"#.into(),
            pixel_ratio: 1.0,
            key: format!("t/{id}.png"),
            ..v1::Job::default()
        }
    }

    /// A job that waits for the origin.
    pub(super) fn waiting_job(&self, id: &str) -> v1::Job {
        v1::Job { payload: Bytes::from_static(b"{}"), ..self.job(id) }
    }
}

/// A running worker and the gateway's side of it.
pub(super) struct Bench {
    sessions: mpsc::UnboundedReceiver<Session>,
    pub(super) shutdown: CancellationToken,
    worker: JoinHandle<Result<(), Error>>,
    /// Connections that the worker may make.
    pub(super) dials: Arc<Semaphore>,
}

impl Bench {
    pub(super) fn new(blobs: Option<Arc<dyn Blobs>>) -> Self {
        Self::with(blobs, |config| Engine::start(config, Fonts::bundled()))
    }

    /// One with an engine of the test's own.
    pub(super) fn with(
        blobs: Option<Arc<dyn Blobs>>,
        engine: impl FnOnce(EngineConfig) -> Result<Engine, Error>,
    ) -> Self {
        let (hand, sessions) = mpsc::unbounded_channel();
        let (pipe, pipes) = mpsc::channel(4);
        let pipes = ReceiverStream::new(pipes).map(Ok::<_, std::io::Error>);
        let service = FarmServer::new(Gate(hand));
        let server = tonic::transport::Server::builder().add_service(service);
        tokio::spawn(server.serve_with_incoming(pipes));

        let dials = Arc::new(Semaphore::new(1));
        let (pipe, allowed) = (dial_pipe(pipe), Arc::clone(&dials));
        let dial: Dial = Arc::new(move || {
            let (connecting, allowed) = (pipe(), Arc::clone(&allowed));
            Box::pin(async move {
                allowed.acquire().await.unwrap().forget();
                connecting.await
            })
        });
        let sources = SourcesConfig {
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            read_timeout: PATIENCE,
            total_timeout: PATIENCE,
            ..SourcesConfig::default()
        };
        let config =
            EngineConfig { threads: SLOTS, gpu: GpuMode::Off, sources, cache_bytes_max: 8 << 20 };
        let engine = engine(config).unwrap();
        let config = WorkerConfig {
            id: WorkerId::new(),
            token: "secret".to_owned(),
            epoch: Epoch::new(Vec::new()),
        };
        let shutdown = CancellationToken::new();
        let worker = tokio::spawn(run(config, engine, blobs, vec![dial], shutdown.clone()));
        Self { sessions, shutdown, worker, dials }
    }

    pub(super) async fn session(&mut self) -> Session {
        tokio::time::timeout(PATIENCE, self.sessions.recv()).await.unwrap().unwrap()
    }

    pub(super) async fn ended(self) -> Result<(), Error> {
        tokio::time::timeout(PATIENCE, self.worker).await.unwrap().unwrap()
    }
}

pub(super) fn done(result: v1::Result) -> v1::Done {
    match result.outcome {
        Some(Outcome::Done(done)) => done,
        other => panic!("{}: {other:?}", result.job_id),
    }
}
