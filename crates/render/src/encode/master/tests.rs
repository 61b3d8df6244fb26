//! Files made from a master or a draft: the picture that was asked for, by decoders that others wrote.

use proptest::prelude::*;

use super::super::Draft;
use super::super::tests::{decoded, decoded_by_zune};
use super::*;

/// A picture of rows that each go on in their own way: plain, rising, or without a pattern.
fn picture(width: u32, kinds: &[u8], opaque: bool) -> Pixels {
    let mut state = 9_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let mut rgba = Vec::new();
    for (y, kind) in kinds.iter().enumerate() {
        for x in 0..width as usize {
            #[expect(clippy::cast_possible_truncation, reason = "it wraps around")]
            let (x, y) = (x as u8, y as u8);
            rgba.extend(match kind % 3 {
                0 => [*kind, 40, 90, 255],
                1 => [x, y.wrapping_mul(3), x ^ y, 255],
                _ => [noise(), noise(), noise(), 255],
            });
        }
    }
    if !opaque {
        rgba.as_chunks_mut::<4>().0.iter_mut().step_by(5).for_each(|quad| *quad = [9, 8, 7, 60]);
    }
    let height = u32::try_from(kinds.len()).unwrap();
    Pixels { width, height, rgba, opaque }
}

/// The picture with other pixels in some places of an area.
fn change(pixels: &mut Pixels, area: Area, every: usize, color: [u8; 3]) {
    let width = pixels.width as usize;
    let quads = pixels.rgba.as_chunks_mut::<4>().0;
    for y in area.y0 as usize..area.y1 as usize {
        for x in (area.x0 as usize..area.x1 as usize).filter(|x| (x + y) % every == 0) {
            quads[y * width + x] = [color[0], color[1], color[2], 255];
        }
    }
}

fn check(base: &Pixels, pixels: &Pixels, areas: &[Area]) {
    let mut encoder = Encoder::new();
    let master = Master::new(base, &mut encoder).unwrap();
    let file = encoder.encode_like((&master, base), pixels, areas, &[], 1.0).unwrap();
    let again = Encoder::new().encode_like((&master, base), pixels, areas, &[], 1.0).unwrap();
    assert!(file == again, "what was encoded before makes no difference");
    let whole = encoder.encode(pixels, 1.0, Effort::Fast).unwrap();
    let expected = decoded(&whole).2;
    assert!(decoded(&file).2 == expected, "another picture than the whole one");
    assert!(decoded_by_zune(&file) == expected, "zune reads another picture");
    let efforts = [Effort::Balanced, Effort::Small];
    for how in efforts.into_iter().flat_map(|effort| [(effort, false), (effort, true)]) {
        let (effort, _) = how;
        let draft = Draft::new(base, how, &mut encoder).unwrap();
        let file = encoder.encode_by((&draft, base), pixels, areas, 1.0).unwrap();
        let mut fresh = Encoder::new();
        let draft = Draft::new(base, how, &mut fresh).unwrap();
        let again = fresh.encode_by((&draft, base), pixels, areas, 1.0).unwrap();
        assert!(file == again, "{effort:?}: what was encoded before makes no difference");
        assert!(decoded(&file).2 == expected, "{effort:?}: another picture than the whole one");
        assert!(decoded_by_zune(&file) == expected, "{effort:?}: zune reads another picture");
    }
}

/// What is told anew may look back over rows that are copied at rows that are new.
#[test]
fn matches_see_what_is_new_beyond_what_is_copied() {
    let kinds = [2; 84];
    let mut base = picture(64, &kinds, true);
    let first = base.rgba.clone();
    base.rgba.extend(first.iter().map(|byte| byte.wrapping_mul(181).wrapping_add(77) ^ 0x5a));
    // The first rows again: what is left of them is found at a distance that a match may have.
    base.rgba.extend(&first[..first.len() / 2]);
    base.rgba.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
    base.height = u32::try_from(base.rgba.len() / (64 * 4)).unwrap();
    for row in [1, 20, 40] {
        let mut pixels = base.clone();
        let area = Area { x0: 8, y0: row, x1: 30, y1: row + 2 };
        change(&mut pixels, area, 1, [1, 2, 3]);
        check(&base, &pixels, &[area]);
    }
}

#[test]
fn pictures_like_a_master_come_back() {
    // Plain rows between others, and more than one block.
    let kinds: Vec<u8> = (0..400).map(|y: u32| [0, 1, 2, 0][(y / 30 % 4) as usize]).collect();
    let base = picture(700, &kinds, true);
    let whole = Area { x0: 0, y0: 0, x1: 700, y1: 400 };
    let text = Area { x0: 90, y0: 20, x1: 410, y1: 80 };
    let foot = Area { x0: 699, y0: 350, x1: 700, y1: 400 };
    for (areas, every) in
        [(vec![], 1), (vec![text], 1), (vec![text, foot], 7), (vec![foot], 1), (vec![whole], 3)]
    {
        let mut pixels = base.clone();
        areas.iter().for_each(|area| change(&mut pixels, *area, every, [250, 240, 3]));
        check(&base, &pixels, &areas);
    }
}

