//! Bands against decoders that others wrote, and against themselves on other threads.

#![expect(clippy::cast_possible_truncation, reason = "the pictures of these tests wrap around")]

use png::ColorType;

use super::super::tests::{EFFORTS, decoded, decoded_by_zune, noise};
use super::*;

/// Encodes with so many helpers.
fn encoded(pixels: &Pixels, effort: Effort, cut: Cut, helpers: usize) -> Vec<u8> {
    let mut encoder = Encoder { cut, ..Encoder::new() };
    encoder.set_helpers(helpers);
    encoder.encode(pixels, 1.0, effort).unwrap()
}

/// In how many chunks a file tells its pixels.
fn parts(file: &[u8]) -> usize {
    let (mut rest, mut count) = (&file[8..], 0);
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        count += usize::from(after.starts_with(b"IDAT"));
        rest = &after[u32::from_be_bytes(*length) as usize + 8..];
    }
    count
}

/// Encodes with several threads, and answers how the file stores the picture and in how many parts.
#[track_caller]
fn check(pixels: &Pixels, effort: Effort, cut: Cut) -> ((ColorType, u8), usize) {
    let alone = encoded(pixels, effort, cut, 0);
    for helpers in [1, 2, 7] {
        let helped = encoded(pixels, effort, cut, helpers);
        assert!(helped == alone, "{effort:?}: {helpers} helpers make another file");
    }
    let mut expected = pixels.rgba.clone();
    if pixels.opaque {
        expected.as_chunks_mut::<4>().0.iter_mut().for_each(|quad| quad[3] = 255);
    }
    let (color_type, depth, rgba) = decoded(&alone);
    assert!(rgba == expected, "{effort:?}: {color_type:?} is not what was painted");
    assert!(decoded_by_zune(&alone) == expected, "{effort:?}: zune reads another picture");
    ((color_type, depth), parts(&alone))
}

/// A picture of four bytes from each place and a number without a pattern.
fn picture(width: u32, height: u32, opaque: bool, of: impl Fn(u32, u8) -> [u8; 4]) -> Pixels {
    let grain = noise(7).take((width * height) as usize);
    let rgba = (0..).zip(grain).flat_map(|(at, grain)| of(at, grain)).collect();
    Pixels { width, height, rgba, opaque }
}

#[test]
fn pictures_around_the_bound_are_the_same_from_any_threads() {
    let of_kind = |kind: ColorType, depth: u8, height: u32| {
        picture(61, height, kind != ColorType::Rgba, |at, grain| match (kind, depth) {
            (ColorType::Indexed, 1) => [255 * u8::from(at / 61 % 3 == 0 || grain < 20); 4],
            (ColorType::Indexed, _) => [(at / 90) as u8 % 40, grain % 2, 9, 255],
            // Painting left some alpha behind.
            (ColorType::Grayscale, _) => {
                let grey = grain.wrapping_add((at / 61) as u8);
                [grey, grey, grey, 255 - (at % 2) as u8]
            }
            (ColorType::Rgb, _) => [(at % 61) as u8, (at / 61) as u8, grain % 4, 255],
            _ if grain < 30 => [0; 4],
            _ => [(at % 256) as u8, (at / 61) as u8, 7, 255],
        })
    };
    let row_bytes = [
        (ColorType::Indexed, 1, 9),
        (ColorType::Indexed, 8, 62),
        (ColorType::Grayscale, 8, 62),
        (ColorType::Rgb, 8, 184),
        (ColorType::Rgba, 8, 245),
    ];
    for (kind, depth, row_bytes) in row_bytes {
        let cut = Cut { whole_max: 40 * row_bytes, band_max: 15 * row_bytes };
        for (height, bands) in [(39, 1), (40, 1), (41, 3), (46, 4)] {
            for effort in EFFORTS {
                let found = check(&of_kind(kind, depth, height), effort, cut);
                let expected = ((kind, depth), bands);
                assert_eq!(found, expected, "{kind:?} of {height} rows, {effort:?}");
            }
        }
    }
}

/// Bands of a row, and rows that are larger than a band.
#[test]
fn no_picture_is_too_long_or_too_wide() {
    let cut = Cut { whole_max: 0, band_max: 10 };
    for (width, height, bands) in [(5000, 1, 1), (1, 1, 1), (700, 3, 3), (1, 60, 12), (3, 11, 5)] {
        let pixels = picture(width, height, true, |at, grain| [at as u8, grain, 3, 255]);
        for effort in EFFORTS {
            let (_, found) = check(&pixels, effort, cut);
            assert_eq!(found, bands, "{width} x {height}, {effort:?}");
        }
    }
}

#[test]
fn what_is_large_is_cut_and_what_is_not_is_left_whole() {
    let width = 1365;
    for (height, bands) in [(2048, 1), (2049, 5)] {
        let of = |at: u32, grain: u8| [(at / 700) as u8, (at % 1365 / 9) as u8, grain % 2, 255];
        let pixels = picture(width, height, true, of);
        let found = check(&pixels, Effort::Fast, Cut::default());
        assert_eq!(found, ((ColorType::Rgb, 8), bands), "{height} rows of 4 KiB");
    }
    assert_eq!(helpers_max((1200, 630)), 0, "a card is one thread's");
    assert_eq!(helpers_max((4800, 2520)), 23, "of 24 bands");
}

#[test]
fn a_band_costs_little() {
    let of = |at: u32, grain: u8| [(at / 900) as u8, (at % 300 / 2) as u8, grain % 2, 255];
    let pixels = picture(300, 600, true, of);
    for effort in EFFORTS {
        let whole = encoded(&pixels, effort, Cut::default(), 0).len();
        let cut = Cut { whole_max: 0, band_max: 128 << 10 };
        let bands = encoded(&pixels, effort, cut, 0);
        assert_eq!(parts(&bands), 5, "{effort:?}");
        assert!(bands.len() < whole + whole / 20, "{effort:?}: {} after {whole}", bands.len());
    }
}
