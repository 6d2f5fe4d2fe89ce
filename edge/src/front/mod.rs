//! What comes in: who may ask what. A request is checked here, without touching a conversation.

mod admin;
mod assets;
mod files;
mod limit;
mod page;
pub(crate) mod router;
