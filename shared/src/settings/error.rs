//! What is wrong with a document: the field, and what was expected there.

use serde::{Deserialize, Serialize};
use std::fmt::Display;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {expected}")]
pub struct SettingsError {
    /// Where in the document, like `topics[0].form`.
    pub field: String,
    pub expected: String,
}

impl SettingsError {
    /// What a parser said, and the path to where it stopped: `.` is the whole document.
    pub fn unread(path: impl Display, said: impl Display) -> Self {
        let (path, said) = (path.to_string(), said.to_string());
        let said = said
            .split_once(" at line ")
            .map_or(said.as_str(), |(said, _)| said);
        let missing = said
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'));
        let (field, expected) = match (path.as_str(), missing) {
            (".", Some(missing)) => (missing.into(), "expected a value, found none"),
            (_, Some(missing)) => ([&path, ".", missing].concat(), "expected a value, found none"),
            (".", None) => ("document".into(), said),
            (_, None) => (path, said),
        };
        Self {
            field,
            expected: expected.into(),
        }
    }
}
