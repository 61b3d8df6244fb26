//! Offline rendering: `render` and `batch`, from files to files, with no server and no account.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use futures::StreamExt;
use pixeldrive_gpu_worker::{Attempt, Engine, Lane, Rendered, Task};
use pixeldrive_model::{Effort, Failure, Payload, Template, Warning, parse_payload, parse_with};
use pixeldrive_render::inspect;

use crate::config::{Faults, RenderArgs};
use crate::engine;
use crate::findings::{Failures, Findings};
use crate::names::{Names, sanitise};
use crate::out::{self, note, say, thousands};
use crate::progress::Progress;
use crate::rows::{self, Columns, Row, join};

/// What both commands need.
#[derive(Args)]
pub(crate) struct Common {
    /// The template; its image paths are relative to its folder
    template: PathBuf,
    /// Device pixels per template px
    #[arg(long, default_value_t = 1.0, value_name = "RATIO")]
    pixel_ratio: f64,
    /// How much time a file may take to become small: fast, balanced or small
    #[arg(long, default_value_t = Effort::Fast, value_name = "EFFORT")]
    effort: Effort,
    /// One of the template's named sizes, instead of its own
    #[arg(long, value_name = "NAME")]
    size: Option<String>,
    /// Fail where a picture would need a warning, such as a missing glyph
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    render: RenderArgs,
}

/// Renders one picture.
#[derive(Args)]
pub(crate) struct RenderOne {
    #[command(flatten)]
    common: Common,
    /// The data: a JSON object from element id to value
    payload: PathBuf,
    /// The picture to write, a .png file; - writes it to stdout
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Renders one picture for each row.
#[derive(Args)]
pub(crate) struct Batch {
    #[command(flatten)]
    common: Common,
    /// The rows: NDJSON with a payload a line, or CSV with columns such as headline.text
    rows: PathBuf,
    /// The folder to write to; made when there is none
    #[arg(long, short, value_name = "FOLDER")]
    output: PathBuf,
    /// The column that names the files; they are numbered otherwise
    #[arg(long, value_name = "COLUMN")]
    name_by: Option<String>,
}

/// A template with an engine that renders it.
struct Studio {
    engine: Engine,
    template: Arc<Template>,
    pixel_ratio: f64,
    effort: Effort,
    strict: bool,
}

impl Studio {
    fn open(common: &Common) -> Result<Self> {
        let mut faults = Faults::default();
        let render = common.render.check(&mut faults);
        let render = faults.complete(render)?;
        let path = &common.template;
        let template = parse_with(&read(path)?, &inspect)
            .map_err(|problems| anyhow!("{}: {}", path.display(), join(&problems)))?;
        let template = Arc::new(template).sized(common.size.as_deref());
        let template =
            template.map_err(|problem| anyhow!("{}: {}", path.display(), problem.message))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        let engine = engine::start(&render, Some(folder))?;
        let Common { pixel_ratio, effort, strict, .. } = *common;
        Ok(Self { engine, template, pixel_ratio, effort, strict })
    }

