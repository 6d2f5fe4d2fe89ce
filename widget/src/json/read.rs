//! Reads wire v1. `None`: it is not what was expected. A test compares this with what serde writes.

use super::Json;
use crate::model::{Answers, Stored};
use shared::{
    client::Kept,
    file::{File, FileKind, Image},
    form::{Field, FieldError, FieldKind, Form, Problem},
    hours::Interval,
    message::{Body, ClosedBy, Entry, MessageId, Notice, Said, Seq, Span},
    protocol::{DeskReach, Phase, Rejection, ServerFrame, StartAnswer, StartRequest, State},
    settings::{Attachments, BotUse, DEFAULT_SITE, PublicSettings, PublicTopic, Theme, WhenClosed},
    time::Timestamp,
};

pub(crate) fn server_frame(json: Json) -> Option<ServerFrame> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "hello" => ServerFrame::Hello {
            state: state(content.member("state"))?,
        },
        "entries" => ServerFrame::Entries(content.list().into_iter().map(entry).collect::<Option<_>>()?),
        "state" => ServerFrame::State(state(content)?),
        "delivered" => ServerFrame::Delivered {
            through: seq(&content.member("through"))?,
        },
        "rejected" => ServerFrame::Rejected {
            id: content.text_at("id").and_then(MessageId::parse),
            code: rejection(content.member("code"))?,
        },
        _ => return None,
    })
}

fn seq(json: &Json) -> Option<Seq> {
    json.small().map(Seq)
}

fn time(json: &Json) -> Option<Timestamp> {
    json.whole().map(Timestamp)
}

fn state(mut json: Json) -> Option<State> {
    Some(State {
        phase: phase(json.member("phase"))?,
        last: seq(&json.member("last"))?,
        delivered: seq(&json.member("delivered"))?,
        desk: match json.text_at("desk")?.as_str() {
            "reached" => DeskReach::Reached,
            "retrying" => DeskReach::Retrying,
            _ => return None,
        },
        closes_at: time(&json.member("closes_at")),
        leave_message: json.member("leave_message").is_true(),
        rated: json.member("rated").is_true(),
    })
}

pub(super) fn phase(json: Json) -> Option<Phase> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "with_bot" => Phase::WithBot,
        "waiting" => Phase::Waiting,
        "with_agent" => Phase::WithAgent {
            name: content.text_at("name")?,
        },
        "closed" => Phase::Closed {
            by: closed_by(content.member("by"))?,
            at: time(&content.member("at"))?,
        },
        _ => return None,
    })
}

fn closed_by(json: Json) -> Option<ClosedBy> {
    Some(match json.text()?.as_str() {
        "visitor" => ClosedBy::Visitor,
        "agent" => ClosedBy::Agent,
        "silence" => ClosedBy::Silence,
        "visitor_gone" => ClosedBy::VisitorGone,
        "thread_gone" => ClosedBy::ThreadGone,
        "message_left" => ClosedBy::MessageLeft,
        _ => return None,
    })
}

fn rejection(json: Json) -> Option<Rejection> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "empty" => Rejection::Empty,
        "too_long" => Rejection::TooLong,
        "too_fast" => Rejection::TooFast {
            retry_after_ms: content.member("retry_after_ms").small()?,
        },
        "id_reused" => Rejection::IdReused,
        "file_too_large" => Rejection::FileTooLarge,
        "file_refused" => Rejection::FileRefused,
        "files_full" => Rejection::FilesFull,
        "closed" => Rejection::Closed,
        "bad_frame" => Rejection::BadFrame,
        _ => return None,
    })
}

fn entry(mut json: Json) -> Option<Entry> {
    Some(Entry {
        seq: seq(&json.member("seq"))?,
        at: time(&json.member("at"))?,
        said: said(json.member("said"))?,
    })
}

fn said(json: Json) -> Option<Said> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "visitor" => Said::Visitor {
            id: MessageId::parse(content.text_at("id")?)?,
            text: content.text_at("text")?,
            files: files(content.member("files"))?,
        },
        "bot" => Said::Bot {
            body: body(content.member("body"))?,
            replies: content
                .member("replies")
                .list()
                .into_iter()
                .filter_map(Json::text)
                .collect(),
        },
        "agent" => Said::Agent {
            name: content.text_at("name")?,
            body: body(content.member("body"))?,
            files: files(content.member("files"))?,
        },
        "notice" => Said::Notice(notice(content)?),
        _ => return None,
    })
}

fn files(json: Json) -> Option<Vec<File>> {
    let file = |mut json: Json| {
        Some(File {
            number: json.member("number").small()?,
            name: json.text_at("name")?,
            size: json.member("size").small()?.into(),
            image: match json.text_at("image").as_deref() {
                Some("png") => Some(Image::Png),
                Some("jpeg") => Some(Image::Jpeg),
                Some("gif") => Some(Image::Gif),
                Some("webp") => Some(Image::Webp),
                _ => None,
            },
        })
    };
    json.list().into_iter().map(file).collect()
}

fn body(json: Json) -> Option<Body> {
    let span = |mut json: Json| {
        Some(Span {
            text: json.text_at("text")?,
            href: json.text_at("href"),
        })
    };
    json.list().into_iter().map(span).collect()
}

pub(super) fn notice(json: Json) -> Option<Notice> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "person_asked" => Notice::PersonAsked,
        "bot_failed" => Notice::BotFailed,
        "agent_joined" => Notice::AgentJoined {
            name: content.text_at("name")?,
        },
        "handed_back" => Notice::HandedBack,
        "team_closed" => Notice::TeamClosed,
        "nobody_answered" => Notice::NobodyAnswered,
        "transferred" => Notice::Transferred {
            topic: content.text_at("topic")?,
        },
        "not_delivered" => Notice::NotDelivered {
            seq: seq(&content.member("seq"))?,
        },
        "not_shown" => Notice::NotShown,
        "closed" => Notice::Closed {
            by: closed_by(content.member("by"))?,
        },
        _ => return None,
    })
}

