//! What a message costs in rows written: they are what a conversation's bill is made of.

use shared::{conversation::Input, message::Seq};
use tests::Stage;

/// Rows that one step writes, alarms included, once the chat is under way.
fn rows(stage: &mut Stage, step: impl FnOnce(&mut Stage)) -> usize {
    let before = stage.rows_written;
    step(stage);
    stage.rows_written - before
}

fn under_way() -> Stage {
    let mut stage = Stage::start("person");
    stage.connect(Seq(0));
    let first = stage.agent_writes("hello");
    stage.take(Input::DeskSignalled { message: first });
    stage.send("message-0", "hello");
    stage
}

#[test]
fn a_message_of_the_visitor_is_three_rows_and_of_an_agent_two() {
    let mut stage = under_way();
    for n in 1..200 {
        stage.wait(std::time::Duration::from_secs(5));
        stage.heartbeat_at = Some(stage.now);
        let visitor = rows(&mut stage, |stage| stage.send(&format!("message-{n}"), "text"));
        assert!(visitor <= 3, "{visitor} rows");
        let agent = rows(&mut stage, |stage| {
            let message = stage.agent_writes("answer");
            stage.take(Input::DeskSignalled { message });
        });
        assert!(agent <= 2, "{agent} rows");
    }
}

#[test]
fn what_is_stored_besides_the_transcript_does_not_grow_with_it() {
    let mut stage = under_way();
    let mut sizes = vec![];
    for n in 1..2_000 {
        stage.wait(std::time::Duration::from_secs(5));
        stage.heartbeat_at = Some(stage.now);
        stage.send(&format!("message-{n}"), "text");
        let message = stage.agent_writes("answer");
        stage.take(Input::DeskSignalled { message });
        sizes.push(stage.snapshot.len());
    }
    assert!(
        sizes[1_900] < sizes[100] + 100,
        "{} then {}",
        sizes[100],
        sizes[1_900]
    );
}
