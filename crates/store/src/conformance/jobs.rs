//! Jobs: the cases that no script can say, of contents, races and fairness.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pixeldrive_model::{
    AccountId, BatchId, ContentHash, Effort, HoldId, JobId, LeaseId, TemplateId, Warning,
};

use super::script::{HOLD_MS, LEASE_MS, START, VERSION, World, check, failure, picture, recorded};
use crate::*;

type Opened<Keep> = (Arc<dyn Store>, Keep);

fn submit(world: &World, account: &str, pictures: &[String]) -> Submit {
    let (account, template) = world.account(account);
    let row = |name: &String| Row {
        job: JobId::new(),
        hash: picture(name),
        payload: b"{}".to_vec(),
        fonts: None,
    };
    Submit {
        batch: BatchId::new(),
        account,
        template,
        version: VERSION,
        size: None,
        pixel_ratio: 1.0,
        effort: Effort::Fast,
        strict: false,
        fonts: Vec::new(),
        rows: pictures.iter().map(row).collect(),
    }
}

fn pictures(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{prefix}{i}")).collect()
}

fn claim(limit: u32) -> Claim {
    let (lease, gateway) = (LeaseId::new(), "g1".to_owned());
    Claim { limit, idle: true, lease, until: START + LEASE_MS, gateway }
}

pub(crate) async fn a_batch_needs_its_template_and_rows<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9\naccount other 9").await;
    let good = submit(&world, "acme", &pictures("x", 1));
    let code = async |change: fn(&mut Submit, &World)| {
        let mut bad = good.clone();
        change(&mut bad, &world);
        store.submit(bad, START).await.unwrap_err().code()
    };
    assert_eq!(code(|bad, _| bad.rows.clear()).await, "invalid");
    assert_eq!(code(|bad, _| bad.rows[0].payload = vec![0xff]).await, "invalid");
    assert_eq!(code(|bad, _| bad.account = AccountId::new()).await, "account_unknown");
    assert_eq!(code(|bad, _| bad.template = TemplateId::new()).await, "template_unknown");
    assert_eq!(code(|bad, _| bad.version = ContentHash([9; 32])).await, "template_unknown");
    let others = code(|bad, world| bad.template = world.account("other").1).await;
    assert_eq!(others, "template_unknown", "another account's template");
    assert_eq!(store.queue_depth(9).await.unwrap(), 0, "nothing was made");
    store.submit(good, START).await.unwrap();
}

pub(crate) async fn what_was_submitted_is_what_is_claimed<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9").await;
    // Quotes, escapes, an escaped NUL and half a surrogate pair: bytes in are bytes out.
    let payloads = [r#"{ "a" : "\"\\ \u0000 \ud83d 'ü€😀'" }"#, r#"{"n":1.10,"n":1e400}"#, "{}"];
    let mut sent = submit(&world, "acme", &pictures("x", payloads.len()));
    for (row, payload) in sent.rows.iter_mut().zip(payloads) {
        row.payload = payload.as_bytes().to_vec();
    }
    (sent.pixel_ratio, sent.effort, sent.strict) = (1.5, Effort::Small, true);
    sent.size = Some("story".to_owned());
    store.submit(sent.clone(), START).await.unwrap();
    let jobs = store.claim(claim(8), START).await.unwrap().jobs;
    assert_eq!(jobs.len(), sent.rows.len(), "all of them");
    for (seq, (job, row)) in jobs.iter().zip(&sent.rows).enumerate() {
        assert_eq!(String::from_utf8_lossy(&job.payload), payloads[seq], "payload {seq}");
        assert_eq!((job.id, &job.hash), (row.job, &row.hash), "row {seq}");
        assert_eq!((job.batch, job.account), (sent.batch, sent.account), "row {seq}");
        assert_eq!((job.template, job.version), (sent.template, VERSION), "row {seq}");
        assert_eq!((job.pixel_ratio, job.strict, job.attempt), (1.5, true, 1), "row {seq}");
        assert_eq!((&job.size, job.effort), (&sent.size, sent.effort), "row {seq}");
    }
    let rows = store.batch_jobs(sent.batch).await.unwrap();
    let order: Vec<_> = rows.iter().map(|row| (row.seq, row.id)).collect();
    assert_eq!(
        order,
        (0..).zip(sent.rows.iter().map(|row| row.job)).collect::<Vec<_>>(),
        "in order"
    );
}

