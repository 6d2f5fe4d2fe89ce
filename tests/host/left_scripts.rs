//! Messages that are left for the team instead of a chat.

use shared::conversation::{Failure, SiteJob};
use std::time::Duration;
use tests::{Scene, Stage, check};

#[test]
fn a_message_is_left_and_tried_until_the_team_has_it() {
    check(
        r#"
        start person, leaves: Call me back
          visitor < visitor: Call me back
          visitor < Closed { by: MessageLeft }
          room < visitor: left: card, Call me back
        visitor: hello?
          visitor < rejected Closed
        +5m
        "#,
    );
}

#[test]
fn a_left_message_survives_refusals() {
    check(
        r#"
        from the start desk always refuses: Post
        start person, leaves: Call me
          visitor < visitor: Call me
          visitor < Closed { by: MessageLeft }
        +1h
        desk works
        +2h
          room < visitor: left: card, Call me
          visitor < state Closed { by: MessageLeft, at: Timestamp(1800000000000) }, Reached
        "#,
    );
}

#[test]
fn a_left_message_does_not_wait_for_an_account_that_is_gone() {
    let mut stage = Stage::set(Scene {
        message: Some("Call me".into()),
        always_fails: vec![("Post".into(), Failure::NotDone { retry_after: None })],
        ..Scene::new("person")
    });
    let threads = |stage: &Stage| {
        let is_other = |job: &&SiteJob| matches!(job, SiteJob::StandingThread { gone: Some(_), .. });
        stage.enlisted.iter().filter(is_other).count()
    };
    stage.wait(Duration::from_secs(50 * 60));
    assert_eq!(threads(&stage), 0);
    stage.wait(Duration::from_secs(24 * 60 * 60));
    assert_eq!(threads(&stage), 3, "not one after the other for two weeks");
    stage.always_fails.clear();
    stage.wait(Duration::from_secs(2 * 60 * 60));
    let arrived = stage.room.iter().filter(|line| line.contains("Call me")).count();
    assert_eq!(arrived, 1, "{:?}", stage.room);
}
