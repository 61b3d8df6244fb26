//! Around every request: its id, its line in the log, and the form of its refusal.
//!
//! A refusal is RFC 9457 problem JSON whoever made it: a handler, an extractor, the router or a
//! layer. `error` repeats `detail` for clients that look for nothing else.

use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use pixeldrive_model::Problem;
use serde::Serialize;
use tracing::Instrument;
use uuid::Uuid;

use super::error::{self, Draft};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters of an id that a caller chose.
const REQUEST_ID_CHARS_MAX: usize = 128;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    errors: &'a [Problem],
    request_id: &'a str,
    error: &'a str,
}

/// The middleware.
pub(crate) async fn wrap(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (id, id_header) = request_id(&request);
    let method = request.method().clone();
    // Without the query: it may hold a signature.
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("http", request_id = id, %method, path);
    let log = span.clone();
    let mut response = next.run(request).instrument(span).await;

    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        response = problem(response, &id, &path, &method);
    }
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, id_header);
    let ms = began.elapsed().as_secs_f64() * 1e3;
    log.in_scope(|| tracing::info!(status = status.as_u16(), ms, "answered"));
    response
}

/// The caller's id when it is fit for logs and headers, else a fresh one.
fn request_id(request: &Request) -> (String, HeaderValue) {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let given = request.headers().get(REQUEST_ID).filter(|value| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&value.len())
            && value.as_bytes().iter().copied().all(fits)
    });
    if let Some(value) = given
        && let Ok(text) = value.to_str()
    {
        return (text.to_owned(), value.clone());
    }
    let fresh = Uuid::now_v7().to_string();
    let header = HeaderValue::try_from(&fresh).unwrap_or(HeaderValue::from_static("none"));
    (fresh, header)
}

fn problem(response: Response, id: &str, path: &str, method: &Method) -> Response {
    let (mut parts, _) = response.into_parts();
    let draft = parts.extensions.remove::<Draft>();
    let Draft { code, detail, errors } = draft.unwrap_or_else(|| error::draft_of(parts.status));
    let envelope = Envelope {
        r#type: "about:blank",
        title: parts.status.canonical_reason().unwrap_or("Error"),
        status: parts.status.as_u16(),
        detail: &detail,
        instance: path,
        code: &code,
        errors: &errors,
        request_id: id,
        error: &detail,
    };
    let bytes = serde_json::to_vec(&envelope).unwrap_or_default();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
    let body = if method == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_like_any_other() {
        let router = Router::new()
            .route(
                "/",
                get(async || {
                    if true {
                        panic!("on purpose")
                    }
                }),
            )
            .layer(CatchPanicLayer::custom(error::panicked))
            .layer(axum::middleware::from_fn(wrap));
        let answer = router.oneshot(Request::new(Body::empty())).await.expect("infallible");
        assert_eq!(answer.status(), 500, "{answer:?}");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(problem["code"], "internal", "{problem}");
        assert!(!problem.to_string().contains("on purpose"), "the reason stays here: {problem}");
    }
}
