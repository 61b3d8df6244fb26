//! The API reference, walked through: each endpoint, its fields and its statuses.

use image::GenericImageView;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, card, http, rows};
use crate::process::{Server, TOKEN};

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> =
        value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Every name is there; more may be.
#[track_caller]
fn assert_has(value: &Value, names: &[&str]) {
    let keys = keys(value);
    for name in names {
        assert!(keys.contains(name), "`{name}` is not in {value}");
    }
}

#[tokio::test]
async fn a_render_is_made_once_and_then_remembered() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let ask = json!({
        "templateId": template, "pixelRatio": 1,
        "payload": {"headline": {"text": "500K followers"}, "stars": {"value": 4.5}},
    });
    let first = client.accepted("/v1/render", &ask).await;
    let fields = ["url", "fromCache", "fieldsHash", "renderMs", "uploadBytes", "creditsRemaining"];
    assert_has(&first, &fields);
    let hash = first["fieldsHash"].as_str().expect("a hash");
    assert_eq!(hash.len(), 16, "{hash}");
    assert_eq!(first["url"], format!("{}/img/t/{template}/{hash}.png", client.base));
    assert_eq!((&first["fromCache"], &first["creditsRemaining"]), (&json!(false), &json!(9999)));

    let again = client.accepted("/v1/render", &ask).await;
    assert_has(&again, &fields);
    assert_eq!((&again["url"], &again["fromCache"]), (&first["url"], &json!("db")));
    assert_eq!(again["creditsRemaining"], 9999, "a repeat costs nothing");

    let url = first["url"].as_str().expect("a URL");
    let (status, headers, bytes) = client.fetch(Method::GET, url, &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(first["uploadBytes"], bytes.len());
    assert_eq!(client.picture(url).await.dimensions(), (240, 120));

    let mut large = ask.clone();
    large["pixelRatio"] = json!(2);
    let large = client.accepted("/v1/render", &large).await;
    assert_ne!(large["url"], first["url"], "another scale is another picture");
    let picture = client.picture(large["url"].as_str().expect("a URL")).await;
    assert_eq!(picture.dimensions(), (480, 240));
}

/// Less time makes larger files of the same pixels, alone, in a batch, and by configuration.
#[tokio::test]
async fn an_effort_changes_the_file_and_not_the_picture() {
    let (_data, Server { client, process: _process }) = Server::fresh(&["--effort", "small"]).await;
    let template = client.template(&card()).await;
    let payload = json!({"headline": {"text": "500K followers"}});
    let mut files = Vec::new();
    for effort in [json!("fast"), json!("balanced"), json!("small")] {
        let ask = json!({"templateId": template, "payload": payload, "effort": effort});
        let answer = client.accepted("/v1/render", &ask).await;
        assert_eq!(answer["fromCache"], false, "{effort} is a file of its own: {answer}");
        let url = answer["url"].as_str().expect("a URL").to_owned();
        files.push((
            answer["uploadBytes"].as_u64().expect("bytes"),
            client.picture(&url).await,
            url,
        ));
    }
    let [fast, balanced, small] = &files[..] else { panic!("three") };
    assert!(small.0 < fast.0, "small is {}, fast {} bytes", small.0, fast.0);
    assert!(small.0 <= balanced.0, "small is {}, balanced {} bytes", small.0, balanced.0);
    assert_eq!(fast.1, balanced.1, "the same pixels");
    assert_eq!(fast.1, small.1, "the same pixels");

    let ask = json!({"templateId": template, "payload": payload});
    let by_default = client.accepted("/v1/render", &ask).await;
    assert_eq!(by_default["url"], small.2, "the configured one");
    for (effort, url) in [(json!(null), &small.2), (json!("fast"), &fast.2)] {
        let ask = json!({"templateId": template, "payloads": [payload], "effort": effort});
        let batch = client.accepted("/v1/render/batch", &ask).await;
        let done = client.done(batch["batchId"].as_str().expect("an id"), 1).await;
        assert_eq!(done["results"][0]["result"]["imageUrl"], *url, "{done}");
    }
    let ask = json!({"templateId": template, "payloads": [payload, {}], "effort": "balanced"});
    let batch = client.accepted("/v1/render/batch", &ask).await;
    let done = client.done(batch["batchId"].as_str().expect("an id"), 2).await;
    let [first, fresh] = [0, 1].map(|row| &done["results"][row]["result"]);
    assert_eq!((&first["imageUrl"], &first["fromCache"]), (&json!(balanced.2), &json!("db")));
    assert_eq!(fresh["fromCache"], false, "{done}");
    client.picture(fresh["imageUrl"].as_str().expect("a URL")).await;
}

