//! Dispatch against a real store, a real folder of blobs and the real service, with workers that
//! follow a script. Nothing here sleeps: what is awaited is a message or a change in the store.

pub(crate) mod farm;

use std::time::Duration;

use pixeldrive_blobs::Blobs;
use pixeldrive_model::{Effort, Failure, Fault, FontHash, JobId, LeaseId, font_key};
use pixeldrive_proto::v1::{self, gateway_message::Kind};
use pixeldrive_store::{JobState, Store};

use super::{RenderNow, RenderNowError};
use farm::{Peer, World, soon};

/// A PNG's stand-in: dispatch never looks inside.
const PICTURE: &[u8] = b"a picture";

fn failed(fault: Fault) -> v1::result::Outcome {
    let failure = Failure {
        fault,
        code: "scripted".to_owned(),
        message: "as the test says".to_owned(),
        element: String::new(),
    };
    v1::result::Outcome::Failed(failure.into())
}

fn done(width: u32) -> v1::result::Outcome {
    let png = PICTURE.into();
    v1::result::Outcome::Done(v1::Done { width, height: 1, png, ..v1::Done::default() })
}

fn picture(world: &World, key: &str, deadline: Duration) -> RenderNow {
    RenderNow {
        stand_in_key: format!("{key}-stand-in"),
        template: farm::TEMPLATE.as_bytes().into(),
        template_hash: world.version,
        payload: b"{}".to_vec(),
        fonts: [].into(),
        size: String::new(),
        pixel_ratio: 1.0,
        effort: Effort::Fast,
        key: key.to_owned(),
        strict: false,
        deadline,
    }
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_batch_completes_and_its_pictures_are_stored() {
    let world = World::start().await;
    let batch = world.submit(100).await;
    let peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Bulk, 12);
    let worker = tokio::spawn(async move { peer.complete_all(12).await });
    world.until(batch, |batch| batch.completed == 100).await;
    for job in world.store.batch_jobs(batch).await.expect("jobs") {
        let key = pixeldrive_model::image_key(job.template, &job.hash);
        let stored = world.blobs.get(&key.parse().expect("a key")).await.expect("blobs");
        assert_eq!(stored.as_deref(), Some(PICTURE), "row {}", job.seq);
        assert_eq!(job.attempts, 1, "row {}", job.seq);
    }
    world.stop().await;
    soon(worker).await.expect("the peer ended when it was told to go away");
    world.audit(100).await;
}

/// The last attempt may do without an image, and its picture gets a name of its own.
#[tokio::test]
async fn a_stand_in_is_stored_beside_the_name_of_the_true_picture() {
    let world = World::start().await;
    let batch = world.submit(1).await;
    let mut peer = Peer::join(&world).await;
    for attempt in 1..=4 {
        peer.grant(v1::Lane::Bulk, 1);
        let jobs = peer.work().await;
        assert_eq!(jobs[0].stand_in_key.is_empty(), attempt < 4, "attempt {attempt}");
        let v1::result::Outcome::Done(done) = done(1) else { return };
        let last = v1::result::Outcome::Done(v1::Done { stand_in: true, ..done });
        peer.answer(&jobs[0], if attempt < 4 { failed(Fault::Transient) } else { last });
    }
    world.until(batch, |batch| batch.completed == 1).await;
    let job = world.store.batch_jobs(batch).await.expect("jobs").remove(0);
    let key = pixeldrive_model::image_key(job.template, &job.hash);
    let stored = world.blobs.get(&key.parse().expect("a key")).await.expect("blobs");
    assert_eq!(stored.as_deref(), Some(PICTURE), "under the job's new name");
    world.stop().await;
    world.audit(1).await;
}

#[tokio::test]
async fn a_worker_that_dies_mid_batch_loses_nothing() {
    let world = World::start().await;
    let batch = world.submit(40).await;
    let mut first = Peer::join(&world).await;
    first.grant(v1::Lane::Bulk, 10);
    let jobs = first.work().await;
    assert_eq!(jobs.len(), 10, "as many as were granted");
    for job in &jobs[..5] {
        first.answer(job, done(1));
    }
    world.until(batch, |batch| batch.completed == 5).await;
    drop(first);
    let second = Peer::join(&world).await;
    second.grant(v1::Lane::Bulk, 12);
    let worker = tokio::spawn(async move { second.complete_all(12).await });
    world.until(batch, |batch| batch.completed == 40).await;
    let again = world.store.batch_jobs(batch).await.expect("jobs");
    let again = again.iter().filter(|job| job.attempts == 2).count();
    assert_eq!(again, 5, "only what the dead worker held is tried again");
    world.stop().await;
    soon(worker).await.expect("the second peer went");
    world.audit(40).await;
}

