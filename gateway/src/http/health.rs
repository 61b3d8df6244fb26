//! For load balancers and people: does it live, can it take requests, what is it.

use axum::extract;
use serde_json::{Value, json};

use super::State;
use super::error::Error;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> axum::Json<Value> {
    axum::Json(json!({"status": "ok"}))
}

/// `GET /readyz`: a render sent here now would be done.
pub(crate) async fn ready(
    extract::State(state): extract::State<State>,
) -> Result<axum::Json<Value>, Error> {
    if state.shutdown.is_cancelled() {
        return Err(Error::Draining);
    }
    state.store.count_accounts().await?;
    match state.dispatch.workers() {
        0 => Err(Error::NotReady("No worker is connected.")),
        workers => Ok(axum::Json(json!({"status": "ready", "workers": workers}))),
    }
}

/// `GET /version`.
pub(crate) async fn version(extract::State(state): extract::State<State>) -> axum::Json<Value> {
    let version = env!("CARGO_PKG_VERSION");
    axum::Json(json!({"version": version, "rendererEpoch": state.config.epoch.0}))
}
