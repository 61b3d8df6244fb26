//! Filters against an independent engine: headless Chromium's pixels of the same picture with the same
//! CSS filters.
//!
//! Without a GPU Chromium blurs with boxes in place of the bell curve, so blurs differ where edges are
//! hard, and little on average. Chromium is installed by `cargo xtask test`. Deliberately absent: duotone and tint, which CSS has not.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;

use pixeldrive_model::Payload;
use pixeldrive_tests::{Picture, Studio, chromium, folder};
use serde_json::{Value, json};

/// The picture, at its own size, so that neither scales it.
const PICTURE: &str = "resample-alpha.png";
const WIDTH: usize = 96;
const HEIGHT: usize = 64;
/// Levels by which they may differ on average.
const LEVELS_MEAN_MAX: f64 = 2.2;
/// Cells in a row of the page.
const COLUMNS: usize = 4;

/// CSS, our filters, and the levels by which any channel of any pixel may differ.
fn cases() -> Vec<(&'static str, Value, u8)> {
    let amount = |kind: &str, amount: f64| json!([{"type": kind, "amount": amount}]);
    let blur = |radius: f64| json!([{"type": "blur", "radius": radius}]);
    vec![
        ("none", json!([]), 1),
        ("brightness(0.4)", amount("brightness", 0.4), 2),
        ("brightness(1.7)", amount("brightness", 1.7), 2),
        ("contrast(0.3)", amount("contrast", 0.3), 2),
        ("contrast(2.5)", amount("contrast", 2.5), 3),
        ("saturate(0.2)", amount("saturate", 0.2), 2),
        ("saturate(3)", amount("saturate", 3.0), 3),
        ("grayscale(1)", amount("grayscale", 1.0), 2),
        ("grayscale(0.4)", amount("grayscale", 0.4), 2),
        ("sepia(1)", amount("sepia", 1.0), 2),
        ("sepia(0.5)", amount("sepia", 0.5), 2),
        ("invert(1)", amount("invert", 1.0), 2),
        ("invert(0.3)", amount("invert", 0.3), 2),
        ("hue-rotate(75deg)", json!([{"type": "hueRotate", "angle": 75}]), 2),
        ("hue-rotate(-200deg)", json!([{"type": "hueRotate", "angle": -200}]), 2),
        (
            "grayscale(1) contrast(1.6) brightness(0.8)",
            json!([{"type": "grayscale"}, {"type": "contrast", "amount": 1.6},
                   {"type": "brightness", "amount": 0.8}]),
            3,
        ),
        (
            "brightness(4) brightness(0.5)",
            json!([{"type": "brightness", "amount": 4}, {"type": "brightness", "amount": 0.5}]),
            3,
        ),
        ("blur(1px)", blur(1.0), 18),
        ("blur(3px)", blur(3.0), 8),
        ("blur(9px)", blur(9.0), 6),
        (
            "saturate(2) blur(2px) invert(1)",
            json!([{"type": "saturate", "amount": 2}, {"type": "blur", "radius": 2},
                   {"type": "invert"}]),
            14,
        ),
    ]
}

fn place(index: usize) -> (usize, usize) {
    (index % COLUMNS * WIDTH, index / COLUMNS * HEIGHT)
}

/// Width and height of all cells together.
fn extent() -> (usize, usize) {
    (COLUMNS * WIDTH, cases().len().div_ceil(COLUMNS) * HEIGHT)
}

fn ours() -> Picture {
    let elements: Vec<Value> = cases()
        .into_iter()
        .enumerate()
        .map(|(index, (_, filters, _))| {
            let (x, y) = place(index);
            json!({"id": format!("i{index}"), "type": "image", "src": PICTURE, "x": x, "y": y,
                   "width": WIDTH, "height": HEIGHT, "filters": filters})
        })
        .collect();
    let (width, height) = extent();
    let template =
        json!({"width": width, "height": height, "background": "#fff", "elements": elements});
    let mut studio = Studio::new(folder("fixtures"));
    let (drawing, _) = studio.draw(&template, &Payload::new(), 1.0).expect("a drawing");
    let pixels = studio.paint(&drawing).expect("pixels");
    Picture { width: pixels.width, height: pixels.height, rgba: pixels.rgba }
}

fn theirs() -> Picture {
    let picture = fs::read(folder("fixtures").join(PICTURE)).expect("the picture");
    let data = data_encoding::BASE64.encode(&picture);
    let mut page = String::from(
        "<!doctype html><meta charset=utf-8><style>body {margin: 0; background: #fff} div {position: \
         absolute; overflow: hidden; width: 96px; height: 64px} img {display: block}</style>",
    );
    for (index, (filter, ..)) in cases().iter().enumerate() {
        let (x, y) = place(index);
        write!(
            page,
            "<div style='left: {x}px; top: {y}px'><img style='filter: {filter}' \
             src='data:image/png;base64,{data}'></div>"
        )
        .expect("a page");
    }
    chromium::shot(&page, extent()).expect("a picture")
}

#[test]
fn filters_are_those_of_chromium() {
    let (ours, theirs) = (ours(), theirs());
    assert!(theirs.width >= ours.width && theirs.height >= ours.height, "the shot has it all");
    let mut wrong = Vec::new();
    for (index, (filter, _, levels_max)) in cases().into_iter().enumerate() {
        let (x0, y0) = place(index);
        let levels = (0..WIDTH * HEIGHT).map(|at| {
            let (x, y) = (x0 + at % WIDTH, y0 + at / WIDTH);
            let pixel = |picture: &Picture| {
                let at = (y * picture.width as usize + x) * 4;
                [0, 1, 2].map(|channel| picture.rgba[at + channel])
            };
            let (ours, theirs) = (pixel(&ours), pixel(&theirs));
            ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
        });
        let most = levels.clone().max().unwrap_or(0);
        let mean = levels.map(f64::from).sum::<f64>() / (WIDTH * HEIGHT) as f64;
        println!("{filter}: at most {most} levels, {mean:.3} on average");
        if most > levels_max || mean > LEVELS_MEAN_MAX {
            wrong.push(format!("{filter}: {most} levels, {mean:.3} on average"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