#[tokio::test]
async fn a_job_that_kills_its_workers_takes_no_other_down() {
    let world = World::start().await;
    let batch = world.submit(6).await;
    let poison = world.store.batch_jobs(batch).await.expect("jobs")[3].id.to_string();
    let mut killed = 0;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Bulk, 8);
    while world.row(batch).await.completed < 5 || killed < 4 {
        let jobs = peer.work().await;
        if jobs.iter().any(|job| job.job_id == poison) {
            killed += 1;
            drop(peer);
            peer = Peer::join(&world).await;
            peer.grant(v1::Lane::Bulk, 8);
            continue;
        }
        let completed = world.row(batch).await.completed + jobs.len() as u64;
        for job in &jobs {
            peer.answer(job, done(1));
            peer.grant(v1::Lane::Bulk, 1);
        }
        world.until(batch, |batch| batch.completed == completed).await;
    }
    world.until(batch, |batch| batch.failed == 1).await;
    for job in world.store.batch_jobs(batch).await.expect("jobs") {
        let guilty = job.id.to_string() == poison;
        let expected = if guilty { JobState::Failed } else { JobState::Completed };
        assert_eq!(job.state, expected, "row {}: {:?}", job.seq, job.failure);
    }
    world.stop().await;
    world.audit(5).await;
}

#[tokio::test]
async fn two_workers_share_a_small_batch() {
    let world = World::start().await;
    let mut peers = [Peer::join(&world).await, Peer::join(&world).await];
    for peer in &mut peers {
        peer.grant(v1::Lane::Bulk, 12);
        peer.heard(&world).await;
    }
    world.submit(8).await;
    for peer in &mut peers {
        let mut got = 0;
        while got < 4 {
            got += peer.work().await.len();
        }
        assert_eq!(got, 4, "half each");
    }
    drop(peers);
    world.stop().await;
}

/// A transaction for every few rows would be the farm's bottleneck.
#[tokio::test]
async fn two_workers_take_a_large_batch_in_large_groups() {
    let world = World::start().await;
    let mut peers = [Peer::join(&world).await, Peer::join(&world).await];
    for peer in &mut peers {
        peer.grant(v1::Lane::Bulk, 12);
        peer.heard(&world).await;
    }
    world.submit(29).await;
    let mut groups = 0;
    for peer in &mut peers {
        let mut got = 0;
        while got < 12 {
            got += peer.work().await.len();
            groups += 1;
        }
        assert_eq!(got, 12, "all that it has room for");
    }
    // A claim that had begun before the batch came knows of no more than a round of it.
    assert!(groups <= 3, "{groups} groups for two workers");
    drop(peers);
    world.stop().await;
}

#[tokio::test]
async fn whoever_does_not_fit_is_refused() {
    let world = World::start().await;
    async fn check(world: &World, token: &str, hello: v1::Hello, expected: &str) {
        let refused = Peer::dial(world, token, hello).await;
        let message = refused.err().map(|status| status.message().to_owned()).unwrap_or_default();
        assert!(message.contains(expected), "`{message}` should contain `{expected}`");
    }
    let hello = farm::hello();
    check(&world, "wrong", hello.clone(), "PIXELDRIVE_WORKER_TOKEN").await;
    check(&world, "", hello.clone(), "PIXELDRIVE_WORKER_TOKEN").await;
    let epoch = v1::Hello { epoch: "0-other".to_owned(), ..hello.clone() };
    check(&world, farm::TOKEN, epoch, "paints epoch 0-other").await;
    let protocol = v1::Hello { protocol: 99, ..hello.clone() };
    check(&world, farm::TOKEN, protocol, "speaks protocol 99").await;
    let nameless = v1::Hello { worker_id: "me".to_owned(), ..hello };
    check(&world, farm::TOKEN, nameless, "`worker_id` is `me`").await;
    assert_eq!(world.dispatch.workers(), 0, "none of them joined");
    world.stop().await;
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_and_a_caller_s_is_final() {
    let world = World::start().await;
    let batch = world.submit(2).await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Bulk, 2);
    let jobs = peer.work().await;
    peer.answer(&jobs[0], failed(Fault::Transient));
    peer.answer(&jobs[1], failed(Fault::Caller));
    peer.grant(v1::Lane::Bulk, 2);
    let again = peer.work().await;
    assert_eq!(again.len(), 1, "one comes back");
    assert_eq!(again[0].job_id, jobs[0].job_id, "the transient one");
    assert_ne!(again[0].lease_id, jobs[0].lease_id, "under a lease of its own");
    peer.answer(&again[0], done(1));
    let row = world.until(batch, |batch| batch.completed + batch.failed == 2).await;
    assert_eq!((row.completed, row.failed), (1, 1), "one of each");
    let rows = world.store.batch_jobs(batch).await.expect("jobs");
    let lost = rows.iter().find(|job| job.state == JobState::Failed).expect("the failed one");
    assert_eq!(lost.attempts, 1, "a caller's fault is not tried again");
    assert_eq!(lost.failure.as_ref().map(|failure| failure.code.as_str()), Some("scripted"), "why");
    drop(peer);
    world.stop().await;
    world.audit(1).await;
}

