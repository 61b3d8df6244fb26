//! The engine: one machine's rendering.
//!
//! [`Engine::render`] binds, gathers assets without occupying a render thread, and queues the job.
//! Render threads of two lanes lay out, paint and encode ([`threads`]); with a GPU, one more thread
//! paints for all of them ([`gpu`]). The queue is bounded by permits: who renders waits for room,
//! and whoever goes away gives it back. A render that does not end is given up ([`watchdog`]).
//!
//! Deliberately absent: gateways, leases, uploads ([`crate::session`]).

mod cores;
mod gpu;
#[cfg(test)]
pub(crate) mod hang;
mod job;
mod lanes;
mod layouters;
mod plans;
mod priority;
#[cfg(test)]
mod tests;
mod threads;
mod watchdog;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pixeldrive_model::limits::RENDER_SECONDS_MAX;
use pixeldrive_model::{Effort, Failure, Fault, Payload, Problem, Template, Warning, bind};
use pixeldrive_render::backend::gpu::{Choice, Painter};
use pixeldrive_render::{Font, Fonts, Scaled};
use tokio::sync::{Semaphore, oneshot};

use crate::Error;
use crate::sources::{Gathered, Mercy, Sources, SourcesConfig};

pub(crate) use job::Claim;
pub use lanes::Lane;

use cores::Cores;
use job::{Job, Reply, Ticket, lap, late};
use lanes::Lanes;
use plans::Plans;
use threads::{Queues, Shared, Work};
use watchdog::{Bounds, Watchdog};

/// Stack of a render thread: documents nest, and their readers recurse.
const STACK_BYTES: usize = 8 << 20;
/// Threads that may be stuck, unless there are more of a lane: a row that never ends is tried four times, and
/// must not take the worker with it.
const STUCK_MAX: usize = 4;

/// What an engine is made of.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Render threads of each lane, and cores that they may keep busy together with what helps them; at
    /// least one is started.
    pub threads: usize,
    /// Whether a GPU paints.
    pub gpu: GpuMode,
    /// Where pictures come from.
    pub sources: SourcesConfig,
    /// Bytes of fetched and scaled pictures and of plans that are kept.
    pub cache_bytes_max: u64,
}

/// Whether a GPU paints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuMode {
    /// Never.
    Off,
    /// Where there is one. A software adapter is none.
    #[default]
    Prefer,
    /// The engine does not start without one.
    Require,
}

/// What paints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// `cpu` or `gpu`.
    pub backend: &'static str,
    /// `vello_cpu`, or the GPU's name.
    pub name: String,
    /// The GPU's driver.
    pub driver: String,
    /// Whether the GPU is a program on the CPU.
    pub software: bool,
}

/// One picture to make.
#[derive(Clone, Debug)]
pub struct Task {
    /// What is drawn.
    pub template: Arc<Template>,
    /// With this data.
    pub payload: Payload,
    /// With these uploaded fonts, besides those of the engine.
    pub fonts: Vec<Font>,
    /// Device pixels per CSS px.
    pub pixel_ratio: f64,
    /// How much time the file may take to become small.
    pub effort: Effort,
    /// Who waits.
    pub lane: Lane,
    /// Warnings are failures.
    pub strict: bool,
    /// When nobody waits any more.
    pub deadline: Option<Instant>,
    /// Whether there will be another attempt.
    pub attempt: Attempt,
}

/// Whether there will be another attempt at a picture when the origin of an image fails for the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Yes: this one fails.
    Early,
    /// No: if the template says so, the image is done without.
    Last,
}

/// A picture.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub png: Bytes,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Whether another attempt may give a better picture: the origin of an image that it does without
    /// failed for the moment.
    pub stand_in: bool,
    /// What was adjusted.
    pub warnings: Vec<Warning>,
    /// Where the time went.
    pub timings: Timings,
}

/// Where the time went; waiting for a thread is in none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Until every asset was at hand.
    pub fetch: Duration,
    /// Layout, with scaling of pictures seen for the first time.
    pub layout: Duration,
    /// Painting; on a GPU the call's time divided by its cards.
    pub paint: Duration,
    /// Compressing.
    pub encode: Duration,
}

