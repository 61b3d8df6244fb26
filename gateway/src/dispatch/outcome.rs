//! What the end of an attempt means: a picture to record, a failure to judge, an answer to give.

use pixeldrive_blobs::Key;
use pixeldrive_model::{Failure, Fault, Warning};
use pixeldrive_proto::v1;
use pixeldrive_store::{Outcome, Render, Settle};

use super::interactive::{Answer, Picture};
use super::{BulkJob, Held, Origin, Shared, retry};
use crate::clock;

impl Shared {
    /// The worker has answered.
    pub(super) async fn conclude(&self, held: Held, outcome: Option<v1::result::Outcome>) {
        let ended = match outcome {
            Some(v1::result::Outcome::Done(done)) => {
                let key = if done.stand_in { &held.stand_in_key } else { &held.key };
                self.stored(key, done).await
            }
            Some(v1::result::Outcome::Failed(failed)) => Err(failed.into()),
            None => Err(failure(Fault::Operator, "result_empty", "the worker's result was empty")),
        };
        match ended {
            Ok(picture) => self.complete(held, picture),
            Err(failure) => self.fail(held, failure),
        }
    }

    /// Makes sure that the picture is in the object store before anybody hears of it.
    async fn stored(&self, key: &str, done: v1::Done) -> Result<Picture, Failure> {
        let mut bytes = done.bytes;
        if !done.png.is_empty() {
            bytes = done.png.len() as u64;
            let parsed = key.parse::<Key>();
            let put = async { self.blobs.put(&parsed?, done.png).await };
            put.await.map_err(|error: pixeldrive_blobs::Error| {
                tracing::warn!(key, %error, "a picture was not stored");
                // Whatever the fault, the rows of a batch should outlive a full disk.
                failure(Fault::Transient, "picture_not_stored", "the picture could not be stored")
            })?;
        } else if bytes == 0 {
            return Err(failure(Fault::Operator, "picture_empty", "the worker sent no picture"));
        }
        Ok(Picture {
            width: done.width,
            height: done.height,
            bytes,
            stand_in: done.stand_in,
            warnings: done.warnings.into_iter().map(Warning::from).collect(),
            timings: done.timings.unwrap_or_default(),
        })
    }

    fn complete(&self, held: Held, picture: Picture) {
        match held.origin {
            Origin::Interactive(ticket) => ticket.answer(Answer::Picture(picture)),
            Origin::Bulk(BulkJob { account, template, hash, .. }) => {
                let Picture { width, height, bytes, stand_in, warnings, timings: _ } = picture;
                let hash = if stand_in { hash.stand_in(held.job.0) } else { hash };
                let render = Render { account, template, hash, width, height, bytes, warnings };
                let outcome =
                    if stand_in { Outcome::StandIn(render) } else { Outcome::Completed(render) };
                self.settler.push(Settle { job: held.job, lease: held.lease, outcome });
            }
        }
    }

    /// The attempt failed.
    pub(super) fn fail(&self, held: Held, failure: Failure) {
        match held.origin {
            Origin::Interactive(ticket) => ticket.answer(Answer::Failed(failure)),
            Origin::Bulk(job) => {
                tracing::debug!(job = %held.job, code = failure.code, "an attempt failed");
                let (attempts_max, now) = (self.config.attempts_max, clock::now());
                let dice = rand::random();
                let outcome = retry::after(failure, job.attempt, attempts_max, now, dice);
                self.settler.push(Settle { job: held.job, lease: held.lease, outcome });
            }
        }
    }

    /// The job was not started.
    pub(super) fn release(&self, held: Held) {
        match held.origin {
            Origin::Interactive(ticket) => ticket.answer(Answer::Released),
            Origin::Bulk(_) => {
                let outcome = Outcome::Released;
                self.settler.push(Settle { job: held.job, lease: held.lease, outcome });
            }
        }
    }

    /// The worker is gone.
    pub(super) fn lose(&self, held: Held) {
        match held.origin {
            Origin::Interactive(ticket) => ticket.answer(Answer::Lost),
            Origin::Bulk(job) => {
                let outcome = retry::lost(job.attempt, self.config.attempts_max);
                self.settler.push(Settle { job: held.job, lease: held.lease, outcome });
            }
        }
    }
}

pub(super) fn failure(fault: Fault, code: &str, message: &str) -> Failure {
    Failure { fault, code: code.to_owned(), message: message.to_owned(), element: String::new() }
}
