//! Colours as a template writes them.

/// A straight (not premultiplied) sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Opacity: 255 is opaque.
    pub a: u8,
}

impl Color {
    /// Opaque black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// Opaque white.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// Nothing.
    pub const TRANSPARENT: Self = Self { r: 0, g: 0, b: 0, a: 0 };

    /// An opaque colour.
    #[must_use]
    pub const fn rgb(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b, a: 255 }
    }

    /// Reads any CSS colour: `#rgb`, `#rrggbbaa`, `rgb(…)`, `hsl(…)`, names.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = color::parse_color(text).map_err(|_| {
            format!(
                "`{text}` is not a colour; write #rrggbb, #rrggbbaa, rgb(r g b / a) or a CSS name"
            )
        })?;
        let rgba = parsed.to_alpha_color::<color::Srgb>().to_rgba8();
        Ok(Self { r: rgba.r, g: rgba.g, b: rgba.b, a: rgba.a })
    }
}

/// As a template writes it: `#rrggbb`, or `#rrggbbaa` where it is not opaque.
impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { r, g, b, a } = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")?;
        if *a == 255 { Ok(()) } else { write!(f, "{a:02x}") }
    }
}
