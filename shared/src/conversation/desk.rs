//! The desk's side of the core: the thread and its people, posts in order, agents' messages and commands.

use super::{
    Context, Conversation, DeskJob, DeskMessage, DeskOutcome, DeskRef, Failure, Handoff, Line, NameWanted,
    Participant, Phase, TaskId, ThreadNotice, Turn, VisitorCard, Voice, WatchRef, lane::Task, seen::Verdict,
};
use crate::{
    message::{Body, ClosedBy, Notice, Said, Seq, plain},
    protocol::ServerFrame,
    settings::{BotUse, Plan, RoomKind},
    time::{Timestamp, back_off},
};
use std::time::Duration;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const SLOWEST_RETRY: Duration = Duration::from_secs(60);
/// Whatever the desk asks for, we look again after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// One person who cannot be added must not keep everything else from the thread for long.
const PARTICIPANT_TRIES: u32 = 5;
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Names are shown in a personal thread only; elsewhere asking for them would be a call for nothing.
pub(super) fn name_wanted(plan: &Plan) -> NameWanted {
    match plan.room {
        RoomKind::Personal | RoomKind::Mixed => NameWanted::Yes,
        RoomKind::Group => NameWanted::No,
    }
}

impl Conversation {
    pub(super) fn open_thread(&mut self, card: VisitorCard, reference: String, now: Timestamp) {
        let (topic, name) = (self.plan.topic.clone(), card.name.clone());
        self.enqueue(
            DeskJob::OpenThread {
                topic,
                name,
                reference,
            },
            now,
        );
        for address in self.plan.participants.clone() {
            self.enqueue(DeskJob::AddParticipant(Participant::Agent(address)), now);
        }
        if self.plan.bot == BotUse::First {
            self.enqueue(DeskJob::AddParticipant(Participant::Bot), now);
        }
        self.enqueue(DeskJob::Watch, now);
        self.enqueue(
            DeskJob::Post {
                voice: Voice::Visitor,
                line: Line::Card(card),
                completes: None,
            },
            now,
        );
    }

    pub(super) fn leave_thread(&mut self, by: ClosedBy, now: Timestamp) {
        match by {
            ClosedBy::ThreadGone => self.desk.clear(),
            ClosedBy::Visitor
            | ClosedBy::Agent
            | ClosedBy::Silence
            | ClosedBy::VisitorGone
            | ClosedBy::MessageLeft => {
                self.tell_thread(ThreadNotice::Closed { by }, now);
            }
        }
        if let Some(watch) = self.watch.take() {
            self.enqueue(DeskJob::Unwatch(watch), now);
        }
    }

    fn enqueue(&mut self, job: DeskJob, now: Timestamp) {
        let id = self.task_id();
        self.desk.push(id, job, now);
    }

    pub(super) fn tell_thread(&mut self, notice: ThreadNotice, now: Timestamp) {
        let line = Line::Notice(notice);
        self.enqueue(
            DeskJob::Post {
                voice: Voice::Visitor,
                line,
                completes: None,
            },
            now,
        );
    }

    /// Posts a text in as many parts as the desk's limit makes of it.
    pub(super) fn post_parts(
        &mut self,
        voice: Voice,
        text: &str,
        line: impl Fn(String) -> Line,
        completes: Option<Seq>,
        context: &Context,
    ) {
        let mut rest = text;
        while !rest.is_empty() {
            let (part, more) = rest.split_at(rest.floor_char_boundary(context.post_limit));
            let completes = completes.filter(|_| more.is_empty());
            self.enqueue(
                DeskJob::Post {
                    voice,
                    line: line(part.into()),
                    completes,
                },
                context.now,
            );
            rest = more;
        }
    }

    pub(super) fn desk_signalled(&mut self, message: DeskRef, turn: &mut Turn) {
        if self.is_closed() || self.from_desk.note(&message.0, "") != Verdict::New {
            return;
        }
        let id = self.task_id();
        self.reading.push(id, message, turn.context.now);
        turn.save = true;
    }

    pub(super) fn desk_done(&mut self, task: TaskId, outcome: DeskOutcome, turn: &mut Turn) {
        if let DeskOutcome::Read(message) = outcome {
            if let Some(task) = self.reading.finish(task) {
                match message {
                    Some(message) => self.agent_wrote(message, task, turn),
                    None => turn.save = true,
                }
            }
            return;
        }
        let was_retrying = self.desk.is_retrying();
        let Some(task) = self.desk.finish(task) else {
            return;
        };
        turn.save = true;
        match outcome {
            DeskOutcome::ThreadOpened(thread) => self.thread = Some(thread),
            DeskOutcome::Watching { watch, missed } => {
                self.watching(watch, turn);
                missed
                    .into_iter()
                    .for_each(|message| self.desk_signalled(message, turn));
            }
            DeskOutcome::Posted(post) => {
                self.last_post = Some(post);
                if let DeskJob::Post {
                    completes: Some(seq), ..
                } = task.job
                {
                    self.delivered = seq;
                    turn.send(ServerFrame::Delivered { through: seq });
                }
            }
            DeskOutcome::Added | DeskOutcome::Unwatched | DeskOutcome::Read(_) => {}
        }
        if was_retrying {
            self.send_state(turn);
        }
    }

    fn watching(&mut self, watch: WatchRef, turn: &Turn) {
        if self.is_closed() {
            self.enqueue(DeskJob::Unwatch(watch), turn.context.now);
        } else {
            self.watch = Some(watch);
        }
    }

