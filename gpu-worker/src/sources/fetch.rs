//! Fetching over HTTP from origins that nobody vouches for.
//!
//! Addresses are judged where they are used: literal ones in the URL of every hop, those of a name
//! in the resolver whose answer the connection is made from, and once more after connecting. There
//! is no second look-up that could answer differently. Deliberately absent: proxies, cookies,
//! referers, decompression, and the cache ([`super::cache`]).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Response, redirect};
use url::{Host, Url};

use super::SourcesConfig;
use super::address::{Verdict, judge};
use super::error::Error;

/// Looks a name up. Tests give answers of their own.
pub(super) type Lookup =
    Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The system's resolver.
pub(super) fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
    })
}

/// A fetched file.
pub(super) struct Fetched {
    pub(super) bytes: Bytes,
    /// How long the origin lets it be kept, if it says so.
    pub(super) max_age: Option<Duration>,
}

/// Fetches over HTTP.
pub(super) struct Fetcher {
    config: SourcesConfig,
    /// Connects to public and trusted addresses, for the usual ports.
    anywhere: Client,
    /// Connects to trusted addresses alone, for all other ports. A name does not tell its address
    /// before it is resolved, and a resolver does not know the port.
    trusted: Option<Client>,
}

impl Fetcher {
    pub(super) fn new(config: SourcesConfig, lookup: Lookup) -> Result<Self, reqwest::Error> {
        let allow: Arc<[IpNet]> = config.allow_private.clone().into();
        let client = |trusted_only| {
            let (lookup, allow) = (Arc::clone(&lookup), Arc::clone(&allow));
            client(&config, &Arc::new(Guard { lookup, allow, trusted_only }))
        };
        let anywhere = client(false)?;
        let trusted = if allow.is_empty() { None } else { Some(client(true)?) };
        Ok(Self { config, anywhere, trusted })
    }

    /// Fetches `url`, following redirects by hand so that each hop is judged like the first.
    pub(super) async fn fetch(&self, url: &str) -> Result<Fetched, Error> {
        tokio::time::timeout(self.config.total_timeout, self.follow(url))
            .await
            .unwrap_or(Err(Error::Timeout))
    }

    async fn follow(&self, url: &str) -> Result<Fetched, Error> {
        let mut url = Url::parse(url).map_err(|_| Error::UrlInvalid("this is no URL"))?;
        for _ in 0..=self.config.redirects_max {
            let client = self.client_for(&url)?;
            let response = client.get(url.clone()).send().await.map_err(|error| read(&error))?;
            self.recheck(&response)?;
            match response.status().as_u16() {
                200..=299 => return self.body(response).await,
                301 | 302 | 303 | 307 | 308 => url = next(&url, &response)?,
                status @ (404 | 410) => return Err(Error::NotFound(status)),
                // The origin asks for patience, or does not answer for itself.
                408 | 425 | 429 | 500..=599 => return Err(Error::Unavailable),
                status => return Err(Error::Refused(status)),
            }
        }
        Err(Error::RedirectsExceeded(self.config.redirects_max))
    }

    /// Judges a hop by its URL, and gives the client that may connect to it.
    fn client_for(&self, url: &Url) -> Result<&Client, Error> {
        match url.scheme() {
            "https" => {}
            "http" if self.config.allow_http => {}
            _ if self.config.allow_http => {
                return Err(Error::UrlInvalid("only https: and http: URLs are fetched"));
            }
            _ => return Err(Error::UrlInvalid("only https: URLs are fetched")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::UrlInvalid("a URL with a user name or password is refused"));
        }
        let usual =
            url.port_or_known_default().is_some_and(|port| self.config.ports.contains(&port));
        // An address in the URL is never resolved, so it is judged here.
        let verdict = match url.host() {
            Some(Host::Ipv4(address)) => judge(address.into(), &self.config.allow_private),
            Some(Host::Ipv6(address)) => judge(address.into(), &self.config.allow_private),
            // Not every resolver knows this name in each of its spellings.
            Some(Host::Domain(name)) if is_localhost(name) => {
                judge(std::net::Ipv4Addr::LOCALHOST.into(), &self.config.allow_private)
            }
            Some(Host::Domain(_)) if usual => Verdict::Public,
            Some(Host::Domain(_)) => Verdict::Trusted,
            None => Verdict::Refused,
        };
        match verdict {
            Verdict::Public if usual => Ok(&self.anywhere),
            Verdict::Trusted => self.trusted.as_ref().ok_or(Error::ForbiddenAddress),
            Verdict::Public | Verdict::Refused => Err(Error::ForbiddenAddress),
        }
    }

