//! Compiles the protocol with protox, so that building needs no protoc.

use std::error::Error;

const FILE: &str = "pixeldrive/v1/worker.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FILE}");
    let descriptors = protox::compile([FILE], ["."])?;
    tonic_prost_build::configure()
        // Payloads and pictures are handed on without being copied.
        .bytes(".")
        .compile_fds(descriptors)?;
    Ok(())
}
