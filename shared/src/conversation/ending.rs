//! The end of a conversation, and the end of what is kept of it.

use super::{Conversation, DeskJob, Effect, Line, Phase, Reading, SiteJob, ThreadEnd, ThreadNotice, Turn};
use crate::{
    message::{ClosedBy, Notice},
    settings::EndedRooms,
    time::Timestamp,
};

impl Conversation {
    pub(super) fn close(&mut self, by: ClosedBy, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let now = turn.context.now;
        self.bot.clear();
        // Whoever wrote what could not be read so far believes that the visitor has it.
        let is_owed = self.reading.is_held_up(|job| *job != Reading::Sweep);
        self.reading.clear();
        if is_owed && by != ClosedBy::ThreadGone {
            self.not_shown(turn);
        }
        self.leave_message = false;
        self.phase = Phase::Closed { by, at: now };
        self.notice(Notice::Closed { by }, turn);
        match by {
            ClosedBy::ThreadGone => self.leave_gone_thread(),
            ClosedBy::Visitor
            | ClosedBy::Agent
            | ClosedBy::Silence
            | ClosedBy::VisitorGone
            | ClosedBy::MessageLeft => self.tell_thread(ThreadNotice::Closed { by }, now),
        }
        if let Some(watch) = self.watch.take() {
            self.enqueue(DeskJob::Unwatch(watch), now);
        }
        self.enqueue(DeskJob::Site(SiteJob::Delist), now);
        self.send_state(turn);
    }

    /// What can still be done without the thread: the watch removed, the site told.
    pub(super) fn leave_gone_thread(&mut self) {
        self.desk.retain(|job| match job {
            DeskJob::Unwatch(_) => true,
            DeskJob::Site(job) => matches!(job, SiteJob::Delist | SiteJob::Unlist | SiteJob::Block { .. }),
            DeskJob::OpenThread { .. }
            | DeskJob::AddParticipant(_)
            | DeskJob::LookForPeople
            | DeskJob::Watch
            | DeskJob::Rewatch(_)
            | DeskJob::Post { .. }
            | DeskJob::EndThread(_)
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. } => false,
        });
    }

    /// The site does not serve this visitor. No thread has been opened, and none will be.
    pub(super) fn blocked(&mut self, turn: &mut Turn) {
        self.close(ClosedBy::Agent, turn);
        self.desk.clear();
        self.enqueue(DeskJob::Site(SiteJob::Delist), turn.context.now);
    }

    /// When the thread is to be left or deleted. Not the one where messages are left: it is not this conversation's alone.
    pub(super) fn thread_deadline(&self) -> Option<Timestamp> {
        let kept_for = self.plan.ended_rooms.kept_for()?;
        match self.phase {
            Phase::Closed { by, at } if !matches!(by, ClosedBy::ThreadGone | ClosedBy::MessageLeft) => {
                let is_there = self.thread.is_some() && !self.thread_ended;
                is_there.then(|| at + kept_for.after())
            }
            Phase::Closed { .. } | Phase::WithBot | Phase::Waiting | Phase::WithAgent { .. } => None,
        }
    }

    pub(super) fn end_thread(&mut self, turn: &mut Turn) {
        let how = match self.plan.ended_rooms {
            EndedRooms::Keep => return,
            EndedRooms::Leave(_) => ThreadEnd::Leave,
            EndedRooms::Delete(_) => ThreadEnd::Delete,
        };
        self.thread_ended = true;
        self.enqueue(DeskJob::EndThread(how), turn.context.now);
        turn.save = true;
    }

    pub(super) fn erase_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Closed { at, .. } if !self.is_erased => Some(at + self.plan.retention.after()),
            Phase::Closed { .. } | Phase::WithBot | Phase::Waiting | Phase::WithAgent { .. } => None,
        }
    }

    /// The transcript goes at once; the rest when the desk and the site have heard of the end, and the thread has been left
    /// or deleted if it is to be. What the visitor wrote and the desk does not have yet is not sent any more.
    pub(super) fn erase(&mut self, turn: &mut Turn) {
        if self.is_erased {
            return;
        }
        self.close(ClosedBy::Visitor, turn);
        self.is_erased = true;
        if self.thread.is_none() {
            // What is asked of the site stays in its order, or the last word there might be that this conversation runs.
            self.desk.retain(|job| matches!(job, DeskJob::Site(_)));
        }
        self.desk.retain(|job| match job {
            // What the visitor said about the chat is theirs too.
            DeskJob::Post {
                line: Line::Notice(notice),
                ..
            } => !matches!(notice, ThreadNotice::Rated { .. }),
            // A watch that is just beginning is ended when it has begun.
            DeskJob::Watch
            | DeskJob::Rewatch(_)
            | DeskJob::Unwatch(_)
            | DeskJob::EndThread(_)
            | DeskJob::Site(_) => true,
            DeskJob::OpenThread { .. }
            | DeskJob::AddParticipant(_)
            | DeskJob::LookForPeople
            | DeskJob::Post { .. }
            | DeskJob::Read { .. }
            | DeskJob::Sweep { .. } => false,
        });
        self.enqueue(DeskJob::Site(SiteJob::Unlist), turn.context.now);
        // Until then nothing is kept by which the visitor could be recognised.
        self.visitor_hash.clear();
        turn.effects.push(Effect::EraseTranscript);
        turn.save = true;
    }
}