/// Renders, on threads of its own. Clones are the same engine; the last one ends its threads.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    sources: Sources,
    queues: Arc<Queues>,
    watchdog: Arc<Watchdog>,
    drawings: Option<Arc<Lanes<gpu::Laid>>>,
    interactive_room: Arc<Semaphore>,
    bulk_room: Arc<Semaphore>,
    adapter: Adapter,
    slots: usize,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queues.close();
        self.watchdog.close();
        if let Some(drawings) = &self.drawings {
            drawings.close();
        }
    }
}

impl Engine {
    /// Starts the threads. Opening a GPU blocks for a moment.
    ///
    /// # Errors
    /// When a required GPU is missing, or the system refuses threads or certificates.
    pub fn start(config: EngineConfig, fonts: Fonts) -> Result<Self, Error> {
        let painter = open_gpu(config.gpu)?;
        let stuck_max = config.threads.max(STUCK_MAX);
        let bounds = Bounds { time_max: Duration::from_secs(RENDER_SECONDS_MAX), stuck_max };
        Self::with(config, fonts, painter, bounds)
    }

    /// Starts one that gives renders up sooner, and itself.
    #[cfg(test)]
    pub(crate) fn start_impatient(
        config: EngineConfig,
        time_max: Duration,
        stuck_max: usize,
    ) -> Result<Self, Error> {
        Self::with(config, Fonts::bundled(), None, Bounds { time_max, stuck_max })
    }

    fn with(
        config: EngineConfig,
        fonts: Fonts,
        painter: Option<Painter>,
        bounds: Bounds,
    ) -> Result<Self, Error> {
        let threads = config.threads.max(1);
        let slots = if painter.is_some() { threads.max(gpu::CARDS_MAX) } else { threads };
        let adapter = painter.as_ref().map_or_else(cpu_adapter, gpu_adapter);
        let (queues, watchdog) = (Arc::new(Queues::default()), Arc::new(Watchdog::new(bounds)));
        let drawings = painter.is_some().then(|| Arc::new(Lanes::default()));
        // Enough that no thread waits for the next job to be bound and fetched.
        let room = || Arc::new(Semaphore::new(4 * slots + 16));
        let engine = Self(Arc::new(Inner {
            sources: Sources::new(config.sources, config.cache_bytes_max / 2)?,
            queues: Arc::clone(&queues),
            watchdog: Arc::clone(&watchdog),
            drawings: drawings.clone(),
            interactive_room: room(),
            bulk_room: room(),
            adapter,
            slots,
        }));
        let scaled = Arc::new(Scaled::new(config.cache_bytes_max / 4));
        let plans = Plans::new(config.cache_bytes_max / 4);
        let cores = Cores::new(threads);
        let shared = Shared { fonts, scaled, plans, queues, watchdog, cores, gpu: drawings };
        start_threads(threads, painter, Arc::new(shared))?;
        Ok(engine)
    }

    /// What paints.
    #[must_use]
    pub fn adapter(&self) -> &Adapter {
        &self.0.adapter
    }

