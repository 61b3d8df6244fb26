//! Whose turn it is on the processor, where the system lets threads have priorities of their own.
//!
//! Rows of batches keep all processors busy. What somebody waits for, and the threads that talk to
//! gateways and callers, must not queue behind them.

pub(super) use system::{ThreadId, bulk, lowest, thread};

#[cfg(target_os = "linux")]
mod system {
    use rustix::process::{Pid, getpriority_process, setpriority_process};

    /// How much nicer than the process. A busy processor gives such a thread one part in ten, beside
    /// one that is not.
    const BULK: i32 = 10;
    const LOWEST: i32 = 19;

    pub(in crate::engine) type ThreadId = Pid;

    pub(in crate::engine) fn thread() -> ThreadId {
        rustix::thread::gettid()
    }

    /// Lowers the calling thread's priority to that of batches.
    pub(in crate::engine) fn bulk() {
        // On Linux these two are about the thread, whatever they are called.
        let lowered = getpriority_process(None)
            .and_then(|nice| setpriority_process(None, (nice + BULK).min(LOWEST)));
        if let Err(error) = lowered {
            tracing::warn!(%error, "a batch's rows have the priority of single renders");
        }
    }

    /// Lowers the priority of a thread as far as it goes.
    pub(in crate::engine) fn lowest(thread: ThreadId) {
        if let Err(error) = setpriority_process(Some(thread), LOWEST) {
            tracing::warn!(%error, "a stuck thread keeps its priority");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(in crate::engine) type ThreadId = ();

    pub(in crate::engine) fn thread() -> ThreadId {}

    pub(in crate::engine) fn bulk() {}

    pub(in crate::engine) fn lowest((): ThreadId) {}
}