    /// A belt beside the braces: whatever made the connection, this is where it goes.
    fn recheck(&self, response: &Response) -> Result<(), Error> {
        let allow = &self.config.allow_private;
        match response.remote_addr() {
            Some(remote) if judge(remote.ip(), allow) != Verdict::Refused => Ok(()),
            _ => Err(Error::ForbiddenAddress),
        }
    }

    /// Reads the body, counting: a length in the header is a claim.
    async fn body(&self, mut response: Response) -> Result<Fetched, Error> {
        let bytes_max = self.config.bytes_max;
        let claimed = response.content_length().unwrap_or(0);
        let capacity = usize::try_from(claimed).unwrap_or(usize::MAX);
        if capacity > bytes_max {
            return Err(Error::TooLarge { bytes_max });
        }
        let max_age = max_age(response.headers());
        let mut bytes = BytesMut::with_capacity(capacity.min(64 << 10));
        while let Some(part) = response.chunk().await.map_err(|error| read(&error))? {
            if bytes.len() + part.len() > bytes_max {
                return Err(Error::TooLarge { bytes_max });
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Fetched { bytes: bytes.freeze(), max_age })
    }
}

fn client(config: &SourcesConfig, guard: &Arc<Guard>) -> Result<Client, reqwest::Error> {
    let builder = || {
        Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .dns_resolver(Arc::clone(guard))
            .user_agent(concat!("PixelDrive/", env!("CARGO_PKG_VERSION")))
            .default_headers([(ACCEPT, HeaderValue::from_static("image/*"))].into_iter().collect())
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(4)
    };
    // A bare container has no certificates; everything else still works there.
    builder().build().or_else(|error| {
        tracing::warn!(
            ?error,
            "images cannot be fetched over https: install CA certificates (ca-certificates)"
        );
        builder().tls_certs_only([]).build()
    })
}

/// Whether a host name means this machine, whatever a resolver says (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// The URL of the next hop.
fn next(url: &Url, response: &Response) -> Result<Url, Error> {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.ok_or(Error::Refused(response.status().as_u16()))?;
    url.join(location).map_err(|_| Error::UrlInvalid("the origin redirects to what is no URL"))
}

/// What a failed request means to the caller. All ways not to connect look alike.
fn read(error: &reqwest::Error) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(at) = cause {
        if at.is::<Forbidden>() {
            return Error::ForbiddenAddress;
        }
        cause = at.source();
    }
    if error.is_timeout() && !error.is_connect() { Error::Timeout } else { Error::Unavailable }
}

/// How long the origin lets a shared cache keep the answer.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives: Vec<_> = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    if directives.iter().any(|word| matches!(word.as_str(), "no-store" | "no-cache" | "private")) {
        return Some(Duration::ZERO);
    }
    let seconds = |name: &str| {
        directives.iter().find_map(|word| word.strip_prefix(name)?.trim_matches('"').parse().ok())
    };
    seconds("s-maxage=").or_else(|| seconds("max-age=")).map(Duration::from_secs)
}

/// Resolves names, and refuses those with any address that is refused: an answer that mixes public
/// and private addresses is an attack or a mistake.
struct Guard {
    lookup: Lookup,
    allow: Arc<[IpNet]>,
    trusted_only: bool,
}

/// The mark that a refusal leaves in the client's chain of errors.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to an address that is refused")]
struct Forbidden;

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let (allow, trusted_only) = (Arc::clone(&self.allow), self.trusted_only);
        Box::pin(async move {
            let addresses = found.await?;
            let fits = |address: &SocketAddr| match judge(address.ip(), &allow) {
                Verdict::Trusted => true,
                Verdict::Public => !trusted_only,
                Verdict::Refused => false,
            };
            if addresses.iter().all(fits) {
                Ok(Box::new(addresses.into_iter()) as Addrs)
            } else {
                Err(Forbidden.into())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_says_how_long_its_files_keep() {
        let cases: [(&[&'static str], Option<u64>); 8] = [
            (&[], None),
            (&["public"], None),
            (&["max-age=60"], Some(60)),
            (&["public, Max-Age=\"60\""], Some(60)),
            (&["max-age=60, s-maxage=5"], Some(5)),
            (&["max-age=60", "no-store"], Some(0)),
            (&["private, max-age=60"], Some(0)),
            (&["max-age=soon"], None),
        ];
        for (values, expected) in cases {
            let headers = values.iter().map(|v| (CACHE_CONTROL, HeaderValue::from_static(v)));
            let mut map = HeaderMap::new();
            headers.for_each(|(name, value)| _ = map.append(name, value));
            assert_eq!(max_age(&map), expected.map(Duration::from_secs), "{values:?}");
        }
    }
}
