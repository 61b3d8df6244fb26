//! Bad input: each kind gets its clear refusal, and the server keeps serving.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::{Client, card, rows};
use crate::process::Server;
use crate::{client, origin};

/// The refusal names the place and says why.
#[track_caller]
fn assert_refused(answer: &client::Answer, path: &str, words: &str) {
    let (status, body) = answer;
    assert_eq!(*status, StatusCode::BAD_REQUEST, "{body}");
    let errors = body["errors"].as_array().expect("errors");
    let found = errors.iter().any(|error| {
        error["path"] == path && error["message"].as_str().is_some_and(|text| text.contains(words))
    });
    assert!(found, "no error at {path} with `{words}`: {body}");
}

#[tokio::test]
async fn a_wrong_request_names_its_fault() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let mut wrong = card();
    wrong["elements"][0]["fontsize"] = json!(12);
    wrong["elements"][1]["value"] = json!("many");
    let answer = client.post("/v1/templates", &wrong).await;
    assert_refused(&answer, "elements[0].fontsize", "unknown property");
    assert_refused(&answer, "elements[1].value", "expected a number");
    let mut unfit = card();
    unfit["elements"][2]["text"] = json!("x".repeat(3_000));
    let elements = unfit["elements"].as_array_mut().expect("a list");
    elements.push(json!({"id": "mark", "type": "svg", "width": 9, "height": 9, "svg": "<svg>"}));
    let answer = client.post("/v1/templates", &unfit).await;
    assert_refused(&answer, "elements[2].text", "too long for a QR code");
    assert_refused(&answer, "elements[3].svg", "the picture is broken");

    let template = client.template(&card()).await;
    let render = async |payload: Value, ratio: f64| {
        let ask = json!({"templateId": template, "payload": payload, "pixelRatio": ratio});
        client.post("/v1/render", &ask).await
    };
    let unknown = render(json!({"headlin": {"text": "x"}}), 1.0).await;
    assert_refused(&unknown, "payload.headlin", "headline, stars, qr");
    let long = json!({"headline": {"text": "x".repeat(200_000)}});
    assert_refused(&render(long, 1.0).await, "payload.headline.text", "longer than 10000");
    for ratio in [0.0, 100.0, -1.0] {
        assert_refused(&render(json!({}), ratio).await, "pixelRatio", "is outside");
    }
    let file = json!({"qr": {"color": "no colour"}});
    assert_refused(&render(file, 1.0).await, "payload.qr.color", "not a colour");

    let batch = async |payloads: Vec<Value>| {
        client
            .post("/v1/render/batch", &json!({"templateId": template, "payloads": payloads}))
            .await
    };
    assert_refused(&batch(vec![]).await, "payloads", "1 to 1000");
    assert_refused(&batch(rows(1001)).await, "payloads", "1 to 1000");
    let mixed = vec![json!({}), json!({"nobody": {"text": "x"}})];
    assert_refused(&batch(mixed).await, "payloads[1].nobody", "no element has this id");
    assert_eq!(client.credits().await, 10_000, "nothing was charged");
    still_serves(&client, &template).await;
}

/// A payload whose photo comes from `src`.
fn photo(src: &str) -> Value {
    json!({"photo": {"src": src, "visible": true}})
}

/// Payloads that can be bound and not rendered, by what is wrong with them.
fn wrong_pictures(origin: &str) -> Vec<(&'static str, Value)> {
    let mark = |svg: &str| json!({"mark": {"svg": svg, "visible": true}});
    let bomb = (0..30).fold(String::from("<!ENTITY a0 'boom'>"), |text, level| {
        let inner = format!("&a{level};").repeat(10);
        format!("{text}<!ENTITY a{} '{inner}'>", level + 1)
    });
    let bomb =
        format!("<!DOCTYPE svg [{bomb}]><svg xmlns='http://www.w3.org/2000/svg'>&a30;</svg>");
    let reference = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>\
                     <image href='file:///etc/passwd' width='9' height='9'/></svg>";
    vec![
        ("404", photo(&format!("{origin}/missing.png"))),
        ("100 megapixels", photo(&format!("{origin}/huge.png"))),
        ("no picture", photo(&format!("{origin}/text.png"))),
        ("nothing listens", photo("http://127.0.0.1:9/x.png")),
        ("link-local", photo("http://169.254.169.254/latest/meta-data")),
        ("entity bomb", mark(&bomb)),
        ("file reference", mark(reference)),
        ("no SVG", mark("<svg")),
    ]
}

#[tokio::test]
async fn a_wrong_picture_fails_its_row_alone() {
    let (_data, Server { client, process: _process }) =
        Server::fresh(&["--allow-private", "127.0.0.0/8"]).await;
    let origin = format!("http://{}", origin::start().await);
    let template = json!({
        "width": 64, "height": 64,
        "elements": [
            {"id": "photo", "type": "image", "width": 64, "height": 64, "visible": false},
            {"id": "mark", "type": "svg", "width": 64, "height": 64, "visible": false},
        ],
    });
    let template = client.template(&template).await;
    let wrong = wrong_pictures(&origin);
    for (what, payload) in &wrong {
        let ask = json!({"templateId": template, "payload": payload});
        let (status, answer) = client.post("/v1/render", &ask).await;
        assert!(status.is_client_error() || status == 503, "{what}: {status} {answer}");
        assert!(answer["detail"].as_str().is_some_and(|text| !text.is_empty()), "{what}: {answer}");
        let element = payload.as_object().expect("an object").keys().next().expect("an element");
        assert_eq!(answer["errors"][0]["path"], format!("payload.{element}"), "{what}: {answer}");
    }
    // Paths and schemes of the server's own machine are refused before anything is rendered.
    for src in ["file:///etc/passwd", "../secret.png", "/etc/passwd", "gopher://x/"] {
        let ask = json!({"templateId": template, "payload": photo(src)});
        assert_refused(&client.post("/v1/render", &ask).await, "payload.photo.src", "");
    }

    let mut payloads: Vec<_> = wrong.iter().map(|(_, payload)| payload.clone()).collect();
    payloads.push(photo(&format!("{origin}/good.png")));
    let count = payloads.len() as u64;
    let batch = client.batch(&template, &payloads).await;
    let status = client.done(&batch, count).await;
    assert_eq!(
        (&status["completed"], &status["failed"]),
        (&json!(1), &json!(count - 1)),
        "{status}"
    );
    let results = status["results"].as_array().expect("results");
    for ((what, _), result) in wrong.iter().zip(results) {
        let reason = result["failedReason"].as_str().unwrap_or_default();
        assert!(!reason.is_empty(), "{what}: {result}");
    }
    assert_eq!(client.credits().await, 9_999, "failures are free");
    still_serves(&client, &template).await;
}

async fn still_serves(client: &Client, template: &str) {
    let answer =
        client.accepted("/v1/render", &json!({"templateId": template, "payload": {}})).await;
    client.picture(answer["url"].as_str().expect("a URL")).await;
}
