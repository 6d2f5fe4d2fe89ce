//! Desk, silence and the end, as scripts. A script is compared whole: what is not listed did not happen.

use shared::settings::Timeouts;
use tests::{check, check_with, settings};

#[test]
fn a_personal_thread_shows_the_name() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        agent: Hello
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello
        "#,
    );
}

#[test]
fn repeats_are_dropped_in_both_directions() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        visitor repeats
        visitor reuses the id
          visitor < rejected IdReused
        agent: once
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: once
        "#,
    );
}

#[test]
fn what_begins_with_a_slash_stays_in_the_room() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: /note she is a good customer
        agent: /dance now
          room < visitor: UnknownCommand { command: "dance" }
        agent: /close
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Agent }
        agent: too late
        visitor: too late
          visitor < rejected Closed
        "#,
    );
}

#[test]
fn a_visitor_who_only_ever_looks_is_warned_and_closed() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        +13m
        +2m
          visitor < state Waiting, Reached, closes soon
          visitor < Closed { by: Silence }
          visitor < state Closed { by: Silence, at: Timestamp(1800000900000) }, Reached
          room < visitor: Closed { by: Silence }
        "#,
    );
}

#[test]
fn any_sign_of_life_cancels_the_warning() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        +14m
          visitor < state Waiting, Reached, closes soon
        visitor stays
          visitor < state Waiting, Reached
        +14m
          visitor < state Waiting, Reached, closes soon
        visitor: still here
          visitor < state Waiting, Reached
          visitor < visitor: still here
          room < visitor: still here
        +13m
        "#,
    );
}

#[test]
fn a_visitor_who_is_gone_is_noticed() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        disconnect
        +1m
        connect
        +5m
        half-open
        +2m
          visitor < Closed { by: VisitorGone }
          visitor < state Closed { by: VisitorGone, at: Timestamp(1800000479000) }, Reached
          room < visitor: Closed { by: VisitorGone }
        "#,
    );
}

#[test]
fn the_end_by_the_visitor() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor ends
          visitor < Closed { by: Visitor }
          visitor < state Closed { by: Visitor, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Visitor }
        visitor ends
        visitor: too late
          visitor < rejected Closed
        "#,
    );
}

#[test]
fn what_fails_is_tried_again_in_order() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk fails
        desk fails
        visitor: one
          visitor < visitor: one
        desk fails: Passing { retry_after: None }
          visitor < state Waiting, Retrying
        visitor: two
          visitor < visitor: two
        +1s
        desk fails: Passing { retry_after: None }
        +2s
          room < visitor: one
          visitor < state Waiting, Reached
          room < visitor: two
        "#,
    );
}

#[test]
fn the_time_the_desk_asks_for_is_kept_and_spread() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk asks to wait 25s
        visitor: one
          visitor < visitor: one
        desk fails: Passing { retry_after: Some(25s) }
          visitor < state Waiting, Retrying
        +25s
        +6s
        +1s
          room < visitor: one
          visitor < state Waiting, Reached
        "#,
    );
}

#[test]
fn a_message_the_desk_refuses_is_told() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk refuses
        visitor: one
          visitor < visitor: one
        desk fails: Refused
          visitor < NotDelivered { seq: Seq(1) }
          room < visitor: LineMissing
        visitor: two
          visitor < visitor: two
          room < visitor: two
        "#,
    );
}

#[test]
fn a_deleted_thread_ends_the_conversation() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        thread gone
        visitor: hello
          visitor < visitor: hello
        desk fails: ThreadGone
          visitor < Closed { by: ThreadGone }
          visitor < state Closed { by: ThreadGone, at: Timestamp(1800000000000) }, Reached
        +5m
        "#,
    );
}

#[test]
fn two_closes_close_once() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: /close
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Agent }
        agent: /close
        "#,
    );
}

#[test]
fn a_topic_can_have_times_of_its_own() {
    let mut settings = settings();
    settings.topics[2].timeouts = Some(Timeouts {
        silence: 120,
        warning: 60,
        lost: 120,
        answer: 0,
    });
    check_with(
        &settings,
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        +59s
        +1s
          visitor < state Waiting, Reached, closes soon
        +1m
          visitor < Closed { by: Silence }
          visitor < state Closed { by: Silence, at: Timestamp(1800000120000) }, Reached
          room < visitor: Closed { by: Silence }
        "#,
    );
}
