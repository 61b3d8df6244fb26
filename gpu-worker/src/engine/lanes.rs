//! The queue in front of the GPU, and of the render threads of one lane: two lanes, and a rule for whose turn
//! it is.
//!
//! Somebody waits on the connection for an interactive job, so those go first; when both lanes
//! wait, one in eight is a bulk job all the same, or previews could stop a batch for ever. Work
//! that is half done goes before either: it holds memory and is nearly finished.
//!
//! Deliberately absent: a limit. Whoever pushes holds a permit ([`super::Engine`]).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Who waits for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A caller waits on the connection.
    Interactive,
    /// Rows of batches.
    Bulk,
}

/// Interactive jobs taken in a row while bulk jobs wait.
const STREAK_MAX: u32 = 7;

/// How much one [`Lanes::pop_batch`] takes.
pub(super) struct Batch {
    /// Items.
    pub(super) count_max: usize,
    /// Sum of the items' weights; one item may be heavier.
    pub(super) weight_max: u64,
    /// How long it waits for more, unless somebody waits on the connection.
    pub(super) linger: Duration,
}

/// The queue.
pub(super) struct Lanes<T> {
    queues: Mutex<Queues<T>>,
    changed: Condvar,
}

struct Queues<T> {
    half_done: VecDeque<T>,
    interactive: VecDeque<T>,
    bulk: VecDeque<T>,
    /// Interactive items taken in a row while bulk items waited.
    streak: u32,
    closed: bool,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        let queues = Queues {
            half_done: VecDeque::new(),
            interactive: VecDeque::new(),
            bulk: VecDeque::new(),
            streak: 0,
            closed: false,
        };
        Self { queues: Mutex::new(queues), changed: Condvar::new() }
    }
}

impl<T> Lanes<T> {
    /// Queues an item; after [`Lanes::close`] it is dropped.
    pub(super) fn push(&self, lane: Lane, item: T) {
        self.add(|queues| match lane {
            Lane::Interactive => queues.interactive.push_back(item),
            Lane::Bulk => queues.bulk.push_back(item),
        });
    }

    /// Queues an item that goes before every other lane.
    pub(super) fn push_half_done(&self, item: T) {
        self.add(|queues| queues.half_done.push_back(item));
    }

    fn add(&self, add: impl FnOnce(&mut Queues<T>)) {
        let mut queues = self.queues.lock();
        if !queues.closed {
            add(&mut queues);
            self.changed.notify_one();
        }
    }

    /// Drops what waits and sends every thread home.
    pub(super) fn close(&self) {
        let mut queues = self.queues.lock();
        queues.closed = true;
        queues.half_done.clear();
        queues.interactive.clear();
        queues.bulk.clear();
        self.changed.notify_all();
    }

    /// The next item, once there is one; `None` when the queue is closed.
    pub(super) fn pop(&self) -> Option<T> {
        let mut queues = self.queues.lock();
        loop {
            if queues.closed {
                return None;
            }
            if let Some(item) = queues.next() {
                return Some(item);
            }
            self.changed.wait(&mut queues);
        }
    }

    /// The next items, at least one; `None` when the queue is closed.
    pub(super) fn pop_batch(&self, batch: &Batch, weigh: impl Fn(&T) -> u64) -> Option<Vec<T>> {
        let mut queues = self.queues.lock();
        while queues.len() == 0 && !queues.closed {
            self.changed.wait(&mut queues);
        }
        let until = Instant::now() + batch.linger;
        while queues.len() < batch.count_max && queues.interactive.is_empty() && !queues.closed {
            if self.changed.wait_until(&mut queues, until).timed_out() {
                break;
            }
        }
        if queues.closed {
            return None;
        }
        let (mut items, mut weight) = (Vec::new(), 0_u64);
        while let Some(next) = queues.peek() {
            weight = weight.saturating_add(weigh(next));
            if !items.is_empty() && (items.len() >= batch.count_max || weight > batch.weight_max) {
                break;
            }
            items.extend(queues.next());
        }
        Some(items)
    }
}

impl<T> Queues<T> {
    fn len(&self) -> usize {
        self.half_done.len() + self.interactive.len() + self.bulk.len()
    }

    /// The queue whose turn it is.
    fn turn(&mut self) -> &mut VecDeque<T> {
        let bulk = !self.bulk.is_empty();
        if !self.half_done.is_empty() {
            &mut self.half_done
        } else if self.interactive.is_empty() || (bulk && self.streak >= STREAK_MAX) {
            &mut self.bulk
        } else {
            &mut self.interactive
        }
    }

    fn peek(&mut self) -> Option<&T> {
        self.turn().front()
    }

    fn next(&mut self) -> Option<T> {
        let (half_done, interactive) = (self.half_done.len(), self.interactive.len());
        let item = self.turn().pop_front();
        if self.half_done.len() == half_done {
            let streak = self.interactive.len() < interactive && !self.bulk.is_empty();
            self.streak = if streak { self.streak + 1 } else { 0 };
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes letters (lower case: bulk, upper case: interactive, digits: half done).
    fn lanes(items: &str) -> Lanes<char> {
        let lanes = Lanes::default();
        for item in items.chars() {
            match item {
                'a'..='z' => lanes.push(Lane::Bulk, item),
                'A'..='Z' => lanes.push(Lane::Interactive, item),
                _ => lanes.push_half_done(item),
            }
        }
        lanes
    }

    #[track_caller]
    fn check(items: &str, expected: &str) {
        let lanes = lanes(items);
        let popped: String = items.chars().filter_map(|_| lanes.pop()).collect();
        assert_eq!(popped, expected, "{items}");
    }

    #[test]
    fn interactive_goes_first_and_bulk_is_not_starved() {
        check("abc", "abc");
        check("aAbB", "ABab");
        check("ABCDEFGHIJKLMNOPQab", "ABCDEFGaHIJKLMNbOPQ");
        check("a1A2", "12Aa");
    }

    #[test]
    fn without_bulk_no_streak_is_counted() {
        let lanes = lanes("ABCDEFGHIJ");
        let first: String = (0..10).filter_map(|_| lanes.pop()).collect();
        assert_eq!(first, "ABCDEFGHIJ");
        "xYZ".chars().for_each(|item| {
            lanes.push(if item == 'x' { Lane::Bulk } else { Lane::Interactive }, item);
        });
        let then: String = (0..3).filter_map(|_| lanes.pop()).collect();
        assert_eq!(then, "YZx");
    }

    #[test]
    fn a_batch_is_bounded_and_waits_only_for_bulk() {
        let take = |items: &str, count_max, weight_max, linger| {
            let batch = Batch { count_max, weight_max, linger };
            lanes(items).pop_batch(&batch, |_| 10).unwrap().into_iter().collect::<String>()
        };
        // An hour of lingering would be noticed: these have a reason not to wait.
        let hour = Duration::from_secs(3600);
        assert_eq!(take("abcdef", 4, 100, hour), "abcd");
        assert_eq!(take("abcdef", 6, 30, hour), "abc");
        assert_eq!(take("abcdef", 6, 5, hour), "a");
        assert_eq!(take("abAB", 8, 100, hour), "ABab");
        assert_eq!(take("ab", 8, 100, Duration::ZERO), "ab");
    }

    #[test]
    fn closing_sends_waiting_threads_home() {
        let lanes = lanes("");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lanes.pop());
            lanes.close();
            assert_eq!(waiting.join().unwrap(), None);
        });
        lanes.push(Lane::Bulk, 'a');
        assert_eq!(lanes.pop(), None);
    }
}
