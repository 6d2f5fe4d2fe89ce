//! Files on their way to the edge. They are in memory only.

use super::Model;
use crate::{rows::Mark, text};
use shared::{
    client::Stage,
    file::File,
    message::{MessageId, Said},
    protocol::Rejection,
    settings::Attachments,
    time::Timestamp,
};

pub(crate) struct Upload {
    pub(crate) id: MessageId,
    /// Without a number until it is stored.
    pub(crate) file: File,
    pub(crate) since: Timestamp,
    pub(crate) mark: Mark,
}

impl Model {
    /// What files can be sent now.
    pub(crate) fn takes_files(&self) -> Option<&'static Attachments> {
        let is_running = matches!(self.client.stage(), Stage::Running { .. });
        self.site
            .attachments
            .as_ref()
            .filter(|_| is_running && !self.is_over())
    }

    /// Returns whether it is worth sending.
    pub(crate) fn attach(&mut self, id: MessageId, name: String, size: u32, now: Timestamp) -> bool {
        let Some(limits) = self.takes_files() else {
            return false;
        };
        let refusal = match size {
            0 => Some(Rejection::Empty),
            _ if size as usize > limits.largest() => Some(Rejection::FileTooLarge),
            _ => None,
        };
        self.uploads.push(Upload {
            id,
            file: File {
                number: 0,
                name,
                size: size.into(),
                image: None,
            },
            since: now,
            mark: refusal.map_or(Mark::Sending, failed),
        });
        refusal.is_none()
    }

    /// Returns whether it is still waited for.
    pub(crate) fn mark_upload(&mut self, id: &MessageId, mark: Mark) -> bool {
        let upload = self.uploads.iter_mut().find(|upload| upload.id == *id);
        upload.map(|upload| upload.mark = mark).is_some()
    }

    /// What the transcript shows is on its way no more.
    pub(super) fn follow_uploads(&mut self) {
        let entries = self.client.transcript().entries();
        self.uploads.retain(|upload| {
            let is_it = |said: &Said| matches!(said, Said::Visitor { id, .. } if *id == upload.id);
            !entries.iter().any(|entry| is_it(&entry.said))
        });
    }
}

/// What an answer of the edge makes of a file that it did not take; 0: no answer came.
pub(crate) fn refused(status: u16) -> Mark {
    failed(match status {
        409 => Rejection::Closed,
        413 => Rejection::FileTooLarge,
        415 => Rejection::FileRefused,
        422 => Rejection::FilesFull,
        400 | 401 | 404 => Rejection::BadFrame,
        _ => {
            return Mark::Failed {
                why: text::TRY_AGAIN,
                again: true,
            };
        }
    })
}

fn failed(why: Rejection) -> Mark {
    let (why, again) = text::refused(why);
    Mark::Failed { why, again }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::{model, visitor};

    fn id(text: &str) -> MessageId {
        MessageId::parse(text.into()).expect("an id")
    }

    #[test]
    fn only_what_may_pass_is_sent_and_a_stored_one_goes() {
        let now = Timestamp(10 * 86_400_000);
        let mut model = model(0, vec![(1, visitor(""))]);
        assert!(!model.attach(id("nowhere-1"), "a.txt".into(), 1, now));
        let mut site = model.site.clone();
        site.attachments = Some(Attachments {
            largest_mb: 1,
            kinds: vec![],
        });
        model.set_site(site, now);
        assert!(!model.attach(id("empty-id"), "a.txt".into(), 0, now));
        assert!(!model.attach(id("large-id"), "b.txt".into(), (1 << 20) + 1, now));
        assert!(model.attach(id("12345678"), "c.txt".into(), 1 << 20, now));
        let names = |model: &Model| -> Vec<String> {
            let files = model.uploads.iter().map(|upload| upload.file.name.clone());
            files.collect()
        };
        assert_eq!(names(&model), ["a.txt", "b.txt", "c.txt"]);
        // The transcript has a message of this id.
        model.follow();
        assert_eq!(names(&model), ["a.txt", "b.txt"]);
        assert!(!model.mark_upload(&id("12345678"), Mark::Sending));
        assert!(model.mark_upload(&id("large-id"), refused(0)));
        assert!(matches!(model.uploads[1].mark, Mark::Failed { again: true, .. }));
        assert!(matches!(refused(415), Mark::Failed { again: false, .. }));
    }
}
