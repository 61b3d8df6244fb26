//! Request bodies: read within a limit and a time, and parsed with the path of what is wrong.
//!
//! The Content-Type is not looked at: `curl -d` calls a JSON body a form, and the API reference
//! does just that.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use pixeldrive_model::not_json;
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
    // A list would be read as the fields in their order.
    let found = match bytes.trim_ascii_start().first() {
        None => return Err(Error::invalid("", "The body is empty; send a JSON object.")),
        Some(b'[') => Some("a list"),
        Some(b'"') => Some("a string"),
        Some(b'n' | b't' | b'f' | b'-' | b'0'..=b'9') => Some("a single value"),
        Some(_) => None,
    };
    if let Some(found) = found {
        return Err(Error::invalid("", format!("expected an object, found {found}")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        // `.` is the whole, and `?` a part that the parser did not get to.
        let path = error.path().to_string();
        problem(path.trim_end_matches(['.', '?']), &error.into_inner())
    })?;
    json.end().map_err(|error| Error::invalid("", not_json(&error)))?;
    Ok(value)
}

/// What serde says, with the path that it means and in words of JSON.
fn problem(path: &str, error: &serde_json::Error) -> Error {
    if !error.is_data() {
        return Error::invalid(path, not_json(error));
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    // These name a field in the message, and perhaps its parent alone in the path.
    for (start, meaning) in [
        ("missing field `", "missing: it is required"),
        ("duplicate field `", "given twice; keep one"),
        ("unknown field `", "unknown field"),
    ] {
        let Some((field, rest)) = message.strip_prefix(start).and_then(|rest| rest.split_once('`'))
        else {
            continue;
        };
        let path = match path.strip_suffix(field).unwrap_or(path).trim_end_matches('.') {
            "" => field.to_owned(),
            parent => format!("{parent}.{field}"),
        };
        let known =
            rest.replace(", expected one of", "; there are").replace(", expected", "; there is");
        return Error::invalid(path, format!("{meaning}{known}"));
    }
    Error::invalid(path, in_words(message))
}

/// `invalid type: string "2", expected f64` for people.
fn in_words(message: &str) -> String {
    if message.contains("UUID") && !message.starts_with("invalid type") {
        return "not a UUID, such as 0190b2c0-0000-7000-8000-000000000000".to_owned();
    }
    let parts = message.split_once(": ").and_then(|(_, rest)| rest.split_once(", expected "));
    let Some((found, expected)) = parts else {
        return message.to_owned();
    };
    let expected = match expected {
        "f32" | "f64" | "i64" | "u64" | "u32" => "a number",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        other if other.contains("UUID") => "a UUID",
        other => other,
    };
    let found = match found.split([' ', '`']).next() {
        Some("map") => "an object",
        Some("sequence") => "a list",
        Some("string") => "a string",
        Some("integer" | "floating") => "a number",
        Some("boolean") => "a boolean",
        _ => found,
    };
    format!("expected {expected}, found {found}")
}

#[cfg(test)]
mod tests {
    use pixeldrive_model::{Problem, TemplateId};
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
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
        check(&format!("{{{id},\"payloads\":[{{\"a\":[1]}}, 3]}}"), "fine");
        check(&format!(" {{{id},\"payloads\":[],\"pixelRatio\":null}} "), "fine");
        check("", ": The body is empty");
        check(" \n", ": The body is empty");
        check("{}", "templateId: missing");
        check(&format!("{{{id}}}"), "payloads: missing");
        check(&format!("{{{id},\"payloads\":{{}}}}"), "payloads: expected a list, found an object");
        check(
            &format!("{{{id},\"payloads\":[],\"pixelRatio\":\"2\"}}"),
            "pixelRatio: expected a number, found a string",
        );
        check(
            &format!("{{{id},\"payloads\":[],\"pixelratio\":2}}"),
            "pixelratio: unknown field; there are `templateId`, `payloads`, `pixelRatio`",
        );
        check(&format!("{{{id},{id},\"payloads\":[]}}"), "templateId: given twice");
        check("{\"templateId\":\"seven\"}", "templateId: not a UUID");
        check("{\"templateId\":7}", "templateId: expected a UUID, found a number");
        check("[]", ": expected an object, found a list");
        check("null", ": expected an object, found a single value");
        check("nonsense", ": expected an object");
        check("<x>", ": not JSON: expected value at column 1");
        check("{", ": not JSON: it ends early");
        check("{\"templateId\"", ": not JSON: it ends early");
        check(&format!("{{{id},\"payloads\":[{{]}}"), "payloads[0]: not JSON: key must be");
        check(&format!("{{{id},\"payloads\":[]}} x"), ": not JSON: trailing");
    }
}
