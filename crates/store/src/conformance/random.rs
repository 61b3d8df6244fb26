//! Random calls in any order, against a model that knows who holds what.
//!
//! The model is small on purpose: which jobs are leased and until when, which pictures are recorded,
//! which holds are open. From it follow what each call must answer; the audit, after each call,
//! says that the credits agree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pixeldrive_model::{AccountId, BatchId, Effort, HoldId, JobId, LeaseId, TemplateId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::script::{ATTEMPTS_MAX, START, VERSION, failure, picture, recorded};
use crate::*;

/// Short, so that leases run out between calls.
const LEASE_MS: Millis = 5_000;
const HOLD_MS: Millis = 20_000;
const GRANTED: i64 = 25;

/// A call. Numbers called `nth` pick one of those there are, old ones too.
#[derive(Clone, Debug)]
enum Call {
    Submit { account: usize, pictures: Vec<u8> },
    Claim { limit: u32 },
    Settle { nth: Vec<(usize, End)> },
    Renew { nth: usize },
    Hold { account: usize },
    Capture { nth: usize, picture: u8 },
    Void { nth: usize },
    Wait { ms: Millis },
    Sweep,
    Recover,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    Failed,
    Delayed(Millis),
    Released,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let pictures = || proptest::collection::vec(0..12_u8, 1..7);
    let end = prop_oneof![
        4 => Just(End::Done),
        1 => Just(End::Failed),
        1 => (0..4_000_i64).prop_map(End::Delayed),
        1 => Just(End::Released),
    ];
    let ends = proptest::collection::vec((0..1000_usize, end), 1..6);
    let call = prop_oneof![
        4 => (0..2_usize, pictures()).prop_map(|(account, pictures)| Call::Submit { account, pictures }),
        5 => (1..6_u32).prop_map(|limit| Call::Claim { limit }),
        6 => ends.prop_map(|nth| Call::Settle { nth }),
        1 => (0..1000_usize).prop_map(|nth| Call::Renew { nth }),
        2 => (0..2_usize).prop_map(|account| Call::Hold { account }),
        2 => (0..1000_usize, 0..12_u8).prop_map(|(nth, picture)| Call::Capture { nth, picture }),
        1 => (0..1000_usize).prop_map(|nth| Call::Void { nth }),
        2 => (1..4_000_i64).prop_map(|ms| Call::Wait { ms }),
        2 => Just(Call::Sweep),
        1 => Just(Call::Recover),
    ];
    proptest::collection::vec(call, 1..60)
}

