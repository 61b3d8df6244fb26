//! Previews: free, not recorded, and gone after an hour.
//!
//! A preview's name says when it expires, so that serving and sweeping need no record of it, and
//! has 128 random bits, so that nobody finds it who was not told.

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use pixeldrive_blobs::{Blobs, Error as BlobsError, Key};
use pixeldrive_model::TemplateId;
use pixeldrive_store::Millis;
use serde::Serialize;

use super::State;
use super::error::Error;
use super::render::{self, Answer, FromCache, Order};
use super::time::rfc3339;
use crate::clock;

/// Previews of one account in a minute.
pub(crate) const PER_MINUTE_MAX: usize = 60;
const LIFE_S: i64 = 3600;
const EXPIRY_DIGITS: usize = 10;
const RANDOM_BYTES: usize = 16;

/// The answer to a preview: that to a render, and when it ends.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Previewed {
    #[serde(flatten)]
    answer: Answer,
    expires_at: String,
}

/// Renders a preview. Nothing outlives the caller: when he hangs up, the render is withdrawn.
pub(crate) async fn answer(
    state: &State,
    order: &Order,
    began: Instant,
) -> Result<Response, Error> {
    let budget = state.previews.take(order.account, began).map_err(Error::Limited)?;
    let expires_s = clock::now() / 1000 + LIFE_S;
    let mut random = [0; RANDOM_BYTES];
    rand::fill(&mut random);
    let key = key(order.template.id, expires_s, &random);
    let picture = state.dispatch.render_now(order.job([key.clone(), key.clone()])).await?;
    let answer = Answer {
        url: format!("{}{key}", state.images),
        from_cache: FromCache::No,
        fields_hash: order.hash.clone(),
        render_ms: render::elapsed_ms(began),
        upload_bytes: picture.bytes,
        credits_remaining: render::available(state, order.account).await?,
        warnings: picture.warnings,
    };
    let previewed = Previewed { answer, expires_at: rfc3339(expires_s * 1000) };
    let mut response = axum::Json(previewed).into_response();
    budget.write(response.headers_mut());
    Ok(response)
}

fn key(template: TemplateId, expires_s: i64, random: &[u8; RANDOM_BYTES]) -> String {
    format!("p/{template}/{expires_s:010}-{}.png", HEXLOWER.encode(random))
}

/// When the preview in that file expires, in Unix seconds; `None` when it is no preview's name.
pub(crate) fn expiry(file: &str) -> Option<i64> {
    let (expires, random) = file.strip_suffix(".png")?.split_once('-')?;
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = expires.len() == EXPIRY_DIGITS
        && expires.bytes().all(|byte| byte.is_ascii_digit())
        && random.len() == 2 * RANDOM_BYTES
        && random.bytes().all(hex);
    expires.parse().ok().filter(|_| fits)
}

/// Removes the previews that have expired; answers how many. What is no preview's name is left
/// alone.
///
/// # Errors
/// When the blobs cannot be listed or removed; the next sweep goes on.
pub(crate) async fn sweep(blobs: &dyn Blobs, now: Millis) -> Result<u64, BlobsError> {
    let folder: Key = "p/".parse()?;
    let mut removed = 0;
    for key in blobs.list(&folder).await? {
        let file = key.as_str().rsplit('/').next().unwrap_or_default();
        if expiry(file).is_some_and(|expires_s| expires_s <= now / 1000) {
            blobs.delete(&key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pixeldrive_blobs::Folder;

    use super::*;

    #[test]
    fn a_name_says_when_it_expires() {
        let name = key(TemplateId::new(), 1_800_000_000, &[0xab; RANDOM_BYTES]);
        let file = name.rsplit('/').next().expect("a file");
        assert_eq!(expiry(file), Some(1_800_000_000), "{name}");
        assert!(name.parse::<Key>().is_ok(), "{name}");
        let random = "ab".repeat(RANDOM_BYTES);
        for wrong in [
            format!("180000000-{random}.png"),
            format!("18000000000-{random}.png"),
            format!("+180000000-{random}.png"),
            format!("1800000000-{random}.jpg"),
            format!("1800000000-{random}0.png"),
            format!("1800000000-{}.png", random.to_uppercase()),
            "1800000000.png".to_owned(),
            String::new(),
        ] {
            assert_eq!(expiry(&wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_sweep_takes_what_has_expired() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Folder::open(folder.path()).await.expect("blobs");
        let template = TemplateId::new();
        let names = [
            key(template, 1_000_000_000, &[1; RANDOM_BYTES]),
            key(TemplateId::new(), 1_000_000_001, &[2; RANDOM_BYTES]),
            key(template, 1_000_000_002, &[3; RANDOM_BYTES]),
            format!("p/{template}/notes.txt"),
            format!("t/{template}/1000000000-{}.png", "ab".repeat(RANDOM_BYTES)),
        ];
        for name in &names {
            let key = name.parse().expect("a key");
            blobs.put(&key, Bytes::from_static(b"png")).await.expect("put");
        }
        let removed = sweep(&blobs, 1_000_000_001_999).await.expect("sweep");
        assert_eq!(removed, 2, "two have expired");
        for (name, stays) in names.iter().zip([false, false, true, true, true]) {
            let length = blobs.len(&name.parse().expect("a key")).await.expect("len");
            assert_eq!(length.is_some(), stays, "{name}");
        }
    }
}
