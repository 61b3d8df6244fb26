//! Turns at the disk: how many pictures of batches are being stored at once.
//!
//! A disk writes in the order in which it was asked, so a single picture, and the record of its credit, wait
//! behind all that batches have sent there. With few at a time the disk keeps most of its rate, with
//! many all of it: so there are few while somebody waits for a single render, and many otherwise.
//!
//! Deliberately absent: single pictures. They wait for no turn.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// Render threads for each of the few.
const FEW: usize = 2;
/// Many are so many for each render thread.
const MANY: usize = 4;
/// Many are so many at least.
const MANY_MIN: usize = 8;
/// How long after a single render began another is to be expected; its credit is taken within that.
const SINGLE: Duration = Duration::from_millis(100);

/// The turns.
pub(super) struct Turns {
    few: usize,
    many: usize,
    state: Mutex<State>,
    left: Notify,
}

#[derive(Default)]
struct State {
    taken: usize,
    /// When a single render began last.
    single: Option<Instant>,
}

/// A turn, for as long as it is kept.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new(slots: usize) -> Self {
        let (few, many) = (slots.div_ceil(FEW), (slots * MANY).max(MANY_MIN));
        Self { few, many, state: Mutex::default(), left: Notify::new() }
    }

    /// A single render begins.
    pub(super) fn single(&self) {
        self.state.lock().single = Some(Instant::now());
    }

    /// Waits for a turn.
    pub(super) async fn take(&self) -> Turn<'_> {
        loop {
            if let Some(turn) = self.try_take() {
                // There may be more now than when the last one ended: whoever waits next looks, too.
                self.left.notify_one();
                return turn;
            }
            // As long as there is none, somebody has one, and its end wakes one of those who wait.
            self.left.notified().await;
        }
    }

    fn try_take(&self) -> Option<Turn<'_>> {
        let mut state = self.state.lock();
        let single = state.single.is_some_and(|begun| begun.elapsed() < SINGLE);
        let most = if single { self.few } else { self.many };
        (state.taken < most).then(|| {
            state.taken += 1;
            Turn(self)
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state.lock().taken -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// How many turns there are now, and they are given back.
    fn turns(turns: &Turns) -> usize {
        std::iter::from_fn(|| turns.try_take()).collect::<Vec<_>>().len()
    }

    #[test]
    fn batches_step_back_for_a_single_render_and_not_for_long() {
        let of = Turns::new(6);
        assert_eq!(turns(&of), 24, "nobody waits");
        of.single();
        assert_eq!(turns(&of), 3, "somebody waits");
        of.state.lock().single = Instant::now().checked_sub(SINGLE);
        assert_eq!(turns(&of), 24, "he has what he waited for");
        let alone = Turns::new(1);
        assert_eq!(turns(&alone), 8, "nobody waits for the only thread");
        alone.single();
        assert_eq!(turns(&alone), 1, "somebody waits for the only thread");
    }

    #[tokio::test]
    async fn a_turn_that_ends_is_another_s() {
        let of = Turns::new(4);
        of.single();
        let (first, second) = (of.take().await, of.take().await);
        let mut third = Box::pin(of.take());
        let mut fourth = Box::pin(of.take());
        assert!((&mut third).now_or_never().is_none(), "two are taken");
        assert!((&mut fourth).now_or_never().is_none(), "two are taken");
        drop(first);
        let third = third.await;
        drop((second, third));
        fourth.await;
        assert_eq!(of.state.lock().taken, 0, "all are given back");
    }
}
