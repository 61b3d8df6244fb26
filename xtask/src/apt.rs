//! Debian packages that the tests need, installed where that is allowed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{answers, say};

/// Installs packages, or says which are to be installed.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    let Some(sudo) = administrator() else {
        bail!("the tests need {names}; install them: sudo apt-get install {names}");
    };
    say(&format!("installing {names}"));
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = sudo.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]);
        words.extend(arguments);
        Command::new(words[0]).args(&words[1..]).status()
    };
    // A stale list of packages is often good enough, so the install decides.
    apt(&["update"])?;
    let mut install = vec!["install", "--no-install-recommends"];
    install.extend(packages);
    if !apt(&install)?.success() {
        bail!("apt-get could not install {names}; the tests need them");
    }
    Ok(())
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
