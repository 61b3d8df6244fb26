//! From a painted target back to memory: the `pack` pass, a copy, a mapped buffer.
//!
//! Targets are kept for the next card of their size, which in a batch is the next card.
//!
//! Deliberately absent: RGB rows. [`Pixels`] are RGBA; the encoder drops the alpha of opaque ones.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use pixeldrive_shaders::{PACK, PACK_ROWS, PACK_ROWS_WORKGROUP};
use wgpu::{
    BindGroup, Buffer, BufferAsyncError, BufferUsages, CommandEncoder, ComputePipeline, MapMode,
    PollType, SubmissionIndex, TextureFormat, TextureUsages, TextureView,
};

use super::IN_FLIGHT;
use super::device::Device;
use crate::Error;
use crate::pixels::Pixels;

/// Of every target: what vello_gpu paints on, and what [`Pixels`] hold.
pub(super) const FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;

/// Patience with one card; past it the device counts as lost.
const ANSWER: Duration = Duration::from_secs(60);

/// Bytes before the pixels: the flag that some pixel is translucent.
const FLAG_BYTES: usize = 4;

/// Area of the largest target that is kept: four of them and their buffers take 200 MB.
const KEPT_PX_MAX: u64 = 4 << 20;

/// Bytes of a packed picture.
pub(super) fn packed_bytes(width: u32, height: u32) -> u64 {
    FLAG_BYTES as u64 + u64::from(width) * u64::from(height) * 4
}

/// The pass, and targets at rest.
#[derive(Debug)]
pub(super) struct Readback {
    pack: ComputePipeline,
    idle: Vec<Target>,
}

/// One card's texture and the buffers that it comes back through.
#[derive(Debug)]
pub(super) struct Target {
    width: u32,
    height: u32,
    view: TextureView,
    packed: Buffer,
    mappable: Buffer,
    bindings: BindGroup,
}

/// A card on its way.
#[derive(Debug)]
pub(super) struct Ticket {
    target: Target,
    covered: bool,
    submission: SubmissionIndex,
    mapped: Receiver<Result<(), BufferAsyncError>>,
}

impl Readback {
    pub(super) fn new(device: &Device) -> Self {
        let module = device.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("pack.wgsl"),
            source: wgpu::ShaderSource::Wgsl(PACK.into()),
        });
        let pack = device.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("pack"),
            layout: None,
            module: &module,
            entry_point: Some(PACK_ROWS),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        Self { pack, idle: Vec::new() }
    }

    /// A target of this size, from those at rest if there is one.
    pub(super) fn target(&mut self, device: &Device, width: u16, height: u16) -> Target {
        let (width, height) = (u32::from(width), u32::from(height));
        match self.idle.iter().position(|idle| idle.width == width && idle.height == height) {
            Some(at) => self.idle.swap_remove(at),
            None => Target::new(device, &self.pack, width, height),
        }
    }

    /// Submits what was recorded, followed by the way back. A `covered` picture is opaque whatever
    /// the GPU's rounding says.
    pub(super) fn submit(
        &self,
        device: &Device,
        mut encoder: CommandEncoder,
        target: Target,
        covered: bool,
    ) -> Ticket {
        encoder.clear_buffer(&target.packed, 0, Some(FLAG_BYTES as u64));
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let [columns, rows, _] = PACK_ROWS_WORKGROUP;
            pass.set_pipeline(&self.pack);
            pass.set_bind_group(0, &target.bindings, &[]);
            pass.dispatch_workgroups(
                target.width.div_ceil(columns),
                target.height.div_ceil(rows),
                1,
            );
        }
        encoder.copy_buffer_to_buffer(&target.packed, 0, &target.mappable, 0, None);
        let submission = device.queue.submit([encoder.finish()]);
        let (sender, mapped) = sync_channel(1);
        target.mappable.map_async(MapMode::Read, .., move |result| {
            // The card may have been given up since.
            let _ = sender.send(result);
        });
        Ticket { target, covered, submission, mapped }
    }

    /// Waits for a card and takes its pixels.
    pub(super) fn finish(&mut self, device: &Device, ticket: Ticket) -> Result<Pixels, Error> {
        let Ticket { target, covered, submission, mapped } = ticket;
        let wait = PollType::Wait { submission_index: Some(submission), timeout: Some(ANSWER) };
        device.device.poll(wait).map_err(|e| device.fail(e.to_string()))?;
        match mapped.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(e)) => return Err(device.fail(e.to_string())),
            Err(e) => return Err(device.fail(format!("no answer from the readback: {e}"))),
        }
        let (translucent, mut rgba) = {
            let bytes =
                target.mappable.get_mapped_range(..).map_err(|e| device.fail(e.to_string()))?;
            let (flag, rgba) = bytes.split_at(FLAG_BYTES);
            (flag.iter().any(|byte| *byte != 0), rgba.to_vec())
        };
        if covered && translucent {
            rgba.as_chunks_mut::<4>().0.iter_mut().for_each(|pixel| pixel[3] = 255);
        }
        let opaque = covered || !translucent;
        let pixels = Pixels { width: target.width, height: target.height, rgba, opaque };
        target.mappable.unmap();
        self.keep(target);
        Ok(pixels)
    }

    /// Puts a target by for the next card of its size.
    fn keep(&mut self, target: Target) {
        if u64::from(target.width) * u64::from(target.height) > KEPT_PX_MAX {
            return;
        }
        if self.idle.len() == IN_FLIGHT {
            self.idle.remove(0);
        }
        self.idle.push(target);
    }
}

impl Target {
    fn new(device: &Device, pack: &ComputePipeline, width: u32, height: u32) -> Self {
        let texture = device.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("target"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let buffer = |label, usage| {
            let size = packed_bytes(width, height);
            device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let packed = buffer(
            "packed",
            BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
        );
        let mappable = buffer("mappable", BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        let bindings = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("pack"),
            layout: &pack.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(&view),
                },
                wgpu::BindGroupEntry { binding: 1, resource: packed.as_entire_binding() },
            ],
        });
        Self { width, height, view, packed, mappable, bindings }
    }

    /// What the renderer paints on.
    pub(super) fn view(&self) -> &TextureView {
        &self.view
    }
}
