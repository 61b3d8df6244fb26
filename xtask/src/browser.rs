//! The browser that the tests compare with.

use std::process::Command;

use anyhow::Result;

use crate::apt;
use crate::steps::answers;

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Installs Chromium, unless there is a browser of its kind.
pub(crate) fn install() -> Result<()> {
    if BROWSERS.iter().any(|browser| answers(Command::new(browser).arg("--version"))) {
        return Ok(());
    }
    apt::install(&["chromium"])
}
