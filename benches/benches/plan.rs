//! Plans: what it costs to make one, and how the cost of a row grows with what it changes, with the
//! canvas, and with the template. `whole` is the same row without a plan.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pixeldrive_benches::{CARDS, Card, Press};
use serde_json::{Value, json};

fn cards(criterion: &mut Criterion) {
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let mut press = Press::new().expect("fonts");
        let plan = press.compile(&card, 0).expect("a plan");
        let mut group = criterion.benchmark_group(format!("plan {name}"));
        group.bench_function("compile", |bencher| {
            bencher.iter(|| press.compile(&card, 0).expect("a plan"));
        });
        let mut row = 0;
        group.bench_function("row", |bencher| {
            bencher.iter(|| {
                row += 1;
                press.by_plan(&card, row, &plan).expect("a PNG")
            });
        });
        group.bench_function("row, whole", |bencher| {
            bencher.iter(|| {
                row += 1;
                press.whole(&card, row).expect("a PNG")
            });
        });
        group.finish();
    }
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
    Card::of(&template, rows.flatten().collect()).expect("a card")
}

fn growth(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("growth");
    group.sample_size(20);
    let mut bench = |what: &str, at: String, card: &Card| {
        let mut press = Press::new().expect("fonts");
        let plan = press.compile(card, 0).expect("a plan");
        let mut row = 0;
        group.bench_function(BenchmarkId::new(what, &at), |bencher| {
            bencher.iter(|| {
                row += 1;
                press.by_plan(card, row, &plan).expect("a PNG")
            });
        });
        group.bench_function(BenchmarkId::new(format!("{what}, whole"), &at), |bencher| {
            bencher.iter(|| {
                row += 1;
                press.whole(card, row).expect("a PNG")
            });
        });
    };
    for percent in [1_u32, 5, 10, 25, 50, 100] {
        let card = card(1200, 630, f64::from(percent) / 100.0, 20);
        bench("part of the area", format!("{percent} %"), &card);
    }
    for (width, height) in [(300, 157), (1200, 630), (2400, 1260), (4800, 2520)] {
        bench("canvas", format!("{width} x {height}"), &card(width, height, 0.05, 20));
    }
    for others in [1, 10, 100, 500] {
        bench("elements", others.to_string(), &card(1200, 630, 0.05, others));
    }
    group.finish();
}

criterion_group!(benches, cards, growth);
criterion_main!(benches);
