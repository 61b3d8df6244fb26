//! Painting alone: from a drawing to pixels. On the CPU on one thread; on a GPU, where there is
//! one, sixteen drawings per call, as a worker hands them over.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use pixeldrive_benches::{CARDS, Card, layouter};
use pixeldrive_render::backend::{Painter, cpu, gpu};
use pixeldrive_render::drawing::Drawing;

/// Drawings per call of the GPU's painter.
const GPU_DRAWINGS: usize = 16;
/// Different drawings that a benchmark goes through.
const DRAWINGS: usize = 64;

fn drawings(name: &str) -> Vec<Drawing> {
    let card = Card::read(name).expect("a card");
    let mut layouter = layouter().expect("fonts");
    (0..DRAWINGS).map(|row| card.draw(&mut layouter, row).expect("a drawing")).collect()
}

fn paint(criterion: &mut Criterion) {
    cards(criterion, "paint cpu", &mut cpu::Painter::new(), 1);
    // Lavapipe is no GPU: its figures would mislead.
    if let Ok(mut painter) = gpu::Painter::open(gpu::Choice::default()) {
        cards(criterion, "paint gpu", &mut painter, GPU_DRAWINGS);
    }
}

fn cards(criterion: &mut Criterion, title: &str, painter: &mut dyn Painter, per_call: usize) {
    let mut group = criterion.benchmark_group(title);
    group.throughput(Throughput::Elements(per_call as u64));
    for name in CARDS {
        let drawings = drawings(name);
        let mut calls = drawings.chunks_exact(per_call).cycle();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || calls.next().expect("a cycle has no end"),
                |drawings| painter.paint(drawings),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, paint);
criterion_main!(benches);
