//! What happens because time passes: silence, lost heartbeats, nobody who answers, the end of what is kept.

use super::{Conversation, Turn};
use crate::{message::ClosedBy, time::Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Silence {
    pub(super) since: Timestamp,
    pub(super) warning: Warning,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Warning {
    NotYet,
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Presence {
    /// Connected; a heartbeat was last looked for at this time.
    Here {
        checked_at: Timestamp,
    },
    Away {
        since: Timestamp,
    },
}

impl Conversation {
    /// A restart of the worker ends every connection without a word: whoever was here is away since now.
    pub(super) fn resumed(&mut self, connected: bool, turn: &mut Turn) {
        let was_here = matches!(self.presence, Presence::Here { .. });
        if was_here && !connected {
            self.visitor_disconnected(turn);
        }
    }

    pub(super) fn deadline_reached(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        if self.thread_deadline().is_some_and(|at| now >= at) {
            self.end_thread(turn);
        }
        if self.erase_deadline().is_some_and(|at| now >= at) {
            self.erase(turn);
        }
        if self.is_closed() {
            return;
        }
        if now >= self.silence_deadline() {
            match self.silence.warning {
                Warning::NotYet => {
                    // However late this comes, the visitor has the whole time of the warning.
                    self.silence = Silence {
                        since: self.silence.since + now.since(self.silence_deadline()),
                        warning: Warning::Given,
                    };
                    turn.save = true;
                    self.send_state(turn);
                }
                Warning::Given => self.close(ClosedBy::Silence, turn),
            }
        }
        if self.waiting_deadline().is_some_and(|at| now >= at) {
            self.nobody_came(turn);
        }
        if now >= self.lost_deadline() {
            match (self.presence, turn.context.heartbeat_at) {
                (Presence::Here { checked_at }, Some(heard_at)) if heard_at > checked_at => {
                    self.presence = Presence::Here { checked_at: heard_at };
                    turn.save = true;
                }
                (Presence::Here { .. } | Presence::Away { .. }, _) => self.close(ClosedBy::VisitorGone, turn),
            }
        }
    }

    pub(super) fn silence_deadline(&self) -> Timestamp {
        let timeouts = self.plan.timeouts;
        let after = match self.silence.warning {
            Warning::NotYet => timeouts.warning_after(),
            Warning::Given => timeouts.silence_after(),
        };
        self.silence.since + after
    }

    pub(super) fn lost_deadline(&self) -> Timestamp {
        let (Presence::Here { checked_at: since } | Presence::Away { since }) = self.presence;
        since + self.plan.timeouts.lost_after()
    }
}
