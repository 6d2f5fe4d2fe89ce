//! Room kinds, hours, and what is done when nobody comes, as scripts.

use shared::{
    hours::Interval,
    settings::{Joining, RoomKind, Settings},
    time::Timestamp,
};
use std::time::Duration;
use tests::{check, check_with, settings};

const START: Timestamp = Timestamp(1_800_000_000_000);

/// The topic `support` without a bot, in a room of this kind.
fn support(room: RoomKind, answer: u32) -> Settings {
    let mut settings = settings();
    settings.timeouts.answer = answer;
    let topic = &mut settings.topics[1];
    topic.room = room;
    topic.bot = Default::default();
    settings
}

fn open_for(minutes: u64) -> Option<Vec<Interval>> {
    let until = START + Duration::from_secs(minutes * 60);
    Some(vec![Interval { from: START, until }])
}

#[test]
fn a_mixed_room_begins_personal_and_others_can_be_called_in() {
    check_with(
        &support(RoomKind::Mixed, 0),
        None,
        r#"
        start support
          room < visitor: card
          room < + anna@example.com
        connect
        agent: Hello
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello
        agent: /invite ben@example.com
          room < + ben@example.com (invited)
          visitor < AgentJoined { name: "Ben" }
        ben: I know this
          visitor < Ben: I know this
        agent: Me too
          visitor < Anna: Me too
        ben: Bye
          visitor < Ben: Bye
        "#,
    );
}

#[test]
fn others_come_in_silently_where_the_owner_wants_it() {
    let mut settings = support(RoomKind::Mixed, 0);
    settings.desk.joining = Joining::Silent;
    check_with(
        &settings,
        None,
        r#"
        start support
          room < visitor: card
          room < + anna@example.com
        connect
        agent: Hello
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello
        agent: /invite ben@example.com
          room < + ben@example.com (invited)
        ben: I know this
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: I know this
        agent: Me too
          visitor < Support: Me too
        "#,
    );
}

#[test]
fn somebody_added_in_the_desk_itself_makes_it_a_group_too() {
    check_with(
        &support(RoomKind::Mixed, 0),
        None,
        r#"
        start support
          room < visitor: card
          room < + anna@example.com
        connect
        agent: Hello
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello
        ben: Hello from me
          visitor < AgentJoined { name: "Ben" }
          visitor < state WithAgent { name: "Ben" }, Reached
          visitor < Ben: Hello from me
        agent: We are two now
          visitor < Anna: We are two now
        "#,
    );
}

#[test]
fn nobody_is_invited_into_a_personal_room() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: /invite ben@example.com
          room < visitor: InviteRefused
        "#,
    );
}

#[test]
fn what_is_no_address_is_said() {
    check_with(
        &support(RoomKind::Group, 0),
        None,
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        agent: /invite
          room < visitor: NotAnAddress { text: "" }
        agent: /invite ben, <carl@example.com>
          room < + carl@example.com (invited)
          room < visitor: NotAnAddress { text: "ben" }
        agent: /invite all of you, please come: a@b.pl c@b.pl d@b.pl e@b.pl f@b.pl g@b.pl h@b.pl i@b.pl j@b.pl k@b.pl l@b.pl m@b.pl
          room < + a@b.pl (invited)
          room < + c@b.pl (invited)
          room < + d@b.pl (invited)
          room < + e@b.pl (invited)
          room < + f@b.pl (invited)
          room < + g@b.pl (invited)
          room < + h@b.pl (invited)
          room < + i@b.pl (invited)
          room < + j@b.pl (invited)
          room < + k@b.pl (invited)
          room < visitor: TooManyInvited { most: 10 }
          room < visitor: NotAnAddress { text: "all of you please come:" }
        "#,
    );
}

#[test]
fn a_transfer_asks_the_other_topics_people() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent: Hello
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: Hello
        agent: /transfer nowhere
          room < visitor: UnknownTopic { known: ["sales", "support", "person"] }
        agent: /transfer support
          visitor < Transferred { topic: "Support" }
          visitor < state Waiting, Reached
          room < visitor: Transferred { topic: "Support" }
          room < + ben@example.com
        ben: I am from support
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: I am from support
        "#,
    );
}

