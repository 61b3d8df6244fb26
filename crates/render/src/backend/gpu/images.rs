//! Pictures on the device: uploaded once, kept while they are used, evicted oldest first.
//!
//! Each is a texture of its own, which vello_gpu samples as an external texture. The atlas that
//! vello_gpu brings saves a few bindings a card, but belongs to one renderer, ends at 8 pages of
//! 4096 px a side with a panic and evicts nothing.
//!
//! Deliberately absent: scaling and mipmaps; the layout hands over pictures at their final size.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use vello_gpu::{ImageSource, RectU16, TextureBindings, TextureId};
use wgpu::{Extent3d, TextureFormat, TextureUsages, TextureView};

use super::device::Device;
use crate::Error;
use crate::pixels::Pixels;

/// The pictures on one device.
#[derive(Debug)]
pub(super) struct Images {
    bytes_max: u64,
    bytes: u64,
    /// Rises with every use, and names textures.
    clock: u64,
    /// The clock when the card began: what it used since then is not evicted from under it.
    card_began: u64,
    /// By the address of the picture.
    resident: HashMap<usize, Resident>,
    /// Addresses by their last use, the oldest first.
    by_use: BTreeMap<u64, usize>,
    bindings: TextureBindings,
}

#[derive(Debug)]
struct Resident {
    /// Keeps the address from being given to another picture, without keeping the pixels.
    _address: Weak<Pixels>,
    texture: TextureId,
    bytes: u64,
    used: u64,
}

impl Images {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            bytes: 0,
            clock: 0,
            card_began: 0,
            resident: HashMap::new(),
            by_use: BTreeMap::new(),
            bindings: TextureBindings::new(),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// What the renderer samples; holds the pictures of the card at hand.
    pub(super) fn bindings(&self) -> &TextureBindings {
        &self.bindings
    }

    /// Begins a card: from here on its pictures stay, even where they pass the bound together.
    pub(super) fn begin_card(&mut self) {
        self.card_began = self.clock;
    }

    /// The picture as a paint, uploaded unless it is there already.
    pub(super) fn paint(
        &mut self,
        device: &Device,
        image: &Arc<Pixels>,
    ) -> Result<ImageSource, Error> {
        let (width, height) = sides(device, image)?;
        let address = Arc::as_ptr(image).addr();
        self.clock += 1;
        let texture = if let Some(resident) = self.resident.get_mut(&address) {
            self.by_use.remove(&resident.used);
            resident.used = self.clock;
            resident.texture
        } else {
            let bytes = u64::from(width) * u64::from(height) * 4;
            self.make_room(bytes);
            let texture = TextureId(self.clock);
            self.bindings.insert(texture, upload(device, image, [width, height].map(u32::from)));
            self.bytes += bytes;
            let resident =
                Resident { _address: Arc::downgrade(image), texture, bytes, used: self.clock };
            self.resident.insert(address, resident);
            texture
        };
        self.by_use.insert(self.clock, address);
        let region = RectU16::new(0, 0, width, height);
        Ok(ImageSource::external_texture(texture, region, !image.opaque))
    }

    /// Evicts until `bytes` more fit, or until only the card's own pictures are left.
    fn make_room(&mut self, bytes: u64) {
        while self.bytes + bytes > self.bytes_max {
            let Some(oldest) = self.by_use.first_entry() else {
                return;
            };
            if *oldest.key() > self.card_began {
                return;
            }
            // A card in flight that samples the texture keeps it until it is painted.
            if let Some(evicted) = self.resident.remove(&oldest.remove()) {
                self.bytes -= evicted.bytes;
                self.bindings.remove(evicted.texture);
            }
        }
    }
}

/// Sides of the texture for a picture: one pixel more than its own, as far as the device goes.
fn sides(device: &Device, image: &Pixels) -> Result<(u16, u16), Error> {
    let &Pixels { width, height, .. } = image;
    let side_max = device.side_max();
    let side = |side: u32| match side {
        0 => None,
        _ if side > side_max => None,
        _ => u16::try_from((side + 1).min(side_max)).ok(),
    };
    let sides = side(width).zip(side(height)).ok_or_else(|| Error::Paint {
        reason: format!(
            "an image of {width} x {height} px; `{}` holds 1 to {side_max} px a side; paint it \
             with gpu.mode = off",
            device.adapter.name
        ),
    })?;
    if image.bytes() as u64 != u64::from(width) * u64::from(height) * 4 {
        let bytes = image.bytes();
        let reason = format!("an image of {width} x {height} px in {bytes} bytes");
        return Err(Error::Paint { reason });
    }
    Ok(sides)
}

/// A texture of the picture and, past its right and bottom edges, its last pixels once more: where a
/// turned picture should repeat the last pixel, vello_gpu 0.3 mixes the last two.
fn upload(device: &Device, image: &Pixels, [width, height]: [u32; 2]) -> TextureView {
    let texture = device.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("picture"),
        size: Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
        view_formats: &[],
    });
    // From, to, length: the picture, then the repetition.
    let parts = |own: u32, padded: u32| [(0, 0, own), (own - 1, own, padded - own)];
    for (from_y, y, height) in parts(image.height, height) {
        for (from_x, x, width) in parts(image.width, width) {
            if width == 0 || height == 0 {
                continue;
            }
            let first = u64::from(from_y) * u64::from(image.width) + u64::from(from_x);
            let place = wgpu::TexelCopyTextureInfo {
                origin: wgpu::Origin3d { x, y, z: 0 },
                ..texture.as_image_copy()
            };
            let layout = wgpu::TexelCopyBufferLayout {
                offset: 4 * first,
                bytes_per_row: Some(4 * image.width),
                rows_per_image: None,
            };
            let size = Extent3d { width, height, depth_or_array_layers: 1 };
            device.queue.write_texture(place, &image.rgba, layout, size);
        }
    }
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