    /// How many renders run at once.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.0.slots
    }

    /// Waits until so many render threads are stuck that only a new process helps.
    pub async fn hopeless(&self) {
        self.0.watchdog.hopeless().cancelled().await;
    }

    /// Makes a picture. Dropping the future takes the task back, unless a thread has begun it.
    ///
    /// # Errors
    /// Who can act, and why there is no picture.
    pub async fn render(&self, task: Task) -> Result<Rendered, Failure> {
        self.render_claimed(task, Claim::default()).await
    }

    /// Makes a picture that may be withdrawn until a thread has begun it.
    pub(crate) async fn render_claimed(
        &self,
        task: Task,
        claim: Claim,
    ) -> Result<Rendered, Failure> {
        let deadline = task.deadline;
        let rendering = self.render_in_time(task, claim);
        match deadline {
            None => rendering.await,
            Some(deadline) => tokio::time::timeout_at(deadline.into(), rendering)
                .await
                .unwrap_or_else(|_| Err(late())),
        }
    }

    async fn render_in_time(&self, task: Task, claim: Claim) -> Result<Rendered, Failure> {
        let Task { template, payload, fonts, pixel_ratio, effort, .. } = task;
        let Task { lane, strict, deadline, attempt, .. } = task;
        let bound = bind(&template, &payload, pixel_ratio).map_err(|found| invalid(&found))?;
        let room = match lane {
            Lane::Interactive => &self.0.interactive_room,
            Lane::Bulk => &self.0.bulk_room,
        };
        // Before anything is fetched, so that it bounds the files in memory too.
        let room = Arc::clone(room).acquire_owned().await.map_err(|_| late())?;
        let mut clock = Instant::now();
        // What is done without is a warning, and a strict render takes none.
        let mercy = match attempt {
            _ if strict => Mercy::None,
            Attempt::Early => Mercy::Lasting,
            Attempt::Last => Mercy::All,
        };
        let Gathered { assets, stand_in } = self.0.sources.gather(&bound, mercy).await?;
        let timings = Timings { fetch: lap(&mut clock), ..Timings::default() };
        let (reply, answer) = oneshot::channel();
        let ticket = Ticket {
            lane,
            strict,
            deadline,
            pixel_ratio,
            effort,
            stand_in,
            timings,
            claim,
            reply: Reply::new(reply, room),
        };
        let job = Job { template, payload, bound, assets, fonts, ticket };
        self.0.queues.of(lane).push(lane, Work::Begin(Box::new(job)));
        // Dropped unanswered: a thread found it late or withdrawn.
        answer.await.unwrap_or_else(|_| Err(late()))
    }
}

fn open_gpu(mode: GpuMode) -> Result<Option<Painter>, Error> {
    match mode {
        GpuMode::Off => Ok(None),
        GpuMode::Require => Painter::open(Choice::default()).map(Some).map_err(Error::Gpu),
        GpuMode::Prefer => Ok(Painter::open(Choice::default())
            .inspect_err(|error| tracing::info!(%error, "painting on the CPU"))
            .ok()),
    }
}

fn cpu_adapter() -> Adapter {
    let name = "vello_cpu".to_owned();
    Adapter { backend: "cpu", name, driver: String::new(), software: false }
}

fn gpu_adapter(painter: &Painter) -> Adapter {
    let found = painter.adapter();
    let (name, driver) = (found.name.clone(), found.driver.clone());
    Adapter { backend: "gpu", name, driver, software: found.software }
}

fn start_threads(count: usize, painter: Option<Painter>, shared: Arc<Shared>) -> Result<(), Error> {
    for lane in [Lane::Interactive, Lane::Bulk] {
        (0..count).try_for_each(|_| start_thread(&shared, lane))?;
    }
    if let Some(painter) = painter
        && let Some(drawings) = shared.gpu.clone()
    {
        let done = Arc::clone(&shared.queues);
        spawn("gpu", move || gpu::work(painter, &drawings, &done))?;
    }
    let watchdog = Arc::clone(&shared.watchdog);
    spawn("watchdog", move || watchdog.run(|lane| start_thread(&shared, lane)))?;
    Ok(())
}

fn start_thread(shared: &Arc<Shared>, lane: Lane) -> std::io::Result<()> {
    let shared = Arc::clone(shared);
    let name = match lane {
        Lane::Interactive => "render-single",
        Lane::Bulk => "render-bulk",
    };
    spawn(name, move || threads::work(&shared, lane))
}

fn spawn(name: &str, life: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(life).map(drop)
}

/// The failure that a payload's problems are.
fn invalid(problems: &[Problem]) -> Failure {
    let all: Vec<_> =
        problems.iter().take(10).map(|p| format!("{}: {}", p.path, p.message)).collect();
    Failure {
        fault: Fault::Caller,
        code: "payload_invalid".to_owned(),
        message: all.join("; "),
        element: String::new(),
    }
}
