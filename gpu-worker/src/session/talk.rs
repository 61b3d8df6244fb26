//! One connection to a gateway, from Hello to its end.
//!
//! This task only reads and notes; jobs run as tasks of their own and leave their results on the
//! desk, from which the connection's sending half takes them.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::Stream;
use pixeldrive_blobs::Key;
use pixeldrive_model::{ContentHash, Failure, Fault, Template};
use pixeldrive_proto::v1::farm_client::FarmClient;
use pixeldrive_proto::v1::gateway_message::Kind as Heard;
use pixeldrive_proto::v1::worker_message::Kind as Said;
use pixeldrive_proto::{MESSAGE_BYTES_MAX, PROTOCOL, v1};
use tokio_util::sync::CancellationToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use super::backoff::Backoff;
use super::desk::{Accepted, Held, JobKey, Mail};
use super::perform::{answer, perform};
use super::{Link, Parsed};
use crate::engine::Lane;

/// Time for the gateway's answer to Hello.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a template to come.
const TEMPLATE_TIMEOUT: Duration = Duration::from_secs(30);
/// Time to finish what was begun, once the worker or the gateway stops.
const DRAIN_MAX: Duration = Duration::from_secs(25);
/// Time for the gateway to end its side once everything is said.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Talks until the connection breaks, or until everything is said after `shutdown` or the gateway's
/// GoAway.
pub(super) async fn talk(
    link: &Arc<Link>,
    channel: Channel,
    shutdown: &CancellationToken,
    backoff: &mut Backoff,
) -> Result<(), Status> {
    let flushed = CancellationToken::new();
    let mut request = Request::new(outgoing(Arc::clone(link), flushed.clone()));
    if !link.worker.config.token.is_empty() {
        request.metadata_mut().insert("authorization", bearer(&link.worker.config.token)?);
    }
    let mut client = FarmClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let greeting = async {
        let mut heard = client.session(request).await?.into_inner();
        match heard.message().await?.and_then(|message| message.kind) {
            Some(Heard::Welcome(welcome)) => Ok((heard, welcome)),
            _ => Err(Status::internal("the gateway did not answer Hello with Welcome")),
        }
    };
    let greeted = tokio::time::timeout(WELCOME_TIMEOUT, greeting);
    let (heard, welcome) = match shutdown.run_until_cancelled(greeted).await {
        None => return Ok(()),
        Some(greeted) => greeted.map_err(|_| Status::deadline_exceeded("no answer to Hello"))??,
    };
    backoff.reset();
    let shared = link.shares_store(&welcome.probe_key).await;
    link.shared_store.store(shared, Ordering::Relaxed);
    tracing::info!(shared_store = shared, "session open");
    link.desk.open();
    let heartbeat = Duration::from_millis(u64::from(welcome.heartbeat_ms).max(100));
    let talk = Talk { link: Arc::clone(link), wanted: HashMap::new() };
    talk.listen(heard, heartbeat, shutdown, flushed).await
}

fn bearer(token: &str) -> Result<MetadataValue<Ascii>, Status> {
    let value = format!("Bearer {token}").parse();
    value.map_err(|_| {
        Status::invalid_argument("the worker token has characters that no header can carry")
    })
}

impl Link {
    /// Whether the gateway's probe can be read from this worker's store.
    async fn shares_store(&self, probe: &str) -> bool {
        let (Some(blobs), Ok(key)) = (&self.worker.blobs, probe.parse::<Key>()) else {
            return false;
        };
        match blobs.get(&key).await {
            Ok(found) => found.is_some(),
            Err(error) => {
                tracing::warn!(%error, "cannot read the store; pictures go with the answers");
                false
            }
        }
    }

    fn hello(&self) -> v1::Hello {
        let adapter = self.worker.engine.adapter();
        v1::Hello {
            worker_id: self.worker.config.id.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            epoch: self.worker.config.epoch.0.clone(),
            adapter: Some(v1::Adapter {
                backend: adapter.backend.to_owned(),
                name: adapter.name.clone(),
                driver: adapter.driver.clone(),
                software: adapter.software,
            }),
            slots: u32::try_from(self.worker.engine.slots()).unwrap_or(u32::MAX),
        }
    }
}

/// What the worker says on this connection; `flushed` when that was all.
fn outgoing(
    link: Arc<Link>,
    flushed: CancellationToken,
) -> impl Stream<Item = v1::WorkerMessage> + Send {
    async_stream::stream! {
        let wake = link.desk.connect();
        yield v1::WorkerMessage { kind: Some(Said::Hello(link.hello())) };
        loop {
            match link.desk.next(&wake) {
                Mail::Message(kind) => yield v1::WorkerMessage { kind: Some(kind) },
                Mail::Wait => wake.notified().await,
                Mail::End => break,
            }
        }
        flushed.cancel();
    }
}

/// The listening half of a connection.
struct Talk {
    link: Arc<Link>,
    /// Jobs that wait for their template, by its hash.
    wanted: HashMap<ContentHash, Wanted>,
}

struct Wanted {
    since: Instant,
    jobs: Vec<(v1::Job, Held)>,
}

