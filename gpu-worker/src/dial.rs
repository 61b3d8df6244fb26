//! How a worker reaches a gateway: over TCP, or through a pipe inside one process.
//!
//! A dial makes one connection; when it breaks, the session dials again. Deliberately absent: TLS.
//! Between hosts, use a network that encrypts, or a proxy that does.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::uri::{Authority, InvalidUri};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tonic::transport::{Channel, Endpoint};

use crate::Error;

/// Connects to one gateway, each time it is called.
pub type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Channel, tonic::transport::Error>> + Send + Sync>;

/// Bytes under way in a pipe, each way.
const PIPE_BYTES: usize = 1 << 20;
/// Time for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an idle connection is probed, and how long an answer may take.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(20));

/// Dials `host:port`.
///
/// # Errors
/// [`Error::AddressInvalid`].
pub fn dial_tcp(address: &str) -> Result<Dial, Error> {
    let invalid = |reason: String| Error::AddressInvalid { address: address.to_owned(), reason };
    let plain = address.strip_prefix("http://").unwrap_or(address);
    let authority: Authority = plain.parse().map_err(|e: InvalidUri| invalid(e.to_string()))?;
    if authority.port_u16().is_none() {
        return Err(invalid("the port is missing".to_owned()));
    }
    if plain.contains('@') {
        return Err(invalid("a user name is of no use here".to_owned()));
    }
    let endpoint = Endpoint::from_shared(format!("http://{plain}"))
        .map_err(|error| invalid(error.to_string()))?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE.0)
        .keep_alive_timeout(KEEPALIVE.1)
        .keep_alive_while_idle(true);
    Ok(Arc::new(move || {
        let endpoint = endpoint.clone();
        Box::pin(async move { endpoint.connect().await })
    }))
}

/// Dials through memory: the other end of each connection goes to `sender`.
pub fn dial_pipe(sender: mpsc::Sender<DuplexStream>) -> Dial {
    Arc::new(move || {
        let sender = sender.clone();
        // The address is never resolved, but HTTP/2 wants one.
        let endpoint = Endpoint::from_static("http://gateway.pipe");
        Box::pin(async move {
            let connect = tower::service_fn(move |_| {
                let sender = sender.clone();
                async move {
                    let (near, far) = tokio::io::duplex(PIPE_BYTES);
                    let gone = |_| io::Error::other("the gateway has ended");
                    sender.send(far).await.map_err(gone)?;
                    Ok::<_, io::Error>(TokioIo::new(near))
                }
            });
            endpoint.connect_with_connector(connect).await
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in ["gateway:7070", "127.0.0.1:7070", "[::1]:7070", "http://gateway:7070"] {
            assert!(dial_tcp(address).is_ok(), "{address}");
        }
        for address in [
            "",
            "gateway",
            "https://gateway:7070",
            "gateway:7070/x",
            "a@gateway:1",
            "gateway:99999",
        ] {
            let error = dial_tcp(address).err().map(|error| error.to_string());
            assert!(error.is_some_and(|text| text.contains("write host:port")), "{address}");
        }
    }
}
