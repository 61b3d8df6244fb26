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
use pixeldrive_model::{Bound, Element, Failure, Fault, Kind, OnError, Source};
use pixeldrive_render::{Asset, Assets};

pub use config::SourcesConfig;

use cache::Cache;
use error::Error;
use fetch::{Fetcher, Lookup};

/// Fetches of one render that run at once.
const FETCHES_MAX: usize = 8;
/// Bytes of all files of one render.
const RENDER_BYTES_MAX: usize = 64 << 20;
/// Waits before an origin that fails for the moment is asked again, when there will be no other attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// Which failures a render does without its images for, where their elements say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mercy {
    /// None.
    None,
    /// Those that another attempt will not mend.
    Lasting,
    /// Those of an origin that fails for the moment too, once it has been asked again.
    All,
}

/// The assets of a render.
pub(crate) struct Gathered {
    pub(crate) assets: Assets,
    /// Whether something stands in for an image that may be there at another time.
    pub(crate) stand_in: bool,
}

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

    /// Everything that `bound` shows, or why some of it is not there.
    pub(crate) async fn gather(&self, bound: &Bound, mercy: Mercy) -> Result<Gathered, Failure> {
        let failure = |source: &Source, error: &Error| {
            // Whoever cannot do without it is to blame first.
            let needs = |element: &Element| element.on_error() == OnError::Fail;
            let find = |wanted: &dyn Fn(&Element) -> bool| {
                bound.elements.iter().find_map(|element| element_of(element, source, wanted))
            };
            let element = find(&needs).or_else(|| find(&|_| true));
            error.failure(element.unwrap_or_default(), source)
        };
        let mut gathered = Gathered { assets: Assets::default(), stand_in: false };
        let mut bytes = 0;
        // Cheap clones: futures that borrow from `bound` could not move between threads.
        let sources: Vec<(Source, Mercy)> = bound
            .sources()
            .into_iter()
            .map(|source| {
                let needs = |element: &Element| element.on_error() == OnError::Fail;
                let needed = bound
                    .elements
                    .iter()
                    .any(|element| element_of(element, source, &needs).is_some());
                (source.clone(), if needed { Mercy::None } else { mercy })
            })
            .collect();
        let mut found = stream::iter(sources)
            .map(|(source, mercy)| async move {
                let asset = self.ask(&source, mercy).await;
                (source, mercy, asset)
            })
            .buffer_unordered(FETCHES_MAX);
        while let Some((source, mercy, asset)) = found.next().await {
            let asset = match asset {
                Ok(asset) => asset,
                Err(error) if mercy.covers(&error) => {
                    gathered.stand_in |= error.fault() == Fault::Transient;
                    let reason = failure(&source, &error).message;
                    gathered.assets.insert_failed(source, reason);
                    continue;
                }
                Err(error) => return Err(failure(&source, &error)),
            };
            bytes += asset.bytes().len();
            if bytes > RENDER_BYTES_MAX {
                let error = Error::TooLarge { bytes_max: RENDER_BYTES_MAX };
                return Err(failure(&source, &error));
            }
            gathered.assets.insert(source, asset);
        }
        Ok(gathered)
    }

    /// Asks for `source`, again and again if nobody else will.
    async fn ask(&self, source: &Source, mercy: Mercy) -> Result<Arc<Asset>, Error> {
        for pause in PAUSES {
            match self.get(source).await {
                Err(error) if mercy == Mercy::All && error.fault() == Fault::Transient => {
                    tokio::time::sleep(pause).await;
                }
                found => return found,
            }
        }
        self.get(source).await
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
                let uri = uri.clone();
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

impl Mercy {
    /// Whether a render goes on without what failed so.
    fn covers(self, error: &Error) -> bool {
        match error.fault() {
            Fault::Caller => self != Self::None,
            Fault::Transient => self == Self::All,
            // A bug must be seen.
            Fault::Operator => false,
        }
    }
}

/// The element that shows `source` and is one of those that are looked for: this one, or one inside it.
fn element_of<'a>(
    element: &'a Element,
    source: &Source,
    wanted: &dyn Fn(&Element) -> bool,
) -> Option<&'a str> {
    if let Kind::Group(group) = &element.kind {
        return group.members().find_map(|member| element_of(member, source, wanted));
    }
    let shows = element.sources().any(|(_, own)| own == source);
    (shows && wanted(element)).then_some(element.id.as_str())
}
