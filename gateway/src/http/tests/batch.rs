//! Batches from submission to the last result, polled and streamed.

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use http_body_util::BodyExt;
use pixeldrive_model::{Failure, Fault};
use pixeldrive_proto::v1::{self, result::Outcome};
use serde_json::{Value, json};

use super::api::{Api, IMAGES, done, request};
use crate::dispatch::tests::farm::{Peer, soon};

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Fails the row whose headline is "bad".
fn choosy(job: &v1::Job) -> Outcome {
    let payload: Value = serde_json::from_slice(&job.payload).expect("JSON");
    if payload["headline"]["text"] != "bad" {
        return done();
    }
    let failure = Failure {
        fault: Fault::Caller,
        code: "asset_not_found".to_owned(),
        message: "it answered 404".to_owned(),
        element: "photo".to_owned(),
    };
    Outcome::Failed(failure.into())
}

/// Reads a stream to its end.
async fn read(api: &Api, path: &str, last: Option<&str>) -> Vec<(String, String, Value)> {
    let mut request = request("GET", path);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = api.open(request.body(Body::empty()).expect("a request")).await;
    let body = soon(response.into_body().collect()).await.expect("it ends").to_bytes();
    events(std::str::from_utf8(&body).expect("UTF-8"))
}

/// Event, id and data of each event that has data.
fn events(text: &str) -> Vec<(String, String, Value)> {
    let event = |block: &str| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim_start().to_owned())
        };
        let data = serde_json::from_str(&field("data")?).expect("JSON");
        Some((field("event")?, field("id")?, data))
    };
    text.split("\n\n").filter_map(event).collect()
}

/// Waits until the batch has ended.
async fn ended(api: &Api, id: &str) -> Value {
    read(api, &format!("/v1/batches/{id}/stream"), None).await;
    api.get(&format!("/v1/batches/{id}")).await.json()
}

#[tokio::test]
async fn a_batch_goes_from_submission_to_results() {
    let api = Api::start().await;
    let reply = api.submit(&["a", "bad", "a", "b"]).await;
    let accepted = reply.json();
    assert_eq!((reply.status, &accepted["count"]), (202, &json!(4)), "{accepted}");
    let (id, jobs) =
        (text(&accepted["batchId"]), accepted["jobIds"].as_array().expect("ids").clone());
    assert_eq!(reply.header("location"), format!("/v1/batches/{id}"), "{reply:?}");
    assert_eq!(jobs.len(), 4, "{accepted}");
    assert_eq!(api.credits().await, (97, 3, 0), "equal rows are one credit");

    let before = api.get(&format!("/v1/batches/{id}")).await.json();
    let row =
        |job: &Value| json!({"id": job, "status": "queued", "result": null, "failedReason": null});
    let expected = json!({
        "batchId": id, "total": 4, "queued": 4, "running": 0, "completed": 0, "failed": 0,
        "results": jobs.iter().map(row).collect::<Vec<_>>(),
    });
    assert_eq!(before, expected, "before any worker");

    api.work(choosy).await;
    let after = ended(&api, &id).await;
    let counts =
        ["total", "queued", "running", "completed", "failed"].map(|key| after[key].as_u64());
    assert_eq!(counts, [4, 0, 0, 3, 1].map(Some), "{after}");
    let results = after["results"].as_array().expect("results");
    let ids: Vec<_> = results.iter().map(|result| result["id"].clone()).collect();
    assert_eq!(ids, jobs, "in the order of the rows");
    let result = &results[0]["result"];
    let url = text(&result["imageUrl"]);
    assert!(url.starts_with(&format!("{IMAGES}t/{}/", api.template)), "{url}");
    assert_eq!(
        result,
        &json!({"imageUrl": url, "contentType": "image/png", "fromCache": false}),
        "first"
    );
    assert_eq!(results[2]["result"]["fromCache"], "db", "a row equal to the first");
    assert_eq!(
        (&results[1]["status"], &results[1]["result"]),
        (&json!("failed"), &Value::Null),
        "bad"
    );
    let reason = text(&results[1]["failedReason"]);
    assert!(reason.contains("photo") && reason.contains("404"), "{reason}");
    assert_eq!(api.credits().await, (98, 0, 2), "the failed row is refunded");
}

#[tokio::test]
async fn a_repeated_batch_is_free() {
    let api = Api::start().await;
    api.work(choosy).await;
    let first = api.submit(&["a", "b"]).await.json();
    ended(&api, &text(&first["batchId"])).await;
    assert_eq!(api.credits().await, (98, 0, 2), "the first");
    let repeat = api.submit(&["a", "b"]).await.json();
    let repeat = ended(&api, &text(&repeat["batchId"])).await;
    assert_eq!(repeat["completed"], 2, "{repeat}");
    assert_eq!(repeat["results"][0]["result"]["fromCache"], "db", "{repeat}");
    assert_eq!(api.credits().await, (98, 0, 2), "a repeated batch is free");
}

