//! Golden pictures: each `golden/*.json` must paint its `golden/*.png`.
//!
//! A case has a template, and may have a `payload`, a `size`, a `pixelRatio`, `fonts` from the fixtures, and the
//! codes of the `warnings` that are expected; `about` says what to look for in the picture. `cargo xtask bless` paints the
//! references anew: look at each before committing it. When a case fails, `tests/report/index.html`
//! shows what was expected, what was painted and where they differ.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Picture, Studio, folder, wrong};
use anyhow::{Context, Result, bail, ensure};
use pixeldrive_model::{Payload, Warning, parse};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::encode::{Effort, Encoder};
use serde_json::Value;

/// Levels by which any channel may differ: other processors round some sums otherwise.
const TOLERANCE: u8 = 2;
/// A reference is small, so that a hundred of them can be looked at.
const PNG_BYTES_MAX: usize = 20 << 10;

/// A case and what came of it.
struct Case {
    name: String,
    about: String,
    expected: Option<Vec<u8>>,
    actual: Vec<u8>,
}

/// Paints every case and compares it with its reference.
///
/// # Errors
/// Every case that differs or cannot be painted, and where the report is.
pub fn check() -> Result<()> {
    let mut broken = Vec::new();
    let mut differing = Vec::new();
    for path in cases()? {
        match run(&path) {
            Err(error) => broken.push(format!("{}: {error:#}", path.display())),
            Ok(case) => {
                if let Err(reason) = compare(&case) {
                    broken.push(format!("{}: {reason}", case.name));
                    differing.push(case);
                }
            }
        }
    }
    let report = write_report(&differing)?;
    let report = report.map(|path| format!("\nsee {}", path.display())).unwrap_or_default();
    ensure!(broken.is_empty(), "{}{report}", broken.join("\n"));
    Ok(())
}

/// Writes the references of the cases that differ from them. Answers their names.
///
/// # Errors
/// A case that cannot be painted, or whose picture is too large to be a reference.
pub fn bless() -> Result<Vec<String>> {
    let mut blessed = Vec::new();
    for path in cases()? {
        let case = run(&path).with_context(|| path.display().to_string())?;
        let bytes = case.actual.len();
        if bytes > PNG_BYTES_MAX {
            bail!("{}: {bytes} bytes; make it smaller", case.name);
        }
        if compare(&case).is_err() {
            fs::write(path.with_extension("png"), &case.actual)?;
            blessed.push(case.name);
        }
    }
    Ok(blessed)
}

/// The cases there are.
fn cases() -> Result<BTreeSet<PathBuf>> {
    let mut cases = BTreeSet::new();
    for entry in fs::read_dir(folder("golden"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            cases.insert(path);
        }
    }
    Ok(cases)
}

