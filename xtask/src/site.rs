//! The static files in `dist/site`: the demo page, the loader, and the panel.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;

use crate::build::digest;
use crate::process;
use crate::setup::Tools;

/// What Cloudflare sends with the static files. The panel's path names its content.
const HEADERS: &str = "\
/panel/*
  Cache-Control: public, max-age=31536000, immutable
  Access-Control-Allow-Origin: *
  X-Content-Type-Options: nosniff

/widget.js
  Cache-Control: public, max-age=3600
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
  X-Content-Type-Options: nosniff
";

pub(crate) fn write(tools: &Tools, panel: &Path) -> Result<()> {
    let script = bundle(
        tools,
        &panel.join("start.js"),
        &[
            "--format=esm",
            "--target=es2022",
            "--define:Symbol.dispose=undefined",
        ],
    )?;
    let wasm = fs::read(panel.join("small.wasm"))?;
    let hash = digest(&[&script, &wasm]);
    let folder = format!("panel/{hash:.16}");

    let style = bundle(tools, Path::new("widget/panel.css"), &["--target=es2022"])?;
    let boot = bundle(
        tools,
        Path::new("widget/boot.js"),
        &["--format=iife", "--target=es2022", "--external:{{PANEL_JS}}"],
    )?;
    let page = read("widget/panel.html")?
        .replace("{{PANEL_BOOT}}", String::from_utf8_lossy(&boot).trim_end())
        .replace("{{PANEL_JS}}", &format!("/{folder}/panel.js"))
        .replace("{{PANEL_WASM}}", &format!("/{folder}/panel.wasm"))
        .replace("{{PANEL_CSS}}", String::from_utf8_lossy(&style).trim_end());
    let style = bundle(tools, Path::new("widget/loader/widget.css"), &["--target=es2022"])?;
    let style = format!("--define:STYLES={:?}", String::from_utf8_lossy(&style).trim_end());
    let loader = bundle(
        tools,
        Path::new("widget/loader/widget.js"),
        &["--format=iife", "--target=es2020", &style],
    )?;

    let files = BTreeMap::from([
        (format!("{folder}/panel.js.br"), brotli(&script)?),
        (format!("{folder}/panel.wasm.br"), brotli(&wasm)?),
        ("_headers".to_owned(), HEADERS.as_bytes().to_vec()),
        ("index.html".to_owned(), read("index.html")?.into_bytes()),
        ("widget.js".to_owned(), loader),
        ("panel.html".to_owned(), page.into_bytes()),
        (format!("{folder}/panel.js"), script),
        (format!("{folder}/panel.wasm"), wasm),
    ]);
    replace(Path::new("dist/site"), files)
}

/// Makes the folder hold exactly these files. One that is right already is not touched, so
/// that a running `wrangler dev` reloads only when something changed.
pub(crate) fn replace(folder: &Path, files: BTreeMap<String, Vec<u8>>) -> Result<()> {
    for (name, content) in &files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|present| present == *content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, content).with_context(|| format!("Cannot write {}", path.display()))?;
    }
    for path in files_below(folder)? {
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        if !files.contains_key(&name) {
            fs::remove_file(&path)?;
            if let Some(parent) = path.parent() {
                // Fails, as it should, while other files are left in it.
                let _ = fs::remove_dir(parent);
            }
        }
    }
    Ok(())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &BrotliEncoderParams::default())?;
    Ok(compressed)
}

fn bundle(tools: &Tools, file: &Path, options: &[&str]) -> Result<Vec<u8>> {
    process::output(
        Command::new(&tools.esbuild)
            .args(["--bundle", "--minify", "--log-level=warning"])
            .args(options)
            .arg(file),
    )
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("Cannot read {path}"))
}
