//! The render threads: layout, painting on the CPU, encoding.
//!
//! There are as many for single renders as for rows of batches, so that whoever waits on a connection
//! never waits for a row to end; those of batches step back from the processor meanwhile
//! ([`super::priority`]). A thread has scratch memory of its own and shares nothing that is locked while it works,
//! but the caches of scaled pictures and of plans. Cores that are idle when it comes to encode a large picture help
//! it ([`super::cores`]). With a GPU these threads lay out and encode, and [`super::gpu`] paints in between. Rows
//! of batches go by plans where they have much in common ([`super::plans`]): then there is little to paint,
//! and the CPU does it even beside a GPU. A panic fails its job alone; the scratch it may have torn is made anew.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use pixeldrive_model::{Failure, Fault, Warning};
use pixeldrive_render::backend::cpu;
use pixeldrive_render::drawing::Drawing;
use pixeldrive_render::encode::{Encoder, helpers_max};
use pixeldrive_render::pixels::Pixels;
use pixeldrive_render::plan::{Canvas, Key, Plan, Row};
use pixeldrive_render::{Error, Fonts, Scaled};

use super::cores::Cores;
use super::gpu::Laid;
use super::job::{Job, Ticket, lap};
use super::lanes::{Lane, Lanes};
use super::layouters::Layouters;
use super::plans::Plans;
use super::priority;
use super::watchdog::Watchdog;

/// Scratch memory that has held a picture of more pixels is given back.
const SCRATCH_PX_MAX: u64 = 16 << 20;

/// What a render thread is asked for.
pub(super) enum Work {
    /// A job from its beginning.
    Begin(Box<Job>),
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
    pub(super) plans: Plans,
    pub(super) queues: Arc<Queues>,
    pub(super) watchdog: Arc<Watchdog>,
    pub(super) cores: Cores,
    /// Where drawings go when a GPU paints.
    pub(super) gpu: Option<Arc<Lanes<Laid>>>,
}

/// What waits for the render threads of each lane.
#[derive(Default)]
pub(super) struct Queues {
    interactive: Lanes<Work>,
    bulk: Lanes<Work>,
}

impl Queues {
    pub(super) fn of(&self, lane: Lane) -> &Lanes<Work> {
        match lane {
            Lane::Interactive => &self.interactive,
            Lane::Bulk => &self.bulk,
        }
    }

    /// Drops what waits and sends every thread home.
    pub(super) fn close(&self) {
        self.interactive.close();
        self.bulk.close();
    }
}

impl Work {
    fn ticket(&self) -> &Ticket {
        match self {
            Self::Begin(job) => &job.ticket,
            Self::Encode(painted) => &painted.ticket,
        }
    }

    /// Pixels of its picture.
    fn px(&self) -> u64 {
        let (width, height) = match self {
            Self::Begin(job) => job.bound.picture_size(),
            Self::Encode(painted) => (painted.pixels.width, painted.pixels.height),
        };
        u64::from(width) * u64::from(height)
    }
}

/// A thread's scratch memory.
struct Scratch {
    layouters: Layouters,
    painter: cpu::Painter,
    encoder: Encoder,
    canvas: Canvas,
}

impl Scratch {
    fn new(shared: &Shared) -> Self {
        let layouters = Layouters::new(shared.fonts.clone(), Arc::clone(&shared.scaled));
        Self {
            layouters,
            painter: cpu::Painter::new(),
            encoder: Encoder::new(),
            canvas: Canvas::new(),
        }
    }
}

/// A render thread's life.
pub(super) fn work(shared: &Shared, lane: Lane) {
    if lane == Lane::Bulk {
        priority::bulk();
    }
    // Made with the first job: whoever renders offline needs the threads of one lane alone.
    let mut scratch = None;
    while let Some(work) = shared.queues.of(lane).pop() {
        let (reply, is_large) = (work.ticket().reply.clone(), work.px() > SCRATCH_PX_MAX);
        let stay = shared.watchdog.begin(lane, reply.clone());
        let busy = shared.cores.begin();
        let done = guarded(|| {
            let scratch = scratch.get_or_insert_with(|| Scratch::new(shared));
            match work {
                Work::Begin(job) if job.ticket.begin() => begin(shared, scratch, *job),
                // Withdrawn, late, or nobody listens.
                Work::Begin(_) => {}
                Work::Encode(painted) => finish(shared, &mut scratch.encoder, painted),
            }
            Ok(())
        });
        // What may be torn, or is larger than most jobs need.
        if done.is_err() || is_large {
            scratch = None;
        }
        if let Err(failure) = done {
            reply.answer(Err(failure));
        }
        drop(busy);
        if !shared.watchdog.end(stay) {
            return;
        }
    }
}

