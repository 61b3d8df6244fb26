//! Blobs in a folder of the local or a mounted file system.
//!
//! A write goes to a new file under `.tmp` and is renamed into place, so a reader sees the old blob
//! or the new one, and a writer killed at any instant leaves at most a stray temporary file. The
//! data is synced before the rename: without that, a power cut could leave a name with a hollow
//! file behind it, which nobody would notice. The folder is not synced: a name lost to a power cut
//! is a missing blob, which readers do notice.
//!
//! Deliberately absent: removing empty folders (it would race with writers) and any lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::{Blobs, Error, Key};

/// Where files lie until they are whole. No key can name it: it starts with a dot.
const TEMPORARY: &str = ".tmp";
/// A temporary file of this age has lost its writer. Other processes may be writing, so younger
/// ones stay.
const STALE_AFTER: Duration = Duration::from_secs(3600);

/// A folder of blobs. Processes that share the folder share the blobs.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
}

impl Folder {
    /// Opens the folder, creates it if need be, and removes what killed writers left behind.
    ///
    /// # Errors
    /// When the folder cannot be created or written.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let root: PathBuf = path.into();
        blocking(move || {
            let temporary = root.join(TEMPORARY);
            fs::create_dir_all(&temporary).map_err(io_error("create", &temporary))?;
            sweep(&temporary).map_err(io_error("sweep", &temporary))?;
            Ok(Self { root: root.into() })
        })
        .await
    }

    fn path(&self, key: &Key) -> Result<PathBuf, Error> {
        if key.is_folder() {
            let key = key.to_string();
            return Err(Error::KeyInvalid { key, reason: "it names a folder, not a blob" });
        }
        Ok(self.root.join(key.as_str()))
    }
}

#[async_trait::async_trait]
impl Blobs for Folder {
    async fn put(&self, key: &Key, bytes: Bytes) -> Result<(), Error> {
        let path = self.path(key)?;
        let temporary = self.root.join(TEMPORARY);
        // One blocking call: a caller that goes away cannot stop it half-way.
        blocking(move || write(&temporary, &path, &bytes).map_err(io_error("write", &path))).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        let path = self.path(key)?;
        blocking(move || {
            let read = fs::read(&path).map(Bytes::from);
            present(read).map_err(io_error("read", &path))
        })
        .await
    }

    async fn len(&self, key: &Key) -> Result<Option<u64>, Error> {
        let path = self.path(key)?;
        blocking(move || {
            let len = fs::metadata(&path).map(|found| found.is_file().then_some(found.len()));
            Ok(present(len).map_err(io_error("look up", &path))?.flatten())
        })
        .await
    }

    async fn delete(&self, key: &Key) -> Result<(), Error> {
        let path = self.path(key)?;
        blocking(move || {
            present(fs::remove_file(&path)).map_err(io_error("remove", &path)).map(drop)
        })
        .await
    }

    async fn list(&self, prefix: &Key) -> Result<Vec<Key>, Error> {
        if !prefix.is_folder() {
            let key = prefix.to_string();
            return Err(Error::KeyInvalid { key, reason: "a prefix ends in a slash" });
        }
        let (root, prefix) = (Arc::clone(&self.root), prefix.to_string());
        blocking(move || {
            let mut keys = Vec::new();
            walk(&root, &prefix, &mut keys).map_err(io_error("list", &root.join(&prefix)))?;
            keys.sort_unstable();
            Ok(keys)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Stopped))
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

/// `None` for what is not there, or is a folder where a blob was asked for.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => Ok(None),
            _ => Err(error),
        },
    }
}

fn write(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (mut file, partial) = create(temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_data());
    drop(file);
    let placed = written.and_then(|()| place(&partial, path));
    if placed.is_err() {
        // The first error is the one to report; what stays here is swept later.
        _ = fs::remove_file(&partial);
    }
    placed
}

/// Renames into place; folders are made when they turn out to be missing.
fn place(partial: &Path, path: &Path) -> io::Result<()> {
    match (fs::rename(partial, path), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(parent)?;
            fs::rename(partial, path)
        }
        (result, _) => result,
    }
}

/// A new file that no other thread and no other process writes.
fn create(temporary: &Path) -> io::Result<(File, PathBuf)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = temporary.join(format!("{}-{number}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Containers that share the folder may share process ids: somebody else's file.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (file, path)),
        }
    }
}

/// Removes temporary files whose writers are gone, by the file system's own clock.
fn sweep(temporary: &Path) -> io::Result<()> {
    let (probe, path) = create(temporary)?;
    let now = probe.metadata()?.modified()?;
    fs::remove_file(path)?;
    for entry in fs::read_dir(temporary)? {
        let entry = entry?;
        // Another process may finish or sweep a file between the two calls.
        let Some(found) = present(entry.metadata())? else {
            continue;
        };
        if now.duration_since(found.modified()?).is_ok_and(|age| age > STALE_AFTER) {
            tracing::info!(path = %entry.path().display(), "removing a write that was cut off");
            present(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// Every blob below `prefix`, which ends in a slash. Files that are no keys are not ours.
fn walk(root: &Path, prefix: &str, keys: &mut Vec<Key>) -> io::Result<()> {
    let Some(entries) = present(fs::read_dir(root.join(prefix)))? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if entry.file_type()?.is_dir() {
            walk(root, &format!("{prefix}{name}/"), keys)?;
        } else {
            keys.extend(format!("{prefix}{name}").parse::<Key>());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::conformance;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_folder_conforms() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Folder::open(folder.path().join("new/blobs")).await.unwrap();
        conformance::check(&blobs).await;
    }

    #[tokio::test]
    async fn two_openings_share_their_blobs_and_a_write_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            Folder::open(folder.path()).await.unwrap(),
            Folder::open(folder.path()).await.unwrap(),
        );
        let key: Key = "a/b".parse().unwrap();
        one.put(&key, Bytes::from_static(b"x")).await.unwrap();
        assert_eq!(two.get(&key).await.unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(fs::read_dir(folder.path().join(TEMPORARY)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn opening_sweeps_old_temporary_files_and_spares_young_ones() {
        let folder = tempfile::tempdir().unwrap();
        Folder::open(folder.path()).await.unwrap();
        let at = |name: &str| folder.path().join(TEMPORARY).join(name);
        let old = File::create(at("1-0")).unwrap();
        old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        File::create(at("1-1")).unwrap();
        Folder::open(folder.path()).await.unwrap();
        assert_eq!((at("1-0").exists(), at("1-1").exists()), (false, true));
    }

    #[tokio::test]
    async fn a_failed_write_names_the_file_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Folder::open(folder.path()).await.unwrap();
        blobs.put(&"a/b".parse().unwrap(), Bytes::new()).await.unwrap();
        // `a` is a folder, so no blob can have that name here.
        let error = blobs.put(&"a".parse().unwrap(), Bytes::new()).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot write"), "{error}");
        assert_eq!(error.fault(), pixeldrive_model::Fault::Operator);
        assert_eq!(fs::read_dir(folder.path().join(TEMPORARY)).unwrap().count(), 0);
    }
}
