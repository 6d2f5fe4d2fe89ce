//! When the desk has trouble, or the object is stopped again and again: the conversation goes on, or both are told.

use shared::{
    conversation::{Failure, Input, SiteJob},
    message::{Said, Seq},
    settings::{RoomKind, Settings},
};
use std::time::Duration;
use tests::{Scene, Stage, check, check_with, settings};

/// The topic's people are called one after the other.
fn one_by_one() -> Settings {
    let mut settings = settings();
    for topic in &mut settings.topics {
        topic.room = RoomKind::Mixed;
        topic.bot = Default::default();
    }
    settings
}

#[test]
fn nothing_is_with_the_team_while_nobody_of_the_team_is_in() {
    let refused = ("AddParticipant".into(), Failure::Passing { retry_after: None });
    let mut stage = Stage::set(Scene {
        always_fails: vec![refused],
        ..Scene::new("person")
    });
    stage.connect(Seq(0));
    stage.send("message-1", "anybody?");
    stage.heartbeat_at = Some(stage.now + Duration::from_secs(60));
    stage.wait(Duration::from_secs(60));
    assert!(stage.room.contains(&"visitor: anybody?".to_owned()));
    assert_eq!(stage.conversation.state().delivered, Seq(0));
    // For hours, while the visitor is there.
    for hour in 2..20 {
        stage.heartbeat_at = Some(stage.now + Duration::from_secs(600));
        stage.wait(Duration::from_secs(600));
        stage.send(&format!("message-{hour}"), "still nobody?");
    }
    assert_eq!(stage.conversation.state().delivered, Seq(0));
    stage.crash();
    stage.always_fails.clear();
    stage.heartbeat_at = Some(stage.now + Duration::from_secs(120));
    stage.wait(Duration::from_secs(120));
    let last = stage
        .rows
        .iter()
        .rfind(|(entry, _)| matches!(entry.said, Said::Visitor { .. }));
    assert_eq!(
        Some(stage.conversation.state().delivered),
        last.map(|(entry, _)| entry.seq)
    );
}

#[test]
fn erased_leaves_nothing_with_the_site_also_while_the_watch_fails() {
    let failing = ("Watch".into(), Failure::Passing { retry_after: None });
    let mut stage = Stage::set(Scene {
        always_fails: vec![failing],
        ..Scene::new("person")
    });
    stage.take(Input::VisitorErased);
    stage.wait(Duration::from_secs(60));
    stage.always_fails.clear();
    stage.wait(Duration::from_secs(48 * 60 * 60));
    assert_eq!(stage.enlisted.last(), Some(&SiteJob::Unlist));
    assert!(stage.is_erased && !stage.watched);
}

#[test]
fn what_is_asked_of_the_site_stays_in_its_order_when_it_is_erased_at_once() {
    let mut stage = Stage::set(Scene {
        desk_fails: vec![Failure::Passing { retry_after: None }],
        ..Scene::new("person")
    });
    stage.take(Input::VisitorErased);
    stage.wait(Duration::from_secs(60));
    let is_enlist = |job: &SiteJob| matches!(job, SiteJob::Enlist { .. });
    assert!(
        stage.enlisted.first().is_some_and(is_enlist),
        "{:?}",
        stage.enlisted
    );
    assert_eq!(stage.enlisted.last(), Some(&SiteJob::Unlist));
    assert!(stage.is_erased);
}

#[test]
fn a_line_that_stops_the_object_is_given_up_and_the_next_goes_on() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        traps on: poison
        visitor: poison
          visitor < visitor: poison
          trap
        visitor: two
          trap
          visitor < visitor: two
        visitor: three
          trap
          visitor < visitor: three
        visitor: four
          visitor < NotDelivered { seq: Seq(1) }
          room < visitor: two
          room < visitor: three
          room < visitor: LineMissing
          visitor < visitor: four
          room < visitor: four
        "#,
    );
}

