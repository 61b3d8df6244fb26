//! One thread's canvas: the picture that the rows of a plan have in common, and the row's own over it; or a
//! picture for itself.

use std::sync::Arc;

use kurbo::{Affine, RoundedRectRadii};

use super::stamps::{Ground, Stamps};
use super::{Encoded, Plan, Row, extent};
use crate::Error;
use crate::areas::{self, around, overlap};
use crate::backend::cpu::{self, Surface, glyphs::Glyphs};
use crate::drawing::{Drawing, GlyphRun, Mark, blends};
use crate::encode::stamps::{self, Stretch};
use crate::encode::{Effort, Encoder, helpers_max};
use crate::layout::parts::{Extent, Laid};
use crate::measure::Measure;
use crate::pixels::{Area, Pixels};

/// The part of a canvas beyond which a row is better painted and encoded whole.
const CHANGED_MAX: f64 = 0.6;

/// Paints rows, each over what is shared, and cleans up before the next; and whole pictures.
pub struct Canvas {
    measure: Measure,
    /// Of rows.
    stamps: Stamps,
    /// Of whole pictures.
    loose: Stamps,
    /// Whose shared picture the pixels are, but for those areas.
    state: Option<State>,
    surface: Surface,
    /// What was painted last, if it is a whole picture.
    whole: Option<Whole>,
}

/// A picture that is not a row's; its pixels are the surface's.
struct Whole {
    /// Rows with texts that are not painted.
    stamped: Vec<Stretch>,
    pixel_ratio: f64,
    effort: Effort,
}

impl Default for Canvas {
    fn default() -> Self {
        Self {
            measure: Measure::default(),
            stamps: Stamps::of_rows(),
            loose: Stamps::of_pictures(),
            state: None,
            surface: Surface::default(),
            whole: None,
        }
    }
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
        self.whole = None;
        let mut state = self.clean(plan);
        for parts in areas::by_rows(parts, |part| part.area) {
            if let Encoded::Fast(master) = &plan.encoded
                && let Some(runs) = runs(&parts)
            {
                let rows = areas::rows(parts.iter().map(|part| part.area));
                let ground = Ground { pixels: &plan.base, master: Some(master) };
                let stretch = self.stamps.stretch(&runs, rows, ground, &mut painter.glyphs)?;
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

    /// Paints what of a picture needs to be painted, to be encoded with this effort and so many pixels to a
    /// CSS px.
    ///
    /// # Errors
    /// As [`crate::backend::Painter::paint`].
    pub fn paint_whole(
        &mut self,
        drawing: &Drawing,
        (pixel_ratio, effort): (f64, Effort),
        painter: &mut cpu::Painter,
    ) -> Result<(), Error> {
        self.whole = None;
        let surface = &mut self.surface;
        let texts = painter.paint_but_texts(drawing, surface)?;
        let mut stamped = Vec::new();
        let mut is_stamped = vec![false; texts.len()];
        if effort == Effort::Fast {
            let seen = texts.iter().enumerate();
            let seen = seen.filter_map(|(at, text)| Some((at, text.area?))).collect();
            for group in areas::by_rows(seen, |(_, area)| *area) {
                let runs: Vec<_> = group.iter().map(|(at, _)| texts[*at].run).collect();
                let ground = Ground { pixels: surface.pixels(), master: None };
                let rows = areas::rows(group.iter().map(|(_, area)| *area));
                let stretch = self.loose.stretch(&runs, rows, ground, &mut painter.glyphs)?;
                if let Some(stretch) = stretch {
                    stamped.push(stretch);
                    group.iter().for_each(|(at, _)| is_stamped[*at] = true);
                }
            }
            if !stamped.is_empty() && !stamps::is_rich(surface.pixels(), &stamped) {
                stamped.clear();
                is_stamped.fill(false);
            }
        }
        let painted = texts.iter().zip(is_stamped).filter(|(_, is_stamped)| !is_stamped);
        for (text, _) in painted {
            painter.paint_text(text, surface)?;
        }
        stamps::widen(&mut stamped, &surface.plain_rows());
        self.whole = Some(Whole { stamped, pixel_ratio, effort });
        Ok(())
    }

    /// Encodes what was painted last, a row with the effort of its plan.
    ///
    /// # Errors
    /// [`Error::Encode`] when nothing was painted.
    pub fn encode(&mut self, encoder: &mut Encoder) -> Result<Vec<u8>, Error> {
        if let Some(Whole { stamped, pixel_ratio: ratio, effort }) = &self.whole {
            let pixels = self.surface.pixels();
            if stamped.is_empty() {
                return encoder.encode(pixels, *ratio, *effort);
            }
            return encoder.encode_stamped(pixels, stamped, *ratio);
        }
        let Some(State { plan, pixels, dirty, stamped }) = &self.state else {
            return Err(Error::Encode { reason: "nothing was painted".to_owned() });
        };
        let Plan { base, pixel_ratio: ratio, .. } = plan.as_ref();
        match &plan.encoded {
            Encoded::Fast(master) => {
                encoder.encode_like((master, base), pixels, dirty, stamped, *ratio)
            }
            Encoded::Small(draft) => encoder.encode_by((draft, base), pixels, dirty, *ratio),
        }
    }

    /// Width and height in pixels of what was painted last.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.pixels().map_or((0, 0), |pixels| (pixels.width, pixels.height))
    }

    /// How many threads besides its own can be of use to encode what was painted last.
    #[must_use]
    pub fn helpers_max(&self) -> usize {
        // Rows and what is stamped are put together from what is known, by one.
        let is_painted = self.whole.as_ref().is_some_and(|whole| whole.stamped.is_empty());
        if is_painted { helpers_max(self.size()) } else { 0 }
    }

    /// Stretches of rows that were not painted last.
    #[cfg(test)]
    pub(super) fn stamped(&self) -> usize {
        let whole = self.whole.as_ref().map(|whole| whole.stamped.len());
        whole.unwrap_or_else(|| self.state.as_ref().map_or(0, |state| state.stamped.len()))
    }

    /// What was painted last.
    pub(super) fn pixels(&self) -> Option<&Pixels> {
        let row = || self.state.as_ref().map(|state| &state.pixels);
        self.whole.as_ref().map(|_| self.surface.pixels()).or_else(row)
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
            pixels.fill_area([0; 4], part.area);
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
