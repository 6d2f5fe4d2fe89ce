//! The rules of Edgechat, pure: no clock, no randomness, no I/O, no vendor.
//!
//! Both halves of a conversation live here, so that a test can play them against each other in
//! memory: [`conversation::Conversation`] is what the edge runs, [`client::Client`] what the
//! visitor's panel runs, and [`protocol`] is what passes between them.

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

pub mod address;
pub mod client;
pub mod conversation;
pub mod file;
pub mod form;
pub mod hours;
pub mod message;
pub mod newer;
pub mod pattern;
pub mod protocol;
pub mod settings;
pub mod time;
