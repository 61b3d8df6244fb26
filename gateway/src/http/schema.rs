//! JSON Schemas, for editors, code generators and forms: of templates, and of the payloads that one
//! template takes.

use std::sync::LazyLock;

use axum::extract::{self, Path};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderMap, StatusCode};
use pixeldrive_model::{payload_schema, template_schema};

use super::State;
use super::auth::Caller;
use super::error::Error;
use super::range;

const MEDIA_TYPE: &str = "application/schema+json";

/// The schema of templates. It is that of this build.
struct Served {
    json: Bytes,
    etag: String,
}

static TEMPLATE: LazyLock<Served> = LazyLock::new(|| {
    let json = Bytes::from(template_schema().to_string());
    let etag = format!("\"{}\"", &blake3::hash(&json).to_hex()[..16]);
    Served { json, etag }
});

/// `GET /v1/schema/template.json`.
pub(crate) async fn template(headers: HeaderMap) -> Response {
    let Served { json, etag } = &*TEMPLATE;
    let cached = [(ETAG, etag.as_str()), (CACHE_CONTROL, "public, max-age=3600")];
    if range::is_known(&headers, etag) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    (cached, [(CONTENT_TYPE, MEDIA_TYPE)], json.clone()).into_response()
}

/// `GET /v1/templates/:id/schema`.
pub(crate) async fn payload(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("template"))?;
    let (_, known) = state.template(caller.account, id).await?;
    let schema = payload_schema(&known.template);
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], schema.to_string()).into_response())
}
