//! Text as others write it: HTML, and JSON strings that are not quite text.

pub(crate) mod body;
pub(crate) mod lossy;
