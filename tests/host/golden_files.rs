//! Files that say what the wire and the storage look like.

pub fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| panic!("{error}"))
}

/// The lines are what the file has. With `GOLDEN=print` they are printed instead.
#[track_caller]
pub fn check(name: &str, golden: &str, now: &[String]) {
    let now = now.join("\n");
    if std::env::var("GOLDEN").is_ok_and(|value| value == "print") {
        println!("--- {name}\n{now}");
    } else {
        assert!(
            golden.trim_end() == now,
            "{name} changed; the code writes:\n{now}"
        );
    }
}
