//! The software Vulkan driver that the tests of the GPU painter paint on.
//!
//! Deliberately absent: real GPUs. Tests must paint the same pixels everywhere, so they are pinned
//! to Mesa's lavapipe even where there is a GPU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{answers, say};

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
    let packages = PACKAGES.join(" ");
    let Some(sudo) = administrator() else {
        bail!("the tests need {packages}; install them: sudo apt-get install {packages}");
    };
    say(&format!("installing {packages}"));
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = sudo.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]);
        words.extend(arguments);
        Command::new(words[0]).args(&words[1..]).status()
    };
    // A stale list of packages is often good enough, so the install decides.
    apt(&["update"])?;
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(PACKAGES);
    if !apt(&install)?.success() {
        bail!("apt-get could not install {packages}; the tests need them");
    }
    match find()? {
        Some(driver) => Ok(driver),
        None => {
            bail!("{packages} are installed, but there is no lavapipe driver in {DRIVER_FOLDERS:?}")
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

/// The words before a command that is to run as root; `None` when it may not.
fn administrator() -> Option<&'static [&'static str]> {
    let apt = answers(Command::new("apt-get").arg("--version"));
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !apt {
        None
    } else if root {
        Some(&[])
    } else {
        answers(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
    }
}
