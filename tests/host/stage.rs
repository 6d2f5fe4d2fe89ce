//! The world round one conversation: carries out effects at once, keeps what would be stored.

use crate::{Scene, desk::Unheard, told::told};
use shared::{
    address::Addresses,
    conversation::{
        Attempt, BotAnswer, BotAsk, ConnectionId, Context, Conversation, DeskJob, DeskMessage, DeskRef,
        DeskRules, Effect, Failure, Input, SiteJob, Start, TaskId, To, Upload, VisitorCard,
    },
    file::FileKind,
    message::{Entry, MessageId, Seq},
    protocol::ServerFrame,
    settings::{DEFAULT_SITE, Settings},
    time::Timestamp,
};
use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

const DESK: DeskRules = DeskRules {
    post_limit: 7_300,
    command: '/',
    addresses: Addresses::Email,
};

pub struct Stage {
    pub conversation: Conversation,
    pub now: Timestamp,
    pub heartbeat_at: Option<Timestamp>,
    /// The transcript as stored.
    pub rows: Vec<(Entry, Option<DeskRef>)>,
    pub snapshot: String,
    pub rows_written: usize,
    alarm_at: Option<Timestamp>,
    /// What the desk shows, in order.
    pub room: Vec<String>,
    /// What the desk does next; when empty it does what it is asked.
    pub desk_fails: VecDeque<Failure>,
    /// What it does next without being heard, after what it fails.
    pub unheard: VecDeque<Unheard>,
    /// Messages that a list of the thread does not show yet.
    pub hidden: HashSet<DeskRef>,
    /// How often a thread was opened, and a watch begun: more than once is once too often.
    pub threads: u32,
    pub watches: u32,
    pub(crate) members: HashSet<String>,
    /// What it does with every task of this kind (`AddParticipant`, `Watch`, `Read` …).
    pub always_fails: Vec<(String, Failure)>,
    /// Tasks of this kind get no answer, until a script gives one.
    pub desk_hangs: Option<String>,
    pub hanging: Vec<TaskId>,
    /// Tasks and results with this in them stop the object in the middle.
    pub traps_on: Option<String>,
    trapped: bool,
    pub watched: bool,
    pub bot_asks: VecDeque<(TaskId, BotAsk)>,
    /// What agents wrote, to be read by reference.
    pub written: Vec<DeskMessage>,
    pub sent: Vec<(To, ServerFrame)>,
    /// Told as it happens, for scripts.
    pub log: Vec<String>,
    /// What the desk was asked, and how sure the core was.
    pub asked: Vec<(DeskJob, Attempt)>,
    pub(crate) posts: u32,
    pub(crate) settings: Settings,
    /// Everything was deleted.
    pub is_erased: bool,
    pub(crate) blocked: bool,
    /// The next person cannot be added.
    pub refuses_to_add: bool,
    /// Numbers of the files that are kept.
    pub files: Vec<u32>,
    /// What the site was told, in order.
    pub enlisted: Vec<SiteJob>,
    /// Whether the visitor's connections outlive what happens to the object.
    pub connected: bool,
}

impl Stage {
    pub fn start(topic: &str) -> Self {
        Self::set(Scene::new(topic))
    }

    pub fn set(scene: Scene) -> Self {
        let settings = scene.settings;
        let topic = settings
            .topic(&scene.topic)
            .unwrap_or_else(|| panic!("no topic {}", scene.topic));
        let plan = settings.plan(DEFAULT_SITE, topic, scene.open);
        let card = VisitorCard {
            topic: plan.topic.clone(),
            name: Some("Ann".into()),
            ..VisitorCard::default()
        };
        let now = Timestamp(1_800_000_000_000);
        let context = Context {
            now,
            jitter: 1.0,
            heartbeat_at: None,
            desk: DESK,
        };
        let start = Start {
            plan,
            card,
            reference: "REF".into(),
            visitor_hash: "mark".into(),
            message: scene.message,
        };
        let (conversation, effects) = Conversation::start(start, &context);
        let mut stage = Self {
            snapshot: String::new(),
            rows_written: 0,
            alarm_at: None,
            conversation,
            now,
            heartbeat_at: None,
            rows: vec![],
            room: vec![],
            desk_fails: scene.desk_fails.into(),
            always_fails: scene.always_fails,
            desk_hangs: None,
            hanging: vec![],
            unheard: scene.unheard.into(),
            hidden: HashSet::new(),
            threads: 0,
            watches: 0,
            members: HashSet::new(),
            traps_on: None,
            trapped: false,
            watched: false,
            bot_asks: VecDeque::new(),
            written: vec![],
            sent: vec![],
            log: vec![],
            asked: vec![],
            posts: 0,
            settings,
            is_erased: false,
            blocked: scene.blocked,
            refuses_to_add: false,
            files: vec![],
            enlisted: vec![],
            connected: true,
        };
        stage.save();
        stage.carry_out(effects);
        stage
    }

    fn context(&self) -> Context {
        Context {
            now: self.now,
            jitter: 1.0,
            heartbeat_at: self.heartbeat_at,
            desk: DESK,
        }
    }

    pub fn take(&mut self, input: Input) {
        // Whatever comes after a trap meets a new object.
        if std::mem::take(&mut self.trapped) {
            self.crash();
        }
        let effects = self.conversation.handle(input, &self.context());
        self.carry_out(effects);
    }

