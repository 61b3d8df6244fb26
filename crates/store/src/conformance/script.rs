//! Scripts: a call a line, then two or more spaces, then what it must answer.
//!
//! ```text
//! account acme 3                free 3
//! submit b1 acme x y x          held 2 free 1 ready 2     # the third row follows the first
//! claim l1 8                    b1.0 b1.1
//! settle l1 b1.0=done           settled b1
//! ```
//!
//! Accounts, batches, holds and leases get their ids when they are first named; every account has
//! one template. A line without an answer is only run. An error answers its code.

use std::collections::HashMap;
use std::sync::Arc;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Effort, Failure, Fault, FieldsHash, HoldId, JobId, LeaseId,
    TemplateId,
};

use crate::*;

/// Attempts in scripts.
pub(super) const ATTEMPTS_MAX: u32 = 3;

/// A lease's length in scripts.
pub(super) const LEASE_MS: Millis = 30_000;

/// A synchronous render's hold lasts so long in scripts.
pub(super) const HOLD_MS: Millis = 120_000;

/// Time in scripts starts here.
pub(super) const START: Millis = 1_800_000_000_000;

/// A store and the names that scripts call its rows by.
pub(super) struct World {
    store: Arc<dyn Store>,
    now: Millis,
    accounts: HashMap<String, (AccountId, TemplateId)>,
    batches: HashMap<String, (BatchId, AccountId, Vec<JobId>)>,
    holds: HashMap<String, (HoldId, AccountId)>,
    leases: HashMap<String, LeaseId>,
}

/// Runs a script in a store of its own.
pub(super) async fn check(store: Arc<dyn Store>, script: &str) -> World {
    let mut world = World::new(store);
    world.check(script).await;
    world
}

/// The picture that scripts call so.
pub(super) fn picture(name: &str) -> FieldsHash {
    format!("{name:z<16}").parse().unwrap()
}

/// A template's only version.
pub(super) const VERSION: ContentHash = ContentHash([7; 32]);

pub(super) fn failure(code: &str) -> Failure {
    let (code, message) = (code.to_owned(), "it cannot be read".to_owned());
    Failure { fault: Fault::Caller, code, message, element: "logo".to_owned() }
}

pub(super) fn recorded(account: AccountId, template: TemplateId, hash: FieldsHash) -> Render {
    Render { account, template, hash, width: 600, height: 400, bytes: 999, warnings: Vec::new() }
}

impl World {
    fn new(store: Arc<dyn Store>) -> Self {
        let (accounts, batches) = (HashMap::new(), HashMap::new());
        let (holds, leases) = (HashMap::new(), HashMap::new());
        Self { store, now: START, accounts, batches, holds, leases }
    }

    /// Runs a script after those before it.
    async fn check(&mut self, script: &str) {
        for line in script.lines().filter_map(|line| line.split('#').next()).map(str::trim) {
            if line.is_empty() {
                continue;
            }
            // The answer is whatever follows the last run of two or more spaces.
            let (call, expected) = match line.rfind("  ") {
                Some(at) => (&line[..at], Some(line[at..].trim())),
                None => (line, None),
            };
            let words: Vec<&str> = call.split_whitespace().collect();
            let answer = match self.run(&words).await {
                Ok(answer) => answer,
                Err(error) => error.code().to_owned(),
            };
            if let Some(expected) = expected {
                assert_eq!(answer, expected, "line: {line}");
            }
            let broken = self.store.audit().await.unwrap();
            assert!(broken.is_empty(), "after line: {line}\n{broken:#?}");
        }
    }

    async fn run(&mut self, words: &[&str]) -> Result<String, Error> {
        match words[0] {
            "account" | "grant" | "balance" | "hold" | "capture" | "void" => {
                self.run_money(words).await
            }
            _ => self.run_jobs(words).await,
        }
    }

