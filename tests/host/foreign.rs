//! What comes from outside, whatever it is: it never panics, and what it is turned into is what it should be.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;
use shared::{
    address::Addresses,
    file::{FileKind, Sample, clean_name, image_of},
    form::{Field, FieldKind, Form, MAX_ANSWER, Problem},
    hours::{Availability, Date, Holiday, Hours, Span, coming, open},
    message::{MAX_TEXT, MessageId},
    pattern,
    protocol::{
        ClientFrame, ErrorBody, PollRequest, Rejection, ServerFrame, StartRequest, check_text, shown_address,
    },
    settings::{Known, Settings},
    time::{Timestamp, back_off},
};
use std::time::Duration;
use tests::any::{json as any_json, text};

fn kind_of(bytes: &[u8]) -> FileKind {
    let mut sample = Sample::default();
    sample.add(bytes);
    sample.kind()
}

const DAY: i64 = 24 * 60 * 60_000;

const NAMES: &[&str] = &[
    "send", "rate", "hello", "state", "entries", "rejected", "code", "id", "text", "stars", "comment",
    "after", "frames", "key", "topic", "answers", "page", "referrer", "message", "site", "seq", "at", "said",
    "agent", "visitor", "notice", "closed", "by", "phase",
];
const WORDS: &[&str] = &["stay", "end", "ask_for_person", "waiting", "12345678", "person"];

fn json() -> impl Strategy<Value = Value> {
    any_json(NAMES, WORDS)
}

