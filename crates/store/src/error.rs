//! Why the store refused or failed, grouped by who can act.
//!
//! Deliberately absent: HTTP statuses. The gateway maps [`Error::fault`] and [`Error::code`].

use std::path::PathBuf;

use pixeldrive_model::{AccountId, BatchId, Credits, Fault, HoldId, TemplateId};

/// Why the store refused or failed. Whatever the variant, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its doc comment would")]
pub enum Error {
    // The caller can fix this.
    #[error("{needed} credits are needed and {available} are free: add credits or send fewer rows")]
    CreditShort { needed: Credits, available: Credits },
    #[error("account {0} does not exist")]
    AccountUnknown(AccountId),
    #[error("template {0} does not exist, or not in this version")]
    TemplateUnknown(TemplateId),
    #[error("batch {0} exists with other rows: use a new id")]
    BatchExists(BatchId),
    #[error(
        "the account has {fonts_max} fonts, as many as it may: delete one that it does not use"
    )]
    FontsExceeded { fonts_max: usize },
    #[error("this token was used before: make a new one")]
    TokenTaken,
    #[error("{what} must be {must_be}")]
    Invalid { what: &'static str, must_be: &'static str },
    // The operator can fix this.
    #[error("hold {0} does not exist: the gateway captures or voids what it never held")]
    HoldUnknown(HoldId),
    #[error("cannot make the folder of {path}: check the path and its permissions")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot open the database {path}: check the path and its permissions")]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("cannot bring the database to this version's schema")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the database holds what this version cannot read: {0}")]
    Unreadable(String),
    // Trying again may work.
    #[error("hold {0} ran out before its picture was recorded: render again")]
    HoldVoided(HoldId),
    #[error("the database did not answer as it should")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// Who can act. No wildcard arm: a new variant must choose.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::CreditShort { .. }
            | Self::AccountUnknown(_)
            | Self::TemplateUnknown(_)
            | Self::BatchExists(_)
            | Self::FontsExceeded { .. }
            | Self::TokenTaken
            | Self::Invalid { .. } => Fault::Caller,
            Self::HoldUnknown(_)
            | Self::Folder { .. }
            | Self::Open { .. }
            | Self::Migrate(_)
            | Self::Unreadable(_) => Fault::Operator,
            Self::HoldVoided(_) | Self::Database(_) => Fault::Transient,
        }
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CreditShort { .. } => "credit_short",
            Self::AccountUnknown(_) => "account_unknown",
            Self::TemplateUnknown(_) => "template_unknown",
            Self::BatchExists(_) => "batch_exists",
            Self::FontsExceeded { .. } => "fonts_exceeded",
            Self::TokenTaken => "token_taken",
            Self::Invalid { .. } => "invalid",
            Self::HoldUnknown(_) => "hold_unknown",
            Self::Folder { .. } => "database_folder",
            Self::Open { .. } => "database_open",
            Self::Migrate(_) => "database_schema",
            Self::Unreadable(_) => "database_unreadable",
            Self::HoldVoided(_) => "hold_voided",
            Self::Database(_) => "database",
        }
    }
}
