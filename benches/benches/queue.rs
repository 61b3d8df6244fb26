//! The queue and the ledger on SQLite: what a row costs besides its picture.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Effort, JobId, LeaseId, TemplateId, content_hash,
};
use pixeldrive_store::{
    Claim, NewAccount, Outcome, PutTemplate, Render, Row, Settle, Sqlite, Store, Submit,
};

/// Rows of a batch.
const ROWS: usize = 1000;
/// Jobs claimed and settled at once, as the gateway does.
const GROUP: u32 = 64;
const NOW: i64 = 1_800_000_000_000;

/// An account with a template, in a database of its own.
struct Farm {
    store: Sqlite,
    account: AccountId,
    template: TemplateId,
    version: ContentHash,
    rows: u64,
    _folder: tempfile::TempDir,
}

impl Farm {
    async fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Sqlite::open(&folder.path().join("bench.db")).await?;
        let (account, template) = (AccountId::new(), TemplateId::new());
        let new = NewAccount { id: account, name: "bench".to_owned(), credits: 1_000_000_000 };
        store.create_account(new, NOW).await?;
        let version = content_hash(&serde_json::Map::new());
        let (name, json) = ("bench".to_owned(), b"{}".to_vec());
        let put = PutTemplate { id: template, account, name, hash: version, json };
        store.put_template(put, NOW).await?;
        Ok(Self { store, account, template, version, rows: 0, _folder: folder })
    }

    /// Submits a batch of rows that no batch had before.
    async fn submit(&mut self) -> anyhow::Result<Duration> {
        let mut rows = Vec::with_capacity(ROWS);
        for _ in 0..ROWS {
            self.rows += 1;
            let hash = format!("{:016}", self.rows).parse().map_err(anyhow::Error::msg)?;
            let payload = format!(r#"{{"title":{{"text":"Row {}"}}}}"#, self.rows).into_bytes();
            rows.push(Row { job: JobId::new(), hash, payload, fonts: None });
        }
        let submit = Submit {
            batch: BatchId::new(),
            account: self.account,
            template: self.template,
            version: self.version,
            size: None,
            pixel_ratio: 1.0,
            effort: Effort::Fast,
            strict: false,
            fonts: Vec::new(),
            rows,
        };
        let start = Instant::now();
        self.store.submit(submit, NOW).await?;
        Ok(start.elapsed())
    }

    /// Claims and settles until the queue is empty.
    async fn drain(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        loop {
            let lease = LeaseId::new();
            let gateway = "bench".to_owned();
            let claim = Claim { limit: GROUP, idle: true, lease, until: NOW + 30_000, gateway };
            let jobs = self.store.claim(claim, NOW).await?.jobs;
            if jobs.is_empty() {
                return Ok(start.elapsed());
            }
            let settled = jobs.into_iter().map(|job| {
                let render = Render {
                    account: self.account,
                    template: self.template,
                    hash: job.hash,
                    width: 1200,
                    height: 630,
                    bytes: 1,
                    warnings: Vec::new(),
                };
                Settle { job: job.id, lease, outcome: Outcome::Completed(render) }
            });
            self.store.settle(&settled.collect::<Vec<_>>(), NOW).await?;
        }
    }
}

/// Times `measured` of each submitted and drained batch of a thousand rows.
fn queue(criterion: &mut Criterion) {
    #[expect(clippy::expect_used, reason = "a benchmark that cannot run should say why")]
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("queue");
    group.sample_size(10);
    type Pick = fn(Duration, Duration) -> Duration;
    let measures: [(&str, Pick); 2] = [
        ("submit 1000 rows", |submit, _| submit),
        ("claim and settle 1000 rows", |_, drain| drain),
    ];
    for (name, pick) in measures {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                #[expect(clippy::expect_used, reason = "a benchmark that fails should say why")]
                runtime
                    .block_on(async {
                        let mut farm = Farm::new().await?;
                        let mut sum = Duration::ZERO;
                        for _ in 0..times {
                            let submit = farm.submit().await?;
                            sum += pick(submit, farm.drain().await?);
                        }
                        anyhow::Ok(sum)
                    })
                    .expect("the queue works")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, queue);
criterion_main!(benches);
