//! A worker against a small gateway of the tests' own, over the pipe that `serve` uses.

mod bench;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pixeldrive_blobs::{Blobs, Folder, Key};
use pixeldrive_model::{FontHash, WorkerId};
use pixeldrive_proto::v1::gateway_message::Kind as Said;
use pixeldrive_proto::v1::result::Outcome;
use pixeldrive_proto::v1::worker_message::Kind as Heard;
use pixeldrive_proto::{PROTOCOL, v1};

use crate::engine::hang::Hang;
use crate::{Engine, Error};
use bench::{Bench, Card, PATIENCE, done};

#[tokio::test]
async fn a_worker_says_what_it_is() {
    let mut bench = Bench::new(None);
    let mut session = bench.session().await;
    let hello = session.hello("").await;
    assert_eq!(session.token, "Bearer secret");
    assert_eq!((hello.protocol, hello.slots), (PROTOCOL, 2));
    assert_eq!(hello.epoch, pixeldrive_model::RENDERER_EPOCH.to_string());
    assert_eq!(hello.adapter.unwrap().backend, "cpu");
    assert!(hello.worker_id.parse::<WorkerId>().is_ok(), "{}", hello.worker_id);
    assert_eq!(session.permits().await, (4, 32));
}

/// A gateway that uses every permit as it comes: what it was granted and has not had back is
/// never more than the limit, and each job is answered once, under its own lease.
#[tokio::test]
async fn permits_bound_the_work_and_results_echo_leases() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    let mut todo = (0..60).map(|number| format!("job-{number}"));
    let limits = BTreeMap::from([(v1::Lane::Interactive, 4), (v1::Lane::Bulk, 32)]);
    let mut open = BTreeMap::from([(v1::Lane::Interactive, 0), (v1::Lane::Bulk, 0)]);
    let mut out = BTreeMap::new();
    let (mut answered, mut asked) = (0, 0);
    while answered < 60 {
        match session.hear().await.unwrap() {
            Heard::Grant(grant) => {
                let lane = grant.lane();
                *open.get_mut(&lane).unwrap() += grant.permits;
                assert!(open[&lane] <= limits[&lane], "{lane:?}: {}", open[&lane]);
                let ids: Vec<_> = todo.by_ref().take(grant.permits as usize).collect();
                session.work(lane, ids.iter().map(|id| card.job(id)));
                out.extend(ids.into_iter().map(|id| (id, lane)));
            }
            Heard::Result(result) => {
                let lane = out.remove(&result.job_id).expect("a job that was sent");
                *open.get_mut(&lane).unwrap() -= 1;
                assert_eq!(result.lease_id, format!("lease-of-{}", result.job_id));
                let done = done(result);
                assert_eq!((done.width, done.height), (40, 20));
                assert!(done.bytes == done.png.len() as u64 && done.png.starts_with(b"\x89PNG"));
                answered += 1;
            }
            Heard::NeedTemplate(need) => {
                asked += 1;
                assert_eq!(need.template_hash, card.hash);
                session.say(card.template());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked, 1, "the template was asked for once");
}

#[tokio::test]
async fn a_shared_store_takes_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(Folder::open(folder.path()).await.unwrap());
    let probe: Key = "probe/1".parse().unwrap();
    blobs.put(&probe, Bytes::from_static(b"x")).await.unwrap();
    for (probe, shared) in [("probe/1", true), ("probe/2", false)] {
        let (mut bench, card) = (Bench::new(Some(Arc::clone(&blobs))), Card::new().await);
        let mut session = bench.session().await;
        session.hello(probe).await;
        session.permits().await;
        let id = if shared { "in-store" } else { "inline" };
        session.work(v1::Lane::Bulk, [card.job(id)]);
        let done = done(session.result(&card).await);
        let stored = blobs.len(&format!("t/{id}.png").parse().unwrap()).await.unwrap();
        assert_eq!(done.png.is_empty(), shared, "{probe}");
        assert_eq!(stored, shared.then_some(done.bytes), "{probe}");
    }
}

const BARS: &[u8] =
    include_bytes!("../../../../crates/fonts/tests/fixtures/PixelBars-variable.ttf");

