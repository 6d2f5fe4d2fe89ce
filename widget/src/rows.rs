//! The transcript as it is read: messages in runs of one author, days, notices, marks. Pure.

use crate::{calendar::Calendar, model::Model, text};
use shared::{
    client::{Outgoing, OutgoingStatus},
    file::File,
    message::{Body, Entry, Notice, Plain, Said, Seq, Span},
    newer::Maybe,
    protocol::Phase,
    time::Timestamp,
};
use std::time::Duration;

/// A pause longer than this begins a new run.
const RUN_PAUSE: Duration = Duration::from_secs(5 * 60);

#[derive(Clone, PartialEq)]
pub(crate) enum Row {
    Day {
        /// Maybe "Today".
        day: String,
        date: String,
    },
    Notice(String),
    Message(Message),
}

#[derive(Clone, PartialEq)]
pub(crate) struct Message {
    /// `None`: the visitor.
    pub(crate) author: Option<String>,
    /// First of a run: the author's name stands above.
    pub(crate) is_first: bool,
    pub(crate) body: Body,
    pub(crate) files: Vec<File>,
    pub(crate) time: String,
}

/// What changes about a message while it stands.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Tail {
    /// Last of a run: the time stands below.
    pub(crate) is_last: bool,
    /// Only on the visitor's own messages.
    pub(crate) mark: Option<Mark>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    Sending,
    Sent,
    WithTeam,
    Failed { why: &'static str, again: bool },
}

struct Writer<'a> {
    calendar: &'a Calendar,
    today: i64,
    day: Option<i64>,
    last_at: Timestamp,
    rows: Vec<(Row, Tail)>,
}

pub(crate) fn rows(model: &Model, calendar: &Calendar) -> Vec<(Row, Tail)> {
    let transcript = model.client.transcript();
    let delivered = model
        .client
        .state()
        .map(|state| state.delivered)
        .unwrap_or_default();
    let lost = lost(transcript.entries());
    let today = (calendar.day_number)(model.now);
    let mut writer = Writer {
        calendar,
        today,
        day: None,
        last_at: Timestamp(0),
        rows: vec![],
    };
    for entry in transcript.entries() {
        match &entry.said {
            Said::Visitor { text, files, .. } => {
                let mark = match entry.seq {
                    seq if lost.contains(&seq) => Mark::Failed {
                        why: text::NOT_DELIVERED,
                        again: false,
                    },
                    seq if seq <= delivered => Mark::WithTeam,
                    _ => Mark::Sent,
                };
                writer.message(None, words(text), files, entry.at, Some(mark));
            }
            Said::Bot { body, .. } => {
                writer.message(Some(&model.site.bot_name), body.clone(), &[], entry.at, None)
            }
            Said::Agent { name, body, files } => {
                writer.message(Some(name), body.clone(), files, entry.at, None)
            }
            Said::Notice(notice) => writer.notice(notice, entry.at),
            Said::Newer(Maybe::Known(kinds)) => {
                for Plain { plain } in kinds.values() {
                    writer.line(plain.clone(), entry.at);
                }
            }
            Said::Newer(Maybe::Unknown(_)) => {}
        }
    }
    if let Some(message) = model.leaving() {
        writer.message(None, words(message), &[], model.now, Some(Mark::Sending));
    }
    for outgoing in transcript.outgoing() {
        writer.message(
            None,
            words(&outgoing.text),
            &[],
            outgoing.since,
            Some(mark_of(outgoing)),
        );
    }
    for upload in &model.uploads {
        let file = std::slice::from_ref(&upload.file);
        writer.message(None, vec![], file, upload.since, Some(upload.mark));
    }
    writer.rows
}

/// The bot's message whose quick replies can be pressed, as its place in the transcript; 0 for none.
pub(crate) fn replies_to(model: &Model) -> usize {
    if replies(model).is_empty() {
        0
    } else {
        model.client.transcript().entries().len()
    }
}

/// What can be sent by one press now: under the bot's last message, until somebody has said more.
pub(crate) fn replies(model: &Model) -> Vec<String> {
    let transcript = model.client.transcript();
    let mut messages = transcript
        .entries()
        .iter()
        .rev()
        .filter(|entry| !matches!(entry.said, Said::Notice(_)));
    match messages.next().map(|entry| &entry.said) {
        Some(Said::Bot { replies, .. })
            if transcript.outgoing().is_empty() && model.phase() == Some(&Phase::WithBot) =>
        {
            replies.clone()
        }
        _ => vec![],
    }
}

fn lost(entries: &[Entry]) -> Vec<Seq> {
    let lost = entries.iter().filter_map(|entry| match entry.said {
        Said::Notice(Notice::NotDelivered { seq }) => Some(seq),
        Said::Notice(_) | Said::Visitor { .. } | Said::Bot { .. } | Said::Agent { .. } | Said::Newer(_) => {
            None
        }
    });
    lost.collect()
}

