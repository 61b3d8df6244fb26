//! Backends: from a [`Drawing`] to [`Pixels`].
//!
//! Each painter is a thin adapter from the drawing's marks to one renderer. They share no code
//! beyond the answers that must be the same: what a mark means is said in [`crate::drawing`].
//! Deliberately absent: measuring, wrapping, scaling of photos; that was done by the layout.

pub mod cpu;
pub mod gpu;

use vello_cpu::filter_effects::{EdgeMode, Filter, FilterPrimitive};

use crate::Error;
use crate::drawing::{Drawing, Effect};
use crate::pixels::Pixels;

/// Something that paints drawings. One thread owns it; it keeps what drawings share between calls.
pub trait Painter: Send {
    /// Paints each drawing; the answers come in the same order, one for each.
    fn paint(&mut self, drawings: &[Drawing]) -> Vec<Result<Pixels, Error>>;
}

/// What both renderers do for an effect.
#[expect(clippy::cast_possible_truncation, reason = "limited to a few thousand px")]
fn filter(effect: &Effect) -> Filter {
    Filter::from_primitive(match *effect {
        Effect::Shadow { offset, deviation, color } => FilterPrimitive::DropShadowOnly {
            dx: offset.x as f32,
            dy: offset.y as f32,
            std_deviation: deviation as f32,
            color,
            edge_mode: EdgeMode::None,
        },
    })
}
