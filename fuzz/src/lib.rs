//! What strangers may send, on the way that it takes: bytes in, a picture or a refusal out.
//!
//! Each entry function takes any bytes. It returns when they are refused as the caller's fault, and when
//! they become a picture; a panic, anything that is not the caller's fault, and a run over the limits that
//! `cargo xtask fuzz` sets is a finding. Pictures are small, since size alone costs what it should.
//!
//! The fuzz targets call them with what libFuzzer makes up, `tests/tests/fuzz.rs` with seeds and with past
//! findings. Deliberately absent: the network, the GPU, and libFuzzer itself.

mod barcode;
mod font;
mod image;
mod payload;
mod studio;
mod svg;
mod template;

pub use barcode::barcode;
pub use font::font;
pub use image::image;
pub use payload::payload;
pub use svg::svg;
pub use template::template;

/// The entry functions, by the names of their fuzz targets.
pub const TARGETS: [(&str, fn(&[u8])); 6] = [
    ("template", template),
    ("payload", payload),
    ("font", font),
    ("svg", svg),
    ("image", image),
    ("barcode", barcode),
];

/// Lets a panic be told and go on: what the code itself catches is no finding. What nobody catches ends
/// the process all the same.
pub fn tell() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}
