//! Request bodies: read within a limit and a time, and parsed with the path of what is wrong.
//!
//! The Content-Type is not looked at: `curl -d` calls a JSON body a form, and the API reference
//! does just that.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use serde::de::DeserializeOwned;

use super::State;
use super::error::Error;

/// Bytes of a request that is no template and no batch.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);
/// A larger body is parsed away from the threads that answer other requests.
const INLINE_BYTES_MAX: usize = 128 << 10;

/// A JSON body of up to `MAX` bytes.
pub(crate) struct Json<T, const MAX: usize = BODY_BYTES_MAX>(pub(crate) T);

/// A body of up to `MAX` bytes as it came.
pub(crate) struct Raw<const MAX: usize>(pub(crate) Bytes);

impl<T: DeserializeOwned + Send + 'static, const MAX: usize> FromRequest<State> for Json<T, MAX> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &State) -> Result<Self, Error> {
        let Raw(bytes) = Raw::<MAX>::from_request(request, state).await?;
        if bytes.len() > INLINE_BYTES_MAX {
            return Ok(Self(tokio::task::spawn_blocking(move || parse(&bytes)).await??));
        }
        parse(&bytes).map(Self)
    }
}

impl<const MAX: usize> FromRequest<State> for Raw<MAX> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &State) -> Result<Self, Error> {
        let encoding = request.headers().get(CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(Error::Encoded);
        }
        let announced = request.headers().get(CONTENT_LENGTH);
        let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MAX as u64) {
            return Err(Error::TooLarge { bytes_max: MAX });
        }
        let read = tokio::time::timeout(ARRIVAL, collect(request, MAX)).await;
        read.unwrap_or(Err(Error::BodyTimeout)).map(Self)
    }
}

async fn collect(request: Request, bytes_max: usize) -> Result<Bytes, Error> {
    let mut chunks = request.into_body().into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            Error::invalid("", format!("The body could not be read to its end: {error}"))
        })?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Error::TooLarge { bytes_max });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::invalid("", "The body is empty; send a JSON object."));
    }
    // A list would be taken for the fields of a struct in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Error::invalid("", "expected an object, found a list"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // `.` is the whole, and `?` a part that the parser did not get to.
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        // Where in the bytes says less than the path does.
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        problem(path.trim_end_matches(['.', '?']), message)
    })?;
    json.end().map_err(|error| Error::invalid("", format!("not JSON: {error}")))?;
    Ok(value)
}

/// serde names a missing field in the message and its parent in the path.
fn problem(parent: &str, message: String) -> Error {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match missing {
        Some((field, _)) if parent.is_empty() => Error::invalid(field, "missing: it is required"),
        Some((field, _)) => Error::invalid(format!("{parent}.{field}"), "missing: it is required"),
        None => Error::invalid(parent, message),
    }
}

#[cfg(test)]
mod tests {
    use pixeldrive_model::{Problem, TemplateId};
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Ask {
        template_id: TemplateId,
        payloads: Vec<Box<RawValue>>,
        pixel_ratio: Option<f64>,
    }

    /// `path: message` of the refusal, or `fine`.
    #[track_caller]
    fn check(body: &str, expected: &str) {
        let found = match parse::<Ask>(body.as_bytes()) {
            Ok(_) => "fine".to_owned(),
            Err(Error::Invalid(problems)) => {
                let Problem { path, message } = &problems[0];
                format!("{path}: {message}")
            }
            Err(other) => format!("{other:?}"),
        };
        assert!(found.starts_with(expected), "{body}\n found {found}\n wants {expected}");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let id = "\"templateId\":\"0190b2c0-0000-7000-8000-000000000000\"";
        check(&format!("{{{id},\"payloads\":[{{\"a\":[1]}}, 3],\"other\":null}}"), "fine");
        check(&format!(" {{{id},\"payloads\":[],\"pixelRatio\":null}} "), "fine");
        check("", ": The body is empty");
        check(" \n", ": The body is empty");
        check("{}", "templateId: missing");
        check(&format!("{{{id}}}"), "payloads: missing");
        check(&format!("{{{id},\"payloads\":{{}}}}"), "payloads: invalid type: map");
        check(
            &format!("{{{id},\"payloads\":[],\"pixelRatio\":\"2\"}}"),
            "pixelRatio: invalid type",
        );
        check("{\"templateId\":\"seven\"}", "templateId: UUID parsing failed");
        check("{\"templateId\":7}", "templateId: invalid type");
        check("[]", ": expected an object, found a list");
        check("{", ": EOF");
        check("{\"templateId\"", ": EOF");
        check(&format!("{{{id},\"payloads\":[{{]}}"), "payloads[0]: ");
        check(&format!("{{{id},\"payloads\":[]}} x"), ": not JSON: trailing");
    }
}