fn begin(shared: &Shared, scratch: &mut Scratch, job: Job) {
    #[cfg(test)]
    super::hang::reach(&job.template.name);
    let mut clock = Instant::now();
    let plan = plan(shared, scratch, &job);
    let Job { bound, assets, fonts, mut ticket, .. } = job;
    let layouter = scratch.layouters.of(&fonts);
    let row = match &plan {
        Some(plan) => plan.lay_out(&bound, &assets, layouter),
        None => layouter.lay_out(&bound, &assets).map(Row::from),
    };
    ticket.timings.layout = lap(&mut clock);
    let row = match row {
        Ok(row) => row,
        Err(error) => return ticket.answer(Err(error.into())),
    };
    if let Some(failure) = Failure::strict(row.warnings()).filter(|_| ticket.strict) {
        return ticket.answer(Err(failure));
    }
    match plan.map(|plan| scratch.canvas.paint(&plan, &row, &mut scratch.painter)) {
        Some(Ok(true)) => {
            ticket.timings.paint = lap(&mut clock);
            encode(shared, scratch, row.into_drawing().1, ticket);
        }
        Some(Err(error)) => ticket.answer(Err(error.into())),
        None | Some(Ok(false)) => paint_whole(shared, scratch, row.into_drawing(), ticket),
    }
}

/// The plan of a batch's row, made if it is the first. A row whose plan cannot be made says itself why.
fn plan(shared: &Shared, scratch: &mut Scratch, job: &Job) -> Option<Arc<Plan>> {
    let Job { template, payload, bound, assets, fonts, ticket } = job;
    if ticket.lane != Lane::Bulk || !shared.plans.may_keep(bound.picture_size()) {
        return None;
    }
    let effort = ticket.effort;
    let key = Key::of(template, payload, bound, assets, fonts, effort);
    let Scratch { layouters, painter, encoder, .. } = scratch;
    let layouter = layouters.of(fonts);
    let mut compile = || {
        let tools = (&mut *layouter, &mut *painter, &mut *encoder);
        Ok(Plan::compile(template, payload, bound, assets, effort, tools)?)
    };
    let plan = guarded(|| shared.plans.get(key, &mut compile));
    if plan.as_ref().is_err_and(|failure| failure.code == PANICKED) {
        *scratch = Scratch::new(shared);
    }
    plan.ok().flatten()
}

fn paint_whole(
    shared: &Shared,
    scratch: &mut Scratch,
    (drawing, warnings): (Drawing, Vec<Warning>),
    mut ticket: Ticket,
) {
    if let Some(gpu) = &shared.gpu {
        return gpu.push(ticket.lane, Laid { drawing, warnings, ticket });
    }
    let whole = (ticket.pixel_ratio, ticket.effort);
    let Scratch { canvas, painter, .. } = scratch;
    let mut clock = Instant::now();
    let painted = canvas.paint_whole(&drawing, whole, painter);
    ticket.timings.paint = lap(&mut clock);
    match painted {
        Ok(()) => encode(shared, scratch, warnings, ticket),
        Err(error) => ticket.answer(Err(error.into())),
    }
}

/// Encodes what was painted last.
fn encode(shared: &Shared, scratch: &mut Scratch, warnings: Vec<Warning>, mut ticket: Ticket) {
    let mut clock = Instant::now();
    let Scratch { canvas, encoder, .. } = scratch;
    let file = helped(shared, encoder, canvas.helpers_max(), |encoder| canvas.encode(encoder));
    ticket.timings.encode = lap(&mut clock);
    match file {
        Ok(file) => ticket.answer_file(file, canvas.size(), warnings),
        Err(error) => ticket.answer(Err(error.into())),
    }
}

/// The last step of what a GPU has painted.
fn finish(shared: &Shared, encoder: &mut Encoder, painted: Painted) {
    let Painted { pixels, warnings, mut ticket } = painted;
    let mut clock = Instant::now();
    let (size, effort) = ((pixels.width, pixels.height), ticket.effort);
    let encode = |encoder: &mut Encoder| encoder.encode(&pixels, ticket.pixel_ratio, effort);
    let file = helped(shared, encoder, helpers_max(size), encode);
    ticket.timings.encode = lap(&mut clock);
    match file {
        Ok(file) => ticket.answer_file(file, size, warnings),
        Err(error) => ticket.answer(Err(error.into())),
    }
}

/// Encodes with the help of idle cores, of so many at most.
fn helped(
    shared: &Shared,
    encoder: &mut Encoder,
    most: usize,
    encode: impl FnOnce(&mut Encoder) -> Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Error> {
    let helpers = shared.cores.take_idle(most);
    encoder.set_helpers(helpers.count());
    encode(encoder)
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
