//! Ends in good and in bad order: no accepted row is lost and no credit is taken twice.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::client::{Client, card, rows};
use crate::process::{Server, assert_books};

/// Rows of a batch that takes long enough to be cut short.
const ROWS: usize = 400;
/// One thread, so that this holds on large machines too.
const SLOW: [&str; 2] = ["--threads", "1"];

/// Every row has its own picture, and each was paid once.
async fn assert_whole(client: &Client, status: &Value) {
    assert_eq!(status["completed"], ROWS, "{}", status["failed"]);
    let results = status["results"].as_array().expect("results");
    let mut urls: Vec<_> =
        results.iter().map(|row| row["result"]["imageUrl"].as_str().expect("a URL")).collect();
    for url in &urls {
        // The port is another one after a restart.
        let path = &url[url.find("/img/").expect("a path")..];
        client.picture(&format!("{}{path}", client.base)).await;
    }
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), ROWS, "each row has a picture of its own");
    assert_eq!(client.credits().await, 10_000 - ROWS as i64, "credits left");
}

#[tokio::test]
async fn a_server_killed_in_the_middle_of_a_batch_finishes_it_after_a_restart() {
    let (data, Server { client, process }) = Server::fresh(&SLOW).await;
    let template = client.template(&card()).await;
    let batch = client.batch(&template, &rows(ROWS)).await;
    let status = client.done(&batch, 20).await;
    assert!(status["completed"].as_u64() < Some(ROWS as u64), "the batch was too fast to be cut");
    process.kill_9();

    let Server { client, process } = Server::start(data.path(), &SLOW).await;
    let status = client.done(&batch, 60).await;
    assert!(status["completed"].as_u64() < Some(ROWS as u64), "the batch was too fast to be cut");
    process.kill_9();

    let Server { client, process: _process } = Server::start(data.path(), &SLOW).await;
    let status = client.done(&batch, ROWS as u64).await;
    assert_whole(&client, &status).await;
    assert_books(data.path());
}

#[tokio::test]
async fn a_server_told_to_end_drains_and_says_so() {
    let (data, Server { client, process }) = Server::fresh(&SLOW).await;
    let template = client.template(&card()).await;
    let batch = client.batch(&template, &rows(ROWS)).await;
    client.done(&batch, 10).await;
    process.signal(Signal::SIGTERM);
    let status = process.end();
    assert_eq!(status.code(), Some(0), "{status}");
    assert_books(data.path());

    let Server { client, process } = Server::start(data.path(), &SLOW).await;
    let status = client.done(&batch, ROWS as u64).await;
    assert_whole(&client, &status).await;
    assert_books(data.path());
    process.signal(Signal::SIGINT);
    assert_eq!(process.end().code(), Some(0), "Ctrl-C is an orderly end too");
}
