//! Every refusal of the API, and the one `match` that gives each its status, code and sentence.
//!
//! Deliberately absent: the JSON itself. A response carries its [`Draft`] as an extension, and
//! [`envelope`](super::envelope) writes it once the id and the path of the request are known.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use pixeldrive_fonts::Error as FontError;
use pixeldrive_model::{Credits, Failure, Fault, Problem};
use pixeldrive_store::Error as StoreError;

use super::limiter::Budget;
use crate::dispatch::RenderNowError;

/// Problems listed in one answer; a batch of a thousand rows may have as many thousands.
pub(crate) const PROBLEMS_MAX: usize = 100;

/// Why a request was refused.
#[derive(Debug)]
pub(crate) enum Error {
    // The caller can fix these.
    Invalid(Vec<Problem>),
    Unauthorized(&'static str),
    CreditShort {
        needed: Credits,
        available: Credits,
    },
    Forbidden(&'static str),
    NotFound(&'static str),
    Gone(&'static str),
    BodyTimeout,
    TooLarge {
        bytes_max: usize,
    },
    Encoded,
    Font(FontError),
    FontsExceeded {
        fonts_max: usize,
    },
    Range {
        length: u64,
    },
    Limited(Budget),
    // Whoever can act on it, the render failed and cost nothing.
    Render(Failure),
    // Trying again may work.
    NoWorker,
    Deadline,
    Draining,
    NotReady(&'static str),
    // The store and the blobs know who can act on theirs.
    Store(StoreError),
    Blobs(pixeldrive_blobs::Error),
    // The operator can fix this: a panic, or stored data that this build cannot read.
    Unexpected(String),
    /// A refusal that several callers wait for.
    Shared(Arc<Error>),
}

/// What [`envelope`](super::envelope) writes down.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) code: Cow<'static, str>,
    pub(crate) detail: String,
    pub(crate) errors: Vec<Problem>,
}

impl Error {
    /// One problem at `path`.
    pub(crate) fn invalid(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(path, message)])
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::CreditShort { .. } => StatusCode::PAYMENT_REQUIRED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Gone(_) => StatusCode::GONE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Font(FontError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Font(_) => StatusCode::BAD_REQUEST,
            Self::FontsExceeded { .. } => StatusCode::CONFLICT,
            Self::Range { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Render(failure) => match failure.fault {
                Fault::Caller => StatusCode::BAD_REQUEST,
                Fault::Operator => StatusCode::INTERNAL_SERVER_ERROR,
                Fault::Transient => StatusCode::SERVICE_UNAVAILABLE,
            },
            Self::NoWorker | Self::Draining | Self::NotReady(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Self::Store(error) => of_fault(error.fault()),
            Self::Blobs(error) => of_fault(error.fault()),
            Self::Unexpected(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Shared(error) => error.status(),
        }
    }

    fn draft(&self) -> Draft {
        let (code, detail) = match self {
            Self::Invalid(problems) => return invalid(problems),
            Self::Render(failure) => return failed(failure),
            Self::Shared(error) => return error.draft(),
            Self::Unauthorized(why) => ("unauthorized", (*why).to_owned()),
            Self::CreditShort { needed, available } => ("credit_short", short(*needed, *available)),
            Self::Forbidden(why) => ("forbidden", (*why).to_owned()),
            Self::NotFound(what) => ("not_found", format!("There is no such {what}.")),
            Self::Gone(what) => ("gone", format!("This {what} has expired.")),
            Self::BodyTimeout => {
                ("body_timeout", "The body did not arrive in time; send it again.".to_owned())
            }
            Self::TooLarge { bytes_max } => (
                "too_large",
                format!("The body is too large; this endpoint takes up to {bytes_max} bytes."),
            ),
            Self::Encoded => (
                "unsupported_encoding",
                "Send the body as plain JSON, without a Content-Encoding.".to_owned(),
            ),
            Self::Font(error) => (error.code(), refused(error)),
            Self::FontsExceeded { fonts_max } => (
                "fonts_exceeded",
                format!("An account has up to {fonts_max} fonts; delete one that is not used."),
            ),
            Self::Range { length } => {
                ("range_unsatisfiable", format!("The picture has {length} bytes."))
            }
            Self::Limited(budget) => ("rate_limited", limited(budget)),
            Self::NoWorker => ("no_worker", safe("No worker is connected")),
            Self::Deadline => ("deadline", safe("The render did not finish in time")),
            Self::Draining => ("draining", safe("This server is shutting down")),
            Self::NotReady(why) => ("not_ready", (*why).to_owned()),
            Self::Store(error) => (error.code(), internal(error.fault())),
            Self::Blobs(error) => ("object_store", internal(error.fault())),
            Self::Unexpected(_) => ("internal", internal(Fault::Operator)),
        };
        Draft { code: code.into(), detail, errors: Vec::new() }
    }

    fn headers(&self, headers: &mut HeaderMap) {
        match self {
            Self::Unauthorized(_) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Range { length } => {
                if let Ok(value) = HeaderValue::try_from(format!("bytes */{length}")) {
                    headers.insert(CONTENT_RANGE, value);
                }
            }
            Self::Limited(budget) => {
                headers.insert(RETRY_AFTER, budget.reset_s.into());
                budget.write(headers);
            }
            Self::Shared(error) => error.headers(headers),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
    }

    /// Tells the operator what the caller is not told.
    fn log(&self) {
        match self {
            Self::Store(error) => tracing::error!(error = error as &dyn std::error::Error, "store"),
            Self::Blobs(error) => tracing::error!(error = error as &dyn std::error::Error, "blobs"),
            Self::Unexpected(message) => tracing::error!("{message}"),
            Self::Render(failure) => match failure.fault {
                Fault::Caller => {}
                Fault::Operator => tracing::error!(%failure, "render failed"),
                Fault::Transient => tracing::warn!(%failure, "render failed for the moment"),
            },
            Self::Shared(error) => error.log(),
            _ => {}
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let mut response = self.status().into_response();
        self.headers(response.headers_mut());
        response.extensions_mut().insert(self.draft());
        response
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::CreditShort { needed, available } => {
                Self::CreditShort { needed, available }
            }
            StoreError::TemplateUnknown(_) => Self::NotFound("template"),
            StoreError::FontsExceeded { fonts_max } => Self::FontsExceeded { fonts_max },
            other => Self::Store(other),
        }
    }
}

impl From<pixeldrive_blobs::Error> for Error {
    fn from(error: pixeldrive_blobs::Error) -> Self {
        Self::Blobs(error)
    }
}

impl From<RenderNowError> for Error {
    fn from(error: RenderNowError) -> Self {
        match error {
            RenderNowError::NoWorker => Self::NoWorker,
            RenderNowError::Deadline => Self::Deadline,
            RenderNowError::Draining => Self::Draining,
            RenderNowError::Failed(failure) => Self::Render(failure),
        }
    }
}

impl From<FontError> for Error {
    fn from(error: FontError) -> Self {
        Self::Font(error)
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Unexpected(format!("a task ended early: {error}"))
    }
}

/// Answers a path that is no route.
pub(crate) async fn no_route() -> Error {
    Error::NotFound("endpoint")
}

/// Answers for a handler that panicked.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::Unexpected(format!("a handler panicked: {}", text.unwrap_or("?"))).into_response()
}

/// A refusal that was not made here but by the router or a layer.
pub(crate) fn draft_of(status: StatusCode) -> Draft {
    let (code, detail) = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "This endpoint takes the methods in the Allow header.")
        }
        _ => ("refused", status.canonical_reason().unwrap_or("The request was refused.")),
    };
    Draft { code: code.into(), detail: detail.to_owned(), errors: Vec::new() }
}

/// The caller's own faults have variants; what is left of that class is a fault of this program.
fn of_fault(fault: Fault) -> StatusCode {
    match fault {
        Fault::Caller | Fault::Operator => StatusCode::INTERNAL_SERVER_ERROR,
        Fault::Transient => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn internal(fault: Fault) -> String {
    match fault {
        Fault::Caller | Fault::Operator => {
            "Something is wrong with this server, not with your request. Trying again will not \
             help; tell its operator the requestId."
                .to_owned()
        }
        Fault::Transient => safe("This server could not reach its storage"),
    }
}

/// A sentence about what a second try may mend.
fn safe(what: &str) -> String {
    format!("{what}. Nothing was charged, and trying again is safe.")
}

fn short(needed: Credits, available: Credits) -> String {
    let missing = needed.saturating_sub(available);
    format!(
        "Insufficient credit balance: {needed} needed, {available} available, {missing} short. \
         Nothing was rendered or charged."
    )
}

fn refused(error: &FontError) -> String {
    let hint = "Send the file itself as the body, such as with curl --data-binary @font.ttf.";
    match error {
        FontError::NoFont { .. } => format!("The font was refused: {error}. {hint}"),
        _ => format!("The font was refused: {error}."),
    }
}

fn limited(budget: &Budget) -> String {
    let Budget { limit, reset_s, .. } = budget;
    format!("At most {limit} previews a minute; the next is possible in {reset_s} s.")
}

fn invalid(problems: &[Problem]) -> Draft {
    let mut detail = match problems {
        [] => "The request is invalid.".to_owned(),
        [Problem { path, message }, ..] if path.is_empty() => message.clone(),
        [Problem { path, message }, ..] => format!("{path}: {message}"),
    };
    match problems.len().saturating_sub(1) {
        0 => {}
        1 => detail.push_str(" (and 1 more problem)"),
        more => detail.push_str(&format!(" (and {more} more problems)")),
    }
    let errors = problems.iter().take(PROBLEMS_MAX).cloned().collect();
    Draft { code: "invalid_request".into(), detail, errors }
}

fn failed(failure: &Failure) -> Draft {
    let Failure { fault, code, message, element } = failure;
    let named = match element.as_str() {
        "" => message.clone(),
        element => format!("{element}: {message}"),
    };
    let detail = match fault {
        Fault::Caller => named,
        Fault::Operator => internal(Fault::Operator),
        Fault::Transient => safe(&format!("The render failed ({named})")),
    };
    let at_element = *fault != Fault::Operator && !element.is_empty();
    let errors = at_element.then(|| Problem::new(format!("payload.{element}"), message.as_str()));
    Draft { code: code.clone().into(), detail, errors: errors.into_iter().collect() }
}
