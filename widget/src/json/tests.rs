//! What is read is what serde writes.

use super::{
    read::{self, *},
    value::Json,
};
use crate::model::Stored;
use serde::Serialize;
use shared::{
    client::Kept,
    file::{File, FileKind, Image},
    form::{Field, FieldKind, Form, Problem},
    hours::Interval,
    message::{ClosedBy, Entry, MessageId, Notice, Said, Seq, Span},
    protocol::{DeskReach, Phase, Rejection, ServerFrame, StartAnswer, StartRequest, State},
    settings::{Attachments, BotUse, PublicSettings, PublicTopic, Theme, WhenClosed},
    time::Timestamp,
};
use std::fmt::Debug;

fn json(value: serde_json::Value) -> Json {
    match value {
        serde_json::Value::Null => Json::Null,
        serde_json::Value::Bool(value) => Json::Bool(value),
        serde_json::Value::Number(number) => Json::Number(number.as_f64().expect("a number")),
        serde_json::Value::String(text) => Json::Text(text),
        serde_json::Value::Array(list) => Json::List(list.into_iter().map(json).collect()),
        serde_json::Value::Object(map) => {
            Json::Map(map.into_iter().map(|(key, value)| (key, json(value))).collect())
        }
    }
}

#[track_caller]
fn same<T: Serialize + PartialEq + Debug>(read: impl Fn(Json) -> Option<T>, value: T) {
    let written = serde_json::to_value(&value).expect("JSON");
    assert_eq!(read(json(written)), Some(value));
}

#[test]
fn every_variant_is_read_as_serde_writes_it() {
    let id = MessageId::parse("12345678".into()).expect("an id");
    let at = Timestamp(1_800_000_000_000);
    for by in [
        ClosedBy::Visitor,
        ClosedBy::Agent,
        ClosedBy::Silence,
        ClosedBy::VisitorGone,
        ClosedBy::ThreadGone,
        ClosedBy::MessageLeft,
    ] {
        same(phase, Phase::Closed { by, at });
        same(notice, Notice::Closed { by });
    }
    for code in [
        Rejection::Empty,
        Rejection::TooLong,
        Rejection::TooFast { retry_after_ms: 250 },
        Rejection::IdReused,
        Rejection::FileTooLarge,
        Rejection::FileRefused,
        Rejection::FilesFull,
        Rejection::Closed,
        Rejection::BadFrame,
    ] {
        same(
            server_frame,
            ServerFrame::Rejected {
                id: Some(id.clone()),
                code,
            },
        );
        same(server_frame, ServerFrame::Rejected { id: None, code });
    }
    for phase in [
        Phase::WithBot,
        Phase::Waiting,
        Phase::WithAgent { name: "Ann".into() },
    ] {
        for (desk, closes_at) in [(DeskReach::Reached, None), (DeskReach::Retrying, Some(at))] {
            let state = State {
                phase: phase.clone(),
                last: Seq(7),
                delivered: Seq(3),
                desk,
                closes_at,
                leave_message: closes_at.is_some(),
                rated: closes_at.is_none(),
            };
            same(server_frame, ServerFrame::Hello { state: state.clone() });
            same(server_frame, ServerFrame::State(state));
        }
    }
    same(server_frame, ServerFrame::Delivered { through: Seq(3) });
    let body = vec![
        Span {
            text: "See ".into(),
            href: None,
        },
        Span {
            text: "this".into(),
            href: Some("https://a.example".into()),
        },
    ];
    for said in [
        Said::Visitor {
            id,
            text: "Hi".into(),
            files: vec![],
        },
        Said::Bot {
            body: body.clone(),
            replies: vec![],
        },
        Said::Bot {
            body: vec![],
            replies: vec!["Yes".into(), "No".into()],
        },
        Said::Agent {
            name: "Ann".into(),
            body,
            files: [
                None,
                Some(Image::Png),
                Some(Image::Jpeg),
                Some(Image::Gif),
                Some(Image::Webp),
            ]
            .map(|image| File {
                number: 1,
                name: "a.png".into(),
                size: 3,
                image,
            })
            .to_vec(),
        },
        Said::Notice(Notice::PersonAsked),
        Said::Notice(Notice::BotFailed),
        Said::Notice(Notice::AgentJoined { name: "Ann".into() }),
        Said::Notice(Notice::NotDelivered { seq: Seq(2) }),
        Said::Notice(Notice::NotShown),
        Said::Notice(Notice::HandedBack),
        Said::Notice(Notice::TeamClosed),
        Said::Notice(Notice::NobodyAnswered),
        Said::Notice(Notice::Transferred {
            topic: "Sales".into(),
        }),
    ] {
        same(
            server_frame,
            ServerFrame::Entries(vec![Entry {
                seq: Seq(1),
                at,
                said,
            }]),
        );
    }
    for problem in [
        Problem::Missing,
        Problem::TooShort { min: 2 },
        Problem::TooLong { max: 80 },
        Problem::NotAnEmail,
        Problem::Mismatch,
        Problem::UnknownField,
    ] {
        same(read::problem, problem);
    }
}

