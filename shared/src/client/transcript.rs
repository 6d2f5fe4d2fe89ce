//! What the visitor reads: the entries the edge has stored, and behind them what is on its way there.

use crate::{
    message::{Entry, MessageId, Said, Seq},
    protocol::{ClientFrame, Rejection},
    time::Timestamp,
};
use std::time::Duration;

/// After this long without being stored, a message is shown as not sent. It is still sent when it can be.
const UNSENT_AFTER: Duration = Duration::from_secs(15);

/// What did not fit into one poll follows after this long.
const REST_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
pub struct Transcript {
    entries: Vec<Entry>,
    cursor: Seq,
    outgoing: Vec<Outgoing>,
    send_again_at: Option<Timestamp>,
}

/// A message of this visitor that the edge has not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub id: MessageId,
    pub text: String,
    pub since: Timestamp,
    pub status: OutgoingStatus,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutgoingStatus {
    Sending,
    /// Not stored in time; goes out by itself once the edge is reached again.
    NotSent,
    /// The edge will not take it.
    Refused(Rejection),
}

impl Transcript {
    /// In reading order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn outgoing(&self) -> &[Outgoing] {
        &self.outgoing
    }

    pub(super) fn cursor(&self) -> Seq {
        self.cursor
    }

    pub(super) fn restart(&mut self) {
        self.entries.clear();
        self.cursor = Seq(0);
    }

    /// `false`: an entry is missing in between.
    pub(super) fn take(&mut self, entries: Vec<Entry>) -> bool {
        for entry in entries {
            if entry.seq <= self.cursor {
                continue;
            }
            if entry.seq != self.cursor.next() {
                return false;
            }
            self.cursor = entry.seq;
            if let Said::Visitor { id, .. } = &entry.said {
                self.outgoing.retain(|outgoing| outgoing.id != *id);
            }
            self.place(entry);
        }
        true
    }

    /// Agents' messages may have been signalled out of order: within a run of them, the time they were sent
    /// decides. Every tab comes to the same order, because all apply the same rule to the same sequence.
    fn place(&mut self, entry: Entry) {
        let is_agent = |entry: &Entry| matches!(entry.said, Said::Agent { .. });
        let later = match is_agent(&entry) {
            true => self
                .entries
                .iter()
                .rev()
                .take_while(|other| is_agent(other) && other.at > entry.at)
                .count(),
            false => 0,
        };
        self.entries.insert(self.entries.len() - later, entry);
    }

    pub(super) fn push_outgoing(&mut self, id: MessageId, text: String, now: Timestamp) {
        self.outgoing.push(Outgoing {
            id,
            text,
            since: now,
            status: OutgoingStatus::Sending,
        });
    }

    /// A refused message may go through under a later state of things; all others are under way anyway.
    pub(super) fn retry(&mut self, now: Timestamp) {
        for outgoing in &mut self.outgoing {
            outgoing.since = now;
            outgoing.status = OutgoingStatus::Sending;
        }
    }

    pub(super) fn refuse(&mut self, id: &MessageId, code: Rejection) {
        for outgoing in self.outgoing.iter_mut().filter(|outgoing| outgoing.id == *id) {
            outgoing.status = OutgoingStatus::Refused(code);
        }
    }

    pub(super) fn send_again_at(&mut self, at: Timestamp) {
        self.send_again_at = Some(at);
    }

    /// What may still be stored, to be sent now, and again later if it has not come back by then: the edge
    /// knows the ids, so sending twice does no harm. The oldest first, at least one, up to so many bytes and messages.
    pub(super) fn unsent(&mut self, now: Timestamp, limit: usize, count: usize) -> Vec<ClientFrame> {
        let live = self
            .outgoing
            .iter()
            .filter(|one| !matches!(one.status, OutgoingStatus::Refused(_)));
        let mut frames = vec![];
        let mut bytes = 0;
        for one in live {
            bytes += one.text.len();
            if !frames.is_empty() && (bytes > limit || frames.len() == count) {
                self.send_again_at = Some(now + REST_AFTER);
                return frames;
            }
            frames.push(ClientFrame::Send {
                id: one.id.clone(),
                text: one.text.clone(),
            });
        }
        self.send_again_at = (!frames.is_empty()).then_some(now + UNSENT_AFTER);
        frames
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let sending = self
            .outgoing
            .iter()
            .filter(|one| one.status == OutgoingStatus::Sending);
        sending
            .map(|one| one.since + UNSENT_AFTER)
            .chain(self.send_again_at)
            .min()
    }

    /// Returns whether it is time to send again.
    pub(super) fn advance(&mut self, now: Timestamp) -> bool {
        for outgoing in &mut self.outgoing {
            if outgoing.status == OutgoingStatus::Sending && now >= outgoing.since + UNSENT_AFTER {
                outgoing.status = OutgoingStatus::NotSent;
            }
        }
        self.send_again_at.take_if(|at| now >= *at).is_some()
    }
}
