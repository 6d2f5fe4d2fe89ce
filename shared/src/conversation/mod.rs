//! What a conversation does: the edge's half, as a state machine.
//!
//! [`Conversation::handle`] is synchronous, total and infallible: whatever comes in, out comes a list of
//! effects. The caller stores (`Save`, `Append`) before it carries out anything else of the list, and feeds
//! the results back as inputs. Outside work waits in three lanes, each one at a time and in order: to the
//! desk, from the desk, to the bot.
//!
//! Out of scope: who may talk to the conversation (the edge checks tokens and signatures before).

mod bot;
mod desk;
mod event;
mod lane;
mod pace;
mod seen;
mod visitor;

pub use event::*;

use crate::{
    message::{ClosedBy, Entry, Notice, Said, Seq},
    protocol::{DeskReach, PhaseView, ServerFrame, State, is_false},
    settings::{BotUse, Plan},
    time::Timestamp,
};
use lane::Lane;
use pace::Pace;
use seen::Seen;
use serde::{Deserialize, Serialize};

/// Version of the stored form. It is only added to: a worker reads what the one before it wrote.
pub const SNAPSHOT_VERSION: u8 = 1;

/// Serialised it is the snapshot. Its size does not depend on the length of the transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    version: u8,
    phase: Phase,
    plan: Plan,
    thread: Option<ThreadRef>,
    watch: Option<WatchRef>,
    last: Seq,
    delivered: Seq,
    next_task: u32,
    desk: Lane<DeskJob>,
    reading: Lane<DeskRef>,
    bot: Lane<BotAsk>,
    fallbacks: u32,
    last_post: Option<DeskRef>,
    from_visitor: Seen,
    from_desk: Seen,
    pace: Pace,
    silence: Silence,
    presence: Presence,
    #[serde(default, skip_serializing_if = "is_false")]
    rated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    WithBot,
    Waiting,
    WithAgent { name: String },
    Closed { by: ClosedBy, at: Timestamp },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Silence {
    since: Timestamp,
    warning: Warning,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Warning {
    NotYet,
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Presence {
    /// Connected; a heartbeat was last looked for at this time.
    Here {
        checked_at: Timestamp,
    },
    Away {
        since: Timestamp,
    },
}

/// One call of `handle`: what it gathers.
struct Turn<'a> {
    context: &'a Context,
    effects: Vec<Effect>,
    /// Whether something changed that `restore` could not find in the transcript.
    save: bool,
}

impl Turn<'_> {
    fn send(&mut self, frame: ServerFrame) {
        self.effects.push(Effect::Send {
            to: To::Everyone,
            frame,
        });
    }
}

impl Conversation {
    /// The start of a conversation: opens the thread, adds the people, posts the card, lets the bot greet.
    pub fn start(start: Start, context: &Context) -> (Self, Vec<Effect>) {
        let now = context.now;
        let phase = match start.plan.bot {
            BotUse::First => Phase::WithBot,
            BotUse::Off => Phase::Waiting,
        };
        let mut conversation = Self {
            version: SNAPSHOT_VERSION,
            phase,
            thread: None,
            watch: None,
            last: Seq(0),
            delivered: Seq(0),
            next_task: 0,
            desk: Lane::default(),
            reading: Lane::default(),
            bot: Lane::default(),
            fallbacks: 0,
            last_post: None,
            from_visitor: Seen::default(),
            from_desk: Seen::default(),
            pace: Pace::default(),
            silence: Silence {
                since: now,
                warning: Warning::NotYet,
            },
            presence: Presence::Away { since: now },
            rated: false,
            plan: start.plan,
        };
        conversation.open_thread(start.card, start.reference, now);
        if conversation.plan.bot == BotUse::First {
            conversation.ask_bot(BotAsk::Welcome, now);
        }
        let mut turn = Turn {
            context,
            effects: vec![],
            save: true,
        };
        conversation.pump(&mut turn);
        (conversation, turn.done())
    }

    /// After loading: `tail` is the transcript after [`Conversation::stored_through`], which the snapshot
    /// may not know of, because an agent's message is stored by its transcript row alone.
    pub fn restore(mut self, tail: Vec<(Entry, Option<DeskRef>)>) -> Self {
        for (entry, source) in tail {
            self.last = self.last.max(entry.seq);
            if let Some(source) = source {
                self.reading.retain(|waiting| *waiting != source);
            }
        }
        self
    }

    pub fn stored_through(&self) -> Seq {
        self.last
    }

    pub fn handle(&mut self, input: Input, context: &Context) -> Vec<Effect> {
        let mut turn = Turn {
            context,
            effects: vec![],
            save: false,
        };
        self.take(input, &mut turn);
        self.pump(&mut turn);
        turn.done()
    }

    fn take(&mut self, input: Input, turn: &mut Turn) {
        match input {
            Input::Resumed => {}
            Input::VisitorConnected { connection, after } => self.visitor_connected(connection, after, turn),
            Input::VisitorDisconnected => self.visitor_disconnected(turn),
            Input::VisitorSent { connection, id, text } => self.visitor_sent(connection, id, text, turn),
            Input::VisitorAskedForPerson => {
                self.sign_of_life(turn);
                if self.phase == Phase::WithBot {
                    self.hand_off(Handoff::Visitor, Some(Notice::PersonAsked), turn);
                }
            }
            Input::VisitorStayed => self.sign_of_life(turn),
            Input::VisitorEnded => self.close(ClosedBy::Visitor, turn),
            Input::VisitorRated { stars, comment } => self.visitor_rated(stars, comment, turn),
            Input::DeskSignalled { message } => self.desk_signalled(message, turn),
            Input::DeskDone { task, outcome } => self.desk_done(task, outcome, turn),
            Input::DeskFailed { task, failure } => self.desk_failed(task, failure, turn),
            Input::BotAnswered { task, answer } => self.bot_answered(task, answer, turn),
            Input::BotFailed { task } => self.bot_failed(task, turn),
            Input::DeadlineReached => self.deadline_reached(turn),
        }
    }

