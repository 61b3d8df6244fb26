//! The figures of the whole service: HTTP, queue, ledger and pictures in a folder, beside the offline rate.
//!
//! `service PIXELDRIVE ROWS` starts that binary on throw-away folders, sends it ROWS different rows of the photo card
//! in batches, then single renders of the flat card beside more of them, and prints a Markdown table.
//!
//! Deliberately absent: any shortcut past the API, and work that a client would not have.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use data_encoding::BASE64;
use pixeldrive_benches::folder;
use reqwest::{Client, Response};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

/// Rows of one batch: what the API takes at once.
const BATCH_ROWS: usize = 1000;
/// Rows of the offline side; its pictures are all on the disk at once.
const OFFLINE_ROWS_MAX: usize = 3000;
/// Batches whose pictures may lie on the disk once they are done.
const BATCHES_KEPT: usize = 3;
/// Single renders, beside a batch and beside nothing.
const SINGLES: usize = 400;
/// Renders that are answered from the record, by so many callers at once.
const CACHED: usize = 4000;
const CALLERS: usize = 8;
const TOKEN: &str = "pdrv_0123456789abcdefghij";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [binary, rows] = &arguments[..] else { bail!("usage: service PIXELDRIVE ROWS") };
    let (binary, rows): (_, usize) = (Path::new(binary), rows.parse()?);
    let work = tempfile::tempdir()?;
    let mut table = Table::default();

    let offline = offline(binary, work.path(), rows.min(OFFLINE_ROWS_MAX))?;
    table.add("photo rows by `batch`, files to files", format!("{offline:.0}/s"));

    let mut service = Service::start(binary, &work.path().join("data")).await?;
    let (rate, memory) = service.rate(rows).await?;
    let part = rate / offline * 100.0;
    table.add("photo rows over HTTP", format!("{rate:.0}/s, {part:.0} %"));
    let highest = memory.iter().max().unwrap_or(&0);
    let memory: Vec<_> = memory.iter().map(u64::to_string).collect();
    let memory = format!("{highest} MiB; {}", memory.join(", "));
    table.add("resident memory: highest; after each batch", memory);

    let mut alone = Vec::new();
    for number in 0..SINGLES {
        alone.push(service.single(number, false).await?);
    }
    table.add("single flat card, nothing else", percentiles(&mut alone));
    let mut beside = service.beside_batches(rows).await?;
    table.add("single flat card beside a full batch", percentiles(&mut beside));
    let mut cached = Vec::new();
    for number in 0..SINGLES {
        cached.push(service.single(number, true).await?);
    }
    table.add("the same again, from the record", percentiles(&mut cached));
    table.add("renders from the record, 8 callers", format!("{:.0}/s", service.cached().await?));
    let mut out = std::io::stdout();
    write!(out, "{}", table.0)?;
    Ok(())
}

/// A Markdown table of two columns.
struct Table(String);

impl Default for Table {
    fn default() -> Self {
        Self("| figure | value |\n|---|---|\n".to_owned())
    }
}

impl Table {
    fn add(&mut self, figure: &str, value: String) {
        self.0 += &format!("| {figure} | {value} |\n");
    }
}

/// The middle, the 99th of a hundred, and the number of them.
fn percentiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let ms = |part: usize| {
        let at = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    format!("p50 {:.1} ms, p99 {:.1} ms of {}", ms(50), ms(99), times.len())
}

/// A card with its images in it, and the payloads that there are for it.
struct Card {
    template: Value,
    payloads: Vec<Map<String, Value>>,
}

impl Card {
    fn read(name: &str) -> Result<Self> {
        let mut template: Value =
            serde_json::from_slice(&std::fs::read(folder().join(format!("{name}.json")))?)?;
        let elements = template["elements"].as_array_mut().context("elements")?;
        let mut ids = Vec::new();
        for element in elements {
            ids.push(element["id"].as_str().context("an id")?.to_owned());
            if let Some(src) = element["src"].as_str() {
                let file = BASE64.encode(&std::fs::read(folder().join(src))?);
                let kind = if src.ends_with("jpg") { "jpeg" } else { "png" };
                element["src"] = json!(format!("data:image/{kind};base64,{file}"));
            }
        }
        let rows = std::fs::read_to_string(folder().join("payloads.ndjson"))?;
        let payloads = rows.lines().map(|line| {
            let mut payload: Map<String, Value> = serde_json::from_str(line)?;
            payload.retain(|id, _| ids.contains(id));
            anyhow::Ok(payload)
        });
        Ok(Self { template, payloads: payloads.collect::<Result<_>>()? })
    }

