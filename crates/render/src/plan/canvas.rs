//! One thread's canvas: the picture that the rows of a plan have in common, and the row's own over it.

use std::sync::Arc;

use kurbo::{Affine, RoundedRectRadii};

use super::stamps::Stamps;
use super::{Encoded, Plan, Row, extent};
use crate::Error;
use crate::areas::{self, around, overlap};
use crate::backend::cpu::{self, glyphs::Glyphs};
use crate::drawing::{GlyphRun, Mark, blends};
use crate::encode::Encoder;
use crate::encode::stamps::Stretch;
use crate::layout::parts::{Extent, Laid};
use crate::measure::Measure;
use crate::pixels::{Area, Pixels};

/// The part of a canvas beyond which a row is better painted and encoded whole.
const CHANGED_MAX: f64 = 0.6;

/// Paints rows, each over what is shared, and cleans up before the next.
#[derive(Default)]
pub struct Canvas {
    measure: Measure,
    stamps: Stamps,
    /// Whose shared picture the pixels are, but for those areas.
    state: Option<State>,
}

struct State {
    plan: Arc<Plan>,
    pixels: Pixels,
    dirty: Vec<Area>,
    /// Rows with texts that are not painted.
    stamped: Vec<Stretch>,
}

/// What is to be painted over an area.
struct Part<'a> {
    area: Area,
    marks: Vec<&'a Mark>,
    /// Whether shared elements among them are above ones that are the row's own, so that it begins below
    /// all of them.
    from_below: bool,
}

impl Canvas {
    /// A canvas without any memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Paints what a row of `plan` needs to be encoded; `false` when it changes so much that it is to be painted
    /// whole.
    ///
    /// # Errors
    /// As [`crate::backend::Painter::paint`].
    pub fn paint(
        &mut self,
        plan: &Arc<Plan>,
        row: &Row,
        painter: &mut cpu::Painter,
    ) -> Result<bool, Error> {
        let laid = &row.0;
        let Some(parts) = plan.parts(laid, &mut self.measure) else { return Ok(false) };
        let mut state = self.clean(plan);
        for parts in areas::by_rows(parts, |part| part.area) {
            if let Encoded::Fast(master) = &plan.encoded
                && let Some(runs) = runs(&parts)
            {
                let top = parts.iter().map(|part| part.area.y0).min().unwrap_or(0);
                let bottom = parts.iter().map(|part| part.area.y1).max().unwrap_or(0);
                // Below the last row with ink there is one that sees it above.
                let rows = top as usize..bottom as usize + 1;
                let shared = (plan.base.as_ref(), master);
                let stretch = self.stamps.stretch(&runs, rows, shared, &mut painter.glyphs)?;
                if let Some(stretch) = stretch {
                    state.stamped.push(stretch);
                    continue;
                }
            }
            for part in parts {
                state.paint(&part, painter)?;
            }
        }
        self.state = Some(state);
        Ok(true)
    }

    /// Encodes the row that was painted last, with the effort of its plan.
    ///
    /// # Errors
    /// [`Error::Encode`] when no row was painted.
    pub fn encode(&mut self, encoder: &mut Encoder) -> Result<Vec<u8>, Error> {
        let Some(State { plan, pixels, dirty, stamped }) = &self.state else {
            return Err(Error::Encode { reason: "no row was painted".to_owned() });
        };
        let Plan { base, pixel_ratio: ratio, .. } = plan.as_ref();
        match &plan.encoded {
            Encoded::Fast(master) => {
                encoder.encode_like((master, base), pixels, dirty, stamped, *ratio)
            }
            Encoded::Small(draft) => encoder.encode_by((draft, base), pixels, dirty, *ratio),
        }
    }

    /// Width and height in pixels of the row that was painted last.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.pixels().map_or((0, 0), |pixels| (pixels.width, pixels.height))
    }

    /// Stretches of rows that were not painted last.
    #[cfg(test)]
    pub(super) fn stamped(&self) -> usize {
        self.state.as_ref().map_or(0, |state| state.stamped.len())
    }

    /// What was painted last.
    pub(super) fn pixels(&self) -> Option<&Pixels> {
        self.state.as_ref().map(|state| &state.pixels)
    }

    /// The shared picture of `plan`.
    fn clean(&mut self, plan: &Arc<Plan>) -> State {
        // Should painting fail, nothing is left of it.
        let mut state = match self.state.take() {
            Some(mut state) if Arc::ptr_eq(&state.plan, plan) => {
                for area in state.dirty.drain(..) {
                    state.pixels.copy_area(&plan.base, area);
                }
                state
            }
            other => {
                let mut pixels = other.map_or_else(Pixels::default, |state| state.pixels);
                pixels.clone_from(&plan.base);
                let (dirty, stamped) = (Vec::new(), Vec::new());
                State { plan: Arc::clone(plan), pixels, dirty, stamped }
            }
        };
        state.stamped.clear();
        state
    }
}

