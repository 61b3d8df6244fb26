//! One picture at a time: what is paid, what is cached, what a failure leaves behind.

use std::sync::atomic::Ordering;

use axum::body::Body;
use futures::future::join_all;
use pixeldrive_model::{Failure, Fault};
use pixeldrive_proto::v1::{self, result::Outcome};
use pixeldrive_store::Store;
use serde_json::json;

use super::api::{Api, IMAGES, PICTURE, done, request};
use crate::dispatch::tests::farm::{Peer, soon};

fn failed(fault: Fault, code: &str, element: &str) -> Outcome {
    let failure = Failure {
        fault,
        code: code.to_owned(),
        message: "as the test says".to_owned(),
        element: element.to_owned(),
    };
    Outcome::Failed(failure.into())
}

fn warned() -> Outcome {
    let warning = v1::Warning {
        code: "text_truncated".to_owned(),
        element: "headline".to_owned(),
        message: "cut".to_owned(),
    };
    let png = PICTURE.into();
    Outcome::Done(v1::Done {
        width: 1,
        height: 1,
        png,
        warnings: vec![warning],
        ..v1::Done::default()
    })
}

#[tokio::test]
async fn a_picture_is_paid_once_and_then_cached() {
    let api = Api::start().await;
    let jobs = api.work(|_| done()).await;
    let first = api.render("Hi", json!({})).await;
    let body = first.json();
    assert_eq!(first.status, 200, "{body}");
    let hash = body["fieldsHash"].as_str().expect("a hash").to_owned();
    let url = format!("{IMAGES}t/{}/{hash}.png", api.template);
    assert_eq!(hash.len(), 16, "{hash}");
    assert!(body["renderMs"].is_u64(), "{body}");
    let expected = json!({
        "url": url, "fromCache": false, "fieldsHash": hash, "renderMs": body["renderMs"],
        "uploadBytes": PICTURE.len(), "creditsRemaining": 99, "warnings": [],
    });
    assert_eq!(body, expected, "fresh");

    // Spelled otherwise, it is the same picture.
    let again = format!(
        r#"{{"payload": {{"headline": {{"text": "H\u0069"}}}}, "preview": false,
            "templateId": "{}", "pixelRatio": 1.0}}"#,
        api.template
    );
    let second = api.send("POST", "/v1/render", &again).await.json();
    assert_eq!((&second["fromCache"], &second["url"]), (&json!("db"), &json!(url)), "{second}");
    assert_eq!(second["creditsRemaining"], 99, "a hit is free");
    let wide = api.render("Hi", json!({"pixelRatio": 2})).await.json();
    assert_eq!(
        (&wide["fromCache"], &wide["creditsRemaining"]),
        (&json!(false), &json!(98)),
        "{wide}"
    );
    assert_eq!(jobs.load(Ordering::SeqCst), 2, "jobs of the worker");
    assert_eq!(api.credits().await, (98, 0, 2), "credits");
}

/// Files of another effort have other bytes, so each is a picture of its own.
#[tokio::test]
async fn an_effort_goes_to_the_worker_and_has_pictures_of_its_own() {
    let api = Api::start().await;
    // The effort is all that is in the file.
    let jobs = api.work(|job| {
        let png = job.effort().as_str_name().into();
        Outcome::Done(v1::Done { width: 1, height: 1, png, ..v1::Done::default() })
    });
    let jobs = jobs.await;
    let file = async |url: &str| {
        let path = url.strip_prefix("https://render.test").expect("a URL of this server");
        String::from_utf8(api.get(path).await.body.to_vec()).expect("text")
    };
    for (effort, from_cache, expected) in [
        (json!(null), json!(false), "EFFORT_FAST"),
        (json!("fast"), json!("db"), "EFFORT_FAST"),
        (json!("small"), json!(false), "EFFORT_SMALL"),
        (json!("small"), json!("db"), "EFFORT_SMALL"),
    ] {
        let body = api.render("Hi", json!({"effort": effort})).await.json();
        assert_eq!(body["fromCache"], from_cache, "{effort}: {body}");
        assert_eq!(file(body["url"].as_str().expect("a URL")).await, expected, "{body}");
    }
    for (effort, expected) in [("small", "EFFORT_SMALL"), ("balanced", "EFFORT_BALANCED")] {
        let mut ask = api.render_body("Hi", json!({"effort": effort}));
        let payload = ask["payload"].take();
        ask["payloads"] = json!([payload]);
        ask.as_object_mut().expect("an object").remove("payload");
        let batch = api.post("/v1/render/batch", ask).await.json();
        let path = format!("/v1/batches/{}", batch["batchId"].as_str().expect("an id"));
        api.get(&format!("{path}/stream")).await;
        let done = api.get(&path).await.json();
        let url = done["results"][0]["result"]["imageUrl"].as_str().expect("a URL");
        assert_eq!(file(url).await, expected, "{done}");
    }
    assert_eq!(jobs.load(Ordering::SeqCst), 3, "each effort once");
}

