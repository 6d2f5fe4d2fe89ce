//! How a conversation ends: closed and rated, or as a message that was left, or for one.

use super::{Menu, Model};
use shared::{
    message::{ClosedBy, Notice, Said, Seq},
    protocol::Phase,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Left {
    OnItsWay,
    Stored,
    WithTeam,
    Lost,
}

impl Model {
    /// What became of the message that was left instead of a chat.
    pub(crate) fn left(&self) -> Option<Left> {
        let is_left = matches!(
            self.phase(),
            Some(Phase::Closed {
                by: ClosedBy::MessageLeft,
                ..
            })
        );
        let entries = self.client.transcript().entries();
        let state = self.client.state().filter(|_| is_left);
        let (Some(state), Some(message)) = (state, entries.first()) else {
            return (self.left.is_some() || is_left).then_some(Left::OnItsWay);
        };
        let is_lost = |said: &Said| matches!(said, Said::Notice(Notice::NotDelivered { .. }));
        Some(match state.delivered >= message.seq {
            true => Left::WithTeam,
            false if entries.iter().any(|entry| is_lost(&entry.said)) => Left::Lost,
            false => Left::Stored,
        })
    }

    /// The message that is being left, as long as the transcript does not show it.
    pub(crate) fn leaving(&self) -> Option<&str> {
        let is_shown = !self.client.transcript().entries().is_empty();
        self.left.as_deref().filter(|_| !is_shown)
    }

    /// Nothing more is written here: the chat has ended, or it is a message on its way to the team.
    pub(crate) fn is_over(&self) -> bool {
        self.client.is_closed() || self.left.is_some()
    }

    pub(crate) fn can_rate(&self) -> bool {
        match self.phase() {
            Some(Phase::Closed { by, .. }) => !matches!(by, ClosedBy::VisitorGone | ClosedBy::MessageLeft),
            Some(Phase::WithBot | Phase::Waiting | Phase::WithAgent { .. }) | None => false,
        }
    }

    /// Forgets what belongs to the conversation that is left, but not what it was about.
    pub(super) fn leave(&mut self) {
        self.choose(None);
        self.seen = Seq(0);
        self.is_current = false;
        self.menu = Menu::Shut;
        self.left = None;
        self.ends_for_message = false;
        (self.stars, self.is_rating, self.not_erased) = (0, false, false);
        self.comment.clear();
        self.uploads.clear();
        self.scrolled(true);
    }

    /// The chat ends first; its end opens the form.
    pub(crate) fn end_for_message(&mut self) {
        self.ends_for_message = true;
    }
}
