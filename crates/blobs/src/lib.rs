//! Bytes by key: where pictures live.
//!
//! One trait, one conformance suite ([`conformance`]). A write is all or nothing: a reader sees the
//! whole blob or none, whenever the writer dies.
//!
//! Deliberately absent: listing for business logic. Which pictures exist is the store's knowledge;
//! this crate only keeps their bytes.

pub mod conformance;
mod error;
mod folder;
mod key;

pub use error::Error;
pub use folder::Folder;
pub use key::{KEY_BYTES_MAX, Key, SEGMENT_BYTES_MAX};

use bytes::Bytes;

/// A place that keeps blobs.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync {
    /// Writes a blob, whole or not at all. Writing the same key again replaces it.
    async fn put(&self, key: &Key, bytes: Bytes) -> Result<(), Error>;

    /// Reads a blob; `None` when there is none.
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error>;

    /// Length in bytes; `None` when there is none.
    async fn len(&self, key: &Key) -> Result<Option<u64>, Error>;

    /// Removes a blob; there need not be one.
    async fn delete(&self, key: &Key) -> Result<(), Error>;

    /// The keys that start with `prefix` (a folder: it ends in `/`), for sweeping what expired.
    async fn list(&self, prefix: &Key) -> Result<Vec<Key>, Error>;
}
