//! The tables of a face, checked before anything is read from them.
//!
//! skrifa checks each offset that it follows, so a broken table gives an error and not a crash;
//! here such a font is refused as a whole. Deliberately absent: glyphs, which `draw.rs` tries.

use pixeldrive_model::limits::FONT_AXES_MAX;
use skrifa::bitmap::BitmapFormat;
use skrifa::raw::TableProvider;
use skrifa::raw::types::Tag;
use skrifa::{FontRef, MetadataProvider};

use crate::Error;

/// Checks the tables of one face in a file of that length.
pub(crate) fn tables(font: &FontRef<'_>, file_bytes: usize) -> Result<(), Error> {
    for record in font.table_directory().table_records() {
        let end = u64::from(record.offset()) + u64::from(record.length());
        if end > file_bytes as u64 {
            return Err(Error::table(record.tag(), "lies beyond the end of the file"));
        }
    }
    for tag in [b"VARC", b"hvgl"] {
        if font.table_data(Tag::new(tag)).is_some() {
            let reason = "holds glyphs in a format that is not supported";
            return Err(Error::table(Tag::new(tag), reason));
        }
    }
    let missing = |table: &str| Error::table(table, "is missing or broken");
    let head = font.head().map_err(|_| missing("head"))?;
    if !(16..=16_384).contains(&head.units_per_em()) {
        return Err(Error::table("head", format!("says {} units per em", head.units_per_em())));
    }
    let hhea = font.hhea().map_err(|_| missing("hhea"))?;
    if hhea.number_of_h_metrics() == 0 {
        return Err(Error::table("hhea", "says that no glyph has a width"));
    }
    font.hmtx().map_err(|_| missing("hmtx"))?;
    let maxp = font.maxp().map_err(|_| missing("maxp"))?;
    if maxp.num_glyphs() == 0 {
        return Err(Error::table("maxp", "says that there are no glyphs"));
    }
    font.name().map_err(|_| missing("name"))?;
    if !font.charmap().has_map() {
        return Err(missing("cmap"));
    }
    if has(font, b"OS/2") {
        font.os2().map_err(|_| missing("OS/2"))?;
    }
    if has(font, b"fvar") {
        font.fvar().and_then(|fvar| fvar.axes()).map_err(|_| missing("fvar"))?;
        if font.axes().len() > FONT_AXES_MAX {
            return Err(Error::TooComplex { what: "axes" });
        }
    }
    // Bitmaps of old screen fonts are not drawn.
    let pictures =
        matches!(font.bitmap_strikes().format(), Some(BitmapFormat::Sbix | BitmapFormat::Cbdt));
    let drawn = font.outline_glyphs().format().is_some() || pictures;
    if drawn { Ok(()) } else { Err(Error::Undrawable) }
}

pub(crate) fn has(font: &FontRef<'_>, tag: &[u8; 4]) -> bool {
    font.table_data(Tag::new(tag)).is_some()
}
