//! What is refused, with which status and code, and where the fault is said to lie.

use axum::body::Body;
use http::Request;
use pixeldrive_model::limits::BATCH_BODY_BYTES_MAX;
use pixeldrive_model::{BatchId, JobId, TemplateId};
use pixeldrive_store::Store;
use serde_json::json;

use super::api::{Api, Reply, STRANGER, new_token, request};
use crate::clock;

/// `status code path: message` of a problem; the path and the message are the first's.
#[track_caller]
fn summary(reply: &Reply) -> String {
    let problem = reply.json();
    assert_eq!(reply.header("content-type"), "application/problem+json", "{problem}");
    assert_eq!(problem["status"], reply.status, "{problem}");
    assert_eq!(problem["requestId"], reply.header("x-request-id"), "{problem}");
    assert_eq!(problem["error"], problem["detail"], "{problem}");
    for key in ["type", "title", "detail", "instance", "code"] {
        assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {problem}");
    }
    let code = problem["code"].as_str().expect("checked");
    match &problem["errors"][0] {
        serde_json::Value::Null => format!("{} {code}", reply.status),
        first => {
            let text = |key: &str| first[key].as_str().expect("text").to_owned();
            format!("{} {code} {}: {}", reply.status, text("path"), text("message"))
        }
    }
}

