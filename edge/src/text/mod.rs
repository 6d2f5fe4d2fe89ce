//! Text as others write it: HTML, and JSON strings that are not quite text.

pub(crate) mod lossy;
pub(crate) mod markup;
