//! A whole row: bound, laid out, painted on the CPU, encoded.
//!
//! `one thread` does so on the calling thread; `engine` sends rows through a worker's engine, with
//! as many threads as the machine has and as many rows under way as a gateway would send.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt;
use pixeldrive_benches::{CARDS, Card, folder, fonts, layouter};
use pixeldrive_gpu_worker::{Attempt, Engine, EngineConfig, GpuMode, Lane, SourcesConfig, Task};
use pixeldrive_render::backend::cpu;
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_render::plan::Canvas;

/// Rows of one measurement of the engine.
const ROWS: usize = 64;

fn one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("end_to_end one thread");
    group.throughput(Throughput::Elements(1));
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let mut layouter = layouter().expect("fonts");
        let (mut canvas, mut painter, mut encoder) =
            (Canvas::new(), cpu::Painter::new(), Encoder::new());
        let mut row = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                row += 1;
                let drawing = card.draw(&mut layouter, row).expect("a drawing");
                canvas.paint_whole(&drawing, (1.0, Effort::Fast), &mut painter).expect("paint");
                canvas.encode(&mut encoder).expect("a PNG")
            });
        });
    }
    group.finish();
}

fn engine(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let config = EngineConfig {
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        gpu: GpuMode::Prefer,
        sources: SourcesConfig { folder: Some(folder()), ..SourcesConfig::default() },
        cache_bytes_max: 256 << 20,
    };
    let engine = Engine::start(config, fonts().expect("fonts")).expect("an engine");
    let under_way = engine.slots() * 2 + 8;
    let mut group = criterion.benchmark_group("end_to_end engine");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let render = async |row: usize| {
            let task = Task {
                template: card.template.clone(),
                payload: card.payloads[row].clone(),
                fonts: Vec::new(),
                pixel_ratio: 1.0,
                effort: Effort::Fast,
                lane: Lane::Bulk,
                strict: true,
                deadline: None,
                attempt: Attempt::Last,
            };
            engine.render(task).await.expect("a picture").png.len()
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let rows = futures::stream::iter(0..ROWS).map(render).buffer_unordered(under_way);
                runtime.block_on(rows.fold(0, async |bytes, png| bytes + png))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_thread, engine);
criterion_main!(benches);