#[test]
fn when_nobody_answers_the_next_is_called_and_then_a_message_can_be_left() {
    check_with(
        &support(RoomKind::Personal, 60),
        None,
        r#"
        start support
          room < visitor: card
          room < + anna@example.com
        connect
        +59s
        +1s
          room < + ben@example.com
        +1m
          visitor < NobodyAnswered
          visitor < state Waiting, Reached, leave a message
          room < visitor: NobodyAnswered
        +5m
        ben: Sorry, here I am
          visitor < AgentJoined { name: "Ben" }
          visitor < state WithAgent { name: "Ben" }, Reached
          visitor < Ben: Sorry, here I am
        "#,
    );
}

#[test]
fn a_group_that_does_not_answer_has_nobody_else_to_call() {
    check_with(
        &support(RoomKind::Group, 60),
        None,
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        +1m
          visitor < NobodyAnswered
          visitor < state Waiting, Reached, leave a message
          room < visitor: NobodyAnswered
        "#,
    );
}

#[test]
fn a_representative_who_cannot_be_added_is_followed_by_the_next() {
    check_with(
        &support(RoomKind::Personal, 0),
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        refuses to add
        agent: /transfer support
          visitor < Transferred { topic: "Support" }
          visitor < state Waiting, Reached
          room < visitor: Transferred { topic: "Support" }
          room < visitor: ParticipantNotAdded { who: Agent("anna@example.com") }
          room < + ben@example.com
        "#,
    );
}

#[test]
fn closing_time_while_waiting_is_told() {
    check_with(
        &support(RoomKind::Group, 0),
        open_for(10),
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        +9m
        +1m
          visitor < TeamClosed
          visitor < state Waiting, Reached, leave a message
          room < visitor: TeamClosed
        agent: I am still here
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: I am still here
        "#,
    );
}

#[test]
fn closing_time_during_a_chat_changes_nothing() {
    check_with(
        &support(RoomKind::Group, 0),
        open_for(10),
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        agent: Hello
          visitor < AgentJoined { name: "Support" }
          visitor < state WithAgent { name: "Support" }, Reached
          visitor < Support: Hello
        +11m
        visitor: still there?
          visitor < visitor: still there?
          room < visitor: still there?
        agent: Yes
          visitor < Support: Yes
        "#,
    );
}

#[test]
fn a_bot_that_hands_off_at_night_offers_a_message() {
    check_with(
        &settings(),
        Some(vec![]),
        r#"
        start support
          room < + anna@example.com
          room < + ben@example.com
          room < visitor: card
        connect
        bot: Greetings
          visitor < bot: Greetings
          room < bot: Greetings
        visitor: a person
          visitor < visitor: a person
          room < visitor: a person
        bot hands off: Let me see
          visitor < bot: Let me see
          visitor < TeamClosed
          visitor < state Waiting, Reached, leave a message
          room < bot: Let me see
          room < visitor: HandedOff { cause: Bot }
          room < visitor: TeamClosed
        "#,
    );
}

#[test]
fn what_is_asked_of_the_site_keeps_no_message_from_the_team() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        desk always fails: Site(FindTopic
        agent: /transfer support
        visitor: hello
          visitor < visitor: hello
          room < visitor: hello
        +1m
        desk works
        +2m
          visitor < Transferred { topic: "Support" }
          visitor < state Waiting, Reached
          room < visitor: Transferred { topic: "Support" }
          room < + ben@example.com
        "#,
    );
}

#[test]
fn somebody_is_called_when_the_site_does_not_say_whose_turn_it_is() {
    check_with(
        &support(RoomKind::Mixed, 0),
        None,
        r#"
        from the start desk always fails: Site(Choose
        start support
          visitor < state Waiting, Retrying
        connect
        +1m
          visitor < state Waiting, Reached
          room < visitor: card
          room < + anna@example.com
        "#,
    );
}
