//! Plans: what it costs to make one, and how the cost of a row grows with what it changes, with the
//! canvas, with the template, and with how many rows come after it. `whole` is the same row without a plan.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group,
    criterion_main,
};
use pixeldrive_benches::rate::{Ask, Mode, Studio};
use pixeldrive_benches::{CARDS, Card, fonts};
use pixeldrive_render::Scaled;
use pixeldrive_render::encode::Effort;
use serde_json::{Value, json};

/// Bytes of scaled pictures that are kept between rows.
const SCALED_BYTES_MAX: u64 = 64 << 20;

fn studio(card: &Card, mode: Mode) -> Studio<'_> {
    let ask = Ask { threads: 1, rows: 1, warm: 0, effort: Effort::Fast, mode };
    let scaled = Arc::new(Scaled::new(SCALED_BYTES_MAX));
    Studio::open(card, &fonts().expect("fonts"), &scaled, &ask)
}

/// Rows of a card one after the other, by a plan and without one.
fn rows(group: &mut BenchmarkGroup<'_, WallTime>, card: &Card, what: &str, at: &str) {
    for (mode, name) in [(Mode::Plan, "plan"), (Mode::Full, "whole")] {
        let mut studio = studio(card, mode);
        studio.png(0).expect("a PNG");
        let mut row = 0;
        group.bench_function(BenchmarkId::new(format!("{what}, {name}"), at), |bencher| {
            bencher.iter(|| {
                row += 1;
                studio.png(row).expect("a PNG")
            });
        });
    }
}

fn cards(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let mut studio = studio(&card, Mode::Plan);
        let bound = card.bind(0).expect("a row");
        studio.compile(0, &bound).expect("a plan");
        group.bench_function(BenchmarkId::new("compile", name), |bencher| {
            bencher.iter(|| studio.compile(0, &bound).expect("a plan"));
        });
        rows(&mut group, &card, "row", name);
    }
    group.finish();
}

/// A card whose rows change one rectangle, beside so many others that they do not.
fn card(width: u32, height: u32, part: f64, others: u32) -> Card {
    let side = part.sqrt();
    let (own_width, own_height) = (f64::from(width) * side, f64::from(height) * side);
    let ground = json!({"type": "linear", "angle": 20, "stops": [
        {"offset": 0, "color": "#123"}, {"offset": 1, "color": "#fd8"}]});
    let mut elements = vec![json!({"id": "ground", "type": "rect", "width": width,
        "height": height, "fill": ground})];
    elements.extend((0..others).map(|at| {
        let (x, y) = (at * 37 % width, at * 53 % height);
        json!({"id": format!("still{at}"), "type": "text", "x": x, "y": y, "text": "Still"})
    }));
    elements.push(json!({"id": "own", "type": "rect", "width": own_width, "height": own_height}));
    let template = json!({"width": width, "height": height, "elements": elements});
    let rows = (0..64_u32).map(|row| {
        let color = format!("#{:06x}", row * 40_503 % 0xff_ffff);
        let fill = json!({"type": "linear", "angle": row, "stops": [
            {"offset": 0, "color": color}, {"offset": 1, "color": "#fff"}]});
        let Value::Object(payload) = json!({"own": {"fill": fill}}) else { return None };
        Some(payload)
    });
    Card::of(template.to_string().as_bytes(), rows.flatten().collect()).expect("a card")
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    group.sample_size(20);
    for percent in [1_u32, 5, 10, 25, 50, 100] {
        let card = card(1200, 630, f64::from(percent) / 100.0, 20);
        rows(&mut group, &card, "part of the area", &format!("{percent} %"));
    }
    for (width, height) in [(300, 157), (1200, 630), (2400, 1260), (4800, 2520)] {
        let card = card(width, height, 0.05, 20);
        rows(&mut group, &card, "canvas", &format!("{width} x {height}"));
    }
    for others in [1, 10, 100, 500] {
        let card = card(1200, 630, 0.05, others);
        rows(&mut group, &card, "elements", &others.to_string());
    }
    group.finish();
}

/// A batch of so many rows by one who has no plan for them yet: making it is a part of what is measured.
fn batches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("batch");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let card = card(1200, 630, 0.05, 20);
    for count in [1, 10, 100, 1_000, 10_000] {
        group.throughput(Throughput::Elements(count as u64));
        for (mode, name) in [(Mode::Plan, "plan"), (Mode::Full, "whole")] {
            if mode == Mode::Full && count > 100 {
                // Each row costs the same.
                continue;
            }
            let mut studio = studio(&card, mode);
            studio.png(0).expect("a PNG");
            group.bench_function(BenchmarkId::new(format!("rows, {name}"), count), |bencher| {
                bencher.iter(|| {
                    studio.forget();
                    (0..count).map(|row| studio.png(row).expect("a PNG").len()).sum::<usize>()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, cards, growth, batches);
criterion_main!(benches);
