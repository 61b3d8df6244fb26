//! What can go wrong with a blob, and who can act on it.

use std::io;
use std::path::PathBuf;

use pixeldrive_model::Fault;

/// Why a blob was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no key.
    #[error("`{key}` is no blob key: {reason}")]
    KeyInvalid {
        /// The text, cut to a readable length.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted: `write`, `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The program is shutting down and took the file work with it.
    #[error("the program is shutting down; try again")]
    Stopped,
}

impl Error {
    /// Who can act.
    #[must_use]
    pub fn fault(&self) -> Fault {
        use io::ErrorKind as Kind;
        match self {
            Self::KeyInvalid { .. } => Fault::Caller,
            Self::Io { source, .. } => match source.kind() {
                // The same call meets the same refusal until somebody mends the disk.
                Kind::PermissionDenied
                | Kind::ReadOnlyFilesystem
                | Kind::StorageFull
                | Kind::QuotaExceeded
                | Kind::FileTooLarge
                | Kind::NotADirectory
                | Kind::IsADirectory
                | Kind::CrossesDevices => Fault::Operator,
                _ => Fault::Transient,
            },
            Self::Stopped => Fault::Transient,
        }
    }
}
