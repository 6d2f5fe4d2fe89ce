//! What is done when the desk fails: tried again in order, put off so that the rest can pass, done in another way, or
//! given up on with a word to both sides.

use super::{
    Context, Conversation, DeskJob, Failure, Line, Participant, Phase, Reading, SiteJob, TaskId,
    ThreadNotice, Turn, Voice,
    task::{Done, Task},
};
use crate::{
    message::{ClosedBy, Notice},
    time::{Timestamp, back_off},
};
use std::time::Duration;

const FIRST_RETRY: Duration = Duration::from_secs(1);
pub(super) const SLOWEST_RETRY: Duration = Duration::from_secs(60);
/// Of a message that was left, and of the end of a thread: nobody waits for it.
const SLOWEST_LEFT_RETRY: Duration = Duration::from_secs(60 * 60);
/// Whatever the desk asks for, we look again after this long.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
/// What the rest can do without must not keep it from the thread for long.
const FEW_TRIES: u32 = 5;
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// A message that was left has nobody who waits for it, and nobody who would write it again.
const GIVE_UP_LEFT_AFTER: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A thread that refuses a left message is replaced; a message that every thread refuses must not fill the desk with them.
const MOST_OTHER_THREADS: u32 = 3;
/// A left message whose thread's account gets no token goes to another thread after this long.
const NO_ACCOUNT_FOR: Duration = Duration::from_secs(60 * 60);