    async fn run_money(&mut self, words: &[&str]) -> Result<String, Error> {
        let (store, now) = (self.store.clone(), self.now);
        Ok(match *words {
            ["account", name, credits] => self.make_account(name, number(credits)).await?,
            ["grant", account, credits, key] => {
                let (account, _) = self.account(account);
                let idempotency_key = key.to_owned();
                let grant = Grant { account, credits: number(credits), idempotency_key };
                format!("free {}", store.grant(grant, now).await?)
            }
            ["balance", account] => {
                let account = store.account(self.account(account).0).await?.unwrap();
                let Account { available, held, spent, .. } = account;
                format!("free {available} held {held} spent {spent}")
            }
            ["hold", name, account] => {
                let (account, _) = self.account(account);
                let (hold, _) =
                    *self.holds.entry(name.to_owned()).or_insert_with(|| (HoldId::new(), account));
                format!("free {}", store.hold(hold, account, now + HOLD_MS, now).await?)
            }
            ["capture", name, account, hash] => {
                let (account, template) = self.account(account);
                let render = recorded(account, template, picture(hash));
                let captured = store.capture(self.hold(name), &render, now).await?;
                let word = if captured.charged { "charged" } else { "not charged" };
                format!("{word} free {}", captured.available)
            }
            ["void", name] => format!("free {}", store.void(self.hold(name), now).await?),
            _ => panic!("no such call: {words:?}"),
        })
    }

    async fn run_jobs(&mut self, words: &[&str]) -> Result<String, Error> {
        let (store, now) = (self.store.clone(), self.now);
        Ok(match *words {
            ["submit", batch, account, ref rows @ ..] => self.submit(batch, account, rows).await?,
            ["claim", lease, limit] => self.claim(lease, number(limit), "g1", true).await?,
            ["claim", lease, limit, "busy"] => {
                self.claim(lease, number(limit), "g1", false).await?
            }
            ["claim", lease, limit, gateway] => {
                self.claim(lease, number(limit), gateway, true).await?
            }
            ["settle", lease, ref jobs @ ..] => self.settle(lease, jobs).await?,
            ["renew", lease] => {
                let lease = self.lease(lease);
                let lost = store.renew(&[lease], now + LEASE_MS, now).await?;
                if lost == [lease] { "lost" } else { "kept" }.to_owned()
            }
            ["sweep"] => {
                let swept = store.sweep(ATTEMPTS_MAX, now).await?;
                let batches = self.names(&swept.batches);
                format!("ready {} expired {}{batches}", swept.ready, swept.expired)
            }
            ["recover", gateway] => {
                format!("ready {}", store.recover(gateway, ATTEMPTS_MAX, now).await?)
            }
            ["wait", ms] => {
                self.now += number::<Millis>(ms);
                String::new()
            }
            ["due"] => match store.next_due().await? {
                Some(due) => format!("in {}", due - now),
                None => "never".to_owned(),
            },
            ["depth"] => store.queue_depth(u32::MAX).await?.to_string(),
            ["depth", "to", most] => store.queue_depth(number(most)).await?.to_string(),
            ["batch", name] => {
                let (id, account, _) = &self.batches[name];
                let batch = store.batch(*account, *id).await?.unwrap();
                let BatchRow { queued, running, completed, failed, total, .. } = batch;
                assert_eq!(queued + running + completed + failed, total, "every row is somewhere");
                format!("queued {queued} running {running} completed {completed} failed {failed}")
            }
            ["job", name] => {
                let (batch, job) = self.job(name);
                describe(&store.job(self.batches[batch].1, job).await?.unwrap())
            }
            _ => panic!("no such call: {words:?}"),
        })
    }

    async fn make_account(&mut self, name: &str, credits: i64) -> Result<String, Error> {
        let (id, template) = *self
            .accounts
            .entry(name.to_owned())
            .or_insert_with(|| (AccountId::new(), TemplateId::new()));
        let new = NewAccount { id, name: name.to_owned(), credits };
        let account = self.store.create_account(new, self.now).await?;
        let put = PutTemplate {
            id: template,
            account: id,
            name: "card".to_owned(),
            hash: VERSION,
            json: b"{}".to_vec(),
        };
        self.store.put_template(put, self.now).await?;
        Ok(format!("free {}", account.available))
    }

