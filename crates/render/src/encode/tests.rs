//! Files against decoders that others wrote: whatever was painted must come back.

#![expect(clippy::cast_possible_truncation, reason = "the pictures of these tests wrap around")]

use png::ColorType;
use proptest::prelude::*;

use super::*;

pub(super) const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Small];

/// What is in a file: colour type, bits of a sample, and straight RGBA of every pixel.
pub(super) fn decoded(file: &[u8]) -> (ColorType, u8, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let info = reader.info();
    assert!(info.srgb.is_some(), "the file says that it is sRGB");
    let (color_type, depth) = (info.color_type, info.bit_depth as u8);
    let (width, height) = info.size();
    drop(reader);
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(
        png::Transformations::normalize_to_color8() | png::Transformations::ALPHA,
    );
    reader = decoder.read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut samples).unwrap();
    samples.truncate(frame.buffer_size());
    let rgba: Vec<u8> = match frame.color_type {
        ColorType::Rgba => samples,
        ColorType::GrayscaleAlpha => {
            samples.as_chunks::<2>().0.iter().flat_map(|[g, a]| [*g, *g, *g, *a]).collect()
        }
        other => panic!("{other:?} in spite of the transformations"),
    };
    assert_eq!(rgba.len(), width as usize * height as usize * 4, "every pixel is there");
    (color_type, depth, rgba)
}

/// The same by another decoder.
pub(super) fn decoded_by_zune(file: &[u8]) -> Vec<u8> {
    use zune_core::bytestream::ZCursor;
    use zune_core::options::DecoderOptions;
    let options = DecoderOptions::default().png_set_add_alpha_channel(true);
    let mut decoder = zune_png::PngDecoder::new_with_options(ZCursor::new(file), options);
    decoder.set_options(options.png_set_confirm_crc(true).inflate_set_confirm_adler(true));
    let samples = decoder.decode_raw().unwrap();
    match decoder.colorspace().unwrap().num_components() {
        4 => samples,
        2 => samples.as_chunks::<2>().0.iter().flat_map(|[g, a]| [*g, *g, *g, *a]).collect(),
        other => panic!("{other} components in spite of the options"),
    }
}

/// Encodes at every effort; answers how the file stores the picture.
#[track_caller]
fn check(pixels: &Pixels, expected: &[u8]) -> (ColorType, u8) {
    let mut encoder = Encoder::new();
    let formats = EFFORTS.map(|effort| {
        let file = encoder.encode(pixels, 1.0, effort).unwrap();
        let again = Encoder::new().encode(pixels, 1.0, effort).unwrap();
        assert!(file == again, "{effort:?}: what was encoded before makes no difference");
        let cut = Cut { whole_max: 1 << 10, band_max: 4 << 10 };
        let mut banded = Encoder { cut, helpers: 2, ..Encoder::new() };
        let banded = banded.encode(pixels, 1.0, effort).unwrap();
        assert!(decoded(&banded).2 == expected, "{effort:?}: in bands it is another picture");
        let (color_type, depth, rgba) = decoded(&file);
        assert!(rgba == expected, "{effort:?}: {color_type:?} is not what was painted");
        assert!(decoded_by_zune(&file) == expected, "{effort:?}: zune reads another picture");
        (color_type, depth)
    });
    assert!(
        formats.iter().all(|format| *format == formats[0]),
        "the effort changes how pixels are found, not how they are told: {formats:?}"
    );
    formats[0]
}

fn opaque(width: u32, pixels: impl IntoIterator<Item = [u8; 3]>) -> Pixels {
    let rgba: Vec<u8> = pixels.into_iter().flat_map(|[r, g, b]| [r, g, b, 255]).collect();
    let height = u32::try_from(rgba.len() / 4).unwrap() / width;
    Pixels { width, height, rgba, opaque: true }
}

/// Numbers without a pattern, the same every time.
pub(super) fn noise(seed: u32) -> impl Iterator<Item = u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    })
}

#[test]
fn pictures_take_the_smallest_form_that_keeps_them() {
    let colors = |count: u32| {
        opaque(32, (0..1024).map(move |at| [(at % count % 256) as u8, (at % count / 7) as u8, 9]))
    };
    let own = |count| {
        let pixels = colors(count);
        check(&pixels, &pixels.rgba)
    };
    assert_eq!(own(1), (ColorType::Indexed, 1), "1 colours");
    assert_eq!(own(2), (ColorType::Indexed, 1), "2 colours");
    assert_eq!(own(4), (ColorType::Indexed, 2), "4 colours");
    assert_eq!(own(16), (ColorType::Indexed, 4), "16 colours");
    assert_eq!(own(17), (ColorType::Indexed, 8), "17 colours");
    assert_eq!(own(256), (ColorType::Indexed, 8), "256 colours");
    assert_eq!(own(257), (ColorType::Rgb, 8), "257 colours");
    let few = Pixels {
        width: 3,
        height: 1,
        rgba: [[0; 4], [0, 0, 0, 255], [9; 4]].concat(),
        opaque: false,
    };
    let straight = [[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 9]].concat();
    assert_eq!(check(&few, &straight), (ColorType::Indexed, 2), "with alpha");
}

