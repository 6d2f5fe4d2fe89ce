//! What is sent to the visitor, as lines of a script.

use shared::{
    file::File,
    message::{Entry, Said, plain},
    protocol::ServerFrame,
};

/// A frame as a line of a script.
pub(crate) fn told(frame: &ServerFrame) -> Vec<String> {
    match frame {
        ServerFrame::Entries(entries) => entries
            .iter()
            .map(|entry| format!("  visitor < {}", said(entry)))
            .collect(),
        ServerFrame::State(state) => {
            let closes = state.closes_at.map(|_| ", closes soon").unwrap_or_default();
            let leave = if state.leave_message {
                ", leave a message"
            } else {
                ""
            };
            vec![format!(
                "  visitor < state {:?}, {:?}{closes}{leave}",
                state.phase, state.desk
            )]
        }
        ServerFrame::Rejected { code, .. } => vec![format!("  visitor < rejected {code:?}")],
        ServerFrame::Hello { .. } | ServerFrame::Delivered { .. } => vec![],
    }
}

fn said(entry: &Entry) -> String {
    match &entry.said {
        Said::Visitor { text, files, .. } => format!("visitor: {text}{}", shown(files)),
        Said::Bot { body, replies } if replies.is_empty() => format!("bot: {}", plain(body)),
        Said::Bot { body, replies } => format!("bot: {} {replies:?}", plain(body)),
        Said::Agent { name, body, files } => format!("{name}: {}{}", plain(body), shown(files)),
        Said::Notice(notice) => format!("{notice:?}"),
        Said::Newer(newer) => format!("{newer:?}"),
    }
}

fn shown(files: &[File]) -> String {
    files
        .iter()
        .map(|file| format!("[file {} {}]", file.number, file.name))
        .collect()
}
