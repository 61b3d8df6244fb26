//! A gateway without sockets, and a client of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use pixeldrive_model::{AccountId, Effort, Epoch, Problem, TemplateId, TokenId};
use pixeldrive_proto::v1::{self, gateway_message::Kind, result::Outcome};
use pixeldrive_store::{Grant, NewAccount, NewToken, PutTemplate, Store};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::dispatch::tests::farm::{Peer, World, soon};
use crate::http::{State, router};
use crate::{Config, SigningKeys, clock};

pub(super) const TOKEN: &str = "pdrv_0123456789abcdef";
/// Whose calls should see nothing of the other's.
pub(super) const STRANGER: &str = "pdrv_stranger00000000";
pub(super) const IMAGES: &str = "https://render.test/img/";
/// A PNG's stand-in: nobody here looks inside.
pub(super) const PICTURE: &[u8] = b"0123456789";
pub(super) const TEMPLATE: &str = r#"{"name": "Card", "width": 40, "height": 20, "elements": [
    {"id": "headline", "type": "text", "text": "Hello"},
    {"id": "photo", "type": "image", "width": 9, "height": 9, "src": "https://example.com/a.png"}]}"#;

pub(super) struct Api {
    pub(super) world: World,
    pub(super) state: State,
    pub(super) account: AccountId,
    pub(super) template: TemplateId,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

impl Api {
    /// An account with 100 credits and one template.
    pub(super) async fn start() -> Self {
        let world = World::start().await;
        let template = TemplateId::new();
        let account = account(&*world.store, TOKEN).await;
        account_without_credits(&*world.store).await;
        let json = TEMPLATE.as_bytes().to_vec();
        let parsed = pixeldrive_model::parse(&json).expect("a template");
        let (name, hash) = (parsed.name, parsed.hash);
        let put = PutTemplate { id: template, account, name, hash, json };
        world.store.put_template(put, clock::now()).await.expect("stored");
        let config = Config {
            public_url: "https://render.test".parse().expect("a URL"),
            worker_token: None,
            signing: SigningKeys::new(vec![[7; 32]]).expect("keys"),
            name: "test".to_owned(),
            epoch: Epoch("1".to_owned()),
            effort: Effort::Fast,
            inspect: |given| match given.element.id.as_str() {
                "unfit" => vec![Problem::new("text", "as the test says")],
                _ => Vec::new(),
            },
        };
        let state = State::new(
            Arc::new(config),
            world.store.clone(),
            world.blobs.clone(),
            world.dispatch.clone(),
            world.shutdown.clone(),
        );
        let router = router(state.clone());
        Self { world, state, account, template, router }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.ask(request("GET", path).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &body.to_string()).await
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask(request(method, path).body(Body::from(body.to_owned())).expect("a request")).await
    }

    pub(super) async fn ask(&self, request: Request<Body>) -> Reply {
        let (parts, body) = soon(self.open(request)).await.into_parts();
        let body = soon(body.collect()).await.expect("a body").to_bytes();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Sends a request and leaves the answer's body to be read.
    pub(super) async fn open(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    /// `POST /v1/render` of the template with this headline, and with `more` in the request.
    pub(super) async fn render(&self, headline: &str, more: Value) -> Reply {
        self.post("/v1/render", self.render_body(headline, more)).await
    }

    pub(super) fn render_body(&self, headline: &str, more: Value) -> Value {
        let payload = json!({"headline": {"text": headline}});
        let mut body = json!({"templateId": self.template, "payload": payload});
        if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
            body.extend(more);
        }
        body
    }

    pub(super) async fn submit(&self, headlines: &[&str]) -> Reply {
        let payload = |text: &&str| json!({"headline": {"text": text}});
        let payloads: Vec<_> = headlines.iter().map(payload).collect();
        let body = json!({"templateId": self.template, "payloads": payloads});
        self.post("/v1/render/batch", body).await
    }

    /// Starts a worker that answers each job with `script`; answers how many it was given.
    pub(super) async fn work(
        &self,
        script: impl Fn(&v1::Job) -> Outcome + Send + 'static,
    ) -> Arc<AtomicU32> {
        let mut peer = Peer::join(&self.world).await;
        let jobs = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&jobs);
        peer.grant(v1::Lane::Interactive, 4);
        peer.grant(v1::Lane::Bulk, 4);
        tokio::spawn(async move {
            while let Kind::Work(work) = peer.next().await {
                for job in &work.jobs {
                    count.fetch_add(1, Ordering::SeqCst);
                    peer.answer(job, script(job));
                    peer.grant(work.lane(), 1);
                }
            }
        });
        jobs
    }

    /// Credits: available, held, spent; and the ledger must be sound.
    pub(super) async fn credits(&self) -> (i64, i64, i64) {
        let faults = self.world.store.audit().await.expect("store");
        assert_eq!(faults, Vec::<String>::new(), "the ledger is sound");
        let reply = self.get("/v1/account").await.json();
        let number = |key| reply["credits"][key].as_i64().expect("a number");
        (number("available"), number("held"), number("spent"))
    }

    /// Adds credits.
    pub(super) async fn grant(&self, credits: i64) {
        let idempotency_key = TokenId::new().to_string();
        let grant = Grant { account: self.account, credits, idempotency_key };
        self.world.store.grant(grant, clock::now()).await.expect("granted");
    }
}

/// A request with the account's token.
pub(super) fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {TOKEN}"))
}

pub(super) fn done() -> Outcome {
    let png = Bytes::from_static(PICTURE);
    Outcome::Done(v1::Done { width: 40, height: 20, png, ..v1::Done::default() })
}

async fn account(store: &dyn Store, token: &str) -> AccountId {
    let account = new_account(store, 100).await;
    new_token(store, account, token, None).await;
    account
}

async fn account_without_credits(store: &dyn Store) {
    let account = new_account(store, 0).await;
    new_token(store, account, STRANGER, None).await;
}

async fn new_account(store: &dyn Store, credits: i64) -> AccountId {
    let id = AccountId::new();
    let new = NewAccount { id, name: "Acme".to_owned(), credits };
    store.create_account(new, clock::now()).await.expect("an account");
    id
}

pub(super) async fn new_token(
    store: &dyn Store,
    account: AccountId,
    token: &str,
    expires: Option<i64>,
) -> TokenId {
    let new = NewToken {
        id: TokenId::new(),
        account,
        name: String::new(),
        hash: *blake3::hash(token.as_bytes()).as_bytes(),
        last4: token[token.len() - 4..].to_owned(),
        expires,
    };
    store.create_token(new, clock::now()).await.expect("a token")
}
