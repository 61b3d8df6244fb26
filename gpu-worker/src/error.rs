//! Why a worker does not start, or gives up. All of it is the operator's to mend.
//!
//! Why one render fails is a [`pixeldrive_model::Failure`]: that crosses process boundaries.

use pixeldrive_model::Fault;

/// Why a worker does not start, or gives up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address of a gateway is none.
    #[error("`{address}` is no gateway address: {reason}; write host:port")]
    AddressInvalid {
        /// As it was configured.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A GPU is required and there is none.
    #[error("gpu mode is `require`")]
    Gpu(#[source] pixeldrive_render::Error),
    /// The HTTP client for assets cannot be made.
    #[error("cannot fetch images")]
    Fetcher(#[from] reqwest::Error),
    /// The system refuses a thread.
    #[error("cannot start a render thread")]
    Thread(#[from] std::io::Error),
    /// Renders take processor time and do not end.
    #[error("too many renders do not end: only a new process helps (the log says which)")]
    Stuck,
}

impl Error {
    /// Who can act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::AddressInvalid { .. }
            | Self::Gpu(_)
            | Self::Fetcher(_)
            | Self::Thread(_)
            | Self::Stuck => Fault::Operator,
        }
    }
}
