//! The live sessions: what each may be sent, and what each holds.
//!
//! One lock around plain data: every method is a step that neither waits nor fails. What follows
//! from a step (settling, answering, asking the store) is the caller's business, with what the
//! step hands out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use pixeldrive_model::{ContentHash, JobId, LeaseId};
use pixeldrive_proto::v1::{self, gateway_message::Kind};
use tokio::sync::{mpsc, watch};
use tonic::Status;

use super::interactive::Ticket;
use super::{BulkJob, Held, Origin};

/// Jobs in one claim.
const CLAIM_JOBS_MAX: u32 = 64;
/// Synchronous renders that wait for a permit.
const WAITING_MAX: usize = 1024;
/// Bytes of payloads in one message, well below what a message may have.
const WORK_BYTES_MAX: usize = pixeldrive_proto::MESSAGE_BYTES_MAX / 4;

/// What goes to a worker. Unbounded, because permits bound the work, and templates and fonts are
/// asked for.
pub(super) type Outbox = mpsc::UnboundedSender<Result<v1::GatewayMessage, Status>>;

/// One session, for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SessionId(u64);

/// How many sessions there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    /// Those that take work.
    pub(super) live: usize,
    /// Those that drain too.
    pub(super) all: usize,
}

/// Whom to claim jobs for.
pub(super) struct Hungry {
    pub(super) session: SessionId,
    /// How many: as many as it has room for.
    pub(super) limit: u32,
    /// How many of few.
    pub(super) share: Share,
    /// It holds no job of a batch.
    pub(super) idle: bool,
}

/// Of several workers, each gets one round of work before any gets a second, so that the end of a batch is
/// not left to one of them. While there is work for the room of all, each gets all that it has room for:
/// rounds of a few rows would be many transactions.
#[derive(Clone, Copy)]
pub(super) struct Share {
    /// One round of work.
    pub(super) jobs: u32,
    /// The room of all workers.
    pub(super) enough: u32,
}

#[derive(Default)]
pub(super) struct Workers {
    state: Mutex<State>,
    count: watch::Sender<Count>,
}

#[derive(Default)]
struct State {
    sessions: BTreeMap<SessionId, Session>,
    opened: u64,
    /// Synchronous renders without a permit, in order of arrival.
    waiting: VecDeque<Ticket>,
}

struct Session {
    outbox: Outbox,
    slots: u32,
    bulk: u32,
    interactive: u32,
    /// It drains: it is sent nothing more, whatever it grants.
    leaving: bool,
    jobs: BTreeMap<JobId, Held>,
    /// The leases of the heartbeats since the last renewal.
    listed: BTreeSet<LeaseId>,
}

impl Workers {
    /// A worker has said hello. It has no permits yet.
    pub(super) fn join(&self, outbox: Outbox, slots: u32) -> SessionId {
        let mut state = self.state.lock();
        state.opened += 1;
        let id = SessionId(state.opened);
        let session = Session {
            outbox,
            slots: slots.max(1),
            bulk: 0,
            interactive: 0,
            leaving: false,
            jobs: BTreeMap::new(),
            listed: BTreeSet::new(),
        };
        state.sessions.insert(id, session);
        self.publish(&state);
        id
    }

    /// A session has ended: what it held.
    pub(super) fn leave(&self, id: SessionId) -> Vec<Held> {
        let mut state = self.state.lock();
        let session = state.sessions.remove(&id);
        self.publish(&state);
        session.map(|session| session.jobs.into_values().collect()).unwrap_or_default()
    }

    /// The worker takes so many more jobs. Whether the claim loop should look.
    pub(super) fn grant(&self, id: SessionId, lane: v1::Lane, permits: u32) -> bool {
        let mut state = self.state.lock();
        let Some(session) = state.sessions.get_mut(&id) else {
            return false;
        };
        match lane {
            v1::Lane::Interactive => {
                session.interactive = session.interactive.saturating_add(permits);
                state.pump();
                false
            }
            v1::Lane::Bulk => {
                session.bulk = session.bulk.saturating_add(permits);
                session.hungry()
            }
            v1::Lane::Unspecified => false,
        }
    }

    /// Whom to claim jobs for: the idle first, since they may have a suspect, then whoever has the
    /// most room.
    pub(super) fn hungry(&self) -> Option<Hungry> {
        let state = self.state.lock();
        let hungry = state.sessions.iter().filter(|(_, session)| session.hungry());
        let (&id, session) = hungry.max_by_key(|(_, session)| (session.idle(), session.bulk))?;
        let limit = session.bulk.min(CLAIM_JOBS_MAX);
        let alone = state.live() == 1;
        let live = state.sessions.values().filter(|session| !session.leaving);
        let share = Share {
            jobs: if alone { limit } else { limit.min(session.slots) },
            enough: live.fold(0, |sum, session| sum.saturating_add(session.bulk)),
        };
        Some(Hungry { session: id, limit, share, idle: session.idle() })
    }

