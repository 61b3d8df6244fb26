//! `worker`: an engine that takes work from gateways over TCP.

use std::sync::Arc;

use anyhow::{Context, Result};
use pixeldrive_blobs::{Blobs, Folder};
use pixeldrive_gpu_worker::WorkerConfig;
use pixeldrive_model::WorkerId;
use tokio_util::sync::CancellationToken;

use crate::config::Worker;
use crate::engine;

/// `pixeldrive worker`. Returns when the signal came and what was begun is finished; fails when it is stuck.
pub(crate) async fn worker(config: Worker, shutdown: CancellationToken) -> Result<()> {
    let engine = engine::start(&config.render, None)?;
    let dials = config.gateways.iter().map(|address| {
        let dial = pixeldrive_gpu_worker::dial_tcp(address);
        dial.with_context(|| format!("PIXELDRIVE_GATEWAYS: `{address}`"))
    });
    let dials = dials.collect::<Result<Vec<_>>>()?;
    let blobs: Option<Arc<dyn Blobs>> = match &config.store {
        Some(folder) => Some(Arc::new(Folder::open(folder).await?)),
        None => None,
    };
    let session = WorkerConfig {
        id: WorkerId::new(),
        token: config.worker_token,
        epoch: engine::epoch(&config.render.fonts)?,
    };
    Ok(pixeldrive_gpu_worker::run(session, engine, blobs, dials, shutdown).await?)
}
