//! Uploaded fonts: from the shared store, or from the gateway in parts; kept for all sessions.
//!
//! One load for all jobs that wait for the same font. A font that is gone is no business of this
//! file: the gateway fails the jobs that need it, which ends their waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::try_join_all;
use moka::future::Cache;
use parking_lot::Mutex;
use pixeldrive_blobs::Key;
use pixeldrive_model::limits::FONT_BYTES_MAX;
use pixeldrive_model::{Failure, Fault, FontHash, font_key};
use pixeldrive_proto::v1;
use pixeldrive_proto::v1::worker_message::Kind as Said;
use pixeldrive_render::Font;
use tokio::sync::oneshot;

use super::Link;
use super::talk::operator;

/// Bytes of fonts that are kept.
const KNOWN_BYTES_MAX: u64 = 256 << 20;
/// Time for a font to come.
const ARRIVAL_MAX: Duration = Duration::from_secs(60);

/// Fonts that were used lately.
pub(super) struct Known(Cache<FontHash, Font>);

impl Known {
    pub(super) fn new() -> Self {
        let weigh = |_: &FontHash, font: &Font| u32::try_from(font.bytes()).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(KNOWN_BYTES_MAX).weigher(weigh).build())
    }
}

/// Fonts of which the gateway is sending the parts.
#[derive(Default)]
pub(super) struct Arriving(Mutex<HashMap<FontHash, Parts>>);

struct Parts {
    bytes: BytesMut,
    done: oneshot::Sender<Bytes>,
}

impl Arriving {
    /// The font that is about to be asked for. What came of it before counts no more.
    fn expect(&self, hash: FontHash) -> oneshot::Receiver<Bytes> {
        let (done, arrived) = oneshot::channel();
        let mut arriving = self.0.lock();
        arriving.retain(|_, parts| !parts.done.is_closed());
        arriving.insert(hash, Parts { bytes: BytesMut::new(), done });
        arrived
    }

    /// A part comes. One that does not go on where the last one ended is of a sending that nobody
    /// waits for any more.
    pub(super) fn receive(&self, part: &v1::FontPart) {
        let Ok(hash) = pixeldrive_proto::id::<FontHash>("font_hash", &part.font_hash) else {
            return;
        };
        let mut arriving = self.0.lock();
        let Some(parts) = arriving.get_mut(&hash) else {
            return;
        };
        let end = parts.bytes.len() + part.bytes.len();
        let fits = part.offset == parts.bytes.len() as u64
            && end as u64 <= part.length
            && part.length <= FONT_BYTES_MAX as u64;
        if !fits {
            return;
        }
        parts.bytes.extend_from_slice(&part.bytes);
        if end as u64 == part.length
            && let Some(parts) = arriving.remove(&hash)
        {
            // Nobody may be waiting any more.
            _ = parts.done.send(parts.bytes.freeze());
        }
    }
}

impl Link {
    /// The fonts of these names.
    pub(super) async fn fonts(&self, hashes: &[String]) -> Result<Vec<Font>, Failure> {
        let font = async |hash: &String| {
            let hash = pixeldrive_proto::id("font_hashes", hash)
                .map_err(|malformed| operator("job_malformed", &malformed))?;
            let known = self.worker.fonts.0.try_get_with(hash, self.load(hash)).await;
            known.map_err(|failure: Arc<Failure>| Failure::clone(&failure))
        };
        try_join_all(hashes.iter().map(font)).await
    }

    async fn load(&self, hash: FontHash) -> Result<Font, Failure> {
        let bytes = match self.stored(hash).await {
            Some(bytes) => bytes,
            None => self.sent(hash).await?,
        };
        // It was checked when it was uploaded; who knows what became of it since.
        let read = tokio::task::spawn_blocking(move || Font::new(hash, bytes)).await;
        let read = read.map_err(|error| operator("font_unread", &error))?;
        read.map_err(|error| operator("font_invalid", &format!("the font {hash}: {error}")))
    }

    /// From the store, when the gateway's is this worker's too.
    async fn stored(&self, hash: FontHash) -> Option<Bytes> {
        if !self.shared_store.load(Ordering::Relaxed) {
            return None;
        }
        let key: Key = font_key(&hash).parse().ok()?;
        match self.worker.blobs.as_deref()?.get(&key).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%hash, %error, "a font is asked for: the store cannot be read");
                None
            }
        }
    }

    async fn sent(&self, hash: FontHash) -> Result<Bytes, Failure> {
        let arrived = self.arriving.expect(hash);
        self.desk.say(Said::NeedFont(v1::NeedFont { font_hash: hash.to_string() }));
        match tokio::time::timeout(ARRIVAL_MAX, arrived).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(_)) | Err(_) => Err(Failure {
                fault: Fault::Transient,
                code: "font_late".to_owned(),
                message: "the gateway did not send the font in time".to_owned(),
                element: String::new(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(offset: u64, length: u64, bytes: &'static [u8]) -> v1::FontPart {
        let font_hash = FontHash([1; 32]).to_string();
        v1::FontPart { font_hash, offset, length, bytes: Bytes::from_static(bytes) }
    }

    #[test]
    fn parts_become_a_font() {
        let arriving = Arriving::default();
        arriving.receive(&part(0, 3, b"abc"));
        let mut arrived = arriving.expect(FontHash([1; 32]));
        // What was sent for somebody who has gone meanwhile goes on coming.
        arriving.receive(&part(2, 5, b"xyz"));
        arriving.receive(&part(0, 5, b"ab"));
        arriving.receive(&part(0, 5, b"ab"));
        arriving.receive(&part(2, 5, b"cdef"));
        arriving.receive(&part(2, FONT_BYTES_MAX as u64 + 1, b"cd"));
        arriving.receive(&part(2, 5, b"cd"));
        assert!(arrived.try_recv().is_err(), "not yet");
        arriving.receive(&part(4, 5, b"e"));
        assert_eq!(arrived.try_recv().as_deref(), Ok(&b"abcde"[..]), "in order, each once");
        assert!(arriving.0.lock().is_empty(), "nothing is left");

        drop(arriving.expect(FontHash([2; 32])));
        let _waiting = arriving.expect(FontHash([3; 32]));
        assert_eq!(arriving.0.lock().len(), 1, "who has gone is forgotten");
    }
}