    /// The object is thrown out of memory and comes back from what was stored.
    pub fn crash(&mut self) {
        let snapshot: Conversation =
            serde_json::from_str(&self.snapshot).unwrap_or_else(|error| panic!("{error}"));
        let through = snapshot.stored_through();
        let tail = self
            .rows
            .iter()
            .filter(|(entry, _)| entry.seq > through)
            .cloned()
            .collect();
        self.conversation = snapshot.restore(tail);
        self.bot_asks.clear();
        let connected = self.connected;
        self.take(Input::Resumed { connected });
    }

    pub fn connect(&mut self, after: Seq) {
        self.take(Input::VisitorConnected {
            connection: ConnectionId("c".into()),
            after,
        });
    }

    pub fn send(&mut self, id: &str, text: &str) {
        let id = MessageId::parse(id.into()).unwrap_or_else(|| panic!("id {id}"));
        self.take(Input::VisitorSent {
            connection: ConnectionId("c".into()),
            id,
            text: text.into(),
        });
    }

    /// The desk tells of a message. As at the edge, the conversation hears of none that is in the transcript.
    pub fn signal(&mut self, message: &DeskRef) {
        let is_known = self
            .rows
            .iter()
            .any(|(_, source)| source.as_ref() == Some(message));
        if !is_known {
            let message = message.clone();
            self.take(Input::DeskSignalled { message });
        }
    }

    pub fn send_file(&mut self, id: &str, name: &str, size: u64, kind: FileKind) {
        let id = MessageId::parse(id.into()).unwrap_or_else(|| panic!("id {id}"));
        if !self.offer_file(&id, Some(size)) {
            return;
        }
        self.take(Input::VisitorSentFile {
            connection: ConnectionId("c".into()),
            id,
            upload: Upload {
                name: name.into(),
                size,
                fingerprint: size,
                kind,
                image: None,
            },
        });
        self.conversation.upload_ended();
    }

    /// Whether it may come.
    pub fn offer_file(&mut self, id: &MessageId, size: Option<u64>) -> bool {
        let before = self.sent.len();
        self.take(Input::VisitorOfferedFile {
            connection: ConnectionId("c".into()),
            id: id.clone(),
            size,
        });
        let refused = |(_, frame): &(To, ServerFrame)| matches!(frame, ServerFrame::Rejected { .. });
        !self.sent.iter().skip(before).any(refused)
    }

    pub fn bot_answers(&mut self, answer: BotAnswer) {
        if let Some((task, _)) = self.bot_asks.pop_front() {
            self.take(Input::BotAnswered { task, answer });
        }
    }

    /// Time passes; deadlines on the way are met.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(deadline) = self
            .conversation
            .next_deadline()
            .filter(|deadline| *deadline <= end)
        {
            self.now = self.now.max(deadline);
            self.take(Input::DeadlineReached);
        }
        self.now = end;
    }

    fn save(&mut self) {
        self.rows_written += 1;
        self.snapshot = serde_json::to_string(&self.conversation).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Like the edge: all storing first, then the rest.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            match effect {
                Effect::Save => self.save(),
                Effect::Append { entry, source } => {
                    self.rows_written += 1;
                    self.rows.push((entry.clone(), source.clone()));
                }
                Effect::KeepFile { number, .. } => self.files.push(*number),
                Effect::EraseTranscript => self.rows.clear(),
                Effect::Erase => self.is_erased = true,
                Effect::Send { .. } | Effect::Replay { .. } | Effect::Desk { .. } | Effect::AskBot { .. } => {
                }
            }
        }
        for effect in effects {
            match effect {
                Effect::Save
                | Effect::Append { .. }
                | Effect::KeepFile { .. }
                | Effect::EraseTranscript
                | Effect::Erase => {}
                Effect::Send { to, frame } => {
                    self.log.extend(told(&frame));
                    self.sent.push((to, frame));
                }
                Effect::Replay { to, after } => {
                    let entries = self
                        .rows
                        .iter()
                        .map(|(entry, _)| entry)
                        .filter(|entry| entry.seq > after);
                    let frame = ServerFrame::Entries(entries.cloned().collect());
                    self.sent.push((To::One(to), frame));
                }
                Effect::Desk {
                    task,
                    thread,
                    job,
                    attempt,
                } => {
                    self.asked.push((job.clone(), attempt.clone()));
                    if self.traps(&job) {
                        return;
                    }
                    let hangs = |kind: &String| format!("{job:?}").starts_with(kind);
                    if self.desk_hangs.as_ref().is_some_and(hangs) {
                        self.hanging.push(task);
                        continue;
                    }
                    let outcome = self.desk(thread, &job, &attempt);
                    if self.traps(&outcome) {
                        return;
                    }
                    match outcome {
                        Some(Ok(outcome)) => self.take(Input::DeskDone { task, outcome }),
                        Some(Err(failure)) => self.take(Input::DeskFailed { task, failure }),
                        None => {}
                    }
                }
                Effect::AskBot { task, ask, .. } => self.bot_asks.push_back((task, ask)),
            }
        }
        self.arm();
    }

    fn traps(&mut self, on: &impl std::fmt::Debug) -> bool {
        let traps = self
            .traps_on
            .as_ref()
            .is_some_and(|text| format!("{on:?}").contains(text));
        if traps {
            self.log.push("trap".into());
            self.trapped = true;
        }
        traps
    }

    /// As the edge does: an alarm is a row, so it is moved only when it would come too late.
    fn arm(&mut self) {
        if let Some(deadline) = self.conversation.next_deadline()
            && self.alarm_at.is_none_or(|at| at > deadline || at <= self.now)
        {
            self.alarm_at = Some(deadline);
            self.rows_written += 1;
        }
    }
}
