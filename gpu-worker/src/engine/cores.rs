//! The budget of cores: which of them no render thread keeps busy.
//!
//! As many threads render single pictures as there are cores, and as many rows. While some of them have nothing to
//! do, one that makes a large picture may start further threads for a moment, as many as there are idle cores.
//!
//! Deliberately absent: waiting. Who finds no core idle goes on alone, and who begins a job takes its core
//! in any case.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The cores of the engine.
pub(super) struct Cores {
    count: usize,
    busy: AtomicUsize,
}

/// Cores that are kept busy, until this is dropped.
pub(super) struct Busy<'a> {
    cores: &'a Cores,
    count: usize,
}

impl Cores {
    pub(super) fn new(count: usize) -> Self {
        Self { count, busy: AtomicUsize::new(0) }
    }

    /// A render thread begins a job.
    pub(super) fn begin(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy { cores: self, count: 1 }
    }

    /// Takes idle cores, at most so many.
    pub(super) fn take_idle(&self, most: usize) -> Busy<'_> {
        let mut count = 0;
        let take = |busy: usize| {
            count = self.count.saturating_sub(busy).min(most);
            (count > 0).then_some(busy + count)
        };
        // Where none is idle, nothing is taken.
        _ = self.busy.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Busy { cores: self, count }
    }
}

impl Busy<'_> {
    /// How many.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.cores.busy.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_idle_cores_are_taken_and_all_come_back() {
        let cores = Cores::new(4);
        let first = cores.begin();
        assert_eq!(cores.take_idle(0).count(), 0, "none wanted");
        let some = cores.take_idle(2);
        assert_eq!(some.count(), 2, "as many as wanted");
        let rest = cores.take_idle(9);
        assert_eq!(rest.count(), 1, "what is left");
        // More jobs than cores: single renders and rows of batches.
        let second = cores.begin();
        assert_eq!(cores.take_idle(9).count(), 0, "none is idle");
        drop((some, second));
        assert_eq!(cores.take_idle(9).count(), 2, "given back");
        drop((first, rest));
        assert_eq!(cores.take_idle(9).count(), 4, "all of them");
        assert_eq!(cores.busy.load(Ordering::Relaxed), 0, "nobody has any");
    }
}
