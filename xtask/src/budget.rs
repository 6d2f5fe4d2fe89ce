//! The size budgets: what a visitor's browser is sent, and what Cloudflare starts.

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
        panel.join("panel.js.br"),
        panel.join("panel.wasm.br"),
        PathBuf::from("dist/worker/index_bg.wasm"),
    ])?;
    let [loader, page, script, wasm, worker] = &sizes[..] else {
        anyhow::bail!("The sizes of the built files could not be measured.");
    };
    // As the worker sends them: these two are compressed already, the platform does the others.
    let all = loader.brotli + page.brotli + script.plain + wasm.plain;
    let budgets = [
        // All that a page on which nobody chats loads, as a browser test sees.
        Budget {
            what: "loader, brotli",
            bytes: loader.brotli,
            limit: 2_900,
        },
        Budget {
            what: "all of the panel, brotli",
            bytes: all,
            limit: 120_000,
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
        "all of the panel: loader {}, panel.html {}, panel.js {}, panel.wasm {}",
        loader.brotli, page.brotli, script.plain, wasm.plain
    );
    Ok(budgets.iter().all(|budget| budget.bytes <= budget.limit))
}

fn panel_folder(parent: &Path) -> Result<PathBuf> {
    let entry = fs::read_dir(parent)?.next();
    Ok(entry.context("dist/site/panel is empty")??.path())
}

struct Size {
    plain: u64,
    /// As the platform compresses on the fly.
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
            let mut sizes = line.split(' ').map(str::parse::<u64>);
            let mut next = || sizes.next().context("a line without three sizes");
            Ok(Size {
                plain: next()??,
                brotli: next()??,
                gzip: next()??,
            })
        })
        .collect()
}
