//! Encoding alone: from pixels to a PNG, on one thread.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::{Criterion, criterion_group, criterion_main};
use pixeldrive_benches::{CARDS, Card, layouter};
use pixeldrive_render::backend::{Painter, cpu};
use pixeldrive_render::encode::{Effort, Encoder};

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let drawing = card.draw(&mut layouter().expect("fonts"), 0).expect("a drawing");
        let painted = cpu::Painter::new().paint(&[drawing]).remove(0).expect("pixels");
        for effort in [Effort::Fast, Effort::Balanced, Effort::Small] {
            let mut encoder = Encoder::new();
            group.bench_function(format!("{name} {effort:?}"), |bencher| {
                bencher.iter(|| encoder.encode(&painted, 1.0, effort).expect("a PNG"));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
