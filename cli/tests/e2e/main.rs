//! The binary from outside: real processes, real sockets, real signals.
//!
//! Every test has its own processes on free ports and its own folder, so they run side by side and
//! leave nothing behind. They wait for conditions, with a deadline, and never for a time.
//! Deliberately absent: anything that the binary does not offer to everybody.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod client;
mod commands;
mod crash;
mod farm;
mod fonts;
mod images;
mod money;
mod origin;
mod process;
mod refusals;
