//! One work for all who ask for the same at the same time.
//!
//! The work is a task of its own: it goes on when those who wait for it hang up, which is what a
//! render that holds a credit must do.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use futures::future::{FutureExt, Shared};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

type Landing<T> = Shared<oneshot::Receiver<T>>;

/// The works under way, by what they make. Clones share them.
pub(crate) struct Flights<K, T> {
    under_way: Arc<Mutex<HashMap<K, Landing<T>>>>,
    tasks: TaskTracker,
}

impl<K, T> Clone for Flights<K, T> {
    fn clone(&self) -> Self {
        Self { under_way: Arc::clone(&self.under_way), tasks: self.tasks.clone() }
    }
}

/// Who asked for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// The first: the work was started for this caller.
    Pilot,
    /// The work was under way.
    Passenger,
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Works run under `tasks`.
    pub(crate) fn new(tasks: TaskTracker) -> Self {
        Self { under_way: Arc::default(), tasks }
    }

    /// What the work for `key` came to: that under way, or else `work`. `None` when it panicked.
    pub(crate) async fn join<F>(&self, key: K, work: F) -> (Seat, Option<T>)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (seat, landing) = self.board(key, work);
        (seat, landing.await.ok())
    }

    fn board<F>(&self, key: K, work: F) -> (Seat, Landing<T>)
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut under_way = self.under_way.lock();
        if let Some(landing) = under_way.get(&key) {
            return (Seat::Passenger, landing.clone());
        }
        let (done, landing) = oneshot::channel();
        let landing = landing.shared();
        under_way.insert(key.clone(), landing.clone());
        let end = End { key, under_way: Arc::clone(&self.under_way) };
        self.tasks.spawn(async move {
            let result = work.await;
            drop(end);
            // Nobody may be waiting any more.
            let _ = done.send(result);
        });
        (Seat::Pilot, landing)
    }
}

/// Takes a work off the list when it ends, also by a panic.
struct End<K: Eq + Hash, T> {
    key: K,
    under_way: Arc<Mutex<HashMap<K, Landing<T>>>>,
}

impl<K: Eq + Hash, T> Drop for End<K, T> {
    fn drop(&mut self) {
        self.under_way.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn equal_asks_at_one_time_are_one_work() {
        let flights = Flights::<&str, u32>::new(TaskTracker::new());
        let (runs, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let work = || {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            async move {
                gate.acquire().await.expect("open").forget();
                runs.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        let first = flights.join("a", work());
        let second = flights.join("a", work());
        let other = flights.join("b", async { 70 });
        let open = async { gate.add_permits(1) };
        let (first, second, other, ()) = tokio::join!(first, second, other, open);
        assert_eq!(first, (Seat::Pilot, Some(1)), "the first");
        assert_eq!(second, (Seat::Passenger, Some(1)), "the second");
        assert_eq!(other, (Seat::Pilot, Some(70)), "another key");

        gate.add_permits(1);
        assert_eq!(flights.join("a", work()).await, (Seat::Pilot, Some(2)), "a later ask");
        assert!(flights.under_way.lock().is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn a_work_outlives_those_who_wait() {
        let tasks = TaskTracker::new();
        let flights = Flights::<&str, ()>::new(tasks.clone());
        let (done, seen) = oneshot::channel();
        let waiting = flights.join("a", async {
            tokio::task::yield_now().await;
            done.send(()).expect("the test listens");
        });
        assert!(waiting.now_or_never().is_none(), "it takes a while");
        seen.await.expect("the work went on");
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn a_panic_leaves_nothing_behind() {
        let flights = Flights::<&str, u32>::new(TaskTracker::new());
        let (seat, result) = flights.join("a", async { panic!("on purpose") }).await;
        assert_eq!((seat, result), (Seat::Pilot, None), "the waiting are told");
        assert_eq!(flights.join("a", async { 1 }).await.1, Some(1), "and may ask again");
    }
}
