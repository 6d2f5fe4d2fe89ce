//! What is done when the desk fails: tried again in order, done in another way, or given up on with a word.

use super::{
    Context, Conversation, DeskJob, Failure, Participant, Reading, SiteJob, TaskId, ThreadNotice, Turn, Voice,
};
use crate::{
    message::{ClosedBy, Notice},
    time::{Timestamp, back_off},
};
use std::time::Duration;

const FIRST_RETRY: Duration = Duration::from_secs(1);
const SLOWEST_RETRY: Duration = Duration::from_secs(60);
/// Whatever the desk asks for, we look again after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// What the rest can do without must not keep it from the thread for long.
const FEW_TRIES: u32 = 5;
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// A message that was left has nobody who waits for it, and nobody who would write it again.
const GIVE_UP_LEFT_AFTER: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Conversation {
    pub(super) fn desk_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        turn.save = true;
        if self.reading.head(task).is_some() {
            self.reading_failed(task, failure, turn);
        } else if self.desk.head(task).is_some() {
            self.job_failed(task, failure, turn);
        }
    }

    fn reading_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        let now = turn.context.now;
        let Some(head) = self.reading.head(task) else {
            return;
        };
        match (failure, &head.job) {
            (Failure::Passing { retry_after }, _) if now.since(head.since) < GIVE_UP_AFTER => {
                let at = wait(head.attempts, retry_after, turn.context);
                self.reading.retry_at(task, at);
            }
            (Failure::ThreadGone, Reading::Sweep) => {
                self.reading.finish(task);
                self.close(ClosedBy::ThreadGone, turn);
            }
            (Failure::Passing { .. } | Failure::Refused | Failure::ThreadGone, _) => {
                self.reading.finish(task);
            }
        }
    }

    fn job_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        let now = turn.context.now;
        let Some(head) = self.desk.head(task) else { return };
        let is_left = self.is_left();
        let tries_on = match head.job {
            // The site's regular look does without a watch, and asks for it again.
            DeskJob::AddParticipant(_) | DeskJob::Watch => head.attempts + 1 < FEW_TRIES,
            DeskJob::Rewatch(_) => false,
            DeskJob::OpenThread { .. }
            | DeskJob::Post { .. }
            | DeskJob::Unwatch(_)
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. }
            | DeskJob::Site(_) => {
                now.since(head.since)
                    < if is_left {
                        GIVE_UP_LEFT_AFTER
                    } else {
                        GIVE_UP_AFTER
                    }
            }
        };
        let at = wait(head.attempts, None, turn.context);
        match (failure, &head.job) {
            (Failure::Passing { retry_after }, _) if tries_on => {
                let at = wait(head.attempts, retry_after, turn.context);
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
            (Failure::ThreadGone, DeskJob::Post { .. }) if is_left && tries_on => {
                let job = self.standing_thread(self.thread.clone());
                let id = self.task_id();
                self.desk.retry_at(task, at);
                self.desk.push_front(id, job, now, at);
            }
            (Failure::ThreadGone, _) => {
                self.leave_gone_thread();
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
        let now = turn.context.now;
        match task.job {
            DeskJob::AddParticipant(who) => {
                let is_representative = matches!(who, Participant::Agent(_));
                self.tell_thread(ThreadNotice::ParticipantNotAdded { who }, now);
                if is_representative && !self.is_closed() {
                    self.call_next(now);
                }
            }
            DeskJob::Post {
                completes: Some(seq), ..
            } => self.notice(Notice::NotDelivered { seq }, turn),
            // Without a thread nothing that waits behind it can be done either.
            DeskJob::OpenThread { .. } => {
                self.desk.clear();
                self.close(ClosedBy::ThreadGone, turn);
            }
            DeskJob::Site(SiteJob::Choose { candidates, .. }) => {
                if let Some(agent) = candidates.into_iter().next() {
                    self.call(agent, now);
                }
            }
            // The site's regular look reads the thread instead.
            DeskJob::Watch => {
                let (mark, watch) = (self.mark.clone(), None);
                self.enqueue(DeskJob::Site(SiteJob::Enlist { mark, watch }), now);
            }
            DeskJob::Post { completes: None, .. }
            | DeskJob::Rewatch(_)
            | DeskJob::Unwatch(_)
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. }
            | DeskJob::Site(_) => {}
        }
        if was_retrying {
            self.send_state(turn);
        }
    }
}

fn wait(attempts: u32, retry_after: Option<Duration>, context: &Context) -> Timestamp {
    let own = back_off(FIRST_RETRY, SLOWEST_RETRY, attempts, context.jitter);
    context.now + own.max(retry_after.unwrap_or_default()).min(LONGEST_WAIT)
}
