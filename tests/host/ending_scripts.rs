//! The end, the rating, and what is kept afterwards.

use shared::{
    conversation::{Attempt, DeskJob, Failure, Input, SiteJob, ThreadEnd},
    message::Seq,
    protocol::Phase,
};
use std::time::Duration;
use tests::{Scene, Stage, check};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn the_visitor_rates_once_after_the_end() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor rates 5: too early
        visitor ends
          visitor < Closed { by: Visitor }
          visitor < state Closed { by: Visitor, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Visitor }
        visitor rates 5: Quick and kind
          visitor < state Closed { by: Visitor, at: Timestamp(1800000000000) }, Reached
          room < visitor: Rated { stars: 5, comment: "Quick and kind" }
        visitor rates 5: again
        "#,
    );
}

#[test]
fn what_is_left_is_kept_for_the_time_that_is_set_and_then_nothing_is() {
    let mut stage = Stage::start("person");
    stage.send("message-1", "hello");
    stage.take(Input::VisitorEnded);
    stage.wait(DAY * 180 - Duration::from_secs(1));
    assert_eq!(stage.rows.len(), 2);
    stage.crash();
    stage.wait(Duration::from_secs(1));
    assert!(stage.rows.is_empty() && stage.is_erased);
    let told: Vec<_> = stage.enlisted.iter().map(kind).collect();
    assert_eq!(told, ["enlist", "enlist", "delist", "unlist"]);
}

#[test]
fn a_message_that_was_left_is_kept_as_long() {
    let mut stage = Stage::set(Scene {
        message: Some("Call me".into()),
        ..Scene::new("person")
    });
    assert_eq!(stage.rows.len(), 2);
    stage.wait(DAY * 180);
    assert!(stage.rows.is_empty() && stage.is_erased);
}

#[test]
fn erasing_drops_what_has_not_been_sent_and_still_tells_the_room() {
    let mut stage = Stage::start("person");
    stage.send("message-1", "hello");
    let passing = Failure::Passing { retry_after: None };
    stage.desk_fails.push_back(passing);
    stage.send("message-2", "a secret");
    stage.desk_fails.push_back(passing);
    stage.take(Input::VisitorErased);
    assert!(
        stage.rows.is_empty() && !stage.is_erased,
        "the room has not been told yet"
    );
    stage.take(Input::VisitorErased);
    stage.crash();
    stage.wait(Duration::from_secs(5));
    assert!(stage.is_erased && !stage.watched);
    assert_eq!(
        stage.room.last().map(String::as_str),
        Some("visitor: Closed { by: Visitor }")
    );
    assert!(
        !stage.room.iter().any(|line| line.contains("secret")),
        "{:?}",
        stage.room
    );
}

#[test]
fn erasing_before_there_is_a_thread_leaves_nothing_behind() {
    let mut stage = Stage::set(Scene {
        desk_fails: vec![Failure::Passing { retry_after: None }],
        ..Scene::new("person")
    });
    stage.take(Input::VisitorErased);
    stage.wait(Duration::from_secs(600));
    assert!(stage.is_erased && stage.room.is_empty(), "{:?}", stage.room);
}

#[test]
fn a_visitor_whom_the_site_blocks_gets_no_thread() {
    let mut stage = Stage::set(Scene {
        blocked: true,
        ..Scene::new("support")
    });
    assert!(matches!(stage.conversation.state().phase, Phase::Closed { .. }));
    stage.wait(Duration::from_secs(600));
    assert!(stage.room.is_empty(), "{:?}", stage.room);
    let told: Vec<_> = stage.enlisted.iter().map(kind).collect();
    assert_eq!(told, ["enlist", "delist"]);
}

#[test]
fn an_alarm_that_comes_late_warns_before_it_closes() {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    stage.now = stage.now + Duration::from_secs(20 * 60);
    stage.heartbeat_at = Some(stage.now);
    stage.take(Input::DeadlineReached);
    let minute = stage.now + Duration::from_secs(60);
    assert_eq!(stage.conversation.state().closes_at, Some(minute));
    stage.now = minute;
    stage.heartbeat_at = Some(stage.now);
    stage.take(Input::DeadlineReached);
    assert!(matches!(stage.conversation.state().phase, Phase::Closed { .. }));
}

#[test]
fn a_thread_that_goes_after_the_end_still_leaves_the_list() {
    let mut stage = Stage::start("person");
    stage.desk_fails.push_back(Failure::ThreadGone);
    stage.take(Input::VisitorEnded);
    assert!(!stage.watched);
    let told: Vec<_> = stage.enlisted.iter().map(kind).collect();
    assert_eq!(told, ["enlist", "enlist", "delist"]);
    stage.desk_fails.push_back(Failure::ThreadGone);
    stage.take(Input::VisitorRated {
        stars: 1,
        comment: String::new(),
    });
    stage.take(Input::VisitorErased);
    assert!(stage.is_erased);
    assert_eq!(stage.enlisted.last().map(kind), Some("unlist"));
}

