//! What the regular look tells a conversation, and what it does not need to read for that; and how an attempt whose
//! end is unknown is recognised.

use shared::{
    conversation::{Attempt, DeskJob, DeskRef, Failure, Input, Post, WatchState},
    message::{Said, Seq},
    time::Timestamp,
};
use std::time::Duration;
use tests::Stage;

fn chat() -> Stage {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let message = stage.agent_writes("hello");
    stage.take(Input::DeskSignalled { message });
    stage
}

/// How many times the thread was read for this look.
fn reads(stage: &mut Stage, watch: WatchState, active_at: Option<Timestamp>) -> usize {
    let is_sweep = |(job, _): &&(DeskJob, Attempt)| matches!(job, DeskJob::Sweep { .. });
    let before = stage.asked.iter().filter(is_sweep).count();
    stage.take(Input::SweepDue { watch, active_at });
    stage.asked.iter().filter(is_sweep).count() - before
}

#[test]
fn our_own_post_is_no_news() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.send("message-1", "thanks");
    let (now, rows) = (stage.now, stage.rows_written);
    assert_eq!(reads(&mut stage, WatchState::Active, Some(now)), 0);
    assert_eq!(stage.rows_written, rows, "nor is it worth a row");
    assert_eq!(
        reads(&mut stage, WatchState::Active, Some(now + Duration::from_secs(5))),
        1
    );
    assert_eq!(reads(&mut stage, WatchState::Active, None), 1);
}

#[test]
fn what_has_been_read_is_no_news_even_after_a_restart() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    let message = stage.agent_writes("how are you?");
    stage.take(Input::DeskSignalled { message });
    let now = stage.now;
    assert_eq!(reads(&mut stage, WatchState::Active, Some(now)), 0);
    stage.crash();
    assert_eq!(reads(&mut stage, WatchState::Active, Some(now)), 0);
}

#[test]
fn what_was_missed_is_found_by_its_time() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.agent_writes("unheard");
    let now = stage.now;
    assert_eq!(reads(&mut stage, WatchState::Active, Some(now)), 1);
    let is_said = |said: &Said| matches!(said, Said::Agent { body, .. } if body[0].text == "unheard");
    assert!(stage.rows.iter().any(|(entry, _)| is_said(&entry.said)));
}

#[test]
fn a_second_attempt_says_since_when_its_result_is_looked_for() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.send("message-1", "ok");
    let posted_at = stage.now;
    stage.wait(Duration::from_secs(10));
    stage.desk_fails.push_back(Failure::Passing { retry_after: None });
    stage.send("message-2", "ok");
    stage.crash();
    stage.wait(Duration::from_secs(5));
    let last_post = Some(Post {
        message: DeskRef(format!("post-{}", stage.room.len() - 1)),
        at: Some(posted_at),
    });
    let attempts: Vec<&Attempt> = stage.asked.iter().map(|(_, attempt)| attempt).collect();
    let since = posted_at + Duration::from_secs(10);
    assert!(
        attempts.contains(&&Attempt::MaybeDone { last_post, since }),
        "{:?}",
        stage.asked
    );
    assert_eq!(stage.room.iter().filter(|line| *line == "visitor: ok").count(), 2);
}

fn signal_next(stage: &mut Stage, message: DeskRef) -> Vec<String> {
    let before = stage.asked.len();
    stage.take(Input::DeskSignalled { message });
    let kind = |(job, _): &(DeskJob, Attempt)| {
        format!("{job:?}")
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect()
    };
    stage.asked[before..].iter().map(kind).collect()
}

fn shown(stage: &Stage) -> Vec<String> {
    let said = |said: &Said| match said {
        Said::Agent { body, .. } => Some(shared::message::plain(body)),
        Said::Visitor { .. } | Said::Bot { .. } | Said::Notice(_) | Said::Newer(_) => None,
    };
    stage
        .rows
        .iter()
        .filter_map(|(entry, _)| said(&entry.said))
        .collect()
}

#[test]
fn a_signal_also_finds_what_was_not_signalled_before_it_with_one_call() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.agent_writes("lost");
    stage.wait(Duration::from_secs(60));
    stage.agent_writes("lost too");
    let heard = stage.agent_writes("heard");
    assert_eq!(signal_next(&mut stage, heard), ["Sweep"]);
    assert_eq!(shown(&stage), ["hello", "lost", "lost too", "heard"]);
    let now = stage.now;
    assert!(stage.conversation.is_read(Some(now)));
}

