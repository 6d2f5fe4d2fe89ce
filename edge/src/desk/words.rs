//! What the thread shows: titles, the visitor card, notices to the agents. English is all there is yet.

use shared::{
    conversation::{DeskRules, Handoff, Line, Participant, ThreadNotice, VisitorCard, Voice},
    message::ClosedBy,
};

const LONGEST_NAME: usize = 80;
/// Bytes of a left message's card: the core leaves 3,500 of a post to it and the words round it.
const LEFT_CARD: usize = 3_300;

/// `reference` makes the title unique, so that a thread opened by an attempt nobody heard back from is found again.
pub(super) fn title(topic: &str, name: Option<&str>, reference: &str) -> String {
    let name: String = person(name.unwrap_or("Visitor"))
        .chars()
        .take(LONGEST_NAME)
        .collect();
    format!("{topic} · {name} · {reference}")
}

/// A person's name without the characters that would turn round the words beside it. Those that join letters are kept.
pub(super) fn person(name: &str) -> String {
    let turns = |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().filter(|c| !turns(c)).collect()
}

/// `sign`: what a command begins with.
fn help(sign: char) -> String {
    format!(
        "Commands: {sign}close ends the chat. {sign}bot gives it back to the bot. {sign}invite ADDRESS adds somebody. \
         {sign}transfer TOPIC passes it on. {sign}note TEXT stays among you. {sign}block ends it and keeps this visitor away. \
         {sign}help shows this."
    )
}

/// Of the room where messages on a topic are left. By the reference it is found again, too.
pub(super) fn standing_title(topic: &str, reference: &str) -> String {
    format!("{topic} · messages · {reference}")
}

pub(super) fn line(line: &Line, voice: Voice, desk: &DeskRules) -> String {
    match (line, voice) {
        (Line::Card(card), _) => self::card(card, desk.post_limit),
        (Line::File { name, .. }, _) => name.clone(),
        (Line::Text(text), _) | (Line::Bot(text), Voice::Bot) => text.clone(),
        (
            Line::Left {
                card,
                reference,
                text,
            },
            _,
        ) => left(card.as_deref(), reference, text),
        (Line::Bot(text), Voice::Visitor) => format!("Bot: {text}"),
        (Line::Notice(notice), _) => format!("— {}", self::notice(notice, desk)),
    }
}

/// The reference keeps the parts of a long message together, among those of others.
fn left(card: Option<&VisitorCard>, reference: &str, text: &str) -> String {
    match card {
        Some(card) => {
            let card = self::card(card, LEFT_CARD);
            format!("Message {reference} from the website\n\n{card}\n\n{text}")
        }
        None => format!("Message {reference}, continued\n\n{text}"),
    }
}

/// At most `limit` bytes.
fn card(card: &VisitorCard, limit: usize) -> String {
    let place = if card.place.is_empty() {
        "unknown".to_owned()
    } else {
        card.place.join(", ")
    };
    let mobile = if card.mobile { "Y" } else { "N" };
    let mut text = format!(
        "Customer geolocation: {place}\nIP: {}, Mobile client: {mobile}\n\nCustomer user agent: {}\n",
        card.ip, card.user_agent
    );
    let page = [
        ("Page", &card.page),
        ("Referrer", &card.referrer),
        ("Topic", &card.topic),
    ];
    let answers = card
        .answers
        .iter()
        .map(|(label, answer)| (label.as_str(), answer));
    let lines: Vec<_> = page
        .into_iter()
        .chain(answers)
        .filter(|(_, value)| !value.is_empty())
        .collect();
    // All of it is one post: long values are cut so that none of the others is lost.
    let share = limit.saturating_sub(text.len()) / lines.len().max(1);
    for (label, value) in lines {
        let line = format!("\n{label}: {}", value.replace(char::is_control, " "));
        text.push_str(line.get(..line.floor_char_boundary(share)).unwrap_or_default());
    }
    text
}