impl Conversation {
    pub(super) fn desk_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        turn.save = true;
        if self.reading.head(task).is_some() {
            self.reading_failed(task, failure, turn);
        } else if self.desk.head(task).is_some() {
            self.job_failed(task, failure, turn);
        }
    }

    /// What was begun several times and never ended may be what stops the object.
    pub(super) fn give_up_poisoned(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        while let Some(task) = self.desk.take_poisoned(now) {
            turn.save = true;
            self.given_up(task, turn);
        }
        while let Some(task) = self.reading.take_poisoned(now) {
            self.reads_singly |= task.job == Reading::Sweep;
            self.reading_given_up(&task.job, turn);
        }
        while self.bot.take_poisoned(now).is_some() {
            self.bot_gave_up(turn);
        }
    }

    fn job_failed(&mut self, task: TaskId, failure: Failure, turn: &mut Turn) {
        let Some(head) = self.desk.head(task) else { return };
        let now = turn.context.now;
        let is_left = self.is_left();
        let (slowest, longest) = if is_left || matches!(head.job, DeskJob::EndThread(_)) {
            (SLOWEST_LEFT_RETRY, GIVE_UP_LEFT_AFTER)
        } else {
            (SLOWEST_RETRY, GIVE_UP_AFTER)
        };
        let tries_on = now.since(head.since) < longest;
        let at = |retry_after| wait(head.attempts, retry_after, slowest, turn.context);
        match (failure, &head.job) {
            // Somebody must be called; whose turn it is matters less.
            (Failure::Passing { .. } | Failure::NotDone { .. }, DeskJob::Site(SiteJob::Choose { .. }))
                if head.attempts + 1 >= FEW_TRIES =>
            {
                self.give_up(task, turn)
            }
            (Failure::Passing { retry_after }, _) if tries_on => {
                self.try_later(task, at(retry_after), Done::Maybe, turn);
            }
            // The account that opened this thread may have been taken away for good.
            (Failure::NotDone { retry_after: None }, DeskJob::Post { .. })
                if is_left
                    && tries_on
                    && now.since(head.since) > NO_ACCOUNT_FOR
                    && head.put_back < MOST_OTHER_THREADS =>
            {
                self.post_elsewhere(task, at(None), now);
            }
            (Failure::NotDone { retry_after }, _) if tries_on => {
                self.try_later(task, at(retry_after), Done::No, turn);
            }
            // The bot's account is not let in here, or nowhere: the integration posts in its stead.
            (
                Failure::Refused | Failure::ThreadGone,
                DeskJob::Post {
                    voice: Voice::Bot,
                    line,
                    part_of,
                    completes,
                },
            ) => {
                let job = DeskJob::Post {
                    voice: Voice::Visitor,
                    line: self.in_the_bots_name(line),
                    part_of: *part_of,
                    completes: *completes,
                };
                self.bot_refused = true;
                self.desk.replace_head(task, job);
            }
            (Failure::ThreadGone | Failure::Refused, DeskJob::Post { .. })
                if is_left
                    && tries_on
                    && (failure == Failure::ThreadGone || head.put_back < MOST_OTHER_THREADS) =>
            {
                self.post_elsewhere(task, at(None), now);
            }
            (Failure::ThreadGone, _) => {
                self.leave_gone_thread();
                self.close(ClosedBy::ThreadGone, turn);
            }
            (Failure::Refused, DeskJob::OpenThread { .. } | DeskJob::Watch | DeskJob::EndThread(_))
                if tries_on =>
            {
                self.try_later(task, at(None), Done::No, turn);
            }
            (Failure::Refused, DeskJob::Post { .. }) if is_left && tries_on => {
                self.try_later(task, at(None), Done::No, turn);
            }
            (Failure::Refused | Failure::Passing { .. } | Failure::NotDone { .. }, _) => {
                self.give_up(task, turn);
            }
        }
    }

    /// In another standing thread than the one that does not take it.
    fn post_elsewhere(&mut self, task: TaskId, at: Timestamp, now: Timestamp) {
        let job = self.standing_thread(self.thread.clone());
        let id = self.task_id();
        self.desk.retry_elsewhere(task, at);
        self.desk.push_front(id, job, now, at);
    }

    fn try_later(&mut self, task: TaskId, at: Timestamp, done: Done, turn: &mut Turn) {
        let Some(head) = self.desk.head(task) else { return };
        let (attempts, now) = (head.attempts, turn.context.now);
        let was_retrying = self.desk.is_retrying();
        match &head.job {
            // Until it is there the site looks often. Nothing waits for it.
            DeskJob::Watch | DeskJob::Rewatch(_) => {
                self.desk.park(task, at, done);
                if attempts == 0 && self.watch.is_none() && !self.is_closed() {
                    let (visitor_hash, watch) = (self.visitor_hash.clone(), None);
                    self.enqueue(DeskJob::Site(SiteJob::Enlist { visitor_hash, watch }), now);
                }
            }
            // Nothing waits for these.
            DeskJob::LookForPeople
            | DeskJob::EndThread(_)
            | DeskJob::Site(SiteJob::FindTopic { .. } | SiteJob::Block { .. }) => {
                self.desk.park(task, at, done);
            }
            DeskJob::AddParticipant(who) if attempts + 1 >= FEW_TRIES => {
                let is_representative = matches!(who, Participant::Agent(_));
                self.desk.park(task, at, done);
                if attempts + 1 == FEW_TRIES && is_representative && !self.is_closed() {
                    self.call_next(now);
                }
                self.nobody_reached(turn);
            }
            DeskJob::AddParticipant(_)
            | DeskJob::OpenThread { .. }
            | DeskJob::Post { .. }
            | DeskJob::Unwatch(_)
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. }
            | DeskJob::Site(_) => self.desk.retry_at(task, at, done),
        }
        if was_retrying != self.desk.is_retrying() {
            self.send_state(turn);
        }
    }

    fn give_up(&mut self, task: TaskId, turn: &mut Turn) {
        let was_retrying = self.desk.is_retrying();
        if let Some(task) = self.desk.finish(task) {
            self.given_up(task, turn);
        }
        if was_retrying {
            self.send_state(turn);
        }
    }

    fn given_up(&mut self, task: Task<DeskJob>, turn: &mut Turn) {
        let now = turn.context.now;
        match task.job {
            DeskJob::AddParticipant(who) => {
                let is_representative = matches!(who, Participant::Agent(_));
                self.bot_refused |= who == Participant::Bot;
                self.tell_thread(ThreadNotice::ParticipantNotAdded { who }, now);
                if is_representative && !self.is_closed() {
                    self.call_next(now);
                }
                self.nobody_reached(turn);
            }
            DeskJob::Post {
                line: Line::Notice(_),
                ..
            } => {}
            DeskJob::Post {
                part_of, completes, ..
            } => {
                self.tell_thread(ThreadNotice::LineMissing, now);
                if let Some(seq) = part_of.or(completes) {
                    // Half a message would be taken for a whole one.
                    self.desk.retain(|job| {
                        !matches!(job, DeskJob::Post { part_of, completes, .. } if part_of.or(*completes) == Some(seq))
                    });
                    self.notice(Notice::NotDelivered { seq }, turn);
                }
            }
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
            DeskJob::LookForPeople
            | DeskJob::Watch
            | DeskJob::Rewatch(_)
            | DeskJob::Unwatch(_)
            | DeskJob::EndThread(_)
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. }
            | DeskJob::Site(_) => {}
        }
    }

    /// While nobody is in the thread, and nobody is being called, the next one is. A waiting visitor is told when there is
    /// none; those who could not be added are tried on.
    pub(super) fn nobody_reached(&mut self, turn: &mut Turn) {
        let is_call = |job: &DeskJob| {
            matches!(
                job,
                DeskJob::AddParticipant(Participant::Agent(_) | Participant::Invited(_))
                    | DeskJob::Site(SiteJob::Choose { .. })
            )
        };
        let is_alone = self.thread.is_some() && !self.has_agent && !self.desk.has_waiting(is_call);
        if is_alone
            && self.phase == Phase::Waiting
            && !self.leave_message
            && !self.call_next(turn.context.now)
        {
            self.offer_message(Notice::NobodyAnswered, ThreadNotice::NobodyAnswered, turn);
            self.send_state(turn);
        }
    }
}

/// Not before the time that the desk asks for, and not all at the same time.
pub(super) fn wait(
    attempts: u32,
    retry_after: Option<Duration>,
    slowest: Duration,
    context: &Context,
) -> Timestamp {
    let own = back_off(FIRST_RETRY, slowest, attempts, context.jitter);
    let asked = retry_after.unwrap_or_default().min(LONGEST_WAIT);
    let spread = (asked / 4).mul_f64(context.jitter.clamp(0.0, 1.0));
    context.now + own.max(asked + spread)
}
