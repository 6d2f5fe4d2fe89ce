//! The I/O border: the worker's entry points. Each folder is a room, and each uses only those before it:
//! [`platform`], [`text`], [`keys`], [`config`], [`calls`], [`store`], [`desk`], [`bot`], [`settings`], then the objects [`conversation`], [`site`]
//! and [`credentials`], which meet only through `calls`, and [`front`]. `tests/host/tidy.rs` keeps it so.
//!
//! What happens with an event is decided in [`front`] and, for everything about a conversation, in `shared::conversation`.

// A test may stop.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice
    )
)]

mod bot;
mod calls;
mod config;
mod conversation;
mod credentials;
mod desk;
mod front;
mod keys;
mod platform;
mod settings;
mod site;
mod store;
mod text;

pub use conversation::ConversationDo;
pub use credentials::CredentialsDo;
pub use site::SiteDo;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    front::router::route(request, &env).await
}
