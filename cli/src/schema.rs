//! `schema`: the JSON Schema of templates, or of the payloads that one template takes.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use pixeldrive_model::{parse, payload_schema, template_schema};

use crate::out::say;
use crate::rows::join;

/// Prints a JSON Schema.
#[derive(Args)]
pub(crate) struct Show {
    /// A template: prints what its payloads may say
    template: Option<PathBuf>,
}

/// `pixeldrive schema`.
pub(crate) fn show(show: &Show) -> Result<()> {
    let schema = match &show.template {
        None => template_schema(),
        Some(path) => {
            let shown = path.display();
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
            let template = parse(&bytes).map_err(|found| anyhow!("{shown}: {}", join(&found)))?;
            payload_schema(&template)
        }
    };
    say(serde_json::to_string_pretty(&schema)?);
    Ok(())
}
