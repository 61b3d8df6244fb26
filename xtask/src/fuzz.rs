//! Fuzzing: libFuzzer on the targets of `fuzz/`, through cargo-fuzz.
//!
//! A run of the program under test that takes over a second, a single allocation or a process larger than
//! the product's own limits allow, and every panic is a finding. What is found lies in
//! `fuzz/artifacts`. Deliberately absent: the targets, and what to do about a finding
//! (CONTRIBUTING.md).

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::root;
use crate::steps::{answers, cargo, say};

/// What libFuzzer holds a run to. The sanitizer makes programs about three times as slow and twice as
/// large; a decoder may ask for as much as the largest picture takes with 16 bits a channel.
const LIMITS: [&str; 4] =
    ["-timeout=10", "-report_slow_units=3", "-malloc_limit_mb=512", "-rss_limit_mb=2048"];
/// Longest input that is made up: what is wrong with long ones is wrong with short ones.
const INPUT: [(&str, &str); 2] = [("font", "-max_len=65536"), ("", "-max_len=8192")];

/// Runs one target, or each in turn, for so many seconds. Answers whether nothing was found.
pub(crate) fn fuzz(target: Option<&str>, seconds: u64) -> Result<bool> {
    if !answers(&mut cargo(&["fuzz", "--version"])) {
        succeed(cargo(&["install", "--locked", "cargo-fuzz"]))?;
    }
    // The versions that are shipped are the ones to try.
    fs::copy(root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"))?;
    if !crate::run("seeds")? {
        bail!("the seeds were not written");
    }
    let targets = targets()?;
    if let Some(target) = target.filter(|target| !targets.iter().any(|known| known == target)) {
        bail!("there is no target `{target}`; there are {}", targets.join(", "));
    }
    let mut clean = true;
    for known in targets.iter().filter(|known| target.is_none_or(|target| target == *known)) {
        say(&format!("== {known}"));
        let artifacts = root().join("fuzz/artifacts").join(known);
        let before = count(&artifacts);
        let done = run(known, seconds).status()?.success();
        let found = count(&artifacts).saturating_sub(before);
        say(&format!("== {known}: {found} findings"));
        clean &= done && found == 0;
    }
    Ok(clean)
}

fn run(target: &str, seconds: u64) -> Command {
    let mut command = cargo(&["fuzz", "run", "--features", "libfuzzer", target]);
    // What libFuzzer is built on is not stable; what is fuzzed is built as ever.
    command.env("RUSTC_BOOTSTRAP", "1").arg("--").args(LIMITS);
    let input = INPUT.iter().find(|(name, _)| name.is_empty() || *name == target);
    command.args(input.map(|(_, flag)| flag)).arg(format!("-max_total_time={seconds}"));
    match target {
        "template" | "payload" => command.arg("-dict=fuzz/corpus/json.dict"),
        "svg" => command.arg("-dict=fuzz/svg.dict"),
        _ => &mut command,
    };
    command
}

/// The targets, each a file.
fn targets() -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        targets.push(path.file_stem().context("a name")?.to_string_lossy().into_owned());
    }
    targets.sort();
    Ok(targets)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

fn succeed(mut command: Command) -> Result<()> {
    if !command.status()?.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
