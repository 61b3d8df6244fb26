//! The watchdog: nobody waits for ever for a render that does not end.
//!
//! A thread cannot be ended from outside. So whoever waits for a job that stays on its thread for too long is told that
//! it failed, and another thread takes the place of that one, which goes home should it ever get
//! out. Stuck threads take processor time from the others: when there are too many, only a new
//! process helps, and [`Watchdog::hopeless`] says so.
//!
//! Deliberately absent: the GPU's thread. Its driver notices by itself when a device hangs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use pixeldrive_model::{Failure, Fault};
use tokio_util::sync::CancellationToken;

use super::job::Reply;
use super::lanes::Lane;
use super::priority::{self, ThreadId};

/// What is too long, and too many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long a job may stay on a thread.
    pub(super) time_max: Duration,
    /// Threads that may be stuck.
    pub(super) stuck_max: usize,
}

/// Watches the render threads.
pub(super) struct Watchdog {
    bounds: Bounds,
    state: Mutex<State>,
    closing: Condvar,
    hopeless: CancellationToken,
}

#[derive(Default)]
struct State {
    /// The jobs that are on a thread.
    stays: BTreeMap<Stay, Watched>,
    begun: u64,
    stuck: usize,
    closed: bool,
}

/// One job's time on a thread, by a number that rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stay(u64);

struct Watched {
    since: Instant,
    lane: Lane,
    thread: ThreadId,
    reply: Reply,
}

impl Watchdog {
    pub(super) fn new(bounds: Bounds) -> Self {
        let (state, closing) = (Mutex::default(), Condvar::new());
        Self { bounds, state, closing, hopeless: CancellationToken::new() }
    }

    /// This thread begins a job.
    pub(super) fn begin(&self, lane: Lane, reply: Reply) -> Stay {
        let watched = Watched { since: Instant::now(), lane, thread: priority::thread(), reply };
        let mut state = self.state.lock();
        state.begun += 1;
        let stay = Stay(state.begun);
        state.stays.insert(stay, watched);
        stay
    }

    /// The job is off the thread. `false` when another thread has taken its place.
    pub(super) fn end(&self, stay: Stay) -> bool {
        let mut state = self.state.lock();
        let in_time = state.stays.remove(&stay).is_some();
        state.stuck -= usize::from(!in_time);
        in_time
    }

    /// Cancelled when too many threads are stuck.
    pub(super) fn hopeless(&self) -> &CancellationToken {
        &self.hopeless
    }

    /// Ends [`Watchdog::run`].
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.closing.notify_all();
    }

    /// Watches until it is closed. `replace` starts a thread in the place of a stuck one.
    pub(super) fn run(&self, replace: impl Fn(Lane) -> std::io::Result<()>) {
        let mut state = self.state.lock();
        while !state.closed {
            let now = Instant::now();
            let late = |watched: &Watched| now - watched.since >= self.bounds.time_max;
            let stuck: Vec<_> =
                state.stays.extract_if(.., |_, watched| late(watched)).map(|(_, it)| it).collect();
            for Watched { lane, thread, reply, .. } in stuck {
                state.stuck += 1;
                tracing::error!(
                    stuck = state.stuck,
                    ?lane,
                    "a render does not end; it is given up"
                );
                reply.answer(Err(self.failure()));
                priority::lowest(thread);
                let replaced = replace(lane);
                if let Err(error) = &replaced {
                    tracing::error!(%error, "no thread can take the place of a stuck one");
                }
                if replaced.is_err() || state.stuck > self.bounds.stuck_max {
                    self.hopeless.cancel();
                }
            }
            // What begins from now on is due after this.
            let since = state.stays.values().map(|watched| watched.since).min().unwrap_or(now);
            self.closing.wait_until(&mut state, since + self.bounds.time_max);
        }
    }

    fn failure(&self) -> Failure {
        let seconds = self.bounds.time_max.as_secs_f64();
        Failure {
            fault: Fault::Transient,
            code: "render_too_slow".to_owned(),
            message: format!("the picture was not rendered in {seconds} seconds"),
            element: String::new(),
        }
    }
}
