//! Why a font file is refused. All of it is the caller's to mend.

use pixeldrive_model::Fault;
use pixeldrive_model::limits::FONT_BYTES_MAX;

/// Why a font file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its doc comment would")]
pub enum Error {
    #[error(
        "the font has more than {FONT_BYTES_MAX} bytes, as it is or unpacked; use a subset of it"
    )]
    TooLarge,
    #[error("it is no TrueType, OpenType, WOFF or WOFF2 file: {reason}")]
    NoFont { reason: String },
    #[error(
        "the {container} file is broken: {reason}; export it again, or use the TTF or OTF file"
    )]
    Container { container: &'static str, reason: String },
    #[error("the font's table `{table}` {reason}; export the font again")]
    Table { table: String, reason: String },
    #[error("the font has no family name; give it one in its `name` table")]
    Unnamed,
    #[error("the font has no glyphs that can be drawn: neither outlines nor bitmaps")]
    Undrawable,
    #[error("glyph {glyph} of the font cannot be drawn: {reason}; export the font again")]
    Glyph { glyph: u32, reason: String },
    #[error("the font has too many {what}; use a simpler one")]
    TooComplex { what: &'static str },
}

impl Error {
    /// Who can act: always the caller.
    #[must_use]
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "font_too_large",
            Self::NoFont { .. } => "font_unknown",
            Self::Container { .. } | Self::Table { .. } | Self::Glyph { .. } => "font_broken",
            Self::Unnamed => "font_unnamed",
            Self::Undrawable => "font_undrawable",
            Self::TooComplex { .. } => "font_too_complex",
        }
    }

    pub(crate) fn table(table: impl std::fmt::Display, reason: impl Into<String>) -> Self {
        Self::Table { table: table.to_string(), reason: reason.into() }
    }
}
