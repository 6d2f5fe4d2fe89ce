//! What is read from the desk: messages that were signalled, and what no signal told of. In order, except that what cannot
//! be read lets the rest pass after a while. One list of the thread serves both; a message is read by itself where the list
//! does not show it, or not all of it.

use super::{
    Conversation, DeskFile, DeskFileState, DeskJob, DeskMessage, DeskRef, Failure, Found, Newest, TaskId,
    ThreadNotice, Turn, WatchState,
    failing::{GIVE_UP_AFTER, SLOWEST_RETRY, wait},
    seen::Verdict,
    task::{Done, Task},
};
use crate::{
    message::{ClosedBy, Notice},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A message that cannot be read keeps those behind it waiting for this long.
const HELD_UP_FOR: Duration = Duration::from_secs(60);
/// The desk may date a thread's activity a little later than the message that it is about.
const SAME_MESSAGE: Duration = Duration::from_secs(1);
/// A list may hide for a while what was written a moment ago, so each goes back this far behind the end of the one before.
pub(super) const OVERLAP: Duration = Duration::from_secs(2 * 60);
/// Before files that kept the others waiting are asked for again.
const FILES_PAUSE: Duration = Duration::from_secs(30);

/// What waits to be read from the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) enum Reading {
    Message(DeskRef),
    /// The files of a message whose words are shown already.
    Files(DeskRef),
    /// Whatever was written since the last sweep.
    Sweep,
}

/// Before the name of a message whose files are meant; no desk's own names begin like this.
const FILES: &str = "files ";

/// Stored as the message's name alone, as the first version did; a sweep has none.
impl From<String> for Reading {
    fn from(name: String) -> Self {
        match name.strip_prefix(FILES) {
            Some(message) => Self::Files(DeskRef(message.into())),
            None if name.is_empty() => Self::Sweep,
            None => Self::Message(DeskRef(name)),
        }
    }
}

impl From<Reading> for String {
    fn from(reading: Reading) -> Self {
        match reading {
            Reading::Message(message) => message.0,
            Reading::Files(message) => [FILES, &message.0].concat(),
            Reading::Sweep => Self::new(),
        }
    }
}

impl Conversation {
    /// The thread's list is read first: so each signal also finds what was written before it and not signalled, and several
    /// cost one call. What the list does not show is read by itself.
    pub(super) fn desk_signalled(&mut self, message: DeskRef, turn: &mut Turn) {
        let is_old = self.is_closed() || self.from_desk.note(&message.0, "") != Verdict::New;
        let reading = Reading::Message(message);
        if is_old || self.reading.holds(&reading) {
            return;
        }
        if !self.reads_singly {
            self.sweep(turn.context.now);
        }
        let id = self.task_id();
        self.reading.push(id, reading, turn.context.now);
        turn.save = true;
    }

    /// Signals can be lost on their way, and a watch can be switched off: then the thread itself is read.
    pub(super) fn sweep_due(&mut self, state: WatchState, active_at: Option<Timestamp>, turn: &mut Turn) {
        if self.is_closed() || self.thread.is_none() {
            return;
        }
        if state == WatchState::Active && self.is_known(active_at) {
            return;
        }
        turn.save = true;
        if active_at.is_none() {
            self.look_for_people_again(turn);
        }
        if state == WatchState::Lost {
            let job = match &self.watch {
                Some(watch) => DeskJob::Rewatch(watch.clone()),
                None => DeskJob::Watch,
            };
            if !self.desk.holds(&job) {
                self.enqueue(job, turn.context.now);
            }
        }
        // What was written meanwhile does not wait until the watch is back. Looks may come often; where reading fails it is
        // not for them to hurry it.
        if !self.reading.has_next(&Reading::Sweep, true) {
            self.sweep(turn.context.now);
        }
    }

    fn read_files_later(&mut self, message: DeskRef, turn: &mut Turn) {
        let (id, now) = (self.task_id(), turn.context.now);
        self.reading
            .push_parked(id, Reading::Files(message), now, now + FILES_PAUSE);
        turn.save = true;
    }

    /// Whether the thread's last message is likely to be one of ours, or one that has been read.
    fn is_known(&self, active_at: Option<Timestamp>) -> bool {
        let known = self.posted_at.max(self.read_through).map(|at| at + SAME_MESSAGE);
        active_at.is_some() && active_at <= known
    }

    /// Whether all that was written until then is read for sure, or about to be. Otherwise something that nobody signalled
    /// may have been missed: before our own last post, or within the same second as what is known.
    pub fn is_read(&self, active_at: Option<Timestamp>) -> bool {
        !self.is_known(active_at) || active_at <= self.read_through
    }