    /// Whether any worker has a row of a batch.
    pub(super) fn hold_rows(&self) -> bool {
        self.state.lock().sessions.values().any(|session| !session.idle())
    }

    /// Sends claimed jobs. Hands them back when the session takes no more.
    pub(super) fn send_bulk(
        &self,
        id: SessionId,
        jobs: Vec<(v1::Job, Held)>,
    ) -> Result<(), Vec<Held>> {
        let mut state = self.state.lock();
        let Some(session) = state.sessions.get_mut(&id).filter(|session| !session.leaving) else {
            return Err(jobs.into_iter().map(|(_, held)| held).collect());
        };
        session.bulk = session.bulk.saturating_sub(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        let (mut part, mut bytes) = (Vec::new(), 0);
        for (job, held) in jobs {
            session.jobs.insert(held.job, held);
            if bytes + job.payload.len() > WORK_BYTES_MAX && !part.is_empty() {
                session.work(v1::Lane::Bulk, std::mem::take(&mut part));
                bytes = 0;
            }
            bytes += job.payload.len();
            part.push(job);
        }
        session.work(v1::Lane::Bulk, part);
        Ok(())
    }

    /// Sends a synchronous render, now or when a permit comes; `false` when too many wait.
    pub(super) fn offer(&self, ticket: Ticket) -> bool {
        let mut state = self.state.lock();
        let room = state.waiting.len() < WAITING_MAX;
        if room {
            state.waiting.push_back(ticket);
            state.pump();
        }
        room
    }

    /// Nobody waits for this synchronous render any more.
    pub(super) fn withdraw(&self, job: JobId) {
        let mut state = self.state.lock();
        state.waiting.retain(|ticket| ticket.job != job);
        for session in state.sessions.values_mut() {
            if session.jobs.remove(&job).is_some() {
                session.cancel(job);
            }
        }
    }

    /// The worker has answered: what it was given, unless it was taken back meanwhile.
    pub(super) fn take(&self, id: SessionId, job: JobId, lease: LeaseId) -> Option<Held> {
        self.state.lock().sessions.get_mut(&id)?.take(job, lease)
    }

    /// The worker hands back what it has not started. Whoever does so drains; but a worker that
    /// dialled again may name jobs of its last session, which mean nothing here.
    pub(super) fn release(&self, id: SessionId, jobs: &[(JobId, LeaseId)]) -> Vec<Held> {
        let mut state = self.state.lock();
        let Some(session) = state.sessions.get_mut(&id) else {
            return Vec::new();
        };
        let released: Vec<_> =
            jobs.iter().filter_map(|&(job, lease)| session.take(job, lease)).collect();
        session.leaving |= !released.is_empty();
        self.publish(&state);
        released
    }

    /// The worker lives and holds these leases.
    pub(super) fn heartbeat(&self, id: SessionId, leases: impl Iterator<Item = LeaseId>) {
        if let Some(session) = self.state.lock().sessions.get_mut(&id) {
            session.listed.extend(leases);
        }
    }

    /// The leases to be renewed, and those that a worker should list but has not for `silence`.
    pub(super) fn leases(&self, silence: Duration) -> (Vec<LeaseId>, Vec<LeaseId>) {
        let mut state = self.state.lock();
        let (mut listed, mut silent) = (BTreeSet::new(), BTreeSet::new());
        for session in state.sessions.values_mut() {
            let heard = std::mem::take(&mut session.listed);
            for held in session.jobs.values().filter(|held| held.bulk().is_some()) {
                if heard.contains(&held.lease) {
                    listed.insert(held.lease);
                } else if held.sent.elapsed() > silence {
                    silent.insert(held.lease);
                }
            }
        }
        (listed.into_iter().collect(), silent.into_iter().collect())
    }

    /// These leases are lost: whoever holds jobs under them need not go on. Answers how many jobs.
    pub(super) fn forget(&self, leases: &[LeaseId]) -> usize {
        let mut state = self.state.lock();
        let mut forgotten = 0;
        for session in state.sessions.values_mut() {
            let lost = session.jobs.values().filter(|held| leases.contains(&held.lease));
            let lost: Vec<_> = lost.map(|held| held.job).collect();
            forgotten += lost.len();
            for job in lost {
                session.jobs.remove(&job);
                session.cancel(job);
            }
        }
        forgotten
    }

    /// The template that a synchronous render brought along to this session.
    pub(super) fn template(&self, id: SessionId, hash: ContentHash) -> Option<Arc<[u8]>> {
        let state = self.state.lock();
        let mut jobs = state.sessions.get(&id)?.jobs.values();
        jobs.find_map(|held| match &held.origin {
            Origin::Interactive(ticket) if ticket.template_hash == hash => {
                Some(Arc::clone(&ticket.template))
            }
            Origin::Interactive(_) | Origin::Bulk(_) => None,
        })
    }

    /// Takes back every job of this session that needs what is not to be had.
    pub(super) fn take_all(&self, id: SessionId, needs: impl Fn(&Held) -> bool) -> Vec<Held> {
        let mut state = self.state.lock();
        let Some(session) = state.sessions.get_mut(&id) else {
            return Vec::new();
        };
        let taken: Vec<_> = session.jobs.extract_if(.., |_, held| needs(held)).collect();
        taken
            .into_iter()
            .map(|(job, held)| {
                session.cancel(job);
                held
            })
            .collect()
    }

    /// Sends one message, unless the session has ended.
    pub(super) fn send(&self, id: SessionId, message: Kind) {
        if let Some(session) = self.state.lock().sessions.get(&id) {
            session.send(message);
        }
    }

    /// Whether the session lives.
    pub(super) fn has(&self, id: SessionId) -> bool {
        self.state.lock().sessions.contains_key(&id)
    }

    /// Asks every worker to finish and go.
    pub(super) fn go_away(&self) {
        let mut state = self.state.lock();
        for session in state.sessions.values_mut() {
            session.leaving = true;
            session.send(Kind::GoAway(v1::GoAway {}));
        }
        self.publish(&state);
    }

    /// How many sessions there are, now and from now on.
    pub(super) fn count(&self) -> watch::Receiver<Count> {
        self.count.subscribe()
    }

    fn publish(&self, state: &State) {
        self.count.send_replace(Count { live: state.live(), all: state.sessions.len() });
    }
}

impl State {
    fn live(&self) -> usize {
        self.sessions.values().filter(|session| !session.leaving).count()
    }

