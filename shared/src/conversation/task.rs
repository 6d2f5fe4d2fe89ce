//! A task in a lane of the outbox: what is to be done, and how its attempts went.

use super::event::TaskId;
use crate::{protocol::is_false, time::Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Task<J> {
    pub(super) id: TaskId,
    pub(super) job: J,
    pub(super) attempts: u32,
    pub(super) since: Timestamp,
    pub(super) not_before: Timestamp,
    /// How often it was put off: to the end of the lane, or to another thread.
    #[serde(default)]
    pub(super) put_back: u32,
    /// How often it was begun since it last ended. What the first version stored may have been begun.
    #[serde(default = "once")]
    pub(super) begun: u32,
    /// An attempt ended without a word on whether it was carried out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) unheard: bool,
    /// It lets others pass.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) parked: bool,
}

fn once() -> u32 {
    1
}

/// What is known of an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Surely not carried out.
    No,
    Maybe,
}

impl<J> Task<J> {
    pub(super) fn new(id: TaskId, job: J, since: Timestamp, not_before: Timestamp) -> Self {
        Self {
            id,
            job,
            attempts: 0,
            since,
            not_before,
            put_back: 0,
            begun: 0,
            unheard: false,
            parked: false,
        }
    }

    pub(super) fn failed(&mut self, at: Timestamp, done: Done) {
        self.attempts += 1;
        self.not_before = at;
        self.begun = 0;
        self.unheard |= done == Done::Maybe;
    }
}
