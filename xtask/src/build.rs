//! Builds `dist/worker` (the Cloudflare worker) and `dist/site` (the static files).
//!
//! Cargo decides what to compile; every later step is skipped while its inputs are unchanged.
//! A second build therefore takes about a second, which matters because `wrangler dev` and
//! `wrangler deploy` start one themselves.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::process;
use crate::setup::{self, Tools};
use crate::site;

/// Named one by one: `--all-features` lets wasm-opt emit proposals that browsers refuse.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

pub(crate) fn run() -> Result<Tools> {
    let target = process::target_dir()?;
    let _lock = lock(&target.join("xtask"))?;
    let tools = setup::run()?;
    build_worker(&tools, &target)?;
    build_panel(&tools, &target)?;
    site::write(&tools, &target.join("xtask/panel"))?;
    Ok(tools)
}

pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}

/// `wrangler dev` and a test may both build at once. The system drops the lock when we end.
fn lock(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder)?;
    let file = File::create(folder.join("build.lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            println!("Another build is running, waiting for it …");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}

fn build_worker(tools: &Tools, target: &Path) -> Result<()> {
    // Exactly the command that worker-build runs, so that it finds everything compiled.
    process::run(
        Command::new("cargo")
            .args(["build", "--lib", "--release", "--target", setup::WASM])
            .env("WASM_BINDGEN_USE_JS_SYS", "1")
            .current_dir("edge"),
    )?;
    let compiled = target.join(setup::WASM).join("release/edge.wasm");
    let folder = target.join("xtask/worker");
    cached(&folder, &compiled, tools, || {
        process::run(
            Command::new(&tools.worker_build)
                .args(["--release", "--no-opt", "--out-dir"])
                .arg(&folder)
                .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
                .env("WASM_OPT_BIN", &tools.wasm_opt)
                .env("ESBUILD_BIN", &tools.esbuild)
                .current_dir("edge"),
        )?;
        optimise(
            tools,
            &folder.join("index_bg.wasm"),
            &folder.join("small.wasm"),
            &[],
        )
    })?;
    let files = [
        ("index.js".to_owned(), fs::read(folder.join("index.js"))?),
        ("index_bg.wasm".to_owned(), fs::read(folder.join("small.wasm"))?),
    ];
    site::replace(Path::new("dist/worker"), files.into())
}

fn build_panel(tools: &Tools, target: &Path) -> Result<()> {
    process::run(
        Command::new("cargo")
            .args(["build", "--lib", "--release", "--target", setup::WASM])
            .current_dir("widget"),
    )?;
    let compiled = target.join(setup::WASM).join("release/widget.wasm");
    let folder = target.join("xtask/panel");
    cached(&folder, &compiled, tools, || {
        process::run(
            Command::new(&tools.wasm_bindgen)
                .args(["--target", "web", "--no-typescript"])
                .args(["--omit-default-module-path", "--out-name", "panel"])
                .arg("--out-dir")
                .arg(&folder)
                .arg(&compiled),
        )?;
        number_imports(&folder.join("panel.js"), &folder.join("panel_bg.wasm"))?;
        leave_streams_out(&folder)?;
        // What nobody calls: a dependency's stream classes, and marks that wasm-bindgen leaves.
        let more = [
            "--remove-exports=*intounderlying*",
            "--remove-exports=_WASM_SPLIT*",
            "--remove-exports=__abort_handler",
            "--remove-exports=__instance_terminated",
            "--dae-optimizing",
            "-Oz",
            "--strip-producers",
            "--strip-target-features",
        ];
        optimise(
            tools,
            &folder.join("panel_bg.wasm"),
            &folder.join("small.wasm"),
            &more,
        )
    })
}

/// wasm-bindgen ends the name of every import in 16 hexadecimal digits, which no compressor can shorten: 2.5 KB of
/// what a visitor loads. Numbers of the same length tell the imports apart as well.
fn number_imports(script: &Path, wasm: &Path) -> Result<()> {
    let mut text = fs::read_to_string(script)?;
    let mut bytes = fs::read(wasm)?;
    let is_hash = |word: &&str| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let found = text.clone();
    let hashes: BTreeSet<&str> = found
        .split(|c: char| !c.is_ascii_alphanumeric())
        // Before the hash of an exported function there is an `h`.
        .map(|word| word.strip_prefix('h').unwrap_or(word))
        .filter(is_hash)
        .collect();
    for (number, hash) in hashes.iter().enumerate() {
        let number = format!("{number:016}");
        text = text.replace(hash, &number);
        let mut rest = bytes.as_mut_slice();
        while let Some((place, _)) = rest.split_at_mut_checked(hash.len()) {
            if place == hash.as_bytes() {
                place.copy_from_slice(number.as_bytes());
            }
            rest = std::mem::take(&mut rest).get_mut(1..).unwrap_or_default();
        }
    }
    fs::write(script, text)?;
    fs::write(wasm, bytes)?;
    Ok(())
}

/// A dependency exports classes for streams, which nobody uses: 1.2 KB of what a visitor loads. They fall out where only
/// what starts the panel is asked for, and what makes a registry is known to do nothing else.
fn leave_streams_out(folder: &Path) -> Result<()> {
    let script = folder.join("panel.js");
    let text = fs::read_to_string(&script)?;
    let registry = "new FinalizationRegistry";
    fs::write(
        script,
        text.replace(registry, &format!("/* @__PURE__ */ {registry}")),
    )?;
    fs::write(folder.join("start.js"), "export { default } from './panel.js';")?;
    Ok(())
}

fn optimise(tools: &Tools, from: &Path, to: &Path, more: &[&str]) -> Result<()> {
    process::run(
        Command::new(&tools.wasm_opt)
            // Nothing lies in the first kilobyte: there the stack ends.
            .args(["-Oz", "--converge", "--low-memory-unused"])
            .args(more)
            .args(WASM_FEATURES)
            .arg(from)
            .arg("-o")
            .arg(to),
    )
}

/// Fills `folder` with `make`, unless that was done before from the same file, tools and steps.
fn cached(folder: &Path, compiled: &Path, tools: &Tools, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let compiled =
        fs::read(compiled).with_context(|| format!("Cargo did not write {}", compiled.display()))?;
    let steps = include_bytes!("build.rs");
    let wanted = digest(&[&compiled, tools.versions.as_bytes(), steps]);
    let stamp = folder.join("inputs.sha256");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    make()?;
    fs::write(stamp, wanted)?;
    Ok(())
}
