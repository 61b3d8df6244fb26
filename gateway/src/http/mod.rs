//! The HTTP API: routes, and what their handlers share.
//!
//! One file a subject. Every refusal is an [`error::Error`], and [`envelope`] alone writes it down, so
//! that a caller sees one form of problem whoever refused. Handlers ask the store and the dispatch
//! for what happens; deliberately absent here are SQL, leases, and anything that paints.

mod account;
mod auth;
mod batch;
mod body;
mod envelope;
mod error;
mod families;
mod flight;
mod font;
mod health;
mod image;
mod job;
mod limiter;
pub(crate) mod previews;
mod range;
mod render;
mod schema;
pub(crate) mod server;
mod sign;
mod stream;
mod template;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use pixeldrive_blobs::Blobs;
use pixeldrive_store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::Config;
use crate::dispatch::Dispatch;

/// What the handlers share. Clones share everything.
#[derive(Clone)]
pub(crate) struct State {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    blobs: Arc<dyn Blobs>,
    dispatch: Dispatch,
    shutdown: CancellationToken,
    /// What goes on when its caller has hung up: a render that holds a credit.
    tasks: TaskTracker,
    /// The public URL up to `/img/`; a picture's URL is this and its key.
    images: Arc<str>,
    tokens: auth::Tokens,
    templates: template::Parsed,
    flights: render::Flights,
    /// Uploaded fonts that are being read.
    font_readers: Arc<Semaphore>,
    previews: Arc<limiter::Limiter>,
}

impl State {
    /// State over these parts. Streams end, and `/readyz` refuses, once `shutdown` is cancelled.
    pub(crate) fn new(
        config: Arc<Config>,
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        dispatch: Dispatch,
        shutdown: CancellationToken,
    ) -> Self {
        let images = format!("{}/img/", config.public_url.as_str().trim_end_matches('/'));
        let tasks = TaskTracker::new();
        Self {
            config,
            store,
            blobs,
            dispatch,
            shutdown,
            images: images.into(),
            tokens: auth::Tokens::new(),
            templates: template::Parsed::new(),
            flights: render::Flights::new(tasks.clone()),
            font_readers: Arc::new(Semaphore::new(font::READERS)),
            previews: Arc::new(limiter::Limiter::new(previews::PER_MINUTE_MAX, limiter::MINUTE)),
            tasks,
        }
    }

    /// Waits for the renders whose callers have hung up. To be called once no request is accepted
    /// any more.
    pub(crate) async fn drained(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// The whole API over `state`.
pub(crate) fn router(state: State) -> Router {
    // Pictures are for every page to show, and editors read the schema; the API is for servers,
    // which ask no leave.
    let public = Router::new()
        .route("/v1/schema/template.json", get(schema::template))
        .route("/img/t/{template}/{file}", get(image::permanent))
        .route("/img/p/{template}/{file}", get(image::preview))
        .layer(CorsLayer::new().allow_origin(Any));
    let templates = get(template::read).put(template::replace).delete(template::remove);
    Router::new()
        .route("/v1/render", post(render::handle))
        .route("/v1/render/batch", post(batch::submit))
        .route("/v1/batches/{id}", get(batch::read))
        .route("/v1/batches/{id}/stream", get(stream::handle))
        .route("/v1/jobs/{id}", get(job::read))
        .route("/v1/sign", post(sign::handle))
        .route("/v1/templates", get(template::list).post(template::create))
        .route("/v1/templates/{id}", templates)
        .route("/v1/templates/{id}/schema", get(schema::payload))
        .route("/v1/fonts", get(font::list).post(font::create))
        .route("/v1/fonts/{id}", get(font::read).delete(font::remove))
        .route("/v1/account", get(account::read))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .merge(public)
        .fallback(error::no_route)
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(axum::middleware::from_fn(envelope::wrap))
        .with_state(state)
}