#[test]
fn a_rating_is_not_posted_after_erasing() {
    let mut stage = Stage::start("person");
    stage.take(Input::VisitorEnded);
    stage.desk_fails.push_back(Failure::Passing { retry_after: None });
    let comment = "my secret".to_owned();
    stage.take(Input::VisitorRated { stars: 1, comment });
    stage.take(Input::VisitorErased);
    stage.wait(Duration::from_secs(600));
    assert!(stage.is_erased && !stage.room.iter().any(|line| line.contains("secret")));
}

/// What the desk was asked to do about the thread's end.
fn ends(stage: &Stage) -> Vec<ThreadEnd> {
    let how = |(job, _): &(DeskJob, Attempt)| {
        if let DeskJob::EndThread(how) = job {
            Some(*how)
        } else {
            None
        }
    };
    stage.asked.iter().filter_map(how).collect()
}

fn with_ended_rooms(ended_rooms: &str) -> Scene {
    let mut scene = Scene::new("person");
    scene.settings.desk.ended_rooms = serde_json::from_str(ended_rooms).expect("a setting");
    scene
}

#[test]
fn a_thread_is_left_or_deleted_so_long_after_the_end() {
    for (setting, how) in [
        (r#"{"leave":30}"#, ThreadEnd::Leave),
        (r#"{"delete":30}"#, ThreadEnd::Delete),
    ] {
        let mut stage = Stage::set(with_ended_rooms(setting));
        stage.wait(DAY * 40);
        assert!(matches!(stage.conversation.state().phase, Phase::Closed { .. }));
        let mut stage = Stage::set(with_ended_rooms(setting));
        stage.take(Input::VisitorEnded);
        stage.wait(DAY * 30 - Duration::from_secs(1));
        assert_eq!(ends(&stage), []);
        stage.crash();
        // Out of reach for three days, then refused for as long.
        for failure in [Failure::Passing { retry_after: None }, Failure::Refused] {
            let before = ends(&stage).len();
            stage.always_fails = vec![("EndThread".into(), failure)];
            stage.wait(DAY * 3);
            let tries = ends(&stage).len() - before;
            assert!(tries > 3 && tries < 100, "{tries} tries, {failure:?}");
        }
        stage.always_fails.clear();
        stage.asked.clear();
        stage.wait(DAY * 120);
        assert_eq!(ends(&stage), [how]);
        assert!(!stage.is_erased);
        stage.wait(DAY * 30);
        assert!(stage.is_erased);
        assert_eq!(ends(&stage), [how]);
    }
}

#[test]
fn the_thread_of_an_erased_conversation_ends_when_it_would_have() {
    let mut stage = Stage::set(with_ended_rooms(r#"{"delete":2}"#));
    stage.take(Input::VisitorErased);
    stage.wait(DAY);
    assert!(stage.rows.is_empty() && !stage.is_erased && ends(&stage).is_empty());
    assert!(stage.enlisted.last().map(kind) == Some("unlist"));
    assert!(
        !stage.snapshot.contains("Jane") && !stage.snapshot.contains("mark"),
        "{}",
        stage.snapshot
    );
    stage.crash();
    stage.wait(DAY);
    assert!(stage.is_erased);
    assert_eq!(ends(&stage), [ThreadEnd::Delete]);
}

#[test]
fn a_room_that_is_not_the_conversations_own_or_is_gone_is_let_be() {
    let mut left = with_ended_rooms(r#"{"delete":2}"#);
    left.message = Some("Call me".into());
    let mut stage = Stage::set(left);
    stage.wait(DAY * 181);
    assert!(stage.is_erased && ends(&stage).is_empty());
    let mut stage = Stage::set(with_ended_rooms(r#"{"delete":2}"#));
    stage.desk_fails.push_back(Failure::ThreadGone);
    stage.send("message-1", "hello");
    stage.wait(DAY * 181);
    assert!(stage.is_erased && ends(&stage).is_empty());
    let mut stage = Stage::start("person");
    stage.take(Input::VisitorEnded);
    stage.wait(DAY * 181);
    assert!(stage.is_erased && ends(&stage).is_empty());
}

fn kind(job: &SiteJob) -> &'static str {
    match job {
        SiteJob::Enlist { .. } => "enlist",
        SiteJob::Delist => "delist",
        SiteJob::Unlist => "unlist",
        SiteJob::Choose { .. } => "choose",
        SiteJob::FindTopic { .. } => "find topic",
        SiteJob::Block { .. } => "block",
        SiteJob::StandingThread { .. } => "standing thread",
    }
}
