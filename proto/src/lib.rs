//! The protocol between workers and gateways: generated messages, and their translation into the
//! model's types.
//!
//! Deliberately absent: sessions, retries, policy. This crate knows what may be said, not when.

mod convert;
pub mod status;

pub use convert::{Malformed, id};

/// Version of the protocol. A gateway refuses a worker that speaks any other: both are built from
/// one repository and rolled out together.
pub const PROTOCOL: u32 = 1;

/// Bytes of one message in either direction; tonic's own limit would be 4 MiB.
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The generated messages and the service.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated: worker.proto documents it"
)]
pub mod v1 {
    tonic::include_proto!("pixeldrive.v1");
}