#[test]
fn few_colours_are_better_encoded_whole() {
    let base = picture(64, &[0; 40], true);
    let mut encoder = Encoder::new();
    let master = Master::new(&base, &mut encoder).unwrap();
    let area = Area { x0: 3, y0: 4, x1: 60, y1: 30 };
    let mut pixels = base.clone();
    change(&mut pixels, area, 2, [1, 2, 3]);
    let like = encoder.encode_like((&master, &base), &pixels, &[area], &[], 1.0).unwrap();
    assert!(like == encoder.encode(&pixels, 1.0, Effort::Fast).unwrap(), "two colours");
    // Pixels of many colours on the same ground.
    pixels.copy_area(&picture(64, &[2; 40], true), area);
    let like = encoder.encode_like((&master, &base), &pixels, &[area], &[], 1.0).unwrap();
    assert_eq!(decoded(&like).0, png::ColorType::Rgb);
    check(&base, &pixels, &[area]);
}

#[test]
fn what_is_like_a_master_takes_hardly_more_than_what_is_encoded_whole() {
    let kinds: Vec<u8> = (0..300).map(|y: u32| u8::from(y > 150)).collect();
    let base = picture(900, &kinds, true);
    let mut encoder = Encoder::new();
    let master = Master::new(&base, &mut encoder).unwrap();
    let area = Area { x0: 100, y0: 40, x1: 500, y1: 200 };
    let mut pixels = base.clone();
    change(&mut pixels, area, 3, [255, 255, 255]);
    let like = encoder.encode_like((&master, &base), &pixels, &[area], &[], 1.0).unwrap().len();
    let whole = encoder.encode(&pixels, 1.0, Effort::Fast).unwrap().len();
    assert!(like < whole * 5 / 4, "{like} bytes, whole {whole}");
}

/// A photo on a plain ground, which a row shows or a picture has by itself, takes no more bytes with more effort.
#[test]
fn photos_on_plain_ground_are_smaller_with_more_effort() {
    let base = picture(600, &[3; 400], true);
    let mut pixels = base.clone();
    let area = Area { x0: 100, y0: 50, x1: 300, y1: 300 };
    let quads = pixels.rgba.as_chunks_mut::<4>().0;
    let mut grain = 1_u32;
    for y in 50..300_u32 {
        for x in 100..300_u32 {
            grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let shade = |of: u32| u8::try_from((of + (grain >> 30)) % 256).unwrap();
            let at = (y * 600 + x) as usize;
            quads[at] = [shade(x * y / 300), shade(x / 2 + y / 3), shade(2 * y / 3), 255];
        }
    }
    check(&base, &pixels, &[area]);
    let mut encoder = Encoder::new();
    let fast = encoder.encode(&pixels, 1.0, Effort::Fast).unwrap().len();
    for effort in [Effort::Balanced, Effort::Small] {
        let whole = encoder.encode(&pixels, 1.0, effort).unwrap().len();
        assert!(whole < fast, "{effort:?}: {whole} whole, fast {fast}");
        let [as_text, as_picture] = [false, true].map(|pictures| {
            let draft = Draft::new(&base, (effort, pictures), &mut encoder).unwrap();
            encoder.encode_by((&draft, &base), &pixels, &[area], 1.0).unwrap().len()
        });
        assert!(as_picture < as_text * 3 / 4, "{effort:?}: {as_picture}, as text {as_text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_differs_comes_back(
        width in 1_u32..400,
        kinds in prop::collection::vec(0_u8..6, 1..60),
        opaque in any::<bool>(),
        changes in prop::collection::vec(
            (0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 0.0..1.0_f64, 1_usize..9, any::<[u8; 3]>()), 0..4),
    ) {
        let base = picture(width, &kinds, opaque);
        let mut pixels = base.clone();
        let mut areas = Vec::new();
        for (x, y, to_x, to_y, every, color) in changes {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on the canvas")]
            let part = |from: f64, to: f64, side: u32| {
                let (from, to) = (from.min(to), from.max(to));
                ((from * f64::from(side)) as u32, (to * f64::from(side)).ceil() as u32)
            };
            let ((x0, x1), (y0, y1)) = (part(x, to_x, width), part(y, to_y, base.height));
            let area = Area { x0, y0, x1, y1 };
            change(&mut pixels, area, every, color);
            areas.push(area);
        }
        check(&base, &pixels, &areas);
    }
}
