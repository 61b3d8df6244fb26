//! The painter for GPUs: vello_gpu on wgpu, twin of the `cpu` backend.
//!
//! A card costs the CPU about as long to record as it costs a GPU to paint, so the two overlap:
//! while the device paints card k, the next one is recorded and card k-1 is read back. Each card
//! has its own target with its origin at (0, 0) and its own submission:
//!
//! - **Alone in its target.** vello_gpu's arithmetic shifts with the position on the target, by up
//!   to 30 levels; sharing one would make a picture depend on its neighbours.
//! - **Alone in its submission.** `Renderer::render` hands over strips, coverage and paints by
//!   `queue.write_*`, which take effect before the next submission as a whole: a second `render` in
//!   it would overwrite the first's. A ring of renderers gets around that, but what it saves is the
//!   submission alone (under 0.2 of the 1.1 ms that a bench card takes on the CPU), for a set of
//!   pipelines each and a GPU that idles while the whole group is recorded.
//! - **Same layers.** Intermediate textures of a renderer would grow with the largest card so far;
//!   `renderers` says why they may not.
//!
//! Nothing here aborts: wgpu's errors are recorded (`device`), a panic in the renderer fails its
//! own card, and after either the next call begins anew.
//!
//! Deliberately absent: surfaces and windows, glyph atlases (they round glyphs to quarters of a
//! pixel), shader sources (in `shaders/`), and the choice between GPU and CPU (in the worker).

mod device;
mod images;
mod readback;
mod record;
mod renderers;

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::device::{AdapterInfo, Choice, adapters};

use self::device::Device;
use self::images::Images;
use self::readback::{Readback, Ticket};
use self::renderers::Renderers;
use crate::Error;
use crate::drawing::Drawing;
use crate::pixels::Pixels;

/// Cards between recording and reading back: one read back, one painted, one recorded, one spare.
const IN_FLIGHT: usize = 4;

/// Bytes of pictures kept on the device.
const IMAGE_BYTES_MAX: u64 = 512 << 20;

/// Paints on a GPU.
#[derive(Debug)]
pub struct Painter {
    choice: Choice,
    device: Device,
    renderers: Renderers,
    images: Images,
    readback: Readback,
}

impl Painter {
    /// Opens the adapter that `choice` asks for.
    ///
    /// # Errors
    /// [`Error::GpuUnavailable`] when no adapter fits or the fitting one cannot be opened.
    pub fn open(choice: Choice) -> Result<Self, Error> {
        let device = Device::open(&choice)?;
        let painter = Self {
            choice,
            renderers: Renderers::new(&device),
            images: Images::new(IMAGE_BYTES_MAX),
            readback: Readback::new(&device),
            device,
        };
        match painter.device.fault() {
            Some(reason) => Err(Error::GpuUnavailable { reason }),
            None => Ok(painter),
        }
    }

    /// The same painter with another bound on the bytes of pictures that stay on the device.
    #[must_use]
    pub fn with_image_bytes_max(mut self, image_bytes_max: u64) -> Self {
        self.images = Images::new(image_bytes_max);
        self
    }

    /// The adapter that paints.
    #[must_use]
    pub fn adapter(&self) -> &AdapterInfo {
        &self.device.adapter
    }

    /// Bytes of pictures on the device at the moment.
    #[must_use]
    pub fn image_bytes(&self) -> u64 {
        self.images.bytes()
    }

    /// Records and submits one card.
    fn start(&mut self, drawing: &Drawing) -> Result<Ticket, Error> {
        self.device.check()?;
        self.device.fits(drawing.width(), drawing.height())?;
        let target = self.readback.target(&self.device, drawing.width(), drawing.height());
        let mut encoder = self.device.device.create_command_encoder(&Default::default());
        let painted = catch_unwind(AssertUnwindSafe(|| {
            let renderer = self.renderers.of(&self.device, drawing);
            renderer.paint(&self.device, &mut self.images, &mut encoder, drawing, target.view())
        }));
        match painted {
            Ok(painted) => painted?,
            Err(panic) => {
                self.renderers = Renderers::new(&self.device);
                return Err(Error::Paint { reason: message_of(panic.as_ref()) });
            }
        }
        let ticket = self.readback.submit(&self.device, encoder, target, drawing.is_opaque());
        self.device.check()?;
        Ok(ticket)
    }

    fn finish(&mut self, card: Result<Ticket, Error>) -> Result<Pixels, Error> {
        self.readback.finish(&self.device, card?)
    }
}

impl super::Painter for Painter {
    fn paint(&mut self, drawings: &[Drawing]) -> Vec<Result<Pixels, Error>> {
        if let Some(lost) = self.device.fault() {
            match Self::open(self.choice.clone()) {
                Ok(anew) => *self = anew.with_image_bytes_max(self.images.bytes_max()),
                Err(error) => {
                    let reason = format!("{lost}, and cannot be opened again: {error}");
                    let lost = Error::GpuLost { reason };
                    return drawings.iter().map(|_| Err(lost.clone())).collect();
                }
            }
        }
        let mut painted = Vec::with_capacity(drawings.len());
        let mut in_flight = VecDeque::with_capacity(IN_FLIGHT);
        for drawing in drawings {
            if in_flight.len() == IN_FLIGHT {
                painted.extend(in_flight.pop_front().map(|card| self.finish(card)));
            }
            in_flight.push_back(self.start(drawing));
        }
        painted.extend(in_flight.into_iter().map(|card| self.finish(card)));
        painted
    }
}

/// What a panic said.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the GPU renderer gave up: {}", said.unwrap_or("without a word"))
}
