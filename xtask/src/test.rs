//! Every check in order. All of them run, even after one has failed.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::available_parallelism;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{browser, budget, build, process, setup};

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Fmt,
    Clippy,
    ClippyWasm,
    Host,
    Budget,
    Deploy,
    Emulators,
    Edge,
    Browser,
    Conformance,
}

use Part::{Browser, Budget, Clippy, ClippyWasm, Conformance, Deploy, Edge, Emulators, Fmt, Host};

const PARTS: &[(&str, Part)] = &[
    ("fmt", Fmt),
    ("clippy", Clippy),
    ("clippy-wasm", ClippyWasm),
    ("host", Host),
    ("budget", Budget),
    ("deploy", Deploy),
    ("emulators", Emulators),
    ("edge", Edge),
    ("browser", Browser),
    ("conformance", Conformance),
];

#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
    /// Not run, so nothing is known of them.
    skipped: u32,
    /// What the runner said of those that failed.
    reasons: Vec<String>,
}

const PASSED: Count = Count {
    passed: 1,
    failed: 0,
    skipped: 0,
    reasons: vec![],
};
const FAILED: Count = Count {
    passed: 0,
    failed: 1,
    skipped: 0,
    reasons: vec![],
};
const SKIPPED: Count = Count {
    passed: 0,
    failed: 0,
    skipped: 1,
    reasons: vec![],
};

/// After this line `node --test` and `cargo test` say once more what failed, and why.
const REASONS_FOLLOW: [&str; 2] = ["✖ failing tests:", "failures:"];
/// The slowest files of their part, the slowest first.
const SLOWEST: [&str; 9] = [
    "contracts.test.mjs",
    "alarms.test.mjs",
    "cases.test.mjs",
    "trouble.test.mjs",
    "look.test.mjs",
    "restart.test.mjs",
    "tokens.test.mjs",
    "closed.test.mjs",
    "looks.test.mjs",
];
/// Lines of that at the end of a run.
const MOST_REASONS: usize = 24;

/// A part, and the tests in it that are asked for: all of them when there is no name.
struct Selected {
    title: &'static str,
    part: Part,
    names: Vec<String>,
}

/// Prints how many passed and failed in the last line. False when any failed.
pub(crate) fn run(filters: &[String], conformance: bool) -> Result<bool> {
    let selected = select(filters, conformance)?;
    if selected
        .iter()
        .any(|chosen| !matches!(chosen.part, Fmt | Clippy | Host))
    {
        build::run()?;
    }
    let mut results = Vec::new();
    for chosen in &selected {
        println!("\n== {} ==", chosen.title);
        let started = Instant::now();
        let count = run_part(chosen).unwrap_or_else(|error| {
            eprintln!("{error:#}");
            FAILED
        });
        results.push((chosen.title, count, started.elapsed()));
    }
    println!("\n== summary ==");
    let mut total = Count::default();
    for (title, count, took) in &results {
        let Count {
            passed,
            failed,
            skipped,
            reasons: _,
        } = count;
        let seconds = took.as_secs_f32();
        println!(
            "{:<8}{title:<12}{passed:>5} passed,{failed:>3} failed,{skipped:>3} skipped{seconds:>8.1} s",
            count.verdict()
        );
        total.passed += passed;
        total.failed += failed;
        total.skipped += skipped;
    }
    println!(
        "{} passed, {} failed, {} skipped",
        total.passed, total.failed, total.skipped
    );
    // Of a long run often only the end is kept.
    let reasons = results.iter().flat_map(|(_, count, _)| &count.reasons);
    reasons.take(MOST_REASONS).for_each(|line| println!("{line}"));
    // Where nobody reads the summary, what was skipped would count as tested.
    let may_skip = env::var_os("CI").is_none_or(|value| value.is_empty() || value == "false");
    if total.skipped > 0 && !may_skip {
        println!("Nothing may be skipped where CI is set.");
    }
    Ok(total.failed == 0 && (may_skip || total.skipped == 0))
}

fn select(filters: &[String], conformance: bool) -> Result<Vec<Selected>> {
    let split = |filter: &str| match filter.split_once('/') {
        Some((part, name)) => (part.to_owned(), Some(name.to_owned())),
        None => (filter.to_owned(), None),
    };
    let filters: Vec<_> = filters.iter().map(|filter| split(filter)).collect();
    let known = |title: &str| PARTS.iter().any(|(part, _)| *part == title);
    if let Some((title, _)) = filters.iter().find(|(title, _)| !known(title)) {
        let titles: Vec<&str> = PARTS.iter().map(|(title, _)| *title).collect();
        bail!(
            "There is no part `{title}`. The parts are: {}.",
            titles.join(", ")
        );
    }
    let chosen = |title: &str, part: Part| {
        if part == Conformance && conformance {
            return true;
        }
        let named = filters.iter().any(|(filter, _)| filter == title);
        named || (filters.is_empty() && part != Conformance)
    };
    let selected = PARTS.iter().filter(|(title, part)| chosen(title, *part));
    Ok(selected
        .map(|&(title, part)| {
            let own = filters.iter().filter(|(filter, _)| filter == title);
            let names: Option<Vec<String>> = own.map(|(_, name)| name.clone()).collect();
            // The part without a name asks for all of it.
            Selected {
                title,
                part,
                names: names.unwrap_or_default(),
            }
        })
        .collect())
}

