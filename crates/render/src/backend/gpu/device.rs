//! Adapters, the opened device and its health.
//!
//! Deliberately absent: backends other than Vulkan, which is what the servers that this runs on
//! have, with NVIDIA's, AMD's and Intel's drivers as with Mesa's lavapipe.

use std::sync::Arc;

use parking_lot::Mutex;
use wgpu::{Backends, DeviceLostReason, DeviceType, Instance, InstanceDescriptor, InstanceFlags};

use crate::Error;

/// An adapter, as its driver presents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Name of the GPU.
    pub name: String,
    /// Name and version of the driver.
    pub driver: String,
    /// Graphics API: `vulkan`.
    pub backend: String,
    /// `discrete`, `integrated`, `virtual`, `cpu` or `other`.
    pub kind: &'static str,
    /// Whether it is a program on the CPU, such as lavapipe: right, but no GPU.
    pub software: bool,
}

/// Which adapter to open: the best of those that fit all that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Whether a software adapter counts as a GPU.
    pub allow_software: bool,
    /// Position in [`adapters`]'s list.
    pub index: Option<usize>,
    /// Part of the adapter's name, in any case.
    pub name: Option<String>,
}

/// The Vulkan adapters of this machine; empty where there is no driver.
#[must_use]
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().iter().map(describe).collect()
}

/// An opened adapter.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) adapter: AdapterInfo,
    limits: wgpu::Limits,
    fault: Arc<Mutex<Option<String>>>,
}

impl Device {
    pub(super) fn open(choice: &Choice) -> Result<Self, Error> {
        if !choice.allow_software && !any_gpu() {
            let reason = "the kernel has no GPU (nothing like /dev/dri/renderD128 or /dev/nvidia0); \
                          install its driver, or set gpu.mode = off to paint on the CPU";
            return Err(Error::GpuUnavailable { reason: reason.to_owned() });
        }
        let adapter = choose(enumerate(), choice)?;
        let offered = adapter.limits();
        // What the shaders need is in the defaults; only sizes depend on the adapter.
        let limits = wgpu::Limits {
            max_buffer_size: offered.max_buffer_size,
            max_storage_buffer_binding_size: offered.max_storage_buffer_binding_size,
            ..wgpu::Limits::default().using_resolution(offered)
        };
        let description =
            wgpu::DeviceDescriptor { required_limits: limits.clone(), ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&description))
            .map_err(|e| Error::GpuUnavailable { reason: e.to_string() })?;

        // wgpu's own handler would abort the process.
        let fault = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            seen.lock().get_or_insert(error.to_string());
        }));
        let seen = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            if reason != DeviceLostReason::Destroyed {
                seen.lock().get_or_insert(message);
            }
        });
        Ok(Self { device, queue, adapter: describe(&adapter), limits, fault })
    }

    /// The first thing that went wrong on this device. It is not used again after that: what was
    /// uploaded or built since may be broken.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().clone()
    }

    /// Marks the device as not to be used again.
    pub(super) fn fail(&self, reason: impl Into<String>) -> Error {
        let reason = self.fault.lock().get_or_insert_with(|| reason.into()).clone();
        Error::GpuLost { reason }
    }

    /// Whether the device may still be used.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.fault().map_or(Ok(()), |reason| Err(Error::GpuLost { reason }))
    }

    /// Longest side of a texture.
    pub(super) fn side_max(&self) -> u32 {
        self.limits.max_texture_dimension_2d
    }

    /// Whether a picture of this size can be painted and read back.
    pub(super) fn fits(&self, width: u16, height: u16) -> Result<(), Error> {
        let (width, height) = (u32::from(width), u32::from(height));
        let bytes_max =
            self.limits.max_storage_buffer_binding_size.min(self.limits.max_buffer_size);
        let bytes = super::readback::packed_bytes(width, height);
        if width == 0 || height == 0 {
            return Err(Error::Paint { reason: "the canvas is empty".to_owned() });
        }
        if width.max(height) > self.side_max() {
            return Err(Error::PictureTooLarge { width, height, side_max: self.side_max() });
        }
        if bytes > bytes_max {
            return Err(Error::Paint {
                reason: format!(
                    "{width} x {height} px take {bytes} bytes and `{}` allows {bytes_max}; paint \
                     it with gpu.mode = off",
                    self.adapter.name
                ),
            });
        }
        Ok(())
    }
}