#[test]
fn what_the_list_hides_is_read_by_itself_or_found_by_a_later_one() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    let (lost, heard) = (stage.agent_writes("lost"), stage.agent_writes("heard"));
    stage.hidden.extend([lost.clone(), heard.clone()]);
    assert_eq!(signal_next(&mut stage, heard.clone()), ["Sweep", "Read"]);
    assert_eq!(shown(&stage), ["hello", "heard"]);
    stage.hidden.remove(&lost);
    stage.wait(Duration::from_secs(100));
    let next = stage.agent_writes("next");
    assert_eq!(signal_next(&mut stage, next), ["Sweep"]);
    assert_eq!(shown(&stage), ["hello", "heard", "lost", "next"]);
}

#[test]
fn a_list_that_fails_keeps_nobody_waiting_and_is_made_up_for() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.agent_writes("lost");
    let heard = stage.agent_writes("heard");
    stage.desk_fails.push_back(Failure::Passing { retry_after: None });
    assert_eq!(signal_next(&mut stage, heard), ["Sweep", "Read"]);
    assert_eq!(shown(&stage), ["hello", "heard"]);
    stage.wait(Duration::from_secs(5));
    assert_eq!(shown(&stage), ["hello", "heard", "lost"]);
}

#[test]
fn behind_our_own_post_something_may_have_been_missed() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.agent_writes("lost");
    stage.wait(Duration::from_secs(10));
    stage.send("message-1", "are you there?");
    let now = stage.now;
    assert_eq!(reads(&mut stage, WatchState::Active, Some(now)), 0);
    assert!(!stage.conversation.is_read(Some(now)));
    assert_eq!(reads(&mut stage, WatchState::Active, None), 1);
    assert_eq!(shown(&stage), ["hello", "lost"]);
}

fn sweeps(stage: &Stage) -> usize {
    let is_sweep = |(job, _): &&(DeskJob, Attempt)| matches!(job, DeskJob::Sweep { .. });
    stage.asked.iter().filter(is_sweep).count()
}

#[test]
fn a_look_that_found_nothing_is_over_also_after_restarts() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    assert_eq!(reads(&mut stage, WatchState::Active, None), 1);
    let before = sweeps(&stage);
    for _ in 0..5 {
        stage.crash();
        stage.heartbeat_at = Some(stage.now);
        stage.wait(Duration::from_secs(60));
    }
    assert_eq!(sweeps(&stage), before);
    let message = stage.agent_writes("still read by the list");
    assert_eq!(signal_next(&mut stage, message), ["Sweep"]);
}

#[test]
fn while_lists_fail_one_waits_however_much_is_signalled() {
    let mut stage = chat();
    let passing = Failure::Passing { retry_after: None };
    stage.always_fails.push(("Sweep".into(), passing));
    for n in 0..50 {
        stage.wait(Duration::from_secs(1));
        let message = stage.agent_writes(&format!("m{n}"));
        stage.take(Input::DeskSignalled { message });
    }
    assert_eq!(shown(&stage).len(), 51);
    let before = sweeps(&stage);
    for _ in 0..10 {
        stage.heartbeat_at = Some(stage.now);
        stage.wait(Duration::from_secs(60));
    }
    let again = sweeps(&stage) - before;
    assert!((5..=25).contains(&again), "{again} in ten minutes");
}

#[test]
fn what_was_written_before_closing_is_shown_though_the_list_fails_for_a_while() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    stage.agent_writes("lost");
    let close = stage.agent_writes("/close");
    stage
        .always_fails
        .push(("Sweep".into(), Failure::Passing { retry_after: None }));
    stage.take(Input::DeskSignalled { message: close });
    stage.wait(Duration::from_secs(10));
    stage.always_fails.clear();
    stage.wait(Duration::from_secs(30));
    assert_eq!(shown(&stage), ["hello", "lost"]);
    let last = stage.rows.last().map(|(entry, _)| &entry.said);
    assert!(matches!(last, Some(Said::Notice(_))), "{last:?}");
}

#[test]
fn what_is_hidden_altogether_for_a_moment_is_found_by_a_later_list() {
    let mut stage = chat();
    stage.wait(Duration::from_secs(10));
    let slow = stage.agent_writes("slow");
    let hidden = stage.written.pop();
    assert_eq!(signal_next(&mut stage, slow), ["Sweep", "Read"]);
    assert_eq!(shown(&stage), ["hello"]);
    stage.written.extend(hidden);
    stage.wait(Duration::from_secs(5));
    let next = stage.agent_writes("next");
    assert_eq!(signal_next(&mut stage, next), ["Sweep"]);
    assert_eq!(shown(&stage), ["hello", "slow", "next"]);
}
