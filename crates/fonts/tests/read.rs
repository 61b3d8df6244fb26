//! Font files in every packing, described; and what is refused, with why.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use pixeldrive_fonts::{Error, Face, FontFile, Glyphs, families, read};
use pixeldrive_model::limits::FONT_BYTES_MAX;

const WOFF: &[u8] = include_bytes!("fixtures/Inter-Bold-subset.woff");
const WOFF2: &[u8] = include_bytes!("fixtures/Inter-Bold-subset.woff2");
const INTER: &[u8] = include_bytes!("../../render/fonts/Inter-Bold.ttf");
const VARIABLE: &[u8] = include_bytes!("fixtures/PixelBars-variable.ttf");
const CFF: &[u8] = include_bytes!("fixtures/PixelBars.otf");
const COLLECTION: &[u8] = include_bytes!("fixtures/PixelBars.ttc");
const COLOR: &[u8] = include_bytes!("fixtures/PixelBars-color.ttf");
const BOMB: &[u8] = include_bytes!("fixtures/composite-bomb.ttf");
const PAINT_BOMB: &[u8] = include_bytes!("fixtures/paint-bomb.ttf");
const SUBR_BOMB: &[u8] = include_bytes!("fixtures/subr-bomb.otf");

fn good(bytes: &'static [u8]) -> FontFile {
    read(Bytes::from_static(bytes), Glyphs::All).unwrap()
}

/// The faces in a line each.
fn outline(file: &FontFile) -> Vec<String> {
    let face = |face: &Face| {
        let (weight, width) = (face.weight, face.width);
        let axes: Vec<_> = face.axes.iter().map(|axis| axis.tag.as_str()).collect();
        format!(
            "{} / {}: {}-{} {:?} {}-{}% [{}] {} glyphs{}{}",
            face.family,
            face.subfamily,
            weight.min,
            weight.max,
            face.style,
            width.min,
            width.max,
            axes.join(" "),
            face.glyphs,
            if face.monospace { " mono" } else { "" },
            if face.color { " color" } else { "" },
        )
    };
    file.faces.iter().map(face).collect()
}

#[test]
fn every_packing_is_read() {
    let subset = "Inter / Bold: 700-700 Normal 100-100% [] 17 glyphs";
    for (bytes, expected) in [
        (WOFF, vec![subset]),
        (WOFF2, vec![subset]),
        (INTER, vec!["Inter / Bold: 700-700 Normal 100-100% [] 2937 glyphs"]),
        (COLOR, vec!["Pixel Bars Color / Regular: 400-400 Normal 100-100% [] 3 glyphs color"]),
        (CFF, vec!["Pixel Bars / Regular: 400-400 Normal 100-100% [] 2 glyphs"]),
        (VARIABLE, vec!["Pixel Bars / Regular: 100-900 Normal 75-125% [wght wdth] 4 glyphs mono"]),
        (
            COLLECTION,
            vec![
                "Pixel Bars One / Regular: 400-400 Normal 100-100% [] 2 glyphs",
                "Pixel Bars Two / Regular: 400-400 Normal 100-100% [] 2 glyphs",
            ],
        ),
    ] {
        assert_eq!(outline(&good(bytes)), expected);
    }
    assert_eq!(families(&good(COLLECTION).faces), ["Pixel Bars One", "Pixel Bars Two"]);
    let twice = [good(INTER).faces, good(WOFF).faces].concat();
    assert_eq!(families(&twice), ["Inter"], "each once");
}

#[test]
fn what_was_packed_is_named_by_what_was_sent() {
    let (woff, woff2) = (good(WOFF), good(WOFF2));
    assert_ne!(woff.hash, woff2.hash, "other bytes, another name");
    assert_eq!(woff.hash.0, *blake3_of(WOFF), "of the bytes as they were sent");
    for file in [woff, woff2] {
        assert!(file.sfnt.starts_with(&[0, 1, 0, 0]), "TrueType");
        let again = read(file.sfnt.clone(), Glyphs::Some).unwrap();
        assert_eq!(again.faces, file.faces, "what was unpacked reads alike");
    }
    assert_eq!(good(INTER).sfnt, INTER, "what was not packed is left as it is");
}

fn blake3_of(bytes: &[u8]) -> Box<[u8; 32]> {
    Box::new(pixeldrive_model::FontHash::of(bytes).0)
}

#[test]
fn a_variable_font_says_what_varies() {
    let face = &good(VARIABLE).faces[0];
    let weight = &face.axes[0];
    assert_eq!(
        (weight.name.as_str(), weight.min, weight.default, weight.max),
        ("Weight", 100.0, 400.0, 900.0)
    );
    let black = &face.instances[1];
    assert_eq!((black.name.as_str(), black.coords["wght"]), ("Black", 900.0));
    let json = serde_json::to_value(face).unwrap();
    assert_eq!(json["weight"], serde_json::json!({"min": 100.0, "max": 900.0}), "{json}");
    assert_eq!(serde_json::from_value::<Face>(json).unwrap(), *face);
}

