//! `GET /v1/batches/:id/stream`: a batch's progress as server-sent events.
//!
//! Every event is a whole picture of where the batch stands, so that a reconnected client needs
//! nothing of what it missed; `Last-Event-ID` only keeps it from being told the same twice.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{self, Path};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use pixeldrive_model::{AccountId, BatchId};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::State;
use super::auth::Caller;
use super::batch::{self, Counts, RowResult};
use super::error::Error;

/// A proxy that hears nothing hangs up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// When a client that lost the connection comes back.
const RETRY: Duration = Duration::from_secs(2);
/// Between two progress events, but for the last.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the store is asked although nothing was heard: another gateway may be at work.
const POLL: Duration = Duration::from_secs(2);
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The handler.
pub(crate) async fn handle(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let batch = batch::find(&state, caller, &id).await?;
    let known = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let watcher = Watcher {
        state,
        account: caller.account,
        batch: batch.id,
        known: known.map(str::to_owned),
    };
    let events = Sse::new(watcher.events());
    let events = events.keep_alive(KeepAlive::new().interval(HEARTBEAT).text("heartbeat"));
    let mut response = events.into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Watcher {
    state: State,
    account: AccountId,
    batch: BatchId,
    /// Id of the last event that the client has seen.
    known: Option<String>,
}

impl Watcher {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
        let opened = Instant::now();
        async_stream::stream! {
            yield Ok(Event::default().retry(RETRY).comment("a snapshot at every change"));
            let mut changes = self.state.dispatch.watch(self.batch);
            let mut watching = true;
            let mut told = self.known.clone();
            let mut next = opened;
            loop {
                // Before the store is asked, so that no change falls between.
                changes.borrow_and_update();
                let Some(counts) = self.counts().await else { return };
                let (id, finished) = (id(&counts), counts.finished());
                let news = told.as_ref() != Some(&id);
                if news && (finished || Instant::now() >= next) {
                    yield Ok(event("progress", &id, &counts));
                    told = Some(id);
                    next = Instant::now() + PAUSE;
                    continue;
                }
                if finished {
                    let Some(done) = self.done().await else { return };
                    yield Ok(event("done", "done", &done));
                    return;
                }
                let look = if news { next } else { Instant::now() + POLL };
                tokio::select! {
                    changed = changes.changed(), if watching => watching = changed.is_ok(),
                    () = sleep_until(look) => {}
                    () = sleep_until(opened + LIFE) => return,
                    () = self.state.shutdown.cancelled() => return,
                }
            }
        }
    }

    /// `None` ends the stream: the client comes back and is told in the form of an answer.
    async fn counts(&self) -> Option<Counts> {
        match self.state.store.batch(self.account, self.batch).await {
            Ok(row) => row.map(Counts::from),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "stream");
                None
            }
        }
    }

    async fn done(&self) -> Option<Done> {
        match batch::results(&self.state, self.batch).await {
            Ok(results) => Some(Done { results }),
            Err(error) => {
                tracing::error!(?error, "stream");
                None
            }
        }
    }
}

#[derive(Serialize)]
struct Done {
    results: Vec<RowResult>,
}

/// The same counts have the same id on every gateway.
fn id(counts: &Counts) -> String {
    let Counts { completed, failed, running, .. } = counts;
    format!("{completed}-{failed}-{running}")
}

fn event(name: &str, id: &str, data: &impl Serialize) -> Event {
    // Counts and results are always JSON; an event without data would be ignored by clients.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).id(id).data(data)
}
