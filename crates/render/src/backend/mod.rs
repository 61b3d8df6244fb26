//! Backends: from a [`Drawing`] to [`Pixels`].
//!
//! Each painter is a thin adapter from the drawing's marks to one renderer. What must be the same is
//! said once, in `record`.
//! Deliberately absent: measuring, wrapping, scaling of photos; that was done by the layout.

pub mod cpu;
pub mod gpu;
mod record;

use crate::Error;
use crate::drawing::Drawing;
use crate::pixels::Pixels;

/// Something that paints drawings. One thread owns it; it keeps what drawings share between calls.
pub trait Painter: Send {
    /// Paints each drawing; the answers come in the same order, one for each.
    fn paint(&mut self, drawings: &[Drawing]) -> Vec<Result<Pixels, Error>>;
}
