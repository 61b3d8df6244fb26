//! Fetching from a real origin that misbehaves in every way that is known to be tried.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::*;

/// The origin's state: how often it was asked.
type Hits = Arc<AtomicUsize>;

struct Origin {
    address: SocketAddr,
    hits: Hits,
}

pub(crate) fn png() -> Vec<u8> {
    let rgba = vec![255; 4 * 4];
    let pixels = pixeldrive_render::pixels::Pixels { width: 2, height: 2, rgba, opaque: true };
    let effort = pixeldrive_render::encode::Effort::Fast;
    pixeldrive_render::encode::Encoder::new().encode(&pixels, 1.0, effort).unwrap()
}

fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, to.to_owned())]).into_response()
}

/// A body that begins and goes on like `rest`.
fn body(rest: impl futures::Stream<Item = Bytes> + Send + 'static) -> Response {
    let first = stream::iter([Bytes::from_static(b"\x89PNG")]);
    Body::from_stream(first.chain(rest).map(Ok::<_, std::io::Error>)).into_response()
}

async fn misbehave(
    Path(what): Path<String>,
    State(hits): State<Hits>,
    asked: HeaderMap,
) -> Response {
    hits.fetch_add(1, Ordering::SeqCst);
    let part = Bytes::from(vec![0; 64 << 10]);
    match what.as_str() {
        "ok" => png().into_response(),
        "close" => ([(header::CONNECTION, "close")], png()).into_response(),
        "header" => {
            let agent = asked[header::USER_AGENT].to_str().unwrap().starts_with("PixelDrive/");
            let plain = asked[header::ACCEPT] == "image/*"
                && !asked.contains_key(header::ACCEPT_ENCODING)
                && !asked.contains_key(header::REFERER);
            if agent && plain {
                png().into_response()
            } else {
                StatusCode::FORBIDDEN.into_response()
            }
        }
        "loop" => redirect("/loop"),
        "hop3" => redirect("/hop2"),
        "hop2" => redirect("hop1"),
        "hop1" => redirect("/ok"),
        "hop4" => redirect("/hop3"),
        "to-private" => redirect("http://10.0.0.1/x.png"),
        "to-metadata" => redirect("http://169.254.169.254/latest/meta-data/"),
        "to-port" => redirect("http://8.8.8.8:22/"),
        "to-file" => redirect("file:///etc/passwd"),
        "to-user" => redirect("http://user@127.0.0.1/"),
        "to-nowhere" => StatusCode::FOUND.into_response(),
        "endless" => body(stream::repeat(part)),
        "claims" => {
            ([(header::CONTENT_LENGTH, "999999999")], body(stream::pending())).into_response()
        }
        "stalls" => body(stream::pending()),
        "drips" => body(stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Bytes::from_static(b"x"), ()))
        })),
        // Patience pays.
        "tired" if hits.load(Ordering::SeqCst) % 3 != 0 => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        "tired" => png().into_response(),
        "html" => "<html>not found, politely</html>".into_response(),
        "empty" => StatusCode::NO_CONTENT.into_response(),
        status => StatusCode::from_u16(status.parse().unwrap()).unwrap().into_response(),
    }
}

async fn origin() -> Origin {
    let hits = Hits::default();
    let routes = Router::new().route("/{what}", get(misbehave)).with_state(Arc::clone(&hits));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Origin { address, hits }
}

/// What tests fetch with: impatient, and fond of this machine if `trusting`.
fn config(trusting: bool) -> SourcesConfig {
    SourcesConfig {
        allow_private: trusting.then(|| "127.0.0.0/8".parse().unwrap()).into_iter().collect(),
        read_timeout: Duration::from_millis(300),
        total_timeout: Duration::from_millis(900),
        bytes_max: 1 << 20,
        ..SourcesConfig::default()
    }
}

fn sources(config: SourcesConfig) -> Sources {
    Sources::new(config, 10 << 20).unwrap()
}