#[test]
fn what_is_kept_and_set_is_read_back() {
    let answers = [("a".into(), "1".into()), ("b".into(), "2".into())].into();
    let request = StartRequest {
        site: "shop".into(),
        message: Some("Call me".into()),
        key: "k".into(),
        topic: "t".into(),
        answers,
        page: "p".into(),
        referrer: String::new(),
    };
    let answer = StartAnswer {
        conversation: "c".into(),
        token: "t".into(),
    };
    same(start_answer, answer.clone());
    for kept in [Kept::Starting(request.clone()), Kept::Running(answer)] {
        same(
            stored,
            Stored {
                kept,
                seen: Seq(4),
                topic: Some("sales".into()),
                answers: request.answers.clone(),
            },
        );
    }
    let earlier = r#"{"kept":{"running":{"conversation":"c","token":"t"}},"seen":4}"#;
    assert!(stored(json(serde_json::from_str(earlier).expect("JSON"))).is_some());
    let field = |id: &str, kind| Field {
        id: id.into(),
        label: id.into(),
        kind,
        required: true,
        min: 2,
        max: 80,
        pattern: Some("a".into()),
        hint: None,
    };
    let fields = vec![
        field("n", FieldKind::Name),
        field("e", FieldKind::Email),
        field("t", FieldKind::Text),
    ];
    let interval = Interval {
        from: Timestamp(1),
        until: Timestamp(2),
    };
    let topic = |bot, form: Option<Form>| PublicTopic {
        id: "sales".into(),
        label: "Sales".into(),
        bot,
        message_form: form.clone(),
        open: form.is_some().then(|| vec![interval]),
        form,
    };
    same(
        settings,
        PublicSettings {
            name: "Shop".into(),
            accent: "#0b5fff".into(),
            theme: Theme::Dark,
            welcome: "Hello".into(),
            closed: "Back soon".into(),
            mask: "Team".into(),
            bot_name: "Bot".into(),
            when_closed: WhenClosed::Hide,
            attachments: Some(Attachments {
                largest_mb: 10,
                kinds: vec![
                    FileKind::Image,
                    FileKind::Pdf,
                    FileKind::Text,
                    FileKind::Archive,
                    FileKind::Other,
                ],
            }),
            now: Timestamp(1_800_000_000_000),
            topics: vec![
                topic(BotUse::First, Some(Form { fields })),
                topic(BotUse::Off, None),
            ],
        },
    );
}

#[test]
fn what_is_not_understood_is_nothing() {
    for text in [
        r#""pong""#,
        "[]",
        r#"{"news":[]}"#,
        r#"{"delivered":{}}"#,
        r#"{"delivered":{"through":-1}}"#,
        r#"{"delivered":{"through":1.5}}"#,
        r#"{"delivered":{"through":1},"more":1}"#,
        r#"{"entries":[{"seq":1,"at":1,"said":{"whisper":{}}}]}"#,
    ] {
        assert_eq!(
            server_frame(json(serde_json::from_str(text).expect("JSON"))),
            None,
            "{text}"
        );
    }
    let later = r#"{"delivered":{"through":1,"soon":true}}"#;
    assert!(server_frame(json(serde_json::from_str(later).expect("JSON"))).is_some());
}

const NAMES: &[&str] = &[
    "hello",
    "state",
    "entries",
    "delivered",
    "through",
    "rejected",
    "code",
    "phase",
    "with_agent",
    "closed",
    "by",
    "at",
    "last",
    "desk",
    "closes_at",
    "seq",
    "said",
    "visitor",
    "agent",
    "bot",
    "notice",
    "name",
    "body",
    "text",
    "href",
    "files",
    "number",
    "size",
    "image",
    "replies",
    "topics",
    "form",
    "fields",
    "id",
    "label",
    "open",
    "from",
    "until",
    "conversation",
    "token",
    "kept",
    "key",
    "topic",
    "answers",
];
const WORDS: &[&str] = &[
    "waiting", "with_bot", "reached", "retrying", "closed", "agent", "png", "12345678", "name", "email",
];

proptest::proptest! {
    #[test]
    fn whatever_the_edge_or_the_storage_says_is_read_or_passed_over(value in ::tests::any::json(NAMES, WORDS)) {
        for value in [value.clone(), serde_json::json!({ "entries": [value] })] {
            server_frame(json(value.clone()));
            start_answer(json(value.clone()));
            settings(json(value.clone()));
            field_errors(json(value.clone()));
            stored(json(value));
        }
    }
}
