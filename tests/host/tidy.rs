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
    // Each of these has an arm for every connector, or keeps its token.
    let border = ["desk/mod.rs", "desk/webex/", "bot/", "credentials/"];
    nowhere("edge/src", &vendors, &border);
}

/// The rooms of the worker. Each may use those before it; the objects at the end do not know each other.
const ROOMS: [&str; 13] = [
    "platform",
    "text",
    "keys",
    "config",
    "calls",
    "store",
    "desk",
    "bot",
    "settings",
    "conversation",
    "site",
    "credentials",
    "front",
];
const STRANGERS: [&[&str]; 2] = [
    &["desk", "bot"],
    &["conversation", "site", "credentials", "front"],
];

/// The rooms that a file names, after `crate::`, also in groups.
fn rooms_of(text: &str) -> Vec<String> {
    let code: String = code(text).collect();
    let mut found = vec![];
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
            continue;
        };
        let (mut depth, mut name) = (1, String::new());
        for c in group.chars() {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            let is_end = depth == 0 || (depth == 1 && c == ',');
            if is_end {
                let first = name.trim().split("::").next().unwrap_or_default();
                found.push(first.into());
                name.clear();
            } else {
                name.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    found.retain(|name: &String| !name.is_empty());
    found
}

fn room(path: &str) -> &str {
    let path = path.trim_start_matches("edge/src/");
    path.split(['/', '.']).next().unwrap_or_default()
}

#[test]
fn each_room_of_the_worker_uses_only_those_before_it() {
    assert_eq!(
        rooms_of("use crate::{a::{b, c}, d, e::f::{g}};\nuse crate::h::i;\ncrate::j()"),
        ["a", "d", "e", "h", "j"]
    );
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut wrong = vec![];
    let mut met = std::collections::BTreeSet::new();
    for (path, text) in sources("edge/src") {
        let own = room(&path).to_owned();
        if own == "lib" {
            continue;
        }
        assert!(place(&own).is_some(), "{path} is in no room");
        met.insert(own.clone());
        for used in rooms_of(&text) {
            let is_before = place(&used).is_some_and(|at| Some(at) < place(&own));
            let is_stranger = STRANGERS
                .iter()
                .any(|group| group.contains(&own.as_str()) && group.contains(&used.as_str()));
            if used != own && (!is_before || is_stranger) {
                wrong.push(format!("{path} uses {used}"));
            }
        }
    }
    assert_eq!(met.len(), ROOMS.len(), "a room is empty: {met:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_way_out() {
    nowhere("edge/src", &["Fetch::"], &["http.rs"]);
}

#[test]
fn effects_are_matched_in_the_shell_and_the_store_alone() {
    nowhere("edge/src", &["Effect::"], &["conversation/shell.rs", "store/"]);
}

#[test]
fn the_browser_is_reached_from_few_files() {
    nowhere("widget/src", &["web_sys::"], &["browser/", "socket.rs", "dom.rs"]);
}

#[test]
fn json_is_typed() {
    // Versions keep documents as `RawValue`, which is text that was not read.
    let allowed = ["json/tests.rs", "site/versions.rs", "calls/site.rs"];
    for folder in ["shared/src", "edge/src", "widget/src"] {
        nowhere(folder, &["serde_json::value", "json!("], &allowed);
    }
}
