//! Credits: one for each fresh picture, none for anything else, and never two.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::json;

use crate::client::{card, rows};
use crate::process::{Server, assert_books, run};

/// Makes an account; answers its token.
fn account(data: &Path, credits: u32) -> String {
    let (data, credits) = (data.to_str().expect("a path"), credits.to_string());
    let made = run(&[
        "admin",
        "--data",
        data,
        "account",
        "create",
        "--name",
        "Acme",
        "--credits",
        &credits,
    ]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = String::from_utf8(made.stdout).expect("text");
    let token = text.split_whitespace().find(|word| word.starts_with("pdrv_"));
    token.expect("a token").to_owned()
}

#[tokio::test]
async fn a_batch_that_cannot_be_paid_is_not_begun() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let client = client.with_token(&account(data.path(), 3));
    let template = client.template(&card()).await;
    let batch = json!({"templateId": template, "payloads": rows(4)});
    let (status, answer) = client.post("/v1/render/batch", &batch).await;
    assert_eq!((status, &answer["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("credit_short")));
    assert_eq!(client.credits().await, 3, "nothing was taken");

    let batch = client.batch(&template, &rows(3)).await;
    client.done(&batch, 3).await;
    assert_eq!(client.credits().await, 0);
    let fresh = json!({"templateId": template, "payload": {"headline": {"text": "one more"}}});
    let (status, answer) = client.post("/v1/render", &fresh).await;
    assert_eq!(status, StatusCode::PAYMENT_REQUIRED, "{answer}");
    let known = json!({"templateId": template, "payload": rows(1)[0]});
    let answer = client.accepted("/v1/render", &known).await;
    assert_eq!(answer["fromCache"], "db", "what is there needs no credit");
    assert_books(data.path());
}

#[tokio::test]
async fn equal_rows_are_one_picture_and_one_credit() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let mut payloads = rows(5);
    payloads.extend(rows(5));
    // The same values in another notation are the same picture.
    payloads.push(json!({"headline": {"text": "Row\u{20}0"}}));
    let batch = client.batch(&template, &payloads).await;
    let status = client.done(&batch, 11).await;
    assert_eq!(status["completed"], 11, "{status}");
    let url = |row: usize| &status["results"][row]["result"]["imageUrl"];
    assert_eq!((url(0), url(0)), (url(5), url(10)));
    assert_eq!(client.credits().await, 9_995);

    let again = client.batch(&template, &payloads).await;
    let status = client.done(&again, 11).await;
    assert_eq!(status["results"][4]["result"]["fromCache"], "db", "{status}");
    assert_eq!(client.credits().await, 9_995, "a repeat costs nothing");
    assert_books(data.path());
}

#[tokio::test]
async fn callers_at_once_share_one_render() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let ask = json!({"templateId": template, "payload": {"headline": {"text": "the same"}}});
    let asks = (0..8).map(|_| client.accepted("/v1/render", &ask));
    let answers = futures::future::join_all(asks).await;
    let fresh = answers.iter().filter(|answer| answer["fromCache"] == json!(false)).count();
    assert_eq!(fresh, 1, "{answers:?}");
    assert_eq!(client.credits().await, 9_999);
    assert_books(data.path());
}

#[tokio::test]
async fn a_failed_row_gives_its_credit_back() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = json!({
        "width": 100, "height": 100,
        "elements": [{"id": "photo", "type": "image", "width": 100, "height": 100}],
    });
    let template = client.template(&template).await;
    // Private addresses are refused unless they are allowed.
    let rows = [json!({"photo": {"src": "http://127.0.0.1:9/x.png"}})];
    let batch = client.batch(&template, &rows).await;
    let status = client.done(&batch, 1).await;
    assert_eq!(status["failed"], 1, "{status}");
    assert!(status["results"][0]["failedReason"].is_string(), "{status}");
    assert_eq!(client.credits().await, 10_000);
    assert_books(data.path());
}

#[tokio::test]
async fn a_token_is_revoked_at_once() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let folder = data.path().to_str().expect("a path");
    let made = run(&["admin", "--data", folder, "token", "create", "--name", "second"]);
    let text = String::from_utf8(made.stdout).expect("text");
    let words: Vec<_> = text.split([' ', ',', '\n']).collect();
    let second =
        client.with_token(words.iter().find(|word| word.starts_with("pdrv_")).expect("one"));
    assert_eq!(second.get("/v1/account").await.0, StatusCode::OK);
    let id = words[words.iter().position(|word| *word == "token").expect("an id") + 1];
    let revoked = run(&["admin", "--data", folder, "token", "revoke", id]);
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
    // A gateway may remember a token for a few seconds.
    second
        .until("the token is refused", async || {
            (second.get("/v1/account").await.0 == StatusCode::UNAUTHORIZED).then_some(())
        })
        .await;
    assert_eq!(client.get("/v1/account").await.0, StatusCode::OK, "the other token still works");

    let granted = run(&["admin", "--data", folder, "credits", "grant", "500", "--key", "gift"]);
    assert!(granted.status.success(), "{}", String::from_utf8_lossy(&granted.stderr));
    run(&["admin", "--data", folder, "credits", "grant", "500", "--key", "gift"]);
    assert_eq!(client.credits().await, 10_500, "one grant, however often it is sent");
    assert_books(data.path());
}
