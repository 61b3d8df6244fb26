//! From a bound template to a PNG: layout, drawing, painters, encoder.
//!
//! `Bound -lay_out-> Drawing -paint-> Pixels -encode-> PNG`. Fonts and fetched images come in as
//! values, so the same input gives the same picture on every machine.
//!
//! Deliberately absent: files, network, environment, clocks, async, and the fonts of the system.

mod areas;
mod asset;
pub mod backend;
mod code;
pub mod drawing;
pub mod encode;
mod error;
mod fonts;
mod layout;
mod measure;
mod picture;
pub mod pixels;
pub mod plan;
mod raster;
mod simd;
mod work;

pub use asset::{Asset, Assets};
pub use error::Error;
pub use fonts::{BUNDLED, Font, Fonts};
pub use layout::{Layouter, TextLine, inspect};
pub use picture::{Refusal, Scaled};