/// As of a row that takes for ever: its worker gives up each attempt.
#[tokio::test]
async fn a_row_whose_attempts_all_fail_is_failed_and_costs_nothing() {
    let world = World::start().await;
    let batch = world.submit(1).await;
    let mut peer = Peer::join(&world).await;
    for _ in 0..4 {
        peer.grant(v1::Lane::Bulk, 1);
        let jobs = peer.work().await;
        peer.answer(&jobs[0], failed(Fault::Transient));
    }
    let row = world.until(batch, |batch| batch.failed == 1).await;
    assert_eq!(row.queued, 0, "it is not tried a fifth time");
    let job = world.store.batch_jobs(batch).await.expect("jobs").remove(0);
    assert_eq!((job.state, job.attempts), (JobState::Failed, 4), "{:?}", job.failure);
    let failure = job.failure.expect("why");
    assert_eq!(failure.message, "as the test says", "the caller is told why");
    drop(peer);
    world.stop().await;
    world.audit(0).await;
}

#[tokio::test]
async fn a_result_that_comes_after_its_lease_is_ignored() {
    // Leases end at once unless renewed, and no heartbeat here lists any.
    let world = World::with(|config| config.lease_ms = 50).await;
    let batch = world.submit(1).await;
    let mut slow = Peer::join(&world).await;
    slow.grant(v1::Lane::Bulk, 1);
    let before = slow.work().await;
    let mut quick = Peer::join(&world).await;
    quick.grant(v1::Lane::Bulk, 1);
    let after = quick.work().await;
    assert_eq!(after[0].job_id, before[0].job_id, "the job went on elsewhere");
    slow.answer(&before[0], done(111));
    slow.heard(&world).await;
    quick.answer(&after[0], done(222));
    world.until(batch, |batch| batch.completed + batch.failed == 1).await;
    let job = world.store.batch_jobs(batch).await.expect("jobs").remove(0);
    let render =
        world.store.render(job.template, &job.hash).await.expect("store").expect("a render");
    assert_eq!(render.width, 222, "the holder's picture counts");
    drop((slow, quick));
    world.stop().await;
    world.audit(1).await;
}

#[tokio::test]
async fn a_listed_lease_lives_on() {
    let world = World::with(|config| {
        config.lease_ms = 600;
        config.heartbeat_ms = 200;
    })
    .await;
    let batch = world.submit(1).await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Bulk, 2);
    let jobs = peer.work().await;
    let mut beats = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..30 {
        beats.tick().await;
        peer.heartbeat(&[&jobs[0].lease_id]);
    }
    peer.answer(&jobs[0], done(1));
    world.until(batch, |batch| batch.completed == 1).await;
    let job = world.store.batch_jobs(batch).await.expect("jobs").remove(0);
    assert_eq!(job.attempts, 1, "the lease outlived its first 600 ms");
    drop(peer);
    world.stop().await;
}

#[tokio::test]
async fn a_silent_worker_is_lost() {
    let world = World::with(|config| config.heartbeat_ms = 300).await;
    let batch = world.submit(1).await;
    let mut silent = Peer::join(&world).await;
    silent.grant(v1::Lane::Bulk, 1);
    silent.work().await;
    let lost = silent.refusal().await;
    assert_eq!(lost.message(), "no heartbeat came", "it is told why");
    world.until(batch, |batch| batch.queued == 1).await;
    assert_eq!(world.dispatch.workers(), 0, "and counts no more");
    world.stop().await;
}