impl Talk {
    async fn listen(
        mut self,
        mut heard: Streaming<v1::GatewayMessage>,
        heartbeat: Duration,
        shutdown: &CancellationToken,
        flushed: CancellationToken,
    ) -> Result<(), Status> {
        let mut heartbeat = tokio::time::interval(heartbeat);
        let (mut draining, mut flushed_seen) = (false, false);
        let mut end = pin!(tokio::time::sleep(Duration::MAX));
        let within = |time| tokio::time::Instant::now() + time;
        loop {
            let drain = tokio::select! {
                message = heard.message() => match message?.map(|message| message.kind) {
                    None if draining => return Ok(()),
                    None => return Err(Status::unavailable("the gateway ended the session")),
                    Some(kind) => self.hear(kind),
                },
                _ = heartbeat.tick() => {
                    self.link.desk.heartbeat();
                    self.give_up_waiting();
                    false
                }
                () = shutdown.cancelled(), if !draining => true,
                () = flushed.cancelled(), if !flushed_seen => {
                    flushed_seen = true;
                    end.as_mut().reset(within(GOODBYE_MAX));
                    false
                }
                () = &mut end => return Ok(()),
            };
            if drain && !draining {
                draining = true;
                self.link.desk.drain();
                end.as_mut().reset(within(DRAIN_MAX));
            }
        }
    }

    /// Does what a message asks for. Answers whether the gateway is going away.
    fn hear(&mut self, kind: Option<Heard>) -> bool {
        match kind {
            Some(Heard::Work(work)) => self.receive(work),
            Some(Heard::Template(template)) => self.learn(template),
            Some(Heard::FontPart(part)) => self.link.arriving.receive(&part),
            Some(Heard::Cancel(cancel)) => self.link.desk.cancel(&cancel.job_id),
            Some(Heard::GoAway(_)) => return true,
            Some(Heard::Welcome(_)) | None => {
                tracing::warn!("the gateway said what this worker does not understand");
            }
        }
        false
    }

    fn receive(&mut self, work: v1::Work) {
        let lane = match work.lane() {
            v1::Lane::Interactive => Lane::Interactive,
            v1::Lane::Bulk | v1::Lane::Unspecified => Lane::Bulk,
        };
        for job in work.jobs {
            // What is refused, the desk hands back.
            if let Accepted::Yes(held) = self.link.desk.accept(lane, &job) {
                self.begin(job, held);
            }
        }
    }

    /// Starts a job, or has it wait for its template.
    fn begin(&mut self, job: v1::Job, held: Held) {
        let hash: ContentHash = match pixeldrive_proto::id("template_hash", &job.template_hash) {
            Ok(hash) => hash,
            Err(malformed) => return self.refuse(&job, operator("job_malformed", &malformed)),
        };
        if let Some(parsed) = self.link.worker.templates.get(&hash) {
            return start(&self.link, parsed.template, job, held);
        }
        let wanted = self.wanted.entry(hash).or_insert_with(|| {
            let template_hash = hash.to_string();
            self.link.desk.say(Said::NeedTemplate(v1::NeedTemplate { template_hash }));
            Wanted { since: Instant::now(), jobs: Vec::new() }
        });
        wanted.jobs.push((job, held));
    }

    /// A template comes: what waited for it starts.
    fn learn(&mut self, message: v1::Template) {
        let known: Result<ContentHash, _> =
            pixeldrive_proto::id("template_hash", &message.template_hash);
        let Some((hash, wanted)) = known.ok().and_then(|hash| self.wanted.remove_entry(&hash))
        else {
            return;
        };
        match parse(&message, hash) {
            Ok(template) => {
                let bytes = u32::try_from(message.json.len()).unwrap_or(u32::MAX);
                let parsed = Parsed { template: Arc::clone(&template), bytes };
                self.link.worker.templates.insert(hash, parsed);
                for (job, held) in wanted.jobs {
                    start(&self.link, Arc::clone(&template), job, held);
                }
            }
            Err(failure) => {
                wanted.jobs.iter().for_each(|(job, _)| self.refuse(job, failure.clone()));
            }
        }
    }

    /// Fails jobs whose template did not come, so that they do not wait for ever.
    fn give_up_waiting(&mut self) {
        let late: Vec<_> = self
            .wanted
            .extract_if(|_, wanted| wanted.since.elapsed() > TEMPLATE_TIMEOUT)
            .flat_map(|(_, wanted)| wanted.jobs)
            .collect();
        for (job, _) in late {
            let failure = Failure {
                fault: Fault::Transient,
                code: "template_late".to_owned(),
                message: "the gateway did not send the template in time".to_owned(),
                element: String::new(),
            };
            self.refuse(&job, failure);
        }
    }

    fn refuse(&self, job: &v1::Job, failure: Failure) {
        self.link.desk.finish(&JobKey::of(job), answer(job, Err(failure)));
    }
}

/// Runs a job to its result, unless it is withdrawn first.
fn start(link: &Arc<Link>, template: Arc<Template>, job: v1::Job, held: Held) {
    let link = Arc::clone(link);
    tokio::spawn(async move {
        let performing = perform(&link, template, &job, &held);
        if let Some(result) = held.withdrawn.run_until_cancelled(performing).await {
            link.desk.finish(&JobKey::of(&job), result);
        }
    });
}

fn parse(message: &v1::Template, hash: ContentHash) -> Result<Arc<Template>, Failure> {
    let template = pixeldrive_model::parse(&message.json).map_err(|problems| {
        let first = problems.first().map_or("", |problem| problem.message.as_str());
        operator("template_invalid", &format!("this worker cannot read the template: {first}"))
    })?;
    if template.hash != hash {
        let found = template.hash;
        return Err(operator("template_mixed_up", &format!("asked for {hash}, was sent {found}")));
    }
    Ok(Arc::new(template))
}

pub(super) fn operator(code: &str, message: &dyn std::fmt::Display) -> Failure {
    Failure {
        fault: Fault::Operator,
        code: code.to_owned(),
        message: message.to_string(),
        element: String::new(),
    }
}
