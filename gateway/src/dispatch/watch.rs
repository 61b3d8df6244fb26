//! Who watches which batch: a number per batch that rises when one of its jobs changed.
//!
//! Deliberately absent: what changed. A watcher asks the store, so that a missed rise costs nothing.

use std::collections::HashMap;

use parking_lot::Mutex;
use pixeldrive_model::BatchId;
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<BatchId, watch::Sender<u64>>>);

impl Watches {
    /// Starts to watch.
    pub(super) fn watch(&self, batch: BatchId) -> watch::Receiver<u64> {
        let mut watches = self.0.lock();
        // Here and not by a guard on the receiver: watchers are few, and they go unannounced.
        watches.retain(|_, revision| revision.receiver_count() > 0);
        watches.entry(batch).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// A job of each of these batches changed.
    pub(super) fn bump(&self, batches: &[BatchId]) {
        let watches = self.0.lock();
        for revision in batches.iter().filter_map(|batch| watches.get(batch)) {
            revision.send_modify(|revision| *revision += 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_see_their_batch_and_leave_nothing_behind() {
        let watches = Watches::default();
        let (one, other) = (BatchId::new(), BatchId::new());
        let mut first = watches.watch(one);
        let second = watches.watch(one);
        let unmoved = watches.watch(other);
        watches.bump(&[one, BatchId::new()]);
        assert!(first.has_changed().is_ok_and(|changed| changed), "its batch changed");
        assert_eq!((*first.borrow_and_update(), *second.borrow()), (1, 1), "both see it");
        assert_eq!(*unmoved.borrow(), 0, "another batch is left alone");
        drop((first, second));
        watches.bump(&[one]);
        let _third = watches.watch(other);
        assert_eq!(watches.0.lock().len(), 1, "the deserted one is gone");
    }
}
