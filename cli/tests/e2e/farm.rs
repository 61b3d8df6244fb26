//! A gateway with workers apart, over TCP.

use std::path::Path;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::client::{Client, card, rows};
use crate::process::{Process, TOKEN, WORKER_TOKEN, assert_books, pixeldrive, run};

const ROWS: usize = 400;

/// A gateway on a fresh folder, and where workers dial it.
pub(crate) fn gateway() -> (TempDir, Process, Client, String) {
    gateway_at("127.0.0.1:0")
}

fn gateway_at(workers: &str) -> (TempDir, Process, Client, String) {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().to_str().expect("a path");
    let mut command = pixeldrive(&[
        "gateway",
        "--data",
        folder,
        "--listen",
        "127.0.0.1:0",
        "--worker-listen",
        workers,
    ]);
    command.env("PIXELDRIVE_BOOTSTRAP_TOKEN", TOKEN).env("PIXELDRIVE_WORKER_TOKEN", WORKER_TOKEN);
    let process = Process::start(command);
    let workers = process.line("Workers dial ");
    let client = Client::new(&process.line("Listening on "), TOKEN);
    (data, process, client, workers)
}

pub(crate) fn worker(gateway: &str, secret: &str, store: Option<&Path>) -> Process {
    let mut command =
        pixeldrive(&["worker", "--gateways", gateway, "--gpu", "off", "--threads", "1"]);
    command.env("PIXELDRIVE_WORKER_TOKEN", secret);
    if let Some(store) = store {
        command.env("PIXELDRIVE_STORE", format!("file:{}", store.display()));
    }
    Process::start(command)
}

#[tokio::test]
async fn workers_share_a_batch_and_losing_one_loses_nothing() {
    let (data, _gateway, client, dial) = gateway();
    // One writes pictures to the store, the other sends them through the gateway.
    let store = data.path().join("store");
    let (first, second) =
        (worker(&dial, WORKER_TOKEN, Some(&store)), worker(&dial, WORKER_TOKEN, None));
    client.ready(2).await;
    let template = client.template(&card()).await;
    let batch = client.batch(&template, &rows(ROWS)).await;
    let status = client.done(&batch, 40).await;
    assert!(status["completed"].as_u64() < Some(ROWS as u64), "the batch was too fast to be cut");
    first.kill_9();
    let status = client.done(&batch, ROWS as u64).await;
    assert_eq!(status["completed"], ROWS, "{}", status["failed"]);
    client.ready(1).await;
    for result in status["results"].as_array().expect("results") {
        client.picture(result["result"]["imageUrl"].as_str().expect("a URL")).await;
    }
    assert_eq!(client.credits().await, 10_000 - ROWS as i64);
    assert_books(data.path());

    second.signal(Signal::SIGTERM);
    assert_eq!(second.end().code(), Some(0), "a worker drains and ends");
}

#[tokio::test]
async fn a_worker_comes_back_to_a_gateway_that_was_away() {
    // An address of its own, lest another test take the port while nobody listens there.
    let (data, gateway, client, dial) = gateway_at("127.0.0.7:0");
    let _worker = worker(&dial, WORKER_TOKEN, None);
    client.ready(1).await;
    let template = client.template(&card()).await;
    let batch = client.batch(&template, &rows(ROWS)).await;
    client.done(&batch, 20).await;
    gateway.kill_9();

    let folder = data.path().to_str().expect("a path");
    let mut command = pixeldrive(&[
        "gateway",
        "--data",
        folder,
        "--listen",
        "127.0.0.1:0",
        "--worker-listen",
        &dial,
    ]);
    command.env("PIXELDRIVE_WORKER_TOKEN", WORKER_TOKEN);
    let gateway = Process::start(command);
    let client = Client::new(&gateway.line("Listening on "), TOKEN);
    let status = client.done(&batch, ROWS as u64).await;
    assert_eq!(status["completed"], ROWS, "{}", status["failed"]);
    assert_eq!(client.credits().await, 10_000 - ROWS as i64);
    assert_books(data.path());
    gateway.signal(Signal::SIGTERM);
    assert_eq!(gateway.end().code(), Some(0), "a gateway drains and ends");
}

#[tokio::test]
async fn a_worker_with_the_wrong_secret_is_refused() {
    let (_data, _gateway, client, dial) = gateway();
    let stranger = worker(&dial, "not-the-right-secret", None);
    client
        .until("the refusal is logged", async || {
            stranger.log().contains("Unauthenticated").then_some(())
        })
        .await;
    let (status, answer) = client.get("/readyz").await;
    assert_eq!(status, 503, "no worker is let in: {answer}");
}

#[test]
fn a_secret_is_required() {
    for role in [vec!["gateway"], vec!["worker", "--gateways", "127.0.0.1:1"]] {
        let ended = run(&role);
        let text = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{text}");
        assert!(text.contains("PIXELDRIVE_WORKER_TOKEN: missing"), "{text}");
    }
}
