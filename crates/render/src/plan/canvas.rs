//! One thread's canvas: the picture that the rows of a plan have in common, and the row's own over it.

use std::sync::Arc;

use kurbo::{Affine, RoundedRectRadii};
use peniko::BlendMode;

use super::damage::{self, around, overlap};
use super::{Plan, Row, extent};
use crate::Error;
use crate::backend::cpu;
use crate::drawing::{Layer, Mark};
use crate::encode::{Effort, Encoder};
use crate::layout::parts::{Extent, Laid};
use crate::measure::Measure;
use crate::pixels::{Area, Pixels};

/// The part of a canvas beyond which a row is better painted and encoded whole.
const CHANGED_MAX: f64 = 0.6;

/// Paints rows, each over what is shared, and cleans up before the next.
#[derive(Default)]
pub struct Canvas {
    measure: Measure,
    /// Whose shared picture the pixels are, but for those areas.
    state: Option<State>,
}

struct State {
    plan: Arc<Plan>,
    pixels: Pixels,
    dirty: Vec<Area>,
}

impl Canvas {
    /// A canvas without any memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Paints a row of `plan`; `false` when it changes so much that it is to be painted whole.
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
        let (canvas, marks) = (laid.drawing.area(), laid.drawing.marks());
        let extents: Vec<_> = laid
            .stretches
            .iter()
            .map(|stretch| {
                let own = || extent(&marks[stretch.marks.clone()], &mut self.measure);
                stretch.shared.unwrap_or_else(own)
            })
            .collect();
        let reaches: Vec<_> =
            extents.iter().map(|extent| damage::area(extent.reach, canvas)).collect();
        let areas = plan.changed(laid, &extents, &reaches);
        let changed: u64 = areas.iter().map(Area::count).sum();
        if changed as f64 > canvas.area() * CHANGED_MAX
            || laid.drawing.is_opaque() != plan.base.opaque
        {
            return Ok(false);
        }
        let mut state = self.clean(plan);
        for area in &areas {
            let touch = |reach: &Option<Area>| reach.is_some_and(|reach| overlap(reach, *area));
            let touching: Vec<_> = (0..reaches.len()).filter(|at| touch(&reaches[*at])).collect();
            let is_shared = |at: &usize| laid.stretches[*at].shared.is_some();
            // Up to the first that is the row's own, the shared picture has them all.
            let own = touching.iter().position(|at| !is_shared(at)).unwrap_or(touching.len());
            let mut backdrop = &plan.base;
            let mut over = &touching[own..];
            if let Some(below) = plan.below.as_ref().filter(|_| over.iter().any(is_shared)) {
                let bottom = touching.iter().position(|at| *at >= plan.below_stretches);
                over = &touching[bottom.unwrap_or(touching.len())..];
                backdrop = below;
                state.pixels.copy_area(below, *area);
            }
            state.dirty.push(*area);
            let over = over.iter().flat_map(|at| &marks[laid.stretches[*at].marks.clone()]);
            if blends(over.clone()) {
                // They need to see the backdrop among what is painted with them.
                state.pixels.clear_area(*area);
                let backdrop = Mark::Image {
                    transform: Affine::IDENTITY,
                    image: Arc::clone(backdrop),
                    corners: RoundedRectRadii::from_single_radius(0.0),
                };
                painter.paint_over(
                    std::iter::once(&backdrop).chain(over),
                    &mut state.pixels,
                    *area,
                )?;
            } else {
                painter.paint_over(over, &mut state.pixels, *area)?;
            }
        }
        self.state = Some(state);
        Ok(true)
    }

    /// Encodes the row that was painted last.
    ///
    /// # Errors
    /// [`Error::Encode`] when no row was painted.
    pub fn encode(&mut self, encoder: &mut Encoder, effort: Effort) -> Result<Vec<u8>, Error> {
        let Some(State { plan, pixels, dirty }) = &self.state else {
            return Err(Error::Encode { reason: "no row was painted".to_owned() });
        };
        if effort == Effort::Fast {
            encoder.encode_like(&plan.master, &plan.base, pixels, dirty, plan.pixel_ratio)
        } else {
            encoder.encode(pixels, plan.pixel_ratio, effort)
        }
    }

    /// Width and height in pixels of the row that was painted last.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.pixels().map_or((0, 0), |pixels| (pixels.width, pixels.height))
    }

    /// What was painted last.
    pub(super) fn pixels(&self) -> Option<&Pixels> {
        self.state.as_ref().map(|state| &state.pixels)
    }

    /// The shared picture of `plan`.
    fn clean(&mut self, plan: &Arc<Plan>) -> State {
        // Should painting fail, nothing is left of it.
        match self.state.take() {
            Some(mut state) if Arc::ptr_eq(&state.plan, plan) => {
                for area in state.dirty.drain(..) {
                    state.pixels.copy_area(&plan.base, area);
                }
                state
            }
            Some(mut other) => {
                other.pixels.clone_from(&plan.base);
                State { plan: Arc::clone(plan), pixels: other.pixels, dirty: Vec::new() }
            }
            None => {
                let pixels = Pixels::clone(&plan.base);
                State { plan: Arc::clone(plan), pixels, dirty: Vec::new() }
            }
        }
    }
}

impl Plan {
    /// The areas in which a row may differ from what is shared.
    fn changed(&self, laid: &Laid, extents: &[Extent], reaches: &[Option<Area>]) -> Vec<Area> {
        let canvas = laid.drawing.area();
        let effects = |at: usize| extents[at].effects.and_then(|rect| damage::area(rect, canvas));
        let own = (0..extents.len()).filter(|at| laid.stretches[*at].shared.is_none());
        let mut areas = damage::join(own.flat_map(|at| [reaches[at], effects(at)]).flatten());
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
            areas = damage::join(areas.into_iter().chain([*seen]));
        }
    }
}

/// Whether marks mix with what is below all of them in another way than over it.
fn blends<'a>(marks: impl Iterator<Item = &'a Mark>) -> bool {
    // Whether each open push is a layer.
    let mut layers = Vec::new();
    for mark in marks {
        match mark {
            Mark::PushLayer(Layer { blend, .. }) => {
                if *blend != BlendMode::default() && !layers.contains(&true) {
                    return true;
                }
                layers.push(true);
            }
            Mark::PushClip { .. } => layers.push(false),
            Mark::Pop => {
                layers.pop();
            }
            _ => {}
        }
    }
    false
}
