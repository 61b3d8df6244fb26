//! Assets that were fetched lately, by their source.
//!
//! One fetch for all who wait for the same source; the origin says how long its file keeps, within
//! bounds. What the caller got wrong is remembered for a few seconds, so that a thousand rows with
//! the same dead link ask once; what may work next time is never remembered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache as Moka;
use pixeldrive_model::{Fault, Source};
use pixeldrive_render::Asset;

use super::error::Error;

const KEEP_DEFAULT: Duration = Duration::from_secs(10 * 60);
const KEEP_MIN: Duration = Duration::from_secs(60);
const KEEP_MAX: Duration = Duration::from_secs(24 * 3600);
const KEEP_FAILURE: Duration = Duration::from_secs(5);
/// What an entry takes besides its bytes, roughly.
const ENTRY_BYTES: usize = 500;

/// The cache.
pub(super) struct Cache(Moka<Source, Entry>);

#[derive(Clone)]
struct Entry {
    asset: Result<Arc<Asset>, Error>,
    keep: Duration,
}

struct Keep;

impl Expiry<Source, Entry> for Keep {
    fn expire_after_create(&self, _: &Source, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep)
    }
}

impl Cache {
    /// A cache of at most about `bytes_max` bytes.
    pub(super) fn new(bytes_max: u64) -> Self {
        let weigh = |source: &Source, entry: &Entry| {
            let asset = entry.asset.as_ref().map_or(0, |asset| asset.bytes().len());
            u32::try_from(asset + source.as_str().len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        let cache = Moka::builder().max_capacity(bytes_max).weigher(weigh);
        Self(cache.expire_after(Keep).build())
    }

    /// The asset of `source`, by `load` when it is not here. `load` answers how long it keeps.
    pub(super) async fn get(
        &self,
        source: &Source,
        load: impl Future<Output = Result<(Arc<Asset>, Option<Duration>), Error>>,
    ) -> Result<Arc<Asset>, Error> {
        let load = async {
            match load.await {
                Ok((asset, max_age)) => {
                    let keep = max_age.unwrap_or(KEEP_DEFAULT).clamp(KEEP_MIN, KEEP_MAX);
                    Ok(Entry { asset: Ok(asset), keep })
                }
                Err(error) if error.fault() == Fault::Caller => {
                    Ok(Entry { asset: Err(error), keep: KEEP_FAILURE })
                }
                Err(error) => Err(error),
            }
        };
        match self.0.entry_by_ref(source).or_try_insert_with(load).await {
            Ok(entry) => entry.into_value().asset,
            Err(error) => Err(Error::clone(&error)),
        }
    }
}