    /// The payload of row `number`; no two are alike.
    fn payload(&self, number: usize) -> Value {
        let mut payload = self.payloads[number % self.payloads.len()].clone();
        let footer = json!({"text": format!("cards.example.com · No. {number:06}")});
        payload.insert("footer".to_owned(), footer);
        payload.into()
    }
}

/// Rows a second by the offline command, as it says itself.
fn offline(binary: &Path, work: &Path, rows: usize) -> Result<f64> {
    let card = Card::read("photo")?;
    let lines: Vec<_> = (0..rows).map(|number| card.payload(number).to_string()).collect();
    let (source, out) = (work.join("rows.ndjson"), work.join("out"));
    std::fs::write(&source, lines.join("\n"))?;
    let mut command = pixeldrive(binary);
    let done =
        command.arg("batch").arg(folder().join("photo.json")).arg(&source).arg("-o").arg(&out);
    let done = done.output()?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    ensure!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let rate = said.split(" images/s").next().and_then(|text| text.rsplit(' ').next());
    for file in std::fs::read_dir(&out)? {
        empty(&file?.path())?;
    }
    Ok(rate.context("no rate")?.parse()?)
}

fn pixeldrive(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env("PIXELDRIVE_GPU", "off").env("PIXELDRIVE_FONTS", folder().join("assets"));
    command
}

/// Makes room on the disk. Removed files would make new ones slow for some minutes: ext4 looks for an
/// inode that was not freed lately.
fn empty(file: &Path) -> Result<()> {
    Ok(std::fs::OpenOptions::new().write(true).open(file)?.set_len(0)?)
}

/// A running server.
struct Service {
    process: Child,
    data: PathBuf,
    http: Client,
    base: String,
    photo: (Card, String),
    flat: (Card, String),
    /// Rows of the photo card that were sent so far.
    sent: usize,
    /// Pictures of batches that are done, by batch.
    done: VecDeque<Vec<PathBuf>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        self.process.kill().unwrap_or_default();
        self.process.wait().map(drop).unwrap_or_default();
    }
}

