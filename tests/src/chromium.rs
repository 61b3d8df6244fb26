//! Headless Chromium, for comparing with another engine. `cargo xtask test` installs it.
//!
//! Deliberately absent: what is compared, and how closely.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result};

use crate::Picture;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Chromium makes a window lower than it is asked to.
const WINDOW_SPARE: usize = 200;

/// What it paints of a page, over nothing: a picture of this size at least.
///
/// # Errors
/// When there is no Chromium, or it paints nothing.
pub fn shot(page: &str, (width, height): (usize, usize)) -> Result<Picture> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("shot.png");
    let options = [
        "--hide-scrollbars".to_owned(),
        "--force-device-scale-factor=1".to_owned(),
        "--force-color-profile=srgb".to_owned(),
        "--default-background-color=00000000".to_owned(),
        format!("--window-size={width},{}", height + WINDOW_SPARE),
        format!("--screenshot={}", file.display()),
    ];
    let output = open(page, scratch.path(), &options)?;
    let failed = || format!("Chromium painted nothing: {}", stderr(&output));
    Picture::decode(&fs::read(file).with_context(failed)?)
}

/// What the scripts of a page leave in its `<pre>`.
///
/// # Errors
/// When there is no Chromium, or no such element.
pub fn answer(page: &str) -> Result<String> {
    let scratch = tempfile::tempdir()?;
    let options = [
        "--font-render-hinting=none",
        "--virtual-time-budget=20000",
        "--timeout=60000",
        "--dump-dom",
    ];
    let output = open(page, scratch.path(), &options.map(str::to_owned))?;
    let dom = String::from_utf8_lossy(&output.stdout);
    let answer = dom.split_once("<pre>").and_then(|(_, rest)| rest.split_once("</pre>"));
    let failed = || format!("Chromium answers nothing: {}", stderr(&output));
    Ok(answer.with_context(failed)?.0.trim().to_owned())
}

/// Opens a page with whichever browser there is.
fn open(page: &str, scratch: &Path, options: &[String]) -> Result<Output> {
    let file = scratch.join("page.html");
    fs::write(&file, page)?;
    let run = |browser: &&str| {
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-sync"])
            .arg("--disable-component-update")
            .args(options)
            .arg(format!("--user-data-dir={}", scratch.join("profile").display()))
            .arg(format!("file://{}", file.display()))
            .output()
            .ok()
    };
    let output = BROWSERS.iter().find_map(run);
    output.context("this test needs Chromium: run it with `cargo xtask test`")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
