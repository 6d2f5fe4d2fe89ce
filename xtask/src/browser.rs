//! The browser that the tests drive.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
const ON_A_MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// `CHROMIUM`, or the one on this machine, or Debian's, which is installed when we may.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM").map(PathBuf::from) {
        if !path.is_file() {
            bail!("CHROMIUM names {}, which is not there.", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    if process::find("apt-get").is_some() && nix::unistd::geteuid().is_root() {
        install()?;
    }
    match find() {
        Some(path) => Ok(path),
        None => {
            bail!("The browser tests need Chromium. Install it, or set CHROMIUM to its path, and try again.")
        }
    }
}

fn find() -> Option<PathBuf> {
    let on_a_mac = Path::new(ON_A_MAC);
    NAMES
        .iter()
        .find_map(|name| process::find(name))
        .or_else(|| on_a_mac.is_file().then(|| on_a_mac.to_path_buf()))
}

fn install() -> Result<()> {
    let mut update = Command::new("apt-get");
    process::install("Debian's list of packages", "a few seconds", update.arg("update"))?;
    process::install(
        "Chromium",
        "about a minute",
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends", "chromium"])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