impl Service {
    async fn start(binary: &Path, data: &Path) -> Result<Self> {
        let mut command = pixeldrive(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"]).arg(data);
        command.env("PIXELDRIVE_BOOTSTRAP_TOKEN", TOKEN).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let lines = BufReader::new(process.stdout.take().context("its stdout")?).lines();
        let base = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned));
        let base = base.context("the server does not listen")?;
        let http = Client::builder().no_proxy().tls_certs_only([]).build()?;
        let cards = (Card::read("photo")?, Card::read("flat")?);
        let (photo, flat) = ((cards.0, String::new()), (cards.1, String::new()));
        let data = data.to_path_buf();
        let mut service =
            Self { process, data, http, base, photo, flat, sent: 0, done: VecDeque::new() };
        service.until_ready().await?;
        service.grant(binary)?;
        service.photo.1 = service.create(&service.photo.0.template).await?;
        service.flat.1 = service.create(&service.flat.0.template).await?;
        Ok(service)
    }

    async fn until_ready(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_secs(60), "the server is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// More credits than a new account has.
    fn grant(&self, binary: &Path) -> Result<()> {
        let mut command = pixeldrive(binary);
        command.args(["admin", "credits", "grant", "1000000", "--data"]).arg(&self.data);
        let granted = command.output()?;
        ensure!(granted.status.success(), "{}", String::from_utf8_lossy(&granted.stderr));
        Ok(())
    }

    fn ask(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(TOKEN)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(TOKEN);
        Ok(good(request.json(body).send().await?).await?.json().await?)
    }

    async fn create(&self, template: &Value) -> Result<String> {
        text(&self.post("/v1/templates", template).await?, "id")
    }

    /// Sends a batch of the next rows; answers the request for its progress.
    async fn submit(&mut self, rows: usize) -> Result<reqwest::RequestBuilder> {
        let payloads: Vec<_> =
            (self.sent..self.sent + rows).map(|number| self.photo.0.payload(number)).collect();
        self.sent += rows;
        let body = json!({"templateId": self.photo.1, "payloads": payloads});
        let batch = text(&self.post("/v1/render/batch", &body).await?, "batchId")?;
        Ok(self.ask(&format!("/v1/batches/{batch}/stream")))
    }

    /// Renders so many rows: rows a second, and the memory after each batch in MiB.
    async fn rate(&mut self, rows: usize) -> Result<(f64, Vec<u64>)> {
        let begun = Instant::now();
        let mut batches = JoinSet::new();
        for first in (0..rows).step_by(BATCH_ROWS) {
            let progress = self.submit(BATCH_ROWS.min(rows - first)).await?;
            batches.spawn(follow(progress));
        }
        let mut memory = Vec::new();
        while let Some(done) = batches.join_next().await {
            self.keep(done??)?;
            memory.push(self.memory()?);
        }
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        Ok((rows as f64 / begun.elapsed().as_secs_f64(), memory))
    }

    /// Times of single renders beside batches of which there is always one more to come.
    async fn beside_batches(&mut self, rows: usize) -> Result<Vec<Duration>> {
        let mut batches = JoinSet::new();
        let mut times = Vec::new();
        while times.len() < SINGLES {
            while batches.len() < 2 {
                let progress = self.submit(BATCH_ROWS.min(rows)).await?;
                batches.spawn(follow(progress));
            }
            times.push(self.single(SINGLES + times.len(), false).await?);
            while let Some(done) = batches.try_join_next() {
                self.keep(done??)?;
            }
        }
        while let Some(done) = batches.join_next().await {
            self.keep(done??)?;
        }
        Ok(times)
    }

    /// Time of one render of the flat card.
    async fn single(&self, number: usize, cached: bool) -> Result<Duration> {
        let body = json!({"templateId": self.flat.1, "payload": self.flat.0.payload(number)});
        let begun = Instant::now();
        let answer = self.post("/v1/render", &body).await?;
        let time = begun.elapsed();
        ensure!((answer["fromCache"] == "db") == cached, "{answer}");
        Ok(time)
    }

    /// Renders from the record a second, by several callers at once.
    async fn cached(&self) -> Result<f64> {
        let begun = Instant::now();
        let callers = (0..CALLERS).map(async |caller| {
            for number in (caller..CACHED).step_by(CALLERS) {
                self.single(number % SINGLES, true).await?;
            }
            anyhow::Ok(())
        });
        futures::future::try_join_all(callers).await?;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        Ok(CACHED as f64 / begun.elapsed().as_secs_f64())
    }

    /// A batch is done: its pictures may stay for a while.
    fn keep(&mut self, urls: Vec<String>) -> Result<()> {
        let pictures = urls.iter().map(|url| {
            let key = url.split("/img/").nth(1).context("a picture's URL")?;
            anyhow::Ok(self.data.join("store").join(key))
        });
        self.done.push_back(pictures.collect::<Result<_>>()?);
        while self.done.len() > BATCHES_KEPT {
            let oldest = self.done.pop_front().unwrap_or_default();
            oldest.iter().try_for_each(|file| empty(file))?;
        }
        Ok(())
    }

    /// Resident memory in MiB.
    fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line.context("VmRSS")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib / 1024)
    }
}

async fn good(answer: Response) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    bail!("{} answers {status}: {}", answer.url().path().to_owned(), answer.text().await?)
}

fn text(answer: &Value, key: &str) -> Result<String> {
    let text = answer[key].as_str().map(str::to_owned);
    text.with_context(|| format!("the answer has no `{key}`: {answer}"))
}

/// Follows a batch to its end; answers the URLs of its pictures.
async fn follow(progress: reqwest::RequestBuilder) -> Result<Vec<String>> {
    // The server ends the stream after the last event.
    let events = good(progress.send().await?).await?.text().await?;
    let data = events.rsplit("event: done").next().and_then(|event| event.split("data: ").nth(1));
    let data = data.and_then(|data| data.lines().next()).context("no `done` event")?;
    let done: Value = serde_json::from_str(data)?;
    let rows = done["results"].as_array().context("no results")?;
    let url = |row: &Value| text(&row["result"], "imageUrl").with_context(|| row.to_string());
    rows.iter().map(url).collect()
}
