//! What has to be on the machine before anything is built. Installs only what is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::digest;
use crate::process;

/// Older ones lack what the tests use, and what wrangler's own packages ask for.
const NODE: (u32, u32) = (20, 19);
/// What the vendors' client libraries want.
const PYTHON: (u32, u32) = (3, 10);
/// Must equal the version of the `wasm-bindgen` crate in Cargo.toml.
const WASM_BINDGEN: &str = "0.2.130";
/// Must equal the version of the `worker` crate in Cargo.lock.
const WORKER_BUILD: &str = "0.8.7";
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Where the tools are.
pub(crate) struct Tools {
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) worker_build: PathBuf,
    pub(crate) wasm_opt: PathBuf,
    pub(crate) esbuild: PathBuf,
    /// Changes when another version of any of them is used.
    pub(crate) versions: String,
}

pub(crate) fn run() -> Result<Tools> {
    check_node()?;
    add_wasm_target()?;
    let packages = install_packages()?;
    Ok(Tools {
        wasm_bindgen: install_tool("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN)?,
        worker_build: install_tool("worker-build", "worker-build", WORKER_BUILD)?,
        wasm_opt: node_tool("wasm-opt")?,
        esbuild: node_tool("esbuild")?,
        versions: format!("{WASM_BINDGEN} {WORKER_BUILD} {packages}"),
    })
}

/// A program that came with an npm package.
pub(crate) fn node_tool(name: &str) -> Result<PathBuf> {
    Ok(env::current_dir()?.join("node_modules/.bin").join(name))
}

fn check_node() -> Result<()> {
    let (major, minor) = NODE;
    let Some(version) = version(Path::new("node")) else {
        bail!(
            "Node.js {major}.{minor} or newer is needed and no `node` was found. Install it from https://nodejs.org and try again."
        );
    };
    if numbers(version.trim_start_matches('v')) < Some(NODE) {
        bail!(
            "Node.js {major}.{minor} or newer is needed and this is {version}. Install a newer one from https://nodejs.org and try again."
        );
    }
    Ok(())
}

/// Python is needed for a part of the tests only.
pub(crate) fn check_python(purpose: &str) -> Result<()> {
    let (major, minor) = PYTHON;
    let Some(version) = version(Path::new("python3")) else {
        bail!(
            "Python {major}.{minor} or newer is needed {purpose} and no `python3` was found. Install it and try again."
        );
    };
    if numbers(version.trim_start_matches("Python ")) < Some(PYTHON) {
        bail!(
            "Python {major}.{minor} or newer is needed {purpose} and this is {version}. Install a newer one and try again."
        );
    }
    Ok(())
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

fn add_wasm_target() -> Result<()> {
    let folder = process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    if Path::new(String::from_utf8_lossy(&folder).trim()).is_dir() {
        return Ok(());
    }
    process::install(
        "Rust's wasm target",
        "a few seconds",
        Command::new("rustup").args(["target", "add", WASM]),
    )
}

/// Returns what identifies the installed packages.
fn install_packages() -> Result<String> {
    let wanted = digest(&[&fs::read("package-lock.json").context("Cannot read package-lock.json")?]);
    // Inside the folder that `npm ci` empties first, so that it never outlives the packages.
    let stamp = Path::new("node_modules/.package-lock.sha256");
    if fs::read_to_string(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(wanted);
    }
    process::install(
        "the npm packages",
        "about 10 seconds",
        Command::new("npm")
            .arg("ci")
            // Else npm takes more than a minute to find that there is no network.
            .args(["--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=5000"]),
    )?;
    fs::write(stamp, &wanted)?;
    Ok(wanted)
}

/// The tool of exactly this version: from PATH, or else installed below `target/`.
fn install_tool(package: &str, program: &str, wanted: &str) -> Result<PathBuf> {
    let folder = process::target_dir()?.join("tools");
    let installed = folder.join("bin").join(program);
    let found = process::find(program).into_iter().chain([installed.clone()]);
    for path in found {
        if version(&path).is_some_and(|text| text.split(' ').any(|word| word == wanted)) {
            return Ok(path);
        }
    }
    // Without --locked: the lock file in wasm-bindgen-cli may name crates that were yanked since.
    process::install(
        &format!("{package} {wanted}"),
        "once, 2 to 5 minutes",
        Command::new("cargo")
            .args(["install", package, "--version", wanted, "--force", "--root"])
            .arg(folder),
    )?;
    Ok(installed)
}

fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