#[tokio::test]
async fn a_job_is_told_in_its_own_words() {
    let api = Api::start().await;
    let accepted = api.submit(&["a", "bad"]).await.json();
    let job = |row: usize| format!("/v1/jobs/{}", text(&accepted["jobIds"][row]));
    let waiting = api.get(&job(0)).await.json();
    let expected = json!({
        "id": accepted["jobIds"][0], "status": "waiting", "progress": 0, "result": null,
        "failedReason": null, "attemptsMade": 0, "warnings": [],
    });
    assert_eq!(waiting, expected, "waiting");

    let mut peer = Peer::join(&api.world).await;
    peer.grant(v1::Lane::Bulk, 2);
    let mut work = peer.work().await;
    while work.len() < 2 {
        work.extend(peer.work().await);
    }
    let active = api.get(&job(0)).await.json();
    assert_eq!(
        (&active["status"], &active["progress"]),
        (&json!("active"), &json!(50)),
        "{active}"
    );
    for job in &work {
        peer.answer(job, choosy(job));
    }
    ended(&api, &text(&accepted["batchId"])).await;
    let completed = api.get(&job(0)).await.json();
    assert_eq!(
        (&completed["status"], &completed["progress"]),
        (&json!("completed"), &json!(100)),
        "{completed}"
    );
    assert_eq!(completed["result"]["contentType"], "image/png", "{completed}");
    assert_eq!(completed["attemptsMade"], 1, "{completed}");
    let failed = api.get(&job(1)).await.json();
    assert_eq!(
        (&failed["status"], &failed["result"]),
        (&json!("failed"), &Value::Null),
        "{failed}"
    );
    assert!(text(&failed["failedReason"]).contains("asset_not_found"), "{failed}");
}

#[tokio::test]
async fn a_batch_is_paid_whole_or_not_at_all() {
    let api = Api::start().await;
    let rows: Vec<_> = (0..101).map(|row| row.to_string()).collect();
    let reply = api.submit(&rows.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let body = reply.json();
    assert_eq!((reply.status, body["code"].as_str()), (402, Some("credit_short")), "{body}");
    assert!(text(&body["detail"]).contains("101 needed, 100 available, 1 short"), "{body}");
    assert_eq!(api.credits().await, (100, 0, 0), "nothing is held");
}

#[tokio::test]
async fn the_user_is_the_account() {
    let api = Api::start().await;
    let body = json!({"templateId": api.template, "payloads": [{}], "userId": api.account});
    assert_eq!(api.post("/v1/render/batch", body).await.status, 202, "its own");
}

#[tokio::test]
async fn a_stream_tells_every_change_and_ends() {
    let api = Api::start().await;
    let accepted = api.submit(&["a", "b", "bad"]).await.json();
    let path = format!("/v1/batches/{}/stream", text(&accepted["batchId"]));
    let open = request("GET", &path).body(Body::empty()).expect("a request");
    let response = api.open(open).await;
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "text/event-stream", "{response:?}");
    assert_eq!(header("cache-control"), "no-store", "{response:?}");
    assert_eq!(header("x-accel-buffering"), "no", "{response:?}");
    let mut stream = response.into_body().into_data_stream();
    let mut seen = String::new();
    until(&mut stream, &mut seen, "event: progress").await;
    assert!(seen.contains("retry: 2000"), "{seen}");
    let first = json!({"total": 3, "completed": 0, "failed": 0, "running": 0, "queued": 3});
    assert_eq!(events(&seen)[0].2, first, "first");
    let data = r#"data: {"total":3,"completed":0,"failed":0,"running":0,"queued":3}"#;
    assert!(seen.contains(data), "in the reference's order: {seen}");

    api.work(choosy).await;
    until(&mut stream, &mut seen, "event: done").await;
    assert!(soon(stream.next()).await.is_none(), "it closes");
    let told = events(&seen);
    let (done, progress) = told.split_last().expect("events");
    assert!(progress.iter().all(|(event, ..)| event == "progress"), "{seen}");
    let last = json!({"total": 3, "completed": 2, "failed": 1, "running": 0, "queued": 0});
    assert_eq!(progress.last().map(|(.., data)| data), Some(&last), "{seen}");
    assert_eq!(done.2["results"].as_array().map(Vec::len), Some(3), "{seen}");

    // Who comes back is told where things stand, but not twice the same.
    let (_, id, _) = progress.last().expect("progress");
    let again = read(&api, &path, None).await;
    assert_eq!(
        again.iter().map(|(event, ..)| event.as_str()).collect::<Vec<_>>(),
        ["progress", "done"],
        "anew"
    );
    let again = read(&api, &path, Some(id)).await;
    assert_eq!(
        again.iter().map(|(event, ..)| event.as_str()).collect::<Vec<_>>(),
        ["done"],
        "resumed"
    );
}

async fn until(stream: &mut BodyDataStream, seen: &mut String, wanted: &str) {
    while !seen.contains(wanted) || !seen.ends_with("\n\n") {
        let chunk = soon(stream.next()).await.expect("more").expect("bytes");
        seen.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_gateway_does() {
    let api = Api::start().await;
    let accepted = api.submit(&["a"]).await.json();
    let path = format!("/v1/batches/{}/stream", text(&accepted["batchId"]));
    let open = request("GET", &path).body(Body::empty()).expect("a request");
    let mut stream = api.open(open).await.into_body().into_data_stream();
    until(&mut stream, &mut String::new(), "event: progress").await;
    api.world.shutdown.cancel();
    assert!(soon(stream.next()).await.is_none(), "it closes");
}
