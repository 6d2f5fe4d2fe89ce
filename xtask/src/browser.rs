//! The browsers that the tests drive: Chromium for all of them, Firefox and WebKit for the main path.

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
    if can_install() {
        install("Chromium", &["chromium"])?;
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

/// What the main path in other browsers needs: the variable by which the tests are told of it, its names, and Debian's package.
const OTHERS: [(&str, &[&str], &str); 3] = [
    ("FIREFOX", &["firefox-esr", "firefox"], "firefox-esr"),
    ("WEBKIT_DRIVER", &["WebKitWebDriver"], "webkit2gtk-driver"),
    ("XVFB", &["Xvfb"], "xvfb"),
];

/// Those that are on this machine, or can be installed. A test whose browser is missing counts as skipped.
pub(crate) fn others() -> Result<Vec<(&'static str, PathBuf)>> {
    let find = |names: &[&str]| names.iter().find_map(|name| process::find(name));
    let is_missing = OTHERS.iter().any(|(_, names, _)| find(names).is_none());
    if is_missing && can_install() {
        install("Firefox and WebKit", &OTHERS.map(|(_, _, package)| package))?;
    }
    let found = OTHERS
        .into_iter()
        .filter_map(|(variable, names, _)| Some((variable, find(names)?)));
    Ok(found.collect())
}

fn can_install() -> bool {
    process::find("apt-get").is_some() && nix::unistd::geteuid().is_root()
}

fn install(what: &str, packages: &[&str]) -> Result<()> {
    let mut update = Command::new("apt-get");
    process::install("Debian's list of packages", "a few seconds", update.arg("update"))?;
    process::install(
        what,
        "about a minute",
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
