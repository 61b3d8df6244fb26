//! Uploaded fonts, from the upload to the picture and back.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::Client;
use crate::farm;
use crate::process::{Server, WORKER_TOKEN, assert_books, run};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A font whose family nothing here has installed.
fn inter_card() -> Vec<u8> {
    fs::read(project().join("benches/cards/assets/InterCard-700.ttf")).expect("a font")
}

/// A template with a line in that font.
fn card() -> Value {
    json!({"width": 240, "height": 60, "background": "#ffffff", "elements": [
        {"id": "line", "type": "text", "width": 230, "text": "Hello", "fontSize": 30,
         "fontFamily": "InterCard", "fontWeight": 700},
    ]})
}

/// Renders the card; answers its URL and the codes of its warnings.
async fn render(client: &Client, template: &str) -> (String, Vec<String>) {
    let ask = json!({"templateId": template, "payload": {"line": {"text": "Agenda"}}});
    let answer = client.accepted("/v1/render", &ask).await;
    let warnings = answer["warnings"].as_array().expect("a list").iter();
    let codes = warnings.map(|warning| warning["code"].as_str().expect("a code").to_owned());
    (answer["url"].as_str().expect("a URL").to_owned(), codes.collect())
}

async fn upload(client: &Client) -> String {
    let (status, font) = client.upload("/v1/fonts", &inter_card()).await;
    assert_eq!(status, StatusCode::CREATED, "{font}");
    assert_eq!(font["families"], json!(["InterCard"]), "{font}");
    font["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn an_uploaded_font_is_used_by_its_account_until_it_is_taken_away() {
    let (data, Server { client, process: _process }) = Server::fresh(&[]).await;
    let template = client.template(&card()).await;
    let (plain, warnings) = render(&client, &template).await;
    assert_eq!(warnings, ["font_fallback"], "the font is not there");

    let id = upload(&client).await;
    let (branded, warnings) = render(&client, &template).await;
    assert_eq!(warnings, [""; 0], "now it is");
    assert_ne!(branded, plain, "another picture");
    let (before, after) = (client.picture(&plain).await, client.picture(&branded).await);
    assert!(before.into_rgba8() != after.into_rgba8(), "and not only by name");

    let payloads = ["Agenda", "Two", "Three"].map(|text| json!({"line": {"text": text}}));
    let batch = client.batch(&template, &payloads).await;
    let status = client.done(&batch, 3).await;
    assert_eq!(status["completed"], 3, "{status}");
    let results = status["results"].as_array().expect("results");
    assert_eq!(results[0]["result"]["imageUrl"], json!(branded), "the same picture in a batch");
    assert!(!status.to_string().contains("font_fallback"), "{status}");

    another_account_does_not_see_it(&client, data.path(), &id).await;

    let path = format!("/v1/fonts/{id}");
    assert_eq!(client.send(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    let (again, warnings) = render(&client, &template).await;
    assert_eq!((again, warnings), (plain, vec!["font_fallback".to_owned()]), "as in the beginning");
    client.picture(&branded).await;
    assert_eq!(client.credits().await, 10_000 - 4, "two renders, two more rows");
    assert_books(data.path());
}

async fn another_account_does_not_see_it(client: &Client, data: &Path, id: &str) {
    let folder = data.to_str().expect("a path");
    let made =
        run(&["admin", "--data", folder, "account", "create", "--name", "x", "--credits", "9"]);
    let text = String::from_utf8(made.stdout).expect("text");
    let token = text.split_whitespace().find(|word| word.starts_with("pdrv_")).expect("a token");
    let stranger = client.with_token(token);
    assert_eq!(stranger.get("/v1/fonts").await.1, json!({"fonts": []}), "not listed");
    let read = stranger.get(&format!("/v1/fonts/{id}")).await;
    assert_eq!(read.0, StatusCode::NOT_FOUND, "not read");
    let template = stranger.template(&card()).await;
    assert_eq!(render(&stranger, &template).await.1, ["font_fallback"], "it is not theirs");
}

/// The gateway has the file, and the worker no store.
#[tokio::test]
async fn a_worker_apart_is_sent_the_font() {
    let (data, _gateway, client, dial) = farm::gateway();
    let _worker = farm::worker(&dial, WORKER_TOKEN, None);
    client.ready(1).await;
    let template = client.template(&card()).await;
    let id = upload(&client).await;
    let (_, warnings) = render(&client, &template).await;
    assert_eq!(warnings, [""; 0], "it came with the picture");

    // A file that is lost is told, and nothing else is drawn in its place.
    let file = fs::read(project().join("crates/fonts/tests/fixtures/PixelBars.otf"));
    let (_, lost) = client.upload("/v1/fonts", &file.expect("a font")).await;
    let lost = lost["id"].as_str().expect("an id");
    fs::remove_file(data.path().join("store/font").join(lost)).expect("it was there");
    let payload = json!({"line": {"text": "A", "fontFamily": "Pixel Bars"}});
    let ask = json!({"templateId": template, "payload": payload});
    let (status, answer) = client.post("/v1/render", &ask).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
    assert_eq!(answer["code"], "font_missing", "{answer}");
    assert_eq!(client.get(&format!("/v1/fonts/{id}")).await.0, StatusCode::OK, "the other stays");
    assert_books(data.path());
}

#[test]
fn the_fonts_there_are_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixtures = project().join("crates/fonts/tests/fixtures");
    for name in ["PixelBars-variable.ttf", "PixelBars.ttc", "Inter-Bold-subset.woff2"] {
        fs::copy(fixtures.join(name), folder.path().join(name)).expect("copied");
    }
    let fonts = folder.path().to_str().expect("a path");
    let listed = run(&["fonts", "--fonts", fonts]);
    let text = String::from_utf8(listed.stdout).expect("text");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let words: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect())
        .collect();
    assert_eq!(words[0], ["FAMILY", "FACE", "WEIGHT", "STYLE", "AXES", "FILE"], "{text}");
    assert_eq!(words.len(), 7, "two bundled faces and four added ones: {text}");
    let file = format!("{fonts}/PixelBars-variable.ttf");
    let axes = "wght 100..900, wdth 75..125";
    let expected = ["Pixel Bars", "Regular", "100..900", "normal", axes, &file];
    assert!(words.iter().any(|line| line == &expected), "{text}");

    fs::write(folder.path().join("broken.ttf"), "no font").expect("written");
    let listed = run(&["fonts", "--fonts", fonts]);
    let errors = String::from_utf8(listed.stderr).expect("text");
    assert_eq!(listed.status.code(), Some(1), "{errors}");
    assert!(errors.contains("broken.ttf: it is no TrueType"), "{errors}");
}
