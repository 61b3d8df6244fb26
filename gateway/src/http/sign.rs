//! Signed URLs: links to a picture that end.
//!
//! A signature is an HMAC over the key and the expiry. It makes a link that stops working; it does
//! not make the picture secret, whose plain URL goes on being public.

use axum::extract;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use pixeldrive_model::{FieldsHash, TemplateId, image_key};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use url::Url;

use super::State;
use super::auth::Caller;
use super::body::Json;
use super::error::Error;
use super::image;
use crate::clock;
use crate::config::SigningKeys;

const EXPIRES_S_MIN: i64 = 60;
const EXPIRES_S_MAX: i64 = 604_800;
const EXPIRES_S_DEFAULT: i64 = 3600;
const SIGNATURE_BYTES: usize = 16;

/// The body of `POST /v1/sign`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ask {
    key: Option<String>,
    url: Option<String>,
    expires_in: Option<i64>,
}

/// Its answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signed {
    url: String,
    key: String,
    expires_in: i64,
}

/// `POST /v1/sign`.
pub(crate) async fn handle(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Json(ask): Json<Ask>,
) -> Result<axum::Json<Signed>, Error> {
    let expires_in = ask.expires_in.unwrap_or(EXPIRES_S_DEFAULT);
    if !(EXPIRES_S_MIN..=EXPIRES_S_MAX).contains(&expires_in) {
        let message = format!("{expires_in} is outside {EXPIRES_S_MIN} to {EXPIRES_S_MAX} seconds");
        return Err(Error::invalid("expiresIn", message));
    }
    let (template, hash) = wanted(&ask, &state.images)?;
    let picture = state.store.render(template, &hash).await?;
    if picture.is_none_or(|picture| picture.account != caller.account) {
        return Err(Error::NotFound("picture"));
    }
    let key = image_key(template, &hash);
    let exp = clock::now() / 1000 + expires_in;
    let signing = state.config.signing.first();
    let sig = BASE64URL_NOPAD.encode(&signature(signing.secret(), &key, exp));
    let url = format!("{}{key}?exp={exp}&kid={}&sig={sig}", state.images, signing.id());
    Ok(axum::Json(Signed { url, key, expires_in }))
}

/// The picture that `key` or `url` names.
fn wanted(ask: &Ask, images: &str) -> Result<(TemplateId, FieldsHash), Error> {
    let (path, key) = match (&ask.key, &ask.url) {
        (Some(key), None) => ("key", key.clone()),
        (None, Some(url)) => (
            "url",
            key_of(url, images).ok_or_else(|| {
                Error::invalid(
                    "url",
                    format!("not a picture of this server; it starts with {images}"),
                )
            })?,
        ),
        (Some(_), Some(_)) => {
            return Err(Error::invalid("url", "give either key or url, not both"));
        }
        (None, None) => {
            return Err(Error::invalid("key", "missing: the picture's key, or else its url"));
        }
    };
    let named = key
        .strip_prefix("t/")
        .and_then(|rest| rest.split_once('/'))
        .and_then(|(template, file)| image::named(template, file));
    named
        .ok_or_else(|| Error::invalid(path, "not a picture's key; it is t/<templateId>/<hash>.png"))
}

/// The part of `url` after `images`. A signed URL may be signed again, so its query is no obstacle.
fn key_of(url: &str, images: &str) -> Option<String> {
    let (url, images) = (Url::parse(url).ok()?, Url::parse(images).ok()?);
    let plain = url.username().is_empty() && url.password().is_none();
    let key = url.path().strip_prefix(images.path())?;
    (plain && url.origin() == images.origin()).then(|| key.to_owned())
}

fn signature(secret: &[u8], key: &str, exp: i64) -> [u8; SIGNATURE_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    mac.update(format!("v1\nGET\n{key}\n{exp}").as_bytes());
    let mut bytes = [0; SIGNATURE_BYTES];
    bytes.copy_from_slice(&mac.finalize().into_bytes()[..SIGNATURE_BYTES]);
    bytes
}

/// The query of a signed URL.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Signature {
    exp: Option<String>,
    kid: Option<String>,
    sig: Option<String>,
}

