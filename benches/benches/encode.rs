//! Encoding alone: from pixels to a PNG, on one thread, beside the `png` crate. Names say what each file takes.

#![expect(clippy::expect_used, reason = "a benchmark that cannot run has nobody to tell")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use pixeldrive_benches::{CARDS, Card, layouter};
use pixeldrive_render::backend::{Painter, cpu};
use pixeldrive_render::encode::{Effort, Encoder};
use pixeldrive_render::pixels::Pixels;
use png::{ColorType, Compression};

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for name in CARDS {
        let card = Card::read(name).expect("a card");
        let drawing = card.draw(&mut layouter().expect("fonts"), 0).expect("a drawing");
        let painted = cpu::Painter::new().paint(&[drawing]).remove(0).expect("pixels");
        for effort in [Effort::Fast, Effort::Balanced, Effort::Small] {
            let mut encoder = Encoder::new();
            let mut encode = || encoder.encode(&painted, 1.0, effort).expect("a PNG");
            measure(&mut group, &format!("{name} {effort:?}"), &mut encode);
        }
        // What it is given is made beforehand.
        let (pixels, _) = painted.rgba.as_chunks::<4>();
        let rgb: Vec<u8> =
            pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
        for compression in [Compression::Fast, Compression::Balanced, Compression::High] {
            let mut encode = || by_png(&painted, &rgb, compression).expect("a PNG");
            measure(&mut group, &format!("{name} png {compression:?}"), &mut encode);
        }
    }
    group.finish();
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    encode: &mut impl FnMut() -> Vec<u8>,
) {
    let kilobytes = encode().len() / 1000;
    group.bench_function(format!("{name}, {kilobytes} kB"), |bencher| bencher.iter(&mut *encode));
}

fn by_png(
    painted: &Pixels,
    rgb: &[u8],
    compression: Compression,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, painted.width, painted.height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_compression(compression);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(file)
}

criterion_group!(benches, encode);
criterion_main!(benches);
