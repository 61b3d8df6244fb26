//! Blend modes against an independent engine: headless Chromium's pixels of the same colours laid over one
//! another with the same `mix-blend-mode`.
//!
//! Every colour below meets every colour on top, in flat squares, so that edges do not count.
//! Chromium is installed by `cargo xtask test`. Deliberately absent: groups, which golden pictures show.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use pixeldrive_model::Payload;
use pixeldrive_tests::{Picture, Studio, chromium, folder};
use serde_json::{Value, json};

const MODES: [&str; 16] = [
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "exclusion",
    "hue",
    "saturation",
    "color",
    "luminosity",
];
/// Colours below, in columns.
const BELOW: [&str; 16] = [
    "000000", "ffffff", "808080", "404040", "c0c0c0", "ff0000", "00ff00", "0000ff", "ffff00",
    "00ffff", "ff00ff", "ef4444", "f59e0b", "22c55e", "3b82f6", "111827",
];
/// Colours on top, in rows.
const ABOVE: [&str; 14] = [
    "000000ff", "ffffffff", "808080ff", "303030ff", "ff0000ff", "00ff00ff", "0000ffff", "0ea5e9ff",
    "fde047ff", "db2777ff", "7c3aed80", "ffffff80", "00000080", "22c55e40",
];
/// Px of a square.
const SIDE: usize = 4;
/// Cells in a row of the page.
const COLUMNS: usize = 4;
/// Levels by which channels, multiplied by their alpha, may differ at most and on average.
const LEVELS_MAX: (u8, f64) = (2, 0.3);

/// A rectangle of one colour; without a mode it lies below.
struct Flat {
    mode: Option<&'static str>,
    /// Left, top, width and height.
    area: [usize; 4],
    color: String,
}

/// Width and height of a cell.
fn cell() -> (usize, usize) {
    (BELOW.len() * SIDE, ABOVE.len() * SIDE)
}

/// All that is drawn, over a background of this opacity in hex.
fn flats(opacity: &str) -> Vec<Flat> {
    let (width, height) = cell();
    let of_mode = |(index, mode): (usize, &'static str)| {
        let (x, y) = (index % COLUMNS * width, index / COLUMNS * height);
        let below = BELOW.iter().enumerate().map(move |(column, color)| Flat {
            mode: None,
            area: [x + column * SIDE, y, SIDE, height],
            color: format!("#{color}{opacity}"),
        });
        let above = ABOVE.iter().enumerate().map(move |(row, color)| Flat {
            mode: Some(mode),
            area: [x, y + row * SIDE, width, SIDE],
            color: format!("#{color}"),
        });
        below.chain(above).collect::<Vec<_>>()
    };
    MODES.into_iter().enumerate().flat_map(of_mode).collect()
}

/// Width and height of all cells together.
fn extent() -> (usize, usize) {
    let (width, height) = cell();
    (COLUMNS * width, MODES.len().div_ceil(COLUMNS) * height)
}

fn ours(flats: &[Flat]) -> Picture {
    let element = |(index, flat): (usize, &Flat)| {
        let [x, y, width, height] = flat.area;
        json!({"id": format!("r{index}"), "type": "rect", "x": x, "y": y, "width": width,
            "height": height, "fill": flat.color, "blendMode": flat.mode.unwrap_or("normal")})
    };
    let elements: Vec<Value> = flats.iter().enumerate().map(element).collect();
    let (width, height) = extent();
    let template = json!({"width": width, "height": height, "elements": elements});
    let mut studio = Studio::new(folder("fixtures"));
    let (drawing, _) = studio.draw(&template, &Payload::new(), 1.0).expect("a drawing");
    let pixels = studio.paint(&drawing).expect("pixels");
    Picture { width: pixels.width, height: pixels.height, rgba: pixels.rgba }
}

fn theirs(flats: &[Flat]) -> Picture {
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><style>body {margin: 0} div {position: absolute}</style>",
    );
    for Flat { mode, area: [x, y, width, height], color } in flats {
        let mode = mode.map(|mode| format!("; mix-blend-mode: {mode}")).unwrap_or_default();
        write!(
            page,
            "<div style='left: {x}px; top: {y}px; width: {width}px; height: {height}px; \
             background: {color}{mode}'></div>"
        )
        .expect("a page");
    }
    chromium::shot(&page, extent()).expect("a picture")
}

/// By how many levels the channels of a mode's cell differ at most, on average, and where most.
fn differences(index: usize, ours: &Picture, theirs: &Picture) -> (u8, f64, String) {
    let (width, height) = cell();
    let (x0, y0) = (index % COLUMNS * width, index / COLUMNS * height);
    let (mut most, mut sum, mut at) = (0, 0.0, String::new());
    for y in (SIDE / 2..height).step_by(SIDE) {
        for x in (SIDE / 2..width).step_by(SIDE) {
            let pixel = |of: &Picture| {
                let from = ((y0 + y) * of.width as usize + x0 + x) * 4;
                <[u8; 4]>::try_from(&of.rgba[from..from + 4]).expect("four channels")
            };
            let (own, other) = (pixel(ours), pixel(theirs));
            for (own_level, other_level) in own.iter().zip(&other) {
                let levels = own_level.abs_diff(*other_level);
                sum += f64::from(levels);
                if levels > most {
                    most = levels;
                    let (above, below) = (ABOVE[y / SIDE], BELOW[x / SIDE]);
                    at = format!("{above} over {below}: {own:?}, Chromium {other:?}");
                }
            }
        }
    }
    (most, sum / (BELOW.len() * ABOVE.len() * 4) as f64, at)
}

#[test]
fn blend_modes_are_those_of_chromium() {
    let mut wrong = Vec::new();
    for (backdrop, opacity) in [("opaque", "ff"), ("half-transparent", "80")] {
        let flats = flats(opacity);
        let (ours, theirs) = (ours(&flats), theirs(&flats));
        assert!(theirs.width >= ours.width && theirs.height >= ours.height, "the shot has it all");
        for (index, mode) in MODES.into_iter().enumerate() {
            let (most, mean, at) = differences(index, &ours, &theirs);
            println!("{mode} on {backdrop}: at most {most} levels, {mean:.2} on average ({at})");
            if most > LEVELS_MAX.0 || mean > LEVELS_MAX.1 {
                wrong.push(format!(
                    "{mode} on {backdrop}: {most} levels, {mean:.2} on average; {at}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "blend modes differ:\n{}", wrong.join("\n"));
}
