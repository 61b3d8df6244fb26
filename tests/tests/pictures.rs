//! Picture files of every kind, made by others, look as others see them.
//!
//! Each fixture shows four colours, one a quarter. What they must be is what Pillow (libjpeg-turbo,
//! libwebp) and LittleCMS make of the same file. Deliberately absent: scaled pictures against Pillow's,
//! which are in `resample.rs`, and hostile files, in `hostile_pictures.rs`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use pixeldrive_model::Payload;
use pixeldrive_tests::{Studio, folder};
use serde_json::json;

/// The colours in the middle of the quarters, as they lie in memory: premultiplied.
type Quarters = [[u8; 4]; 4];

const COLORS: Quarters =
    [[220, 40, 40, 255], [40, 180, 80, 255], [40, 80, 200, 255], [240, 200, 40, 255]];
/// The same, ever more translucent.
const CLEARER: Quarters = [[220, 40, 40, 255], [20, 90, 40, 128], [10, 20, 50, 64], [0; 4]];
const GREYS: Quarters = [grey(40), grey(110), grey(180), grey(240)];
/// Inks, mixed by rule.
const INKS: Quarters =
    [[235, 15, 15, 255], [49, 207, 49, 255], [27, 57, 195, 255], [245, 207, 24, 255]];
/// What the profiles are tried on, in Display P3.
const VIVID: Quarters =
    [[215, 93, 97, 255], [45, 203, 98, 255], [85, 111, 206, 255], [226, 189, 68, 255]];

const fn grey(level: u8) -> [u8; 4] {
    [level, level, level, 255]
}

/// Draws a file at its own size, and answers its quarters and the codes of its warnings.
fn draw(file: &str) -> (Quarters, Vec<String>) {
    let mut studio = Studio::new(folder("fixtures/pictures"));
    let template = json!({"width": 32, "height": 24, "elements": [
        {"id": "i", "type": "image", "width": 32, "height": 24, "src": file}]});
    let (drawing, warnings) = studio.draw(&template, &Payload::new(), 1.0).expect(file);
    let pixels = studio.paint(&drawing).expect("pixels");
    let at = |x: usize, y: usize| {
        let at = (y * 32 + x) * 4;
        [0, 1, 2, 3].map(|channel| pixels.rgba[at + channel])
    };
    let quarters = [at(8, 6), at(24, 6), at(8, 18), at(24, 18)];
    (quarters, warnings.into_iter().map(|warning| warning.code).collect())
}

