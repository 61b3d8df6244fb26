//! Why a gateway cannot start or go on. What callers of the API are told is in `http`.

use pixeldrive_model::Fault;

/// Why a gateway cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The operator can fix these.
    /// The ring of signing keys does not do.
    #[error("signing keys: {0}")]
    SigningKeys(&'static str),
    // Trying again may work.
    /// The store failed as the gateway started.
    #[error("cannot take back the leases of this gateway's earlier life")]
    Recover(#[source] pixeldrive_store::Error),
    /// The workers' listener failed.
    #[error("the workers' listener failed")]
    Workers(#[source] tonic::transport::Error),
}

impl Error {
    /// Who can act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::SigningKeys(_) => Fault::Operator,
            Self::Recover(error) => error.fault(),
            Self::Workers(_) => Fault::Transient,
        }
    }
}