fn notice(notice: &ThreadNotice, desk: &DeskRules) -> String {
    let sign = desk.command;
    match notice {
        ThreadNotice::ParticipantNotAdded {
            who: Participant::Agent(address) | Participant::Invited(address),
        } => {
            format!("{address} could not be added to this room. Add them by hand if they should take part.")
        }
        ThreadNotice::ParticipantNotAdded {
            who: Participant::Bot,
        } => {
            "The bot's account could not be added to this room. Its lines are posted here under its name, like “Helper: …”.".into()
        }
        ThreadNotice::HandedOff { cause } => match cause {
            Handoff::Bot => "The bot hands over. The visitor waits for a person.".into(),
            Handoff::BotFailed => "The bot could not go on. The visitor waits for a person.".into(),
            Handoff::Visitor => "The visitor asks for a person. The bot is silent from here on.".into(),
            Handoff::Agent => "You have taken over. The bot is silent from here on.".into(),
        },
        ThreadNotice::UnknownCommand { command } => {
            let command: String = command.chars().take(40).collect();
            format!("{sign}{command} is not a command, and it was not sent to the visitor. {}", help(sign))
        }
        ThreadNotice::Help => help(sign),
        ThreadNotice::HandedBack => "The bot answers again. Write here to take over.".into(),
        ThreadNotice::NoBot => "This topic has no bot.".into(),
        ThreadNotice::NotAnAddress { text } if text.is_empty() => {
            format!("Say whom: {sign}invite {}", desk.addresses.example())
        }
        ThreadNotice::NotAnAddress { text } => {
            let text: String = text.chars().take(80).collect();
            format!("“{text}” is not {}. Nobody was invited by it.", desk.addresses.expected())
        }
        ThreadNotice::TooManyInvited { most } => {
            format!("Only the first {most} were invited. Invite the others by another message.")
        }
        ThreadNotice::InviteRefused => {
            format!("One person alone answers on this topic, so nobody else can be invited. {sign}transfer TOPIC passes it on.")
        }
        ThreadNotice::Transferred { topic } => format!("This chat goes to the people of “{topic}” from here on."),
        ThreadNotice::OtherDesk { topic } => {
            format!("{topic} is answered at another desk, so this chat stays here.")
        }
        ThreadNotice::UnknownTopic { known } => {
            let known = known.join(", ");
            format!("There is no such topic. There are: {known}")
        }
        ThreadNotice::Blocked => {
            "The visitor is blocked: their chats are closed at once for 30 days. This chat ends here.".into()
        }
        ThreadNotice::TeamClosed => {
            "It is past your hours. The visitor can leave a message; you can still answer here.".into()
        }
        ThreadNotice::NobodyAnswered => {
            "Nobody has answered. The visitor can leave a message; you can still answer here.".into()
        }
        ThreadNotice::FileNotPassed { name } => {
            format!("“{name}” did not reach the visitor: it is too large, or held back as not safe.")
        }
        ThreadNotice::NotShown => {
            "One of your messages, or a file with it, could not be read, and did not reach the visitor.".into()
        }
        ThreadNotice::LineMissing => "Something of this chat could not be posted here. Ask the visitor to repeat it.".into(),
        ThreadNotice::Rated { stars, comment } => {
            let comment = if comment.is_empty() {
                String::new()
            } else {
                format!(" “{comment}”")
            };
            format!("The visitor rates this chat {stars} of 5.{comment}")
        }
        ThreadNotice::Closed { by } => match by {
            ClosedBy::Visitor => "The visitor ended the chat. Nothing written here reaches them any more.",
            ClosedBy::Agent => "The chat is closed. Nothing written here reaches the visitor any more.",
            ClosedBy::Silence => "The chat was closed, because the visitor has not written for long.",
            ClosedBy::VisitorGone => "The visitor has left the page. The chat is closed.",
            ClosedBy::ThreadGone | ClosedBy::MessageLeft => "The chat is closed.",
        }
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::address::Addresses;

    #[test]
    fn a_name_turns_nothing_round_and_keeps_its_letters() {
        assert_eq!(
            title("Sales", Some("\u{202e}nnA\u{2066}\n"), "x1"),
            "Sales · nnA · x1"
        );
        for name in ["علی\u{200c}رضا", "👩\u{200d}💻 Zoë", "Łukasz"] {
            assert_eq!(person(name), name);
        }
    }

    #[test]
    fn the_card_begins_as_agents_know_it() {
        let card = VisitorCard {
            place: ["Europe", "Poland", "Pomerania", "Gdansk"]
                .map(String::from)
                .to_vec(),
            ip: "37.47.248.93".into(),
            mobile: true,
            user_agent: "Mozilla/5.0".into(),
            page: "https://example.com/".into(),
            topic: "Sales".into(),
            answers: vec![("Your name".into(), "Ann".into())],
            ..VisitorCard::default()
        };
        let expected = "Customer geolocation: Europe, Poland, Pomerania, Gdansk\nIP: 37.47.248.93, Mobile client: Y\n\n\
            Customer user agent: Mozilla/5.0\n\nPage: https://example.com/\nTopic: Sales\nYour name: Ann";
        let desk = DeskRules {
            post_limit: 7_300,
            command: '/',
            addresses: Addresses::Email,
        };
        assert_eq!(line(&Line::Card(card), Voice::Visitor, &desk), expected);
    }
}
