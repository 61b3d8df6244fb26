//! CFF glyphs are programs that call subroutines, which call others, ten levels deep.
//!
//! They need not draw anything while they do so, so a pen would not see it. Here each program is run
//! with its calls counted, by the interpreter that draws it later; out of budget, a call fails.

use std::cell::Cell;

use skrifa::instance::Location;
use skrifa::raw::ps::cff::CffFontRef;
use skrifa::raw::ps::cff::blend::BlendState;
use skrifa::raw::ps::cff::index::Index;
use skrifa::raw::ps::cs::{CharstringContext, CharstringKind, CommandSink, evaluate};
use skrifa::raw::ps::error::Error as CffError;
use skrifa::raw::types::{Fixed, Tag};
use skrifa::{FontRef, GlyphId};

use crate::Error;

/// Bytes of subroutines that one glyph runs.
const GLYPH_BYTES_MAX: u64 = 1_000_000;
/// Bytes of subroutines that all glyphs of a file run, wherever on its axes.
const FILE_BYTES_MAX: u64 = 500_000_000;
/// What a call costs besides the bytes that it runs.
const CALL_BYTES: u64 = 16;

/// What the file may still run.
pub(crate) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Self(FILE_BYTES_MAX)
    }
}

impl Budget {
    /// Refuses glyphs that run too much. What is broken otherwise is found when it is drawn.
    pub(crate) fn check(
        &mut self,
        font: &FontRef<'_>,
        glyphs: impl Iterator<Item = GlyphId>,
        locations: &[Location],
    ) -> Result<(), Error> {
        let data = |tag| font.table_data(Tag::new(tag)).map(|data| data.as_bytes());
        let cff = match (data(b"CFF2"), data(b"CFF ")) {
            (Some(data), _) => CffFontRef::new_cff2(data, None),
            (None, Some(data)) => CffFontRef::new_cff(data, 0, None),
            (None, None) => return Ok(()),
        };
        let cff = cff.map_err(|error| Error::table("CFF", format!("is broken: {error}")))?;
        for glyph in glyphs {
            for location in locations {
                // A glyph that cannot be found has nothing to run.
                let spent = spent(&cff, glyph, location).unwrap_or(0);
                if spent > GLYPH_BYTES_MAX || spent > self.0 {
                    return Err(Error::TooComplex { what: "calls of subroutines" });
                }
                self.0 -= spent;
            }
        }
        Ok(())
    }
}

/// Bytes of subroutines that a glyph runs; more than its budget when it would not stop there.
fn spent(cff: &CffFontRef<'_>, glyph: GlyphId, location: &Location) -> Option<u64> {
    let coords = location.coords();
    let subfont = cff.subfont(cff.subfont_index(glyph)?, coords).ok()?;
    let is_cff2 = cff.version() == 2;
    let subrs = match subfont.subrs_offset() {
        0 => Index::Empty,
        offset => Index::new(cff.data().get(offset as usize..)?, is_cff2).ok()?,
    };
    let charstrings = cff.charstrings();
    let program = charstrings.get(glyph.to_u32() as usize).ok()?;
    let blend = cff
        .var_store()
        .and_then(|store| BlendState::new(store.clone(), coords, subfont.vs_index()).ok());
    let context = (cff.data(), charstrings, cff.global_subrs(), &subrs);
    let counted = Counted { context, left: Cell::new(Some(GLYPH_BYTES_MAX)) };
    // Whether it succeeds is for the drawing to tell.
    _ = evaluate(&counted, blend, program, &mut Nothing);
    Some(counted.left.get().map_or(u64::MAX, |left| GLYPH_BYTES_MAX - left))
}

/// The subroutines of a glyph, as long as there is budget for them.
struct Counted<'a> {
    context: (&'a [u8], &'a Index<'a>, &'a Index<'a>, &'a Index<'a>),
    left: Cell<Option<u64>>,
}

impl Counted<'_> {
    fn charge(&self, program: &[u8]) -> Result<(), CffError> {
        let cost = program.len() as u64 + CALL_BYTES;
        self.left.set(self.left.get().and_then(|left| left.checked_sub(cost)));
        match self.left.get() {
            Some(_) => Ok(()),
            None => Err(CffError::CharstringNestingDepthLimitExceeded),
        }
    }
}

impl CharstringContext for Counted<'_> {
    fn kind(&self) -> CharstringKind {
        CharstringKind::Type2
    }

    fn seac_components(&self, base: i32, accent: i32) -> Result<[&[u8]; 2], CffError> {
        let components = self.context.seac_components(base, accent)?;
        components.iter().try_for_each(|program| self.charge(program))?;
        Ok(components)
    }

    fn global_subr(&self, index: i32) -> Result<&[u8], CffError> {
        let program = self.context.global_subr(index)?;
        self.charge(program)?;
        Ok(program)
    }

    fn subr(&self, index: i32) -> Result<&[u8], CffError> {
        let program = self.context.subr(index)?;
        self.charge(program)?;
        Ok(program)
    }
}

/// Draws nothing.
struct Nothing;

impl CommandSink for Nothing {
    fn move_to(&mut self, _: Fixed, _: Fixed) {}
    fn line_to(&mut self, _: Fixed, _: Fixed) {}
    fn curve_to(&mut self, _: Fixed, _: Fixed, _: Fixed, _: Fixed, _: Fixed, _: Fixed) {}
    fn close(&mut self) {}
}