/// A job that is done only with an uploaded font: without it there would be a warning.
fn with_font(card: &Card, id: &str) -> v1::Job {
    let payload =
        r#"{"photo": {"visible": false}, "word": {"text": "AB", "fontFamily": "pixel bars"}}"#;
    let font_hashes = vec![FontHash::of(BARS).to_string()];
    v1::Job { payload: payload.into(), font_hashes, strict: true, ..card.job(id) }
}

#[tokio::test]
async fn a_font_comes_in_parts_once_for_all_that_wait() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    session.permits().await;
    session.work(v1::Lane::Bulk, ["a", "b", "c"].map(|id| with_font(&card, id)));
    let (mut asked, mut finished) = (0, 0);
    while finished < 3 {
        match session.hear().await.unwrap() {
            Heard::NeedTemplate(_) => session.say(card.template()),
            Heard::NeedFont(need) => {
                asked += 1;
                let (front, back) = BARS.split_at(500);
                for (offset, bytes) in [(0, front), (500, back)] {
                    session.say(Said::FontPart(v1::FontPart {
                        font_hash: need.font_hash.clone(),
                        offset,
                        length: BARS.len() as u64,
                        bytes: Bytes::from_static(bytes),
                    }));
                }
            }
            Heard::Result(result) => {
                done(result);
                finished += 1;
            }
            Heard::Grant(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(asked, 1, "the font was asked for once");
    session.work(v1::Lane::Bulk, [with_font(&card, "d")]);
    done(session.result(&card).await);
}

#[tokio::test]
async fn a_font_is_taken_from_a_shared_store() {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(Folder::open(folder.path()).await.unwrap());
    blobs.put(&"probe/1".parse().unwrap(), Bytes::new()).await.unwrap();
    let key = pixeldrive_model::font_key(&FontHash::of(BARS)).parse().unwrap();
    let (mut bench, card) = (Bench::new(Some(Arc::clone(&blobs))), Card::new().await);
    let mut session = bench.session().await;
    session.hello("probe/1").await;
    session.permits().await;
    // One that is no font fails its job, and is not remembered.
    blobs.put(&key, Bytes::from_static(b"not a font")).await.unwrap();
    session.work(v1::Lane::Bulk, [with_font(&card, "bad")]);
    match session.result(&card).await.outcome {
        Some(Outcome::Failed(failed)) => assert_eq!(failed.code, "font_invalid", "{failed:?}"),
        other => panic!("{other:?}"),
    }
    blobs.put(&key, Bytes::from_static(BARS)).await.unwrap();
    session.work(v1::Lane::Bulk, [with_font(&card, "good")]);
    done(session.result(&card).await);
}

#[tokio::test]
async fn what_cannot_be_rendered_fails_alone() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    session.permits().await;
    let bad = |id: &str, payload: &'static str, hash: &str| v1::Job {
        payload: Bytes::from_static(payload.as_bytes()),
        template_hash: hash.to_owned(),
        ..card.job(id)
    };
    session.work(
        v1::Lane::Bulk,
        [
            bad("payload", "[", &card.hash),
            bad("element", r#"{"nobody": {}}"#, &card.hash),
            bad("hash", "{}", "xyz"),
            card.job("good"),
        ],
    );
    let mut codes = BTreeMap::new();
    for _ in 0..4 {
        let result = session.result(&card).await;
        let code = match result.outcome.unwrap() {
            Outcome::Done(_) => "done".to_owned(),
            Outcome::Failed(failed) => failed.code,
        };
        codes.insert(result.job_id, code);
    }
    let codes: Vec<_> = codes.iter().map(|(id, code)| (id.as_str(), code.as_str())).collect();
    let expected = [
        ("element", "payload_invalid"),
        ("good", "done"),
        ("hash", "job_malformed"),
        ("payload", "payload_malformed"),
    ];
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn shutting_down_hands_back_what_is_not_begun() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    session.permits().await;
    session.work(v1::Lane::Bulk, [card.waiting_job("waits"), card.job("done")]);
    assert_eq!(session.result(&card).await.job_id, "done");
    bench.shutdown.cancel();
    assert_eq!(session.released().await, ["waits"]);
    // Work that was on its way comes back, too.
    assert!(session.hear().await.is_none(), "the worker has no more to say");
    drop(session);
    bench.ended().await.unwrap();
}

#[tokio::test]
async fn a_gateway_that_goes_away_is_dialled_again() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    session.permits().await;
    session.work(v1::Lane::Interactive, [card.waiting_job("waits"), card.job("done")]);
    assert_eq!(session.result(&card).await.job_id, "done");
    session.say(Said::GoAway(v1::GoAway {}));
    assert_eq!(session.released().await, ["waits"]);
    assert!(session.hear().await.is_none(), "the worker has no more to say");
    drop(session);
    bench.dials.add_permits(1);
    let mut session = bench.session().await;
    session.hello("").await;
    assert_eq!(session.permits().await, (4, 32));
}

