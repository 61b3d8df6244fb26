//! `fonts`: the families that templates can name on this machine, a face a line.
//!
//! Deliberately absent: the fonts that accounts uploaded. `GET /v1/fonts` lists those.

use anyhow::Result;
use bytes::Bytes;
use clap::Args;
use pixeldrive_fonts::{Axis, Face, Glyphs, Range, Style, read};
use pixeldrive_model::family_key;

use crate::config::{Faults, FontArgs};
use crate::engine::font_files;
use crate::out::{note, say};

/// Lists the fonts.
#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    fonts: FontArgs,
}

const HEAD: [&str; 6] = ["FAMILY", "FACE", "WEIGHT", "STYLE", "AXES", "FILE"];

type Line = [String; HEAD.len()];

/// `pixeldrive fonts`. Answers whether every file can be used.
pub(crate) fn list(list: &List) -> Result<bool> {
    let mut faults = Faults::default();
    let folders = list.fonts.check(&mut faults);
    let folders = faults.complete(folders)?;
    let bundled = pixeldrive_render::BUNDLED
        .map(|(name, bytes)| (format!("{name} (bundled)"), Bytes::from_static(bytes)));
    let added = font_files(&folders)?.into_iter();
    let added = added.map(|(path, bytes)| (path.display().to_string(), Bytes::from(bytes)));
    let (mut lines, mut good) = (Vec::new(), true);
    for (file, bytes) in bundled.into_iter().chain(added) {
        match read(bytes, Glyphs::Some) {
            Ok(font) => lines.extend(font.faces.iter().map(|face| line(face, &file))),
            Err(error) => {
                good = false;
                note(format!("{file}: {error}"));
            }
        }
    }
    lines.sort_by_cached_key(|line| line.each_ref().map(|cell| family_key(cell)));
    table(&lines).iter().for_each(say);
    Ok(good)
}

fn line(face: &Face, file: &str) -> Line {
    let style = match face.style {
        Style::Normal => "normal",
        Style::Italic => "italic",
        Style::Oblique => "oblique",
    };
    let axes: Vec<_> = face.axes.iter().map(axis).collect();
    [
        face.family.clone(),
        face.subfamily.clone(),
        range(face.weight),
        style.to_owned(),
        if axes.is_empty() { "-".to_owned() } else { axes.join(", ") },
        file.to_owned(),
    ]
}

fn axis(axis: &Axis) -> String {
    format!("{} {}", axis.tag, range(Range { min: axis.min, max: axis.max }))
}

fn range(range: Range) -> String {
    if range.min == range.max {
        range.min.to_string()
    } else {
        format!("{}..{}", range.min, range.max)
    }
}

/// The lines below their head, each column as wide as its widest cell.
fn table(lines: &[Line]) -> Vec<String> {
    let head = HEAD.map(str::to_owned);
    let lines: Vec<&Line> = std::iter::once(&head).chain(lines).collect();
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; HEAD.len()] = std::array::from_fn(width);
    let padded = |line: &Line| {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.into_iter().map(padded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let line = |cells: [&str; HEAD.len()]| cells.map(str::to_owned);
        let lines = [
            line(["Inter", "Bold", "700", "normal", "-", "Inter-Bold.ttf"]),
            line(["Öl", "Regular", "100..900", "normal", "wght 100..900", "Öl.ttf"]),
        ];
        assert_eq!(
            table(&lines),
            [
                "FAMILY  FACE     WEIGHT    STYLE   AXES           FILE",
                "Inter   Bold     700       normal  -              Inter-Bold.ttf",
                "Öl      Regular  100..900  normal  wght 100..900  Öl.ttf",
            ]
        );
    }
}
