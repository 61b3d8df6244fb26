//! The project's own WGSL: passes that ready a painted picture for the encoder.
//!
//! The build validates each `*.wgsl`, and derives the constants that name entry points
//! ([`PACK_ROWS`], [`PACK_ROWS_WORKGROUP`]) from them, so neither can drift.
//!
//! Deliberately absent: wgpu. Whoever runs a pass owns its pipeline.

/// Tight rows and the opaque flag of a picture, for its readback.
pub const PACK: &str = include_str!("../pack.wgsl");

include!(concat!(env!("OUT_DIR"), "/entry_points.rs"));