fn run_part(chosen: &Selected) -> Result<Count> {
    let mut cargo = Command::new("cargo");
    match chosen.part {
        Fmt => once(cargo.args(["fmt", "--all", "--check"])),
        Clippy => once(
            cargo
                .args(["clippy", "--workspace", "--all-targets"])
                .args(["--", "-D", "warnings"]),
        ),
        // The release profile is what is shipped, and its macros are compiled already.
        ClippyWasm => once(
            cargo
                .args(["clippy", "--release", "--target", setup::WASM])
                .args(["-p", "edge", "-p", "widget", "--", "-D", "warnings"]),
        ),
        Host => counted(
            cargo
                .args(["test", "--workspace", "--no-fail-fast", "--"])
                .args(&chosen.names),
        ),
        Budget => Ok(if budget::check()? { PASSED } else { FAILED }),
        Deploy => once(
            Command::new(setup::node_tool("wrangler")?)
                .args(["deploy", "--dry-run"])
                .env("WRANGLER_SEND_METRICS", "false"),
        ),
        Emulators => counted(&mut node_tests(chosen)?),
        Edge => {
            setup::check_python("to look into what the worker has stored")?;
            counted(&mut node_tests(chosen)?)
        }
        Browser => counted(
            node_tests(chosen)?
                .env("CHROMIUM", browser::chromium()?)
                .envs(browser::others()?),
        ),
        Conformance => {
            if let Err(error) = setup::check_python("for the vendors' client libraries") {
                println!("SKIPPED: {error}");
                return Ok(SKIPPED);
            }
            once(Command::new("node").arg("tests/conformance/run.mjs"))
        }
    }
}

fn node_tests(chosen: &Selected) -> Result<Command> {
    let folder = Path::new("tests").join(chosen.title);
    // Each file has a world of its own, and waits most of the time. With more of them at once the worker's own time-outs are
    // met by a busy machine.
    let cores = available_parallelism().map_or(1, usize::from);
    let side_by_side = if chosen.part == Browser {
        cores + 1
    } else {
        2 * cores + 1
    };
    let mut command = Command::new("node");
    command
        .arg("tests/run.mjs")
        .arg(side_by_side.to_string())
        .args(test_files(&folder, &chosen.names)?)
        .env("EDGECHAT_BUILT", "1")
        .env("EDGECHAT_XTASK", process::target_dir()?.join("debug/xtask"))
        .env("WRANGLER_SEND_METRICS", "false");
    Ok(command)
}

/// The `*.test.mjs` files whose names begin with one of `names`.
fn test_files(folder: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    let is_chosen = |file: &str| {
        let named = names.iter().any(|name| file.starts_with(name.as_str()));
        file.ends_with(".test.mjs") && (named || names.is_empty())
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("No {}", folder.display()))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_chosen) {
            files.push(entry.path());
        }
    }
    // Whoever waits longest begins first, or the end of the run would wait for one file alone.
    files.sort_by_key(|file| {
        (
            SLOWEST
                .iter()
                .position(|slow| file.ends_with(slow))
                .unwrap_or(SLOWEST.len()),
            file.clone(),
        )
    });
    if files.is_empty() {
        bail!("No such test in {}.", folder.display());
    }
    Ok(files)
}

/// A part that counts as one test.
fn once(command: &mut Command) -> Result<Count> {
    process::run(command)?;
    Ok(PASSED)
}

/// A part that prints how many of its tests passed.
fn counted(command: &mut Command) -> Result<Count> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| process::not_started(command, &error))?;
    let mut count = Count::default();
    let mut is_telling = false;
    let output = child.stdout.take().context("The test prints nothing")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        count.add(&line);
        is_telling |= REASONS_FOLLOW.contains(&line.trim_end());
        let is_telling_more = !line.trim().is_empty() && !line.trim_start().starts_with("at ");
        if is_telling && is_telling_more && count.reasons.len() < MOST_REASONS {
            count.reasons.push(line.into_owned());
        }
    }
    let status = child.wait()?;
    if count.failed == 0
        && let Err(error) = process::ended_well(command, status)
    {
        eprintln!("{error:#}");
        count.failed = 1;
    }
    if count.passed + count.failed + count.skipped == 0 {
        bail!("No test has run.");
    }
    Ok(count)
}

impl Count {
    fn verdict(&self) -> &'static str {
        match self {
            Count { failed: 1.., .. } => "FAILED",
            Count { passed: 0, .. } => "SKIPPED",
            Count { .. } => "ok",
        }
    }

    /// Reads the summary lines of `cargo test` and of `node --test`.
    fn add(&mut self, line: &str) {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(0);
        match words[..] {
            // test result: ok. 3 passed; 0 failed; 0 ignored; …
            [
                "test",
                "result:",
                _,
                _,
                "passed",
                _,
                _,
                "failed",
                _,
                _,
                "ignored",
                ..,
            ] => {
                self.passed += number(3);
                self.failed += number(6);
                self.skipped += number(9);
            }
            ["ℹ", "pass", _] => self.passed += number(2),
            ["ℹ", "fail" | "cancelled", _] => self.failed += number(2),
            ["ℹ", "skipped" | "todo", _] => self.skipped += number(2),
            _ => {}
        }
    }
}
