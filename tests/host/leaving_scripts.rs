//! When people leave the thread.

use shared::{
    conversation::{DeskJob, DeskOutcome, Failure, Input, WatchState},
    hours::Interval,
    message::{Entry, Said, Seq},
    protocol::Phase,
    settings::RoomKind,
    time::Timestamp,
};
use std::time::Duration;
use tests::{Scene, Stage};

/// The bot first, then people one after the other.
fn mixed() -> Scene {
    let mut scene = Scene::new("support");
    for topic in &mut scene.settings.topics {
        topic.room = RoomKind::Mixed;
    }
    scene
}

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
        Phase::WithAgent { .. }
    ));
    stage.everybody_leaves();
    let state = stage.conversation.state();
    assert_eq!(state.phase, Phase::Waiting);
    assert!(state.leave_message);
    stage.send("message-2", "are you there?");
    stage.crash();
    assert_eq!(
        stage.room.last().map(String::as_str),
        Some("visitor: are you there?")
    );
    assert_eq!(stage.conversation.state().delivered, Seq(1));
    // What was written before, and read only now, is shown; it does not say that anybody is there.
    let late = stage.agent_writes("bye");
    stage.signal(&late);
    assert_eq!(stage.conversation.state().phase, Phase::Waiting);
    assert_eq!(stage.conversation.state().delivered, Seq(1));
    stage.wait(Duration::from_secs(1));
    let answer = stage.agent_writes("I am back");
    stage.signal(&answer);
    let state = stage.conversation.state();
    assert!(matches!(state.phase, Phase::WithAgent { .. }) && !state.leave_message);
    let is_asked = |(entry, _): &&(Entry, _)| matches!(&entry.said, Said::Visitor { text, .. } if text == "are you there?");
    assert_eq!(
        Some(state.delivered),
        stage.rows.iter().find(is_asked).map(|(entry, _)| entry.seq)
    );
}

#[test]
fn whoever_is_next_is_called_when_everybody_has_left() {
    let mut stage = Stage::set(mixed());
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
fn nobody_is_called_after_hours_when_everybody_has_left() {
    let mut scene = mixed();
    for topic in &mut scene.settings.topics {
        topic.bot = Default::default();
    }
    let from = Timestamp(1_800_000_000_000);
    let until = from + Duration::from_secs(60);
    let mut stage = Stage::set(Scene {
        open: Some(vec![Interval { from, until }]),
        ..scene
    });
    let answer = stage.agent_writes("Hi, Ann");
    stage.signal(&answer);
    stage.heartbeat_at = Some(until);
    stage.wait(Duration::from_secs(61));
    stage.everybody_leaves();
    assert!(stage.conversation.state().leave_message);
    assert!(
        !stage.log.iter().any(|line| line.contains("ben@example.com")),
        "{:?}",
        stage.log
    );
    assert!(
        stage.log.iter().any(|line| line.contains("TeamClosed")),
        "{:?}",
        stage.log
    );
}

#[test]
fn a_hand_off_into_an_empty_room_calls_the_next_one() {
    let mut stage = Stage::set(mixed());
    stage.everybody_leaves();
    assert!(
        !stage.log.iter().any(|line| line.contains("ben@example.com")),
        "{:?}",
        stage.log
    );
    stage.take(Input::VisitorAskedForPerson);
    assert!(
        stage.log.iter().any(|line| line == "  room < + ben@example.com"),
        "{:?}",
        stage.log
    );
    assert!(!stage.conversation.state().leave_message);
}

#[test]
fn a_leaving_that_nobody_told_of_is_found_by_a_look() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let answer = stage.agent_writes("hello");
    stage.signal(&answer);
    stage.members_leave();
    let look = Input::SweepDue {
        watch: WatchState::Active,
        active_at: None,
    };
    stage.take(look.clone());
    assert!(stage.conversation.state().leave_message);
    // Not more often than now and then.
    stage.wait(Duration::from_secs(1));
    let answer = stage.agent_writes("back");
    stage.signal(&answer);
    let asked = |stage: &Stage| {
        stage
            .asked
            .iter()
            .filter(|(job, _)| *job == DeskJob::LookForPeople)
            .count()
    };
    let before = asked(&stage);
    stage.take(look);
    assert_eq!(asked(&stage), before);
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

#[test]
fn who_comes_while_it_is_asked_who_is_there_is_not_overlooked() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let answer = stage.agent_writes("Hi, Ann");
    stage.signal(&answer);
    // Anna leaves; before the answer is there Ben comes and writes.
    stage.desk_hangs = Some("LookForPeople".into());
    stage.take(Input::PersonLeft);
    let task = stage.hanging.pop().expect("a look is under way");
    stage.desk_hangs = None;
    stage.wait(Duration::from_secs(1));
    let answer = stage.agent_writes("Ben here");
    stage.signal(&answer);
    let outcome = DeskOutcome::People { are_in: false };
    stage.take(Input::DeskDone { task, outcome });
    let state = stage.conversation.state();
    assert!(matches!(state.phase, Phase::WithAgent { .. }) && !state.leave_message);
    stage.send("message-1", "hello Ben");
    assert_eq!(
        stage.conversation.state().delivered,
        stage.rows.last().map_or(Seq(0), |(entry, _)| entry.seq)
    );
}
