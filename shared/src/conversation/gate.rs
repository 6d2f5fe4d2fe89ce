//! What one visitor may cost, asked before anything is read or done.
//!
//! None of it is stored: an object that is loaded anew has forgotten it. That takes some ten quiet seconds, in which the
//! better part of it is given back anyway. What a file costs is remembered, see [`super::uploads`].

use super::{
    Conversation,
    pace::{Allowance, Pace},
};
use crate::time::Timestamp;
use std::time::Duration;

/// Open at a time: tabs.
const MAX_SOCKETS: usize = 20;
const SOCKETS_FULL: Duration = Duration::from_secs(10);
/// Sockets that are opened. After a restart all of them come back at once.
const CONNECTS: Allowance = Allowance {
    at_once: 20.0,
    per_minute: 30.0,
};
/// Frames of any kind, beside twice the messages that the site allows: most repeat what is known and cost nothing more
/// than their reading.
const FRAMES: Allowance = Allowance {
    at_once: 100.0,
    per_minute: 300.0,
};
/// A page that is opened asks for all its pictures at once.
const OPENINGS: Allowance = Allowance {
    at_once: 200.0,
    per_minute: 200.0,
};
/// Files that the desk has to be asked for.
const FETCHES: Allowance = Allowance {
    at_once: 30.0,
    per_minute: 30.0,
};

/// What a visitor is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// One more socket, beside those that are open.
    Connect { open: usize },
    /// This many frames, also such as nobody understands; a poll is one by itself.
    Frames(u16),
    /// A file is opened.
    Open,
    /// Its bytes have to come from the desk.
    Fetch,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Gate {
    connects: Pace,
    frames: Pace,
    openings: Pace,
    fetches: Pace,
}

impl Conversation {
    /// Lets it in, or says how long to wait.
    pub fn admit(&mut self, ask: Ask, now: Timestamp) -> Result<(), Duration> {
        let gate = &mut self.gate;
        match ask {
            Ask::Connect { open } if open >= MAX_SOCKETS => Err(SOCKETS_FULL),
            Ask::Connect { .. } => gate.connects.take(1.0, CONNECTS, now),
            Ask::Frames(count) => {
                let messages = Allowance::messages(self.plan.messages_per_minute);
                let allowed = Allowance {
                    at_once: FRAMES.at_once + 2.0 * messages.at_once,
                    per_minute: FRAMES.per_minute + 2.0 * messages.per_minute,
                };
                gate.frames.take(f64::from(count), allowed, now)
            }
            Ask::Open => gate.openings.take(1.0, OPENINGS, now),
            Ask::Fetch => gate.fetches.take(1.0, FETCHES, now),
        }
    }
}