    /// One that is under way may have looked too early, one that is parked may look too late.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        if !self.is_closed() && !self.reading.has_next(&Reading::Sweep, false) {
            let id = self.task_id();
            self.reading.push(id, Reading::Sweep, now);
        }
    }

    pub(super) fn swept(&mut self, task: TaskId, found: Vec<Found>, newest: Option<Newest>, turn: &mut Turn) {
        if self.reading.finish(task).is_none() {
            return;
        }
        // One that was put off has been made up for.
        turn.save |= self.reading.drop_parked(&Reading::Sweep).is_some();
        if let Some(newest) = newest {
            self.swept_to = Some(newest.message);
            self.read_through = self.read_through.max(newest.at);
        }
        let (mut unread, mut is_in_transcript) = (vec![], false);
        for Found { source, message } in found {
            let message = message.filter(|_| unread.is_empty());
            let Some((task, was_signalled)) = self.take_found(source, message.is_some(), turn) else {
                continue;
            };
            match message {
                Some(message) => {
                    self.agent_wrote(message, task, turn);
                    is_in_transcript |= was_signalled;
                }
                None => unread.push(task),
            }
        }
        if !self.is_closed() && !unread.is_empty() {
            turn.save = true;
            self.reading.put_first(unread);
        }
        // That a signalled message is shown tells after a restart that its list was read: see `restore`.
        turn.save |= !is_in_transcript;
    }

    /// The task for a message in the list, and whether it was signalled. `None` if it has been read, or waits for its turn.
    fn take_found(
        &mut self,
        source: DeskRef,
        is_whole: bool,
        turn: &mut Turn,
    ) -> Option<(Task<Reading>, bool)> {
        let reading = Reading::Message(source.clone());
        if let Some(task) = self.reading.take(&reading, is_whole) {
            return Some((task, true));
        }
        if self.reading.holds(&reading) || self.from_desk.note(&source.0, "") != Verdict::New {
            return None;
        }
        turn.save = true;
        let now = turn.context.now;
        Some((Task::new(self.task_id(), reading, now, now), false))
    }

    pub(super) fn message_read(&mut self, task: TaskId, message: Option<DeskMessage>, turn: &mut Turn) {
        let Some(head) = self.reading.head(task) else {
            return;
        };
        let message = message.map(|message| self.without_private_files(message, turn));
        let is_pending = |file: &DeskFile| file.state == DeskFileState::Pending;
        let waits = message
            .as_ref()
            .is_some_and(|message| message.files.iter().any(is_pending));
        let goes_ahead = matches!(head.job, Reading::Message(_)) && is_held_up(head, turn.context.now);
        if waits && !goes_ahead {
            return self.read_later(task, None, turn);
        }
        let Some(task) = self.reading.finish(task) else {
            return;
        };
        let Some(message) = message else {
            // It may only be hidden yet; then a later list shows it.
            if let Reading::Message(message) = &task.job {
                self.from_desk.forget(&message.0);
            }
            turn.save = true;
            return;
        };
        if !waits {
            return self.agent_wrote(message, task, turn);
        }
        // The words go ahead of the files.
        self.read_files_later(message.source.clone(), turn);
        let files = vec![];
        self.agent_wrote(DeskMessage { files, ..message }, task, turn);
    }

    pub(super) fn reading_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        let Some(head) = self.reading.head(task) else {
            return;
        };
        match (failure, &head.job) {
            // What was signalled can be read by itself meanwhile; but not what was put behind this list on purpose.
            (
                Failure::Passing { retry_after: None } | Failure::NotDone { retry_after: None },
                Reading::Sweep,
            ) if !self.reading.has_put_back() => self.sweep_later(task, turn),
            (Failure::Passing { retry_after } | Failure::NotDone { retry_after }, _) => {
                self.read_later(task, retry_after, turn);
            }
            (Failure::ThreadGone, Reading::Sweep) => {
                self.reading.finish(task);
                self.close(ClosedBy::ThreadGone, turn);
            }
            (Failure::Refused | Failure::ThreadGone, _) => self.give_up_reading(task, turn),
        }
    }

    /// For a while in order, then behind what came later, in the end not at all.
    fn read_later(&mut self, task: TaskId, retry_after: Option<Duration>, turn: &mut Turn) {
        let Some(head) = self.reading.head(task) else {
            return;
        };
        let at = wait(head.attempts, retry_after, SLOWEST_RETRY, turn.context);
        turn.save = true;
        if !is_held_up(head, turn.context.now) {
            let last = head.since + HELD_UP_FOR;
            let at = if retry_after.is_none() { at.min(last) } else { at };
            self.reading.retry_at(task, at, Done::No);
        } else if turn.context.now.since(head.since) < GIVE_UP_AFTER {
            self.reading.park(task, at, Done::No);
        } else {
            self.give_up_reading(task, turn);
        }
    }

    /// One list makes up for all that failed before it, so one at most is parked.
    fn sweep_later(&mut self, task: TaskId, turn: &mut Turn) {
        let Some(mut head) = self.reading.finish(task) else {
            return;
        };
        if let Some(before) = self.reading.drop_parked(&Reading::Sweep) {
            head.attempts = head.attempts.max(before.attempts);
            head.since = head.since.min(before.since);
        }
        let now = turn.context.now;
        // The site's looks go on asking.
        if now.since(head.since) < GIVE_UP_AFTER {
            let at = wait(head.attempts, None, SLOWEST_RETRY, turn.context);
            self.reading.park_task(head, at, Done::No);
        }
    }

    fn give_up_reading(&mut self, task: TaskId, turn: &mut Turn) {
        if let Some(task) = self.reading.finish(task) {
            self.reading_given_up(&task.job, turn);
        }
    }

    pub(super) fn reading_given_up(&mut self, job: &Reading, turn: &mut Turn) {
        turn.save = true;
        match job {
            // The site's next look asks for another one.
            Reading::Sweep => {}
            Reading::Message(_) | Reading::Files(_) => self.not_shown(turn),
        }
    }

    pub(super) fn not_shown(&mut self, turn: &mut Turn) {
        self.notice(Notice::NotShown, turn);
        self.tell_thread(ThreadNotice::NotShown, turn.context.now);
    }
}

/// Whether this has kept the others waiting for long enough.
fn is_held_up(task: &Task<Reading>, now: Timestamp) -> bool {
    now.since(task.since) >= HELD_UP_FOR
}