/// Draws a case, and answers what was found, with the studio that drew it.
fn draw(case: &Value) -> Result<(Drawing, Vec<Warning>, Studio)> {
    let payload = case["payload"].as_object().cloned().unwrap_or_else(Payload::new);
    let ratio = case["pixelRatio"].as_f64().unwrap_or(1.0);
    let fonts = case["fonts"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut studio = Studio::with_fonts(folder("fixtures"), &fonts.collect::<Vec<_>>())?;
    let template = parse(&serde_json::to_vec(&case["template"])?).map_err(|found| wrong(&found))?;
    let sized = Arc::new(template).sized(case["size"].as_str());
    let sized = sized.map_err(|found| wrong(&[found]))?;
    let (drawing, warnings) = studio.lay_out(&sized, &payload, ratio)?;
    Ok((drawing, warnings, studio))
}

/// Every case by its name, drawn.
///
/// # Errors
/// The first case with which something is wrong.
pub fn drawn() -> Result<Vec<(String, Drawing)>> {
    let draw = |path: PathBuf| {
        let (drawing, ..) = draw(&read(&path)?).with_context(|| path.display().to_string())?;
        Ok((name(&path)?, drawing))
    };
    cases()?.into_iter().map(draw).collect()
}

/// The template of every case, by its name.
///
/// # Errors
/// The first case that cannot be read.
pub fn templates() -> Result<Vec<(String, Value)>> {
    let template = |path: PathBuf| Ok((name(&path)?, read(&path)?["template"].take()));
    cases()?.into_iter().map(template).collect()
}

fn read(path: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn name(path: &Path) -> Result<String> {
    Ok(path.file_stem().context("a name")?.to_string_lossy().into_owned())
}

fn run(path: &Path) -> Result<Case> {
    let case = read(path)?;
    let ratio = case["pixelRatio"].as_f64().unwrap_or(1.0);
    let (drawing, warnings, mut studio) = draw(&case)?;
    let codes: Vec<_> = warnings.iter().map(|warning| warning.code.as_str()).collect();
    let expected: Vec<_> =
        case["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ensure!(codes == expected, "warnings {codes:?}, expected {expected:?}");
    Ok(Case {
        name: name(path)?,
        about: case["about"].as_str().context("`about` is missing")?.to_owned(),
        expected: fs::read(path.with_extension("png")).ok(),
        actual: Encoder::new().encode(&studio.paint(&drawing)?, ratio, Effort::Small)?,
    })
}

fn compare(case: &Case) -> Result<(), String> {
    let Some(expected) = &case.expected else {
        return Err("not blessed yet".to_owned());
    };
    let decode = |png: &[u8]| Picture::decode(png).map_err(|error| error.to_string());
    let (expected, actual) = (decode(expected)?, decode(&case.actual)?);
    match expected.difference(&actual) {
        None => Err("the size differs".to_owned()),
        Some(difference) if difference > TOLERANCE => {
            Err(format!("differs by {difference} levels"))
        }
        Some(_) => Ok(()),
    }
}

/// Writes the pictures of the failed cases beside each other.
fn write_report(cases: &[Case]) -> Result<Option<PathBuf>> {
    let report = folder("report");
    if report.exists() {
        fs::remove_dir_all(&report)?;
    }
    if cases.is_empty() {
        return Ok(None);
    }
    fs::create_dir_all(&report)?;
    let mut page = String::from(
        "<!doctype html><meta charset=\"utf-8\"><title>Golden pictures</title>\n\
         <style>body{font:16px sans-serif;background:#ddd}img{image-rendering:pixelated;width:400px;\
         border:1px solid #888;margin:4px}</style>\n\
         <p>Expected, painted, and where they differ (times 8).</p>\n",
    );
    for case in cases {
        write!(page, "<h2>{}</h2><p>{}</p>", case.name, case.about)?;
        let difference = case.expected.as_deref().and_then(|png| difference(png, &case.actual));
        let pictures = [
            ("expected", case.expected.clone()),
            ("actual", Some(case.actual.clone())),
            ("difference", difference),
        ];
        for (word, png) in pictures {
            if let Some(png) = png {
                let file = format!("{}-{word}.png", case.name);
                fs::write(report.join(&file), png)?;
                writeln!(page, "<img src=\"{file}\" alt=\"{word}\">")?;
            }
        }
    }
    let index = report.join("index.html");
    fs::write(&index, page)?;
    Ok(Some(index))
}

/// The difference of two pictures of one size, eight times as strong.
fn difference(expected: &[u8], actual: &[u8]) -> Option<Vec<u8>> {
    let (expected, actual) = (Picture::decode(expected).ok()?, Picture::decode(actual).ok()?);
    expected.difference(&actual)?;
    let levels = expected
        .rgba
        .iter()
        .zip(&actual.rgba)
        .enumerate()
        .map(|(at, (a, b))| if at % 4 == 3 { 255 } else { a.abs_diff(*b).saturating_mul(8) });
    let picture = image::RgbaImage::from_raw(actual.width, actual.height, levels.collect())?;
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).ok()?;
    Some(png.into_inner())
}
