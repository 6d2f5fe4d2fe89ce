//! The object of a conversation: the shell round `shared::conversation`.

mod effects;
mod files;
mod object;
mod shell;
mod sockets;
mod upload;

pub use object::ConversationDo;
