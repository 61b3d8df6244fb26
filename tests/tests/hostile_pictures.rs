//! Picture files that were made to hurt: each is refused from its header, or costs no more than a
//! large photo does.
//!
//! Deliberately absent: SVG, whose guards have tests of their own, and random damage.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::time::{Duration, Instant};

use pixeldrive_model::Payload;
use pixeldrive_model::limits::IMAGE_BYTES_MAX;
use pixeldrive_render::Asset;
use pixeldrive_tests::{Studio, folder};
use serde_json::json;

/// Memory that the process may have used: a decoded picture of 50 megapixels, and this much besides.
const PEAK_BYTES_MAX: u64 = 700 << 20;

/// Draws a file on a small canvas. It must end as `expected` says: `drawn` and the codes of its
/// warnings, or the code and message of its refusal.
#[track_caller]
fn check(file: Vec<u8>, expected: &str) {
    let begun = Instant::now();
    let found = draw(file);
    let (elapsed, peak) = (begun.elapsed(), peak_bytes());
    assert!(found.starts_with(expected), "found {found}");
    assert!(elapsed < Duration::from_secs(120), "took {elapsed:?}");
    assert!(peak < PEAK_BYTES_MAX, "{peak} bytes of memory");
}

fn draw(file: Vec<u8>) -> String {
    if let Err(error) = Asset::read(file.clone().into()) {
        return format!("{}: {error}", error.code());
    }
    let images = tempfile::tempdir().expect("a folder");
    std::fs::write(images.path().join("picture"), file).expect("a file");
    let template = json!({"width": 20, "height": 20, "elements": [
        {"id": "i", "type": "image", "width": 20, "height": 20, "src": "picture"}]});
    match Studio::new(images.path().to_owned()).draw(&template, &Payload::new(), 1.0) {
        Ok((_, warnings)) => {
            let codes = warnings.iter().map(|warning| format!(" {}", warning.code));
            format!("drawn{}", codes.collect::<String>())
        }
        Err(error) => format!("refused: {error:#}"),
    }
}

/// The most memory that this process ever had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1024
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder("fixtures/pictures").join(name)).expect(name)
}

/// Zeros, so many that they are no size once compressed.
fn zeros(bytes: usize) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let part = vec![0; 1 << 20];
    for _ in 0..bytes >> 20 {
        packed.write_all(&part).expect("memory");
    }
    packed.write_all(&part[..bytes & ((1 << 20) - 1)]).expect("memory");
    packed.finish().expect("memory")
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).expect("a chunk").to_be_bytes().to_vec();
    chunk.extend(kind);
    chunk.extend(data);
    let checksum = crc32fast::hash(&chunk[4..]);
    chunk.extend(checksum.to_be_bytes());
    chunk
}

/// A PNG of grey pixels, all black, with `extra` chunks before them.
fn png(width: u32, height: u32, extra: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let pixels = zeros((width as usize + 1) * height as usize);
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &header),
        extra,
        &chunk(b"IDAT", &pixels),
        &chunk(b"IEND", b""),
    ]
    .concat()
}

/// A JPEG with `segments` after its first two bytes.
fn jpeg(segments: &[u8]) -> Vec<u8> {
    let plain = fixture("baseline.jpg");
    [&plain[..2], segments, &plain[2..]].concat()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).expect("a segment").to_be_bytes();
    [&[0xff, marker], length.as_slice(), data].concat()
}

#[test]
fn more_pixels_than_are_taken_are_refused_from_the_header() {
    check(png(10_000, 10_000, b""), "image_too_large: 10000 x 10000 px");
    let mut wide = fixture("baseline.jpg");
    let frame = wide.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
    wide[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    check(wide, "image_too_large: 65535 x 65535 px");
    let mut gif = fixture("animated.gif");
    gif[6..10].copy_from_slice(&[0xff; 4]);
    check(gif, "image_too_large: 65535 x 65535 px");
    let mut webp = fixture("animated.webp");
    assert_eq!(&webp[12..16], b"VP8X", "an extended header");
    webp[24..30].copy_from_slice(&[0xff, 0x3f, 0, 0xff, 0x3f, 0]);
    check(webp, "image_too_large: 16384 x 16384 px");
}

#[test]
fn as_many_pixels_as_are_taken_stay_within_the_budget() {
    check(png(10_000, 5_000, b""), "drawn");
}

#[test]
fn packed_profiles_and_texts_are_not_unpacked_without_end() {
    let bomb = zeros(1 << 30);
    let profile = [b"x\0\0".as_slice(), &bomb].concat();
    check(png(20, 20, &chunk(b"iCCP", &profile)), "drawn");
    let text = [b"Comment\0\0".as_slice(), &bomb].concat();
    check(png(20, 20, &chunk(b"zTXt", &text)), "drawn");
    let text = [b"XML:com.adobe.xmp\0\x01\0\0\0".as_slice(), &bomb].concat();
    check(png(20, 20, &chunk(b"iTXt", &text)), "drawn");
    let many: Vec<u8> = (0..200).flat_map(|_| chunk(b"zTXt", b"Comment\0\0x")).collect();
    check(png(20, 20, &many), "drawn");
}

#[test]
fn a_profile_of_megabytes_is_not_read() {
    let part = [b"ICC_PROFILE\0".as_slice(), &[0, 150], &[7; 65_000]].concat();
    let parts: Vec<u8> = (1..=150_u8)
        .flat_map(|number| {
            let mut part = part.clone();
            part[12] = number;
            segment(0xe2, &part)
        })
        .collect();
    let file = jpeg(&parts);
    assert!(file.len() < IMAGE_BYTES_MAX, "{} bytes", file.len());
    check(file, "drawn profile_ignored");
}

#[test]
fn exif_that_goes_round_in_circles_is_passed_over() {
    // One directory with as many entries as fit, none of them there, and itself as the next one.
    let circle = [b"Exif\0\0MM\0*\0\0\0\x08\xff\xff".as_slice(), &[0, 0, 0, 8]].concat();
    check(jpeg(&segment(0xe1, &circle)), "drawn");
    let far = b"Exif\0\0MM\0*\xff\xff\xff\xff";
    check(jpeg(&segment(0xe1, far)), "drawn");
    let nonsense = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\xff\0\0";
    check(jpeg(&segment(0xe1, nonsense)), "drawn");
}

#[test]
fn a_jpeg_of_endless_scans_is_broken() {
    let plain = fixture("progressive.jpg");
    let last = plain.windows(2).rposition(|pair| pair == [0xff, 0xda]).expect("a scan");
    let scan = &plain[last..plain.len() - 2];
    let scans: Vec<u8> = (0..20_000).flat_map(|_| scan).copied().collect();
    let file = [&plain[..plain.len() - 2], &scans, &[0xff, 0xd9]].concat();
    check(file, "refused: the picture is broken: it comes in more than 100 scans");
}

#[test]
fn frames_that_lie_outside_of_their_gif_harm_nothing() {
    let mut gif = fixture("transparent.gif");
    let image = gif.iter().rposition(|byte| *byte == b',').expect("a frame");
    gif[image + 1..image + 5].copy_from_slice(&[0xf0, 0xff, 0xf0, 0xff]);
    let found = draw(gif);
    assert!(found.starts_with("drawn") || found.contains("broken"), "{found}");
}
