//! Validates every `*.wgsl` beside it and writes a constant for each entry point and its workgroup.
//!
//! A shader that would fail on an operator's GPU fails this build; a renamed entry point fails the
//! build of whoever names it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folders in the environment"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: build with cargo")?;
    // Asked for as it runs: a target folder that clones share keeps the script of one of them.
    let folder = env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?;
    let mut shaders: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    shaders.retain(|path| path.extension().is_some_and(|extension| extension == "wgsl"));
    shaders.sort();

    let mut constants = String::new();
    for shader in &shaders {
        constants += &entry_points(shader).map_err(|e| format!("{}: {e}", shader.display()))?;
    }
    fs::write(Path::new(&out).join("entry_points.rs"), constants)?;
    Ok(())
}

/// The constants of one shader's entry points, once it has passed validation.
fn entry_points(shader: &Path) -> Result<String, Box<dyn Error>> {
    let source = fs::read_to_string(shader)?;
    let name = shader.file_stem().and_then(|stem| stem.to_str()).ok_or("the name is not UTF-8")?;
    let module = wgsl::parse_str(&source).map_err(|e| e.emit_to_string(&source))?;
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|e| e.emit_to_string(&source))?;

    let mut constants = String::new();
    for entry in &module.entry_points {
        let constant = format!("{name}_{}", entry.name).to_uppercase();
        let [x, y, z] = entry.workgroup_size;
        writeln!(constants, "/// Entry point `{}` of `{name}.wgsl`.", entry.name)?;
        writeln!(constants, "pub const {constant}: &str = {:?};", entry.name)?;
        writeln!(constants, "/// Invocations of one workgroup of [`{constant}`].")?;
        writeln!(constants, "pub const {constant}_WORKGROUP: [u32; 3] = [{x}, {y}, {z}];")?;
    }
    Ok(constants)
}
