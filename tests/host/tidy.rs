//! The invariants of ARCHITECTURE.md that the compiler does not keep.

use std::{
    fs,
    path::{Path, PathBuf},
};

const LONGEST_FILE: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder: path from the root, and text without comments.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
                let name = path
                    .strip_prefix(root())
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned();
                found.push((name, text));
            }
        }
    }
    assert!(!found.is_empty(), "no source in {folder}");
    found
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
}

/// Where any of the words stands, except in the files that may use it.
fn places(folder: &str, words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = vec![];
    for (name, text) in sources(folder) {
        if allowed.iter().any(|allowed| name.contains(allowed)) {
            continue;
        }
        for line in code(&text) {
            let lower = line.to_lowercase();
            if words.iter().any(|word| lower.contains(&word.to_lowercase())) {
                found.push(format!("{name}: {}", line.trim()));
            }
        }
    }
    found
}

#[track_caller]
fn nowhere(folder: &str, words: &[&str], allowed: &[&str]) {
    let found = places(folder, words, allowed);
    assert!(
        found.is_empty(),
        "{words:?} may not stand here:\n{}",
        found.join("\n")
    );
}

#[test]
fn the_check_itself_finds_things() {
    assert!(!places("edge/src", &["webex"], &[]).is_empty());
    assert!(!places("edge/src", &["fetch::"], &[]).is_empty());
}

#[test]
fn no_file_has_grown_too_long() {
    for folder in ["shared/src", "edge/src", "widget/src", "tests/host", "xtask/src"] {
        for (name, text) in sources(folder) {
            assert!(
                text.lines().count() <= LONGEST_FILE,
                "{name} has two subjects by now: split it"
            );
        }
    }
}

#[test]
fn the_core_is_pure() {
    let manifest = fs::read_to_string(root().join("shared/Cargo.toml")).unwrap_or_default();
    let dependencies = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split('[').next())
        .unwrap_or_default();
    let names: Vec<&str> = dependencies
        .lines()
        .filter_map(|line| line.split('.').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(
        names,
        ["chrono", "regex-lite", "serde", "thiserror"],
        "what `shared` may depend on"
    );
    nowhere(
        "shared/src",
        &[
            "SystemTime",
            "Instant::",
            "std::time::Instant",
            "rand::",
            "async ",
            ".await",
            "std::fs",
            "std::net",
        ],
        &[],
    );
}

#[test]
fn vendors_stay_in_their_connectors() {
    let vendors = ["webex", "dialogflow", "google", "slack", "sparkbot"];
    nowhere("shared/src", &vendors, &[]);
    nowhere("widget/src", &vendors, &[]);
    let border = [
        "desk/",
        "bot/",
        "google_auth.rs",
        "credentials_do.rs",
        "effects.rs",
        "router.rs",
        "lib.rs",
        "error.rs",
    ];
    nowhere("edge/src", &vendors, &border);
}

#[test]
fn one_way_out() {
    nowhere("edge/src", &["Fetch::"], &["http.rs"]);
}

#[test]
fn effects_are_matched_in_the_shell_and_the_store_alone() {
    nowhere("edge/src", &["Effect::"], &["shell.rs", "store.rs"]);
}

#[test]
fn the_browser_is_reached_from_few_files() {
    nowhere("widget/src", &["web_sys::"], &["browser/", "socket.rs", "dom.rs"]);
}

#[test]
fn json_is_typed() {
    // Versions keep documents as `RawValue`, which is text that was not read.
    let allowed = ["json/tests.rs", "site/versions.rs"];
    for folder in ["shared/src", "edge/src", "widget/src"] {
        nowhere(folder, &["serde_json::value", "json!("], &allowed);
    }
}