#[test]
fn alpha_is_taken_out_of_the_colour() {
    let mut rgba: Vec<u8> = noise(5).take(64 * 64 * 4).collect();
    for [r, g, b, a] in rgba.as_chunks_mut::<4>().0 {
        [*r, *g, *b] = [*r, *g, *b].map(|part| part.min(*a));
    }
    let expected: Vec<u8> = rgba
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|[r, g, b, a]| {
            let divide = |part: u8| {
                let divided = f64::from(part) * 255.0 / f64::from(*a);
                if *a == 0 { 0 } else { (divided + 0.5).floor() as u8 }
            };
            [divide(*r), divide(*g), divide(*b), *a]
        })
        .collect();
    let pixels = Pixels { width: 64, height: 64, rgba, opaque: false };
    assert_eq!(check(&pixels, &expected), (ColorType::Rgba, 8), "too many colours for a palette");
}

#[test]
fn alpha_that_painting_left_behind_is_dropped() {
    let pixels =
        Pixels { width: 2, height: 1, rgba: vec![1, 2, 3, 255, 4, 5, 6, 254], opaque: true };
    assert_eq!(check(&pixels, &[1, 2, 3, 255, 4, 5, 6, 255]), (ColorType::Indexed, 1), "opaque");
}

#[test]
fn pictures_of_every_kind_come_back() {
    let mut bytes = noise(1);
    let mut next = move || bytes.next().unwrap_or_default();
    let noisy = opaque(700, (0..700 * 500).map(|_| [next(), next(), next()]));
    assert_eq!(check(&noisy, &noisy.rgba), (ColorType::Rgb, 8), "noise, many blocks");
    let smooth = opaque(
        640,
        (0..640 * 400_u32).map(|at| {
            let (x, y) = (at % 640, at / 640);
            [(x / 3) as u8, (y / 2) as u8, ((x + y) / 5) as u8]
        }),
    );
    assert_eq!(check(&smooth, &smooth.rgba), (ColorType::Rgb, 8), "a gradient");
    let mut grain = noise(3);
    let film = opaque(
        300,
        (0..300 * 300_u32).map(|at| [(at / 400) as u8 ^ (grain.next().unwrap_or(0) & 3); 3]),
    );
    assert_eq!(check(&film, &film.rgba), (ColorType::Grayscale, 8), "levels of grey");
    let sketch = opaque(300, (0..300 * 300_u32).map(|at| [(at / 400 % 4) as u8 * 85; 3]));
    assert_eq!(check(&sketch, &sketch.rgba), (ColorType::Indexed, 2), "few of them");
    let long = opaque(1, (0..5000_u32).map(|at| [(at % 251) as u8, (at / 251) as u8, 7]));
    check(&long, &long.rgba);
}

#[test]
fn pixels_that_belie_their_size_are_refused() {
    for (width, height, bytes) in [(2, 2, 4), (0, 1, 0), (1, 0, 0), (1, 1, 5)] {
        let pixels = Pixels { width, height, rgba: vec![0; bytes], opaque: false };
        let error = Encoder::new().encode(&pixels, 1.0, Effort::Fast).unwrap_err();
        assert_eq!(error.code(), "encode_failed", "{width} x {height} in {bytes} bytes");
    }
}

#[test]
fn a_file_says_how_large_it_is_shown() {
    for (pixel_ratio, per_metre) in [(1.0, 3780), (2.0, 7559), (0.5, 1890)] {
        let pixels = opaque(1, [[1, 2, 3]]);
        let file = Encoder::new().encode(&pixels, pixel_ratio, Effort::Fast).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let dims = reader.info().pixel_dims.unwrap();
        assert_eq!((dims.xppu, dims.yppu), (per_metre, per_metre), "at {pixel_ratio}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Runs of colours, some of them repeated from far above: what matches and filters live on.
    #[test]
    fn whatever_was_painted_comes_back(
        width in 1_u32..90,
        runs in prop::collection::vec((1_usize..300, 0_u8..9, any::<[u8; 3]>()), 1..60),
        has_alpha in any::<bool>(),
    ) {
        let mut quads: Vec<[u8; 4]> = Vec::new();
        for (count, kind, [r, g, b]) in runs {
            match kind {
                0..3 => quads.extend(std::iter::repeat_n([r, g, b, 255], count)),
                3..6 => quads.extend((0..count).map(|at| [r.wrapping_add(at as u8), g, b ^ at as u8, 255])),
                6 => quads.extend(noise(u32::from(r)).take(count).map(|byte| [byte, g, byte ^ b, 255])),
                _ => quads.extend_from_within(..count.min(quads.len())),
            }
        }
        let height = quads.len().div_ceil(width as usize).max(1);
        quads.resize(height * width as usize, [0, 0, 0, 255]);
        if has_alpha {
            quads.iter_mut().step_by(7).for_each(|quad| *quad = [0; 4]);
        }
        let rgba = quads.concat();
        let height = u32::try_from(height).unwrap();
        let pixels = Pixels { width, height, rgba: rgba.clone(), opaque: !has_alpha };
        check(&pixels, &rgba);
    }
}
