//! The world of the tests, and a worker that follows a script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use pixeldrive_blobs::Folder;
use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Effort, Epoch, FontHash, JobId, TemplateId, WorkerId,
    fields_hash,
};
use pixeldrive_proto::v1::farm_client::FarmClient;
use pixeldrive_proto::v1::{self, gateway_message, worker_message};
use pixeldrive_proto::{MESSAGE_BYTES_MAX, PROTOCOL};
use pixeldrive_store::{BatchRow, NewAccount, PutTemplate, Row, Sqlite, Store, Submit};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Status, Streaming};

use crate::clock;
use crate::dispatch::{Dispatch, DispatchConfig};

pub(crate) const TOKEN: &str = "the workers' token";
pub(crate) const TEMPLATE: &str = r#"{"width":1,"height":1,"elements":[]}"#;
const CREDITS: i64 = 1_000;

/// Waits, but not for ever: a test that hangs should say where.
#[track_caller]
pub(crate) fn soon<T>(awaited: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let awaited = tokio::time::timeout(Duration::from_secs(20), awaited).await;
        awaited.unwrap_or_else(|_| panic!("nothing came in 20 s: {caller}"))
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) blobs: Arc<Folder>,
    pub(crate) dispatch: Dispatch,
    pub(crate) shutdown: CancellationToken,
    pub(crate) version: ContentHash,
    account: AccountId,
    template: TemplateId,
    pipes: mpsc::UnboundedSender<DuplexStream>,
    ended: CancellationToken,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut DispatchConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Sqlite::open(&folder.path().join("db")).await.expect("a store");
        let store = Arc::new(store);
        let blobs = Arc::new(Folder::open(folder.path().join("blobs")).await.expect("blobs"));
        let mut config = DispatchConfig {
            name: "test".to_owned(),
            epoch: Epoch("1".to_owned()),
            worker_token: Some(TOKEN.to_owned()),
            lease_ms: 30_000,
            heartbeat_ms: 5_000,
            attempts_max: 4,
        };
        change(&mut config);
        let dispatch = Dispatch::new(store.clone(), blobs.clone(), config);
        let (account, template) = (AccountId::new(), TemplateId::new());
        let version = seed(&store, account, template).await;
        let (pipes, accepted) = mpsc::unbounded_channel();
        let accepted =
            UnboundedReceiverStream::new(accepted).map(Ok::<DuplexStream, std::io::Error>);
        let server = Server::builder()
            .add_service(dispatch.service())
            .serve_with_incoming_shutdown(accepted, dispatch.closed().clone().cancelled_owned());
        let shutdown = CancellationToken::new();
        let (dispatch_too, shutdown_too) = (dispatch.clone(), shutdown.clone());
        let ended = CancellationToken::new();
        let ended_too = ended.clone();
        tokio::spawn(async move {
            let (served, ()) = tokio::join!(server, dispatch_too.run(shutdown_too));
            served.expect("the service ended well");
            ended_too.cancel();
        });
        Self {
            store,
            blobs,
            dispatch,
            shutdown,
            version,
            account,
            template,
            pipes,
            ended,
            _folder: folder,
        }
    }

    /// Submits a batch of `rows` that all differ.
    pub(crate) async fn submit(&self, rows: usize) -> BatchId {
        self.submit_with(rows, Vec::new()).await
    }

    /// Submits one that uses these fonts.
    pub(crate) async fn submit_with(&self, rows: usize, fonts: Vec<FontHash>) -> BatchId {
        let batch = BatchId::new();
        let epoch = Epoch("1".to_owned());
        let rows = (0..rows).map(|row| {
            let payload = serde_json::Map::from_iter([("row".to_owned(), row.into())]);
            let hash = fields_hash(&self.version, &payload, 1.0, Effort::Fast, &epoch, &[]);
            let payload = serde_json::to_vec(&payload).expect("JSON");
            Row { job: JobId::new(), hash, payload, fonts: None }
        });
        let submit = Submit {
            batch,
            account: self.account,
            template: self.template,
            version: self.version,
            size: None,
            pixel_ratio: 1.0,
            effort: Effort::Fast,
            strict: false,
            fonts,
            rows: rows.collect(),
        };
        self.store.submit(submit, clock::now()).await.expect("submitted");
        self.dispatch.wake();
        batch
    }

    pub(crate) async fn row(&self, batch: BatchId) -> BatchRow {
        self.store.batch(self.account, batch).await.expect("store").expect("the batch")
    }

    /// Waits until the batch is as it should be, by watching it.
    pub(crate) async fn until(
        &self,
        batch: BatchId,
        reached: impl Fn(&BatchRow) -> bool,
    ) -> BatchRow {
        let mut changes = self.dispatch.watch(batch);
        loop {
            let row = self.row(batch).await;
            if reached(&row) {
                return row;
            }
            let changed = tokio::time::timeout(Duration::from_secs(20), changes.changed()).await;
            assert!(changed.is_ok(), "nothing changed for 20 s: {row:?}");
        }
    }

    /// Ends the dispatch and waits until it has drained.
    pub(crate) async fn stop(&self) {
        self.shutdown.cancel();
        soon(self.ended.cancelled()).await;
    }

    /// The ledger is sound and `spent` credits were taken.
    pub(crate) async fn audit(&self, spent: i64) {
        let faults = self.store.audit().await.expect("store");
        assert_eq!(faults, Vec::<String>::new(), "the ledger is sound");
        let account = self.store.account(self.account).await.expect("store").expect("the account");
        let found = (account.available, account.held, account.spent);
        assert_eq!(found, (CREDITS - spent, 0, spent), "available, held, spent");
    }
}

