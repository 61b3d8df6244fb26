//! Coloured glyphs are graphs of paints that may share their parts, and unfold as they are painted.
//!
//! How much each unfolds to is added up once, from what its parts unfold to. A painter is told
//! nothing of the parts that paint nothing, so counting what it is told would not see them.

use std::collections::BTreeMap;

use skrifa::raw::tables::colr::{Colr, Paint};
use skrifa::raw::{ReadError, TableProvider};
use skrifa::{FontRef, GlyphId};

use crate::Error;

/// Paints that one glyph unfolds to.
const PAINTS_MAX: u32 = 10_000;
/// Different paints of a file.
const DISTINCT_MAX: usize = 1_000_000;
/// Paints inside of paints.
const DEPTH_MAX: u32 = 64;

/// Refuses glyphs that unfold to too many paints.
pub(crate) fn check(font: &FontRef<'_>) -> Result<(), Error> {
    let Ok(colr) = font.colr() else {
        return Ok(());
    };
    let count = font.maxp().map_or(0, |maxp| maxp.num_glyphs());
    let mut paints = Paints { colr, known: BTreeMap::new() };
    for glyph in (0..count).map(GlyphId::from) {
        let broken = |error: ReadError| {
            let (glyph, reason) = (glyph.to_u32(), error.to_string());
            Error::Glyph { glyph, reason }
        };
        // Where there is none, as in every font of version 0, that is an error to some readers.
        if let Ok(Some((paint, _))) = paints.colr.v1_base_glyph(glyph) {
            paints.of(&paint, 0).map_err(|why| match why {
                Why::Broken(error) => broken(error),
                Why::TooMany => Error::TooComplex { what: "paints in one glyph" },
            })?;
        }
    }
    Ok(())
}

struct Paints<'a> {
    colr: Colr<'a>,
    /// By where a paint is in memory.
    known: BTreeMap<usize, u32>,
}

/// Why a paint is refused.
enum Why {
    Broken(ReadError),
    TooMany,
}

impl From<ReadError> for Why {
    fn from(error: ReadError) -> Self {
        Self::Broken(error)
    }
}

impl<'a> Paints<'a> {
    /// How many paints this one unfolds to, itself included.
    fn of(&mut self, paint: &Paint<'a>, depth: u32) -> Result<u32, Why> {
        let id = paint.offset_data().as_bytes().as_ptr().addr();
        if let Some(known) = self.known.get(&id) {
            return Ok(*known);
        }
        if depth > DEPTH_MAX || self.known.len() >= DISTINCT_MAX {
            return Err(Why::TooMany);
        }
        let mut total = 1_u32;
        for part in self.parts(paint)? {
            total = total.saturating_add(self.of(&part, depth + 1)?);
            if total > PAINTS_MAX {
                return Err(Why::TooMany);
            }
        }
        self.known.insert(id, total);
        Ok(total)
    }

    fn parts(&self, paint: &Paint<'a>) -> Result<Vec<Paint<'a>>, ReadError> {
        let part = match paint {
            Paint::ColrLayers(layers) => {
                let first = layers.first_layer_index() as usize;
                let layers = first..first.saturating_add(layers.num_layers().into());
                return layers.map(|layer| Ok(self.colr.v1_layer(layer)?.0)).collect();
            }
            Paint::ColrGlyph(glyph) => {
                let paint = self.colr.v1_base_glyph(glyph.glyph_id().into())?;
                return Ok(paint.into_iter().map(|(paint, _)| paint).collect());
            }
            Paint::Composite(both) => {
                return Ok(vec![both.source_paint()?, both.backdrop_paint()?]);
            }
            Paint::Solid(_)
            | Paint::VarSolid(_)
            | Paint::LinearGradient(_)
            | Paint::VarLinearGradient(_)
            | Paint::RadialGradient(_)
            | Paint::VarRadialGradient(_)
            | Paint::SweepGradient(_)
            | Paint::VarSweepGradient(_) => return Ok(Vec::new()),
            Paint::Glyph(paint) => paint.paint(),
            Paint::Transform(paint) => paint.paint(),
            Paint::VarTransform(paint) => paint.paint(),
            Paint::Translate(paint) => paint.paint(),
            Paint::VarTranslate(paint) => paint.paint(),
            Paint::Scale(paint) => paint.paint(),
            Paint::VarScale(paint) => paint.paint(),
            Paint::ScaleAroundCenter(paint) => paint.paint(),
            Paint::VarScaleAroundCenter(paint) => paint.paint(),
            Paint::ScaleUniform(paint) => paint.paint(),
            Paint::VarScaleUniform(paint) => paint.paint(),
            Paint::ScaleUniformAroundCenter(paint) => paint.paint(),
            Paint::VarScaleUniformAroundCenter(paint) => paint.paint(),
            Paint::Rotate(paint) => paint.paint(),
            Paint::VarRotate(paint) => paint.paint(),
            Paint::RotateAroundCenter(paint) => paint.paint(),
            Paint::VarRotateAroundCenter(paint) => paint.paint(),
            Paint::Skew(paint) => paint.paint(),
            Paint::VarSkew(paint) => paint.paint(),
            Paint::SkewAroundCenter(paint) => paint.paint(),
            Paint::VarSkewAroundCenter(paint) => paint.paint(),
        };
        Ok(vec![part?])
    }
}