#[track_caller]
fn check(bytes: impl Into<Bytes>, code: &str, words: &str) {
    let error = read(bytes.into(), Glyphs::All).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(words), "`{error}` says `{words}`");
}

/// `bytes` with others in one place.
fn with(bytes: &[u8], at: usize, others: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + others.len()].copy_from_slice(others);
    bytes
}

/// Where a table's entry is in a font's directory.
fn entry(bytes: &[u8], tag: &[u8; 4]) -> usize {
    (12..).step_by(16).find(|at| bytes[*at..].starts_with(tag)).unwrap()
}

/// The font with a table called otherwise, as if it were not there.
fn without(bytes: &[u8], tag: &[u8; 4]) -> Vec<u8> {
    with(bytes, entry(bytes, tag), b"zzzz")
}

#[test]
fn what_is_no_font_is_refused() {
    check(&b""[..], "font_unknown", "no TrueType");
    check(&b"<html>not a font at all</html>"[..], "font_unknown", "no TrueType");
    check(&b"\0\x01\0\0"[..], "font_unknown", "no TrueType");
    check(vec![0; FONT_BYTES_MAX + 1], "font_too_large", "33554432 bytes");
    check(INTER[..5_000].to_vec(), "font_broken", "lies beyond the end");
}

#[test]
fn tables_are_checked_before_they_are_used() {
    for tag in [b"head", b"hhea", b"hmtx", b"maxp", b"cmap", b"name"] {
        let words = format!("`{}` is missing or broken", String::from_utf8_lossy(tag));
        check(without(VARIABLE, tag), "font_broken", &words);
    }
    check(without(VARIABLE, b"glyf"), "font_undrawable", "no glyphs that can be drawn");
    let at = |tag: &[u8; 4]| {
        let entry = entry(VARIABLE, tag);
        u32::from_be_bytes(VARIABLE[entry + 8..entry + 12].try_into().unwrap()) as usize
    };
    check(with(VARIABLE, at(b"head") + 18, &[0, 1]), "font_broken", "1 units per em");
    check(with(VARIABLE, at(b"maxp") + 4, &[0, 0]), "font_broken", "no glyphs");
    check(with(VARIABLE, at(b"hhea") + 34, &[0, 0]), "font_broken", "no glyph has a width");
    // More glyphs than there are places for them.
    check(with(VARIABLE, at(b"maxp") + 4, &[0x40, 0]), "font_broken", "cannot be drawn");
    check(with(VARIABLE, entry(VARIABLE, b"gvar"), b"VARC"), "font_broken", "not supported");
}

#[test]
fn a_glyph_that_multiplies_is_refused_before_it_is_drawn() {
    check(BOMB, "font_too_complex", "glyphs inside of glyphs");
    for bomb in [BOMB, SUBR_BOMB, PAINT_BOMB] {
        assert!(read(Bytes::from_static(bomb), Glyphs::Some).is_err(), "nor where some are drawn");
    }
    check(SUBR_BOMB, "font_too_complex", "calls of subroutines");
    check(PAINT_BOMB, "font_too_complex", "paints in one glyph");
}

#[test]
fn what_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    // The first table claims four gigabytes, or as much as is just too much.
    for length in [u32::MAX, 0x0200_0001] {
        check(with(WOFF, 44 + 12, &length.to_be_bytes()), "font_too_large", "as it is or unpacked");
    }
    // It claims less or more than there is.
    check(with(WOFF, 44 + 12, &[0, 1, 0, 0]), "font_broken", "cannot be unpacked");
    check(with(WOFF, 12, &[0xff, 0xff]), "font_too_complex", "tables");
    check(with(WOFF, 44 + 4, &[0, 0xff, 0, 0]), "font_broken", "beyond its end");
    check(WOFF[..60].to_vec(), "font_broken", "cut off");
    check(WOFF2[..WOFF2.len() / 2].to_vec(), "font_broken", "WOFF2");
    check(WOFF2[..30].to_vec(), "font_broken", "WOFF2");
    check(with(WOFF2, 20, &[0, 0, 0, 9]), "font_broken", "WOFF2");
}

/// Whatever a byte is changed to, reading ends, and with an answer.
#[test]
fn no_changed_byte_breaks_the_reader() {
    let mut refused = 0;
    for font in [VARIABLE, CFF, COLOR, COLLECTION, WOFF, WOFF2] {
        for at in 0..font.len() {
            for value in [0, 0x7f, 0xff] {
                let read: Result<FontFile, Error> =
                    read(with(font, at, &[value]).into(), Glyphs::All);
                refused += usize::from(read.is_err());
            }
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
}