    async fn render(&self, payload: Payload, lane: Lane) -> Result<Rendered, Failure> {
        let task = Task {
            template: Arc::clone(&self.template),
            payload,
            fonts: Vec::new(),
            pixel_ratio: self.pixel_ratio,
            effort: self.effort,
            lane,
            strict: self.strict,
            deadline: None,
            attempt: Attempt::Last,
        };
        self.engine.render(task).await
    }
}

/// `pixeldrive render`.
pub(crate) async fn render(command: RenderOne) -> Result<()> {
    let to_stdout = command.output.as_os_str() == "-";
    if !to_stdout {
        check_png(&command.output)?;
        check_file(&command.output)?;
    }
    let studio = Studio::open(&command.common)?;
    let payload = parse_payload(&read(&command.payload)?)
        .map_err(|problems| anyhow!("{}: {}", command.payload.display(), join(&problems)))?;
    let rendered = studio.render(payload, Lane::Interactive).await?;
    for warning in &rendered.warnings {
        note(format!("warning: {}: {} ({})", warning.element, warning.message, warning.code));
    }
    let bytes = thousands(rendered.png.len() as u64);
    let size = format!("{} x {} px, {bytes} bytes", rendered.width, rendered.height);
    if to_stdout {
        out::bytes(&rendered.png).context("cannot write to stdout")?;
        note(format!("stdout: {size}"));
    } else {
        write(&command.output, &rendered.png).await?;
        say(format!("{}: {size}", command.output.display()));
    }
    Ok(())
}

/// What a template reads of a row besides the properties of its elements.
fn paths(template: &Template) -> HashSet<String> {
    let ids: HashSet<_> = template.walk().map(|element| element.id.as_str()).collect();
    let paths = template.paths_read().map(|(_, path)| path);
    let paths = paths.filter(|path| !path.split('.').next().is_some_and(|id| ids.contains(id)));
    paths.map(str::to_owned).collect()
}

/// `pixeldrive batch`. Answers whether every row has its picture.
pub(crate) async fn batch(command: Batch) -> Result<bool> {
    check_folder(&command.output)?;
    let studio = Studio::open(&command.common)?;
    let name_by = command.name_by.as_deref();
    let columns = Columns { name_by: command.name_by.clone(), paths: paths(&studio.template) };
    check_columns(&command.rows, &studio.template, &columns)?;
    let count = check_names(&command.rows, &columns)?;
    for column in rows::ignored_columns(&command.rows, &columns)? {
        let meant = studio.template.column_meant(&column);
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        note(format!(
            "note: column `{column}` is ignored: it is not of the form element.property{meant}"
        ));
    }
    tokio::fs::create_dir_all(&command.output)
        .await
        .with_context(|| format!("cannot make {}", command.output.display()))?;
    let digits = count.to_string().len().max(4);
    let path = |row: &Row| {
        let name = match &row.name {
            Some(name) => sanitise(name),
            None => format!("{:0digits$}", row.number),
        };
        command.output.join(format!("{name}.png"))
    };

    let mut progress = Progress::new(count as u64);
    let start = Instant::now();
    // Enough rows under way to keep every thread busy while files are written.
    let under_way = studio.engine.slots() * 2 + 2;
    let rendered = futures::stream::iter(rows::read(&command.rows, &columns)?)
        .map(|row| {
            let (path, studio) = (path(&row), &studio);
            async move {
                let (number, place) = (row.number, row.place.clone());
                (number, place, one(studio, row, name_by, &path).await)
            }
        })
        .buffer_unordered(under_way);
    let mut rendered = std::pin::pin!(rendered);
    let (mut done, mut failed) = (0_u64, 0_u64);
    let (mut findings, mut failures) = (Findings::default(), Failures::default());
    while let Some((number, place, result)) = rendered.next().await {
        match result {
            Ok(warnings) => {
                done += 1;
                findings.add(number, &place, warnings);
            }
            Err(reason) => {
                failed += 1;
                if failures.add(number, &place, &reason) {
                    progress.note(format!("{place}: {reason}"));
                }
            }
        }
        progress.set(done + failed);
    }
    progress.finish();
    findings.show();
    failures.show();
    say(summary(done, failed, start.elapsed().as_secs_f64(), &command.output));
    Ok(failed == 0)
}

/// Renders one row into its file.
async fn one(
    studio: &Studio,
    row: Row,
    name_by: Option<&str>,
    path: &Path,
) -> Result<Vec<Warning>, String> {
    let payload = row.payload?;
    if let (Some(column), None) = (name_by, &row.name) {
        return Err(format!("nothing in `{column}` to name the file after"));
    }
    let rendered =
        studio.render(payload, Lane::Bulk).await.map_err(|failure| failure.to_string())?;
    write(path, &rendered.png).await.map_err(|error| format!("{error:#}"))?;
    Ok(rendered.warnings)
}

/// What is wrong with a heading is said once, not for every row.
fn check_columns(path: &Path, template: &Template, columns: &Columns) -> Result<()> {
    let named = rows::columns(path, columns)?;
    let faults = named.iter().filter_map(|(element, property)| {
        let fault = template.column_fault(element, property)?;
        Some(format!("column `{element}.{property}`: {fault}"))
    });
    let faults: Vec<_> = faults.collect();
    if !faults.is_empty() {
        bail!("{}: {}", path.display(), faults.join("\n"));
    }
    Ok(())
}

/// Reads all rows once: how many there are, and that no two are to have the same file.
fn check_names(path: &Path, columns: &Columns) -> Result<usize> {
    let mut names = Names::default();
    let mut count = 0;
    for row in rows::read(path, columns)? {
        count += 1;
        if let Some(name) = &row.name {
            names.claim(name, row.number)?;
        }
    }
    if count == 0 {
        bail!("{}: there are no rows", path.display());
    }
    Ok(count)
}

fn summary(done: u64, failed: u64, seconds: f64, folder: &Path) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = done as f64 / seconds.max(1e-9);
    let (done, failed) = (thousands(done), thousands(failed));
    format!(
        "{done} completed, {failed} failed in {seconds:.2} s: {rate:.1} images/s, in {}",
        folder.display()
    )
}

/// Pictures are PNG whatever their file is called, so it is called that.
fn check_png(path: &Path) -> Result<()> {
    let png = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    if !png && !path.is_dir() {
        let named = path.with_extension("png");
        bail!("{}: pictures are PNG files; write to {}", path.display(), named.display());
    }
    Ok(())
}

/// Nothing is written through or over what is no file.
fn check_file(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            bail!("{} is a folder; give a file in it, such as picture.png", path.display())
        }
        Ok(found) if !found.is_file() => {
            bail!("{} is a device or a pipe, not a file; `-o -` writes to stdout", path.display())
        }
        _ => Ok(()),
    }
}

/// A batch writes a folder of files.
fn check_folder(path: &Path) -> Result<()> {
    if path.as_os_str() == "-" {
        bail!("a batch writes many pictures: give a folder, not stdout");
    }
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => {
            bail!("{} is a file; give a folder, which is made when there is none", path.display())
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file under another name first, so that nobody meets half of one. What is there and is no
/// file, such as a device, is left alone.
async fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    check_file(path)?;
    check_file(Path::new(&partial))?;
    let context = || format!("cannot write {}", path.display());
    tokio::fs::write(&partial, bytes).await.with_context(context)?;
    tokio::fs::rename(&partial, path).await.with_context(context)
}
