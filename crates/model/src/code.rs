//! Codes that machines read: what a template says of QR codes and barcodes.
//!
//! Deliberately absent: the rules for what a barcode can say (`barcode.rs`), and the modules, which the
//! renderer makes.

use crate::element::Length;
use crate::property::{properties, words};
use crate::{Color, Paint, Source};

properties! {
    /// A QR code.
    pub struct QrCode {
        /// What it says.
        "text" text: String = String::new();
        /// How much of it may be damaged.
        "errorCorrection" error_correction: ErrorCorrection = ErrorCorrection::M;
        /// Exactly this version, 1 (21 modules a side) to 40 (177); 0 takes the smallest that fits.
        "version" version: u32 = 0, in 0..=40;
        /// The smallest version taken, so that codes of texts of several lengths look alike.
        "minVersion" min_version: u32 = 1, in 1..=40;
        /// Paint of the modules; a gradient spans the code without its quiet zone.
        "color" color: Paint = Paint::Solid(Color::BLACK);
        /// Painted behind them, over the whole box.
        "background" background: Color = Color::WHITE;
        /// Margin in modules; the standard asks for 4.
        "quietZone" quiet_zone: u32 = 4, in 0..=20;
        /// Shape of the modules.
        "dotStyle" dot_style: DotStyle = DotStyle::Square;
        /// Shape of the three marks in the corners.
        "eyeStyle" eye_style: EyeStyle = EyeStyle::Square;
        /// Colour of those marks; that of the modules by default.
        "eyeColor" eye_color: Option<Color> = None;
        /// A picture in the middle; the error correction is raised as far as it needs.
        "logo" logo: Source = Source::Missing;
        /// Width of the logo as a share of the code without its quiet zone.
        "logoSize" logo_size: f64 = 0.2, in 0.05..=0.4;
        /// Space around the logo in modules.
        "logoPadding" logo_padding: f64 = 0.5, in 0.0..=5.0;
    }
}

properties! {
    /// A linear barcode.
    pub struct Barcode {
        /// Which code.
        "symbology" symbology: Symbology = Symbology::Code128;
        /// What it says.
        "text" text: String = String::new();
        /// Colour of the bars and of the text below.
        "color" color: Color = Color::BLACK;
        /// Painted behind them, over the whole box.
        "background" background: Color = Color::WHITE;
        /// Whether the text is written below the bars.
        "showText" show_text: bool = true;
        /// Width of the narrowest bar in px, down to whole device pixels; `"auto"` fills the box.
        "moduleWidth" module_width: Length = Length::Auto;
        /// Height of the bars in px; `"auto"` fills the box.
        "barHeight" bar_height: Length = Length::Auto;
    }
}

words! {
    /// Share of a QR code that may be damaged.
    pub enum ErrorCorrection {
        /// 7 %.
        L = "L",
        /// 15 %.
        M = "M",
        /// 25 %.
        Q = "Q",
        /// 30 %.
        H = "H",
    }
}

words! {
    /// Shape of a QR code's modules.
    pub enum DotStyle {
        /// Squares.
        Square = "square",
        /// Squares that touch are one shape, with round corners.
        Rounded = "rounded",
        /// A dot for each.
        Dots = "dots",
    }
}

words! {
    /// Shape of the marks in the corners of a QR code.
    pub enum EyeStyle {
        /// Squares.
        Square = "square",
        /// Squares with round corners.
        Rounded = "rounded",
        /// Circles.
        Circle = "circle",
    }
}

words! {
    /// A kind of barcode.
    pub enum Symbology {
        /// Code 128, sets A, B and C chosen as the text needs.
        Code128 = "code128",
        /// EAN-13: 12 digits, or 13 with their check digit; then `+` and 2 or 5 digits, if there are.
        Ean13 = "ean13",
        /// EAN-8: 7 digits, or 8 with their check digit.
        Ean8 = "ean8",
        /// UPC-A: 11 digits, or 12 with their check digit; then `+` and 2 or 5 digits, if there are.
        Upca = "upca",
        /// Code 39.
        Code39 = "code39",
        /// Code 93; its two check characters are added.
        Code93 = "code93",
        /// Code 11; its check characters are added.
        Code11 = "code11",
        /// Codabar; `A` at both ends unless the text has its own letters A to D there.
        Codabar = "codabar",
        /// Interleaved 2 of 5: pairs of digits; a check digit makes an odd number of them even.
        Itf = "itf",
    }
}
