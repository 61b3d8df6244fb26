//! The gateway as its binary runs it: it serves, and a shutdown ends it whoever is connected.

use std::sync::Arc;
use std::time::Duration;

use pixeldrive_blobs::Folder;
use pixeldrive_gateway::{Config, SigningKeys, run};
use pixeldrive_model::{Effort, Epoch};
use pixeldrive_store::Sqlite;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Asks for `path` on a connection that stays open; answers the status line.
async fn get(connection: &mut TcpStream, path: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 4096];
    let length = connection.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer[..length]);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn it_serves_until_the_shutdown_and_then_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Sqlite::open(&folder.path().join("db")).await.expect("a store");
    let blobs = Folder::open(folder.path().join("blobs")).await.expect("blobs");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let config = Config {
        public_url: format!("http://{address}").parse().expect("a URL"),
        worker_token: None,
        signing: SigningKeys::new(vec![[1; 32]]).expect("a key"),
        name: "test".to_owned(),
        epoch: Epoch("1".to_owned()),
        effort: Effort::Fast,
        inspect: |_| Vec::new(),
    };
    let shutdown = CancellationToken::new();
    // A worker that connects and never says a word, and a stream of workers that ends.
    let (_silent, pipe) = tokio::io::duplex(1024);
    let workers = tokio_stream::iter([Ok::<DuplexStream, std::io::Error>(pipe)]);
    let running =
        run(config, Arc::new(store), Arc::new(blobs), listener, workers, shutdown.clone());
    let running = tokio::spawn(running);

    let mut connection = TcpStream::connect(address).await.expect("connected");
    let alive = get(&mut connection, "/healthz").await.expect("answered");
    assert!(alive.contains("200"), "alive: {alive}");
    let ready = get(&mut connection, "/readyz").await.expect("answered");
    assert!(ready.contains("503"), "not ready without a worker: {ready}");

    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(15), running).await;
    let ended = ended.expect("it ends although connections are open").expect("no panic");
    assert!(ended.is_ok(), "{ended:?}");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