    /// The earliest time at which [`Input::DeadlineReached`] has something to do. Late is harmless.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let lanes = [self.desk.deadline(), self.reading.deadline(), self.bot.deadline()];
        let people = (!self.is_closed()).then(|| self.silence_deadline().min(self.lost_deadline()));
        lanes.into_iter().chain([people]).flatten().min()
    }

    pub fn state(&self) -> State {
        let phase = match &self.phase {
            Phase::WithBot => PhaseView::WithBot,
            Phase::Waiting => PhaseView::Waiting,
            Phase::WithAgent { name } => PhaseView::WithAgent { name: name.clone() },
            Phase::Closed { by, at } => PhaseView::Closed { by: *by, at: *at },
        };
        let desk = if self.desk.is_retrying() {
            DeskReach::Retrying
        } else {
            DeskReach::Reached
        };
        let closes_at = (self.silence.warning == Warning::Given && !self.is_closed())
            .then(|| self.silence.since + self.plan.timeouts.silence_after());
        State {
            phase,
            last: self.last,
            delivered: self.delivered,
            desk,
            closes_at,
            leave_message: false,
            rated: self.rated,
        }
    }

    fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    fn task_id(&mut self) -> TaskId {
        self.next_task += 1;
        TaskId(self.next_task)
    }

    /// Adds to the transcript and shows it to everyone.
    fn append(&mut self, at: Timestamp, said: Said, source: Option<DeskRef>, turn: &mut Turn) -> Seq {
        self.last = self.last.next();
        let entry = Entry {
            seq: self.last,
            at,
            said,
        };
        turn.effects.push(Effect::Append {
            entry: entry.clone(),
            source,
        });
        turn.send(ServerFrame::Entries(vec![entry]));
        self.last
    }

    fn notice(&mut self, notice: Notice, turn: &mut Turn) {
        self.append(turn.context.now, Said::Notice(notice), None, turn);
        turn.save = true;
    }

    fn send_state(&self, turn: &mut Turn) {
        turn.send(ServerFrame::State(self.state()));
    }

    /// From the bot to people, for good. What the bot was asked and has not answered is dropped.
    fn hand_off(&mut self, cause: Handoff, notice: Option<Notice>, turn: &mut Turn) {
        self.bot.clear();
        self.phase = Phase::Waiting;
        turn.save = true;
        if let Some(notice) = notice {
            self.notice(notice, turn);
        }
        self.tell_thread(ThreadNotice::HandedOff { cause }, turn.context.now);
        self.send_state(turn);
    }

    fn close(&mut self, by: ClosedBy, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let now = turn.context.now;
        self.bot.clear();
        self.reading.clear();
        self.phase = Phase::Closed { by, at: now };
        self.notice(Notice::Closed { by }, turn);
        self.leave_thread(by, now);
        self.send_state(turn);
    }

    fn deadline_reached(&mut self, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let now = turn.context.now;
        let timeouts = self.plan.timeouts;
        if now >= self.silence.since + timeouts.silence_after() {
            self.close(ClosedBy::Silence, turn);
        } else if now >= self.silence_deadline() {
            self.silence.warning = Warning::Given;
            turn.save = true;
            self.send_state(turn);
        }
        if now >= self.lost_deadline() {
            match (self.presence, turn.context.heartbeat_at) {
                (Presence::Here { checked_at }, Some(heard_at)) if heard_at > checked_at => {
                    self.presence = Presence::Here { checked_at: heard_at };
                    turn.save = true;
                }
                (Presence::Here { .. } | Presence::Away { .. }, _) => self.close(ClosedBy::VisitorGone, turn),
            }
        }
    }

    fn silence_deadline(&self) -> Timestamp {
        let timeouts = self.plan.timeouts;
        let after = match self.silence.warning {
            Warning::NotYet => timeouts.warning_after(),
            Warning::Given => timeouts.silence_after(),
        };
        self.silence.since + after
    }

    fn lost_deadline(&self) -> Timestamp {
        let (Presence::Here { checked_at: since } | Presence::Away { since }) = self.presence;
        since + self.plan.timeouts.lost_after()
    }

    /// Starts whatever can start.
    fn pump(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        let attempt = |maybe_done| match maybe_done {
            true => Attempt::MaybeDone {
                last_post: self.last_post.clone(),
            },
            false => Attempt::First,
        };
        if let Some((task, maybe_done)) = self.desk.start(now) {
            turn.effects.push(Effect::Desk {
                task: task.id,
                thread: self.thread.clone(),
                job: task.job.clone(),
                attempt: attempt(maybe_done),
            });
        }
        if let Some((task, _)) = self.reading.start(now) {
            let name = desk::name_wanted(&self.plan);
            turn.effects.push(Effect::Desk {
                task: task.id,
                thread: self.thread.clone(),
                job: DeskJob::Read {
                    message: task.job.clone(),
                    name,
                },
                attempt: Attempt::First,
            });
        }
        if let Some((task, _)) = self.bot.start(now) {
            let (ask, language) = (task.job.clone(), self.plan.language.clone());
            turn.effects.push(Effect::AskBot {
                task: task.id,
                ask,
                language,
            });
        }
    }
}

impl Turn<'_> {
    fn done(mut self) -> Vec<Effect> {
        if self.save {
            self.effects.insert(0, Effect::Save);
        }
        self.effects
    }
}
