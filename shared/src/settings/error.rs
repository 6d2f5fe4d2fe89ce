//! What is wrong with a document: the field, and what was expected there.

use super::place::place;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {expected}")]
pub struct SettingsError {
    /// Where in the document, like `topics[0].form`.
    pub field: String,
    pub expected: String,
}

impl SettingsError {
    /// What a parser said, and where it stopped: line from 1, and bytes of that line.
    pub fn unread(document: &str, line: usize, column: usize, said: &str) -> Self {
        let said = said.split_once(" at line ").map_or(said, |(said, _)| said);
        let missing = said
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'));
        let path = place(document, line, column, missing.is_some());
        let (field, expected) = match missing {
            Some(missing) if path.is_empty() => (missing.into(), "expected a value, found none"),
            Some(missing) => ([&path, ".", missing].concat(), "expected a value, found none"),
            None if path.is_empty() => ("document".into(), said),
            None => (path, said),
        };
        Self {
            field,
            expected: expected.into(),
        }
    }
}