pub(crate) async fn a_stand_in_has_a_name_of_its_own<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9").await;
    let (account, template) = world.account("acme");
    let twice = ["x".to_owned(), "x".to_owned()];
    let first = submit(&world, "acme", &twice);
    store.submit(first.clone(), START).await.unwrap();
    let claim = claim(8);
    let lease = claim.lease;
    let job = store.claim(claim, START).await.unwrap().jobs[0].id;
    let own = picture("x").stand_in(job.0);
    let outcome = Outcome::StandIn(recorded(account, template, own.clone()));
    store.settle(&[Settle { job, lease, outcome }], START).await.unwrap();
    for row in store.batch_jobs(first.batch).await.unwrap() {
        assert_eq!((row.state, &row.hash), (JobState::Completed, &own), "row {}", row.seq);
    }
    assert!(store.render(template, &own).await.unwrap().is_some(), "it is recorded");
    assert_eq!(store.render(template, &picture("x")).await.unwrap(), None, "the name stays free");
    let again = store.submit(submit(&world, "acme", &twice), START).await.unwrap();
    assert_eq!(again.ready, 1, "the true picture is rendered when it is asked for again");
    assert_eq!(store.audit().await.unwrap(), Vec::<String>::new(), "the ledger is sound");
}

pub(crate) async fn a_strict_batch_takes_no_picture_that_has_warnings<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9").await;
    let (account, template) = world.account("acme");
    for (name, warnings) in
        [("x0", vec![Warning::new("text_shrunk", "title", "smaller")]), ("x1", vec![])]
    {
        let hold = HoldId::new();
        store.hold(hold, account, START + HOLD_MS, START).await.unwrap();
        let render = Render { warnings, ..recorded(account, template, picture(name)) };
        store.capture(hold, &render, START).await.unwrap();
    }
    for (strict, ready) in [(false, 0), (true, 1)] {
        let batch = Submit { strict, ..submit(&world, "acme", &pictures("x", 2)) };
        let submitted = store.submit(batch, START).await.unwrap();
        assert_eq!(submitted.ready, ready, "strict: {strict}");
    }
    let claimed = store.claim(claim(8), START).await.unwrap();
    let hashes: Vec<_> = claimed.jobs.iter().map(|job| job.hash.clone()).collect();
    assert_eq!(hashes, [picture("x0")], "it is rendered, to fail, and not completed in passing");
}

pub(crate) async fn warnings_and_failures_are_kept<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 9\nsubmit b1 acme x y x\nclaim l1 8").await;
    let ((account, template), (batch, jobs)) = (world.account("acme"), world.batch("b1"));
    let mut render = recorded(account, template, picture("x"));
    render.warnings.push(Warning::new("text_truncated", "title", "\"…\" was cut"));
    let lease = world.lease("l1");
    let outcomes = [
        Settle { job: jobs[0], lease, outcome: Outcome::Completed(render.clone()) },
        Settle { job: jobs[1], lease, outcome: Outcome::Failed(failure("barcode_invalid")) },
    ];
    store.settle(&outcomes, START).await.unwrap();
    let kept = store.render(template, &picture("x")).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&render), "the picture");
    assert_eq!(store.render(template, &picture("y")).await.unwrap(), None, "no picture");
    let rows = store.batch_jobs(batch).await.unwrap();
    assert_eq!(rows[0].warnings, render.warnings, "the row that was rendered");
    assert_eq!(rows[2].warnings, render.warnings, "its follower");
    assert_eq!(rows[1].failure, Some(failure("barcode_invalid")), "the row that failed");
    assert_eq!(store.job(account, jobs[1]).await.unwrap().as_ref(), Some(&rows[1]), "job = row");
}

pub(crate) async fn accounts_do_not_see_each_other<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    assert_eq!(store.count_accounts().await.unwrap(), 0, "none yet");
    let world = check(store.clone(), "account acme 9\naccount other 9\nsubmit b1 acme x").await;
    assert_eq!(store.count_accounts().await.unwrap(), 2, "both");
    let (other, (batch, jobs)) = (world.account("other").0, world.batch("b1"));
    assert_eq!(store.batch(other, batch).await.unwrap(), None, "batch");
    assert_eq!(store.job(other, jobs[0]).await.unwrap(), None, "job");
    assert_eq!(store.account(AccountId::new()).await.unwrap(), None, "no such account");
}

