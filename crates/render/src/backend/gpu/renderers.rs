//! vello_gpu's renderers, so kept that a card's pixels depend on the card alone.
//!
//! A renderer paints opacity groups in intermediate textures that it grows to the largest group so
//! far and never shrinks. Gradients and turned pictures inside a group then round by the size of
//! that texture: a card would change by what was painted before it. So these textures have one
//! fixed size: that of nearly all cards, and for a larger card with groups a renderer of its own.
//!
//! Deliberately absent: a renderer per card size; without groups the size does not matter.

use vello_gpu::{
    ClearSettings, LayersConfig, MemorySettings, RenderSettings, RenderSize, RenderTargetConfig,
    Renderer, Resources, Scene, SizeU16, TargetInit,
};
use wgpu::{CommandEncoder, TextureView};

use super::device::Device;
use super::images::Images;
use super::readback::FORMAT;
use super::record::Recorder;
use crate::Error;
use crate::drawing::{Drawing, Mark};
use crate::simd::level;
use crate::work;

/// Side of the intermediate textures of nearly all cards, in px.
const LAYER_SIDE: u16 = 2048;

/// The largest side that a power of two can have in the renderer's terms.
const LAYER_SIDE_MAX: u16 = 1 << 15;
/// What rounding to tiles adds to a layer, in px.
const TILES: f64 = 24.0;

/// The renderers of one device.
#[derive(Debug)]
pub(super) struct Renderers {
    usual: Sparse,
    /// For the last card with groups that passed [`LAYER_SIDE`].
    large: Option<Sparse>,
}

impl Renderers {
    pub(super) fn new(device: &Device) -> Self {
        Self { usual: Sparse::new(device, SizeU16::new(LAYER_SIDE)), large: None }
    }

    /// The renderer that paints this card.
    pub(super) fn of(&mut self, device: &Device, drawing: &Drawing) -> &mut Sparse {
        let layer_size = layer_size(drawing);
        if layer_size == self.usual.layer_size {
            return &mut self.usual;
        }
        let kept = self.large.take().filter(|large| large.layer_size == layer_size);
        self.large.insert(kept.unwrap_or_else(|| Sparse::new(device, layer_size)))
    }
}

/// Size of the intermediate textures for a card.
fn layer_size(drawing: &Drawing) -> SizeU16 {
    let (width, height) = (drawing.width(), drawing.height());
    let layered = drawing.marks().iter().any(|mark| matches!(mark, Mark::PushLayer(_)));
    if !layered {
        return SizeU16::new(LAYER_SIDE);
    }
    // Layers with an effect may be larger than the card, and are rounded up to whole tiles.
    let effects = work::largest_layer(drawing.marks(), drawing.area());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let side = |card: u16, effects: f64| {
        card.max((effects + TILES).clamp(0.0, f64::from(LAYER_SIDE_MAX)) as u16)
    };
    let (width, height) = (side(width, effects.width), side(height, effects.height));
    if width.max(height) <= LAYER_SIDE {
        return SizeU16::new(LAYER_SIDE);
    }
    SizeU16::from_wh(width.next_power_of_two(), height.next_power_of_two())
}

/// One renderer with its scratch.
#[derive(Debug)]
pub(super) struct Sparse {
    layer_size: SizeU16,
    renderer: Renderer,
    resources: Resources,
    scene: Scene,
}

impl Sparse {
    fn new(device: &Device, layer_size: SizeU16) -> Self {
        let target = RenderTargetConfig { format: FORMAT, width: 1, height: 1 };
        let layers_config = LayersConfig {
            max_textures: None,
            min_texture_size: layer_size,
            max_texture_size: layer_size,
        };
        let settings = RenderSettings {
            // As the CPU painter has it: the same coverage, and the same on every machine.
            level: level(),
            memory_settings: MemorySettings { layers_config, ..MemorySettings::default() },
        };
        let scene = Scene::new_with(1, 1, settings.level);
        let (renderer, resources) = Renderer::new_with(&device.device, &target, settings);
        Self { layer_size, renderer, resources, scene }
    }

    /// Records the card and the commands that paint it on `target`.
    pub(super) fn paint(
        &mut self,
        device: &Device,
        images: &mut Images,
        encoder: &mut CommandEncoder,
        drawing: &Drawing,
        target: &TextureView,
    ) -> Result<(), Error> {
        let (scene, resources) = (&mut self.scene, &mut self.resources);
        Recorder { device, images, resources, scene }.record(drawing)?;
        let size = RenderSize { width: drawing.width(), height: drawing.height() };
        self.renderer
            .render(
                &self.scene,
                &mut self.resources,
                &device.device,
                &device.queue,
                encoder,
                &size,
                target,
                None,
                images.bindings(),
                TargetInit::Clear(ClearSettings::default()),
            )
            .map_err(|e| Error::Paint { reason: e.to_string() })
    }
}
