//! `demo`: a server on a fresh folder, three templates, and a thousand pictures through the HTTP
//! API, as a client would make them.
//!
//! Deliberately absent: any shortcut past the API. What it prints is what a client gets.

mod client;
mod rows;
mod sheet;
mod templates;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use futures::StreamExt;
use pixeldrive_model::Effort;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::config::{Faults, Front, RenderArgs};
use crate::out::{note, say, thousands};
use crate::progress::Progress;
use crate::serve::{self, Served};
use crate::shutdown;
use crate::token::Token;

use client::Client;

/// URLs that are printed.
const URLS_SHOWN: usize = 5;
/// How long the worker may take to say that it is there.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The options of `demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// End after the batch, once every URL has answered with a picture that decodes
    #[arg(long)]
    exit: bool,
    /// Rows of the batch
    #[arg(long, default_value_t = 1000, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    rows: u16,
    /// Address of the HTTP API; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: std::net::SocketAddr,
    /// Where the contact sheet goes
    #[arg(long, default_value = "out/demo.png", value_name = "FILE")]
    sheet: PathBuf,
    #[command(flatten)]
    render: RenderArgs,
}

/// How the batch ended.
struct Finished {
    completed: u64,
    failed: u64,
    seconds: f64,
    urls: Vec<String>,
}

impl Finished {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    fn rate(&self) -> f64 {
        self.completed as f64 / self.seconds.max(1e-9)
    }
}

/// `pixeldrive demo`. Answers whether every picture was made.
pub(crate) async fn demo(demo: Demo) -> Result<bool> {
    let mut faults = Faults::default();
    let render = demo.render.check(&mut faults);
    let render = faults.complete(render)?;
    let data = tempfile::Builder::new().prefix("pixeldrive-demo-").tempdir()?;
    let shutdown = shutdown::on_signal()?;
    let token = Token::generate();
    let front = front(&data, &demo, token.clone());
    // The batch ends early on a signal, the server a little later, once this has let go of it.
    let stop = CancellationToken::new();
    let Served { address, ended, .. } = serve::start(front, &render, stop.clone()).await?;
    let base = format!("http://{address}");
    let client = Client::new(&base, token.reveal())?;
    let shown = tokio::select! {
        shown = show(&demo, &client, &render, &data) => shown,
        () = shutdown.cancelled() => Ok(false),
    };
    if shown.is_ok() && !demo.exit && !shutdown.is_cancelled() {
        say(format!("\nStill serving on {base} (Ctrl-C ends it and removes its data). Try:"));
        say(format!("  curl -H 'Authorization: Bearer {}' {base}/v1/templates", token.reveal()));
        shutdown.cancelled().await;
    }
    stop.cancel();
    ended.await??;
    shown
}

fn front(data: &TempDir, demo: &Demo, token: Token) -> Front {
    Front {
        data: data.path().to_path_buf(),
        database: data.path().join("pixeldrive.db"),
        store: data.path().join("store"),
        listen: demo.listen,
        public_url: None,
        bootstrap_token: Some(token),
        signing_keys: None,
        effort: Effort::Fast,
    }
}

/// Everything that the demo shows. Answers whether every picture was made.
async fn show(
    demo: &Demo,
    client: &Client,
    render: &crate::config::Render,
    data: &TempDir,
) -> Result<bool> {
    client.ready(READY_WITHIN).await?;
    let photo = client.create_template(&templates::photo()?).await?;
    let others = [
        ("Open Graph card", templates::og()?, rows::og()),
        ("event badge", templates::badge()?, rows::badge()),
    ];
    say("Three templates are in place: a photo card, an Open Graph card, an event badge.");

    let finished = batch(client, &photo, usize::from(demo.rows)).await?;
    say(format!(
        "{} completed, {} failed in {:.2} s: {:.1} images/s\n",
        thousands(finished.completed),
        thousands(finished.failed),
        finished.seconds,
        finished.rate()
    ));
    for url in finished.urls.iter().take(URLS_SHOWN) {
        say(format!("  {url}"));
    }
    let mut urls = finished.urls.clone();
    for (name, template, payload) in others {
        let id = client.create_template(&template).await?;
        let body = json!({"templateId": id, "payload": payload});
        let answer = client.post("/v1/render", &body).await?;
        let url = text(&answer, "url")?;
        say(format!("  {url}  ({name})"));
        urls.push(url);
    }
    let title = format!(
        "{} pictures at {:.0} a second; here are the first {}",
        thousands(finished.completed),
        finished.rate(),
        sheet::PICTURES.min(finished.urls.len())
    );
    sheet::write(&demo.sheet, &title, client, &finished.urls, render, data).await?;
    say(format!("\nContact sheet: {}", demo.sheet.display()));
    let mut good = finished.failed == 0;
    if demo.exit {
        good &= check(client, &urls).await?;
    }
    Ok(good)
}

/// Renders the batch and follows its progress.
async fn batch(client: &Client, template: &str, count: usize) -> Result<Finished> {
    let payloads: Vec<Value> = (0..count).map(rows::photo).collect();
    let mut progress = Progress::new(count as u64);
    let start = Instant::now();
    let body = json!({"templateId": template, "payloads": payloads});
    let accepted = client.post("/v1/render/batch", &body).await?;
    let stream = format!("/v1/batches/{}/stream", text(&accepted, "batchId")?);
    let mut events = Box::pin(client.events(&stream).await?);
    let (mut completed, mut failed) = (0, 0);
    let results = loop {
        let Some(event) = events.next().await else { bail!("the stream ended before the batch") };
        let (name, data) = event?;
        match name.as_str() {
            "progress" => {
                completed = data["completed"].as_u64().unwrap_or(0);
                failed = data["failed"].as_u64().unwrap_or(0);
                progress.set(completed + failed);
            }
            "done" => break data["results"].clone(),
            _ => {}
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    progress.finish();
    let results = results.as_array().context("the `done` event has no results")?;
    ensure!(results.len() == count, "{} results for {count} rows", results.len());
    let mut urls = Vec::with_capacity(count);
    for (row, result) in results.iter().enumerate() {
        match result["result"]["imageUrl"].as_str() {
            Some(url) => urls.push(url.to_owned()),
            None => note(format!("row {}: {}", row + 1, result["failedReason"])),
        }
    }
    ensure!(completed + failed == count as u64, "the counts do not add up to {count}");
    Ok(Finished { completed, failed, seconds, urls })
}

/// Fetches every URL: each must answer 200 with a PNG that decodes.
async fn check(client: &Client, urls: &[String]) -> Result<bool> {
    let checked = futures::stream::iter(urls)
        .map(|url| async move {
            let png = client.picture(url).await?;
            tokio::task::spawn_blocking(move || decode(&png)).await?
        })
        .buffer_unordered(8);
    let mut checked = std::pin::pin!(checked.enumerate());
    let mut good = 0;
    while let Some((_, result)) = checked.next().await {
        match result {
            Ok(()) => good += 1,
            Err(error) => note(format!("error: {error:#}")),
        }
    }
    say(format!(
        "{} of {} URLs answer 200 with a PNG that decodes",
        thousands(good),
        thousands(urls.len() as u64)
    ));
    Ok(good == urls.len() as u64)
}

fn decode(png: &[u8]) -> Result<()> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
    let size = reader.output_buffer_size().context("the picture is too large")?;
    reader.next_frame(&mut vec![0; size])?;
    Ok(())
}

fn text(answer: &Value, key: &str) -> Result<String> {
    let text = answer[key].as_str().map(str::to_owned);
    text.with_context(|| format!("the answer has no `{key}`: {answer}"))
}
