//! Logs: lines for people on a terminal, JSON for machines otherwise; always on stderr, so that
//! stdout carries results alone.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Starts logging what `filter` lets through, such as `info` or `warn,pixeldrive_gateway=debug`.
pub(crate) fn start(filter: &str) -> Result<()> {
    // What a dependency says of an SVG is in the picture's warnings, in our own words.
    let filter = EnvFilter::try_new(format!("usvg=error,fontdb=error,{filter}"))
        .with_context(|| format!("PIXELDRIVE_LOG: `{filter}` is not a log filter; try `info`"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if io::stderr().is_terminal() {
        lines.init();
    } else {
        lines.json().flatten_event(true).init();
    }
    Ok(())
}