/// Requests that are wrong in themselves, and how their refusal begins. `$T` stands for the id of
/// the template, `$U` for one that is nothing's.
const WRONG: &str = r#"
    GET / => 404 not_found
    GET /v1/nothing => 404 not_found
    GET /v1/render => 405 method_not_allowed
    DELETE /v1/account => 405 method_not_allowed
    POST /v1/render => 400 invalid_request : The body is empty
    POST /v1/render { => 400 invalid_request : not JSON: it ends early
    POST /v1/render {} => 400 invalid_request templateId: missing
    POST /v1/render {"templateId":"x","payload":{}} => 400 invalid_request templateId: not a UUID
    POST /v1/render {"templateId":"$T"} => 400 invalid_request payload: missing
    POST /v1/render {"templateId":"$T","payload":[]} => 400 invalid_request payload: expected an object
    POST /v1/render {"templateId":"$T","payload":{},"pixelRatio":"2"} => 400 invalid_request pixelRatio: expected a number, found a string
    POST /v1/render {"templateId":"$T","payload":{},"pixelratio":2} => 400 invalid_request pixelratio: unknown field; there are `templateId`, `payload`, `size`, `pixelRatio`, `effort`, `preview`, `strict`
    POST /v1/render {"templateId":"$T","payload":{},"payload":{}} => 400 invalid_request payload: given twice
    POST /v1/render {"templateId":"$T","payload":{"headline":{"text":"a","text":"b"}}} => 400 invalid_request payload.headline.text: given twice
    POST /v1/render [] => 400 invalid_request : expected an object, found a list
    POST /v1/render {"templateId":"$T","payload":{},"pixelRatio":0} => 400 invalid_request pixelRatio: 0 is outside
    POST /v1/render {"templateId":"$T","payload":{},"pixelRatio":100} => 400 invalid_request pixelRatio: 100 is outside
    POST /v1/render {"templateId":"$T","payload":{},"pixelRatio":1e300} => 400 invalid_request pixelRatio: 1e300 is outside
    POST /v1/render {"templateId":"$T","payload":{},"size":"story"} => 400 invalid_request size: no size is named `story`; the template has no named sizes
    POST /v1/render {"templateId":"$T","payload":{},"size":7} => 400 invalid_request size: expected a string, found a number
    POST /v1/render {"templateId":"$T","payload":{},"effort":"max"} => 400 invalid_request effort: `max` is none of fast, balanced, small
    POST /v1/render {"templateId":"$T","payload":{},"effort":7} => 400 invalid_request effort: expected a string, found a number
    POST /v1/render {"templateId":"$T","payload":{},"preview":1} => 400 invalid_request preview: expected true or false, found a number
    POST /v1/render {"templateId":"$T","payload":{"head":{"text":""}}} => 400 invalid_request payload.head: no element
    POST /v1/render {"templateId":"$T","payload":{"headline":"hi"}} => 400 invalid_request payload.headline: expected an object
    POST /v1/render {"templateId":"$T","payload":{"photo":{"src":"a.png"}}} => 400 invalid_request payload.photo.src: `a.png` is no URL
    POST /v1/render {"templateId":"$T","payload":{"photo":{"src":"file:///etc/passwd"}}} => 400 invalid_request payload.photo.src: `file:` is refused
    POST /v1/render {"templateId":"$U","payload":{}} => 404 not_found
    POST /v1/render/batch {"templateId":"$T"} => 400 invalid_request payloads: missing
    POST /v1/render/batch {"templateId":"$T","payloads":[]} => 400 invalid_request payloads: 0 payloads
    POST /v1/render/batch {"templateId":"$T","payloads":{}} => 400 invalid_request payloads: expected a list, found an object
    POST /v1/render/batch {"templateId":"$T","payloads":[{}],"count":1} => 400 invalid_request count: unknown field
    POST /v1/render/batch {"templateId":"$T","payloads":[{},{"headline":{},"headline":{}}]} => 400 invalid_request payloads[1].headline: given twice
    POST /v1/render/batch {"templateId":"$T","payloads":[{},{},{},{"headline":{"text":1}}]} => 400 invalid_request payloads[3].headline.text:
    POST /v1/render/batch {"templateId":"$T","payloads":[{},7]} => 400 invalid_request payloads[1]: expected an object
    POST /v1/render/batch {"templateId":"$T","payloads":[{"photo":{"src":"a"}}]} => 400 invalid_request payloads[0].photo.src:
    POST /v1/render/batch {"templateId":"$T","payloads":[{},{}],"pixelRatio":9} => 400 invalid_request pixelRatio: 9 is outside
    POST /v1/render/batch {"templateId":"$T","payloads":[{}],"size":"story"} => 400 invalid_request size: no size is named `story`
    POST /v1/render/batch {"templateId":"$T","payloads":[{}],"effort":"Small"} => 400 invalid_request effort: `Small` is none of fast, balanced, small
    POST /v1/render/batch {"templateId":"$T","payloads":[{}],"userId":"$U"} => 404 not_found
    POST /v1/render/batch {"templateId":"$T","payloads":[{}],"userId":"me"} => 400 invalid_request userId: not a UUID
    GET /v1/batches/seven => 404 not_found
    GET /v1/batches/$U => 404 not_found
    GET /v1/batches/$U/stream => 404 not_found
    GET /v1/jobs/$U => 404 not_found
    POST /v1/sign {} => 400 invalid_request key: missing
    POST /v1/sign {"key":"t/x/y.png"} => 400 invalid_request key: not a picture's key
    POST /v1/sign {"key":"../../x"} => 400 invalid_request key: not a picture's key
    POST /v1/sign {"url":"https://elsewhere.test/img/t/$T/a1b2c3d4e5f6g7h8.png"} => 400 invalid_request url: not a picture of this server
    POST /v1/sign {"key":"a","url":"b"} => 400 invalid_request url: give either
    POST /v1/sign {"key":"t/$T/a1b2c3d4e5f6g7h8.png","expiresIn":59} => 400 invalid_request expiresIn: it is outside
    POST /v1/sign {"key":"t/$T/a1b2c3d4e5f6g7h8.png","expiresIn":604801} => 400 invalid_request expiresIn: it is outside
    POST /v1/sign {"key":"t/$T/a1b2c3d4e5f6g7h8.png","expiresIn":60.5} => 404 not_found
    POST /v1/sign {"key":"t/$T/a1b2c3d4e5f6g7h8.png","expires":60} => 400 invalid_request expires: unknown field; there are `key`, `url`, `expiresIn`
    POST /v1/sign {"key":"t/$T/a1b2c3d4e5f6g7h8.png"} => 404 not_found
    POST /v1/templates [] => 400 invalid_request : expected an object
    POST /v1/templates {"width":1,"height":1,"elements":[],"colour":1} => 400 invalid_request colour: unknown property
    POST /v1/templates {"width":1,"height":1,"elements":[{"id":"g","type":"group","elements":[{"id":"i","type":"image","width":1,"height":1,"src":"a.png"}]}]} => 400 invalid_request elements[0].elements[0].src: `a.png` is no URL
    POST /v1/templates {"width":1,"height":1,"elements":[{"id":"q","type":"qrcode","width":1,"text":"x","logo":"a.png"}]} => 400 invalid_request elements[0].logo: `a.png` is no URL
    POST /v1/templates {"width":1,"height":1,"elements":[{"id":"g","type":"group","elements":[{"id":"unfit","type":"text"}]}]} => 400 invalid_request elements[0].elements[0].text: as the test says
    PUT /v1/templates/$T {"width":1,"height":1,"elements":[{"id":"unfit","type":"text"}]} => 400 invalid_request elements[0].text: as the test says
    POST /v1/templates {"width":1,"height":1,"elements":[{"id":"i","type":"image","width":1,"height":1}],"sizes":{"s":{"elements":{"i":{"src":"a.png"}}}}} => 400 invalid_request sizes.s.elements.i.src: `a.png` is no URL
    POST /v1/templates {"width":1,"height":1,"height":2,"elements":[]} => 400 invalid_request height: given twice
    PUT /v1/templates/$T {"width":1,"height":1,"height":2,"elements":[]} => 400 invalid_request height: given twice
    PUT /v1/templates/$U {} => 404 not_found
    DELETE /v1/templates/$U => 404 not_found
    GET /v1/templates?limit=0 => 400 invalid_request limit: expected 1 to 100
    GET /v1/templates?limit=x => 400 invalid_request limit: expected 1 to 100
    GET /v1/templates?starting_after=x => 400 invalid_request starting_after: not a cursor
    GET /readyz => 503 not_ready
"#;

#[tokio::test]
async fn a_refusal_says_where_the_fault_is() {
    let api = Api::start().await;
    let ids = [("$T", api.template), ("$U", TemplateId::new())];
    for line in WRONG.lines().filter(|line| !line.is_empty()) {
        let line = ids
            .iter()
            .fold(line.trim().to_owned(), |line, (word, id)| line.replace(word, &id.to_string()));
        let (request, expected) = line.split_once(" => ").expect("an arrow");
        let mut parts = request.splitn(3, ' ').chain(std::iter::repeat(""));
        let mut part = || parts.next().unwrap_or_default();
        let found = summary(&api.send(part(), part(), part()).await);
        assert!(found.starts_with(expected), "{line}\n found {found}");
    }
    assert_eq!(api.credits().await, (100, 0, 0), "no refusal costs anything");
    assert_eq!(api.get("/v1/render").await.header("allow"), "POST", "the methods that there are");
}

#[tokio::test]
async fn a_batch_is_refused_for_its_size() {
    let api = Api::start().await;
    let many = vec![json!({}); 1001];
    let body = json!({"templateId": api.template, "payloads": many});
    let found = summary(&api.post("/v1/render/batch", body).await);
    assert!(found.starts_with("400 invalid_request payloads: 1001 payloads"), "{found}");

    let long = "x".repeat(BATCH_BODY_BYTES_MAX + 1);
    let found = summary(&api.send("POST", "/v1/render/batch", &long).await);
    assert_eq!(found, "413 too_large", "counted as it comes");
    let announced = request("POST", "/v1/render/batch")
        .header("content-length", long.len())
        .body(Body::empty());
    let found = summary(&api.ask(announced.expect("a request")).await);
    assert_eq!(found, "413 too_large", "refused before it comes");

    let wrong = vec![json!({"nobody": {}}); 300];
    let body = json!({"templateId": api.template, "payloads": wrong});
    let reply = api.post("/v1/render/batch", body).await;
    assert_eq!(reply.json()["errors"].as_array().map(Vec::len), Some(100), "some are enough");
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let api = Api::start().await;
    let request = request("POST", "/v1/render").header("content-encoding", "gzip");
    let reply = api.ask(request.body(Body::from("x")).expect("a request")).await;
    assert_eq!(summary(&reply), "415 unsupported_encoding", "gzip");
}

#[tokio::test]
async fn a_token_is_asked_for() {
    let api = Api::start().await;
    let store = &*api.world.store;
    let now = clock::now();
    new_token(store, api.account, "pdrv_expired", Some(now - 1)).await;
    let revoked = new_token(store, api.account, "pdrv_revoked", None).await;
    assert!(store.revoke_token(api.account, revoked, now).await.expect("store"), "revoked");
    let paths = [
        ("POST", "/v1/render"),
        ("POST", "/v1/render/batch"),
        ("GET", "/v1/batches/x"),
        ("GET", "/v1/batches/x/stream"),
        ("GET", "/v1/jobs/x"),
        ("POST", "/v1/sign"),
        ("POST", "/v1/templates"),
        ("GET", "/v1/templates"),
        ("GET", "/v1/templates/x"),
        ("PUT", "/v1/templates/x"),
        ("DELETE", "/v1/templates/x"),
        ("GET", "/v1/account"),
    ];
    for (method, path) in paths {
        for header in [
            "",
            "Bearer",
            "Bearer x",
            "Bearer pdrv_unknown",
            "Bearer pdrv_expired",
            "Bearer pdrv_revoked",
        ] {
            let mut request = Request::builder().method(method).uri(path);
            if !header.is_empty() {
                request = request.header("authorization", header);
            }
            let reply = api.ask(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(summary(&reply), "401 unauthorized", "{method} {path} {header}");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{method} {path} {header}");
        }
    }
}

#[tokio::test]
async fn a_stranger_sees_nothing() {
    let api = Api::start().await;
    api.work(|_| super::api::done()).await;
    let key = api.render("mine", json!({})).await.json()["url"].as_str().expect("a URL").to_owned();
    let batch = api.submit(&["a"]).await.json();
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let (id, job) = (text(&batch["batchId"]), text(&batch["jobIds"][0]));
    let template = api.template;
    let render = json!({"templateId": template, "payload": {}});
    let submit = json!({"templateId": template, "payloads": [{}]});
    let own = super::api::TEMPLATE;
    for (method, path, body) in [
        ("POST", "/v1/render".to_owned(), render.to_string()),
        ("POST", "/v1/render/batch".to_owned(), submit.to_string()),
        ("POST", "/v1/sign".to_owned(), json!({"url": key}).to_string()),
        ("GET", format!("/v1/batches/{id}"), String::new()),
        ("GET", format!("/v1/batches/{id}/stream"), String::new()),
        ("GET", format!("/v1/jobs/{job}"), String::new()),
        ("GET", format!("/v1/templates/{template}"), String::new()),
        ("PUT", format!("/v1/templates/{template}"), own.to_owned()),
        ("DELETE", format!("/v1/templates/{template}"), String::new()),
        ("GET", format!("/v1/batches/{}", BatchId::new()), String::new()),
        ("GET", format!("/v1/jobs/{}", JobId::new()), String::new()),
        ("GET", format!("/v1/templates/{}", TemplateId::new()), String::new()),
    ] {
        let request = Request::builder().method(method).uri(&path);
        let request = request.header("authorization", format!("Bearer {STRANGER}"));
        let reply = api.ask(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(summary(&reply), "404 not_found", "{method} {path}");
    }
}

#[tokio::test]
async fn a_request_keeps_its_id() {
    let api = Api::start().await;
    for (given, kept) in [("abc-123", true), ("a b", false), ("", false), (&"x".repeat(129), false)]
    {
        let request = request("GET", "/healthz").header("x-request-id", given);
        let reply = api.ask(request.body(Body::empty()).expect("a request")).await;
        let id = reply.header("x-request-id");
        assert_eq!(id == given, kept, "{given}: {id}");
        assert!(kept || id.parse::<uuid::Uuid>().is_ok(), "{given}: {id}");
    }
}

#[tokio::test]
async fn health_is_told() {
    let api = Api::start().await;
    assert_eq!(api.get("/healthz").await.status, 200, "alive");
    assert_eq!(api.get("/version").await.json()["rendererEpoch"], "1", "version");
    api.work(|_| super::api::done()).await;
    let reply = api.get("/readyz").await;
    assert_eq!((reply.status, reply.json()["workers"].as_u64()), (200, Some(1)), "ready");
    api.world.stop().await;
    assert_eq!(summary(&api.get("/readyz").await), "503 draining", "draining");
    let found = summary(&api.render("late", json!({})).await);
    assert_eq!(found, "503 draining", "no render starts");
    assert_eq!(api.credits().await, (100, 0, 0), "its credit came back");
}

#[tokio::test]
async fn the_body_is_json_whatever_its_type() {
    let api = Api::start().await;
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "nonsense"] {
        let request = request("POST", "/v1/templates").header("content-type", content_type);
        let reply =
            api.ask(request.body(Body::from(super::api::TEMPLATE)).expect("a request")).await;
        assert_eq!(reply.status, 201, "{content_type}");
    }
}
