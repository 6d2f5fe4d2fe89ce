//! The size budgets: what a visitor's browser loads, and what Cloudflare starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

struct Budget {
    what: &'static str,
    bytes: u64,
    limit: u64,
}

/// Prints the table. False when something is over its budget.
pub(crate) fn check() -> Result<bool> {
    let site = Path::new("dist/site");
    let panel = panel_folder(&site.join("panel"))?;
    let sizes = sizes(&[
        site.join("widget.js"),
        site.join("panel.html"),
        panel.join("panel.js"),
        panel.join("panel.wasm"),
        PathBuf::from("dist/worker/index_bg.wasm"),
    ])?;
    let [loader, page, script, wasm, worker] = &sizes[..] else {
        anyhow::bail!("The sizes of the built files could not be measured.");
    };
    let until_typing = loader.brotli + page.brotli + script.brotli + wasm.brotli;
    let budgets = [
        // All that a page on which nobody chats loads, as a browser test sees.
        Budget {
            what: "loader, brotli",
            bytes: loader.brotli,
            limit: 2_500,
        },
        Budget {
            what: "until one can type, brotli",
            bytes: until_typing,
            limit: 82_000,
        },
        Budget {
            what: "worker, gzip",
            bytes: worker.gzip,
            limit: 900_000,
        },
    ];
    println!("{:<36}{:>10}{:>10}{:>8}", "budget (bytes)", "is", "limit", "used");
    for budget in &budgets {
        let Budget { what, bytes, limit } = budget;
        let verdict = if bytes > limit { "  OVER" } else { "" };
        let used = bytes * 100 / limit;
        println!("{what:<36}{bytes:>10}{limit:>10}{used:>7}%{verdict}");
    }
    println!(
        "until one can type: loader {}, panel.html {}, panel.js {}, panel.wasm {}",
        loader.brotli, page.brotli, script.brotli, wasm.brotli
    );
    Ok(budgets.iter().all(|budget| budget.bytes <= budget.limit))
}

fn panel_folder(parent: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(parent)?.next();
    Ok(entry.context("dist/site/panel is empty")??.path())
}

struct Size {
    brotli: u64,
    gzip: u64,
}

/// Node measures them: it brings the compressors that are the reference.
fn sizes(files: &[PathBuf]) -> Result<Vec<Size>> {
    let output = process::output(Command::new("node").arg("xtask/src/sizes.mjs").args(files))?;
    let output = String::from_utf8(output)?;
    output
        .lines()
        .map(|line| {
            let (brotli, gzip) = line.split_once(' ').context("a line without two sizes")?;
            Ok(Size {
                brotli: brotli.parse()?,
                gzip: gzip.parse()?,
            })
        })
        .collect()
}