impl State {
    fn paint(&mut self, part: &Part<'_>, painter: &mut cpu::Painter) -> Result<(), Error> {
        let Self { plan, pixels, dirty, .. } = self;
        let mut backdrop = &plan.base;
        if let Some(below) = plan.below.as_ref().filter(|_| part.from_below) {
            backdrop = below;
            pixels.copy_area(below, part.area);
        }
        dirty.push(part.area);
        let over = part.marks.iter().copied();
        if blends(over.clone()) {
            // They need to see the backdrop among what is painted with them.
            pixels.clear_area(part.area);
            let backdrop = Mark::Image {
                transform: Affine::IDENTITY,
                image: Arc::clone(backdrop),
                corners: RoundedRectRadii::from_single_radius(0.0),
            };
            painter.paint_over(std::iter::once(&backdrop).chain(over), pixels, part.area)
        } else {
            painter.paint_over(over, pixels, part.area)
        }
    }
}

/// The runs of glyphs that parts are made of, if they are made of nothing else.
fn runs<'a>(parts: &[Part<'a>]) -> Option<Vec<&'a GlyphRun>> {
    let mut runs = Vec::new();
    for part in parts {
        for mark in &part.marks {
            match mark {
                Mark::Glyphs(run) if !part.from_below && Glyphs::can_paint(run) => runs.push(run),
                _ => return None,
            }
        }
    }
    Some(runs)
}

impl Plan {
    /// What a row paints; `None` when that is most of the picture.
    fn parts<'a>(&self, laid: &'a Laid, measure: &mut Measure) -> Option<Vec<Part<'a>>> {
        let (canvas, marks) = (laid.drawing.area(), laid.drawing.marks());
        let extents: Vec<_> = laid
            .stretches
            .iter()
            .map(|stretch| {
                let own = || extent(&marks[stretch.marks.clone()], measure);
                stretch.shared.unwrap_or_else(own)
            })
            .collect();
        let reaches: Vec<_> =
            extents.iter().map(|extent| areas::area(extent.reach, canvas)).collect();
        let areas = self.changed(laid, &extents, &reaches);
        let changed: u64 = areas.iter().map(Area::count).sum();
        if changed as f64 > canvas.area() * CHANGED_MAX
            || laid.drawing.is_opaque() != self.base.opaque
        {
            return None;
        }
        let part = |area: Area| {
            let touch = |reach: &Option<Area>| reach.is_some_and(|reach| overlap(reach, area));
            let touching: Vec<_> = (0..reaches.len()).filter(|at| touch(&reaches[*at])).collect();
            let is_shared = |at: &usize| laid.stretches[*at].shared.is_some();
            // Up to the first that is the row's own, the shared picture has them all.
            let own = touching.iter().position(|at| !is_shared(at)).unwrap_or(touching.len());
            let mut over = &touching[own..];
            let from_below = self.below.is_some() && over.iter().any(is_shared);
            if from_below {
                let bottom = touching.iter().position(|at| *at >= self.below_stretches);
                over = &touching[bottom.unwrap_or(touching.len())..];
            }
            let marks = over.iter().flat_map(|at| &marks[laid.stretches[*at].marks.clone()]);
            Part { area, marks: marks.collect(), from_below }
        };
        Some(areas.into_iter().map(part).collect())
    }

    /// The areas in which a row may differ from what is shared.
    fn changed(&self, laid: &Laid, extents: &[Extent], reaches: &[Option<Area>]) -> Vec<Area> {
        let canvas = laid.drawing.area();
        let effects = |at: usize| extents[at].effects.and_then(|rect| areas::area(rect, canvas));
        let own = (0..extents.len()).filter(|at| laid.stretches[*at].shared.is_none());
        let mut areas = areas::join(own.flat_map(|at| [reaches[at], effects(at)]).flatten());
        // What is painted over a row's own is painted with all that its effects see.
        let over: Vec<_> = (self.below_stretches..extents.len())
            .filter(|at| laid.stretches[*at].shared.is_some())
            .filter_map(effects)
            .collect();
        loop {
            let is_cut = |seen: &&Area| {
                areas.iter().any(|area| overlap(*area, **seen) && around(*area, **seen) != *area)
            };
            let Some(seen) = over.iter().find(is_cut) else { return areas };
            // Areas that overlap are joined, so that it is cut no more.
            areas = areas::join(areas.into_iter().chain([*seen]));
        }
    }
}
