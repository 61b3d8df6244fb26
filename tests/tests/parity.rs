//! The GPU painter paints what the CPU painter paints, whatever else it paints.
//!
//! Every golden case and every bench card goes through both. The GPU here is Mesa's lavapipe, which
//! `cargo xtask test` installs: a software adapter, so the pixels are the same on every machine.
//! Deliberately absent: references of its own; the CPU painter is the reference.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use pixeldrive_benches::{CARDS, Card, layouter};
use pixeldrive_model::Payload;
use pixeldrive_render::Error;
use pixeldrive_render::backend::{cpu, gpu};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::pixels::Pixels;
use pixeldrive_tests::{Studio, folder, golden, marks};
use serde_json::{Value, json};

/// Levels by which a channel may differ at most and on average, by what a case's name starts with: both
/// round in 8 bits, at other steps. Emoji are many layers on top of one another; blurs go through several
/// sizes; dodging and burning divide by what is nearly nothing; steep gradients are read from tables; a
/// turned picture that fades out at its edges is sampled, but no SVG is.
const LEVELS_MAX: [(&str, u8, f64); 11] = [
    ("emoji_", 6, 0.3),
    ("image_filter_blur_rotated", 4, 0.3),
    ("svg_turned", 1, 0.1),
    ("blend_color-dodge", 20, 0.5),
    ("blend_color-burn", 20, 0.5),
    ("blend_", 4, 0.5),
    ("gradient_", 16, 0.3),
    ("blur_", 3, 0.6),
    ("shadow_", 4, 0.6),
    ("SrcAtop", 4, 0.3),
    ("", 3, 0.3),
];

/// A drawing and what to call it.
#[derive(Clone)]
struct Case {
    name: String,
    drawing: Drawing,
}

fn gpu() -> gpu::Painter {
    let choice = gpu::Choice { allow_software: true, ..gpu::Choice::default() };
    gpu::Painter::open(choice).unwrap_or_else(|error| {
        panic!("{error}\nThis test needs a Vulkan adapter: run it with `cargo xtask test`.")
    })
}

fn paint(painter: &mut impl pixeldrive_render::backend::Painter, cases: &[&Case]) -> Vec<Pixels> {
    let drawings: Vec<Drawing> = cases.iter().map(|case| case.drawing.clone()).collect();
    let painted = painter.paint(&drawings);
    assert_eq!(painted.len(), cases.len(), "one answer for each drawing");
    cases
        .iter()
        .zip(painted)
        .map(|(case, pixels)| pixels.unwrap_or_else(|error| panic!("{}: {error}", case.name)))
        .collect()
}

/// A template of its own, with pictures from `images`.
fn case(name: &str, template: &Value, images: &Path) -> Case {
    let drawn = Studio::new(images.to_owned()).draw(template, &Payload::new(), 1.0);
    let (drawing, _) = drawn.unwrap_or_else(|error| panic!("{name}: {error:#}"));
    Case { name: name.to_owned(), drawing }
}

/// The golden cases.
fn drawn_cases() -> Vec<Case> {
    let drawn = golden::drawn().unwrap_or_else(|error| panic!("{error:#}"));
    drawn.into_iter().map(|(name, drawing)| Case { name, drawing }).collect()
}

/// Marks of every kind.
fn marked() -> Vec<Case> {
    let drawn = marks::drawings().unwrap_or_else(|error| panic!("{error}"));
    drawn.into_iter().map(|(name, drawing)| Case { name, drawing }).collect()
}

