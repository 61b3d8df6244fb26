//! Who is asking: the bearer token of a request becomes an account.
//!
//! Deliberately absent: the plain token anywhere but in the request; the store knows its hash.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use moka::future::Cache;
use pixeldrive_model::AccountId;

use super::State;
use super::error::Error;
use crate::clock;

/// How long a revoked token may still be good on a gateway that has just seen it.
const REMEMBERED: Duration = Duration::from_secs(5);
const TOKENS_MAX: u64 = 10_000;
const TOKEN_BYTES_MAX: usize = 256;

/// The account that asks, and pays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
}

/// Tokens seen a moment ago, by hash. Only good ones: one that is created now must work at once.
#[derive(Clone)]
pub(crate) struct Tokens(Cache<[u8; 32], Caller>);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(TOKENS_MAX).time_to_live(REMEMBERED).build())
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let hash = *blake3::hash(token(&parts.headers)?.as_bytes()).as_bytes();
        if let Some(caller) = state.tokens.0.get(&hash).await {
            return Ok(caller);
        }
        let identity = state.store.authenticate(&hash, clock::now()).await?;
        let identity =
            identity.ok_or(Error::Unauthorized("The API token is unknown, revoked or expired."))?;
        let caller = Self { account: identity.account };
        state.tokens.0.insert(hash, caller).await;
        Ok(caller)
    }
}

/// The token in the headers, if it has the form of one.
fn token(headers: &HeaderMap) -> Result<&str, Error> {
    let header = headers.get(AUTHORIZATION).ok_or(Error::Unauthorized(
        "No API token: send the header `Authorization: Bearer pdrv_…`.",
    ))?;
    let malformed =
        Error::Unauthorized("The Authorization header is malformed; it should be `Bearer pdrv_…`.");
    let Some((scheme, token)) = header.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Err(malformed);
    };
    let token = token.trim();
    let tail = token.strip_prefix("pdrv_").unwrap_or_default();
    let fits = !tail.is_empty()
        && token.len() <= TOKEN_BYTES_MAX
        && tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if scheme.eq_ignore_ascii_case("bearer") && fits { Ok(token) } else { Err(malformed) }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(header: &str, expected: Option<&str>) {
        let value = HeaderValue::from_str(header).expect("a header value");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        assert_eq!(token(&headers).ok(), expected, "{header}");
    }

    #[test]
    fn a_token_is_read_from_its_header() {
        check("Bearer pdrv_0123456789abcdef", Some("pdrv_0123456789abcdef"));
        check("bearer pdrv_abc", Some("pdrv_abc"));
        check("BEARER  pdrv_abc ", Some("pdrv_abc"));
        check("Bearer pdrv_", None);
        check("Bearer sk_abc", None);
        check("Bearer pdrv_a b", None);
        check("Bearer pdrv_a\u{7f}".trim_end_matches('\u{7f}'), Some("pdrv_a"));
        check("Basic cGRydl86", None);
        check("pdrv_abc", None);
        check("", None);
        check(&format!("Bearer pdrv_{}", "a".repeat(TOKEN_BYTES_MAX)), None);
        assert!(token(&HeaderMap::new()).is_err(), "no header");
    }
}
