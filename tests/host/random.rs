//! Random inputs, crashes and failures against what must always hold. The seed is printed on failure.

use shared::{
    conversation::{BotAnswer, BotSays, BotTurn, DeskRef, Failure, Input, TaskId, Understood, WatchState},
    file::FileKind,
    message::{Entry, Notice, Said, Seq, Span, plain},
    protocol::Phase,
};
use std::{collections::HashSet, time::Duration};
use tests::{Random, Scene, Stage, Unheard};

const GAMES: u64 = 1_000;
const STEPS: u64 = 80;

/// One conversation, and what its world has not let through yet.
struct Game {
    stage: Stage,
    random: Random,
    seed: u64,
    sent: u32,
    /// Signals that come later, in any order.
    held: Vec<DeskRef>,
    /// What agents wrote for the visitor.
    answers: HashSet<DeskRef>,
}

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_out_of_order() {
    let (mut closed, mut erased, mut open) = (0, 0, 0);
    for seed in 0..GAMES {
        let mut game = Game::new(seed);
        for _ in 0..STEPS {
            game.step();
            game.always();
        }
        game.heal();
        game.always();
        if game.is_erased() {
            erased += 1;
        } else if game.is_closed() {
            closed += 1;
        } else {
            open += 1;
            game.every_answer_is_shown();
            game.stage.take(Input::VisitorEnded);
        }
        game.stage.wait(Duration::from_secs(60 * 60));
        game.always();
        game.at_the_end();
    }
    // Each kind of end was tried.
    assert!(
        closed.min(erased).min(open) > GAMES / 20,
        "{closed} closed, {erased} erased, {open} open"
    );
}

