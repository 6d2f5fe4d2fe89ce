//! Scripts: one line a thing that happens, answered by what it leads to.

use crate::{Scene, Stage, settings};
use shared::{
    conversation::{BotAnswer, BotSays, BotTurn, Failure, Input, Understood, WatchState},
    file::FileKind,
    hours::Interval,
    message::{Seq, Span},
    settings::Settings,
};
use std::time::Duration;

/// Plays a script and returns it with the effects under each line. Lines:
///
/// `start TOPIC` · `connect` · `disconnect` · `visitor: TEXT` · `visitor repeats` · `visitor asks for a person` ·
/// `visitor stays` · `visitor ends` · `bot: TEXT` · `bot says nothing` · `bot does not understand` ·
/// `bot hands off: TEXT` · `bot fails` · `agent: TEXT` · `desk fails [N times|after 25s]` · `desk refuses` ·
/// `visitor sends file: NAME` (`large…` is too large, `….exe` is not allowed) · `agent sends files: NAMES` and `agent sends NAMES, writing: TEXT` (`bad…` is
/// infected, `scan…` is looked through) · `ben: TEXT`, `carl: TEXT` (other agents) · `unheard: TEXT` (no signal comes) · `sweep` · `watch lost` ·
/// `start TOPIC, leaves: TEXT` · `visitor rates 5: COMMENT` · `visitor erases` · `refuses to add` (the next person) · `thread gone` · `desk always fails: KIND` and `desk always refuses: KIND` (`AddParticipant`, `Watch`, `Read` …) until `desk works`,
/// with `from the start` also before `start` ·
/// `desk is busy` (once) · `scan ends` · `traps on: TEXT` (a task or a result with this in it stops the object) · `crash` · `restart` (a crash that ends the connections) · `+5m`, `+10s` (heartbeats go on while connected) · `half-open` (they do not)
fn play(settings: &Settings, open: Option<Vec<Interval>>, script: &str) -> String {
    let mut player = Player {
        settings: settings.clone(),
        open,
        stage: None,
        always_fails: vec![],
        sent: 0,
        last: String::new(),
        heartbeats: false,
    };
    let mut told = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        told.push_str(line);
        told.push('\n');
        for effect in player.line(line) {
            told.push_str(&effect);
            told.push('\n');
        }
    }
    told
}

struct Player {
    settings: Settings,
    open: Option<Vec<Interval>>,
    stage: Option<Stage>,
    always_fails: Vec<(String, Failure)>,
    sent: u32,
    last: String,
    heartbeats: bool,
}

impl Player {
    fn line(&mut self, line: &str) -> Vec<String> {
        let passing = Failure::Passing { retry_after: None };
        if let Some(kind) = line.strip_prefix("from the start desk always fails: ") {
            self.always_fails.push((kind.into(), passing));
            return vec![];
        } else if let Some(kind) = line.strip_prefix("from the start desk always refuses: ") {
            self.always_fails.push((kind.into(), Failure::Refused));
            return vec![];
        } else if let Some(topic) = line.strip_prefix("start ") {
            let (topic, message) = match topic.split_once(", leaves: ") {
                Some((topic, message)) => (topic, Some(message.into())),
                None => (topic, None),
            };
            self.stage = Some(Stage::set(Scene {
                settings: self.settings.clone(),
                open: self.open.clone(),
                message,
                always_fails: std::mem::take(&mut self.always_fails),
                ..Scene::new(topic)
            }));
        } else {
            let mut stage = self.stage.take().unwrap_or_else(|| panic!("begin with `start`"));
            self.act(line, &mut stage);
            self.stage = Some(stage);
        }
        self.stage
            .as_mut()
            .map(|stage| std::mem::take(&mut stage.log))
            .unwrap_or_default()
    }

