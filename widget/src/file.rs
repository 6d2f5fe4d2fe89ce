//! The conversation as a text file. Pure.

use crate::{
    calendar::Calendar,
    model::Model,
    rows::{Mark, Row, rows},
    text,
};
use shared::{message::plain, protocol::Phase};

pub(crate) fn as_text(model: &Model, calendar: &Calendar) -> String {
    let mut text = model.site.name.clone() + "\n";
    for (row, tail) in rows(model, calendar) {
        match row {
            Row::Day { date, .. } => text.extend(["\n", &date, "\n\n"]),
            Row::Notice(words) => text.extend(["* ", &words, "\n"]),
            Row::Message(message) => {
                let who = message.author.as_deref().unwrap_or(text::YOU);
                let files = message.files.iter().map(|file| text::file(&file.name));
                let body = Some(plain(&message.body)).filter(|body| !body.is_empty());
                text.extend([&message.time, "  ", who, ":"]);
                for part in body.into_iter().chain(files) {
                    text.extend([" ", &part]);
                }
                if let Some(Mark::Failed { why, .. }) = tail.mark {
                    text.extend([" (", why, ")"]);
                }
                text.push('\n');
            }
        }
    }
    if let Some(Phase::Closed { by, at }) = model.phase() {
        text.extend(["* ", &text::closed(*by, &(calendar.clock)(*at)), "\n"]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        calendar::CALENDAR,
        model::tests::{bot, model, visitor},
    };
    use shared::message::{Notice, Said, Seq};

    #[test]
    fn every_message_has_its_day_time_and_name() {
        let model = model(
            0,
            vec![
                (-86_000, bot("Hello", &[])),
                (1, visitor("Hi")),
                (2, visitor("Grüße")),
                (3, Said::Notice(Notice::PersonAsked)),
                (4, Said::Notice(Notice::NotDelivered { seq: Seq(2) })),
            ],
        );
        assert_eq!(
            as_text(&model, &CALENDAR),
            "Shop

date 9

400s  Bot: Hello

date 10

1s  You: Hi (Did not reach the team.)
2s  You: Grüße
* You asked for a person.
* One message did not reach the team. You can write it again.
"
        );
    }
}
