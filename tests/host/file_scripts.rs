//! Files, both ways, as scripts.

use tests::{check, check_with, private_replies, settings};

#[test]
fn a_visitor_sends_what_the_site_allows() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor sends file: ../bill.pdf
          visitor < visitor: [file 1 bill.pdf]
          room < visitor: file 1 bill.pdf
        visitor sends file: setup.exe
          visitor < rejected FileRefused
        visitor sends file: large.pdf
          visitor < rejected FileTooLarge
        visitor ends
          visitor < Closed { by: Visitor }
          visitor < state Closed { by: Visitor, at: Timestamp(1800000000000) }, Reached
          room < visitor: Closed { by: Visitor }
        visitor sends file: late.pdf
          visitor < rejected Closed
        "#,
    );
}

#[test]
fn without_a_word_about_files_there_are_none() {
    let mut settings = settings();
    settings.attachments = None;
    check_with(
        &settings,
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        visitor sends file: bill.pdf
          visitor < rejected FileRefused
        "#,
    );
}

#[test]
fn what_an_agent_sends_arrives_unless_it_is_too_large_or_not_safe() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends files: offer.pdf plan.png
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: [file 1 offer.pdf][file 2 plan.png]
        agent sends files: bad.zip large.mov
          room < visitor: FileNotPassed { name: "bad.zip" }
          room < visitor: FileNotPassed { name: "large.mov" }
        crash
        agent sends files: more.txt
          visitor < Anna: [file 3 more.txt]
        "#,
    );
}

#[test]
fn where_replies_are_private_a_file_alone_stays_in_the_room() {
    check_with(
        &private_replies(),
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends files: internal.pdf
        "#,
    );
}

#[test]
fn the_files_of_a_command_are_the_teams_own_also_when_they_come_late() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends scan.pdf, writing: /note what we may give away
        +70s
        scan ends
        +60s
        agent sends scan.pdf, writing: /help
          room < visitor: Help
        +70s
        scan ends
        +60s
        "#,
    );
}

#[test]
fn files_that_the_end_leaves_behind_are_told_of() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends scan.pdf, writing: here it is
        +70s
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: here it is
        agent: /close
          visitor < NotShown
          visitor < Closed { by: Agent }
          visitor < state Closed { by: Agent, at: Timestamp(1800000070000) }, Reached
          room < visitor: NotShown
          room < visitor: Closed { by: Agent }
        "#,
    );
}

#[test]
fn what_the_end_comes_in_between_of_is_told_of_too() {
    check(
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends scan.pdf, writing: here it is
        +10s
        visitor ends
          visitor < NotShown
          visitor < Closed { by: Visitor }
          visitor < state Closed { by: Visitor, at: Timestamp(1800000010000) }, Reached
          room < visitor: NotShown
          room < visitor: Closed { by: Visitor }
        "#,
    );
}

#[test]
fn a_marked_line_and_its_files_arrive_one_after_the_other() {
    check_with(
        &private_replies(),
        None,
        r#"
        start person
          room < + anna@example.com
          room < visitor: card
        connect
        agent sends scan.pdf, writing: ! here it is
        +70s
          visitor < AgentJoined { name: "Anna" }
          visitor < state WithAgent { name: "Anna" }, Reached
          visitor < Anna: here it is
        scan ends
        +60s
          visitor < Anna: [file 1 scan.pdf]
        "#,
    );
}
