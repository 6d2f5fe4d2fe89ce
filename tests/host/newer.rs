//! What a newer version says is read by this one as far as it can be, and the rest keeps its place.

use serde_json::{from_str, json};
use shared::{
    message::{ClosedBy, Entry, Notice, Said, Seq},
    newer::{Maybe, Unknown},
    protocol::{ClientFrame, DeskReach, Phase, PollAnswer, PollRequest, Rejection, ServerFrame},
    time::Timestamp,
};

fn read(frame: serde_json::Value) -> ServerFrame {
    serde_json::from_value(frame).expect("a frame")
}

#[test]
fn entries_of_new_kinds_keep_their_places() {
    let frame = json!({ "entries": [
        { "seq": 1, "at": 1, "said": { "agent": { "name": "Anna", "body": [{ "text": "Hi", "bold": true }], "mood": 5 } } },
        { "seq": 2, "at": 2, "said": { "card": { "plain": "A card", "fields": [1, 2.5, null] } } },
        { "seq": 3, "at": 3, "said": { "wave": {} } },
        { "seq": 4, "at": 4, "said": "nothing" },
        { "seq": 5, "at": 5, "said": { "notice": "moved_house" } },
        { "seq": 6, "at": 6, "said": { "notice": { "closed": { "by": "lunch" } } } },
    ]});
    let ServerFrame::Entries(entries) = read(frame) else {
        panic!("not entries");
    };
    let numbers: Vec<u32> = entries.iter().map(|entry| entry.seq.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let said: Vec<Said> = entries.into_iter().map(|entry| entry.said).collect();
    assert!(matches!(&said[0], Said::Agent { name, .. } if name == "Anna"));
    assert!(matches!(&said[1], Said::Newer(Maybe::Known(kinds)) if kinds["card"].plain == "A card"));
    for one in &said[2..5] {
        assert_eq!(*one, Said::Newer(Maybe::Unknown(Unknown)));
    }
    let by = ClosedBy::Agent;
    assert_eq!(said[5], Said::Notice(Notice::Closed { by }));
}

#[test]
fn a_state_with_new_words_in_it_is_a_state() {
    let state = |phase: serde_json::Value| {
        let frame = json!({ "hello": { "state": { "phase": phase, "last": 7, "delivered": 6, "desk": "asleep", "weather": "fine" } } });
        let ServerFrame::Hello { state } = read(frame) else {
            panic!("no hello");
        };
        assert_eq!(
            (state.last, state.delivered, state.desk),
            (Seq(7), Seq(6), DeskReach::Reached)
        );
        state.phase
    };
    assert_eq!(state(json!("with_two_bots")), Phase::Waiting);
    assert_eq!(state(json!({ "with_crowd": { "names": [] } })), Phase::Waiting);
    let closed = Phase::Closed {
        by: ClosedBy::Agent,
        at: Timestamp(5),
    };
    assert_eq!(state(json!({ "closed": { "by": "lunch", "at": 5 } })), closed);
}

#[test]
fn a_frame_of_a_new_kind_is_alone_in_being_unknown() {
    let answer =
        r#"{"frames":[{"sing":{}},{"rejected":{"code":{"too_loud":{}}}},{"delivered":{"through":3}}]}"#;
    let answer: PollAnswer = from_str(answer).expect("an answer");
    let known: Vec<ServerFrame> = answer.frames.into_iter().filter_map(Maybe::known).collect();
    let (id, code) = (None, Rejection::BadFrame);
    let expected = [
        ServerFrame::Rejected { id, code },
        ServerFrame::Delivered { through: Seq(3) },
    ];
    assert_eq!(known, expected);

    let request: PollRequest = from_str(r#"{"after":0,"frames":["dance","stay"]}"#).expect("a request");
    assert_eq!(
        request.frames,
        [Maybe::Unknown(Unknown), Maybe::Known(ClientFrame::Stay)]
    );
    // The router passes it on to the conversation.
    let passed_on = serde_json::to_string(&request).expect("JSON");
    assert_eq!(from_str::<PollRequest>(&passed_on).expect("a request"), request);
}

#[test]
fn what_is_not_an_entry_at_all_is_none() {
    for entry in [r#"{"seq":-1,"at":1,"said":{}}"#, r#"{"at":1,"said":{}}"#, r#"[]"#] {
        assert!(from_str::<Entry>(entry).is_err(), "{entry}");
    }
}