pub(crate) fn start_answer(mut json: Json) -> Option<StartAnswer> {
    Some(StartAnswer {
        conversation: json.text_at("conversation")?,
        token: json.text_at("token")?,
    })
}

/// Of an error's body; an answer without any has none.
pub(crate) fn field_errors(mut body: Json) -> Vec<FieldError> {
    let error = |mut json: Json| {
        Some(FieldError {
            field: json.text_at("field")?,
            problem: problem(json.member("problem"))?,
        })
    };
    body.member("fields")
        .list()
        .into_iter()
        .filter_map(error)
        .collect()
}

pub(super) fn problem(json: Json) -> Option<Problem> {
    let (kind, mut content) = json.variant()?;
    Some(match kind.as_str() {
        "missing" => Problem::Missing,
        "too_short" => Problem::TooShort {
            min: content.member("min").small()? as usize,
        },
        "too_long" => Problem::TooLong {
            max: content.member("max").small()? as usize,
        },
        "not_an_email" => Problem::NotAnEmail,
        "mismatch" => Problem::Mismatch,
        "unknown_field" => Problem::UnknownField,
        _ => return None,
    })
}

pub(crate) fn stored(mut json: Json) -> Option<Stored> {
    let (kind, content) = json.member("kept").variant()?;
    let kept = match kind.as_str() {
        "starting" => Kept::Starting(start_request(content)?),
        "running" => Kept::Running(start_answer(content)?),
        _ => return None,
    };
    Some(Stored {
        kept,
        seen: seq(&json.member("seen"))?,
        topic: json.text_at("topic"),
        answers: answers(json.member("answers")),
    })
}

fn answers(json: Json) -> Answers {
    let mut answers = Answers::new();
    if let Json::Map(members) = json {
        // One by one: collecting them would bring a sort, 2 KB of it.
        for (field, answer) in members {
            answers.insert(field, answer.text().unwrap_or_default());
        }
    }
    answers
}

fn start_request(mut json: Json) -> Option<StartRequest> {
    Some(StartRequest {
        site: json.text_at("site").unwrap_or_else(|| DEFAULT_SITE.into()),
        key: json.text_at("key")?,
        topic: json.text_at("topic")?,
        answers: answers(json.member("answers")),
        message: json.text_at("message"),
        page: json.text_at("page")?,
        referrer: json.text_at("referrer")?,
    })
}

pub(crate) fn settings(mut json: Json) -> Option<PublicSettings> {
    Some(PublicSettings {
        name: json.text_at("name")?,
        accent: json.text_at("accent")?,
        theme: match json.text_at("theme")?.as_str() {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        },
        welcome: json.text_at("welcome")?,
        closed: json.text_at("closed")?,
        mask: json.text_at("mask")?,
        bot_name: json.text_at("bot_name")?,
        when_closed: match json.text_at("when_closed")?.as_str() {
            "hide" => WhenClosed::Hide,
            "bot" => WhenClosed::Bot,
            _ => WhenClosed::Message,
        },
        attachments: attachments(json.member("attachments")),
        now: time(&json.member("now"))?,
        topics: json
            .member("topics")
            .list()
            .into_iter()
            .map(topic)
            .collect::<Option<_>>()?,
    })
}

/// Kinds this panel does not know are left out: the edge judges.
fn attachments(mut json: Json) -> Option<Attachments> {
    let kind = |json: Json| {
        Some(match json.text()?.as_str() {
            "image" => FileKind::Image,
            "pdf" => FileKind::Pdf,
            "text" => FileKind::Text,
            "archive" => FileKind::Archive,
            "other" => FileKind::Other,
            _ => return None,
        })
    };
    Some(Attachments {
        largest_mb: json.member("largest_mb").small()?,
        kinds: json.member("kinds").list().into_iter().filter_map(kind).collect(),
    })
}

fn topic(mut json: Json) -> Option<PublicTopic> {
    Some(PublicTopic {
        id: json.text_at("id")?,
        label: json.text_at("label")?,
        bot: match json.text_at("bot")?.as_str() {
            "first" => BotUse::First,
            _ => BotUse::Off,
        },
        form: form(json.member("form")),
        message_form: form(json.member("message_form")),
        open: match json.member("open") {
            Json::List(intervals) => Some(intervals.into_iter().map(interval).collect::<Option<_>>()?),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::Map(_) => None,
        },
    })
}

fn interval(mut json: Json) -> Option<Interval> {
    Some(Interval {
        from: time(&json.member("from"))?,
        until: time(&json.member("until"))?,
    })
}

fn form(mut json: Json) -> Option<Form> {
    let fields = json.member("fields").list();
    if fields.is_empty() {
        return None;
    }
    Some(Form {
        fields: fields.into_iter().map(field).collect::<Option<_>>()?,
    })
}

fn field(mut json: Json) -> Option<Field> {
    Some(Field {
        id: json.text_at("id")?,
        label: json.text_at("label")?,
        kind: match json.text_at("kind")?.as_str() {
            "name" => FieldKind::Name,
            "email" => FieldKind::Email,
            _ => FieldKind::Text,
        },
        required: json.member("required").is_true(),
        min: json.member("min").small()? as usize,
        max: json.member("max").small()? as usize,
        pattern: json.text_at("pattern"),
        hint: json.text_at("hint"),
    })
}