async fn seed(store: &Sqlite, account: AccountId, template: TemplateId) -> ContentHash {
    let now = clock::now();
    let new = NewAccount { id: account, name: "test".to_owned(), credits: CREDITS };
    store.create_account(new, now).await.expect("an account");
    let hash = pixeldrive_model::parse(TEMPLATE.as_bytes()).expect("a template").hash;
    let json = TEMPLATE.as_bytes().to_vec();
    let put = PutTemplate { id: template, account, name: String::new(), hash, json };
    store.put_template(put, now).await.expect("stored");
    hash
}

pub(crate) fn hello() -> v1::Hello {
    v1::Hello {
        worker_id: WorkerId::new().to_string(),
        version: "scripted".to_owned(),
        protocol: PROTOCOL,
        epoch: "1".to_owned(),
        adapter: None,
        slots: 2,
    }
}

/// A worker that does as it is told.
pub(crate) struct Peer {
    outbox: mpsc::UnboundedSender<v1::WorkerMessage>,
    inbox: Streaming<v1::GatewayMessage>,
}

impl Peer {
    /// A worker that is let in.
    pub(crate) async fn join(world: &World) -> Self {
        Self::dial(world, TOKEN, hello()).await.expect("let in")
    }

    /// Dials, says hello, and waits for the welcome.
    pub(crate) async fn dial(world: &World, token: &str, hello: v1::Hello) -> Result<Self, Status> {
        let pipes = world.pipes.clone();
        let connect = tower::service_fn(move |_| {
            let (near, far) = tokio::io::duplex(1 << 20);
            let sent = pipes.send(far).map_err(std::io::Error::other);
            async move { sent.map(|()| TokioIo::new(near)) }
        });
        let endpoint = Endpoint::from_static("http://pipe");
        let channel = endpoint.connect_with_connector(connect).await.expect("a pipe");
        let (outbox, sent) = mpsc::unbounded_channel();
        let mut request = Request::new(UnboundedReceiverStream::new(sent));
        let shown = format!("Bearer {token}").parse().expect("a header");
        request.metadata_mut().insert("authorization", shown);
        let mut client = FarmClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let inbox = client.session(request).await?.into_inner();
        let mut peer = Self { outbox, inbox };
        peer.say(worker_message::Kind::Hello(hello));
        match soon(peer.inbox.message()).await? {
            Some(v1::GatewayMessage { kind: Some(gateway_message::Kind::Welcome(_)) }) => Ok(peer),
            other => panic!("the first message should be Welcome: {other:?}"),
        }
    }

