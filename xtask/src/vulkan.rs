//! The software Vulkan driver that the tests of the GPU painter paint on.
//!
//! Deliberately absent: real GPUs. Tests must paint the same pixels everywhere, so they are pinned
//! to Mesa's lavapipe even where there is a GPU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::apt;

const PACKAGES: [&str; 2] = ["mesa-vulkan-drivers", "libvulkan1"];
const DRIVER_FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
const LIBRARY_FOLDERS: [&str; 5] =
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib"];

/// The installed driver.
pub(crate) struct Driver {
    manifest: PathBuf,
    scratch: PathBuf,
}

impl Driver {
    /// Makes a command's Vulkan use this driver and leave no traces in the home folder.
    pub(crate) fn put_into(&self, command: &mut Command) {
        command
            .env("VK_DRIVER_FILES", &self.manifest)
            .env("VK_ICD_FILENAMES", &self.manifest)
            .env("XDG_RUNTIME_DIR", &self.scratch)
            .env("MESA_SHADER_CACHE_DIR", &self.scratch);
    }
}

/// Finds the driver, or installs it where that is allowed.
pub(crate) fn install() -> Result<Driver> {
    if let Some(driver) = find()? {
        return Ok(driver);
    }
    apt::install(&PACKAGES)?;
    match find()? {
        Some(driver) => Ok(driver),
        None => {
            bail!(
                "{PACKAGES:?} are installed, but there is no lavapipe driver in {DRIVER_FOLDERS:?}"
            )
        }
    }
}

fn find() -> Result<Option<Driver>> {
    let loader =
        LIBRARY_FOLDERS.iter().any(|folder| Path::new(folder).join("libvulkan.so.1").exists());
    let manifest = DRIVER_FOLDERS
        .iter()
        .flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().contains("lvp_icd"));
    let Some(manifest) = manifest.filter(|_| loader) else {
        return Ok(None);
    };
    let scratch = std::env::temp_dir().join("pixeldrive-xtask");
    fs::create_dir_all(&scratch)?;
    Ok(Some(Driver { manifest, scratch }))
}
