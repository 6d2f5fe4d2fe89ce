//! When people leave the thread.

use shared::{
    conversation::{Failure, Input},
    message::{Entry, Said, Seq},
    protocol::PhaseView,
    settings::RoomKind,
};
use std::time::Duration;
use tests::{Scene, Stage, settings};

#[test]
fn once_everybody_has_left_nothing_is_with_the_team() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    stage.send("message-1", "hello");
    let answer = stage.agent_writes("Hi, Ann");
    stage.signal(&answer);
    assert_eq!(stage.conversation.state().delivered, Seq(1));
    // Somebody else than the last one.
    stage.take(Input::PersonLeft);
    assert!(matches!(
        stage.conversation.state().phase,
        PhaseView::WithAgent { .. }
    ));
    stage.everybody_leaves();
    let state = stage.conversation.state();
    assert_eq!(state.phase, PhaseView::Waiting);
    assert!(state.leave_message);
    stage.send("message-2", "are you there?");
    stage.crash();
    assert_eq!(
        stage.room.last().map(String::as_str),
        Some("visitor: are you there?")
    );
    assert_eq!(stage.conversation.state().delivered, Seq(1));
    let answer = stage.agent_writes("I am back");
    stage.signal(&answer);
    let state = stage.conversation.state();
    assert!(matches!(state.phase, PhaseView::WithAgent { .. }) && !state.leave_message);
    let is_asked = |(entry, _): &&(Entry, _)| matches!(&entry.said, Said::Visitor { text, .. } if text == "are you there?");
    assert_eq!(
        Some(state.delivered),
        stage.rows.iter().find(is_asked).map(|(entry, _)| entry.seq)
    );
}

#[test]
fn whoever_is_next_is_called_when_everybody_has_left() {
    let mut settings = settings();
    for topic in &mut settings.topics {
        topic.room = RoomKind::Mixed;
    }
    let mut stage = Stage::set(Scene {
        settings,
        ..Scene::new("support")
    });
    stage.take(Input::VisitorAskedForPerson);
    stage.everybody_leaves();
    assert!(!stage.conversation.state().leave_message);
    assert!(
        stage.log.iter().any(|line| line == "  room < + ben@example.com"),
        "{:?}",
        stage.log
    );
    stage.everybody_leaves();
    assert!(stage.conversation.state().leave_message);
}

#[test]
fn a_desk_that_cannot_say_who_is_there_holds_nothing_up() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    stage.always_fails = vec![("LookForPeople".into(), Failure::Passing { retry_after: None })];
    stage.everybody_leaves();
    stage.send("message-1", "hello");
    assert_eq!(stage.room.last().map(String::as_str), Some("visitor: hello"));
    stage.always_fails.clear();
    stage.heartbeat_at = Some(stage.now + Duration::from_secs(60));
    stage.wait(Duration::from_secs(60));
    assert!(stage.conversation.state().leave_message);
}