    fn say(&self, kind: worker_message::Kind) {
        // In vain when the session has ended, which the test notices by what does not come.
        let _ = self.outbox.send(v1::WorkerMessage { kind: Some(kind) });
    }

    pub(crate) fn grant(&self, lane: v1::Lane, permits: u32) {
        self.say(worker_message::Kind::Grant(v1::Grant { lane: lane.into(), permits }));
    }

    pub(crate) fn need(&self, hash: ContentHash) {
        let template_hash = hash.to_string();
        self.say(worker_message::Kind::NeedTemplate(v1::NeedTemplate { template_hash }));
    }

    pub(crate) fn need_font(&self, hash: FontHash) {
        let font_hash = hash.to_string();
        self.say(worker_message::Kind::NeedFont(v1::NeedFont { font_hash }));
    }

    pub(crate) fn heartbeat(&self, leases: &[&str]) {
        let lease_ids = leases.iter().map(|lease| (*lease).to_owned()).collect();
        self.say(worker_message::Kind::Heartbeat(v1::Heartbeat { lease_ids }));
    }

    pub(crate) fn answer(&self, job: &v1::Job, outcome: v1::result::Outcome) {
        let (job_id, lease_id) = (job.job_id.clone(), job.lease_id.clone());
        let result = v1::Result { job_id, lease_id, outcome: Some(outcome) };
        self.say(worker_message::Kind::Result(result));
    }

    pub(crate) fn release(&self, jobs: &[v1::Job]) {
        let jobs = jobs
            .iter()
            .map(|job| v1::JobRef { job_id: job.job_id.clone(), lease_id: job.lease_id.clone() });
        self.say(worker_message::Kind::Release(v1::Release { jobs: jobs.collect() }));
    }

    /// The next message.
    pub(crate) async fn next(&mut self) -> gateway_message::Kind {
        let message = soon(self.inbox.message()).await.expect("the session lives");
        message.and_then(|message| message.kind).expect("a message")
    }

    /// The jobs of the next message, which must be work.
    pub(crate) async fn work(&mut self) -> Vec<v1::Job> {
        match self.next().await {
            gateway_message::Kind::Work(work) => work.jobs,
            other => panic!("expected work, got {other:?}"),
        }
    }

    /// The template of the next message, which must be one.
    pub(crate) async fn template(&mut self) -> v1::Template {
        match self.next().await {
            gateway_message::Kind::Template(template) => template,
            other => panic!("expected a template, got {other:?}"),
        }
    }

    /// The part of a font in the next message.
    pub(crate) async fn font_part(&mut self) -> v1::FontPart {
        match self.next().await {
            gateway_message::Kind::FontPart(part) => part,
            other => panic!("expected a part of a font, got {other:?}"),
        }
    }

    /// Waits until the gateway has read all that was said so far.
    pub(super) async fn heard(&mut self, world: &World) {
        self.need(world.version);
        self.template().await;
    }

    /// Closes the session in good order: all that was said is heard.
    pub(super) async fn leave(self) {
        let Self { outbox, mut inbox } = self;
        drop(outbox);
        while let Ok(Some(_)) = soon(inbox.message()).await {}
    }

    /// The status with which the gateway ends the session.
    pub(crate) async fn refusal(&mut self) -> Status {
        let ended = soon(async { self.inbox.message().await.err() }).await;
        ended.expect("a status")
    }

    /// Completes whatever comes until it is sent away, and checks that `permits` are kept to.
    pub(crate) async fn complete_all(mut self, permits: usize) {
        let mut held = BTreeMap::new();
        loop {
            match self.next().await {
                gateway_message::Kind::Work(work) => {
                    held.extend(work.jobs.into_iter().map(|job| (job.job_id.clone(), job)));
                    assert!(held.len() <= permits, "{} jobs on {permits} permits", held.len());
                }
                gateway_message::Kind::GoAway(_) => return,
                other => panic!("expected work, got {other:?}"),
            }
            while let Some((_, job)) = held.pop_first() {
                self.answer(&job, super::done(1));
                self.grant(v1::Lane::Bulk, 1);
            }
        }
    }
}
