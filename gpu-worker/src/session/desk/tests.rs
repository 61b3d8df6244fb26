//! The desk, step by step: what goes out after what came in.

use super::*;

fn job(id: &str) -> v1::Job {
    v1::Job { job_id: id.to_owned(), lease_id: format!("L{id}"), ..v1::Job::default() }
}

fn done(id: &str, png: usize) -> v1::Result {
    let done = v1::Done { png: vec![0; png].into(), ..v1::Done::default() };
    let outcome = Some(v1::result::Outcome::Done(done));
    v1::Result { job_id: id.to_owned(), lease_id: format!("L{id}"), outcome }
}

fn open(desk: &Desk) -> Arc<Notify> {
    let wake = desk.connect();
    desk.open();
    wake
}

fn finish(desk: &Desk, id: &str, png: usize) {
    desk.finish(&JobKey::of(&job(id)), done(id, png));
}

fn accept(desk: &Desk, id: &str) -> Held {
    match desk.accept(Lane::Bulk, &job(id)) {
        Accepted::Yes(held) => held,
        other => panic!("{id}: {other:?}"),
    }
}

/// Everything that goes out now, in short.
fn mail(desk: &Desk, wake: &Arc<Notify>) -> String {
    let mut words = Vec::new();
    loop {
        words.push(match desk.next(wake) {
            Mail::Message(Kind::Grant(grant)) => format!("{}+{}", grant.lane, grant.permits),
            Mail::Message(Kind::Result(result)) => format!("done {}", result.job_id),
            Mail::Message(Kind::Release(release)) => {
                let ids: Vec<_> = release.jobs.iter().map(|job| job.job_id.as_str()).collect();
                format!("release {}", ids.join(","))
            }
            Mail::Message(Kind::Heartbeat(beat)) => {
                format!("beat {}", beat.lease_ids.join(","))
            }
            Mail::Message(other) => format!("{other:?}"),
            Mail::Wait => break,
            Mail::End => {
                words.push("end".to_owned());
                break;
            }
        });
    }
    words.join(" ")
}

#[test]
fn permits_come_back_with_results() {
    let desk = Desk::new(1);
    let wake = desk.connect();
    assert_eq!(mail(&desk, &wake), "", "nothing is granted before the gateway's answer");
    desk.open();
    assert_eq!(mail(&desk, &wake), "1+2 2+28");
    accept(&desk, "a");
    accept(&desk, "b");
    assert!(matches!(desk.accept(Lane::Bulk, &job("a")), Accepted::Twice), "the same hand-out");
    desk.heartbeat();
    assert_eq!(mail(&desk, &wake), "beat La,Lb");
    finish(&desk, "a", 1);
    assert_eq!(mail(&desk, &wake), "done a 2+1");
    finish(&desk, "a", 1);
    assert_eq!(mail(&desk, &wake), "", "a result is sent once");
}

#[test]
fn work_without_a_permit_goes_back() {
    let desk = Desk::new(0);
    let wake = open(&desk);
    assert_eq!(mail(&desk, &wake), "2+24");
    assert!(matches!(desk.accept(Lane::Interactive, &job("a")), Accepted::No), "no permit");
    assert_eq!(mail(&desk, &wake), "release a");
}

#[test]
fn draining_hands_back_what_is_not_begun_and_finishes_the_rest() {
    let desk = Desk::new(1);
    let wake = open(&desk);
    mail(&desk, &wake);
    let (begun, waiting) = (accept(&desk, "a"), accept(&desk, "b"));
    assert!(begun.claim.begin(), "a thread begins it");
    desk.drain();
    assert_eq!(mail(&desk, &wake), "release b");
    assert!(waiting.withdrawn.is_cancelled() && !begun.withdrawn.is_cancelled(), "only b");
    assert!(matches!(desk.accept(Lane::Bulk, &job("c")), Accepted::No), "no more work");
    finish(&desk, "b", 1);
    assert_eq!(mail(&desk, &wake), "release c", "b was handed back");
    finish(&desk, "a", 1);
    assert_eq!(mail(&desk, &wake), "done a end");
    assert!(desk.is_clear(), "nothing is left");
}

#[test]
fn results_outlive_a_connection_and_permits_do_not() {
    let desk = Desk::new(1);
    let old = open(&desk);
    mail(&desk, &old);
    for id in ["a", "b", "c"] {
        assert!(id == "c" || accept(&desk, id).claim.begin(), "begun");
    }
    accept(&desk, "c");
    finish(&desk, "a", 1);
    let new = desk.connect();
    assert_eq!(mail(&desk, &old), "end", "the old connection takes nothing more");
    assert_eq!(mail(&desk, &new), "release c");
    desk.open();
    assert_eq!(mail(&desk, &new), "done a 1+2 2+27", "b still has its share of the permits");
    finish(&desk, "b", 1);
    assert_eq!(mail(&desk, &new), "done b 2+1");
}

#[test]
fn a_cancelled_job_is_dropped_unless_begun() {
    let desk = Desk::new(1);
    let wake = open(&desk);
    mail(&desk, &wake);
    let (begun, waiting) = (accept(&desk, "a"), accept(&desk, "b"));
    assert!(begun.claim.begin(), "a thread begins it");
    for id in ["a", "b", "unknown"] {
        desk.cancel(id);
    }
    assert!(waiting.withdrawn.is_cancelled(), "b is dropped");
    assert_eq!(mail(&desk, &wake), "2+1", "its permit comes back without a result");
    finish(&desk, "a", 1);
    assert_eq!(mail(&desk, &wake), "done a 2+1");
}

#[test]
fn results_that_wait_are_bounded() {
    let desk = Desk::new(1);
    let wake = open(&desk);
    mail(&desk, &wake);
    for id in ["a", "b", "c"] {
        accept(&desk, id);
        finish(&desk, id, RESULT_BYTES_MAX / 2);
    }
    assert_eq!(mail(&desk, &wake), "done b done c 2+3");
}