/// The bench cards, with two rows each.
fn bench() -> Vec<Case> {
    let mut layouter = layouter().expect("the fonts of the bench cards");
    let mut cases = Vec::new();
    for name in CARDS {
        let card = Card::read(name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        for row in 0..2 {
            let drawing = card.draw(&mut layouter, row).expect("the row fits its card");
            cases.push(Case { name: format!("{name} card, row {row}"), drawing });
        }
    }
    cases
}

/// Groups that fade as one, in canvases of several sizes: they go through intermediate textures.
fn faded() -> Vec<Case> {
    let group = |width: u32, height: u32| {
        let gradient = json!({"type": "linear", "angle": 30, "stops": [
            {"offset": 0, "color": "#12345680"}, {"offset": 1, "color": "#fedcba"}]});
        let template = json!({"name": "faded", "width": width, "height": height, "elements": [
            {"id": "g", "type": "group", "x": 7, "y": 5, "width": width - 20, "height": height - 20,
             "rotation": 3, "opacity": 0.7, "elements": [
                {"id": "a", "type": "rect", "width": width - 40, "height": height - 40,
                 "fill": gradient, "borderRadius": 9},
                {"id": "b", "type": "ellipse", "x": 20, "y": 20, "width": 50, "height": 40,
                 "fill": "#e11d48", "stroke": "#000", "strokeWidth": 3},
                {"id": "c", "type": "image", "x": 30, "y": 30, "width": 41, "height": 37,
                 "rotation": 11, "borderRadius": 6, "src": "quadrants.png"}]}]});
        case(&format!("faded group of {width} x {height}"), &template, &folder("fixtures"))
    };
    vec![group(300, 200), group(2600, 120), group(301, 203), group(130, 2500)]
}

/// Blurs that reach far beyond canvases large and small: they need larger textures than these.
fn blurred() -> Vec<Case> {
    let blur = |width: u32, height: u32| {
        let template = json!({"name": "blur", "width": width, "height": height, "elements": [
            {"id": "a", "type": "rect", "x": 3, "y": 3, "width": width - 6, "height": height - 6,
             "fill": "#1d4ed8", "blur": 60, "shadow": {"x": 50, "y": -90, "blur": 120, "color": "#f97316"}},
            {"id": "b", "type": "rect", "x": width / 2, "width": width / 2, "height": height,
             "fill": "#fff4", "backgroundBlur": 40}]});
        case(&format!("blur_{width}x{height}"), &template, &folder("fixtures"))
    };
    vec![blur(2040, 90), blur(40, 30), blur(300, 2500)]
}

#[test]
fn both_painters_agree() {
    let cases = [drawn_cases(), bench(), faded(), blurred(), marked()].concat();
    let cases: Vec<&Case> = cases.iter().collect();
    let (on_gpu, on_cpu) = (paint(&mut gpu(), &cases), paint(&mut cpu::Painter::new(), &cases));
    let mut differing = Vec::new();
    for ((case, gpu), cpu) in cases.iter().zip(&on_gpu).zip(&on_cpu) {
        assert_eq!((gpu.width, gpu.height), (cpu.width, cpu.height), "{}", case.name);
        assert!(gpu.opaque || !cpu.opaque, "{}: opaque on the CPU alone", case.name);
        let levels = gpu.rgba.iter().zip(&cpu.rgba).map(|(gpu, cpu)| gpu.abs_diff(*cpu));
        let most = levels.clone().max().unwrap_or(0);
        let mean = levels.map(f64::from).sum::<f64>() / gpu.bytes() as f64;
        println!("{}: at most {most} levels, {mean:.3} on average", case.name);
        let allowed = LEVELS_MAX.iter().find(|(topic, ..)| case.name.starts_with(topic));
        if allowed.is_none_or(|(_, levels, average)| most > *levels || mean > *average) {
            differing.push(format!("{}: {most} levels, {mean:.3} on average", case.name));
        }
    }
    assert!(differing.is_empty(), "the painters differ:\n{}", differing.join("\n"));
}

#[test]
fn pixels_do_not_depend_on_what_else_is_painted() {
    let cases = [faded(), blurred(), bench(), drawn_cases(), marked()].concat();
    let forward: Vec<&Case> = cases.iter().collect();
    let backward: Vec<&Case> = cases.iter().rev().collect();

    let mut painter = gpu();
    let alone: Vec<Pixels> =
        forward.iter().flat_map(|case| paint(&mut painter, std::slice::from_ref(case))).collect();
    let mut painter = gpu();
    let together: Vec<Pixels> =
        backward.chunks(8).flat_map(|cases| paint(&mut painter, cases)).collect();
    for ((case, alone), together) in forward.iter().zip(&alone).zip(together.iter().rev()) {
        assert!(alone == together, "{}: other bytes in a batch", case.name);
    }
}

/// The alpha of a picture's pixel: given noise, and whether it is the last pixel.
type Alpha = fn(u8, bool) -> u8;

/// A picture that is only copied must come back bit for bit: rows are tight at any width, and the
/// opaque flag sees every pixel.
#[test]
fn a_copied_picture_comes_back_exactly() {
    const ALPHAS: [(&str, Alpha); 3] = [
        ("opaque", |_, _| 255),
        ("translucent", |noise, _| noise.min(254)),
        ("opaque but for the last pixel", |_, last| if last { 254 } else { 255 }),
    ];
    let images = tempfile::tempdir().expect("a folder");
    let (mut on_gpu, mut on_cpu) = (gpu(), cpu::Painter::new());
    for (width, height) in [(1, 1), (3, 2), (64, 16), (333, 77), (257, 129)] {
        for (kind, alpha) in ALPHAS {
            let file = format!("{kind} {width}.png");
            write_noise(&images.path().join(&file), width, height, alpha);
            let template = json!({"name": "copy", "width": width, "height": height, "elements": [
                {"id": "i", "type": "image", "width": width, "height": height, "src": file}]});
            let case = case(&format!("{kind}, {width} x {height}"), &template, images.path());
            let gpu = paint(&mut on_gpu, &[&case]).remove(0);
            let cpu = paint(&mut on_cpu, &[&case]).remove(0);
            assert!(gpu.rgba == cpu.rgba, "{}: other bytes", case.name);
            assert_eq!(gpu.opaque, kind == "opaque", "{}: the flag", case.name);
        }
    }
}

#[test]
fn pictures_beyond_the_bound_are_evicted_and_never_missing() {
    const BYTES_MAX: u64 = 300_000;
    let cases: Vec<Case> = (0..24)
        .map(|number| {
            // The last is larger than the bound by itself.
            let side = if number == 23 { 400 } else { 100 + number % 12 };
            let template = json!({"name": "pictures", "width": 420, "height": 420, "elements": [
                {"id": "a", "type": "image", "width": side, "height": side, "src": "quadrants.png"},
                {"id": "b", "type": "image", "x": 9, "y": side / 2, "width": side,
                 "height": side - 7, "src": "ring.png", "objectFit": "fill"}]});
            case(&format!("pictures of {side} px"), &template, &folder("fixtures"))
        })
        .collect();
    let cases: Vec<&Case> = cases.iter().collect();
    let mut bounded = gpu().with_image_bytes_max(BYTES_MAX);
    let mut painted = paint(&mut bounded, &cases[..23]);
    assert!(bounded.image_bytes() > 0, "pictures stay for the next card");
    assert!(bounded.image_bytes() <= BYTES_MAX, "{} bytes", bounded.image_bytes());
    painted.extend(paint(&mut bounded, &cases[23..]));
    let free = paint(&mut gpu(), &cases);
    for ((case, bounded), free) in cases.iter().zip(&painted).zip(&free) {
        assert!(bounded == free, "{}: other bytes when pictures were evicted", case.name);
    }
}

#[test]
fn an_adapter_that_is_not_there_is_an_error_that_lists_those_that_are() {
    let choice = gpu::Choice {
        allow_software: true,
        name: Some("no such adapter".to_owned()),
        ..gpu::Choice::default()
    };
    let error = gpu::Painter::open(choice).expect_err("there is no such adapter");
    assert!(matches!(error, Error::GpuUnavailable { .. }), "{error}");
    let words = error.to_string();
    assert!(words.contains("`no such adapter` in the name"), "{words}");
    for adapter in gpu::adapters() {
        assert!(words.contains(&adapter.name), "{words} lists {}", adapter.name);
    }
}

/// A picture of noise.
fn write_noise(path: &Path, width: u32, height: u32, alpha: Alpha) {
    let mut state = 0x2545_f491_u32;
    let pixels = width * height;
    let rgba: Vec<u8> = (0..pixels)
        .flat_map(|at| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let [red, green, blue, noise] = state.to_le_bytes();
            [red, green, blue, alpha(noise, at + 1 == pixels)]
        })
        .collect();
    let file = BufWriter::new(fs::File::create(path).expect("a file"));
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&rgba).expect("pixels");
}
