//! The I/O border: the worker's entry points. What happens with an event is decided in [`router`] and, for
//! everything about a conversation, in `shared::conversation`.

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

mod accounts;
mod admin;
mod body;
mod bot;
mod config;
mod conversation_do;
mod credentials_do;
mod desk;
mod effects;
mod error;
mod files;
mod frame;
mod google_auth;
mod http;
mod keys;
mod limit;
mod router;
mod shell;
mod site;
mod site_do;
mod sockets;
mod store;
mod text;
mod upload;
mod zone;

pub use conversation_do::ConversationDo;
pub use credentials_do::CredentialsDo;
pub use site_do::SiteDo;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    router::route(request, &env).await
}