fn words(text: &str) -> Body {
    if text.is_empty() {
        return vec![];
    }
    vec![Span {
        text: text.into(),
        href: None,
    }]
}

fn mark_of(outgoing: &Outgoing) -> Mark {
    match outgoing.status {
        OutgoingStatus::Sending => Mark::Sending,
        OutgoingStatus::NotSent => Mark::Failed {
            why: text::TRY_AGAIN,
            again: true,
        },
        OutgoingStatus::Refused(code) => {
            let (why, again) = text::refused(code);
            Mark::Failed { why, again }
        }
    }
}

impl Writer<'_> {
    fn day(&mut self, at: Timestamp) {
        let day = (self.calendar.day_number)(at);
        if self.day.is_some_and(|current| current >= day) {
            return;
        }
        self.day = Some(day);
        let date = (self.calendar.date)(at);
        let day = match self.today - day {
            0 => text::TODAY.into(),
            1 => text::YESTERDAY.into(),
            _ => (self.calendar.day)(at),
        };
        self.put(Row::Day { day, date });
    }

    fn put(&mut self, row: Row) {
        self.rows.push((row, Tail::default()));
    }

    fn notice(&mut self, notice: &Notice, at: Timestamp) {
        if let Some(words) = text::notice(notice) {
            self.line(words, at);
        }
    }

    fn line(&mut self, words: String, at: Timestamp) {
        self.day(at);
        self.put(Row::Notice(words));
    }

    fn message(
        &mut self,
        author: Option<&str>,
        body: Body,
        files: &[File],
        at: Timestamp,
        mark: Option<Mark>,
    ) {
        self.day(at);
        let time = (self.calendar.clock)(at);
        let is_first = match self.rows.last_mut() {
            Some((Row::Message(last), tail))
                if last.author.as_deref() == author && at.since(self.last_at) < RUN_PAUSE =>
            {
                tail.is_last = false;
                false
            }
            _ => true,
        };
        self.last_at = at;
        let message = Message {
            author: author.map(Into::into),
            is_first,
            body,
            files: files.to_vec(),
            time,
        };
        self.rows
            .push((Row::Message(message), Tail { is_last: true, mark }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::CALENDAR,
        model::tests::{bot, model, visitor},
    };
    use shared::{client::Input, message::MessageId};

    fn drawn(model: &Model) -> Vec<String> {
        let rows = rows(model, &CALENDAR);
        let drawn = rows.iter().map(|(row, tail)| match row {
            Row::Day { day, .. } => format!("= {day}"),
            Row::Notice(words) => format!("- {words}"),
            Row::Message(message) => {
                let name = if message.is_first {
                    message.author.as_deref().unwrap_or("me")
                } else {
                    ""
                };
                let mark = match tail.mark {
                    None => "",
                    Some(Mark::Sending) => " …",
                    Some(Mark::Sent) => " ✓",
                    Some(Mark::WithTeam) => " ✓✓",
                    Some(Mark::Failed { .. }) => " ✗",
                };
                let time = if tail.is_last {
                    format!(" ({})", message.time)
                } else {
                    String::new()
                };
                format!("{name}: {}{mark}{time}", message.body[0].text)
            }
        });
        drawn.collect()
    }

    #[test]
    fn runs_days_and_marks() {
        let model = model(
            2,
            vec![
                (-86_000, bot("Hello", &[])),
                (1, visitor("Hi")),
                (2, visitor("Are you there?")),
                (400, visitor("Well?")),
                (401, Said::Notice(Notice::NotDelivered { seq: Seq(4) })),
                (402, bot("Yes", &[])),
            ],
        );
        assert_eq!(
            drawn(&model),
            [
                "= Yesterday",
                "Bot: Hello (400s)",
                "= Today",
                "me: Hi ✓✓",
                ": Are you there? ✓ (2s)",
                "me: Well? ✗ (400s)",
                "- One message did not reach the team. You can write it again.",
                "Bot: Yes (402s)",
            ]
        );
    }

    #[test]
    fn replies_go_when_one_is_used() {
        let mut model = model(0, vec![(1, bot("Which?", &["Red", "Blue"]))]);
        assert_eq!(replies(&model), ["Red", "Blue"]);
        let id = MessageId::parse("abcdefgh".into()).expect("an id");
        model.handle(
            Input::SendPressed {
                id,
                text: "Red".into(),
            },
            Timestamp(10 * 86_400_000),
            Timestamp(0),
            0.0,
        );
        assert!(replies(&model).is_empty());
    }
}
