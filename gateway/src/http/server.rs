//! Connections of callers: accepted, given a time to say what they want, and closed in good order.
//!
//! `axum::serve` would do but for two things that a public listener needs: a caller who never
//! finishes his headers is let go, and answers are not held back for Nagle's algorithm.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::ACCEPT_PAUSE;

/// How long the headers of a request may take, a connection's idle time before them included.
const HEADERS: Duration = Duration::from_secs(60);
/// How often a silent HTTP/2 connection is tested, and how long for.
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_SILENCE: Duration = Duration::from_secs(20);

/// Serves until `shutdown`, then accepts nothing more and waits for what is under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let connections = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_SILENCE);
    while let Some(stream) = shutdown.run_until_cancelled(accept(&listener)).await {
        let service = TowerToHyperService::new(router.clone().map_request(
            |request: http::Request<_>| -> Request { request.map(axum::body::Body::new) },
        ));
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a caller's connection broke");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The next connection. What fails is one connection, or the supply of file descriptors, and
/// neither ends the server.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps Nagle's algorithm");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a caller's connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
