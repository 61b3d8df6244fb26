//! Where pictures come from: the web, `data:` URIs, and a folder for the offline commands.
//!
//! Everything that a render needs is gathered before it is queued for a render thread, so those
//! never wait for a network. Deliberately absent: decoding; [`Asset::read`] looks at headers alone.

mod address;
mod cache;
mod config;
mod error;
mod fetch;
mod local;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use pixeldrive_model::{Bound, Element, Failure, Kind, Source};
use pixeldrive_render::{Asset, Assets};

pub use config::SourcesConfig;

use cache::Cache;
use error::Error;
use fetch::{Fetcher, Lookup};

/// Fetches of one render that run at once.
const FETCHES_MAX: usize = 8;
/// Bytes of all files of one render.
const RENDER_BYTES_MAX: usize = 64 << 20;

/// Gathers assets.
pub(crate) struct Sources {
    config: SourcesConfig,
    fetcher: Fetcher,
    cache: Cache,
}

impl Sources {
    /// Sources with a cache of at most about `cache_bytes_max` bytes.
    pub(crate) fn new(config: SourcesConfig, cache_bytes_max: u64) -> Result<Self, reqwest::Error> {
        Self::with_lookup(config, cache_bytes_max, fetch::system_lookup())
    }

    fn with_lookup(
        config: SourcesConfig,
        cache_bytes_max: u64,
        lookup: Lookup,
    ) -> Result<Self, reqwest::Error> {
        let fetcher = Fetcher::new(config.clone(), lookup)?;
        Ok(Self { config, fetcher, cache: Cache::new(cache_bytes_max) })
    }

    /// Everything that `bound` shows.
    pub(crate) async fn gather(&self, bound: &Bound) -> Result<Assets, Failure> {
        let failure = |source: &Source, error: &Error| {
            let element = bound.elements.iter().find_map(|element| element_of(element, source));
            error.failure(element.unwrap_or_default(), source)
        };
        let mut assets = Assets::default();
        let mut bytes = 0;
        // Cheap clones: futures that borrow from `bound` could not move between threads.
        let sources: Vec<Source> = bound.sources().into_iter().cloned().collect();
        let mut found = stream::iter(sources)
            .map(|source| async move {
                let asset = self.get(&source).await;
                (source, asset)
            })
            .buffer_unordered(FETCHES_MAX);
        while let Some((source, asset)) = found.next().await {
            let asset = asset.map_err(|error| failure(&source, &error))?;
            bytes += asset.bytes().len();
            if bytes > RENDER_BYTES_MAX {
                let error = Error::TooLarge { bytes_max: RENDER_BYTES_MAX };
                return Err(failure(&source, &error));
            }
            assets.insert(source, asset);
        }
        Ok(assets)
    }

    async fn get(&self, source: &Source) -> Result<Arc<Asset>, Error> {
        self.cache.get(source, self.load(source)).await
    }

    async fn load(&self, source: &Source) -> Result<(Arc<Asset>, Option<Duration>), Error> {
        let bytes_max = self.config.bytes_max;
        match source {
            Source::Missing => Err(Error::UrlInvalid("no src is given")),
            Source::Url(url) => {
                let fetched = self.fetcher.fetch(url).await?;
                let asset = read(move || Ok(fetched.bytes)).await?;
                Ok((asset, fetched.max_age))
            }
            Source::Data(uri) => {
                let uri = Arc::clone(uri);
                Ok((read(move || local::data(&uri, bytes_max)).await?, None))
            }
            Source::File(path) => {
                let (folder, path) = (self.config.folder.clone(), Arc::clone(path));
                let load = move || local::file(folder.as_deref(), &path, bytes_max);
                Ok((read(load).await?, None))
            }
        }
    }
}

/// Sniffs and hashes what `bytes` gives, off the threads that serve connections: a file has up to
/// ten megabytes.
async fn read(
    bytes: impl FnOnce() -> Result<Bytes, Error> + Send + 'static,
) -> Result<Arc<Asset>, Error> {
    let read = move || Asset::read(bytes()?).map(Arc::new).map_err(Error::Unusable);
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|ended| {
        Err(if ended.is_panic() { Error::Panicked } else { Error::Stopped })
    })
}

/// The element that shows `source`: this one, or one inside it.
fn element_of<'a>(element: &'a Element, source: &Source) -> Option<&'a str> {
    if let Kind::Group(group) = &element.kind {
        return group.members().find_map(|member| element_of(member, source));
    }
    element.sources().any(|(_, own)| own == source).then_some(element.id.as_str())
}
