//! Logs: lines for people on a terminal, JSON for machines otherwise; always on stderr, so that
//! stdout carries results alone.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// What SVG libraries say of documents is told to callers as warnings, and without the paths of the
/// machine that built them. A filter that names them wins.
const SILENT: &str = "usvg=off,resvg=off,tiny_skia=off,fontdb=off";

/// Starts logging what `filter` lets through, such as `info` or `warn,pixeldrive_gateway=debug`.
pub(crate) fn start(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(format!("{SILENT},{filter}"))
        .with_context(|| format!("PIXELDRIVE_LOG: `{filter}` is not a log filter; try `info`"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() {
        lines.init();
    } else {
        lines.json().flatten_event(true).init();
    }
    Ok(())
}
