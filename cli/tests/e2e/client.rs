//! A client of the HTTP API that answers statuses instead of hiding them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::process::DEADLINE;

/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(10);

/// One token on one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) base: String,
    token: String,
}

/// Plain HTTP to this machine: it may have no certificates installed.
pub(crate) fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(DEADLINE);
    builder.build().expect("a client")
}

/// Status and JSON body.
pub(crate) type Answer = (StatusCode, Value);

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        Self { http: http(), base: base.to_owned(), token: token.to_owned() }
    }

    /// The same server with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.base));
        self.answer(if let Some(body) = body { request.json(body) } else { request }).await
    }

    /// Posts a file as it is.
    pub(crate) async fn upload(&self, path: &str, file: &[u8]) -> Answer {
        self.answer(self.http.post(format!("{}{path}", self.base)).body(file.to_vec())).await
    }

    async fn answer(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}")),
        };
        (status, body)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Posts what must be accepted.
    #[track_caller]
    pub(crate) fn accepted(
        &self,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = Value> + use<'_> {
        let (path, body) = (path.to_owned(), body.clone());
        async move {
            let (status, answer) = self.post(&path, &body).await;
            assert!(status.is_success(), "{path} answers {status}: {answer}");
            answer
        }
    }

    /// Any URL, with these headers and without the token.
    pub(crate) async fn fetch(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, Bytes) {
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        (status, headers, answer.bytes().await.expect("a body"))
    }

    /// The picture at a URL.
    pub(crate) async fn picture(&self, url: &str) -> image::DynamicImage {
        let (status, headers, bytes) = self.fetch(Method::GET, url, &[]).await;
        assert_eq!(status, StatusCode::OK, "{url}");
        assert_eq!(headers["content-type"], "image/png", "{url}");
        image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).expect("a PNG")
    }

    /// Waits until the server has so many workers.
    pub(crate) async fn ready(&self, workers: u64) {
        self.until(&format!("{workers} workers"), async || {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await.ok()?;
            let body: Value = answer.json().await.ok()?;
            (body["workers"].as_u64() == Some(workers)).then_some(())
        })
        .await;
    }

    /// Adds a template; answers its id.
    pub(crate) async fn template(&self, template: &Value) -> String {
        let answer = self.accepted("/v1/templates", template).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Submits a batch; answers its id.
    pub(crate) async fn batch(&self, template: &str, payloads: &[Value]) -> String {
        let body = json!({"templateId": template, "payloads": payloads});
        let answer = self.accepted("/v1/render/batch", &body).await;
        assert_eq!(answer["count"], payloads.len(), "{answer}");
        answer["batchId"].as_str().expect("an id").to_owned()
    }

    /// Waits until that many rows of a batch are done, one way or the other; answers its status.
    pub(crate) async fn done(&self, batch: &str, rows: u64) -> Value {
        self.until(&format!("{rows} rows done"), async || {
            let (_, status) = self.get(&format!("/v1/batches/{batch}")).await;
            let done = status["completed"].as_u64()? + status["failed"].as_u64()?;
            (done >= rows).then_some(status)
        })
        .await
    }

    /// Free credits.
    pub(crate) async fn credits(&self) -> i64 {
        let (_, account) = self.get("/v1/account").await;
        account["credits"]["available"].as_i64().expect("credits")
    }

    /// Looks until there is something to see.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(Instant::now() < end, "waited in vain for: {what}");
            tokio::time::sleep(POLL).await;
        }
    }
}

/// A small template with one text, one rating and a code.
pub(crate) fn card() -> Value {
    json!({
        "name": "Card", "width": 240, "height": 120, "background": "#0f172a",
        "elements": [
            {"id": "headline", "type": "text", "x": 12, "y": 12, "width": 140, "height": 60,
             "text": "Hello", "fontSize": 22, "color": "#ffffff", "overflow": "shrink"},
            {"id": "stars", "type": "rating", "x": 12, "y": 84, "height": 20, "value": 3},
            {"id": "qr", "type": "qrcode", "x": 160, "y": 24, "width": 72, "text": "https://example.com"},
        ],
    })
}

/// A payload of [`card`] for each number.
pub(crate) fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|row| json!({"headline": {"text": format!("Row {row}")}})).collect()
}
