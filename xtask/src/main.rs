//! Project tasks: `cargo xtask test|demo|gallery|bless|bench|fuzz`.
//!
//! `test` is what CI runs and what a contributor runs; there is no second list of steps anywhere.
//!
//! Deliberately absent: anything about the product. A task only starts cargo with the right
//! arguments and surroundings.

mod apt;
mod browser;
mod fuzz;
mod steps;
mod vulkan;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Parser;

use steps::{LIBTEST, NEXTEST, Steps, cargo};

/// Project tasks.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Installs what the tests need, then runs everything that CI runs.
    Test,
    /// Renders a thousand pictures and keeps serving them.
    Demo {
        /// Passed on to `pixeldrive demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Paints the example templates on one page, and the pictures of the README.
    Gallery,
    /// Paints the reference pictures of the golden tests anew. Look at each before committing it.
    Bless,
    /// Runs the benchmarks.
    Bench {
        /// Passed on to criterion, such as the name of a benchmark.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Feeds made-up bytes to what reads the bytes of strangers, with libFuzzer.
    Fuzz {
        /// One file of `fuzz/fuzz_targets`; all of them in turn without it.
        target: Option<String>,
        /// How long each target runs.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Test => test(),
        Task::Demo { arguments } => demo(&arguments),
        Task::Gallery => run("gallery"),
        Task::Bless => run("bless"),
        Task::Bench { arguments } => bench(&arguments),
        Task::Fuzz { target, seconds } => fuzz::fuzz(target.as_deref(), seconds),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            steps::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The top folder of the repository.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn test() -> Result<bool> {
    let driver = vulkan::install()?;
    browser::install()?;
    let mut steps = Steps::default();
    steps.run("format", cargo(&["fmt", "--all", "--check"]));
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps.run("lints", cargo(&clippy));
    // The tests of the GPU painter paint on this software driver, so that their pixels are the
    // same on every machine.
    let test = |arguments: &[&str]| {
        let mut command = cargo(arguments);
        driver.put_into(&mut command);
        command
    };
    if steps::answers(&mut cargo(&["nextest", "--version"])) {
        let nextest = ["nextest", "run", "--workspace", "--locked", "--no-fail-fast"];
        steps.count("tests", test(&nextest), NEXTEST);
        steps.count("doc tests", test(&["test", "--workspace", "--locked", "--doc"]), LIBTEST);
    } else {
        let all = ["test", "--workspace", "--locked", "--no-fail-fast"];
        steps.count("tests", test(&all), LIBTEST);
    }
    // The profile of the tests: whether each benchmark runs at all is the question here.
    let smoke = [
        "bench",
        "--profile",
        "dev",
        "--locked",
        // All of the workspace, as for the tests: another choice of packages would have cargo build
        // the dependencies again with other features.
        "--workspace",
        "--bench",
        "*",
        "--",
        "--test",
    ];
    steps.run("benchmarks, once each", test(&smoke));
    if steps::answers(&mut cargo(&["deny", "--version"])) {
        steps.run("dependencies", cargo(&["deny", "check", "licenses", "bans", "sources"]));
    } else {
        steps::say("cargo-deny is not installed: licences and sources are not checked here");
    }
    Ok(steps.finish())
}

fn demo(arguments: &[String]) -> Result<bool> {
    let mut command = cargo(&["run", "--release", "-p", "pixeldrive", "--", "demo"]);
    Ok(command.args(arguments).status()?.success())
}

/// Runs a program of the tests, built as the tests are: for one package alone (`cargo run -p`), or without a
/// test beside it, cargo would build hundreds of dependencies again with other features.
fn run(program: &str) -> Result<bool> {
    let build = ["build", "--workspace", "--locked", "--bin", program, "--test", "tidy"];
    let built = cargo(&build).status()?.success();
    // Where this program is, its siblings are.
    let path = std::env::current_exe()?.with_file_name(program);
    Ok(built && Command::new(path).current_dir(root()).status()?.success())
}

fn bench(arguments: &[String]) -> Result<bool> {
    let mut command = cargo(&["bench", "-p", "pixeldrive-benches", "--"]);
    Ok(command.args(arguments).status()?.success())
}