#[test]
fn a_message_whose_reading_stops_the_object_is_given_up_and_the_next_is_shown() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        traps on: poison
        agent: poison
          trap
          trap
        agent: next
          trap
          trap
        crash
          trap
        crash
          trap
        crash
          visitor < NotShown
          room < visitor: NotShown
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: next
        "#,
    );
}

#[test]
fn a_bot_that_stops_the_object_hands_over() {
    check(
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        bot: Hello
          visitor < bot: Hello
          room < bot: Hello
        visitor: hi
          visitor < visitor: hi
          room < visitor: hi
        crash
        crash
        crash
          visitor < BotFailed
          visitor < state Waiting, Reached
          room < visitor: HandedOff { cause: BotFailed }
        bot: too late
        "#,
    );
}

#[test]
fn a_message_that_cannot_be_read_keeps_the_others_for_a_minute_only() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk always fails: Sweep
        desk always fails: Read { message: DeskRef("agent-0")
        agent: unreadable
        agent: readable
        +59s
        +1s
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: readable
        desk works
        +2m
          visitor < Anna: unreadable
        "#,
    );
}

#[test]
fn a_message_that_can_never_be_read_is_given_up_with_a_word_to_both() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk always refuses: Sweep
        desk always refuses: Read { message: DeskRef("agent-0")
        agent: unreadable
          visitor < NotShown
          room < visitor: NotShown
        agent: readable
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: readable
        "#,
    );
}

#[test]
fn words_go_ahead_of_a_file_that_is_looked_through_for_long() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends files: scan.pdf
        agent: after
        +30s
        +35s
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: after
        scan ends
        +50s
          visitor < Anna: [file 1 scan.pdf]
        "#,
    );
}

#[test]
fn people_who_cannot_be_added_are_tried_for_hours_and_the_visitor_is_told() {
    check(
        r#"
        from the start desk always fails: AddParticipant
        start person
          visitor < state Waiting, Retrying
        connect
        +20s
          visitor < NobodyAnswered
          visitor < state Waiting, Reached, leave a message
          visitor < state Waiting, Reached, leave a message
          room < visitor: card
          room < visitor: NobodyAnswered
        visitor: anybody?
          visitor < visitor: anybody?
          room < visitor: anybody?
        +3m
        desk works
        +1m
          room < + anna@example.com
        agent: Here I am
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Here I am
        "#,
    );
}

#[test]
fn the_next_one_is_called_while_the_first_cannot_be_added() {
    check_with(
        &one_by_one(),
        None,
        r#"
        from the start desk always fails: AddParticipant(Agent("anna
        start support
          room < visitor: card
          visitor < state Waiting, Retrying
        connect
        +1m
          visitor < state Waiting, Reached
          room < + ben@example.com
        "#,
    );
}

#[test]
fn a_watch_that_cannot_begin_keeps_nobody_waiting() {
    check(
        r#"
        from the start desk always fails: Watch
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        unheard: hi
        watch lost
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: hi
        desk works
        +2m
        "#,
    );
}

#[test]
fn the_thread_is_read_while_there_is_no_watch() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk always fails: Rewatch
        unheard: one
        watch lost
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: one
        unheard: two
        watch lost
          visitor < Anna: two
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        desk works
        +1m
        "#,
    );
}

#[test]
fn a_restart_of_the_worker_sends_nobody_away() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        +10m
        restart
        +80s
        connect
        +60s
        restart
        +119s
          visitor < state Waiting, Reached, closes soon
        +1s
          visitor < Closed { by: VisitorGone }
          visitor < state Closed { by: VisitorGone, at: Timestamp(1800000860000) }, Reached
          room < visitor: Closed { by: VisitorGone }
        "#,
    );
}

#[test]
fn a_desk_that_asks_to_slow_down_has_not_done_it() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk is busy
        visitor: one
          visitor < visitor: one
          desk fails: NotDone { retry_after: None }
          visitor < state Waiting, Retrying
        +2s
          room < visitor: one
          visitor < state Waiting, Reached
        "#,
    );
}