/// Every value of a document, as a pointer to it.
fn places(document: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.into());
    match document {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, value)| places(value, &format!("{at}/{index}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The shipped settings with something else in one or two places.
fn settings() -> impl Strategy<Value = Value> {
    let document = serde_json::to_value(tests::settings()).expect("the shipped settings");
    let mut pointers = vec![];
    places(&document, "", &mut pointers);
    let odd = prop_oneof![
        json(),
        select(vec![0_i64, 1, 59, 4_096, 4_294_967_295, -1]).prop_map(Value::from),
        select(vec![
            "00:00-24:00",
            "22:00-02:00",
            "24:00-00:00",
            "2026-02-29",
            "12-24",
            "*",
            "https://*.a.example:*"
        ])
        .prop_map(Value::from),
        Just(
            serde_json::json!({ "week": { "mon": ["09:00-24:00", "22:00-06:00"] }, "holidays": ["02-29"], "special": { "9999-12-31": ["23:00-22:59"] } })
        ),
        Just(serde_json::json!({ "largest_mb": 4_294_967_295_u32, "kinds": [] })),
    ];
    vec((select(pointers), odd), 1..3).prop_map(move |changes| {
        let mut document = document.clone();
        for (pointer, value) in changes {
            if let Some(place) = document.pointer_mut(&pointer) {
                *place = value;
            }
        }
        document
    })
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    let span = (0..25_u32, 0..60_u32, 0..25_u32, 0..60_u32)
        .prop_filter_map("no span", |(from, a, until, b)| {
            Span::try_from(format!("{from:02}:{a:02}-{until:02}:{b:02}")).ok()
        });
    vec(span, 0..4)
}

proptest! {
    #[test]
    fn any_settings_are_read_or_refused(document in settings(), now in any::<i64>(), offset in -50_000_000..50_000_000_i64) {
        let read: Result<Settings, _> = serde_json::from_value(document.clone());
        serde_json::from_str::<Settings>(&document.to_string()).ok();
        let Ok(settings) = read else { return Ok(()) };
        settings.check(&Known { zone: |_| true, pattern: |_| true, desk: |_| Some(Addresses::Email), bot: |_, _| true });
        settings.public(Timestamp(now), |_| offset);
        for topic in &settings.topics {
            let plan = settings.plan("default", topic, settings.open(topic, Timestamp(now), |_| offset));
            plan.timeouts.warning_after();
            plan.retention.after();
            plan.attachments.as_ref().map(|files| files.largest());
        }
        let again = serde_json::to_value(&settings).expect("JSON");
        prop_assert_eq!(serde_json::from_value::<Settings>(again).expect("what was written"), settings);
    }

    #[test]
    fn any_frame_is_read_or_refused(json in json(), bytes in vec(any::<u8>(), 0..100)) {
        for text in [json.to_string().into_bytes(), bytes] {
            serde_json::from_slice::<ServerFrame>(&text).ok();
            serde_json::from_slice::<PollRequest>(&text).ok();
            serde_json::from_slice::<ErrorBody>(&text).ok();
            if let Ok(start) = serde_json::from_slice::<StartRequest>(&text) {
                let again = serde_json::to_vec(&start).expect("JSON");
                prop_assert_eq!(serde_json::from_slice::<StartRequest>(&again).expect("what was written"), start);
            }
            if let Ok(frame) = serde_json::from_slice::<ClientFrame>(&text) {
                let again = serde_json::to_vec(&frame).expect("JSON");
                prop_assert_eq!(serde_json::from_slice::<ClientFrame>(&again).expect("what was written"), frame);
            }
        }
    }

    #[test]
    fn any_text_of_a_visitor_is_judged(text in prop_oneof![text(50), (text(30), 0..300_usize).prop_map(|(text, times)| text.repeat(times))]) {
        let expected = match text.chars().count() {
            _ if text.trim().is_empty() => Err(Rejection::Empty),
            count if count > MAX_TEXT => Err(Rejection::TooLong),
            _ => Ok(()),
        };
        prop_assert_eq!(check_text(&text), expected);
        if let Some(id) = MessageId::parse(text.clone()) {
            prop_assert!((8..=36).contains(&id.as_str().len()));
        }
        let shown = shown_address(&text);
        prop_assert!(shown.len() <= 1_024 && text.starts_with(shown) && !shown.contains('#'));
    }

    #[test]
    fn any_bytes_are_a_file(bytes in prop_oneof![vec(any::<u8>(), 0..40), text(40).prop_map(String::into_bytes)], magic in 0..6_usize) {
        let magic: &[u8] = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"%PDF-", b""][magic];
        let bytes = [magic, &bytes].concat();
        let kind = kind_of(&bytes);
        prop_assert_eq!(kind == FileKind::Image, image_of(&bytes).is_some());
        if kind == FileKind::Text {
            prop_assert!(std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0')));
        }
    }

    #[test]
    fn any_name_becomes_a_clean_one(name in prop_oneof![text(300), "[. /\\\\a-c]{0,130}"]) {
        let clean = clean_name(&name);
        prop_assert!((1..=100).contains(&clean.chars().count()), "{clean:?}");
        prop_assert!(!clean.contains(['/', '\\', '"', '<', '>', '|', ':', '*', '?', '\u{202e}', '\u{feff}']), "{clean:?}");
        prop_assert!(!clean.contains(char::is_control) && !clean.starts_with('.') && clean.trim() == clean, "{clean:?}");
        prop_assert_eq!(clean_name(&clean), clean);
    }

    #[test]
    fn any_text_is_hours_or_is_not(text in prop_oneof![text(12), "[0-9]{1,3}:[0-9]{2}-[0-9]{2}:[0-9]{1,3}", "([0-9]{3,5}-)?[0-9]{1,2}-[0-9]{2}"]) {
        if let Ok(span) = Span::try_from(text.clone()) {
            prop_assert_eq!(String::from(span), text.clone());
        }
        if let Ok(date) = Date::try_from(text.clone()) {
            prop_assert_eq!(String::from(date), text.clone());
        }
        if let Ok(holiday) = Holiday::try_from(text.clone()) {
            prop_assert_eq!(String::from(holiday), text);
        }
    }

    #[test]
    fn open_hours_are_in_order_at_any_time(
        days in vec(spans(), 7),
        now in prop_oneof![any::<i64>(), 0..4_102_444_800_000_i64],
        offsets in (-50_000_000..50_000_000_i64, -50_000_000..50_000_000_i64),
        change in 0..10_i64,
    ) {
        let mut hours = Hours::default();
        let week = &mut hours.week;
        let of = [&mut week.mon, &mut week.tue, &mut week.wed, &mut week.thu, &mut week.fri, &mut week.sat, &mut week.sun];
        of.into_iter().zip(days).for_each(|(day, spans)| *day = spans);
        let change = now.saturating_add(change * DAY);
        let offset = |at: Timestamp| if at.0 < change { offsets.0 } else { offsets.1 };
        let (from, until) = (Timestamp(now), Timestamp(now.saturating_add(8 * DAY)));
        let found = open(&hours, from, until, offset);
        for interval in &found {
            prop_assert!(from <= interval.from && interval.from < interval.until && interval.until <= until);
        }
        prop_assert!(found.windows(2).all(|two| two[0].until < two[1].from));
        let coming = coming(&hours, from, offset);
        Availability::at(Some(&coming), from);
        prop_assert!(coming.windows(2).all(|two| two[0].until < two[1].from));
    }

    #[test]
    fn any_answer_is_judged(
        answers in vec(("[ab]", text(300)), 0..3),
        patterns in vec(text(20), 2),
        (min, max) in (0..400_usize, 0..400_usize),
        kind in select(vec![FieldKind::Name, FieldKind::Email, FieldKind::Text]),
        required in any::<bool>(),
    ) {
        let field = |(id, pattern): (&str, String)| Field {
            id: id.into(), label: String::new(), kind, required, min, max, pattern: Some(pattern), hint: None,
        };
        let form = Form { fields: ["a", "c"].into_iter().zip(patterns).map(field).collect() };
        let answers = answers.into_iter().collect();
        let errors = form.check(&answers, pattern::matches);
        for (id, answer) in &answers {
            let error = errors.iter().find(|error| error.field == *id).map(|error| error.problem);
            let length = answer.trim().chars().count();
            if id != "a" {
                prop_assert_eq!(error, Some(Problem::UnknownField));
            } else if length > MAX_ANSWER {
                let is_told = matches!(error, Some(Problem::TooLong { .. } | Problem::TooShort { .. }));
                prop_assert!(is_told, "{error:?}");
            }
        }
    }

    #[test]
    fn any_pattern_is_matched_or_refused(text in text(30), pattern in "(\\(\\?[=!:<]|[()\\[\\]^a-c*+?{}|.,0-9]|\\\\[wdspu1]){0,15}", answer in text(50)) {
        for pattern in [text, pattern] {
            pattern::matches(&pattern, &answer);
            // Written as the characters that it is made of, every answer is a pattern, and fits itself alone.
            let literal: String = answer.chars().map(|c| format!("\\u{{{:x}}}", u32::from(c))).collect();
            prop_assert_eq!(pattern::problem(&literal), None);
            prop_assert!(pattern::matches(&literal, &answer));
            prop_assert!(!pattern::matches(&literal, &[&answer, "x"].concat()));
            pattern::problem(&pattern);
        }
    }

    #[test]
    fn waits_are_never_longer_than_their_cap(first in any::<u32>(), cap in any::<u32>(), attempts in any::<u32>(), jitter in any::<f64>()) {
        let cap = Duration::from_secs(cap.into());
        prop_assert!(back_off(Duration::from_millis(first.into()), cap, attempts, jitter) <= cap);
        prop_assert!(Timestamp(i64::from(attempts)) + cap >= Timestamp(i64::from(attempts)));
    }
}
