//! Font files: the ones that ship with the project and the ones that were added.
//!
//! Files come in as bytes, so a render depends on nothing that is installed on the machine.
//! Deliberately absent: shaping (`layout/typeset.rs`), and any look at the system's fonts.

use std::sync::{Arc, OnceLock};

use parley::fontique::{Blob, Collection, CollectionOptions};
use pixeldrive_model::limits::FONT_BYTES_MAX;
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};

use crate::Error;
use crate::picture::svg::SvgFonts;

/// The family that replaces one that is not there.
pub(crate) const FALLBACK: &str = "Inter";

/// A set of font files. Clones share the bytes.
#[derive(Clone, Default)]
pub struct Fonts {
    files: Vec<Blob<u8>>,
    svg: Arc<OnceLock<SvgFonts>>,
}

impl Fonts {
    /// Inter Regular and Bold, which ship with the project.
    #[must_use]
    pub fn bundled() -> Self {
        let regular: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
        let bold: &[u8] = include_bytes!("../fonts/Inter-Bold.ttf");
        let files = [regular, bold].map(|file| Blob::new(Arc::new(file))).to_vec();
        Self { files, svg: Arc::default() }
    }

    /// Adds a TrueType or OpenType file and returns the families in it.
    ///
    /// # Errors
    /// [`Error::FontInvalid`] when the file cannot be used.
    pub fn add(
        &mut self,
        bytes: impl AsRef<[u8]> + Send + Sync + 'static,
    ) -> Result<Vec<String>, Error> {
        check(bytes.as_ref()).map_err(|reason| Error::FontInvalid { reason })?;
        let file = Blob::new(Arc::new(bytes));
        let mut collection = collection();
        let mut families = Vec::new();
        for (family, _) in collection.register_fonts(file.clone(), None) {
            families.extend(collection.family_name(family).map(str::to_owned));
        }
        if families.is_empty() {
            let reason = "it has no family name or no character map".to_owned();
            return Err(Error::FontInvalid { reason });
        }
        self.files.push(file);
        self.svg = Arc::default();
        Ok(families)
    }

    /// The files, the bundled ones first.
    pub(crate) fn files(&self) -> &[Blob<u8>] {
        &self.files
    }

    /// The same files for texts in SVG documents, made when the first such document comes.
    pub(crate) fn svg(&self) -> &SvgFonts {
        self.svg.get_or_init(|| SvgFonts::new(self.files.iter().map(|file| file.data())))
    }
}

/// A collection without a single font.
pub(crate) fn collection() -> Collection {
    Collection::new(CollectionOptions { shared: false, system_fonts: false })
}

/// Refuses what could not be painted later on.
fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > FONT_BYTES_MAX {
        return Err(format!("{} bytes; at most {FONT_BYTES_MAX} are taken", bytes.len()));
    }
    if bytes.starts_with(b"wOF") {
        return Err("it is a WOFF file; unpack it to TTF or OTF first".to_owned());
    }
    let mut count = 0;
    for font in FontRef::fonts(bytes) {
        let font = font.map_err(|error| format!("no TrueType or OpenType file: {error}"))?;
        table(&font)?;
        count += 1;
    }
    if count == 0 {
        return Err("no TrueType or OpenType file".to_owned());
    }
    Ok(())
}

/// Checks the tables of one font of the file.
fn table(font: &FontRef<'_>) -> Result<(), String> {
    let missing = |table: &str| format!("its table `{table}` is missing or broken");
    let head = font.head().map_err(|_| missing("head"))?;
    if !(16..=16_384).contains(&head.units_per_em()) {
        return Err(format!("{} units per em", head.units_per_em()));
    }
    font.hhea().map_err(|_| missing("hhea"))?;
    font.hmtx().map_err(|_| missing("hmtx"))?;
    font.maxp().map_err(|_| missing("maxp"))?;
    if !font.charmap().has_map() {
        return Err(missing("cmap"));
    }
    let drawn =
        font.outline_glyphs().format().is_some() || font.bitmap_strikes().format().is_some();
    if drawn { Ok(()) } else { Err("it has no glyphs that can be drawn".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<&[&str], &str>) {
        match (Fonts::default().add(bytes.to_vec()), expected) {
            (Ok(families), Ok(expected)) => assert_eq!(families, expected, "families"),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "`{error}` says `{part}`");
            }
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn fonts_are_checked_before_they_are_used() {
        let inter = include_bytes!("../fonts/Inter-Bold.ttf");
        check(inter, Ok(&["Inter"]));
        check(b"", Err("no TrueType"));
        check(b"wOF2....", Err("WOFF"));
        check(b"<html>not a font at all</html>", Err("no TrueType"));
        check(&inter[..5_000], Err(""));
        check(&vec![0; FONT_BYTES_MAX + 1], Err("at most"));
    }
}