#[tokio::test]
async fn what_a_worker_hands_back_does_not_count() {
    let world = World::start().await;
    let batch = world.submit(3).await;
    let mut leaving = Peer::join(&world).await;
    // Of a session before this one: it means nothing here.
    leaving.release(&[v1::Job {
        job_id: JobId::new().to_string(),
        lease_id: LeaseId::new().to_string(),
        ..v1::Job::default()
    }]);
    leaving.grant(v1::Lane::Bulk, 3);
    let jobs = leaving.work().await;
    leaving.release(&jobs[1..]);
    // It drains, so that it is sent nothing more whatever it grants.
    leaving.grant(v1::Lane::Bulk, 3);
    let mut other = Peer::join(&world).await;
    other.grant(v1::Lane::Bulk, 3);
    for job in other.work().await {
        other.answer(&job, done(1));
    }
    leaving.answer(&jobs[0], done(1));
    world.until(batch, |batch| batch.completed == 3).await;
    for job in world.store.batch_jobs(batch).await.expect("jobs") {
        assert_eq!(job.attempts, 1, "row {}", job.seq);
    }
    drop((leaving, other));
    world.stop().await;
    world.audit(3).await;
}

#[tokio::test]
async fn a_missing_template_is_sent_and_a_lost_one_fails_its_jobs() {
    let world = World::start().await;
    let mut peer = Peer::join(&world).await;
    peer.need(world.version);
    let template = peer.template().await;
    assert_eq!(template.json, farm::TEMPLATE.as_bytes(), "as it was stored");

    // A synchronous render brings its own template, which no store knows.
    let mut job = picture(&world, "p/own.png", LONG);
    job.template_hash = pixeldrive_model::ContentHash([7; 32]);
    job.template = b"its own".as_slice().into();
    peer.grant(v1::Lane::Interactive, 1);
    let script = async {
        let work = peer.work().await;
        peer.need(work[0].template_hash.parse().expect("a hash"));
        assert_eq!(peer.template().await.json, b"its own".as_slice(), "its own");
        // Now one that nobody has: no job needs it, and nothing breaks.
        peer.need(pixeldrive_model::ContentHash([8; 32]));
        peer.answer(&work[0], done(1));
    };
    let (rendered, ()) = tokio::join!(world.dispatch.render_now(job), script);
    assert!(rendered.is_ok(), "{rendered:?}");
    drop(peer);
    world.stop().await;
}

#[tokio::test]
async fn a_missing_font_is_sent_in_parts_and_a_lost_one_fails_its_jobs() {
    let world = World::start().await;
    let (there, gone) = (FontHash([1; 32]), FontHash([2; 32]));
    let file: Vec<u8> = (0..2_500_000_u32).map(|byte| (byte % 251) as u8).collect();
    let key = font_key(&there).parse().expect("a key");
    world.blobs.put(&key, file.clone().into()).await.expect("stored");
    let mut peer = Peer::join(&world).await;
    peer.need_font(there);
    let mut received = Vec::new();
    while received.len() < file.len() {
        let part = peer.font_part().await;
        let expected = (there.to_string(), received.len() as u64, file.len() as u64);
        assert_eq!((part.font_hash, part.offset, part.length), expected, "in order");
        received.extend_from_slice(&part.bytes);
    }
    assert!(received == file, "the parts are the file");

    let batch = world.submit_with(2, vec![there, gone]).await;
    peer.grant(v1::Lane::Bulk, 2);
    let jobs = peer.work().await;
    assert_eq!(jobs[0].font_hashes, [there, gone].map(|hash| hash.to_string()), "what it needs");
    peer.need_font(gone);
    world.until(batch, |batch| batch.failed == 2).await;
    for job in world.store.batch_jobs(batch).await.expect("jobs") {
        let failure = job.failure.expect("why");
        let found = (failure.fault, failure.code.as_str());
        assert_eq!(found, (Fault::Operator, "font_missing"), "{failure}");
    }
    drop(peer);
    world.stop().await;
    world.audit(0).await;
}

#[tokio::test]
async fn a_render_without_a_worker_is_refused_soon() {
    let world = World::start().await;
    let rendered = soon(world.dispatch.render_now(picture(&world, "p/a.png", LONG))).await;
    assert_eq!(rendered.err(), Some(RenderNowError::NoWorker), "after the grace");
    world.stop().await;
}

