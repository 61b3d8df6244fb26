//! Font files: the ones that ship with the project and the ones that were added.
//!
//! Files come in as bytes, so a render depends on nothing that is installed on the machine. The
//! files of a worker are the same for every picture; those that an account uploaded come with the
//! picture ([`Fonts::with`]). Deliberately absent: what a font file is and whether it can be used
//! (`pixeldrive-fonts`), shaping (`layout/typeset.rs`), and any look at the system's fonts.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parley::fontique::{Blob, Collection, CollectionOptions, FamilyId, FontInfo};
use pixeldrive_fonts::Glyphs;
use pixeldrive_model::FontHash;

use crate::Error;
use crate::picture::svg::SvgFonts;

/// The family that replaces one that is not there.
pub(crate) const FALLBACK: &str = "Inter";

/// The font files that ship with the project, by their names.
pub const BUNDLED: [(&str, &[u8]); 2] = [
    ("Inter-Regular.ttf", include_bytes!("../fonts/Inter-Regular.ttf")),
    ("Inter-Bold.ttf", include_bytes!("../fonts/Inter-Bold.ttf")),
];

/// One uploaded font file, checked. Clones share the bytes.
#[derive(Clone, Debug)]
pub struct Font {
    hash: FontHash,
    file: Blob<u8>,
}

impl Font {
    /// Checks a file that is called `hash`: the hash of what was uploaded, which may have been packed.
    ///
    /// # Errors
    /// [`Error::FontInvalid`] when the file cannot be used.
    pub fn new(hash: FontHash, bytes: Bytes) -> Result<Self, Error> {
        let (file, _) = read(bytes)?;
        Ok(Self { hash, file })
    }

    /// Its name.
    #[must_use]
    pub fn hash(&self) -> FontHash {
        self.hash
    }

    /// Length of the file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.file.len()
    }
}

/// A set of font files. Clones share the bytes.
#[derive(Clone, Default)]
pub struct Fonts {
    files: Vec<Blob<u8>>,
    /// The uploaded ones among them, in the order of their hashes.
    uploaded: Arc<[FontHash]>,
    svg: Arc<OnceLock<SvgFonts>>,
}

impl Fonts {
    /// Inter Regular and Bold, which ship with the project.
    #[must_use]
    pub fn bundled() -> Self {
        let files = BUNDLED.map(|(_, file)| Blob::new(Arc::new(file))).to_vec();
        Self { files, ..Self::default() }
    }

    /// Adds a TrueType, OpenType, WOFF or WOFF2 file and returns the families in it.
    ///
    /// # Errors
    /// [`Error::FontInvalid`] when the file cannot be used.
    pub fn add(&mut self, bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<String>, Error> {
        let (file, families) = read(Bytes::from_owner(bytes))?;
        self.files.push(file);
        self.svg = Arc::default();
        Ok(families)
    }

    /// These fonts and the uploaded ones. Where two have the same family, weight and style, the
    /// uploaded one is used; the order in which they are given does not matter.
    #[must_use]
    pub fn with(&self, uploaded: &[Font]) -> Self {
        let mut uploaded = uploaded.to_vec();
        uploaded.sort_unstable_by_key(|font| font.hash);
        uploaded.dedup_by_key(|font| font.hash);
        let hashes = uploaded.iter().map(|font| font.hash).collect();
        // The first of equals is used.
        let files = uploaded.into_iter().map(|font| font.file);
        let files = files.chain(self.files.iter().cloned()).collect();
        Self { files, uploaded: hashes, svg: Arc::default() }
    }

    /// The uploaded ones among them, in the order of their hashes: sets with the same ones are the
    /// same, wherever the other files are.
    pub(crate) fn uploaded(&self) -> &Arc<[FontHash]> {
        &self.uploaded
    }

    /// The files in the order in which they are looked through.
    pub(crate) fn files(&self) -> &[Blob<u8>] {
        &self.files
    }

    /// The same files for texts in SVG documents, made when the first such document comes.
    pub(crate) fn svg(&self) -> &SvgFonts {
        self.svg.get_or_init(|| SvgFonts::new(&self.files))
    }
}

/// A collection without a single font.
pub(crate) fn collection() -> Collection {
    Collection::new(CollectionOptions { shared: false, system_fonts: false })
}

/// The file unpacked, with its families.
fn read(bytes: Bytes) -> Result<(Blob<u8>, Vec<String>), Error> {
    let invalid = |reason| Error::FontInvalid { reason };
    // Those of strangers were drawn to the last glyph when they were uploaded.
    let file = pixeldrive_fonts::read(bytes, Glyphs::Some);
    let file = file.map_err(|error| invalid(error.to_string()))?;
    let families = pixeldrive_fonts::families(&file.faces);
    let families: Vec<_> = families.into_iter().map(str::to_owned).collect();
    let blob = Blob::new(Arc::new(file.sfnt));
    // What fontique would not find by the names that it was described with would be lost silently.
    if families_of(&blob) != families {
        return Err(invalid("its families are not found by their names".to_owned()));
    }
    Ok((blob, families))
}

/// Makes a file's faces known, and answers its families in the order of their first faces: fontique
/// answers them in no order, and what stands in for what must not depend on chance.
pub(crate) fn register(
    collection: &mut Collection,
    file: &Blob<u8>,
) -> Vec<(FamilyId, Vec<FontInfo>)> {
    let mut families = collection.register_fonts(file.clone(), None);
    families.sort_by_key(|(_, faces)| faces.iter().map(FontInfo::index).min());
    families
}

/// The families that the layout sees in a file.
fn families_of(file: &Blob<u8>) -> Vec<String> {
    let mut collection = collection();
    let families = register(&mut collection, file).into_iter();
    families.filter_map(|(id, _)| collection.family_name(id).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WOFF2: &[u8] = include_bytes!("../../fonts/tests/fixtures/Inter-Bold-subset.woff2");
    const BARS: &[u8] = include_bytes!("../../fonts/tests/fixtures/PixelBars.ttc");

    #[track_caller]
    fn check(bytes: &'static [u8], expected: Result<&[&str], &str>) {
        match (Fonts::default().add(bytes), expected) {
            (Ok(families), Ok(expected)) => assert_eq!(families, expected, "families"),
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "`{error}` says `{part}`");
            }
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn fonts_are_checked_before_they_are_used() {
        check(BUNDLED[1].1, Ok(&["Inter"]));
        check(WOFF2, Ok(&["Inter"]));
        check(BARS, Ok(&["Pixel Bars One", "Pixel Bars Two"]));
        check(b"", Err("no TrueType"));
        check(b"wOF2....", Err("WOFF2"));
    }

    #[test]
    fn a_set_is_known_by_what_was_uploaded() {
        let font = |bytes: &'static [u8]| {
            Font::new(FontHash::of(bytes), Bytes::from_static(bytes)).unwrap()
        };
        let (bars, inter) = (font(BARS), font(WOFF2));
        let base = Fonts::bundled();
        assert!(base.uploaded().is_empty(), "nothing was uploaded");
        let one = base.with(&[bars.clone(), inter.clone(), bars.clone()]);
        let other = base.with(&[inter, bars]);
        assert_eq!(one.uploaded(), other.uploaded(), "in whatever order");
        assert_eq!((one.uploaded().len(), one.files().len()), (2, 4), "each once");
        assert!(one.files().ends_with(base.files()), "uploaded ones go first");
    }
}
