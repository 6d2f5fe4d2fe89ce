//! JSON as far as the protocol uses it.
//!
//! Read by hand, because the readers that serde derives weighed 7 KB more (brotli): they keep a message for
//! every way to be wrong, and the panel can only skip what it does not understand.

mod read;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub(crate) use read::{field_errors, server_frame, settings, start_answer, stored};
pub(crate) use value::Json;
pub(crate) use write::to_text;
