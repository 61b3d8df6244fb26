//! Pictures made smaller and larger, against Pillow's Lanczos and bicubic filters.
//!
//! The fixtures ending in `-small` and `-large` are Pillow's. Deliberately absent: the box filter, which
//! is softer and which nothing here uses.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use pixeldrive_model::Payload;
use pixeldrive_tests::{Picture, Studio, folder};
use serde_json::json;

/// Levels by which any channel of any pixel may differ: both cut to 8 bits between two passes, but one
/// goes across first and the other down, which shows where the filter overshoots.
const LEVELS_MAX: u8 = 6;
/// The same on average.
const LEVELS_MEAN_MAX: f64 = 0.5;

/// Draws the picture in `images` at the size of Pillow's, and compares every pixel.
#[track_caller]
fn check(images: PathBuf, file: &str, expected: &str) {
    let png = std::fs::read(folder("fixtures").join(expected)).expect("Pillow's picture");
    let expected = Picture::decode(&png).expect("a PNG");
    let (width, height) = (expected.width, expected.height);
    let template = json!({"width": width, "height": height, "elements": [
        {"id": "i", "type": "image", "width": width, "height": height, "objectFit": "fill",
         "src": file}]});
    let mut studio = Studio::new(images);
    let (drawing, _) = studio.draw(&template, &Payload::new(), 1.0).expect("a drawing");
    let rgba = studio.paint(&drawing).expect("pixels").rgba;
    let levels = expected.rgba.iter().zip(&rgba).map(|(theirs, ours)| theirs.abs_diff(*ours));
    let mean = levels.clone().map(f64::from).sum::<f64>() / rgba.len() as f64;
    let most = levels.max().unwrap_or(0);
    let near = most <= LEVELS_MAX && mean <= LEVELS_MEAN_MAX;
    assert!(near, "{file}: at most {most} levels, {mean:.3} on average");
}

#[test]
fn smaller_pictures_are_pillows() {
    check(folder("fixtures"), "resample.png", "resample-small.png");
    check(folder("fixtures"), "resample-alpha.png", "resample-alpha-small.png");
}

#[test]
fn larger_pictures_are_pillows() {
    check(folder("fixtures"), "resample-part.png", "resample-part-large.png");
}

/// Two decoders of JPEG besides, and a photo twenty-five times as large each way.
#[test]
fn a_photo_shrinks_as_pillows_does() {
    check(folder("../benches/cards/assets"), "photo.jpg", "photo-small.png");
}