async fn code(sources: &Sources, url: &str) -> &'static str {
    match sources.get(&Source::Url(url.into())).await {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn an_origin_may_misbehave() {
    let origin = origin().await;
    let sources = sources(config(true));
    for (path, expected) in [
        ("ok", "ok"),
        ("header", "ok"),
        ("hop3", "ok"),
        ("hop4", "asset_refused"),
        ("loop", "asset_refused"),
        ("to-private", "asset_forbidden_address"),
        ("to-metadata", "asset_forbidden_address"),
        ("to-port", "asset_forbidden_address"),
        ("to-file", "asset_url_invalid"),
        ("to-user", "asset_url_invalid"),
        ("to-nowhere", "asset_refused"),
        ("endless", "asset_too_large"),
        ("claims", "asset_too_large"),
        ("stalls", "asset_timeout"),
        ("drips", "asset_timeout"),
        ("404", "asset_not_found"),
        ("410", "asset_not_found"),
        ("401", "asset_refused"),
        ("418", "asset_refused"),
        ("429", "asset_unavailable"),
        ("500", "asset_unavailable"),
        ("503", "asset_unavailable"),
        ("html", "image_type_unsupported"),
        ("empty", "image_type_unsupported"),
    ] {
        let found = code(&sources, &format!("http://{}/{path}", origin.address)).await;
        assert_eq!(found, expected, "{path}");
    }
}

/// A template with an image for each of these: its source, and what it does without it.
fn bound(images: &[(&str, &str)]) -> Bound {
    let elements: Vec<_> = images
        .iter()
        .enumerate()
        .map(|(index, (src, on_error))| {
            serde_json::json!({"id": format!("i{index}"), "type": "image", "src": src, "width": 9,
                "height": 9, "onError": on_error})
        })
        .collect();
    let template = serde_json::json!({"width": 9, "height": 9, "elements": elements});
    let template = pixeldrive_model::parse(template.to_string().as_bytes()).unwrap();
    pixeldrive_model::bind(&template, &pixeldrive_model::Payload::new(), 1.0).unwrap()
}

#[tokio::test]
async fn images_are_done_without_as_their_elements_say() {
    let origin = origin().await;
    let sources = sources(config(true));
    let url = |path: &str| format!("http://{}/{path}", origin.address);
    let mut hits = 0;
    for (images, mercy, expected, more) in [
        (vec![("ok", "hide")], Mercy::All, "all", 1),
        (vec![("404", "fail")], Mercy::All, "i0: asset_not_found", 1),
        (vec![("410", "hide")], Mercy::None, "i0: asset_not_found", 1),
        (vec![("410", "hide")], Mercy::Lasting, "without", 0),
        (vec![("html", "placeholder")], Mercy::Lasting, "without", 1),
        (vec![("503", "placeholder")], Mercy::Lasting, "i0: asset_unavailable", 1),
        (vec![("503", "fail")], Mercy::All, "i0: asset_unavailable", 1),
        (vec![("503", "hide")], Mercy::All, "without for the moment", 3),
        // The element that cannot do without it is the one to blame.
        (vec![("401", "hide"), ("401", "fail")], Mercy::All, "i1: asset_refused", 1),
    ] {
        let urls: Vec<_> = images.iter().map(|(path, then)| (url(path), *then)).collect();
        let images: Vec<_> = urls.iter().map(|(url, then)| (url.as_str(), *then)).collect();
        let found = match sources.gather(&bound(&images), mercy).await {
            Ok(Gathered { assets, stand_in }) => {
                let failed = bound(&images).sources().iter().any(|s| assets.failure(s).is_some());
                match (failed, stand_in) {
                    (true, true) => "without for the moment".to_owned(),
                    (true, false) => "without".to_owned(),
                    (false, _) => "all".to_owned(),
                }
            }
            Err(failure) => format!("{}: {}", failure.element, failure.code),
        };
        assert_eq!(found, expected, "{images:?} {mercy:?}");
        hits += more;
        assert_eq!(origin.hits.load(Ordering::SeqCst), hits, "{images:?} {mercy:?}");
    }
    let tired = url("tired");
    let patient = sources.gather(&bound(&[(&tired, "hide")]), Mercy::All).await.unwrap();
    assert!(!patient.stand_in, "it was there when it was asked again");
}

#[tokio::test]
async fn addresses_in_urls_are_judged_however_they_are_written() {
    let origin = origin().await;
    let sources = sources(config(false));
    let here = format!("http://{}/ok", origin.address);
    let port = origin.address.port();
    for url in [
        here.as_str(),
        &format!("http://localhost:{port}/ok"),
        &format!("http://2130706433:{port}/ok"),
        &format!("http://0x7f.1:{port}/ok"),
        &format!("http://0177.0.0.1:{port}/ok"),
        &format!("http://[::ffff:127.0.0.1]:{port}/ok"),
        &format!("http://127.0.0.1.:{port}/ok"),
        "http://localhost/",
        "http://localhost./",
        "http://0/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[fd00:ec2::254]/",
        "http://169.254.169.254/",
        "http://8.8.8.8:22/",
        "https://[2606:4700:4700::1111]:8080/",
    ] {
        assert_eq!(code(&sources, url).await, "asset_forbidden_address", "{url}");
    }
    assert_eq!(origin.hits.load(Ordering::SeqCst), 0, "nothing was asked for");
    for url in ["http://user:secret@example.com/", "ftp://example.com/", "nonsense"] {
        assert_eq!(code(&sources, url).await, "asset_url_invalid", "{url}");
    }
}

#[tokio::test]
async fn http_may_be_switched_off() {
    let origin = origin().await;
    let sources = sources(SourcesConfig { allow_http: false, ..config(true) });
    let url = format!("http://{}/ok", origin.address);
    assert_eq!(code(&sources, &url).await, "asset_url_invalid");
}

/// A resolver that gives each look-up the next of `answers`, and the count of look-ups.
fn resolver(answers: &'static [&'static [&'static str]]) -> (Lookup, Hits) {
    let asked = Hits::default();
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        let answer = answers.get(count.fetch_add(1, Ordering::SeqCst)).copied();
        Box::pin(async move {
            let addresses = answer.ok_or_else(|| std::io::Error::other("no such name"))?;
            Ok(addresses.iter().map(|a| SocketAddr::new(a.parse().unwrap(), 0)).collect())
        })
    });
    (lookup, asked)
}

