//! What the visitor has seen, and what they have yet to hear of.

use super::Model;
use shared::message::{Said, Seq};

impl Model {
    pub(crate) fn opened(&mut self, open: bool) {
        self.open = open;
        self.follow();
    }

    pub(crate) fn turned(&mut self, visible: bool) {
        self.visible = visible;
        self.follow();
    }

    pub(super) fn follow_news(&mut self) {
        if self.is_in_view() {
            self.seen = self.last();
        }
        self.is_current |= self.client.state().is_some_and(|state| state.last <= self.last());
    }

    pub(crate) fn is_in_view(&self) -> bool {
        self.open && self.visible
    }

    /// News since `before`, under a name that all tabs give it; silent where it is seen or not to be heard.
    pub(crate) fn sound(&self, before: Option<Seq>) -> Option<(String, bool)> {
        let before = before?;
        let mut entries = self.client.transcript().entries().iter().rev();
        let entry = entries.find(|entry| entry.seq > before && is_spoken(&entry.said))?;
        let conversation = self.session()?.conversation;
        let name = ["edgechat ", &conversation, " ", &entry.seq.0.to_string()].concat();
        Some((name, self.muted || self.is_in_view()))
    }

    /// Where news begins; what is only fetched again is none.
    pub(crate) fn heard(&self) -> Option<Seq> {
        self.is_current.then(|| self.last())
    }

    pub(super) fn last(&self) -> Seq {
        self.client
            .transcript()
            .entries()
            .iter()
            .map(|entry| entry.seq)
            .max()
            .unwrap_or_default()
    }

    pub(crate) fn unread(&self) -> u32 {
        let entries = self.client.transcript().entries().iter();
        let count = entries
            .filter(|entry| entry.seq > self.seen && is_spoken(&entry.said))
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

fn is_spoken(said: &Said) -> bool {
    matches!(said, Said::Bot { .. } | Said::Agent { .. })
}