#[tokio::test]
async fn a_preview_is_free_and_forgotten() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let ask = json!({"templateId": template, "payload": {}, "preview": true});
    let preview = client.accepted("/v1/render", &ask).await;
    let url = preview["url"].as_str().expect("a URL");
    assert_eq!(client.picture(url).await.dimensions(), (240, 120));
    assert_eq!(client.credits().await, 10_000, "a preview is free");
    let kept = client.accepted("/v1/render", &json!({"templateId": template, "payload": {}})).await;
    assert_eq!(kept["fromCache"], false, "a preview is not saved");

    for _ in 1..60 {
        client.accepted("/v1/render", &ask).await;
    }
    let (status, refused) = client.post("/v1/render", &ask).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    let request = http().post(format!("{}/v1/render", client.base)).bearer_auth(TOKEN).json(&ask);
    let headers = request.send().await.expect("an answer").headers().clone();
    let seconds: u64 = headers["retry-after"].to_str().expect("text").parse().expect("a number");
    assert!((1..=60).contains(&seconds), "retry after {seconds} s");
}

#[tokio::test]
async fn a_batch_is_accepted_polled_streamed_and_asked_about() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let (_, account) = client.get("/v1/account").await;
    let payloads = rows(8);
    let ask = json!({"templateId": template, "payloads": payloads, "userId": account["id"]});
    let (status, accepted) = client.post("/v1/render/batch", &ask).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{accepted}");
    assert_has(&accepted, &["batchId", "count", "jobIds"]);
    let jobs = accepted["jobIds"].as_array().expect("ids").clone();
    assert_eq!((accepted["count"].as_u64(), jobs.len()), (Some(8), 8));

    let batch = accepted["batchId"].as_str().expect("an id");
    let events = stream(&client, batch).await;
    let (last, before) = events.split_last().expect("events");
    assert_eq!(last.0, "done", "{events:?}");
    assert_eq!(keys(&last.1), ["results"]);
    assert!(!before.is_empty(), "there is progress before the end");
    for (name, data) in before {
        assert_eq!(name, "progress");
        assert_eq!(keys(data), ["completed", "failed", "queued", "running", "total"]);
    }

    let status = client.done(batch, 8).await;
    let counts = ["total", "completed", "failed", "running", "queued"].map(|name| &status[name]);
    assert_eq!(counts, [8, 8, 0, 0, 0].map(|count| json!(count)).each_ref(), "{status}");
    let results = status["results"].as_array().expect("results");
    assert_eq!(&last.1["results"], &status["results"], "the stream ends with the same results");
    for (job, result) in jobs.iter().zip(results) {
        assert_has(result, &["id", "status", "result", "failedReason"]);
        assert_eq!((&result["id"], &result["status"]), (job, &json!("completed")));
        assert_has(&result["result"], &["imageUrl", "contentType", "fromCache"]);
        assert_eq!(result["result"]["contentType"], "image/png");
        client.picture(result["result"]["imageUrl"].as_str().expect("a URL")).await;
    }

    assert_job(&client, &jobs[3], &results[3]).await;
}

/// A job by itself says what its batch says of it.
async fn assert_job(client: &Client, id: &Value, result: &Value) {
    let (_, job) = client.get(&format!("/v1/jobs/{}", id.as_str().expect("an id"))).await;
    let fields = ["id", "status", "progress", "result", "failedReason", "attemptsMade"];
    assert_has(&job, &fields);
    assert_eq!(job["status"], "completed", "{job}");
    assert_eq!(job["progress"], 100, "{job}");
    assert_eq!(job["attemptsMade"], 1, "{job}");
    assert_eq!(job["result"]["imageUrl"], result["result"]["imageUrl"], "{job}");
}