pub(crate) async fn a_late_small_account_is_served_among_the_first<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account big 9999\naccount small 99").await;
    store.submit(submit(&world, "big", &pictures("x", 5000)), START).await.unwrap();
    store.claim(claim(64), START).await.unwrap();
    store.submit(submit(&world, "small", &pictures("x", 40)), START).await.unwrap();
    let jobs = store.claim(claim(96), START).await.unwrap().jobs;
    let small = world.account("small").0;
    let places: Vec<_> = (1..).zip(&jobs).filter(|(_, job)| job.account == small).collect();
    assert!(places[0].0 <= 16, "the first is served as number {}", places[0].0);
    assert!(places.len() >= 40, "{} of 96 are the small account's", places.len());
    let switches = jobs.windows(2).filter(|two| two[0].account != two[1].account).count();
    assert!(switches <= 12, "runs of one template stay together: {switches} switches");
}

pub(crate) async fn an_idle_account_saves_nothing_up<Keep>(
    open: impl AsyncFnOnce() -> Opened<Keep>,
) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account busy 999\naccount idle 999").await;
    store.submit(submit(&world, "busy", &pictures("a", 400)), START).await.unwrap();
    store.claim(claim(400), START).await.unwrap();
    store.submit(submit(&world, "idle", &pictures("a", 64)), START).await.unwrap();
    store.submit(submit(&world, "busy", &pictures("b", 64)), START).await.unwrap();
    let jobs = store.claim(claim(64), START).await.unwrap().jobs;
    let busy = jobs.iter().filter(|job| job.account == world.account("busy").0).count();
    assert!((24..=40).contains(&busy), "about half each, not {busy} of 64");
}

pub(crate) async fn claimers_never_share_a_job<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    const CLAIMERS: usize = 4;
    const JOBS: usize = 4000;
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 4000").await;
    for prefix in ["a", "b", "c", "d"] {
        let submit = submit(&world, "acme", &pictures(prefix, JOBS / 4));
        store.submit(submit, START).await.unwrap();
    }
    let (account, template) = world.account("acme");
    let claimer = |store: Arc<dyn Store>| async move {
        let mut taken = Vec::new();
        loop {
            let claim = claim(17);
            let lease = claim.lease;
            let jobs = store.claim(claim, START).await.unwrap().jobs;
            if jobs.is_empty() {
                return taken;
            }
            let done = |job: &ClaimedJob| Settle {
                job: job.id,
                lease,
                outcome: Outcome::Completed(recorded(account, template, job.hash.clone())),
            };
            let outcomes: Vec<_> = jobs.iter().map(done).collect();
            let settled = store.settle(&outcomes, START).await.unwrap();
            assert!(settled.stale.is_empty(), "each is under the lease that it was claimed with");
            taken.extend(jobs.into_iter().map(|job| job.id));
        }
    };
    let claimers: Vec<_> = (0..CLAIMERS).map(|_| tokio::spawn(claimer(store.clone()))).collect();
    let mut taken = Vec::new();
    for claimer in claimers {
        taken.extend(claimer.await.unwrap());
    }
    assert_eq!(taken.len(), JOBS, "all of them");
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), JOBS, "none of them twice");
    let account = store.account(account).await.unwrap().unwrap();
    assert_eq!((account.available, account.held, account.spent), (0, 0, 4000), "each paid once");
    assert_eq!(store.audit().await.unwrap(), Vec::<String>::new(), "a sound ledger");
}

pub(crate) async fn equal_holds_at_once_pay_once<Keep>(open: impl AsyncFnOnce() -> Opened<Keep>) {
    let (store, _keep) = open().await;
    let world = check(store.clone(), "account acme 20").await;
    let (account, template) = world.account("acme");
    let one = |store: Arc<dyn Store>, i: usize| async move {
        let (hold, render) =
            (HoldId::new(), recorded(account, template, picture(["x", "y"][i % 2])));
        store.hold(hold, account, START + HOLD_MS, START).await.unwrap();
        let charged = store.capture(hold, &render, START).await.unwrap().charged;
        (render.hash, charged)
    };
    let all: Vec<_> = (0..20).map(|i| tokio::spawn(one(store.clone(), i))).collect();
    let mut charged: HashMap<_, usize> = HashMap::new();
    for one in all {
        let (hash, paid) = one.await.unwrap();
        *charged.entry(hash).or_default() += usize::from(paid);
    }
    assert_eq!(charged, HashMap::from([(picture("x"), 1), (picture("y"), 1)]), "one each");
    let account = store.account(account).await.unwrap().unwrap();
    assert_eq!((account.available, account.held, account.spent), (18, 0, 2), "two in all");
}
