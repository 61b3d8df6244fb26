//! Templates over REST.

use std::sync::atomic::Ordering;

use pixeldrive_proto::v1::{self, result::Outcome};
use serde_json::{Value, json};

use super::api::{Api, TEMPLATE, done};

#[tokio::test]
async fn a_template_is_shown_as_it_came() {
    let api = Api::start().await;
    let created = api.send("POST", "/v1/templates", TEMPLATE).await;
    let first = created.json();
    let id = first["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/templates/{id}");
    assert_eq!((created.status, created.header("location")), (201, path.as_str()), "{first}");
    let document: Value = serde_json::from_str(TEMPLATE).expect("JSON");
    let expected = json!({
        "id": id, "name": "Card", "version": 1, "contentHash": first["contentHash"], "width": 40,
        "height": 20, "createdAt": first["createdAt"], "updatedAt": first["createdAt"],
        "template": document,
    });
    assert_eq!(first, expected, "created");
    assert_eq!(first["contentHash"].as_str().map(str::len), Some(64), "{first}");
    assert!(first["createdAt"].as_str().is_some_and(|at| at.ends_with('Z')), "{first}");
    assert!(
        created.body.windows(TEMPLATE.len()).any(|part| part == TEMPLATE.as_bytes()),
        "as it came"
    );
    assert_eq!(api.get(&path).await.json(), first, "read");
}

#[tokio::test]
async fn a_template_is_replaced_and_forgotten() {
    let api = Api::start().await;
    api.work(|_| done()).await;
    let first = api.send("POST", "/v1/templates", TEMPLATE).await.json();
    let id = first["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/templates/{id}");
    let changed = TEMPLATE.replace("Hello", "Good day");
    let second = api.send("PUT", &path, &changed).await;
    assert_eq!((second.status, &second.json()["version"]), (200, &json!(2)), "replaced");
    assert_ne!(second.json()["contentHash"], first["contentHash"], "another version");
    let body = json!({"templateId": id, "payload": {}});
    assert_eq!(api.post("/v1/render", body.clone()).await.status, 200, "it renders");

    let removed = api.send("DELETE", &path, "").await;
    assert_eq!((removed.status, removed.body.len()), (204, 0), "removed");
    for (method, path) in [("GET", path.as_str()), ("PUT", &path), ("DELETE", &path)] {
        assert_eq!(api.send(method, path, TEMPLATE).await.status, 404, "{method} afterwards");
    }
    assert_eq!(api.post("/v1/render", body).await.status, 404, "render afterwards");
    let batch = json!({"templateId": id, "payloads": [{}]});
    assert_eq!(api.post("/v1/render/batch", batch).await.status, 404, "batch afterwards");
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let api = Api::start().await;
    for name in ["a", "b", "c", "d"] {
        let document = TEMPLATE.replace("Card", name);
        assert_eq!(api.send("POST", "/v1/templates", &document).await.status, 201, "{name}");
    }
    let (mut names, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let after = cursor.as_str().map(|id| format!("&starting_after={id}")).unwrap_or_default();
        let page = api.get(&format!("/v1/templates?limit=2{after}")).await.json();
        let templates = page["templates"].as_array().expect("a list");
        assert!(templates.len() <= 2, "{page}");
        for template in templates {
            names.push(template["name"].as_str().expect("a name").to_owned());
            assert_eq!(template.get("template"), None, "without the document");
            assert_eq!(template["width"], 40, "{template}");
        }
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    names.sort_unstable();
    assert_eq!(names, ["Card", "a", "b", "c", "d"], "each once");
}

#[tokio::test]
async fn a_template_is_rendered_in_its_sizes() {
    let api = Api::start().await;
    let jobs = api.work(|job| {
        let width = if job.size == "story" { 20 } else { 40 };
        match done() {
            Outcome::Done(done) => Outcome::Done(v1::Done { width, ..done }),
            failed @ Outcome::Failed(_) => failed,
        }
    });
    let jobs = jobs.await;
    let mut document: Value = serde_json::from_str(TEMPLATE).expect("JSON");
    document["sizes"] = json!({"story": {"width": 20, "elements": {"photo": {"src": "a.png"}}}});
    let refused = api.post("/v1/templates", document.clone()).await.json();
    assert_eq!(refused["errors"][0]["path"], "sizes.story.elements.photo.src", "{refused}");
    document["sizes"]["story"]["elements"] = json!({"headline": {"fontSize": 8}});
    let id = api.post("/v1/templates", document).await.json()["id"].clone();

    let render = |size: Option<&str>| {
        api.post("/v1/render", json!({"templateId": id, "payload": {}, "size": size}))
    };
    let (own, story) = (render(None).await.json(), render(Some("story")).await.json());
    assert_eq!((&own["fromCache"], &story["fromCache"]), (&json!(false), &json!(false)), "{story}");
    assert_ne!(own["url"], story["url"], "pictures of their own");
    assert_eq!(render(Some("story")).await.json()["fromCache"], "db", "kept by size");
    let batch =
        json!({"templateId": id, "payloads": [{}, {"headline": {"text": "Bye"}}], "size": "story"});
    let batch = api.post("/v1/render/batch", batch).await.json();
    let path = format!("/v1/batches/{}/stream", batch["batchId"].as_str().expect("an id"));
    let done = String::from_utf8(api.get(&path).await.body.to_vec()).expect("text");
    let story = story["url"].as_str().expect("a URL");
    assert!(done.contains(story), "the first row is the story: {done}");
    assert_eq!(jobs.load(Ordering::SeqCst), 3, "own, story, and the second row");
    let wrong = render(Some("storey")).await.json();
    assert_eq!(wrong["errors"][0]["message"], "no size is named `storey`; the template has story");
}
