//! Random inputs, crashes and failures against what must always hold. The seed is printed on failure.

use shared::{
    conversation::{BotAnswer, BotSays, BotTurn, Failure, Input, TaskId, Understood},
    message::{Said, Span},
};
use std::{collections::HashSet, time::Duration};
use tests::{Random, Stage};

const GAMES: u64 = 1_500;
const STEPS: u64 = 60;

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_out_of_order() {
    for seed in 0..GAMES {
        let mut random = Random(seed);
        let topic = if random.below(3) == 0 { "person" } else { "support" };
        let mut stage = Stage::start(topic);
        let mut sent = 0;
        for _ in 0..STEPS {
            step(&mut stage, &mut random, &mut sent);
            always(&stage, seed);
        }
        stage.desk_fails.clear();
        stage.wait(Duration::from_secs(60 * 60));
        always(&stage, seed);
        at_the_end(&stage, seed);
    }
}

fn step(stage: &mut Stage, random: &mut Random, sent: &mut u32) {
    let says = |text: &str| {
        vec![BotSays {
            body: vec![Span {
                text: text.into(),
                href: None,
            }],
            replies: vec![],
        }]
    };
    match random.below(16) {
        0 => stage.connect(stage.conversation.stored_through()),
        1..=4 => {
            *sent += 1;
            stage.send(&format!("message-{sent}"), &format!("text {sent}"));
        }
        5 if *sent > 0 => stage.send(&format!("message-{sent}"), &format!("text {sent}")),
        6 | 7 => {
            let message = stage.agent_writes("answer");
            stage.take(Input::DeskSignalled { message });
        }
        8 => {
            let answer = BotAnswer {
                says: says("bot"),
                ..BotAnswer::default()
            };
            stage.bot_answers(answer);
        }
        9 => {
            let understood = Understood::No;
            stage.bot_answers(BotAnswer {
                says: says("what?"),
                understood,
                turn: BotTurn::GoesOn,
            });
        }
        10 if random.below(6) == 0 => stage.take(Input::VisitorAskedForPerson),
        11 => stage.crash(),
        12 => {
            let retry_after = (random.below(2) == 0).then(|| Duration::from_secs(random.below(40)));
            stage.desk_fails.push_back(Failure::Passing { retry_after });
        }
        13 => {
            stage.heartbeat_at = Some(stage.now);
            stage.wait(Duration::from_secs(random.below(90)));
        }
        14 => stage.take(Input::BotFailed {
            task: TaskId(u32::try_from(random.below(40)).unwrap_or_default()),
        }),
        15 if random.below(12) == 0 => stage.take(Input::VisitorEnded),
        _ => {}
    }
}

fn always(stage: &Stage, seed: u64) {
    let mut ids = HashSet::new();
    let mut sources = HashSet::new();
    let mut handed_off = false;
    for (index, (entry, source)) in stage.rows.iter().enumerate() {
        assert_eq!(
            entry.seq.0 as usize,
            index + 1,
            "a gap in the transcript, seed {seed}"
        );
        if let Some(source) = source {
            assert!(
                sources.insert(source.clone()),
                "an agent's message doubled, seed {seed}"
            );
        }
        match &entry.said {
            Said::Visitor { id, .. } => assert!(
                ids.insert(id.as_str().to_owned()),
                "a message doubled, seed {seed}"
            ),
            Said::Bot { .. } => assert!(!handed_off, "the bot spoke after the hand-off, seed {seed}"),
            Said::Agent { .. } => handed_off = true,
            Said::Notice(_) => {}
        }
    }
}

/// The desk works again: all that the visitor wrote is in the room, once and in order, and the watch is gone.
fn at_the_end(stage: &Stage, seed: u64) {
    let stored: Vec<String> = stage
        .rows
        .iter()
        .filter_map(|(entry, _)| match &entry.said {
            Said::Visitor { text, .. } => Some(format!("visitor: {text}")),
            Said::Bot { .. } | Said::Agent { .. } | Said::Notice(_) => None,
        })
        .collect();
    let posted: Vec<&String> = stage
        .room
        .iter()
        .filter(|line| line.starts_with("visitor: text"))
        .collect();
    assert_eq!(
        posted,
        stored.iter().collect::<Vec<_>>(),
        "room and transcript differ, seed {seed}"
    );
    assert!(
        !stage.watched,
        "the webhook outlives the conversation, seed {seed}"
    );
    assert_eq!(
        stage.room.iter().filter(|line| *line == "visitor: card").count(),
        1,
        "seed {seed}"
    );
}
