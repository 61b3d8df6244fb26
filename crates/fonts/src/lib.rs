//! Font files: bytes in, a checked and described font out.
//!
//! [`read`] takes TrueType and OpenType files, collections of them, and both as WOFF or WOFF2. A
//! font is a program from a stranger: it is unpacked within a limit (`unpack.rs`), its tables are
//! checked (`check.rs`) and its glyphs are drawn once (`draw.rs`), so that a file that would break a
//! painter is refused where somebody can still act on it. What is left is described
//! (`describe.rs`): families, faces, axes.
//!
//! Deliberately absent: files, network, async, shaping and any painting.

mod charstrings;
mod check;
mod components;
mod describe;
mod draw;
mod error;
mod paints;
mod unpack;

use bytes::Bytes;
use pixeldrive_model::limits::{FONT_BYTES_MAX, FONT_FACES_MAX};
use pixeldrive_model::{FontHash, family_key};
use skrifa::FontRef;

pub use describe::{Axis, Face, Instance, Range, Style};
pub use error::Error;

/// A font file that can be used.
#[derive(Clone, Debug, PartialEq)]
pub struct FontFile {
    /// Of the bytes as they were sent: the file's name.
    pub hash: FontHash,
    /// The file as TrueType or OpenType, unpacked.
    pub sfnt: Bytes,
    /// What is in it; at least one.
    pub faces: Vec<Face>,
}

/// The families of faces, each once, in the order of the faces.
#[must_use]
pub fn families(faces: &[Face]) -> Vec<&str> {
    let mut families: Vec<&str> = Vec::new();
    for face in faces {
        let key = family_key(&face.family);
        if !families.iter().any(|family| family_key(family) == key) {
            families.push(&face.family);
        }
    }
    families
}

/// Which glyphs are drawn before a font is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// All of them: the file is a stranger's, and the one left out would be the one that was meant.
    All,
    /// Some, spread over the font: the file is the operator's, or all were drawn before.
    Some,
}

/// Unpacks, checks and describes a font file.
///
/// # Errors
/// Why it cannot be used, and what would help.
pub fn read(bytes: Bytes, glyphs: Glyphs) -> Result<FontFile, Error> {
    if bytes.len() > FONT_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    let hash = FontHash::of(&bytes);
    let sfnt = unpack::unpack(bytes)?;
    let faces = faces(&sfnt, glyphs)?;
    Ok(FontFile { hash, sfnt, faces })
}

fn faces(sfnt: &[u8], glyphs: Glyphs) -> Result<Vec<Face>, Error> {
    let mut fonts = Vec::new();
    for font in FontRef::fonts(sfnt) {
        fonts.push(font.map_err(|error| Error::NoFont { reason: error.to_string() })?);
        if fonts.len() > FONT_FACES_MAX {
            return Err(Error::TooComplex { what: "faces" });
        }
    }
    if fonts.is_empty() {
        return Err(Error::NoFont { reason: "it has no faces".to_owned() });
    }
    let mut faces = Vec::with_capacity(fonts.len());
    let mut work = draw::Work::new(glyphs);
    for font in &fonts {
        check::tables(font, sfnt.len())?;
        faces.push(describe::face(font)?);
        work.face(font)?;
    }
    describe::shorten(&mut faces);
    Ok(faces)
}
