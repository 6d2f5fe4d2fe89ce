//! What a conversation does: the edge's half, as a state machine.
//!
//! [`Conversation::handle`] is synchronous, total and infallible: whatever comes in, out comes a list of
//! effects. The caller stores (`Save`, `Append`) before it carries out anything else of the list, and feeds
//! the results back as inputs. Outside work waits in three lanes, each one at a time and in order: to the
//! desk, from the desk, to the bot.
//!
//! Out of scope: who may talk to the conversation (the edge checks tokens and signatures before).

mod agent;
mod bot;
mod desk;
mod ending;
mod event;
mod failing;
mod gate;
mod job;
mod lane;
mod pace;
mod people;
mod pump;
mod reading;
mod seen;
mod start;
mod task;
mod timers;
mod uploads;
mod visitor;

pub use event::*;
pub use gate::Ask;
pub use job::*;

use crate::{
    message::{ClosedBy, Entry, Notice, Said, Seq},
    protocol::{DeskReach, Phase, ServerFrame, State, is_false, is_true, yes},
    settings::Plan,
    time::Timestamp,
};
use gate::Gate;
use lane::Lane;
use pace::Pace;
use reading::Reading;
use seen::Seen;
use serde::{Deserialize, Serialize};
use timers::{Presence, Silence, Warning};
use uploads::Uploads;

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
    reading: Lane<Reading>,
    bot: Lane<BotAsk>,
    fallbacks: u32,
    last_post: Option<DeskRef>,
    from_visitor: Seen,
    from_desk: Seen,
    pace: Pace,
    silence: Silence,
    presence: Presence,
    // What the first version did not have. Little of it is there in most conversations, and all of it is written with
    // every message.
    #[serde(default, rename = "mark", skip_serializing_if = "String::is_empty")]
    visitor_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    swept_to: Option<DeskRef>,
    /// When the last post was written, by the desk's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posted_at: Option<Timestamp>,
    /// Whatever was written in the thread until this time has been read, by the desk's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_through: Option<Timestamp>,
    /// Reading the thread's list stopped the object several times: messages are read one by one.
    #[serde(default, skip_serializing_if = "is_false")]
    reads_singly: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_false")]
    leave_message: bool,
    /// Representatives who have been added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    called: Vec<String>,
    /// Names the visitor has been told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    met: Vec<String>,
    /// In a mixed room: who answered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_agent: Option<String>,
    /// In a mixed room: more than one person takes part.
    #[serde(default, skip_serializing_if = "is_false")]
    is_crowd: bool,
    /// Commands that have been carried out.
    #[serde(default, skip_serializing_if = "Seen::is_empty")]
    commands: Seen,
    /// Files so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    files: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    rated: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    is_erased: bool,
    /// Somebody of the team is in the thread. The first version did not ask.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    has_agent: bool,
    /// Since when nobody is, if somebody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at: Option<Timestamp>,
    /// When it was last asked who is in the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    looked_at: Option<Timestamp>,
    /// Posted where nobody of the team could read it yet, up to this entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unread: Option<Seq>,
    /// The bot's account cannot post in this thread.
    #[serde(default, skip_serializing_if = "is_false")]
    bot_refused: bool,
    /// The thread has been left or deleted, or is about to be.
    #[serde(default, skip_serializing_if = "is_false")]
    thread_ended: bool,
    #[serde(default, skip_serializing_if = "Uploads::are_none")]
    uploads: Uploads,
    #[serde(skip)]
    gate: Gate,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
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
    /// After loading: `tail` is the transcript after [`Conversation::stored_through`], which the snapshot
    /// may not know of, because an agent's message is stored by its transcript row alone.
    pub fn restore(mut self, tail: Vec<(Entry, Option<DeskRef>)>) -> Self {
        for (entry, source) in tail {
            self.last = self.last.max(entry.seq);
            if let Some(source) = source
                && self.reading.was_done(&Reading::from(source.0), &Reading::Sweep)
            {
                self.read_through = self.read_through.max(Some(entry.at));
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
            Input::Resumed { connected } => self.resumed(connected, turn),
            Input::VisitorConnected { connection, after } => self.visitor_connected(connection, after, turn),
            Input::VisitorDisconnected => self.visitor_disconnected(turn),
            Input::VisitorSent { connection, id, text } => self.visitor_sent(connection, id, text, turn),
            Input::VisitorOfferedFile { connection, id, size } => {
                self.visitor_offered_file(connection, id, size, turn);
            }
            Input::VisitorSentFile {
                connection,
                id,
                upload,
            } => self.visitor_sent_file(connection, id, upload, turn),
            Input::VisitorAskedForPerson => {
                self.sign_of_life(turn);
                if self.phase == Phase::WithBot {
                    self.hand_off(Handoff::Visitor, Some(Notice::PersonAsked), turn);
                }
            }
            Input::VisitorStayed => self.sign_of_life(turn),
            Input::VisitorErased => self.erase(turn),
            Input::VisitorEnded => self.close(ClosedBy::Visitor, turn),
            Input::VisitorRated { stars, comment } => self.visitor_rated(stars, comment, turn),
            Input::DeskSignalled { message } => self.desk_signalled(message, turn),
            Input::PersonLeft => self.person_left(turn),
            Input::SweepDue { watch, active_at } => self.sweep_due(watch, active_at, turn),
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
        let others = [
            people,
            self.waiting_deadline(),
            self.thread_deadline(),
            self.erase_deadline(),
        ];
        lanes.into_iter().chain(others).flatten().min()
    }

    pub fn state(&self) -> State {
        let desk = if self.desk.is_retrying() {
            DeskReach::Retrying
        } else {
            DeskReach::Reached
        };
        let closes_at = (self.silence.warning == Warning::Given && !self.is_closed())
            .then(|| self.silence.since + self.plan.timeouts.silence_after());
        State {
            phase: self.phase.clone(),
            last: self.last,
            delivered: self.delivered,
            desk,
            closes_at,
            leave_message: self.leave_message,
            rated: self.rated,
        }
    }

    /// What it goes by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn thread(&self) -> Option<&ThreadRef> {
        self.thread.as_ref()
    }

    /// Nothing of it is to be shown any more.
    pub fn is_erased(&self) -> bool {
        self.is_erased
    }

    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed { .. })
    }

    /// Whether it is a message that was left for the team.
    fn is_left(&self) -> bool {
        matches!(
            self.phase,
            Phase::Closed {
                by: ClosedBy::MessageLeft,
                ..
            }
        )
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
        if let Some(notice) = notice {
            self.notice(notice, turn);
        }
        self.tell_thread(ThreadNotice::HandedOff { cause }, turn.context.now);
        match cause {
            // Whoever wrote is there.
            Handoff::Agent => self.phase = Phase::Waiting,
            Handoff::Bot | Handoff::BotFailed | Handoff::Visitor => self.wait_for_people(turn),
        }
        turn.save = true;
        self.send_state(turn);
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