#[tokio::test]
async fn every_address_of_a_name_is_judged() {
    let origin = origin().await;
    let url = |path: &str| format!("http://name.test:{}/{path}", origin.address.port());
    let cases: [(&'static [&'static [&'static str]], &str); 6] = [
        (&[&["127.0.0.1"]], "ok"),
        (&[&["10.0.0.1"]], "asset_forbidden_address"),
        (&[&["127.0.0.1", "10.0.0.1"]], "asset_forbidden_address"),
        // Public, but the port is none for the public.
        (&[&["93.184.216.34"]], "asset_forbidden_address"),
        (&[&[]], "asset_unavailable"),
        (&[], "asset_unavailable"),
    ];
    for (answers, expected) in cases {
        let (lookup, _) = resolver(answers);
        let sources = Sources::with_lookup(config(true), 10 << 20, lookup).unwrap();
        assert_eq!(code(&sources, &url("ok")).await, expected, "{answers:?}");
    }
}

/// A name that answers well once and badly ever after gains nothing: the connection is made from
/// the answer that was judged, and the next connection's answer is judged again.
#[tokio::test]
async fn rebinding_a_name_is_of_no_use() {
    let origin = origin().await;
    let (lookup, asked) = resolver(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let sources = Sources::with_lookup(config(true), 10 << 20, lookup).unwrap();
    let url = |path: &str| format!("http://name.test:{}/{path}", origin.address.port());
    assert_eq!(code(&sources, &url("close")).await, "ok");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one look-up for one connection");
    assert_eq!(code(&sources, &url("ok")).await, "asset_forbidden_address");
}

#[tokio::test]
async fn one_fetch_serves_all_and_dead_links_are_remembered() {
    let origin = origin().await;
    let sources = sources(config(true));
    let url = |path: &str| format!("http://{}/{path}", origin.address);
    let ok = url("ok");
    let codes = futures::future::join_all((0..20).map(|_| code(&sources, &ok))).await;
    assert!(codes.iter().all(|code| *code == "ok"), "{codes:?}");
    let mut hits = 0;
    for (path, more) in [("ok", 1), ("404", 1), ("404", 0), ("503", 1), ("503", 1)] {
        code(&sources, &url(path)).await;
        hits += more;
        assert_eq!(origin.hits.load(Ordering::SeqCst), hits, "{path}");
    }
}

#[tokio::test]
async fn data_and_files_need_no_network() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("in.png"), png()).unwrap();
    let folder = Some(folder.path().to_owned());
    let offline = sources(SourcesConfig { folder, ..config(false) });
    let online = sources(config(false));
    let data = format!("data:image/gif;base64,{}", base64(&png()));
    let data = Source::Data(data.as_str().into());
    let file = |path: &str| Source::File(path.into());
    for (sources, source, expected) in [
        (&online, data, Ok(())),
        (&online, Source::Data("data:,hello".into()), Err("image_type_unsupported")),
        (&online, Source::Data("data:;base64,?".into()), Err("asset_data_invalid")),
        (&online, file("in.png"), Err("asset_file_refused")),
        (&offline, file("in.png"), Ok(())),
        (&offline, file("gone.png"), Err("asset_file_refused")),
    ] {
        let found = sources.get(&source).await.map(|_| ()).map_err(|error| error.code());
        assert_eq!(found, expected, "{source:?}");
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
