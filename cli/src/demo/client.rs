//! A small client of the HTTP API, as anybody would write one.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// How often a server is asked whether it is ready.
const READY_EVERY: Duration = Duration::from_millis(20);

/// One account on one server.
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Result<Self> {
        // It speaks plain HTTP to this machine, which may have no certificates installed.
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        Ok(Self { http, base: base.to_owned(), token: token.to_owned() })
    }

    /// Waits until the server has a worker.
    pub(crate) async fn ready(&self, within: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < within {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(READY_EVERY).await;
        }
        bail!("the server is not ready after {within:?}");
    }

    /// Adds a template; answers its id.
    pub(crate) async fn create_template(&self, template: &Value) -> Result<String> {
        let answer = self.post("/v1/templates", template).await?;
        let id = answer["id"].as_str().map(str::to_owned);
        id.with_context(|| format!("the answer has no `id`: {answer}"))
    }

    /// Posts JSON and answers JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let answer = request.json(body).send().await?;
        Ok(good(answer).await?.json().await?)
    }

    /// The bytes of a picture.
    pub(crate) async fn picture(&self, url: &str) -> Result<Bytes> {
        let answer = self.http.get(url).send().await?;
        if answer.status() != StatusCode::OK {
            bail!("{url} answers {}", answer.status());
        }
        Ok(answer.bytes().await?)
    }

    /// The events of a stream, as name and data.
    pub(crate) async fn events(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<(String, Value)>> + use<>> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let mut bytes = good(request.send().await?).await?.bytes_stream();
        Ok(async_stream::try_stream! {
            let mut buffer = Vec::new();
            while let Some(chunk) = bytes.next().await {
                buffer.extend_from_slice(&chunk?);
                while let Some(end) = buffer.windows(2).position(|pair| pair == b"\n\n") {
                    let event: Vec<u8> = buffer.drain(..end + 2).collect();
                    if let Some(event) = event_in(&event)? {
                        yield event;
                    }
                }
            }
        })
    }
}

/// The answer, when its status says success.
async fn good(answer: Response) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let path = answer.url().path().to_owned();
    bail!("{path} answers {status}: {}", answer.text().await?)
}

/// An event; `None` for a comment.
fn event_in(bytes: &[u8]) -> Result<Option<(String, Value)>> {
    let (mut name, mut data) = ("message", String::new());
    for line in std::str::from_utf8(bytes)?.lines() {
        if let Some(text) = line.strip_prefix("event:") {
            name = text.trim();
        } else if let Some(text) = line.strip_prefix("data:") {
            data.push_str(text.trim_start());
        }
    }
    if data.is_empty() {
        return Ok(None);
    }
    Ok(Some((name.to_owned(), serde_json::from_str(&data)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read() {
        let read = |text: &str| event_in(text.as_bytes()).expect("an event");
        let expected = ("done".to_owned(), serde_json::json!({"a": 1}));
        assert_eq!(read("event: done\nid: 3\ndata: {\"a\":1}\n\n"), Some(expected));
        assert_eq!(read(": heartbeat\n\n"), None);
        assert_eq!(read("retry: 2000\n\n"), None);
    }
}
