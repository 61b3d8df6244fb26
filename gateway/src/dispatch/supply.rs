//! What workers lack and ask for: templates from the store, fonts from the object store.
//!
//! Each is sent however long its store fails. What is not to be had fails the jobs that need it:
//! rendered without it, they would show something else. Deliberately absent: what workers keep.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pixeldrive_blobs::Key;
use pixeldrive_model::{ContentHash, Fault, FontHash, font_key};
use pixeldrive_proto::v1::{self, gateway_message::Kind};

use super::outcome::failure;
use super::workers::SessionId;
use super::{Held, Shared};

/// How long to wait before a store that failed is asked again.
const RETRY: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// Bytes of a font in one message: work goes between them.
const FONT_PART_BYTES: usize = 1 << 20;

/// Sends a template.
pub(super) async fn template(shared: Arc<Shared>, session: SessionId, hash: ContentHash) {
    let mut retry = Retry::new(&shared, session);
    let json = loop {
        if let Some(json) = shared.workers.template(session, hash) {
            break Some(Bytes::from_owner(json));
        }
        match shared.store.template_version(hash).await {
            Ok(json) => break json.map(Bytes::from),
            Err(error) => tracing::warn!(%hash, %error, "a template waits for the store"),
        }
        if !retry.wait().await {
            return;
        }
    };
    if let Some(json) = json {
        let template = v1::Template { template_hash: hash.to_string(), json };
        return shared.workers.send(session, Kind::Template(template));
    }
    tracing::error!(%hash, "a job's template is not in the store");
    let message = "the job's template is gone";
    give_up(&shared, session, "template_missing", message, |held| held.template == hash);
}

/// Sends a font in parts.
pub(super) async fn font(shared: Arc<Shared>, session: SessionId, hash: FontHash) {
    let mut retry = Retry::new(&shared, session);
    let file = loop {
        match read(&shared, &hash).await {
            Ok(file) => break file,
            Err(error) => tracing::warn!(%hash, %error, "a font waits for the object store"),
        }
        if !retry.wait().await {
            return;
        }
    };
    if let Some(file) = file {
        for offset in (0..file.len()).step_by(FONT_PART_BYTES) {
            let end = file.len().min(offset + FONT_PART_BYTES);
            let part = v1::FontPart {
                font_hash: hash.to_string(),
                offset: offset as u64,
                length: file.len() as u64,
                bytes: file.slice(offset..end),
            };
            shared.workers.send(session, Kind::FontPart(part));
        }
        return;
    }
    tracing::error!(%hash, "a job's font is not in the object store");
    let message = format!("the uploaded font {hash} is gone; upload it again");
    give_up(&shared, session, "font_missing", &message, |held| held.fonts.contains(&hash));
}

async fn read(shared: &Shared, hash: &FontHash) -> Result<Option<Bytes>, pixeldrive_blobs::Error> {
    let key: Key = font_key(hash).parse()?;
    let file = shared.blobs.get(&key).await?;
    // No font is empty: a file that is was not written by this program.
    Ok(file.filter(|file| !file.is_empty()))
}

/// Fails every job of the session that needs what is not to be had.
fn give_up(
    shared: &Shared,
    session: SessionId,
    code: &str,
    message: &str,
    needs: impl Fn(&Held) -> bool,
) {
    for held in shared.workers.take_all(session, needs) {
        shared.fail(held, failure(Fault::Operator, code, message));
    }
}

/// The waits between attempts, for as long as the worker is there.
struct Retry<'a> {
    shared: &'a Shared,
    session: SessionId,
    wait: Duration,
}

impl<'a> Retry<'a> {
    fn new(shared: &'a Shared, session: SessionId) -> Self {
        Self { shared, session, wait: RETRY }
    }

    /// Whether there is still somebody to send it to.
    async fn wait(&mut self) -> bool {
        let slept = self.shared.closed.run_until_cancelled(tokio::time::sleep(self.wait)).await;
        self.wait = (self.wait * 2).min(RETRY_MAX);
        slept.is_some() && self.shared.workers.has(self.session)
    }
}
