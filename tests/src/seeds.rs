//! Seeds of the fuzz targets: what the repository has of the kind that each takes, and past findings.
//!
//! They are gathered, not kept, so that a new golden case is a new seed. Deliberately absent: what libFuzzer
//! finds by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use anyhow::{Context, Result};
use image::{ImageFormat, RgbaImage};
use serde_json::{Map, Value, json};

use crate::{golden, root};

/// Folders with files of a target's kind, and how their names end.
const FILES: [(&str, &str, &[&str]); 5] = [
    ("font", "tests/fixtures/fonts", &["ttf", "otf", "ttc", "woff", "woff2"]),
    ("font", "crates/fonts/tests/fixtures", &["ttf", "otf", "ttc", "woff", "woff2"]),
    ("svg", "tests/fixtures", &["svg"]),
    ("image", "tests/fixtures", &["png", "jpg", "webp", "gif"]),
    ("template", "benches/cards", &["json"]),
];
/// What placeholders read.
const PAYLOADS: [&str; 4] = [
    r#"{"a": {"b": "x"}, "b": null, "text": {"text": "{{a}}", "color": "red"}}"#,
    r#"{"a": [{"c": true}], "c": "ü"}"#,
    r#"{"a": -1234.5}"#,
    r#"{"a": "2026-11-24T14:30:00+02:00"}"#,
];
/// Longest word of a dictionary: libFuzzer takes 64 bytes, and long ones are texts.
const WORD_BYTES_MAX: usize = 24;

/// The seeds of each target, by their names.
pub type Seeds = BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>;

/// Gathers the seeds.
///
/// # Errors
/// When a file cannot be read.
pub fn seeds() -> Result<Seeds> {
    let mut seeds: Seeds =
        pixeldrive_fuzz::TARGETS.iter().map(|(target, _)| (*target, BTreeMap::new())).collect();
    let mut add = |target: &'static str, name: String, bytes: Vec<u8>| {
        seeds.entry(target).or_default().insert(name, bytes);
    };
    for (target, folder, endings) in FILES {
        for path in files(folder)? {
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if endings.contains(&ending.as_str()) {
                add(target, name(&path), fs::read(&path)?);
            }
        }
    }
    for (case, template) in golden::templates()? {
        for element in elements(&template) {
            let Some((kind, payload)) = payload(element) else { continue };
            let name = format!("{case}-{}", element["id"].as_str().unwrap_or_default());
            match kind {
                "svg" => add("svg", name.clone(), bytes(&element["svg"])),
                "barcode" => add("barcode", name.clone(), code(element, "symbology", "code128")),
                "qrcode" => add("barcode", name.clone(), code(element, "errorCorrection", "M")),
                _ => {}
            }
            add("payload", name, payload.to_string().into_bytes());
        }
        add("template", case, template.to_string().into_bytes());
    }
    for (index, payload) in PAYLOADS.into_iter().enumerate() {
        add("payload", format!("placeholders-{index}"), payload.into());
    }
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
        let ending = format.extensions_str().first().context("an ending")?;
        add("image", format!("dots.{ending}"), dots(format)?);
    }
    for (target, _) in pixeldrive_fuzz::TARGETS {
        for path in files(&format!("fuzz/findings/{target}"))? {
            add(target, format!("finding-{}", name(&path)), fs::read(&path)?);
        }
    }
    Ok(seeds)
}

/// A dictionary of the keys and words that golden cases use, as libFuzzer reads it.
///
/// # Errors
/// When a case cannot be read.
pub fn dictionary() -> Result<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(word) => _ = found.insert(word.clone()),
            Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    found.insert(key.clone());
                    collect(value, found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    golden::templates()?.iter().for_each(|(_, template)| collect(template, &mut found));
    let plain = |word: &String| {
        let printable = |byte: u8| (b' '..=b'~').contains(&byte) && !matches!(byte, b'"' | b'\\');
        word.len() <= WORD_BYTES_MAX && word.bytes().all(printable)
    };
    // With the quotes that they stand in.
    Ok(found
        .iter()
        .filter(|word| plain(word))
        .map(|word| format!("\"\\\"{word}\\\"\"\n"))
        .collect())
}

/// The files of a folder that may not be there.
fn files(folder: &str) -> Result<BTreeSet<PathBuf>> {
    let folder = root().join(folder);
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    paths.filter(|path| !path.as_ref().is_ok_and(|path| path.is_dir())).collect()
}

fn name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The elements of a template or a group, and those inside of them.
fn elements(parent: &Value) -> Vec<&Value> {
    let children = parent["elements"].as_array().into_iter().flatten();
    children.flat_map(|child| std::iter::once(child).chain(elements(child))).collect()
}

/// An element's type, and a payload that gives its properties to the element that is called like it.
fn payload(element: &Value) -> Option<(&str, Value)> {
    let kind = element["type"].as_str()?;
    let fields = element.as_object()?.iter();
    let fields = fields.filter(|(key, _)| !matches!(key.as_str(), "id" | "type" | "elements"));
    let fields: Map<String, Value> =
        fields.map(|(key, value)| (key.clone(), value.clone())).collect();
    Some((kind, json!({ kind: fields })))
}

/// What the target of codes reads: a word on a line, and the text.
fn code(element: &Value, word: &str, otherwise: &str) -> Vec<u8> {
    let word = element[word].as_str().unwrap_or(otherwise);
    format!("{word}\n{}", element["text"].as_str().unwrap_or_default()).into_bytes()
}

fn bytes(text: &Value) -> Vec<u8> {
    text.as_str().unwrap_or_default().as_bytes().to_vec()
}

/// A small picture in a format.
fn dots(format: ImageFormat) -> Result<Vec<u8>> {
    let picture = RgbaImage::from_fn(19, 13, |x, y| {
        let level = |value: u32| u8::try_from(value % 256).unwrap_or_default();
        image::Rgba([level(x * 13), level(y * 19), level(x * y), level(x * 40)])
    });
    let picture = image::DynamicImage::ImageRgba8(picture);
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => picture.to_rgb8().write_to(&mut bytes, format)?,
        _ => picture.write_to(&mut bytes, format)?,
    }
    Ok(bytes.into_inner())
}
