//! Layout alone: from a bound row to its drawing, on one thread, pictures scaled already.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::{Criterion, criterion_group, criterion_main};
use pixeldrive_benches::{CARDS, Card, layouter};

fn layout(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layout");
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let mut layouter = layouter().expect("fonts");
        card.draw(&mut layouter, 0).expect("a drawing");
        let mut row = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                row += 1;
                card.draw(&mut layouter, row).expect("a drawing")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, layout);
criterion_main!(benches);
