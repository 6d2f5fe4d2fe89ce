//! The rules of a conversation, as scripts. A script is compared whole: what is not listed did not happen.

use tests::play;

/// Lines that say what came of the line before: to the visitor, to the room, from the desk.
fn is_effect(line: &str) -> bool {
    line.contains(" < ") || line.starts_with("desk fails: ")
}

#[track_caller]
fn check(script_with_effects: &str) {
    let lines: Vec<&str> = script_with_effects
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let script: Vec<&str> = lines.iter().copied().filter(|line| !is_effect(line)).collect();
    let played = play(&script.join("\n"));
    let played: Vec<&str> = played.lines().map(str::trim).collect();
    assert!(played == lines, "played:\n{}", played.join("\n"));
}

#[test]
fn the_bot_answers_then_hands_off_by_its_own_word() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        bot: Hi there
          visitor < bot: Hi there
          room < bot: Hi there
        visitor: transfer to agent
          visitor < visitor: transfer to agent
          room < visitor: transfer to agent
        bot hands off: I'm transferring you
          visitor < bot: I'm transferring you
          visitor < state Waiting, Reached
          room < bot: I'm transferring you
          room < visitor: HandedOff { cause: Bot }
        visitor: are you there
          visitor < visitor: are you there
          room < visitor: are you there
        agent: Hello, Anna here
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: Hello, Anna here
        visitor: thanks
          visitor < visitor: thanks
          room < visitor: thanks
        agent: Bye
          visitor < Support: Bye
        "#,
    );
}

#[test]
fn the_visitor_asks_for_a_person_and_late_answers_are_not_shown() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        visitor asks for a person
          visitor < PersonAsked
          visitor < state Waiting, Reached
          room < visitor: HandedOff { cause: Visitor }
        bot: Greetings
        bot: too late
        visitor asks for a person
        "#,
    );
}

#[test]
fn a_bot_that_fails_hands_off() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        bot fails
          visitor < BotFailed
          visitor < state Waiting, Reached
          room < visitor: HandedOff { cause: BotFailed }
        "#,
    );
}

#[test]
fn a_bot_that_says_nothing_hands_off_but_need_not_greet() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot says nothing
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        bot says nothing
          visitor < BotFailed
          visitor < state Waiting, Reached
          room < visitor: HandedOff { cause: BotFailed }
        "#,
    );
}

#[test]
fn a_bot_that_keeps_not_understanding_hands_off() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: a
          visitor < visitor: a
          room < visitor: a
        bot does not understand
          visitor < bot: Sorry?
          room < bot: Sorry?
        visitor: b
          visitor < visitor: b
          room < visitor: b
        bot does not understand
          visitor < bot: Sorry?
          room < bot: Sorry?
        visitor: c
          visitor < visitor: c
          room < visitor: c
        bot: now I do
          visitor < bot: now I do
          room < bot: now I do
        visitor: d
          visitor < visitor: d
          room < visitor: d
        bot does not understand
          visitor < bot: Sorry?
          room < bot: Sorry?
        visitor: e
          visitor < visitor: e
          room < visitor: e
        bot does not understand
          visitor < bot: Sorry?
          room < bot: Sorry?
        visitor: f
          visitor < visitor: f
          room < visitor: f
        bot does not understand
          visitor < bot: Sorry?
          visitor < BotFailed
          visitor < state Waiting, Reached
          room < bot: Sorry?
          room < visitor: HandedOff { cause: BotFailed }
        visitor: g
          visitor < visitor: g
          room < visitor: g
        "#,
    );
}

#[test]
fn an_agent_who_writes_takes_over_from_the_bot() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        agent: I take this one
          visitor < state Waiting, Reached
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: I take this one
          room < visitor: HandedOff { cause: Agent }
        bot: too late
        "#,
    );
}

#[test]
fn a_personal_thread_shows_the_name() {
    check(
        r#"
        start person
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
fn the_time_the_desk_asks_for_is_kept() {
    check(
        r#"
        start person
          room < visitor: card
        connect
        desk asks to wait 25s
        visitor: one
          visitor < visitor: one
        desk fails: Passing { retry_after: Some(25s) }
          visitor < state Waiting, Retrying
        +24s
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
          room < visitor: card
        connect
        desk refuses
        visitor: one
          visitor < visitor: one
        desk fails: Refused
          visitor < NotDelivered { seq: Seq(1) }
        visitor: two
          visitor < visitor: two
          room < visitor: two
        "#,
    );
}

#[test]
fn a_bot_account_that_cannot_post_is_stood_in_for() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        desk refuses
        bot: Greetings
          visitor < bot: Greetings
        desk fails: Refused
          room < visitor: Greetings
        "#,
    );
}

#[test]
fn a_deleted_thread_ends_the_conversation() {
    check(
        r#"
        start person
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
fn a_crash_repeats_nothing_that_was_done() {
    check(
        r#"
        start support
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        crash
        bot: Hi
          visitor < bot: Hi
          room < bot: Hi
        agent: Hello
          visitor < state Waiting, Reached
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: Hello
          room < visitor: HandedOff { cause: Agent }
        crash
        agent: Again
          visitor < Support: Again
        crash
        visitor: ok
          visitor < visitor: ok
          room < visitor: ok
        "#,
    );
}
