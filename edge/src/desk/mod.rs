//! Where agents work. One file a vendor; what agents read in a thread is worded in [`words`].

pub(crate) mod webex;
mod webex_client;
mod webex_files;
mod webex_site;
mod webex_watch;
mod webex_wire;
mod words;

pub(crate) use webex_client::Client;

/// Bytes of UTF-8 a conversation puts in one post: Webex takes 7,439, less room for the bot's name before it.
pub(crate) const POST_LIMIT: usize = 7_300;