    async fn submit(&mut self, name: &str, account: &str, rows: &[&str]) -> Result<String, Error> {
        let (account, template) = self.account(account);
        let (batch, _, jobs) = self.batches.entry(name.to_owned()).or_insert_with(|| {
            (BatchId::new(), account, rows.iter().map(|_| JobId::new()).collect())
        });
        let row = |(row, job): (&&str, &JobId)| Row {
            job: *job,
            hash: picture(row),
            payload: format!(r#"{{"title":{{"text":"{row}"}}}}"#).into_bytes(),
            fonts: None,
        };
        let submit = Submit {
            batch: *batch,
            account,
            template,
            version: VERSION,
            size: None,
            pixel_ratio: 1.0,
            effort: Effort::Fast,
            strict: false,
            fonts: Vec::new(),
            rows: rows.iter().zip(jobs.iter()).map(row).collect(),
        };
        let Submitted { held, available, ready } = self.store.submit(submit, self.now).await?;
        Ok(format!("held {held} free {available} ready {ready}"))
    }

    async fn claim(
        &mut self,
        lease: &str,
        limit: u32,
        gateway: &str,
        idle: bool,
    ) -> Result<String, Error> {
        let lease = *self.leases.entry(lease.to_owned()).or_insert_with(LeaseId::new);
        let (until, gateway) = (self.now + LEASE_MS, gateway.to_owned());
        let claim = Claim { limit, idle, lease, until, gateway };
        let claimed = self.store.claim(claim, self.now).await?;
        let mut answer: Vec<String> =
            claimed.jobs.iter().map(|job| self.job_name(job.id)).collect();
        if answer.is_empty() {
            answer.push("nothing".to_owned());
        }
        Ok(answer.join(" ") + &self.names(&claimed.batches))
    }

    async fn settle(&mut self, lease: &str, jobs: &[&str]) -> Result<String, Error> {
        let lease = self.lease(lease);
        let outcomes: Vec<Settle> = jobs
            .iter()
            .map(|job| {
                let (name, outcome) = job.split_once('=').unwrap();
                let (batch, job) = self.job(name);
                let account = self.batches[batch].1;
                // Deliberately wrong: the name of the picture is the job's, whatever comes back.
                let render = recorded(account, TemplateId::new(), picture("wrong"));
                let outcome = match outcome.split_once(':') {
                    None if outcome == "done" => Outcome::Completed(render),
                    None if outcome == "failed" => Outcome::Failed(failure("asset_not_found")),
                    None if outcome == "lost" => Outcome::Lost,
                    None if outcome == "released" => Outcome::Released,
                    Some(("delayed", ms)) => Outcome::Delayed {
                        run_at: self.now + number::<Millis>(ms),
                        failure: failure("asset_timeout"),
                    },
                    _ => panic!("no such outcome: {outcome}"),
                };
                Settle { job, lease, outcome }
            })
            .collect();
        let Settled { batches, stale } = self.store.settle(&outcomes, self.now).await?;
        let mut answer = Vec::new();
        if !batches.is_empty() {
            answer.push(format!("settled{}", self.names(&batches)));
        }
        if !stale.is_empty() {
            answer.push("stale".to_owned());
            answer.extend(stale.into_iter().map(|job| self.job_name(job)));
        }
        Ok(answer.join(" "))
    }

    /// The account and its template.
    pub(super) fn account(&self, name: &str) -> (AccountId, TemplateId) {
        self.accounts[name]
    }

    /// The batch and its jobs.
    pub(super) fn batch(&self, name: &str) -> (BatchId, &[JobId]) {
        let (id, _, jobs) = &self.batches[name];
        (*id, jobs)
    }

    fn hold(&self, name: &str) -> HoldId {
        self.holds.get(name).map_or_else(HoldId::new, |(hold, _)| *hold)
    }

    pub(super) fn lease(&self, name: &str) -> LeaseId {
        self.leases.get(name).copied().unwrap_or_else(LeaseId::new)
    }

    /// `b1.2` is the third job of `b1`.
    fn job<'a>(&self, name: &'a str) -> (&'a str, JobId) {
        let (batch, seq) = name.split_once('.').unwrap();
        (batch, self.batches[batch].2[number::<usize>(seq)])
    }

    fn job_name(&self, id: JobId) -> String {
        let at = |jobs: &[JobId]| jobs.iter().position(|job| *job == id);
        let mut found =
            self.batches.iter().filter_map(|(name, (_, _, jobs))| Some((name, at(jobs)?)));
        let (name, seq) = found.next().unwrap();
        format!("{name}.{seq}")
    }

    fn names(&self, ids: &[BatchId]) -> String {
        let mut names: Vec<_> = self
            .batches
            .iter()
            .filter(|(_, batch)| ids.contains(&batch.0))
            .map(|(name, _)| name)
            .collect();
        names.sort();
        assert_eq!(names.len(), ids.len(), "each batch once");
        names.iter().map(|name| format!(" {name}")).collect()
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(word: &str) -> T {
    word.parse().unwrap()
}

fn describe(job: &JobRow) -> String {
    let state = format!("{:?}", job.state).to_lowercase();
    let cached = if job.from_cache { " cached" } else { "" };
    let failure =
        job.failure.as_ref().map_or_else(String::new, |failure| format!(" {}", failure.code));
    format!("{state}{cached}{failure} attempts {}", job.attempts)
}
