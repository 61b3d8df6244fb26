//! One gateway per database file: a second one would take the first one's jobs for its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Held as long as the value lives; a process that is killed lets go of it.
pub(crate) struct Lock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl Lock {
    /// Takes the lock of a database.
    pub(crate) fn take(database: &Path) -> Result<Self> {
        let path = database.with_extension("lock");
        let context = || format!("cannot open {}", path.display());
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.with_context(context)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => {
                bail!("another pixeldrive serves {}; stop it first", database.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(context),
        }
    }
}