    /// Hands waiting renders to whoever has the most permits.
    fn pump(&mut self) {
        while !self.waiting.is_empty() {
            let free = self.sessions.values_mut().filter(|session| !session.leaving);
            let Some(session) = free.max_by_key(|session| session.interactive) else {
                return;
            };
            if session.interactive == 0 {
                return;
            }
            let Some(ticket) = self.waiting.pop_front() else {
                return;
            };
            session.interactive -= 1;
            let job = ticket.message();
            let held = ticket.into_held();
            session.jobs.insert(held.job, held);
            session.work(v1::Lane::Interactive, vec![job]);
        }
    }
}

impl Session {
    /// Whether it is worth claiming for: half of its permits are free. Claiming for each permit as
    /// it comes would be one transaction per job.
    fn hungry(&self) -> bool {
        let (held, free) = (self.bulk_jobs().count(), self.bulk as usize);
        let suspect = self.bulk_jobs().any(|job| job.suspect);
        !self.leaving && !suspect && free > 0 && free >= held
    }

    fn idle(&self) -> bool {
        self.bulk_jobs().next().is_none()
    }

    fn bulk_jobs(&self) -> impl Iterator<Item = &BulkJob> {
        self.jobs.values().filter_map(Held::bulk)
    }

    /// The job comes back from the worker, if it is out under that lease.
    fn take(&mut self, job: JobId, lease: LeaseId) -> Option<Held> {
        let matches = self.jobs.get(&job).is_some_and(|held| held.lease == lease);
        if matches { self.jobs.remove(&job) } else { None }
    }

    /// Nothing is lost when it does not arrive: the session's end is noticed by its reader, which
    /// hands back all that the session holds.
    fn send(&self, kind: Kind) {
        let _ = self.outbox.send(Ok(v1::GatewayMessage { kind: Some(kind) }));
    }

    fn work(&self, lane: v1::Lane, jobs: Vec<v1::Job>) {
        self.send(Kind::Work(v1::Work { lane: lane.into(), jobs }));
    }

    fn cancel(&self, job: JobId) {
        self.send(Kind::Cancel(v1::Cancel { job_id: job.to_string() }));
    }
}

impl Held {
    fn bulk(&self) -> Option<&BulkJob> {
        match &self.origin {
            Origin::Bulk(job) => Some(job),
            Origin::Interactive(_) => None,
        }
    }
}
