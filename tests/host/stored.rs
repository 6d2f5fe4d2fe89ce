//! What is in storage, as files, which are only added to: see `golden.rs`.

use shared::{
    conversation::{BotAnswer, BotSays, Conversation, Failure, Input},
    file::FileKind,
    message::{Seq, Span},
    settings::RoomKind,
};
use std::time::Duration;
use tests::{
    Scene, Stage,
    golden::{check, json},
};

#[test]
fn a_stored_conversation_is_read_back() {
    let mut stage = Stage::start("support");
    stage.connect(Seq(0));
    let says = BotSays {
        body: vec![Span {
            text: "Hi".into(),
            href: None,
        }],
        replies: vec!["Yes".into()],
    };
    stage.bot_answers(BotAnswer {
        says: vec![says],
        ..BotAnswer::default()
    });
    stage.send("message-1", "hello");
    let passing = Failure::Passing {
        retry_after: Some(Duration::from_secs(9)),
    };
    stage.desk_fails.extend([passing, passing]);
    let message = stage.agent_writes("I take over");
    stage.take(Input::DeskSignalled { message });
    stage.take(Input::VisitorAskedForPerson);
    let golden = include_str!("golden/snapshot_v1_4.json");
    check("snapshot_v1_4", golden, &[json(&stage.conversation)]);
    let read: Conversation = serde_json::from_str(golden).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(json(&read), json(&stage.conversation));
    assert_eq!(read.state(), stage.conversation.state());
    // What older versions wrote: the same state, whatever has been added since.
    for old in [
        include_str!("golden/snapshot_v1_0.json"),
        include_str!("golden/snapshot_v1_1.json"),
        include_str!("golden/snapshot_v1_2.json"),
        include_str!("golden/snapshot_v1_3.json"),
    ] {
        let old: Conversation = serde_json::from_str(old).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(old.state(), stage.conversation.state());
    }
}

/// What only some conversations have: files, a list that is put off, people who were called and have left, rooms that end.
#[test]
fn what_is_rare_in_a_stored_conversation_is_read_back() {
    let mut scene = Scene::new("person");
    scene.settings.desk.ended_rooms = serde_json::from_str(r#"{"delete":30}"#).expect("a setting");
    for topic in &mut scene.settings.topics {
        topic.room = RoomKind::Mixed;
    }
    let mut stage = Stage::set(scene);
    stage.connect(Seq(0));
    stage.send_file("message-1", "plan.pdf", 1_000, FileKind::Pdf);
    for text in ["hello", "/invite ben@example.com", "/help"] {
        let message = stage.agent_writes(text);
        stage.signal(&message);
    }
    let message = stage.agent_sends_files("see there", "scan.pdf");
    stage.signal(&message);
    stage.heartbeat_at = Some(stage.now + Duration::from_secs(70));
    stage.wait(Duration::from_secs(70));
    let passing = Failure::Passing { retry_after: None };
    stage.always_fails = ["Sweep", "LookForPeople"]
        .map(|kind| (kind.into(), passing))
        .into();
    let message = stage.agent_writes("once more");
    stage.signal(&message);
    stage.everybody_leaves();
    stage.send("message-2", "are you there?");
    let under_way = json(&stage.conversation);
    stage.always_fails = vec![("EndThread".into(), passing)];
    stage.wait(Duration::from_secs(120));
    stage.take(Input::VisitorEnded);
    stage.take(Input::VisitorRated {
        stars: 5,
        comment: "Quick".into(),
    });
    stage.wait(Duration::from_secs(30 * 24 * 60 * 60));
    let golden = include_str!("golden/snapshot_v1_5.jsonl");
    check("snapshot_v1_5", golden, &[under_way, json(&stage.conversation)]);
    for line in golden.lines() {
        let read: Conversation = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(json(&read), line);
    }
}