#[tokio::test]
async fn a_render_comes_back_with_its_picture_stored() {
    let world = World::start().await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Interactive, 1);
    let script = async {
        let jobs = peer.work().await;
        assert!(jobs[0].deadline_ms > 0, "it carries a deadline");
        let outcome = v1::Done {
            width: 3,
            height: 2,
            png: PICTURE.into(),
            warnings: vec![v1::Warning { code: "text_truncated".to_owned(), ..Default::default() }],
            ..v1::Done::default()
        };
        peer.answer(&jobs[0], v1::result::Outcome::Done(outcome));
    };
    let job = picture(&world, "p/b.png", LONG);
    let (rendered, ()) = tokio::join!(world.dispatch.render_now(job), script);
    let rendered = rendered.expect("a picture");
    assert_eq!((rendered.width, rendered.height, rendered.bytes), (3, 2, 9), "{rendered:?}");
    assert_eq!(rendered.warnings[0].code, "text_truncated", "warnings travel");
    let stored = world.blobs.get(&"p/b.png".parse().expect("a key")).await.expect("blobs");
    assert_eq!(stored.as_deref(), Some(PICTURE), "stored before it was answered");
    drop(peer);
    world.stop().await;
}

#[tokio::test]
async fn renders_wait_for_a_permit_in_order_and_survive_one_lost_worker() {
    let world = World::start().await;
    let mut first = Peer::join(&world).await;
    first.grant(v1::Lane::Interactive, 1);
    let one = world.dispatch.render_now(picture(&world, "p/1.png", LONG));
    let two = world.dispatch.render_now(picture(&world, "p/2.png", LONG));
    let script = async {
        let jobs = first.work().await;
        assert_eq!((jobs.len(), jobs[0].key.as_str()), (1, "p/1.png"), "one permit, one job");
        drop(first);
        let mut second = Peer::join(&world).await;
        second.grant(v1::Lane::Interactive, 2);
        for _ in 0..2 {
            let job = second.work().await.remove(0);
            second.answer(&job, done(1));
        }
        second
    };
    let (one, two, second) = tokio::join!(one, two, script);
    assert!(one.is_ok(), "tried again on the other worker: {one:?}");
    assert!(two.is_ok(), "waited for its permit: {two:?}");
    drop(second);
    world.stop().await;
}

#[tokio::test]
async fn a_render_past_its_deadline_is_cancelled() {
    let world = World::start().await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Interactive, 1);
    let job = picture(&world, "p/c.png", Duration::from_millis(50));
    let rendered = world.dispatch.render_now(job).await;
    assert_eq!(rendered.err(), Some(RenderNowError::Deadline), "in time");
    let job = peer.work().await.remove(0);
    let Kind::Cancel(cancel) = peer.next().await else { panic!("the worker should be told") };
    assert_eq!(cancel.job_id, job.job_id, "that job");
    drop(peer);
    world.stop().await;
}

#[tokio::test]
async fn a_failed_render_says_why() {
    let world = World::start().await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Interactive, 1);
    let script = async {
        let jobs = peer.work().await;
        peer.answer(&jobs[0], failed(Fault::Caller));
    };
    let job = picture(&world, "p/d.png", LONG);
    let (rendered, ()) = tokio::join!(world.dispatch.render_now(job), script);
    let Err(RenderNowError::Failed(failure)) = rendered else { panic!("{rendered:?}") };
    assert_eq!(
        (failure.fault, failure.code.as_str()),
        (Fault::Caller, "scripted"),
        "as it was sent"
    );
    drop(peer);
    world.stop().await;
}

#[tokio::test]
async fn a_drain_finishes_what_callers_wait_for_and_hands_back_the_rest() {
    let world = World::start().await;
    let batch = world.submit(2).await;
    let mut peer = Peer::join(&world).await;
    peer.grant(v1::Lane::Bulk, 2);
    peer.grant(v1::Lane::Interactive, 1);
    let held = peer.work().await;
    assert_eq!(held.len(), 2, "both rows");
    let script = async {
        let asked = peer.work().await;
        world.shutdown.cancel();
        world.dispatch.draining().cancelled().await;
        let refused = world.dispatch.render_now(picture(&world, "p/e.png", LONG)).await;
        assert_eq!(refused.err(), Some(RenderNowError::Draining), "nothing new");
        peer.answer(&asked[0], done(1));
        assert!(matches!(peer.next().await, Kind::GoAway(_)), "then the worker is sent away");
        // One row is finished, the other was never begun.
        peer.answer(&held[0], done(1));
        peer.release(&held[1..]);
        peer.leave().await;
    };
    let job = picture(&world, "p/f.png", LONG);
    let (rendered, ()) = tokio::join!(world.dispatch.render_now(job), script);
    assert!(rendered.is_ok(), "finished during the drain: {rendered:?}");
    world.stop().await;
    let row = world.row(batch).await;
    assert_eq!((row.completed, row.queued), (1, 1), "settled before the end");
    let jobs = world.store.batch_jobs(batch).await.expect("jobs");
    let attempts: u32 = jobs.iter().map(|job| job.attempts).sum();
    assert_eq!(attempts, 1, "the released one does not count");
}