pub(crate) async fn any_order_of_calls_keeps_the_ledger_sound<Keep>(
    open: impl AsyncFn() -> (Arc<dyn Store>, Keep),
) {
    let config =
        ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let result = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&calls(), |calls| {
            tokio::runtime::Handle::current().block_on(async {
                let (store, _keep) = open().await;
                let mut model = Model::new(store).await;
                for call in calls {
                    model.play(call).await;
                    model.audit().await;
                }
                model.drain().await;
            });
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[derive(PartialEq)]
enum Held {
    Open,
    Captured,
    Voided,
}

struct Hold {
    id: HoldId,
    account: usize,
    expires: Millis,
    state: Held,
}

struct Model {
    store: Arc<dyn Store>,
    now: Millis,
    accounts: Vec<(AccountId, TemplateId)>,
    batches: Vec<(AccountId, BatchId)>,
    /// Whose picture each job makes.
    jobs: HashMap<JobId, (usize, u8)>,
    /// Every hand-out there was.
    given: Vec<(JobId, LeaseId)>,
    /// Those that are good, and until when.
    active: HashMap<JobId, (LeaseId, Millis)>,
    recorded: HashSet<(usize, u8)>,
    holds: Vec<Hold>,
}

impl Model {
    async fn new(store: Arc<dyn Store>) -> Self {
        let mut accounts = Vec::new();
        for _ in 0..2 {
            let (account, template) = (AccountId::new(), TemplateId::new());
            let new = NewAccount { id: account, name: String::new(), credits: GRANTED };
            store.create_account(new, START).await.unwrap();
            let (name, json) = (String::new(), Vec::new());
            let put = PutTemplate { id: template, account, name, hash: VERSION, json };
            store.put_template(put, START).await.unwrap();
            accounts.push((account, template));
        }
        Self {
            store,
            now: START,
            accounts,
            batches: Vec::new(),
            jobs: HashMap::new(),
            given: Vec::new(),
            active: HashMap::new(),
            recorded: HashSet::new(),
            holds: Vec::new(),
        }
    }

    async fn play(&mut self, call: Call) {
        match call {
            Call::Submit { account, pictures } => self.submit(account, &pictures).await,
            Call::Claim { limit } => drop(self.claim(limit).await),
            Call::Settle { nth } if !self.given.is_empty() => {
                let ends = nth.iter().map(|(nth, end)| (self.given[nth % self.given.len()], *end));
                self.settle(ends.collect()).await;
            }
            Call::Renew { nth } if !self.given.is_empty() => {
                self.renew(self.given[nth % self.given.len()].1).await;
            }
            Call::Hold { account } => self.hold(account).await,
            Call::Capture { nth, picture } if !self.holds.is_empty() => {
                self.capture(nth % self.holds.len(), picture).await;
            }
            Call::Void { nth } if !self.holds.is_empty() => {
                let nth = nth % self.holds.len();
                self.store.void(self.holds[nth].id, self.now).await.unwrap();
                if self.holds[nth].state == Held::Open {
                    self.holds[nth].state = Held::Voided;
                }
            }
            Call::Wait { ms } => self.now += ms,
            Call::Sweep => self.sweep().await,
            Call::Recover => {
                self.store.recover("g1", ATTEMPTS_MAX, self.now).await.unwrap();
                self.active.clear();
            }
            Call::Settle { .. } | Call::Renew { .. } | Call::Capture { .. } | Call::Void { .. } => {
            }
        }
    }

    async fn submit(&mut self, account: usize, pictures: &[u8]) {
        let (id, template) = self.accounts[account];
        let distinct: HashSet<_> = pictures.iter().map(|picture| (account, *picture)).collect();
        let needed = distinct.difference(&self.recorded).count() as i64;
        let available = self.store.account(id).await.unwrap().unwrap().available;
        let (batch, payload) = (BatchId::new(), b"{}".to_vec());
        let rows: Vec<_> = pictures
            .iter()
            .map(|name| Row {
                job: JobId::new(),
                hash: picture(&name.to_string()),
                payload: payload.clone(),
                fonts: None,
            })
            .collect();
        let jobs: Vec<_> = rows.iter().map(|row| row.job).zip(pictures).collect();
        let submit = Submit {
            batch,
            account: id,
            template,
            version: VERSION,
            size: None,
            pixel_ratio: 1.0,
            effort: Effort::Fast,
            strict: false,
            fonts: Vec::new(),
            rows,
        };
        match self.store.submit(submit, self.now).await {
            Ok(submitted) => {
                assert_eq!(submitted.held, needed, "one credit for each picture there is not yet");
                assert_eq!(submitted.available, available - needed, "taken from the free ones");
                self.batches.push((id, batch));
                self.jobs.extend(jobs.into_iter().map(|(job, name)| (job, (account, *name))));
            }
            Err(Error::CreditShort { .. }) => assert!(needed > available, "{available} are enough"),
            Err(error) => panic!("{error}"),
        }
    }

    async fn claim(&mut self, limit: u32) -> Vec<(JobId, LeaseId)> {
        let lease = LeaseId::new();
        let until = self.now + LEASE_MS;
        let claim = Claim { limit, idle: true, lease, until, gateway: "g1".to_owned() };
        let jobs = self.store.claim(claim, self.now).await.unwrap().jobs;
        assert!(jobs.len() <= limit as usize, "no more than asked for");
        for job in &jobs {
            let before = self.active.insert(job.id, (lease, until));
            assert!(before.is_none(), "{} is given out while somebody has it", job.id);
            assert!(!self.recorded.contains(&self.jobs[&job.id]), "its picture is there");
            assert!(job.attempt <= ATTEMPTS_MAX, "attempt {}", job.attempt);
        }
        let given: Vec<_> = jobs.iter().map(|job| (job.id, lease)).collect();
        self.given.extend(&given);
        given
    }

    async fn settle(&mut self, ends: Vec<((JobId, LeaseId), End)>) {
        let mut stale = Vec::new();
        let mut outcomes = Vec::new();
        for ((job, lease), end) in ends {
            let (account, name) = self.jobs[&job];
            let (id, template) = self.accounts[account];
            if self.active.get(&job).is_some_and(|(under, _)| *under == lease) {
                self.active.remove(&job);
                if matches!(end, End::Done) {
                    self.recorded.insert((account, name));
                }
            } else {
                stale.push(job);
            }
            let outcome = match end {
                End::Done => Outcome::Completed(recorded(id, template, picture(&name.to_string()))),
                End::Failed => Outcome::Failed(failure("bad")),
                // The last attempt is not put off: that is the callers' part of the deal.
                End::Delayed(ms) => {
                    let job = self.store.job(id, job).await.unwrap().unwrap();
                    match job.attempts < ATTEMPTS_MAX {
                        true => {
                            Outcome::Delayed { run_at: self.now + ms, failure: failure("slow") }
                        }
                        false => Outcome::Failed(failure("slow")),
                    }
                }
                End::Released => Outcome::Released,
            };
            outcomes.push(Settle { job, lease, outcome });
        }
        let settled = self.store.settle(&outcomes, self.now).await.unwrap();
        assert_eq!(settled.stale, stale, "whoever has no lease settles nothing");
    }

    async fn renew(&mut self, lease: LeaseId) {
        let until = self.now + LEASE_MS;
        let lost = self.store.renew(&[lease], until, self.now).await.unwrap();
        let mut held = false;
        for (under, end) in self.active.values_mut().filter(|(under, _)| *under == lease) {
            held = *under == lease;
            *end = until.max(*end);
        }
        assert_eq!(lost.is_empty(), held, "kept if a job is under it");
    }

    async fn hold(&mut self, account: usize) {
        let (id, expires) = (HoldId::new(), self.now + HOLD_MS);
        let before = self.store.account(self.accounts[account].0).await.unwrap().unwrap();
        match self.store.hold(id, before.id, expires, self.now).await {
            Ok(available) => {
                assert_eq!(available, before.available - 1, "one is set aside");
                self.holds.push(Hold { id, account, expires, state: Held::Open });
            }
            Err(error) => assert_eq!((error.code(), before.available), ("credit_short", 0)),
        }
    }

    async fn capture(&mut self, nth: usize, name: u8) {
        let hold = &mut self.holds[nth];
        let (account, template) = self.accounts[hold.account];
        let render = recorded(account, template, picture(&name.to_string()));
        let answer = self.store.capture(hold.id, &render, self.now).await;
        let charged = match hold.state {
            Held::Open if self.recorded.insert((hold.account, name)) => Ok(true),
            Held::Captured => Ok(true),
            Held::Open => Ok(false),
            Held::Voided if self.recorded.contains(&(hold.account, name)) => Ok(false),
            Held::Voided => Err("hold_voided"),
        };
        assert_eq!(
            answer.map(|done| done.charged).map_err(|error| error.code()),
            charged,
            "capture"
        );
        match charged {
            Ok(true) => hold.state = Held::Captured,
            Ok(false) | Err(_) => hold.state = Held::Voided,
        }
    }

    async fn sweep(&mut self) {
        let swept = self.store.sweep(ATTEMPTS_MAX, self.now).await.unwrap();
        let before = self.active.len();
        self.active.retain(|_, (_, until)| *until > self.now);
        assert_eq!(swept.expired, (before - self.active.len()) as u64, "leases that ran out");
        for hold in &mut self.holds {
            if hold.state == Held::Open && hold.expires <= self.now {
                hold.state = Held::Voided;
            }
        }
    }

    async fn audit(&self) {
        assert_eq!(self.store.audit().await.unwrap(), Vec::<String>::new(), "a sound ledger");
        for (nth, (id, _)) in self.accounts.iter().enumerate() {
            let account = self.store.account(*id).await.unwrap().unwrap();
            assert_eq!(account.available + account.held + account.spent, GRANTED, "none lost");
            let pictures = self.recorded.iter().filter(|(whose, _)| *whose == nth).count();
            assert_eq!(account.spent, pictures as i64, "one for each picture");
        }
    }

    /// Whatever happened, the work gets done, and no credit stays set aside.
    async fn drain(&mut self) {
        self.now += HOLD_MS;
        loop {
            self.sweep().await;
            let given = self.claim(100).await;
            self.settle(given.iter().map(|given| (*given, End::Done)).collect()).await;
            self.audit().await;
            if given.is_empty() && self.store.next_due().await.unwrap().is_none() {
                break;
            }
            self.now += LEASE_MS;
        }
        for (account, batch) in &self.batches {
            let batch = self.store.batch(*account, *batch).await.unwrap().unwrap();
            assert_eq!(batch.completed + batch.failed, batch.total, "all at their end");
        }
        for (id, _) in &self.accounts {
            assert_eq!(self.store.account(*id).await.unwrap().unwrap().held, 0, "nothing held");
        }
    }
}