/// Each file, what it must show, and by how many levels it may differ.
fn check(cases: &[(&str, Quarters, u8)]) {
    let mut wrong = Vec::new();
    for (file, expected, levels) in cases {
        let (found, warnings) = draw(file);
        let apart = found.iter().flatten().zip(expected.iter().flatten());
        let most = apart.map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
        if most > *levels || !warnings.is_empty() {
            wrong.push(format!("{file}: {found:?}, {most} levels off {expected:?}, {warnings:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_kind_of_file_is_read() {
    let greys_clearer = [grey(40), [55, 55, 55, 128], [45, 45, 45, 64], [0; 4]];
    let bits = [grey(0), grey(255), grey(255), grey(0)];
    let [red, green, blue, _] = COLORS;
    check(&[
        ("rgb16.png", COLORS, 0),
        ("rgba16.png", CLEARER, 1),
        ("rgba.png", CLEARER, 1),
        ("interlaced.png", CLEARER, 1),
        ("grey.png", GREYS, 0),
        ("grey16.png", GREYS, 0),
        ("grey-alpha.png", greys_clearer, 1),
        ("one-bit.png", bits, 0),
        ("palette.png", COLORS, 0),
        ("palette-trns.png", CLEARER, 1),
        ("rgb-trns.png", [red, green, blue, [0; 4]], 0),
        ("animated.png", COLORS, 0),
        ("baseline.jpg", COLORS, 3),
        ("subsampled.jpg", COLORS, 3),
        ("progressive.jpg", COLORS, 3),
        ("grey.jpg", GREYS, 2),
        ("lossy.webp", COLORS, 8),
        ("lossy-alpha.webp", CLEARER, 8),
        ("lossless-alpha.webp", CLEARER, 1),
        ("animated.webp", COLORS, 0),
        ("animated.gif", COLORS, 0),
        ("transparent.gif", [red, green, blue, [0; 4]], 0),
        ("cmyk.jpg", INKS, 3),
        ("ycck.jpg", INKS, 3),
    ]);
}

#[test]
fn all_eight_orientations_come_out_upright() {
    check(&[
        ("orientation-1.jpg", COLORS, 3),
        ("orientation-2.jpg", COLORS, 3),
        ("orientation-3.jpg", COLORS, 3),
        ("orientation-4.jpg", COLORS, 3),
        ("orientation-5.jpg", COLORS, 3),
        ("orientation-6.jpg", COLORS, 3),
        ("orientation-7.jpg", COLORS, 3),
        ("orientation-8.jpg", COLORS, 3),
        ("orientation-1.png", COLORS, 0),
        ("orientation-2.png", COLORS, 0),
        ("orientation-3.png", COLORS, 0),
        ("orientation-4.png", COLORS, 0),
        ("orientation-5.png", COLORS, 0),
        ("orientation-6.png", COLORS, 0),
        ("orientation-7.png", COLORS, 0),
        ("orientation-8.png", COLORS, 0),
        ("orientation-1.webp", COLORS, 0),
        ("orientation-2.webp", COLORS, 0),
        ("orientation-3.webp", COLORS, 0),
        ("orientation-4.webp", COLORS, 0),
        ("orientation-5.webp", COLORS, 0),
        ("orientation-6.webp", COLORS, 0),
        ("orientation-7.webp", COLORS, 0),
        ("orientation-8.webp", COLORS, 0),
    ]);
}

#[test]
fn profiles_are_followed_as_littlecms_does() {
    let muted =
        [[200, 100, 100, 255], [100, 200, 110, 255], [90, 110, 200, 255], [220, 190, 90, 255]];
    let adobe =
        [[227, 100, 100, 255], [0, 201, 104, 255], [79, 110, 204, 255], [231, 191, 81, 255]];
    let wide = [[255, 80, 118, 255], [0, 225, 110, 255], [0, 133, 220, 255], [255, 196, 81, 255]];
    let press =
        [[213, 24, 82, 255], [16, 207, 154, 255], [21, 120, 169, 255], [245, 197, 131, 255]];
    let lighter = [grey(53), grey(129), grey(193), grey(243)];
    let translucent = [VIVID[0], [23, 102, 49, 128], [21, 28, 52, 64], [0; 4]];
    check(&[
        ("profile-srgb.png", muted, 0),
        ("profile-display-p3.png", VIVID, 1),
        ("profile-display-p3.jpg", VIVID, 4),
        ("profile-display-p3.webp", VIVID, 1),
        ("profile-adobe-rgb.png", adobe, 1),
        ("profile-prophoto.png", wide, 1),
        ("profile-prophoto-16.png", wide, 1),
        ("profile-alpha.png", translucent, 2),
        ("profile-grey.png", lighter, 1),
        ("profile-grey16.png", lighter, 1),
        ("profile-cmyk.jpg", press, 10),
    ]);
}

#[test]
fn a_profile_that_cannot_be_used_is_a_warning() {
    let muted =
        [[200, 100, 100, 255], [100, 200, 110, 255], [90, 110, 200, 255], [220, 190, 90, 255]];
    let ignored = || vec!["profile_ignored".to_owned()];
    assert_eq!(draw("profile-broken.png"), (COLORS, ignored()));
    assert_eq!(draw("profile-mismatch.png"), (muted, ignored()), "inks in a picture of light");
}

/// Lines of two colours in Display P3, drawn at half their size. Converted first they mix to another
/// colour than mixed first, so the order can be seen.
#[test]
fn profiles_come_before_scaling() {
    let mut studio = Studio::new(folder("fixtures/pictures"));
    let template = json!({"width": 4, "height": 4, "elements": [
        {"id": "i", "type": "image", "width": 4, "height": 4, "src": "profile-stripes.png"}]});
    let (drawing, _) = studio.draw(&template, &Payload::new(), 1.0).expect("a drawing");
    let pixels = studio.paint(&drawing).expect("pixels");
    let found = &pixels.rgba[(4 * 2 + 2) * 4..][..3];
    // (215, 93, 97) and (45, 203, 89) mix to this; mixed first they would be 150, 150, 95.
    for (found, expected) in found.iter().zip([130_u8, 148, 93]) {
        assert!(found.abs_diff(expected) <= 5, "{found}, expected {expected}");
    }
}
