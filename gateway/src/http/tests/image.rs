//! Pictures as browsers and caches ask for them, and links that end.

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use pixeldrive_blobs::Blobs;
use pixeldrive_model::TemplateId;
use serde_json::json;

use super::api::{Api, PICTURE, Reply, done};
use crate::clock;

const HASH: &str = "a1b2c3d4e5f6g7h8";

/// A gateway that has one picture, and the picture's path.
async fn with_picture() -> (Api, String) {
    let api = Api::start().await;
    let key = format!("t/{}/{HASH}.png", api.template);
    put(&api, &key).await;
    (api, format!("/img/{key}"))
}

async fn put(api: &Api, key: &str) {
    let key = key.parse().expect("a key");
    api.world.blobs.put(&key, Bytes::from_static(PICTURE)).await.expect("put");
}

/// Without a token: pictures are public.
async fn ask(api: &Api, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.ask(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn a_picture_is_public_for_ever() {
    let (api, path) = with_picture().await;
    for method in ["GET", "HEAD"] {
        let reply = ask(&api, method, &path, &[]).await;
        assert_eq!(reply.status, 200, "{method}");
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-length", "10"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("etag", "\"a1b2c3d4e5f6g7h8\""),
            ("accept-ranges", "bytes"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("vary", ""),
        ] {
            assert_eq!(reply.header(name), value, "{method} {name}");
        }
        let body: &[u8] = if method == "GET" { PICTURE } else { b"" };
        assert_eq!(&reply.body[..], body, "{method}");
    }
}

#[tokio::test]
async fn a_picture_is_sent_as_far_as_it_is_wanted() {
    let (api, path) = with_picture().await;
    let etag = format!("\"{HASH}\"");
    let none: &[(&str, &str)] = &[];
    // Headers, status, body, Content-Range.
    let cases = [
        (none, 200, PICTURE, ""),
        (&[("if-none-match", &etag)], 304, b"", ""),
        (&[("if-none-match", "\"other\"")], 200, PICTURE, ""),
        (&[("if-none-match", &etag), ("range", "bytes=0-1")], 304, b"", ""),
        (&[("range", "bytes=2-4")], 206, b"234", "bytes 2-4/10"),
        (&[("range", "bytes=-2")], 206, b"89", "bytes 8-9/10"),
        (&[("range", "bytes=0-1,3-4")], 200, PICTURE, ""),
        (&[("range", "bytes=2-4"), ("if-range", &etag)], 206, b"234", "bytes 2-4/10"),
        (&[("range", "bytes=2-4"), ("if-range", "\"other\"")], 200, PICTURE, ""),
    ];
    for (headers, status, body, range) in cases {
        let reply = ask(&api, "GET", &path, headers).await;
        let found = (reply.status, &reply.body[..], reply.header("content-range"));
        assert_eq!(found, (status, body, range), "{headers:?}");
        assert_eq!(reply.header("etag"), etag, "{headers:?}");
        assert!(reply.header("cache-control").contains("immutable"), "{headers:?}");
    }
    let reply = ask(&api, "GET", &path, &[("range", "bytes=10-")]).await;
    assert_eq!((reply.status, reply.header("content-range")), (416, "bytes */10"), "past the end");
    assert_eq!(reply.json()["code"], "range_unsatisfiable", "a problem like any other");
}

#[tokio::test]
async fn a_missing_picture_is_missing_for_a_moment() {
    let (api, path) = with_picture().await;
    let other = TemplateId::new();
    for path in [
        path.replace("a1b2", "zzzz"),
        path.replace(".png", ".jpg"),
        path.replace(&api.template.to_string(), &other.to_string()),
        path.replace(&api.template.to_string(), "x"),
        path.replace("/t/", "/p/"),
        "/img/t/..%2f..%2fdb/x.png".to_owned(),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(&api, method, &path, &[]).await;
            assert_eq!(reply.status, 404, "{method} {path}");
            assert_eq!(reply.header("cache-control"), "public, max-age=10", "{method} {path}");
        }
    }
    let reply = ask(&api, "GET", &path.replace("a1b2", "zzzz"), &[("if-none-match", "*")]).await;
    assert_eq!(reply.status, 404, "nothing matches what is not there");
}

#[tokio::test]
async fn a_preview_ends() {
    let api = Api::start().await;
    let now_s = clock::now() / 1000;
    let name =
        |expires_s: i64| format!("p/{}/{expires_s:010}-{}.png", api.template, "0a".repeat(16));
    for expires_s in [now_s + 100, now_s] {
        put(&api, &name(expires_s)).await;
    }
    let living = ask(&api, "GET", &format!("/img/{}", name(now_s + 100)), &[]).await;
    assert_eq!((living.status, &living.body[..]), (200, PICTURE), "it lives");
    let cache = living.header("cache-control");
    assert!(cache == "private, max-age=100" || cache == "private, max-age=99", "{cache}");
    let expired = ask(&api, "GET", &format!("/img/{}", name(now_s)), &[]).await;
    assert_eq!(
        (expired.status, expired.json()["code"].as_str()),
        (410, Some("gone")),
        "it is over"
    );
    let unknown = ask(&api, "GET", &format!("/img/{}", name(now_s + 101)), &[]).await;
    assert_eq!(unknown.status, 404, "it never was");
}

#[tokio::test]
async fn a_signed_url_is_served_until_it_ends() {
    let api = Api::start().await;
    api.work(|_| done()).await;
    let plain =
        api.render("mine", json!({})).await.json()["url"].as_str().expect("a URL").to_owned();
    let key = plain.split_once("/img/").expect("a key").1.to_owned();
    for body in [json!({"url": plain, "expiresIn": 7200}), json!({"key": key, "expiresIn": 7200})] {
        let reply = api.post("/v1/sign", body).await.json();
        let url = reply["url"].as_str().expect("a URL").to_owned();
        assert_eq!(
            reply,
            json!({"url": url, "key": key, "expiresIn": 7200}),
            "as in the reference"
        );
        let path = url.strip_prefix("https://render.test").expect("this server's");
        let served = ask(&api, "GET", path, &[]).await;
        assert_eq!((served.status, &served.body[..]), (200, PICTURE), "{url}");
        let cache = served.header("cache-control");
        assert!(cache == "private, max-age=7200" || cache == "private, max-age=7199", "{cache}");

        let last = path.chars().last().expect("a signature");
        // The last of 22 characters holds two bits, so it is exchanged for another of four.
        let forged = format!("{}{}", &path[..path.len() - 1], if last == 'A' { 'Q' } else { 'A' });
        for (wrong, status) in [(forged.as_str(), 403), (&path.replace("exp=1", "exp=2"), 403)] {
            assert_eq!(ask(&api, "GET", wrong, &[]).await.status, status, "{wrong}");
        }
    }
    let reply = api.post("/v1/sign", json!({"key": key})).await.json();
    assert_eq!(reply["expiresIn"], 3600, "the default");
    let path = plain.strip_prefix("https://render.test").expect("this server's");
    assert_eq!(ask(&api, "GET", path, &[]).await.status, 200, "the plain URL goes on");
}