impl Signature {
    /// Until when `key` may be served, in Unix seconds; `None` when the URL is not signed.
    pub(crate) fn check(
        &self,
        keys: &SigningKeys,
        key: &str,
        now_s: i64,
    ) -> Result<Option<i64>, Error> {
        let (exp, kid, sig) = match (&self.exp, &self.kid, &self.sig) {
            (None, None, None) => return Ok(None),
            (Some(exp), Some(kid), Some(sig)) => (exp, kid, sig),
            _ => return Err(Error::Forbidden("The signature of this URL is incomplete.")),
        };
        let forged = Error::Forbidden("The signature of this URL does not match.");
        let sig = BASE64URL_NOPAD.decode(sig.as_bytes()).ok();
        let (Ok(exp), Some(sig), Some(signing)) = (exp.parse(), sig, keys.get(kid)) else {
            return Err(forged);
        };
        if !bool::from(sig.ct_eq(&signature(signing.secret(), key, exp))) {
            return Err(forged);
        }
        if exp <= now_s { Err(Error::Gone("signed URL")) } else { Ok(Some(exp)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "t/0190b2c0-0000-7000-8000-000000000000/a1b2c3d4e5f6g7h8.png";

    fn ring(secrets: &[u8]) -> SigningKeys {
        SigningKeys::new(secrets.iter().map(|byte| [*byte; 32]).collect()).expect("keys")
    }

    fn signed(keys: &SigningKeys, key: &str, exp: i64) -> Signature {
        let sig = BASE64URL_NOPAD.encode(&signature(keys.first().secret(), key, exp));
        Signature {
            exp: Some(exp.to_string()),
            kid: Some(keys.first().id().to_owned()),
            sig: Some(sig),
        }
    }

    /// Method: the signature of `KEY` until second 1000 is changed by `change` and checked at
    /// second `now`.
    #[track_caller]
    fn check(now: i64, change: impl FnOnce(&mut Signature), expected: &str) {
        let keys = ring(&[1, 2]);
        let mut signature = signed(&keys, KEY, 1000);
        change(&mut signature);
        let found = match signature.check(&keys, KEY, now) {
            Ok(Some(until)) => format!("until {until}"),
            Ok(None) => "unsigned".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert!(found.starts_with(expected), "{found}, not {expected}: {signature:?}");
    }

    #[test]
    fn a_signature_holds_for_its_key_and_its_time() {
        check(0, |_| {}, "until 1000");
        check(999, |_| {}, "until 1000");
        check(1000, |_| {}, "Gone");
        check(0, |signature| *signature = Signature::default(), "unsigned");
        check(0, |signature| signature.sig = None, "Forbidden");
        check(0, |signature| signature.kid = Some("00000000".into()), "Forbidden");
        check(0, |signature| signature.exp = Some("1001".into()), "Forbidden");
        check(0, |signature| signature.exp = Some("soon".into()), "Forbidden");
        check(0, |signature| signature.sig = Some(String::new()), "Forbidden");
        check(0, |signature| signature.sig = Some("AAAAAAAAAAAAAAAAAAAAAA".into()), "Forbidden");
        check(0, |signature| *signature = signed(&ring(&[3]), KEY, 1000), "Forbidden");
        check(0, |signature| *signature = signed(&ring(&[2]), KEY, 1000), "until 1000");
        let other = KEY.replace("a1", "a2");
        check(0, |signature| *signature = signed(&ring(&[1]), &other, 1000), "Forbidden");
        // Forged wins over expired: nobody learns from a date that a forgery came close.
        check(2000, |signature| signature.sig = Some(String::new()), "Forbidden");
    }

    #[test]
    fn a_url_is_of_this_server() {
        let cases = [
            ("https://x.test/img/t/a/b.png", "https://x.test/img/", Some("t/a/b.png")),
            ("https://x.test/img/t/a/b.png?exp=1", "https://x.test/img/", Some("t/a/b.png")),
            ("https://x.test:443/img/t/a/b.png", "https://x.test/img/", Some("t/a/b.png")),
            ("https://x.test/app/img/a", "https://x.test/app/img/", Some("a")),
            ("https://x.test/img/../v1/a", "https://x.test/img/", None),
            ("https://y.test/img/a", "https://x.test/img/", None),
            ("http://x.test/img/a", "https://x.test/img/", None),
            ("https://x.test@y.test/img/a", "https://x.test/img/", None),
            ("https://u@x.test/img/a", "https://x.test/img/", None),
            ("/img/a", "https://x.test/img/", None),
        ];
        for (url, images, expected) in cases {
            assert_eq!(key_of(url, images).as_deref(), expected, "{url}");
        }
    }
}