    fn act(&mut self, line: &str, stage: &mut Stage) {
        let answer = |text: &str, understood, turn| {
            let says = BotSays {
                body: vec![Span {
                    text: text.into(),
                    href: None,
                }],
                replies: vec![],
            };
            let says = if text.is_empty() { vec![] } else { vec![says] };
            BotAnswer {
                says,
                understood,
                turn,
            }
        };
        let passing = Failure::Passing { retry_after: None };
        let (head, text) = line.split_once(": ").unwrap_or((line, ""));
        match head {
            "connect" => {
                self.heartbeats = true;
                stage.connect(Seq(0));
            }
            "half-open" => self.heartbeats = false,
            "disconnect" => {
                self.heartbeats = false;
                stage.heartbeat_at = None;
                stage.take(Input::VisitorDisconnected);
            }
            "visitor" => {
                self.sent += 1;
                self.last = text.into();
                stage.send(&format!("message-{}", self.sent), text);
            }
            "visitor sends file" => {
                self.sent += 1;
                let kind = if text.ends_with("exe") {
                    FileKind::Other
                } else {
                    FileKind::Pdf
                };
                let size = if text.starts_with("large") { 11 << 20 } else { 100 };
                stage.send_file(&format!("message-{}", self.sent), text, size, kind);
            }
            "agent sends files" => {
                let message = stage.agent_sends_files("", text);
                stage.take(Input::DeskSignalled { message });
            }
            head if head.starts_with("agent sends ") => {
                let names = head
                    .trim_start_matches("agent sends ")
                    .trim_end_matches(", writing");
                let message = stage.agent_sends_files(text, names);
                stage.take(Input::DeskSignalled { message });
            }
            "visitor repeats" => stage.send(&format!("message-{}", self.sent), &self.last),
            "visitor reuses the id" => stage.send(&format!("message-{}", self.sent), "something else"),
            "visitor asks for a person" => stage.take(Input::VisitorAskedForPerson),
            "visitor stays" => stage.take(Input::VisitorStayed),
            "visitor ends" => stage.take(Input::VisitorEnded),
            "bot" => stage.bot_answers(answer(text, Understood::Yes, BotTurn::GoesOn)),
            "bot says nothing" => stage.bot_answers(answer("", Understood::Yes, BotTurn::GoesOn)),
            "bot does not understand" => stage.bot_answers(answer("Sorry?", Understood::No, BotTurn::GoesOn)),
            "bot hands off" => stage.bot_answers(answer(text, Understood::Yes, BotTurn::HandsOff)),
            "bot fails" => {
                if let Some((task, _)) = stage.bot_asks.pop_front() {
                    stage.take(Input::BotFailed { task });
                }
            }
            "agent" => {
                let message = stage.agent_writes(text);
                stage.take(Input::DeskSignalled {
                    message: message.clone(),
                });
                stage.take(Input::DeskSignalled { message });
            }
            "desk fails" => stage.desk_fails.push_back(passing),
            "desk asks to wait 25s" => {
                stage.desk_fails.push_back(Failure::Passing {
                    retry_after: Some(Duration::from_secs(25)),
                });
            }
            "desk refuses" => stage.desk_fails.push_back(Failure::Refused),
            "thread gone" => stage.desk_fails.push_back(Failure::ThreadGone),
            "crash" => stage.crash(),
            "visitor rates 5" => stage.take(Input::VisitorRated {
                stars: 5,
                comment: text.into(),
            }),
            "desk always fails" => stage.always_fails.push((text.into(), passing)),
            "desk always refuses" => stage.always_fails.push((text.into(), Failure::Refused)),
            "desk works" => stage.always_fails.clear(),
            "desk is busy" => stage.desk_fails.push_back(Failure::NotDone { retry_after: None }),
            "scan ends" => stage.scan_ends(),
            "traps on" => stage.traps_on = Some(text.into()),
            "restart" => {
                self.heartbeats = false;
                stage.heartbeat_at = None;
                stage.connected = false;
                stage.crash();
            }
            "refuses to add" => stage.refuses_to_add = true,
            "visitor erases" => stage.take(Input::VisitorErased),
            "sweep" => stage.take(Input::SweepDue {
                watch: WatchState::Active,
                active_at: None,
            }),
            "watch lost" => {
                stage.watched = false;
                stage.take(Input::SweepDue {
                    watch: WatchState::Lost,
                    active_at: None,
                });
            }
            "unheard" => {
                stage.agent_writes(text);
            }
            "ben" | "carl" => {
                let who = if head == "ben" { "Ben" } else { "Carl" };
                let message = stage.person_writes(who, text);
                stage.take(Input::DeskSignalled { message });
            }
            time => self.pass(time, stage),
        }
    }

    fn pass(&self, time: &str, stage: &mut Stage) {
        let (number, unit) = time.trim_start_matches('+').split_at(time.len() - 2);
        let number: u64 = number.parse().unwrap_or_else(|_| panic!("what is `{time}`?"));
        let seconds = if unit == "m" { number * 60 } else { number };
        for _ in 0..seconds {
            if self.heartbeats {
                stage.heartbeat_at = Some(stage.now);
            }
            stage.wait(Duration::from_secs(1));
        }
    }
}

/// Lines that say what came of the line before: to the visitor, to the room, from the desk.
fn is_effect(line: &str) -> bool {
    line.contains(" < ") || line.starts_with("desk fails: ") || line == "trap"
}

/// Plays the script in the text and compares all that came of it with the rest of the text.
#[track_caller]
pub fn check(script_with_effects: &str) {
    check_with(&settings(), None, script_with_effects);
}

/// Where people answer only in these intervals, by other settings.
#[track_caller]
pub fn check_with(settings: &Settings, open: Option<Vec<Interval>>, script_with_effects: &str) {
    let lines: Vec<&str> = script_with_effects
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let script: Vec<&str> = lines.iter().copied().filter(|line| !is_effect(line)).collect();
    let played = play(settings, open, &script.join("\n"));
    let played: Vec<&str> = played.lines().map(str::trim).collect();
    assert!(played == lines, "played:\n{}", played.join("\n"));
}
