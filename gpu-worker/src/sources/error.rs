//! Why a picture's file is not at hand.
//!
//! The messages go to callers. They never say which address was refused or how a connection
//! failed, or the worker would be a port scanner for whoever can write a template.

use pixeldrive_model::{DataFault, Failure, Fault, Source};

/// Why a source gave no asset. Cloned to everybody who waits for the same source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    // The caller can act.
    #[error("the host or port is not allowed; use a public host and port 80 or 443")]
    ForbiddenAddress,
    #[error("{0}")]
    UrlInvalid(&'static str),
    #[error("the origin answered {0}: there is no such file")]
    NotFound(u16),
    #[error("the origin refused with status {0}")]
    Refused(u16),
    #[error("the origin redirects more than {0} times")]
    RedirectsExceeded(usize),
    #[error("the file is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("the data: URI cannot be decoded: {0}")]
    DataInvalid(DataFault),
    #[error("{0}")]
    FileRefused(&'static str),
    #[error(transparent)]
    Unusable(pixeldrive_render::Error),

    // The operator can act.
    #[error("reading the file failed; the worker's log says more")]
    Panicked,

    // Trying again may work.
    #[error("the origin could not be reached, or has a fault of its own; trying again may work")]
    Unavailable,
    #[error("the origin took too long; trying again may work")]
    Timeout,
    #[error("the worker stopped before the file was read")]
    Stopped,
}

impl Error {
    /// Who can act. No wildcard arm: a new variant must choose.
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::ForbiddenAddress
            | Self::UrlInvalid(_)
            | Self::NotFound(_)
            | Self::Refused(_)
            | Self::RedirectsExceeded(_)
            | Self::TooLarge { .. }
            | Self::DataInvalid(_)
            | Self::FileRefused(_) => Fault::Caller,
            Self::Unusable(error) => error.fault(),
            Self::Panicked => Fault::Operator,
            Self::Unavailable | Self::Timeout | Self::Stopped => Fault::Transient,
        }
    }

    /// A stable word for programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::ForbiddenAddress => "asset_forbidden_address",
            Self::UrlInvalid(_) => "asset_url_invalid",
            Self::NotFound(_) => "asset_not_found",
            Self::Refused(_) | Self::RedirectsExceeded(_) => "asset_refused",
            Self::TooLarge { .. } => "asset_too_large",
            Self::DataInvalid(_) => "asset_data_invalid",
            Self::FileRefused(_) => "asset_file_refused",
            Self::Unusable(error) => error.code(),
            Self::Unavailable | Self::Stopped => "asset_unavailable",
            Self::Timeout => "asset_timeout",
            Self::Panicked => "asset_panicked",
        }
    }

    /// The failure of a render that needed `source` for `element`.
    pub(super) fn failure(&self, element: &str, source: &Source) -> Failure {
        Failure {
            fault: self.fault(),
            code: self.code().to_owned(),
            message: format!("{}: {self}", source.describe()),
            element: element.to_owned(),
        }
    }
}
