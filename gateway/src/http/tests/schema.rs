//! JSON Schemas over HTTP.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::api::{Api, STRANGER};

#[tokio::test]
async fn the_schema_of_templates_is_for_everybody_and_cached() {
    let api = Api::start().await;
    let get = |known: Option<&str>| {
        let mut request = Request::get("/v1/schema/template.json");
        if let Some(etag) = known {
            request = request.header("if-none-match", etag);
        }
        api.ask(request.body(Body::empty()).expect("a request"))
    };
    let reply = get(None).await;
    let expected = (200, "application/schema+json", "public, max-age=3600", "*");
    let found = (
        reply.status,
        reply.header("content-type"),
        reply.header("cache-control"),
        reply.header("access-control-allow-origin"),
    );
    assert_eq!(found, expected, "served without a token");
    assert_eq!(reply.json()["title"], "PixelDrive template");
    let again = get(Some(reply.header("etag"))).await;
    assert_eq!((again.status, again.body.len()), (304, 0), "known");
}

#[tokio::test]
async fn the_schema_of_a_payload_is_for_the_owner() {
    let api = Api::start().await;
    let path = format!("/v1/templates/{}/schema", api.template);
    let schema = api.get(&path).await.json();
    assert_eq!(schema["properties"]["headline"], json!({"$ref": "#/$defs/text"}), "{schema}");
    assert_eq!(schema["additionalProperties"], false, "{schema}");
    let stranger = Request::get(&path).header("authorization", format!("Bearer {STRANGER}"));
    let stranger = stranger.body(Body::empty()).expect("a request");
    assert_eq!(api.ask(stranger).await.status, 404, "another account");
}
