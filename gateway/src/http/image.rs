//! Serving pictures: permanent ones to everybody for ever, previews until they expire.
//!
//! A picture's name follows from what it shows, so its entity tag is its name and nobody has to
//! ask whether it changed. Deliberately absent: the store; if the bytes are there, they are served.

use axum::body::Body;
use axum::extract::{self, Path, Query};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, X_CONTENT_TYPE_OPTIONS,
};
use http::response::Builder;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use pixeldrive_blobs::{Blobs, Key};
use pixeldrive_model::{FieldsHash, TemplateId, image_key};

use super::error::Error;
use super::range::{self, Part};
use super::sign::Signature;
use super::{State, previews};
use crate::clock;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// An answer "there is none" is remembered this long: the picture may be on its way.
const MISSING: HeaderValue = HeaderValue::from_static("public, max-age=10");

/// `GET /img/t/:templateId/:hash.png`. With a signature it is served until the signature expires,
/// without one for ever.
pub(crate) async fn permanent(
    extract::State(state): extract::State<State>,
    Path((template, file)): Path<(String, String)>,
    Query(signature): Query<Signature>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some((template, hash)) = named(&template, &file) else {
        return missing(Error::NotFound("picture"));
    };
    let key = image_key(template, &hash);
    let now_s = clock::now() / 1000;
    let cache = match signature.check(&state.config.signing, &key, now_s) {
        Ok(None) => FOR_EVER.to_owned(),
        Ok(Some(expires_s)) => format!("private, max-age={}", expires_s - now_s),
        Err(error) => return error.into_response(),
    };
    let wanted = Wanted { key, etag: format!("\"{hash}\""), cache, method, headers };
    wanted.serve(&*state.blobs).await.unwrap_or_else(missing)
}

/// `GET /img/p/:templateId/:expiry-:random.png`.
pub(crate) async fn preview(
    extract::State(state): extract::State<State>,
    Path((template, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let template: Result<TemplateId, _> = template.parse();
    let (Ok(template), Some(expires_s)) = (template, previews::expiry(&file)) else {
        return missing(Error::NotFound("picture"));
    };
    let left_s = expires_s - clock::now() / 1000;
    if left_s <= 0 {
        return missing(Error::Gone("preview"));
    }
    let wanted = Wanted {
        etag: format!("\"{}\"", file.trim_end_matches(".png")),
        key: format!("p/{template}/{file}"),
        cache: format!("private, max-age={left_s}"),
        method,
        headers,
    };
    wanted.serve(&*state.blobs).await.unwrap_or_else(missing)
}

/// Template and hash of `/:templateId/:hash.png`.
pub(crate) fn named(template: &str, file: &str) -> Option<(TemplateId, FieldsHash)> {
    let hash = file.strip_suffix(".png")?;
    Some((template.parse().ok()?, hash.parse().ok()?))
}

fn missing(error: Error) -> Response {
    let brief = matches!(error, Error::NotFound(_) | Error::Gone(_));
    let mut response = error.into_response();
    if brief {
        response.headers_mut().insert(CACHE_CONTROL, MISSING);
    }
    response
}

struct Wanted {
    key: String,
    etag: String,
    cache: String,
    method: Method,
    headers: HeaderMap,
}

impl Wanted {
    async fn serve(&self, blobs: &dyn Blobs) -> Result<Response, Error> {
        let key: Key = self.key.parse()?;
        let gone = || Error::NotFound("picture");
        if range::is_known(&self.headers, &self.etag) {
            blobs.len(&key).await?.ok_or_else(gone)?;
            return finish(self.start(StatusCode::NOT_MODIFIED), Body::empty());
        }
        if self.method == Method::HEAD {
            let length = blobs.len(&key).await?.ok_or_else(gone)?;
            return finish(self.picture(StatusCode::OK, length), Body::empty());
        }
        let bytes = blobs.get(&key).await?.ok_or_else(gone)?;
        match range::part(&self.headers, &self.etag, bytes.len()) {
            Part::Whole => {
                let length = bytes.len() as u64;
                finish(self.picture(StatusCode::OK, length), Body::from(bytes))
            }
            Part::Bytes(part) => {
                let (first, last, total) = (part.start, part.end - 1, bytes.len());
                let builder = self
                    .picture(StatusCode::PARTIAL_CONTENT, part.len() as u64)
                    .header(CONTENT_RANGE, format!("bytes {first}-{last}/{total}"));
                finish(builder, Body::from(bytes.slice(part)))
            }
            Part::Unsatisfiable => Err(Error::Range { length: bytes.len() as u64 }),
        }
    }

    /// What every answer about the picture says, also the one without the picture.
    fn start(&self, status: StatusCode) -> Builder {
        Response::builder()
            .status(status)
            .header(ETAG, &self.etag)
            .header(CACHE_CONTROL, &self.cache)
            .header("cross-origin-resource-policy", "cross-origin")
    }

    fn picture(&self, status: StatusCode, length: u64) -> Builder {
        self.start(status)
            .header(CONTENT_TYPE, "image/png")
            .header(CONTENT_LENGTH, length)
            .header(CONTENT_DISPOSITION, "inline")
            .header(ACCEPT_RANGES, "bytes")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
    }
}

fn finish(builder: Builder, body: Body) -> Result<Response, Error> {
    builder.body(body).map_err(|error| Error::Unexpected(format!("a response header: {error}")))
}