#[tokio::test]
async fn equal_requests_at_one_time_are_one_render() {
    let api = Api::start().await;
    let jobs = api.work(|_| done()).await;
    let replies = join_all((0..16).map(|_| api.render("same", json!({})))).await;
    let fresh = replies.iter().filter(|reply| reply.json()["fromCache"] == json!(false)).count();
    assert_eq!((fresh, jobs.load(Ordering::SeqCst)), (1, 1), "fresh answers, jobs");
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    assert_eq!(api.credits().await, (99, 0, 1), "credits");
}

/// What was made without an image that may be there at another time is not the answer to the next
/// request.
#[tokio::test]
async fn a_stand_in_is_not_cached_as_the_true_picture() {
    let api = Api::start().await;
    let first = std::sync::atomic::AtomicBool::new(true);
    let jobs = api
        .work(move |_| {
            let stand_in = first.swap(false, Ordering::SeqCst);
            Outcome::Done(v1::Done {
                width: 1,
                height: 1,
                png: PICTURE.into(),
                stand_in,
                ..v1::Done::default()
            })
        })
        .await;
    let bodies = [
        api.render("Hi", json!({})).await.json(),
        api.render("Hi", json!({})).await.json(),
        api.render("Hi", json!({})).await.json(),
    ];
    let cached = [json!(false), json!(false), json!("db")];
    for (body, from_cache) in bodies.iter().zip(cached) {
        assert_eq!(body["fromCache"], from_cache, "{body}");
        let path = body["url"].as_str().and_then(|url| url.strip_prefix("https://render.test"));
        assert_eq!(api.get(path.expect("a URL")).await.status, 200, "each is served: {body}");
    }
    assert_ne!(bodies[0]["url"], bodies[1]["url"], "the true picture has a name of its own");
    assert_eq!(bodies[1]["url"], bodies[2]["url"], "which stays");
    assert_eq!(jobs.load(Ordering::SeqCst), 2, "jobs of the worker");
    assert_eq!(api.credits().await, (98, 0, 2), "credits");
}

