//! What people do at the desk.

use crate::Stage;
use shared::{
    conversation::{DeskFile, DeskFileState, DeskMessage, DeskRef, Input},
    message::Span,
};

impl Stage {
    /// An agent writes; returns the name the desk gives it. The desk has not signalled it yet.
    pub fn agent_writes(&mut self, text: &str) -> DeskRef {
        self.person_writes("Anna", text)
    }

    pub fn person_writes(&mut self, who: &str, text: &str) -> DeskRef {
        let source = DeskRef(format!("agent-{}", self.written.len()));
        self.written.push(DeskMessage {
            source: source.clone(),
            author: who.to_lowercase(),
            name: Some(who.into()),
            sent_at: self.now,
            body: vec![Span {
                text: text.into(),
                href: None,
            }],
            files: vec![],
        });
        source
    }

    pub fn everybody_leaves(&mut self) {
        self.members_leave();
        self.take(Input::PersonLeft);
    }

    /// Without a word from the desk.
    pub fn members_leave(&mut self) {
        self.members.clear();
    }

    /// Names apart by spaces.
    pub fn agent_sends_files(&mut self, text: &str, names: &str) -> DeskRef {
        let source = self.agent_writes(text);
        let file = |name: &str| DeskFile {
            source: format!("https://desk/{name}"),
            name: name.into(),
            size: if name.starts_with("large") { 11 << 20 } else { 100 },
            state: match name {
                name if name.starts_with("bad") => DeskFileState::Refused,
                name if name.starts_with("scan") => DeskFileState::Pending,
                _ => DeskFileState::Good { image: None },
            },
        };
        if let Some(message) = self.written.last_mut() {
            message.files = names.split(' ').map(file).collect();
        }
        source
    }

    /// Files that were looked through turn out to be good.
    pub fn scan_ends(&mut self) {
        for file in self.written.iter_mut().flat_map(|message| &mut message.files) {
            if file.state == DeskFileState::Pending {
                file.state = DeskFileState::Good { image: None };
            }
        }
    }
}
