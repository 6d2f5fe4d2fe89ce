//! Who answers, bot or people, as scripts. A script is compared whole: what is not listed did not happen.

use tests::check;

#[test]
fn the_bot_answers_then_hands_off_by_its_own_word() {
    check(
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
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
          room < + anna@example.com
          room < + ben@example.com
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
          room < + anna@example.com
          room < + ben@example.com
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
          room < + anna@example.com
          room < + ben@example.com
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
          room < + anna@example.com
          room < + ben@example.com
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
          room < + anna@example.com
          room < + ben@example.com
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
fn a_bot_account_that_cannot_post_is_stood_in_for() {
    check(
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        desk refuses
        bot: Greetings
          visitor < bot: Greetings
        desk fails: Refused
          room < visitor: Assistant: Greetings
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        bot: What can I do?
          visitor < bot: What can I do?
          room < visitor: Assistant: What can I do?
        "#,
    );
}

#[test]
fn a_crash_repeats_nothing_that_was_done() {
    check(
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
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
