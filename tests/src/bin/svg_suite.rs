//! Renders the test suite of resvg and tells, chapter by chapter, how much of it looks as expected.
//!
//! The suite is not part of the project: the argument is the folder `crates/resvg/tests` of a checkout of
//! <https://github.com/linebender/resvg>. A second argument `--failed` names the files that look otherwise.
//!
//! Deliberately absent: the suite's choice of fonts for `serif`, `cursive` and the like, which here mean
//! the bundled font.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pixeldrive_model::Payload;
use pixeldrive_tests::{Picture, Studio};
use serde_json::json;

/// A pixel looks otherwise when a channel differs by more levels than this: two good ways of smoothing
/// an edge differ by less.
const LEVELS: u8 = 64;
/// A picture looks otherwise when more of its pixels do: of so many, one.
const ONE_OF: usize = 400;

#[derive(Default)]
struct Chapter {
    cases: usize,
    alike: usize,
    refused: usize,
    otherwise: Vec<String>,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let suite = PathBuf::from(arguments.next().context("name the folder of the suite")?);
    let names = arguments.next().as_deref() == Some("--failed");
    let fonts = listed(&suite.join("fonts"), &["ttf", "otf"])?;
    let fonts: Vec<&str> = fonts.iter().filter_map(|path| path.to_str()).collect();
    let mut report = String::from("| chapter | cases | alike | refused |\n|---|---|---|---|\n");
    let mut total = Chapter::default();
    for folder in listed(&suite.join("tests"), &[])? {
        let chapter = chapter(&folder, &fonts)?;
        let name = folder.file_name().context("a name")?.to_string_lossy();
        let share = 100 * chapter.alike / chapter.cases.max(1);
        let Chapter { cases, alike, refused, .. } = chapter;
        writeln!(report, "| {name} | {cases} | {alike} ({share} %) | {refused} |")?;
        total.cases += cases;
        total.alike += alike;
        total.refused += refused;
        total.otherwise.extend(chapter.otherwise);
    }
    let share = 100 * total.alike / total.cases.max(1);
    writeln!(
        report,
        "| all | {} | {} ({share} %) | {} |",
        total.cases, total.alike, total.refused
    )?;
    if names {
        report.push_str(&total.otherwise.join("\n"));
    }
    writeln!(io::stdout(), "{report}")?;
    Ok(())
}

/// What is in a folder: files of these kinds, or folders when there is none.
fn listed(folder: &Path, kinds: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if if kinds.is_empty() { path.is_dir() } else { kinds.contains(&kind.as_str()) } {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn chapter(folder: &Path, fonts: &[&str]) -> Result<Chapter> {
    let mut chapter = Chapter::default();
    for feature in listed(folder, &[])? {
        let mut studio = Studio::with_fonts(feature.clone(), fonts)?;
        for case in listed(&feature, &["svg"])? {
            let expected = fs::read(case.with_extension("png"));
            let Ok(expected) = expected else { continue };
            let expected = Picture::decode(&expected)?;
            chapter.cases += 1;
            match render(&mut studio, &case, &expected) {
                Ok(picture) if alike(&picture, &expected) => chapter.alike += 1,
                Ok(_) => chapter.otherwise.push(case.display().to_string()),
                Err(error) => {
                    chapter.refused += 1;
                    chapter.otherwise.push(format!("{}: {error:#}", case.display()));
                }
            }
        }
    }
    Ok(chapter)
}

fn render(studio: &mut Studio, case: &Path, expected: &Picture) -> Result<Picture> {
    let (width, height) = (expected.width, expected.height);
    let source = case.file_name().context("a name")?.to_string_lossy();
    let template = json!({"width": width, "height": height, "elements": [{"id": "svg", "type": "svg",
        "src": source, "width": width, "height": height, "objectFit": "fill"}]});
    let (drawing, _) = studio.draw(&template, &Payload::new(), 1.0)?;
    let pixels = studio.paint(&drawing)?;
    Ok(Picture { width, height, rgba: pixels.rgba })
}

fn alike(picture: &Picture, expected: &Picture) -> bool {
    let pairs = picture.rgba.as_chunks::<4>().0.iter().zip(expected.rgba.as_chunks::<4>().0);
    let differs =
        |(a, b): &(&[u8; 4], &[u8; 4])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > LEVELS);
    pairs.filter(differs).count() * ONE_OF <= expected.rgba.len() / 4
}
