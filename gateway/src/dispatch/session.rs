//! The gRPC service that workers dial, and one session's life: hello, permits, work, farewell.
//!
//! A session is answered before its hello is read, so that neither side waits for the other; a
//! refusal ends the stream with a status that says what to mend.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pixeldrive_blobs::Key;
use pixeldrive_model::{Fault, JobId, LeaseId, WorkerId};
use pixeldrive_proto::v1::{self, gateway_message, worker_message};
use pixeldrive_proto::{Malformed, PROTOCOL, id, status::status};
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::workers::{Outbox, SessionId};
use super::{Shared, supply};

/// Heartbeats that may be missing before a worker counts as lost.
const SILENT_HEARTBEATS_MAX: u32 = 3;
/// Results of one session that are being stored at once; more wait in the stream.
const RESULTS_MAX: usize = 32;

pub(crate) struct Farm {
    shared: Arc<Shared>,
}

impl Farm {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl v1::farm_server::Farm for Farm {
    type SessionStream = UnboundedReceiverStream<Result<v1::GatewayMessage, Status>>;

    async fn session(
        &self,
        request: Request<Streaming<v1::WorkerMessage>>,
    ) -> Result<Response<Self::SessionStream>, Status> {
        authorize(request.metadata(), self.shared.config.worker_token.as_deref())?;
        let (outbox, sent) = mpsc::unbounded_channel();
        let session = live(Arc::clone(&self.shared), request.into_inner(), outbox);
        self.shared.tasks.spawn(session);
        Ok(Response::new(UnboundedReceiverStream::new(sent)))
    }
}

/// Refuses whoever does not show the token.
fn authorize(metadata: &MetadataMap, token: Option<&str>) -> Result<(), Status> {
    let Some(token) = token else { return Ok(()) };
    let shown =
        metadata.get("authorization").and_then(|shown| shown.as_bytes().strip_prefix(b"Bearer "));
    // In constant time, lest the time taken tell how much of a guess was right.
    if shown.is_some_and(|shown| shown.ct_eq(token.as_bytes()).into()) {
        return Ok(());
    }
    tracing::warn!("a worker without the right token was refused");
    Err(Status::unauthenticated(
        "the worker token is missing or wrong; set PIXELDRIVE_WORKER_TOKEN as the gateway has it",
    ))
}

/// One session from hello to the end.
async fn live(shared: Arc<Shared>, mut inbox: Streaming<v1::WorkerMessage>, outbox: Outbox) {
    let silence = Duration::from_millis(shared.config.heartbeat_ms.into()) * SILENT_HEARTBEATS_MAX;
    let welcomed = welcome(&shared, &mut inbox, &outbox, silence);
    let hello = match shared.closed.run_until_cancelled(welcomed).await {
        Some(Ok(hello)) => hello,
        Some(Err(refusal)) => {
            tracing::warn!(reason = refusal.message(), "a worker was refused");
            let _ = outbox.send(Err(refusal));
            return;
        }
        None => return,
    };
    let session = shared.workers.join(outbox.clone(), hello.slots);
    let adapter = hello.adapter.unwrap_or_default();
    let worker = hello.worker_id;
    tracing::info!(
        worker,
        version = hello.version,
        slots = hello.slots,
        backend = adapter.backend,
        adapter = adapter.name,
        "a worker joined"
    );
    let read = read(&shared, session, &mut inbox, silence);
    let ended = shared.closed.run_until_cancelled(read).await;
    let held = shared.workers.leave(session);
    match &ended {
        None => tracing::info!(worker, "the session was closed"),
        Some(Ok(())) => tracing::info!(worker, jobs = held.len(), "a worker left"),
        Some(Err(status)) => {
            tracing::warn!(
                worker,
                jobs = held.len(),
                reason = status.message(),
                "a worker was lost"
            );
            let _ = outbox.send(Err(status.clone()));
        }
    }
    for held in held {
        // When it is the gateway that goes, the job is not to blame.
        if ended.is_none() { shared.release(held) } else { shared.lose(held) }
    }
}

/// Reads the hello and answers it.
async fn welcome(
    shared: &Shared,
    inbox: &mut Streaming<v1::WorkerMessage>,
    outbox: &Outbox,
    silence: Duration,
) -> Result<v1::Hello, Status> {
    let first = timeout(silence, inbox.message()).await;
    let first = first.map_err(|_| Status::deadline_exceeded("no Hello came"))??;
    let Some(worker_message::Kind::Hello(hello)) = first.and_then(|message| message.kind) else {
        return Err(status(Fault::Caller, "the first message of a session must be Hello"));
    };
    check(&hello, &shared.config.epoch.0)?;
    if shared.draining.is_cancelled() {
        return Err(status(Fault::Transient, "this gateway is shutting down; dial another"));
    }
    let probe = shared.probe.get_or_try_init(|| write_probe(shared)).await?;
    let welcome =
        v1::Welcome { heartbeat_ms: shared.config.heartbeat_ms, probe_key: probe.to_string() };
    let kind = Some(gateway_message::Kind::Welcome(welcome));
    outbox
        .send(Ok(v1::GatewayMessage { kind }))
        .map_err(|_| Status::cancelled("the worker has gone"))?;
    Ok(hello)
}

/// Refuses a worker whose messages or pictures would differ from what this gateway expects.
fn check(hello: &v1::Hello, epoch: &str) -> Result<(), Status> {
    if hello.protocol != PROTOCOL {
        let message = format!(
            "the worker ({}) speaks protocol {}, this gateway {PROTOCOL}; run the same version of both",
            hello.version, hello.protocol
        );
        return Err(status(Fault::Operator, message));
    }
    if hello.epoch != epoch {
        let message = format!(
            "the worker ({}) paints epoch {}, this gateway expects {epoch}; run the same version of both \
             with the same fonts",
            hello.version, hello.epoch
        );
        return Err(status(Fault::Operator, message));
    }
    id::<WorkerId>("worker_id", &hello.worker_id).map_err(malformed)?;
    Ok(())
}

async fn write_probe(shared: &Shared) -> Result<Key, Status> {
    let refuse = |error: pixeldrive_blobs::Error| {
        tracing::error!(%error, "the object store takes no blob");
        status(Fault::Transient, "the gateway cannot write to its object store")
    };
    let key: Key = format!("probe/{}", WorkerId::new()).parse().map_err(refuse)?;
    let content = Bytes::from_static(b"pixeldrive");
    shared.blobs.put(&key, content).await.map_err(refuse)?;
    Ok(key)
}

/// Takes what the worker says until it closes the stream. Fails when it is lost.
async fn read(
    shared: &Arc<Shared>,
    session: SessionId,
    inbox: &mut Streaming<v1::WorkerMessage>,
    silence: Duration,
) -> Result<(), Status> {
    let results = Arc::new(Semaphore::new(RESULTS_MAX));
    loop {
        let message = timeout(silence, inbox.message()).await;
        let message = message.map_err(|_| Status::deadline_exceeded("no heartbeat came"))??;
        let Some(message) = message else {
            return Ok(());
        };
        match message.kind {
            Some(worker_message::Kind::Result(result)) => {
                conclude(shared, session, &results, result).await?;
            }
            Some(worker_message::Kind::Grant(grant)) => {
                if shared.workers.grant(session, grant.lane(), grant.permits) {
                    shared.wake.notify_one();
                }
            }
            Some(worker_message::Kind::Heartbeat(heartbeat)) => {
                let leases = heartbeat.lease_ids.iter().map(|lease| id("lease_ids", lease));
                let leases = leases.collect::<Result<Vec<LeaseId>, _>>().map_err(malformed)?;
                shared.workers.heartbeat(session, leases.into_iter());
            }
            Some(worker_message::Kind::NeedTemplate(need)) => {
                let hash = id("template_hash", &need.template_hash).map_err(malformed)?;
                shared.tasks.spawn(supply::template(Arc::clone(shared), session, hash));
            }
            Some(worker_message::Kind::NeedFont(need)) => {
                let hash = id("font_hash", &need.font_hash).map_err(malformed)?;
                shared.tasks.spawn(supply::font(Arc::clone(shared), session, hash));
            }
            Some(worker_message::Kind::Release(release)) => {
                let jobs = release.jobs.iter().map(|job| ids(&job.job_id, &job.lease_id));
                let jobs = jobs.collect::<Result<Vec<_>, _>>()?;
                let released = shared.workers.release(session, &jobs);
                released.into_iter().for_each(|held| shared.release(held));
            }
            Some(worker_message::Kind::Hello(_)) => {
                return Err(status(Fault::Caller, "Hello came a second time"));
            }
            // A message of a later protocol cannot come: Hello was checked.
            None => return Err(status(Fault::Caller, "a message without content")),
        }
    }
}

/// Takes a result. What it leads to happens beside the session, a bounded number at once.
async fn conclude(
    shared: &Arc<Shared>,
    session: SessionId,
    results: &Arc<Semaphore>,
    result: v1::Result,
) -> Result<(), Status> {
    let (job, lease) = ids(&result.job_id, &result.lease_id)?;
    let closed = |_| Status::internal("results are no longer taken");
    let permit = Arc::clone(results).acquire_owned().await.map_err(closed)?;
    let Some(held) = shared.workers.take(session, job, lease) else {
        tracing::debug!(%job, "a late result was ignored");
        return Ok(());
    };
    let shared_too = Arc::clone(shared);
    shared.tasks.spawn(async move {
        shared_too.conclude(held, result.outcome).await;
        drop(permit);
    });
    Ok(())
}

fn ids(job: &str, lease: &str) -> Result<(JobId, LeaseId), Status> {
    let job = id("job_id", job).map_err(malformed)?;
    let lease = id("lease_id", lease).map_err(malformed)?;
    Ok((job, lease))
}

fn malformed(error: Malformed) -> Status {
    status(Fault::Caller, error.to_string())
}
