//! TrueType glyphs that are made of other glyphs, which may be made of others again.
//!
//! A glyph of ten of a glyph of ten of a glyph is a few bytes a level, and ten times the work. How
//! many each is made of is added up once, from what its components are made of.

use skrifa::raw::TableProvider;
use skrifa::raw::tables::glyf::{Glyf, Glyph};
use skrifa::raw::tables::loca::Loca;
use skrifa::{FontRef, GlyphId};

use crate::Error;

/// Glyphs that one glyph is made of, at every level.
const COMPONENTS_MAX: u32 = 1_000;
/// Levels of glyphs made of glyphs.
const DEPTH_MAX: u32 = 16;

/// Refuses glyphs that are made of too many others.
pub(crate) fn check(font: &FontRef<'_>) -> Result<(), Error> {
    let (Ok(glyf), Ok(loca)) = (font.glyf(), font.loca(None)) else {
        return Ok(());
    };
    let count = font.maxp().map_or(0, |maxp| maxp.num_glyphs());
    let mut components = Components { glyf, loca, known: vec![None; count.into()] };
    for glyph in 0..count {
        components.of(GlyphId::from(glyph), 0)?;
    }
    Ok(())
}

struct Components<'a> {
    glyf: Glyf<'a>,
    loca: Loca<'a>,
    known: Vec<Option<u32>>,
}

impl Components<'_> {
    /// How many glyphs this one is made of, itself included.
    fn of(&mut self, glyph: GlyphId, depth: u32) -> Result<u32, Error> {
        let index = glyph.to_u32() as usize;
        if let Some(Some(known)) = self.known.get(index) {
            return Ok(*known);
        }
        let too_complex = || Error::TooComplex { what: "glyphs inside of glyphs" };
        if depth > DEPTH_MAX {
            return Err(too_complex());
        }
        let read = self.loca.get_glyf(glyph, &self.glyf).map_err(|error| {
            let (glyph, reason) = (glyph.to_u32(), error.to_string());
            Error::Glyph { glyph, reason }
        })?;
        let mut total = 1_u32;
        if let Some(Glyph::Composite(composite)) = read {
            for component in composite.components() {
                total = total.saturating_add(self.of(component.glyph.into(), depth + 1)?);
                if total > COMPONENTS_MAX {
                    return Err(too_complex());
                }
            }
        }
        if let Some(known) = self.known.get_mut(index) {
            *known = Some(total);
        }
        Ok(total)
    }
}
