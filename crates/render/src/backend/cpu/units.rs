//! What is painted together, and which texts are painted after everything else.

use kurbo::Rect;
use peniko::Compose;

use super::super::record;
use super::glyphs::Glyphs;
use crate::Error;
use crate::areas::{self, MARGIN_PX};
use crate::drawing::{GlyphRun, Layer, Mark};
use crate::pixels::Area;
use crate::work;

/// Rectangles that are compared one by one; more are taken as one.
const RECTS_MAX: usize = 64;

/// A mark, or a push with its pop and all between.
pub(super) struct Unit<'a, 'm> {
    pub marks: &'m [&'a Mark],
    /// How far they are seen.
    pub reach: Rect,
    /// Whether it is a run of glyphs that is painted with masks when all else is painted: nothing that
    /// comes after it touches it.
    pub late: bool,
}

/// A run of glyphs that is painted when all else is.
pub(crate) struct Text<'a> {
    pub run: &'a GlyphRun,
    /// Where on the canvas it is seen.
    pub area: Option<Area>,
}

impl<'a> Unit<'a, '_> {
    /// What of it is painted late.
    pub(super) fn text(&self, canvas: Rect) -> Option<Text<'a>> {
        match self.marks {
            [Mark::Glyphs(run)] if self.late => {
                Some(Text { run, area: areas::area(self.reach, canvas) })
            }
            _ => None,
        }
    }

    /// Whether it is seen in a rectangle.
    pub(super) fn reach_touches(&self, rect: Rect) -> bool {
        !self.reach.is_finite() || self.reach.inflate(MARGIN_PX, MARGIN_PX).overlaps(rect)
    }
}

/// The marks in units.
///
/// # Errors
/// [`Error::Paint`] for a push without its pop, or the other way round.
pub(super) fn units<'a, 'm>(
    marks: &'m [&'a Mark],
    glyphs: &mut Glyphs,
) -> Result<Vec<Unit<'a, 'm>>, Error> {
    let mut units = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, mark) in marks.iter().enumerate() {
        match mark {
            Mark::PushClip { .. } | Mark::PushLayer(_) => depth += 1,
            Mark::Pop => depth = depth.checked_sub(1).ok_or_else(record::unbalanced)?,
            _ => {}
        }
        if depth > 0 {
            continue;
        }
        let of_unit = &marks[start..=at];
        let masked = match of_unit {
            [Mark::Glyphs(run)] => glyphs.reach(run),
            _ => None,
        };
        let reach = masked.unwrap_or_else(|| {
            work::reach_by(of_unit.iter().copied(), |mark| glyphs.foresee(mark), |_, _, _| {})
        });
        units.push(Unit { marks: of_unit, reach, late: masked.is_some() });
        start = at + 1;
    }
    if depth > 0 {
        return Err(record::unbalanced());
    }
    let removes = marks.iter().any(|mark| {
        let Mark::PushLayer(Layer { blend, .. }) = mark else { return false };
        !matches!(blend.compose, Compose::SrcOver | Compose::SrcAtop)
    });
    let mut above = Above::default();
    for unit in units.iter_mut().rev() {
        unit.late &= !removes && !above.touches(unit.reach);
        if !unit.late {
            above.add(unit.reach);
        }
    }
    Ok(units)
}

/// Where marks are seen.
#[derive(Default)]
struct Above {
    rects: Vec<Rect>,
}

impl Above {
    fn add(&mut self, rect: Rect) {
        if rect.is_zero_area() {
            return;
        }
        match self.rects.get_mut(RECTS_MAX - 1) {
            Some(last) => *last = last.union(rect),
            None => self.rects.push(rect),
        }
    }

    fn touches(&self, rect: Rect) -> bool {
        let rect = rect.inflate(2.0 * MARGIN_PX, 2.0 * MARGIN_PX);
        // What is no number reaches anywhere.
        self.rects.iter().any(|other| !other.is_finite() || rect.overlaps(*other))
    }
}
