//! The render threads: layout, painting on the CPU, encoding.
//!
//! Each has scratch memory of its own and shares nothing that is locked while it works, but the
//! cache of scaled pictures. With a GPU these threads lay out and encode, and [`super::gpu`] paints
//! in between. A panic fails its job alone; the scratch it may have torn is made anew.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use pixeldrive_model::{Effort, Failure, Fault, Warning};
use pixeldrive_render::backend::{Painter, cpu};
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::encode::{self, Encoder};
use pixeldrive_render::pixels::Pixels;
use pixeldrive_render::{Fonts, Scaled};

use super::Rendered;
use super::gpu::Laid;
use super::job::{Job, Ticket, lap};
use super::lanes::Lanes;
use super::layouters::Layouters;

/// What a render thread is asked for.
pub(super) enum Work {
    /// A job from its beginning.
    Begin(Job),
    /// A job that the GPU has painted.
    Encode(Painted),
}

/// A job that only lacks its file.
pub(super) struct Painted {
    pub(super) pixels: Pixels,
    pub(super) warnings: Vec<Warning>,
    pub(super) ticket: Ticket,
}

/// What render threads share.
pub(super) struct Shared {
    pub(super) fonts: Fonts,
    pub(super) scaled: Arc<Scaled>,
    pub(super) queue: Arc<Lanes<Work>>,
    /// Where drawings go when a GPU paints.
    pub(super) gpu: Option<Arc<Lanes<Laid>>>,
}

/// A thread's scratch memory.
struct Scratch {
    layouters: Layouters,
    painter: cpu::Painter,
    encoder: Encoder,
}

impl Scratch {
    fn new(shared: &Shared) -> Self {
        let layouters = Layouters::new(shared.fonts.clone(), Arc::clone(&shared.scaled));
        Self { layouters, painter: cpu::Painter::new(), encoder: Encoder::new() }
    }
}

/// A render thread's life.
pub(super) fn work(shared: &Shared) {
    let mut scratch = Scratch::new(shared);
    while let Some(work) = shared.queue.pop() {
        match work {
            Work::Begin(job) if job.ticket.begin() => begin(shared, &mut scratch, job),
            // Withdrawn, late, or nobody listens.
            Work::Begin(_) => {}
            Work::Encode(painted) => finish(&mut scratch.encoder, painted),
        }
    }
}

fn begin(shared: &Shared, scratch: &mut Scratch, job: Job) {
    let Job { bound, assets, fonts, mut ticket } = job;
    let mut clock = Instant::now();
    let laid = guarded(|| Ok(scratch.layouters.of(&fonts).lay_out(&bound, &assets)?));
    ticket.timings.layout = lap(&mut clock);
    let strict = ticket.strict;
    let refused = |warnings: &[Warning]| Failure::strict(warnings).filter(|_| strict);
    let laid = laid.and_then(|(drawing, warnings)| match refused(&warnings) {
        Some(failure) => Err(failure),
        None => Ok((drawing, warnings)),
    });
    let (drawing, warnings) = match laid {
        Ok(laid) => laid,
        Err(failure) => return fail(shared, scratch, ticket, failure),
    };
    if let Some(gpu) = &shared.gpu {
        return gpu.push(ticket.lane, Laid { drawing, warnings, ticket });
    }
    let painted = guarded(|| paint_one(&mut scratch.painter, drawing));
    ticket.timings.paint = lap(&mut clock);
    match painted {
        Ok(pixels) => finish(&mut scratch.encoder, Painted { pixels, warnings, ticket }),
        Err(failure) => fail(shared, scratch, ticket, failure),
    }
}

fn fail(shared: &Shared, scratch: &mut Scratch, ticket: Ticket, failure: Failure) {
    if failure.code == PANICKED {
        *scratch = Scratch::new(shared);
    }
    ticket.answer(Err(failure));
}

fn paint_one(painter: &mut dyn Painter, drawing: Drawing) -> Result<Pixels, Failure> {
    match painter.paint(&[drawing]).pop() {
        Some(painted) => Ok(painted?),
        None => Err(broken("paint_failed", "the painter gave no answer")),
    }
}

/// The last step.
fn finish(encoder: &mut Encoder, painted: Painted) {
    let Painted { pixels, warnings, mut ticket } = painted;
    let mut clock = Instant::now();
    let effort = encoders(ticket.effort);
    let encoded = guarded(|| Ok(encoder.encode(&pixels, ticket.pixel_ratio, effort)?));
    ticket.timings.encode = lap(&mut clock);
    let outcome = encoded.map(|png| Rendered {
        png: Bytes::from(png),
        width: pixels.width,
        height: pixels.height,
        stand_in: ticket.stand_in,
        warnings,
        timings: ticket.timings,
    });
    ticket.answer(outcome);
}

/// What the encoder calls it.
fn encoders(effort: Effort) -> encode::Effort {
    match effort {
        Effort::Fast => encode::Effort::Fast,
        Effort::Balanced => encode::Effort::Balanced,
        Effort::Small => encode::Effort::Small,
    }
}

/// The code of a render that ended in a panic.
pub(super) const PANICKED: &str = "render_panicked";

/// Runs a step of a render; a panic becomes the operator's failure.
pub(super) fn guarded<T>(step: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| {
        tracing::error!(said = words(panic.as_ref()), "a render panicked");
        Err(broken(PANICKED, "the renderer failed on this input; the worker's log says more"))
    })
}

fn broken(code: &str, message: &str) -> Failure {
    Failure {
        fault: Fault::Operator,
        code: code.to_owned(),
        message: message.to_owned(),
        element: String::new(),
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_operators_failure() {
        let outcome: Result<(), _> = guarded(|| panic!("a bug"));
        let failure = outcome.unwrap_err();
        assert_eq!((failure.fault, failure.code.as_str()), (Fault::Operator, PANICKED));
        assert!(!failure.message.contains("a bug"), "what went on inside is for the log");
    }
}