    pub(super) fn desk_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        let now = turn.context.now;
        let wait = |attempts, retry_after: Option<Duration>| {
            let own = back_off(FIRST_RETRY, SLOWEST_RETRY, attempts, turn.context.jitter);
            now + own.max(retry_after.unwrap_or_default()).min(LONGEST_WAIT)
        };
        turn.save = true;
        if let Some(head) = self.reading.head(task) {
            match failure {
                Failure::Passing { retry_after } if now.since(head.since) < GIVE_UP_AFTER => {
                    let at = wait(head.attempts, retry_after);
                    self.reading.retry_at(task, at);
                }
                Failure::Passing { .. } | Failure::Refused | Failure::ThreadGone => {
                    self.reading.finish(task);
                }
            }
            return;
        }
        let Some(head) = self.desk.head(task) else { return };
        let tries_on = match head.job {
            DeskJob::AddParticipant(_) => head.attempts + 1 < PARTICIPANT_TRIES,
            DeskJob::OpenThread { .. }
            | DeskJob::Watch
            | DeskJob::Post { .. }
            | DeskJob::Unwatch(_)
            | DeskJob::Read { .. } => now.since(head.since) < GIVE_UP_AFTER,
        };
        let at = wait(head.attempts, None);
        match (failure, &head.job) {
            (Failure::Passing { retry_after }, _) if tries_on => {
                let at = wait(head.attempts, retry_after);
                self.retry_desk(task, at, turn);
            }
            // The bot's account may be missing from the thread: the integration posts in its stead.
            (
                Failure::Refused | Failure::ThreadGone,
                DeskJob::Post {
                    voice: Voice::Bot,
                    line,
                    completes,
                },
            ) => {
                let job = DeskJob::Post {
                    voice: Voice::Visitor,
                    line: line.clone(),
                    completes: *completes,
                };
                self.desk.replace_head(task, job);
            }
            (Failure::ThreadGone, _) => {
                self.desk.clear();
                self.close(ClosedBy::ThreadGone, turn);
            }
            (Failure::Refused, DeskJob::OpenThread { .. } | DeskJob::Watch) if tries_on => {
                self.retry_desk(task, at, turn);
            }
            (Failure::Refused | Failure::Passing { .. }, _) => self.give_up(task, turn),
        }
    }

    fn retry_desk(&mut self, task: TaskId, at: Timestamp, turn: &mut Turn) {
        let was_retrying = self.desk.is_retrying();
        self.desk.retry_at(task, at);
        if !was_retrying {
            self.send_state(turn);
        }
    }

    fn give_up(&mut self, task: TaskId, turn: &mut Turn) {
        let was_retrying = self.desk.is_retrying();
        let Some(task) = self.desk.finish(task) else {
            return;
        };
        match task.job {
            DeskJob::AddParticipant(who) => {
                self.tell_thread(ThreadNotice::ParticipantNotAdded { who }, turn.context.now);
            }
            DeskJob::Post {
                completes: Some(seq), ..
            } => self.notice(Notice::NotDelivered { seq }, turn),
            // Without a thread nothing that waits behind it can be done either.
            DeskJob::OpenThread { .. } => {
                self.desk.clear();
                self.close(ClosedBy::ThreadGone, turn);
            }
            DeskJob::Post { completes: None, .. }
            | DeskJob::Watch
            | DeskJob::Unwatch(_)
            | DeskJob::Read { .. } => {}
        }
        if was_retrying {
            self.send_state(turn);
        }
    }

    fn agent_wrote(&mut self, message: DeskMessage, task: Task<DeskRef>, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let text = plain(&message.body);
        let now = turn.context.now;
        if let Some(command) = text.trim_start().strip_prefix('/') {
            turn.save = true;
            return self.command(command, task, turn);
        }
        if message.files > 0 {
            turn.save = true;
            self.tell_thread(ThreadNotice::FilesNotPassed, now);
        }
        if text.trim().is_empty() {
            turn.save = true;
            return;
        }
        if self.phase == Phase::WithBot {
            self.hand_off(Handoff::Agent, None, turn);
        }
        let name = match self.plan.room {
            RoomKind::Personal | RoomKind::Mixed => message.name.unwrap_or_else(|| self.plan.mask.clone()),
            RoomKind::Group => self.plan.mask.clone(),
        };
        self.agent_answers(name.clone(), turn);
        self.append(
            message.sent_at,
            Said::Agent {
                name,
                body: message.body,
            },
            Some(message.source),
            turn,
        );
    }

    fn agent_answers(&mut self, name: String, turn: &mut Turn) {
        let phase = Phase::WithAgent { name: name.clone() };
        if self.phase != phase {
            self.phase = phase;
            self.notice(Notice::AgentJoined { name }, turn);
            self.send_state(turn);
        }
    }

    /// Nothing that begins with a slash ever reaches the visitor.
    fn command(&mut self, command: &str, task: Task<DeskRef>, turn: &mut Turn) {
        let word = command.split_whitespace().next().unwrap_or_default();
        match word {
            // Signals overtake each other: what was written before it is shown first.
            "close" if task.put_back == 0 && self.reading.len() > 0 => self.reading.requeue(task),
            "close" => self.close(ClosedBy::Agent, turn),
            "note" => {}
            _ => self.tell_thread(
                ThreadNotice::UnknownCommand { command: word.into() },
                turn.context.now,
            ),
        }
    }

    pub(super) fn post_bot(&mut self, body: &Body, replies: &[String], turn: &Turn) {
        let mut text = plain(body);
        for reply in replies {
            text.push_str("\n• ");
            text.push_str(reply);
        }
        self.post_parts(Voice::Bot, &text, Line::Bot, None, turn.context);
    }
}
