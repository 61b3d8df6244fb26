//! The contact sheet: small versions of the first pictures on one, by the renderer itself.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use pixeldrive_gpu_worker::{Attempt, Lane, Task};
use pixeldrive_model::{Effort, Payload};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Client;
use crate::config::Render;
use crate::engine;
use crate::rows::join;

const COLUMNS: usize = 6;
const ROWS: usize = 4;
/// Pictures on the sheet.
pub(crate) const PICTURES: usize = COLUMNS * ROWS;
const WIDTH_PX: usize = 320;
const HEIGHT_PX: usize = 168;
const GAP_PX: usize = 16;
const MARGIN_PX: usize = 32;
const HEAD_PX: usize = 96;

/// Fetches the pictures and writes the sheet.
pub(crate) async fn write(
    path: &Path,
    title: &str,
    client: &Client,
    urls: &[String],
    render: &Render,
    data: &TempDir,
) -> Result<()> {
    let folder = data.path().join("sheet");
    tokio::fs::create_dir_all(&folder).await?;
    let urls = &urls[..urls.len().min(PICTURES)];
    for (index, url) in urls.iter().enumerate() {
        tokio::fs::write(folder.join(file(index)), client.picture(url).await?).await?;
    }
    let template = serde_json::to_vec(&template(title, urls.len()))?;
    let template =
        pixeldrive_model::parse(&template).map_err(|problems| anyhow!(join(&problems)))?;
    let task = Task {
        template: Arc::new(template),
        payload: Payload::new(),
        fonts: Vec::new(),
        pixel_ratio: 1.0,
        effort: Effort::Fast,
        lane: Lane::Interactive,
        strict: false,
        deadline: None,
        attempt: Attempt::Last,
    };
    let rendered = engine::start(render, Some(folder))?.render(task).await?;
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await?;
    }
    let context = || format!("cannot write {}", path.display());
    tokio::fs::write(path, &rendered.png).await.with_context(context)
}

fn file(index: usize) -> String {
    format!("{index:02}.png")
}

fn template(title: &str, count: usize) -> Value {
    let width = 2 * MARGIN_PX + COLUMNS * (WIDTH_PX + GAP_PX) - GAP_PX;
    let height = HEAD_PX + count.div_ceil(COLUMNS) * (HEIGHT_PX + GAP_PX) - GAP_PX + MARGIN_PX;
    let mut elements = vec![json!({
        "id": "title", "type": "text", "x": MARGIN_PX, "y": 0, "width": width - 2 * MARGIN_PX,
        "height": HEAD_PX, "verticalAlign": "middle", "text": title, "fontSize": 34,
        "fontWeight": 700, "color": "#f8fafc", "overflow": "shrink", "maxLines": 1,
    })];
    elements.extend((0..count).map(|index| {
        json!({
            "id": format!("picture {index}"), "type": "image", "src": file(index),
            "x": MARGIN_PX + index % COLUMNS * (WIDTH_PX + GAP_PX),
            "y": HEAD_PX + index / COLUMNS * (HEIGHT_PX + GAP_PX),
            "width": WIDTH_PX, "height": HEIGHT_PX, "borderRadius": 8,
        })
    }));
    json!({"width": width, "height": height, "background": "#0f172a", "elements": elements})
}