/// The connection breaks while a job is under way, and the picture is finished before the next.
#[tokio::test]
async fn a_result_is_kept_until_the_gateway_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(Folder::open(folder.path()).await.unwrap());
    blobs.put(&"probe/1".parse().unwrap(), Bytes::new()).await.unwrap();
    let (mut bench, card) = (Bench::new(Some(Arc::clone(&blobs))), Card::new().await);
    let mut session = bench.session().await;
    session.hello("probe/1").await;
    session.permits().await;
    session.work(v1::Lane::Bulk, [card.waiting_job("kept"), card.job("done")]);
    assert_eq!(session.result(&card).await.job_id, "done");
    drop(session);

    card.gate.add_permits(1);
    let key = "t/kept.png".parse().unwrap();
    let stored = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while blobs.len(&key).await.unwrap().is_none() {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, stored).await.unwrap();
    bench.dials.add_permits(1);
    let mut session = bench.session().await;
    session.hello("probe/1").await;
    let result = session.result(&card).await;
    assert_eq!((result.job_id.as_str(), result.lease_id.as_str()), ("kept", "lease-of-kept"));
}

#[tokio::test]
async fn a_cancelled_job_is_not_answered_and_its_permit_comes_back() {
    let (mut bench, card) = (Bench::new(None), Card::new().await);
    let mut session = bench.session().await;
    session.hello("").await;
    assert_eq!(session.permits().await, (4, 32));
    session.work(v1::Lane::Interactive, [card.waiting_job("a")]);
    session.say(Said::Cancel(v1::Cancel { job_id: "a".to_owned() }));
    let (mut asked, mut granted) = (0, 0);
    while granted == 0 {
        match session.hear().await.unwrap() {
            Heard::NeedTemplate(_) => asked += 1,
            Heard::Grant(grant) => granted += grant.permits,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((asked, granted), (1, 1));
    session.say(card.template());
    card.gate.add_permits(1);
    session.work(v1::Lane::Interactive, [card.job("b")]);
    assert_eq!(session.result(&card).await.job_id, "b");
}

#[tokio::test]
async fn a_stuck_worker_answers_hands_back_the_rest_and_gives_up() {
    let _hang = Hang::on("session");
    let mut bench =
        Bench::with(None, |config| Engine::start_impatient(config, Duration::from_secs(1), 0));
    let card = Card::named("session").await;
    let mut session = bench.session().await;
    session.hello("").await;
    session.permits().await;
    session.work(v1::Lane::Bulk, [card.job("endless"), card.waiting_job("waits")]);
    let (mut failed, mut released) = (Vec::new(), Vec::new());
    while let Some(said) = session.hear().await {
        match said {
            Heard::NeedTemplate(_) => session.say(card.template()),
            Heard::Result(result) => match result.outcome.unwrap() {
                Outcome::Failed(failure) => failed.push((result.job_id, failure.code)),
                Outcome::Done(_) => panic!("{} was done", result.job_id),
            },
            Heard::Release(release) => {
                released.extend(release.jobs.into_iter().map(|job| job.job_id));
            }
            Heard::Grant(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(failed, [("endless".to_owned(), "render_too_slow".to_owned())]);
    assert_eq!(released, ["waits"]);
    drop(session);
    assert!(matches!(bench.ended().await, Err(Error::Stuck)), "the process is to end");
}
