//! Fonts over REST, and the pictures that use them.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use parking_lot::Mutex;
use pixeldrive_blobs::{Blobs, Key};
use pixeldrive_model::FontHash;
use pixeldrive_model::limits::FONT_BYTES_MAX;
use pixeldrive_proto::v1;
use serde_json::{Value, json};

use super::api::{Api, Reply, STRANGER, done, request};

const BARS: &[u8] =
    include_bytes!("../../../../crates/fonts/tests/fixtures/PixelBars-variable.ttf");
const MORE_BARS: &[u8] = include_bytes!("../../../../crates/fonts/tests/fixtures/PixelBars.ttc");
const INTER: &[u8] =
    include_bytes!("../../../../crates/fonts/tests/fixtures/Inter-Bold-subset.woff2");

async fn upload(api: &Api, bytes: &[u8]) -> Reply {
    let body = Body::from(bytes.to_vec());
    api.ask(request("POST", "/v1/fonts").body(body).expect("a request")).await
}

async fn added(api: &Api, bytes: &[u8]) -> String {
    let reply = upload(api, bytes).await;
    assert_eq!(reply.status, 201, "{}", reply.json());
    reply.json()["id"].as_str().expect("an id").to_owned()
}

/// What another account is told.
async fn stranger(api: &Api, method: &str, path: &str) -> Reply {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {STRANGER}"));
    api.ask(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_font_is_uploaded_listed_and_taken_away() {
    let api = Api::start().await;
    let reply = upload(&api, INTER).await;
    let first = reply.json();
    let id = FontHash::of(INTER).to_string();
    let path = format!("/v1/fonts/{id}");
    assert_eq!((reply.status, reply.header("location")), (201, path.as_str()), "{first}");
    assert_eq!((&first["id"], &first["families"]), (&json!(id), &json!(["Inter"])), "{first}");
    let face = json!({
        "family": "Inter", "subfamily": "Bold", "weight": {"min": 700.0, "max": 700.0},
        "style": "normal", "width": {"min": 100.0, "max": 100.0}, "axes": [], "instances": [],
        "glyphs": 17, "monospace": false, "color": false,
    });
    assert_eq!(first["faces"], json!([face]), "{first}");
    assert!(first["createdAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{first}");
    let key: Key = format!("font/{id}").parse().expect("a key");
    let kept = api.world.blobs.get(&key).await.expect("blobs").expect("the file");
    assert!(kept.starts_with(&[0, 1, 0, 0]), "it is kept unpacked");
    assert_eq!(first["bytes"], kept.len(), "{first}");

    let again = upload(&api, INTER).await;
    assert_eq!((again.status, again.json()), (200, first.clone()), "the same file is the same");
    assert_eq!(api.get(&path).await.json(), first, "read");
    added(&api, BARS).await;
    let listed = api.get("/v1/fonts").await.json();
    let families: Vec<_> = listed["fonts"].as_array().expect("a list").iter().collect();
    assert_eq!(families.len(), 2, "{listed}");
    assert!(families.contains(&&first), "{listed}");

    assert_eq!(stranger(&api, "GET", "/v1/fonts").await.json(), json!({"fonts": []}), "not theirs");
    for method in ["GET", "DELETE"] {
        assert_eq!(stranger(&api, method, &path).await.status, 404, "{method}: not theirs");
    }
    let removed = api.send("DELETE", &path, "").await;
    assert_eq!((removed.status, removed.body.len()), (204, 0), "taken away");
    for method in ["GET", "DELETE"] {
        assert_eq!(api.send(method, &path, "").await.status, 404, "{method} afterwards");
    }
    assert_eq!(api.get("/v1/fonts/seven").await.status, 404, "no id at all");
    assert!(api.world.blobs.len(&key).await.expect("blobs").is_some(), "the file stays");
    assert_eq!(upload(&api, INTER).await.status, 201, "and comes back");
}

#[tokio::test]
async fn a_font_that_cannot_be_used_is_refused_with_the_reason() {
    let api = Api::start().await;
    let woff = include_bytes!("../../../../crates/fonts/tests/fixtures/Inter-Bold-subset.woff");
    let mut bomb = woff.to_vec();
    bomb[56..60].copy_from_slice(&[0xff; 4]);
    for (bytes, status, code, words) in [
        (&b""[..], 400, "font_unknown", "--data-binary"),
        (b"--boundary\r\nContent-Disposition: form-data", 400, "font_unknown", "--data-binary"),
        (&BARS[..600], 400, "font_broken", "lies beyond the end of the file; export"),
        (b"wOF2 and no more", 400, "font_broken", "use the TTF or OTF file"),
        (&bomb, 413, "font_too_large", "use a subset"),
        (&vec![0; FONT_BYTES_MAX + 1], 413, "too_large", "takes up to 33554432 bytes"),
    ] {
        let reply = upload(&api, bytes).await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["code"]), (status, &json!(code)), "{problem}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(words)), "{problem}");
    }
    assert_eq!(api.get("/v1/fonts").await.json(), json!({"fonts": []}), "nothing was kept");
    let folder: Key = "font/".parse().expect("a key");
    assert!(api.world.blobs.list(&folder).await.expect("blobs").is_empty(), "nowhere");
}

/// Starts a worker; answers the fonts of the jobs that it is given.
async fn work(api: &Api) -> Arc<Mutex<Vec<Vec<String>>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    api.work(move |job: &v1::Job| {
        noted.lock().push(job.font_hashes.clone());
        done()
    })
    .await;
    seen
}

/// A payload in which the headline names that family.
fn in_family(family: &str) -> Value {
    json!({"headline": {"text": "x", "fontFamily": family}})
}

#[tokio::test]
async fn a_picture_is_named_by_the_uploaded_fonts_that_it_uses() {
    let api = Api::start().await;
    let seen = work(&api).await;
    let render = async |family| {
        let ask = json!({"templateId": api.template, "payload": in_family(family)});
        let reply = api.post("/v1/render", ask).await;
        assert_eq!(reply.status, 200, "{}", reply.json());
        let answer = reply.json();
        (answer["fieldsHash"].clone(), answer["fromCache"].clone())
    };
    let before = render("Pixel BARS").await.0;
    let other = render("Other").await.0;
    let bars = added(&api, BARS).await;
    let (after, cached) = render("Pixel BARS").await;
    assert_ne!(after, before, "another picture");
    assert_eq!(cached, json!(false), "and no cached one");
    assert_eq!(render("Other").await, (other, json!("db")), "a picture without it is as before");
    api.send("DELETE", &format!("/v1/fonts/{bars}"), "").await;
    assert_eq!(render("Pixel BARS").await, (before, json!("db")), "without it again");
    assert_eq!(*seen.lock(), [vec![], vec![], vec![bars.clone()]], "what the worker was told");

    added(&api, BARS).await;
    let ask =
        json!({"templateId": api.template, "payload": in_family("pixel bars"), "preview": true});
    assert_eq!(api.post("/v1/render", ask).await.status, 200, "a preview");
    assert_eq!(seen.lock().pop(), Some(vec![bars]), "a preview uses it too");
}

#[tokio::test]
async fn a_batch_keeps_its_fonts_whatever_happens_to_them() {
    let api = Api::start().await;
    let template = json!({"width": 9, "height": 9, "elements": [
        {"id": "headline", "type": "text", "text": "A", "fontFamily": "Pixel Bars"}]});
    let template = api.post("/v1/templates", template).await.json()["id"].clone();
    let (bars, more) = (added(&api, BARS).await, added(&api, MORE_BARS).await);
    let payloads = [json!({}), in_family("Pixel Bars Two"), in_family("Nobody's")];
    let batch = json!({"templateId": template, "payloads": payloads});
    let accepted = api.post("/v1/render/batch", batch.clone()).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    for font in [&bars, &more] {
        assert_eq!(api.send("DELETE", &format!("/v1/fonts/{font}"), "").await.status, 204);
    }
    let seen = work(&api).await;
    let path = format!("/v1/batches/{}", accepted.json()["batchId"].as_str().expect("an id"));
    api.get(&format!("{path}/stream")).await;
    let mut both = vec![bars.clone(), more];
    both.sort();
    assert_eq!(*seen.lock(), [vec![bars.clone()], both, vec![bars]], "those of the submission");
    // Submitted again, its rows are other pictures.
    let again = api.post("/v1/render/batch", batch).await.json();
    api.get(&format!("/v1/batches/{}/stream", again["batchId"].as_str().expect("an id"))).await;
    assert_eq!(seen.lock()[3..], [const { Vec::<String>::new() }; 3], "there are none any more");
}
