//! What a wrong settings document is told: the shipped one with one thing changed.

use serde_json::{Value, json};
use shared::{
    address::Addresses,
    hours::Interval,
    settings::{Known, Settings},
    time::Timestamp,
};
use std::time::Duration;

/// The shipped document with another value at a path like `topics/0/form`.
fn changed(path: &str, value: Value) -> Value {
    let mut document = serde_json::to_value(tests::settings()).expect("the shipped settings");
    let mut place = &mut document;
    for part in path.split('/') {
        place = match part.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[part],
        };
    }
    *place = value;
    document
}

fn parse(document: Value) -> Result<Settings, serde_json::Error> {
    serde_json::from_value(document)
}

fn errors(settings: &Settings) -> Vec<String> {
    let found = settings.check(&Known {
        zone: |zone| zone == "Europe/Warsaw",
        pattern: |pattern| !pattern.contains("[z-"),
        desk: |kind| {
            kind.is_none_or(|kind| kind == "webex")
                .then_some(Addresses::Email)
        },
        bot: |kind, at| kind.is_none_or(|kind| kind == "dialogflow") && at.is_none_or(|at| at == "there"),
    });
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_shipped_settings_are_sound() {
    assert_eq!(errors(&tests::settings()), [""; 0]);
}

#[test]
fn what_contradicts_itself_is_named_with_its_place() {
    const SOUND: &str = "expected `silence` longer than `warning`, and `lost` at least 90";
    const FORM: &str = "expected the key of one of `forms`";
    const ID: &str = "expected a name that no other field of the form has";
    let timeouts = |silence, warning, lost| json!({ "silence": silence, "warning": warning, "lost": lost });
    for (path, value, field, expected) in [
        ("name", json!(" "), "name", "expected a name"),
        (
            "zone",
            json!("Europe/Atlantis"),
            "zone",
            "expected a zone of the time-zone database, like Europe/Warsaw",
        ),
        ("topics", json!([]), "topics", "expected at least one topic"),
        (
            "topics/2/id",
            json!("sales"),
            "topics[2].id",
            "expected a name that no other topic has",
        ),
        (
            "desk/kind",
            json!("fax"),
            "desk.kind",
            "expected a desk that this worker has a connector for",
        ),
        (
            "topics/1/desk",
            json!({ "kind": "fax", "mask": "Support" }),
            "topics[1].desk.kind",
            "expected a desk that this worker has a connector for",
        ),
        (
            "bot/at",
            json!("nowhere"),
            "bot",
            "expected a `kind` that this worker has a connector for, and `at` as that one writes it",
        ),
        (
            "topics/0/bot_settings",
            json!({ "kind": "oracle", "name": "Oracle", "language": "en", "fallbacks_before_handoff": 3 }),
            "topics[0].bot_settings",
            "expected a `kind` that this worker has a connector for, and `at` as that one writes it",
        ),
        (
            "topics/1/participants",
            json!([]),
            "topics[1].participants",
            "expected at least one address",
        ),
        (
            "topics/1/participants",
            json!(["anna@example.com", "U024BE7LH"]),
            "topics[1].participants[1]",
            "expected an e-mail address like anna@example.com",
        ),
        ("topics/0/form", json!("none"), "topics[0].form", FORM),
        (
            "topics/1/message_form",
            json!("none"),
            "topics[1].message_form",
            FORM,
        ),
        ("timeouts", timeouts(60, 60, 1), "timeouts", SOUND),
        ("timeouts", timeouts(61, 60, 0), "timeouts", SOUND),
        (
            "topics/1/timeouts",
            timeouts(1, 2, 3),
            "topics[1].timeouts",
            SOUND,
        ),
        (
            "forms/contact/fields/0/id",
            json!(""),
            "forms.contact.fields[0].id",
            ID,
        ),
        (
            "forms/contact/fields/1/id",
            json!("name"),
            "forms.contact.fields[1].id",
            ID,
        ),
        (
            "forms/contact/fields/0/min",
            json!(81),
            "forms.contact.fields[0].min",
            "expected at most `max`",
        ),
        (
            "forms/contact/fields/2/pattern",
            json!("[z-a]"),
            "forms.contact.fields[2].pattern",
            "expected a JavaScript regular expression (flag u)",
        ),
        (
            "forms/contact/fields/2/pattern",
            json!(r"(\w)\1"),
            "forms.contact.fields[2].pattern",
            "expected a regular expression that is matched without back-tracking: backreferences are not supported",
        ),
    ] {
        let settings = parse(changed(path, value)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(errors(&settings), [format!("{field}: {expected}")], "{path}");
    }
}

#[test]
fn every_contradiction_is_told_at_once() {
    let mut settings = parse(changed("topics/0/participants", json!([]))).expect("settings");
    settings.name.clear();
    settings.forms.clear();
    let fields = errors(&settings);
    let fields: Vec<&str> = fields
        .iter()
        .filter_map(|error| error.split(':').next())
        .collect();
    let expected = [
        "name",
        "topics[0].participants",
        "topics[0].form",
        "topics[2].message_form",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn what_is_no_value_of_its_kind_is_not_parsed() {
    for (path, value, expected) in [
        (
            "zone",
            json!("Europe Warsaw"),
            "expected a time zone like Europe/Warsaw",
        ),
        ("look/accent", json!("blue"), "expected a colour like #0b5fff"),
        (
            "topics/0/id",
            json!("Sales"),
            "expected 1 to 32 lowercase letters, digits and hyphens",
        ),
        (
            "topics/0/participants",
            json!(["anna at example"]),
            "expected an address: up to 254 characters without spaces",
        ),
        (
            "origins",
            json!(["https://a.example; script-src *"]),
            "expected an origin like https://www.example.com or https://*.example.com, or *",
        ),
        (
            "desk/replies",
            json!({ "marked": "a" }),
            "expected 1 to 8 characters without letters, digits, spaces and slashes",
        ),
        (
            "retention_days",
            json!(0),
            "expected days: more than 0, at most 184",
        ),
        (
            "retention_days",
            json!(184.5),
            "expected days: more than 0, at most 184",
        ),
        (
            "hours",
            json!({ "week": { "mon": ["9-17"] } }),
            "expected hours like 09:00-17:30; 00:00-24:00 is all day",
        ),
        (
            "topics/0/hours",
            json!({ "week": {}, "holidays": ["24.12."] }),
            "expected a date like 2026-12-24, or 12-24 for every year",
        ),
        (
            "hours",
            json!({ "week": {}, "special": { "12-24": [] } }),
            "expected a date like 2026-12-24",
        ),
        (
            "hours",
            json!({ "week": { "monday": [] } }),
            "unknown field `monday`",
        ),
        ("tpoics", json!([]), "unknown field `tpoics`"),
        ("topics/0/rooom", json!("group"), "unknown field `rooom`"),
        ("topics/0/room", json!("shared"), "unknown variant `shared`"),
        ("messages_per_minute", json!(0), "expected a nonzero u32"),
        ("bot/fallbacks_before_handoff", json!(0), "expected a nonzero u32"),
    ] {
        let error = parse(changed(path, value)).expect_err(path).to_string();
        assert!(error.contains(expected), "{path}: {error}");
    }
}

/// A chat that begins in the morning knows the afternoon's hours, however the day is cut up.
#[test]
fn a_plan_has_all_the_intervals_of_two_days() {
    let settings = tests::settings();
    let start = Timestamp(1_800_000_000_000);
    let minutes = |count: u64| Duration::from_secs(count * 60);
    // Twenty minutes of every half hour, for a week.
    let half_hours = 0..7 * 48;
    let open = half_hours.map(|n| {
        let from = start + minutes(30 * n);
        Interval {
            from,
            until: from + minutes(20),
        }
    });
    let plan = settings.plan("default", &settings.topics[0], Some(open.collect()));
    for n in 0..96 {
        assert!(plan.is_open(start + minutes(30 * n + 10)), "half hour {n}");
        assert!(!plan.is_open(start + minutes(30 * n + 25)), "half hour {n}");
    }
    assert_eq!(plan.open.map(|open| open.len()), Some(96));
}