impl Game {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let topic = if random.below(3) == 0 { "person" } else { "support" };
        Self {
            stage: Stage::set(Scene::new(topic)),
            random,
            seed,
            sent: 0,
            held: vec![],
            answers: HashSet::new(),
        }
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.random.below(many) == 0
    }

    fn step(&mut self) {
        match self.random.below(28) {
            0 => self.stage.connect(self.stage.conversation.stored_through()),
            1..=4 => {
                self.sent += 1;
                self.visitor_sends();
            }
            5 if self.sent > 0 => self.visitor_sends(),
            6 => {
                self.sent += 1;
                let (id, name) = (
                    format!("message-{}", self.sent),
                    format!("text {}.pdf", self.sent),
                );
                self.stage.send_file(&id, &name, 100, FileKind::Pdf);
            }
            7..=9 => {
                let answer = self.stage.agent_writes("answer");
                self.answered(answer);
            }
            10 => {
                let names = ["good", "good bad", "large good", "good scan"];
                let names = names[self.random.below(4) as usize];
                match self.random.below(3) {
                    0 => {
                        let answer = self.stage.agent_sends_files("", names);
                        self.answered(answer);
                    }
                    1 => {
                        let answer = self.stage.agent_sends_files("see there", names);
                        self.answered(answer);
                    }
                    _ => {
                        let note = self.stage.agent_sends_files("/note a secret", "secret scan");
                        self.signals(note);
                    }
                }
            }
            11 => self.stage.scan_ends(),
            12 => self.agent_commands(),
            13 | 14 => self.some_signal_comes(),
            15 => {
                let watch = if self.one_in(4) {
                    WatchState::Lost
                } else {
                    WatchState::Active
                };
                let active_at = (!self.one_in(3)).then_some(self.stage.now);
                self.stage.take(Input::SweepDue { watch, active_at });
            }
            16 => self.bot_answers("bot", Understood::Yes, BotTurn::GoesOn),
            17 => self.bot_answers("what?", Understood::No, BotTurn::GoesOn),
            18 if self.one_in(6) => self.bot_answers("people can tell", Understood::Yes, BotTurn::HandsOff),
            19 if self.one_in(6) => self.stage.take(Input::VisitorAskedForPerson),
            20 => self.stage.crash(),
            21 => {
                let retry_after = (self.one_in(2)).then(|| Duration::from_secs(self.random.below(40)));
                let failure = match self.random.below(3) {
                    0 => Failure::NotDone { retry_after },
                    _ => Failure::Passing { retry_after },
                };
                self.stage.desk_fails.push_back(failure);
            }
            22 => {
                let unheard = if self.one_in(3) {
                    Unheard::Nothing
                } else {
                    Unheard::Failure
                };
                self.stage.unheard.push_back(unheard);
            }
            23 | 24 => {
                self.stage.hidden.clear();
                self.stage.heartbeat_at = Some(self.stage.now);
                self.stage.wait(Duration::from_secs(self.random.below(90)));
            }
            25 => self.stage.take(Input::BotFailed {
                task: TaskId(u32::try_from(self.random.below(40)).unwrap_or_default()),
            }),
            26 if self.one_in(8) => self.stage.everybody_leaves(),
            27 if self.one_in(24) => self.stage.take(Input::VisitorEnded),
            27 if self.one_in(24) => self.stage.take(Input::VisitorErased),
            _ => {}
        }
    }

    /// The last message once more, if it has been sent before.
    fn visitor_sends(&mut self) {
        let sent = self.sent;
        self.stage
            .send(&format!("message-{sent}"), &format!("text {sent}"));
    }

    /// Its signal comes at once, twice, later, or never.
    fn answered(&mut self, answer: DeskRef) {
        self.answers.insert(answer.clone());
        self.signals(answer);
    }

    fn signals(&mut self, message: DeskRef) {
        // A list may not show it at once.
        if self.one_in(8) {
            self.stage.hidden.insert(message.clone());
        }
        match self.random.below(6) {
            0 => {}
            1 => self.held.extend([message.clone(), message]),
            2 | 3 => self.held.push(message),
            _ => self.stage.signal(&message),
        }
    }

    fn some_signal_comes(&mut self) {
        if !self.held.is_empty() {
            let at = self.random.below(self.held.len() as u64) as usize;
            let message = self.held.swap_remove(at);
            self.stage.signal(&message);
        }
    }

    fn agent_commands(&mut self) {
        let commands = [
            "/note a secret",
            "/help a secret",
            "/secret",
            "/bot",
            "/invite ben@example.com",
            "/transfer support",
            "/transfer secret",
            "/close",
        ];
        let at = self.random.below(commands.len() as u64) as usize;
        if commands[at] != "/close" || self.one_in(6) {
            let message = self.stage.agent_writes(commands[at]);
            self.signals(message);
        }
    }

    fn bot_answers(&mut self, text: &str, understood: Understood, turn: BotTurn) {
        let body = vec![Span {
            text: text.into(),
            href: None,
        }];
        let says = vec![BotSays {
            body,
            replies: vec![],
        }];
        self.stage.bot_answers(BotAnswer {
            says,
            understood,
            turn,
        });
    }

    /// Nothing fails any more, and the visitor stays while all is made good.
    fn heal(&mut self) {
        self.stage.desk_fails.clear();
        self.stage.unheard.clear();
        self.stage.hidden.clear();
        self.stage.scan_ends();
        self.stage.take(Input::VisitorStayed);
        for _ in 0..20 {
            self.stage.heartbeat_at = Some(self.stage.now);
            self.stage.wait(Duration::from_secs(30));
            self.stage.take(Input::SweepDue {
                watch: WatchState::Active,
                active_at: None,
            });
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.stage.conversation.state().phase, Phase::Closed { .. })
    }

    fn is_erased(&self) -> bool {
        self.stage.conversation.is_erased()
    }

    fn always(&self) {
        let seed = self.seed;
        let (mut ids, mut sources) = (HashSet::new(), HashSet::new());
        let mut handed_off = false;
        for (index, (entry, source)) in self.stage.rows.iter().enumerate() {
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
                Said::Visitor { id, .. } => {
                    assert!(
                        ids.insert(id.as_str().to_owned()),
                        "a message doubled, seed {seed}"
                    );
                }
                Said::Bot { .. } => assert!(!handed_off, "the bot spoke after the hand-off, seed {seed}"),
                Said::Agent { body, .. } => {
                    handed_off = true;
                    assert!(
                        !plain(body).contains("secret"),
                        "a command was shown, seed {seed}"
                    );
                }
                Said::Notice(Notice::HandedBack) => handed_off = false,
                Said::Notice(_) | Said::Newer(_) => {}
            }
        }
        let delivered = self.stage.conversation.state().delivered;
        assert!(
            delivered <= self.last(),
            "delivered what was not said, seed {seed}"
        );
        assert!(
            self.stage.threads <= 1,
            "{} threads, seed {seed}",
            self.stage.threads
        );
    }

    fn last(&self) -> Seq {
        self.stage
            .rows
            .last()
            .map_or(self.stage.conversation.state().last, |(entry, _)| entry.seq)
    }

    fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.stage.rows.iter().filter_map(|(entry, _)| match &entry.said {
            Said::Notice(notice) => Some(notice),
            Said::Visitor { .. } | Said::Bot { .. } | Said::Agent { .. } | Said::Newer(_) => None,
        })
    }

    fn every_answer_is_shown(&self) {
        // What was begun again and again without an end is given up, and both are told.
        if self.notices().any(|notice| *notice == Notice::NotShown) {
            return;
        }
        let shown: HashSet<DeskRef> = self
            .stage
            .rows
            .iter()
            .filter_map(|(_, source)| source.clone())
            .collect();
        let missing: Vec<_> = self.answers.difference(&shown).collect();
        assert!(missing.is_empty(), "{missing:?} not shown, seed {}", self.seed);
    }

    /// The desk works again: all that the visitor wrote is in the room, once and in order, and the watch is gone.
    fn at_the_end(&self) {
        let seed = self.seed;
        assert!(
            !self.stage.watched,
            "the webhook outlives the conversation, seed {seed}"
        );
        let cards = self
            .stage
            .room
            .iter()
            .filter(|line| *line == "visitor: card")
            .count();
        assert!(
            cards == 1 || cards == 0 && self.stage.is_erased,
            "{cards} cards, seed {seed}"
        );
        if self.is_erased() {
            assert!(
                self.stage.is_erased && self.stage.rows.is_empty(),
                "something is left, seed {seed}"
            );
            return;
        }
        let given_up: Vec<Seq> = self
            .notices()
            .filter_map(|notice| {
                if let Notice::NotDelivered { seq } = notice {
                    Some(*seq)
                } else {
                    None
                }
            })
            .collect();
        let line = |(entry, _): &(Entry, _)| match &entry.said {
            Said::Visitor { files, .. } if !files.is_empty() => files
                .iter()
                .map(|file| format!("visitor: file {} {}", file.number, file.name))
                .next(),
            Said::Visitor { text, .. } => Some(format!("visitor: {text}")),
            Said::Bot { .. } | Said::Agent { .. } | Said::Notice(_) | Said::Newer(_) => None,
        };
        let is_wanted = |(entry, _): &&(Entry, _)| !given_up.contains(&entry.seq);
        let wanted: Vec<String> = self
            .stage
            .rows
            .iter()
            .filter(is_wanted)
            .filter_map(line)
            .collect();
        let known: HashSet<&String> = wanted.iter().collect();
        let posted: Vec<&String> = self
            .stage
            .room
            .iter()
            .filter(|line| known.contains(line))
            .collect();
        assert_eq!(
            posted,
            wanted.iter().collect::<Vec<_>>(),
            "room and transcript differ, seed {seed}"
        );
    }
}
