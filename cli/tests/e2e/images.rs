//! Pictures as web servers and caches ask for them.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::client::card;
use crate::process::Server;

#[tokio::test]
async fn a_picture_answers_every_way_of_asking() {
    let (_data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let made = client.accepted("/v1/render", &json!({"templateId": template, "payload": {}})).await;
    let url = made["url"].as_str().expect("a URL");
    let (_, headers, whole) = client.fetch(Method::GET, url, &[]).await;
    let etag = headers["etag"].to_str().expect("text").to_owned();
    let length = whole.len();

    let (status, headers, body) = client.fetch(Method::HEAD, url, &[]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(headers["content-length"], length.to_string());

    let (status, headers, body) = client.fetch(Method::GET, url, &[("if-none-match", &etag)]).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(headers["etag"], etag);
    let (status, ..) = client.fetch(Method::GET, url, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(status, StatusCode::OK);

    for (range, expected) in [
        ("bytes=0-7".to_owned(), &whole[..8]),
        ("bytes=8-".to_owned(), &whole[8..]),
        ("bytes=-4".to_owned(), &whole[length - 4..]),
    ] {
        let (status, headers, body) = client.fetch(Method::GET, url, &[("range", &range)]).await;
        assert_eq!((status, &body[..]), (StatusCode::PARTIAL_CONTENT, expected), "{range}");
        let end = format!("/{length}");
        assert!(headers["content-range"].to_str().expect("text").ends_with(&end), "{range}");
    }
    let past = format!("bytes={length}-");
    let (status, ..) = client.fetch(Method::GET, url, &[("range", &past)]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);

    let unknown = format!("{}/img/t/{template}/0000000000000000.png", client.base);
    for url in [unknown, url.replace("/img/t/", "/img/t/../t/x/"), url.replace(".png", ".gif")] {
        let (status, ..) = client.fetch(Method::GET, &url, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{url}");
    }
}
