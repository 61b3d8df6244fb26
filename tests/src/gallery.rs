//! The gallery: every example template painted in each of its sizes, on one page with what made it.
//!
//! An example is a folder of `examples` with a `template.json` and a `payload.json`; its images lie
//! beside them, and its fonts in `examples/fonts`. The templates of the demo are shown too.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use pixeldrive_model::{Payload, parse};
use pixeldrive_render::Fonts;
use pixeldrive_render::encode::{Effort, Encoder};
use serde_json::{Value, json};

use crate::{Studio, root, wrong};

/// What the README shows, and at which pixel ratio.
const README: [(&str, f64); 4] =
    [("product", 0.4), ("launch", 0.45), ("weather", 0.45), ("leaderboard", 0.4)];

/// A template with a payload for it.
pub struct Example {
    /// The name of its folder.
    pub name: String,
    /// The document.
    pub template: Value,
    /// The data.
    pub payload: Payload,
    /// Where its images are.
    images: PathBuf,
}

/// One picture of an example.
pub struct Shot {
    /// In which of the template's sizes.
    pub size: Option<String>,
    /// The file.
    pub png: Vec<u8>,
}

/// The examples, by name, and the templates of the demo.
///
/// # Errors
/// A file that cannot be read.
pub fn examples() -> Result<Vec<Example>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("examples"))? {
        let images = entry?.path();
        if !images.join("template.json").exists() {
            continue;
        }
        let name = images.file_name().context("a name")?.to_string_lossy().into_owned();
        let template = read(&images.join("template.json"))?;
        let payload = object(read(&images.join("payload.json"))?)?;
        found.push(Example { name, template, payload, images });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.extend(demo()?);
    Ok(found)
}

fn demo() -> Result<Vec<Example>> {
    let photo = json!({
        "headline": {"text": "A quiet weekend at the edge of the northern lights"},
        "badge": {"text": "Editor’s pick"}, "stars": {"value": 4.5}, "author": {"text": "Ingrid Bergström"},
        "note": {"text": "No. 0412 · 9 min read"}, "qr": {"text": "https://example.com/stories/0412"},
    });
    let og = json!({
        "topic": {"text": "ENGINEERING"}, "byline": {"text": "Ingrid Bergström  ·  9 min read"},
        "headline": {"text": "How we render a million personalised images before breakfast"},
    });
    let badge = json!({
        "name": {"text": "Amara Okafor"}, "title": {"text": "Principal Engineer"},
        "company": {"text": "Northwind Labs"}, "role": {"text": "SPEAKER"},
        "qr": {"text": "https://example.com/people/amara-okafor"}, "ticket": {"text": "PD26-004217"},
    });
    let example = |(name, payload): (&str, Value)| {
        Ok(Example {
            name: format!("demo-{name}"),
            template: read(&root().join("cli/demo").join(name).with_extension("json"))?,
            payload: object(payload)?,
            images: root().join("benches/cards/assets"),
        })
    };
    [("photo", photo), ("og", og), ("badge", badge)].into_iter().map(example).collect()
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

fn object(value: Value) -> Result<Payload> {
    let Value::Object(payload) = value else { return Err(anyhow!("a payload is an object")) };
    Ok(payload)
}

impl Example {
    /// Paints it in its own size and in each named one.
    ///
    /// # Errors
    /// What is wrong with it; warnings are, too.
    pub fn shots(&self, pixel_ratio: f64) -> Result<Vec<Shot>> {
        let mut studio = Studio::with(&fonts()?, self.images.clone());
        let document = serde_json::to_vec(&self.template)?;
        let template = Arc::new(parse(&document).map_err(|found| wrong(&found))?);
        let sizes = template.sizes.keys().cloned().map(Some);
        std::iter::once(None)
            .chain(sizes)
            .map(|size| {
                let sized = template.sized(size.as_deref()).map_err(|found| wrong(&[found]))?;
                let (drawing, warnings) = studio.lay_out(&sized, &self.payload, pixel_ratio)?;
                ensure!(warnings.is_empty(), "{size:?}: {warnings:?}");
                let pixels = studio.paint(&drawing)?;
                let png = Encoder::new().encode(&pixels, pixel_ratio, Effort::Balanced)?;
                Ok(Shot { size, png })
            })
            .collect()
    }
}

fn fonts() -> Result<Fonts> {
    let mut fonts = Fonts::bundled();
    for entry in fs::read_dir(root().join("examples/fonts"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "woff2") {
            fonts.add(fs::read(&path)?).with_context(|| path.display().to_string())?;
        }
    }
    Ok(fonts)
}

const HEAD: &str = "<!doctype html><meta charset=\"utf-8\"><title>PixelDrive gallery</title>\n<style>\
    body{font:16px system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;background:#f1f5f9;color:#0f172a}\
    article{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:1.5rem;margin:2rem 0;padding:1.5rem;background:#fff;border-radius:16px}\
    h2,h3{margin:0 0 .5rem}img{max-width:100%;max-height:600px;border-radius:8px;margin:0 1rem 1rem 0}\
    pre{font-size:12px;max-height:560px;overflow:auto;background:#0f172a;color:#e2e8f0;padding:1rem;border-radius:8px;white-space:pre-wrap}\
    </style>\n<h1>PixelDrive gallery</h1>\n";

/// Paints the examples and writes the page; answers where it is. The pictures of the README are
/// painted anew.
///
/// # Errors
/// The first example with which something is wrong.
pub fn write() -> Result<PathBuf> {
    let folder = root().join("out/gallery");
    fs::create_dir_all(&folder)?;
    let pictures = root().join("docs/pictures");
    fs::create_dir_all(&pictures)?;
    let mut page = HEAD.to_owned();
    for example in examples()? {
        let name = &example.name;
        let shots = example.shots(1.0).with_context(|| name.clone())?;
        let title = example.template["name"].as_str().unwrap_or(name);
        write!(page, "<article><div><h2>{}</h2>", escape(title))?;
        for Shot { size, png } in shots {
            let file =
                format!("{name}{}.png", size.map(|size| format!("-{size}")).unwrap_or_default());
            fs::write(folder.join(&file), png)?;
            write!(page, "<img src=\"{file}\" alt=\"{file}\">")?;
        }
        let payload = escape(&serde_json::to_string_pretty(&example.payload)?);
        let template = escape(&serde_json::to_string_pretty(&example.template)?);
        writeln!(
            page,
            "</div><div><h3>Payload</h3><pre>{payload}</pre><h3>Template</h3><pre>{template}</pre></div></article>"
        )?;
        if let Some((_, ratio)) = README.iter().find(|(shown, _)| shown == name)
            && let Some(shot) = example.shots(*ratio)?.into_iter().next()
        {
            fs::write(pictures.join(format!("{name}.png")), shot.png)?;
        }
    }
    let index = folder.join("index.html");
    fs::write(&index, page)?;
    Ok(index)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