/// The events of a batch, to the end.
async fn stream(client: &Client, batch: &str) -> Vec<(String, Value)> {
    let request =
        http().get(format!("{}/v1/batches/{batch}/stream", client.base)).bearer_auth(TOKEN);
    let answer = request.send().await.expect("an answer");
    let kind = &answer.headers()["content-type"];
    assert_eq!(kind, "text/event-stream", "a stream of events");
    let text = answer.text().await.expect("the stream ends by itself");
    let event = |block: &str| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let data = serde_json::from_str(field("data:")?.trim()).expect("JSON");
        Some((field("event:")?.trim().to_owned(), data))
    };
    text.split("\n\n").filter_map(event).collect()
}

#[tokio::test]
async fn templates_are_made_listed_changed_and_deleted() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, client.template(&card()).await);
    }
    let (_, page) = client.get("/v1/templates?limit=2").await;
    let listed: Vec<_> =
        page["templates"].as_array().expect("a list").iter().map(|row| &row["id"]).collect();
    assert_eq!(listed, [&json!(ids[0]), &json!(ids[1])], "newest first");
    let cursor = page["nextCursor"].as_str().expect("a cursor");
    let (_, rest) = client.get(&format!("/v1/templates?limit=2&starting_after={cursor}")).await;
    assert_eq!(rest["templates"][0]["id"], json!(ids[2]), "{rest}");
    assert_eq!(rest["nextCursor"], Value::Null);

    let path = format!("/v1/templates/{}", ids[0]);
    let mut changed = card();
    changed["background"] = json!("#ffffff");
    let (status, answer) = client.send(Method::PUT, &path, Some(&changed)).await;
    assert_eq!((status, answer["version"].as_u64()), (StatusCode::OK, Some(2)), "{answer}");
    let (_, read) = client.get(&path).await;
    assert_eq!(read["template"], changed, "given back as it was sent");

    let (status, _) = client.send(Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = client.get(&path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_url_is_signed_and_expires() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let made = client.accepted("/v1/render", &json!({"templateId": template, "payload": {}})).await;
    let url = made["url"].as_str().expect("a URL");
    let key = url.strip_prefix(&format!("{}/img/", client.base)).expect("a key");
    for (ask, seconds) in [
        (json!({"url": url, "expiresIn": 7200}), 7200),
        (json!({"key": key}), 3600),
        (json!({"key": key, "expiresIn": 60}), 60),
    ] {
        let signed = client.accepted("/v1/sign", &ask).await;
        assert_eq!((&signed["key"], &signed["expiresIn"]), (&json!(key), &json!(seconds)));
        let signed = signed["url"].as_str().expect("a URL");
        client.picture(signed).await;
        let forged = signed.replace("exp=", "exp=9");
        let (status, ..) = client.fetch(Method::GET, &forged, &[]).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{forged}");
    }
    for seconds in [0, 59, 604_801] {
        let (status, answer) =
            client.post("/v1/sign", &json!({"key": key, "expiresIn": seconds})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let render = json!({"templateId": template, "payload": {}});
    for token in ["", "pdrv_nobodysnobodysnobodys", "nonsense"] {
        let (status, answer) = client.with_token(token).post("/v1/render", &render).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}: {answer}");
    }
    let nobody = "00000000-0000-7000-8000-000000000000";
    for path in [
        format!("/v1/batches/{nobody}"),
        format!("/v1/batches/{nobody}/stream"),
        format!("/v1/jobs/{nobody}"),
        format!("/v1/templates/{nobody}"),
        "/v1/nonsense".to_owned(),
    ] {
        let (status, answer) = client.get(&path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {answer}");
        assert_eq!(answer["status"], 404, "problem JSON: {answer}");
    }
    let unknown = json!({"templateId": nobody, "payload": {}});
    assert_eq!(client.post("/v1/render", &unknown).await.0, StatusCode::NOT_FOUND);
    let other = json!({"templateId": template, "payloads": [{}], "userId": nobody});
    assert_eq!(client.post("/v1/render/batch", &other).await.0, StatusCode::NOT_FOUND);
}
