//! What comes in: who may ask what. A request is checked here, without touching a conversation.

mod admin;
mod files;
mod frame;
mod limit;
pub(crate) mod router;