/// Whether the kernel has a device that may be a GPU. Where it has none, drivers need not be asked; those of
/// Mesa would look for a Wayland display and write to stderr that there is none.
fn any_gpu() -> bool {
    let named = |folder: &str, prefixes: &[&str]| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name())
            .any(|name| prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)))
    };
    // In turn: of Mesa, of NVIDIA, of Windows' Linux, of ARM and of Qualcomm.
    !cfg!(target_os = "linux")
        || named("/dev/dri", &["renderD"])
        || named("/dev", &["nvidia", "dxg", "mali", "kgsl"])
}

fn enumerate() -> Vec<wgpu::Adapter> {
    let mut description = InstanceDescriptor::new_without_display_handle();
    description.backends = Backends::VULKAN;
    description.flags = InstanceFlags::empty();
    pollster::block_on(Instance::new(description).enumerate_adapters(Backends::VULKAN))
}

fn describe(adapter: &wgpu::Adapter) -> AdapterInfo {
    let info = adapter.get_info();
    let kind = match info.device_type {
        DeviceType::DiscreteGpu => "discrete",
        DeviceType::IntegratedGpu => "integrated",
        DeviceType::VirtualGpu => "virtual",
        DeviceType::Cpu => "cpu",
        DeviceType::Other => "other",
    };
    AdapterInfo {
        name: info.name,
        driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
        backend: info.backend.to_string(),
        kind,
        software: info.device_type == DeviceType::Cpu,
    }
}

/// The best adapter that fits the choice; the first of equals.
fn choose(adapters: Vec<wgpu::Adapter>, choice: &Choice) -> Result<wgpu::Adapter, Error> {
    let found: Vec<AdapterInfo> = adapters.iter().map(describe).collect();
    adapters
        .into_iter()
        .enumerate()
        .filter(|(index, _)| fits(*index, &found[*index], choice))
        .min_by_key(|(index, _)| rank(&found[*index]))
        .map(|(_, adapter)| adapter)
        .ok_or_else(|| Error::GpuUnavailable { reason: none_fits(&found, choice) })
}

fn fits(index: usize, adapter: &AdapterInfo, choice: &Choice) -> bool {
    let named = |part: &String| adapter.name.to_lowercase().contains(&part.to_lowercase());
    (choice.allow_software || !adapter.software)
        && choice.index.is_none_or(|wanted| wanted == index)
        && choice.name.as_ref().is_none_or(named)
}

fn rank(adapter: &AdapterInfo) -> usize {
    let kinds = ["discrete", "integrated", "virtual", "other"];
    kinds.iter().position(|kind| *kind == adapter.kind).unwrap_or(kinds.len())
}

fn none_fits(found: &[AdapterInfo], choice: &Choice) -> String {
    if found.is_empty() {
        return "no Vulkan adapter; install the GPU's driver and a Vulkan loader, or set \
                gpu.mode = off to paint on the CPU"
            .to_owned();
    }
    let mut asked = Vec::new();
    if !choice.allow_software {
        asked.push("a hardware GPU".to_owned());
    }
    asked.extend(choice.index.map(|index| format!("position {index}")));
    asked.extend(choice.name.as_ref().map(|name| format!("`{name}` in the name")));
    let found: Vec<String> = found
        .iter()
        .enumerate()
        .map(|(index, adapter)| format!("{index}: {} ({})", adapter.name, adapter.kind))
        .collect();
    format!("no adapter with {}; found {}", asked.join(" and "), found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: &'static str) -> AdapterInfo {
        AdapterInfo {
            name: name.to_owned(),
            driver: String::new(),
            backend: "vulkan".to_owned(),
            kind,
            software: kind == "cpu",
        }
    }

    #[track_caller]
    fn check(choice: &Choice, expected: &[usize]) {
        let found =
            [adapter("llvmpipe", "cpu"), adapter("RTX 4090", "discrete"), adapter("Arc", "other")];
        let mut fitting: Vec<usize> =
            (0..found.len()).filter(|index| fits(*index, &found[*index], choice)).collect();
        fitting.sort_by_key(|index| rank(&found[*index]));
        assert_eq!(fitting, expected, "{choice:?}");
        let words = none_fits(&found, choice);
        assert!(words.contains("0: llvmpipe (cpu), 1: RTX 4090 (discrete)"), "{words}");
    }

    #[test]
    fn a_choice_keeps_what_fits_and_prefers_hardware() {
        check(&Choice::default(), &[1, 2]);
        check(&Choice { allow_software: true, ..Choice::default() }, &[1, 2, 0]);
        check(&Choice { index: Some(0), ..Choice::default() }, &[]);
        check(&Choice { allow_software: true, index: Some(0), name: None }, &[0]);
        check(&Choice { name: Some("rtx".to_owned()), ..Choice::default() }, &[1]);
        check(&Choice { name: Some("radeon".to_owned()), ..Choice::default() }, &[]);
    }
}