#[tokio::test]
async fn a_failure_costs_nothing() {
    let api = Api::start().await;
    api.work(|job| match serde_json::from_slice(&job.payload).expect("JSON") {
        serde_json::Value::Object(payload) => match payload["headline"]["text"].as_str() {
            Some("caller") => failed(Fault::Caller, "asset_not_found", "photo"),
            Some("operator") => failed(Fault::Operator, "render_panicked", ""),
            _ => failed(Fault::Transient, "asset_timeout", "photo"),
        },
        other => panic!("a payload is an object: {other}"),
    })
    .await;
    for (headline, status, code) in [
        ("caller", 400, "asset_not_found"),
        ("operator", 500, "render_panicked"),
        ("transient", 503, "asset_timeout"),
    ] {
        let reply = api.render(headline, json!({})).await;
        let body = reply.json();
        assert_eq!((reply.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(reply.header("retry-after").is_empty(), status != 503, "{headline}");
    }
    let expected = json!([{"path": "payload.photo", "message": "as the test says"}]);
    for headline in ["caller", "transient"] {
        let body = api.render(headline, json!({})).await.json();
        assert_eq!(body["errors"], expected, "the element is named: {headline}");
        let detail = body["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("photo: as the test says"), "{body}");
    }
    assert_eq!(api.credits().await, (100, 0, 0), "credits");
}

#[tokio::test]
async fn warnings_are_told_and_strict_refuses_them() {
    let api = Api::start().await;
    api.work(
        |job| {
            if job.strict { failed(Fault::Caller, "strict_warnings", "") } else { warned() }
        },
    )
    .await;
    let refused = api.render("long", json!({"strict": true})).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (400, Some("strict_warnings")),
        "fresh"
    );
    let told = api.render("long", json!({})).await.json();
    let warning = json!([{"code": "text_truncated", "element": "headline", "message": "cut"}]);
    assert_eq!(told["warnings"], warning, "{told}");
    assert_eq!(
        api.render("long", json!({})).await.json()["warnings"],
        warning,
        "also from the cache"
    );
    let refused = api.render("long", json!({"strict": true})).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (400, Some("strict_warnings")),
        "cached"
    );
    assert_eq!(api.credits().await, (99, 0, 1), "credits");
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_billed_once_for_his_picture() {
    let api = Api::start().await;
    let mut peer = Peer::join(&api.world).await;
    peer.grant(v1::Lane::Interactive, 1);
    let body = Body::from(api.render_body("gone", json!({})).to_string());
    let request = request("POST", "/v1/render").body(body).expect("a request");
    let jobs = tokio::select! {
        reply = api.open(request) => panic!("nobody answered the job yet: {reply:?}"),
        jobs = peer.work() => jobs,
    };
    assert_eq!(api.credits().await, (99, 1, 0), "the credit is held");
    peer.answer(&jobs[0], done());
    soon(api.state.drained()).await;
    assert_eq!(api.credits().await, (99, 0, 1), "and taken");
    let hit = api.render("gone", json!({})).await.json();
    assert_eq!(hit["fromCache"], "db", "{hit}");
}

#[tokio::test]
async fn a_render_without_credits_is_refused() {
    let api = Api::start().await;
    let jobs = api.work(|_| done()).await;
    let all: Vec<_> = (0..100).map(|row| format!("{row}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    assert_eq!(api.submit(&all).await.status, 202, "the last credits");
    let refused = api.render("one more", json!({})).await;
    let body = refused.json();
    assert_eq!((refused.status, body["code"].as_str()), (402, Some("credit_short")), "{body}");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("1 short")), "{body}");
    api.grant(1).await;
    assert_eq!(api.render("one more", json!({})).await.status, 200, "after a top-up");
    assert!(jobs.load(Ordering::SeqCst) > 0, "the worker worked");
}

#[tokio::test]
async fn without_a_worker_a_retry_is_safe() {
    let api = Api::start().await;
    let reply = api.render("nobody", json!({})).await;
    let body = reply.json();
    assert_eq!((reply.status, body["code"].as_str()), (503, Some("no_worker")), "{body}");
    assert!(!reply.header("retry-after").is_empty(), "{reply:?}");
    assert_eq!(api.credits().await, (100, 0, 0), "credits");
}

#[tokio::test]
async fn a_preview_is_free_and_not_recorded() {
    let api = Api::start().await;
    api.work(|_| done()).await;
    let reply = api.render("draft", json!({"preview": true})).await;
    let body = reply.json();
    let url = body["url"].as_str().expect("a URL").to_owned();
    assert!(url.starts_with(&format!("{IMAGES}p/{}/", api.template)), "{url}");
    assert_eq!(
        (&body["fromCache"], &body["creditsRemaining"]),
        (&json!(false), &json!(100)),
        "{body}"
    );
    assert_eq!(reply.header("ratelimit-policy"), "\"preview\";q=60;w=60", "{reply:?}");
    let path = url.strip_prefix("https://render.test").expect("this server's");
    let picture = api.get(path).await;
    assert_eq!((picture.status, &picture.body[..]), (200, PICTURE), "it is served");
    let cache = picture.header("cache-control");
    assert!(cache.starts_with("private, max-age=3"), "for the rest of its hour: {cache}");
    assert_eq!(api.credits().await, (100, 0, 0), "credits");
    let hash = body["fieldsHash"].as_str().expect("a hash").parse().expect("a hash");
    let recorded = api.world.store.render(api.template, &hash).await.expect("store");
    assert_eq!(recorded, None, "not recorded");
}

#[tokio::test]
async fn previews_are_limited_and_renders_are_not() {
    let api = Api::start().await;
    api.work(|_| done()).await;
    for left in (0..60).rev() {
        let reply = api.render("draft", json!({"preview": true})).await;
        let header = reply.header("ratelimit");
        assert_eq!(reply.status, 200, "{left} left");
        assert!(header.starts_with(&format!("\"preview\";r={left};t=")), "{header}");
    }
    let refused = api.render("draft", json!({"preview": true})).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (429, Some("rate_limited")),
        "61"
    );
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.header("ratelimit").starts_with("\"preview\";r=0;t="), "{refused:?}");
    assert_eq!(api.render("final", json!({})).await.status, 200, "a render");
}
