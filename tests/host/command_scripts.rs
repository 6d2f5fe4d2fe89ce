//! What agents can do in the thread beside answering, as scripts.

use shared::{
    conversation::{Failure, Input, WatchState},
    message::Said,
};
use std::time::Duration;
use tests::{Stage, check, check_with, private_replies};

#[test]
fn the_bot_gets_the_conversation_back_and_people_can_take_it_again() {
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
        agent: Hello
          visitor < state Waiting, Reached
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: Hello
          room < visitor: HandedOff { cause: Agent }
        agent: /bot
          visitor < HandedBack
          visitor < state WithBot, Reached
          room < visitor: HandedBack
        agent: /bot
        bot says nothing
        visitor: thanks
          visitor < visitor: thanks
          room < visitor: thanks
        bot: You are welcome
          visitor < bot: You are welcome
          room < bot: You are welcome
        agent: One more thing
          visitor < state Waiting, Reached
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: One more thing
          room < visitor: HandedOff { cause: Agent }
        "#,
    );
}

#[test]
fn without_a_bot_there_is_nothing_to_hand_back_to() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: /bot
          room < visitor: NoBot
        agent: /help
          room < visitor: Help
        "#,
    );
}

#[test]
fn a_blocked_visitor_is_sent_away_and_the_site_remembers() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: /block
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000000000) }, Reached
          room < visitor: Blocked
          room < visitor: Closed { by: Agent }
        "#,
    );
}

#[test]
fn where_replies_are_private_only_marked_lines_go_out() {
    check_with(
        &private_replies(),
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: what does she want?
        agent: ! Hello, how can I help?
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello, how can I help?
        agent: /close
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Agent }
        "#,
    );
}

#[test]
fn what_no_signal_told_of_is_found_by_the_sweep() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: one
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: one
        unheard: two
        unheard: three
        sweep
          visitor < Anna: two
          visitor < Anna: three
        sweep
        agent: four
          visitor < Anna: four
        watch lost
        unheard: five
        agent: /close
          visitor < Anna: five
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Agent }
        "#,
    );
}

#[test]
fn a_sweep_that_fails_is_tried_again_and_runs_no_command_twice() {
    let mut stage = Stage::start("support");
    for n in 0..40 {
        let message = stage.agent_writes(&format!("/note {n}"));
        stage.take(Input::DeskSignalled { message });
    }
    let message = stage.agent_writes("/transfer sales");
    stage.take(Input::DeskSignalled { message });
    let before = stage.room.len();
    stage.agent_writes("unheard");
    stage.desk_fails.push_back(Failure::Passing { retry_after: None });
    stage.take(Input::SweepDue {
        watch: WatchState::Active,
        active_at: None,
    });
    stage.wait(Duration::from_secs(5));
    assert_eq!(stage.room.len(), before, "{:?}", &stage.room[before..]);
    let said = stage
        .rows
        .iter()
        .filter(|(entry, _)| matches!(entry.said, Said::Agent { .. }));
    assert_eq!(said.count(), 1);
}
