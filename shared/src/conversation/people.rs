//! Who is asked to answer, and what is done when nobody comes.
//!
//! When the site closes during a chat: with a person it goes on, since that person decides; with the bot it goes on
//! until the bot hands over; a visitor who waits is told, and can leave a message.

use super::{Conversation, DeskJob, Participant, Phase, SiteJob, ThreadNotice, Turn};
use crate::{
    message::Notice,
    protocol::ServerFrame,
    settings::{Plan, RoomKind},
    time::Timestamp,
};

impl Conversation {
    /// Adds the topic's people: all of them, or the first one.
    pub(super) fn call_people(&mut self, now: Timestamp) {
        match self.plan.room {
            RoomKind::Group => {
                for address in self.plan.participants.clone() {
                    self.enqueue(DeskJob::AddParticipant(Participant::Agent(address)), now);
                }
            }
            RoomKind::Personal | RoomKind::Mixed => {
                self.call_next(now);
            }
        }
    }

    /// One more representative. False: all have been called, or there are none in this kind of room.
    pub(super) fn call_next(&mut self, now: Timestamp) -> bool {
        if self.plan.room == RoomKind::Group {
            return false;
        }
        let called = |address: &&String| self.called.contains(address);
        let candidates: Vec<String> = self
            .plan
            .participants
            .iter()
            .filter(|one| !called(one))
            .cloned()
            .collect();
        match candidates.as_slice() {
            [] => return false,
            [only] => self.call(only.clone(), now),
            _ => {
                let topic = self.plan.topic_id.clone();
                self.enqueue(DeskJob::Site(SiteJob::Choose { topic, candidates }), now);
            }
        }
        true
    }

    pub(super) fn call(&mut self, agent: String, now: Timestamp) {
        self.called.push(agent.clone());
        self.enqueue(DeskJob::AddParticipant(Participant::Agent(agent)), now);
    }

    /// From now on the visitor waits for a person.
    pub(super) fn wait_for_people(&mut self, turn: &mut Turn) {
        self.phase = Phase::Waiting;
        self.waiting_since = Some(turn.context.now);
        self.leave_message = false;
        turn.save = true;
        if !self.plan.is_open(turn.context.now) {
            self.offer_message(Notice::TeamClosed, ThreadNotice::TeamClosed, turn);
        }
        self.nobody_reached(turn);
    }

    pub(super) fn added(&mut self, who: &Participant, name: Option<String>, turn: &mut Turn) {
        match who {
            Participant::Bot => {}
            Participant::Agent(_) => self.agent_is_in(turn),
            Participant::Invited(_) => {
                self.agent_is_in(turn);
                self.guest_added(name, turn);
            }
        }
    }

    /// Somebody of the team is in the thread, and can read what was posted there.
    pub(super) fn agent_is_in(&mut self, turn: &mut Turn) {
        if !self.has_agent {
            self.has_agent = true;
            turn.save = true;
        }
        if let Some(seq) = self.unread.take() {
            self.delivered = seq;
            turn.send(ServerFrame::Delivered { through: seq });
        }
    }

    /// Who is still there, only the desk can say.
    pub(super) fn person_left(&mut self, turn: &mut Turn) {
        if self.is_closed() || !self.has_agent || self.desk.holds(&DeskJob::LookForPeople) {
            return;
        }
        self.enqueue(DeskJob::LookForPeople, turn.context.now);
        turn.save = true;
    }

    /// Everybody has left: nobody reads what the visitor writes, so from now on nothing is "with the team".
    pub(super) fn left_alone(&mut self, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        self.has_agent = false;
        if self.phase == Phase::WithBot {
            return;
        }
        self.phase = Phase::Waiting;
        self.waiting_since = Some(turn.context.now);
        self.leave_message = false;
        if !self.call_next(turn.context.now) {
            self.nobody_reached(turn);
        }
        self.send_state(turn);
    }

    /// When something is to be done for a visitor who waits.
    pub(super) fn waiting_deadline(&self) -> Option<Timestamp> {
        let since = self
            .waiting_since
            .filter(|_| self.phase == Phase::Waiting && !self.leave_message)?;
        let nobody_at = self.plan.timeouts.answer_after().map(|after| since + after);
        nobody_at.into_iter().chain(self.plan.closes_at(since)).min()
    }

    pub(super) fn nobody_came(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        if self.thread.is_none() && self.plan.is_open(now) {
            // Nobody has been asked yet: the desk does not answer.
            self.waiting_since = Some(now);
            turn.save = true;
        } else if !self.plan.is_open(now) {
            self.offer_message(Notice::TeamClosed, ThreadNotice::TeamClosed, turn);
            self.send_state(turn);
        } else if self.call_next(now) {
            self.waiting_since = Some(now);
            turn.save = true;
        } else {
            self.offer_message(Notice::NobodyAnswered, ThreadNotice::NobodyAnswered, turn);
            self.send_state(turn);
        }
    }

    pub(super) fn offer_message(&mut self, notice: Notice, to_thread: ThreadNotice, turn: &mut Turn) {
        self.leave_message = true;
        self.notice(notice, turn);
        self.tell_thread(to_thread, turn.context.now);
    }

    /// Other people take over in the same thread; those who are in it stay.
    pub(super) fn transfer(&mut self, plan: Plan, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let topic = plan.topic.clone();
        if plan.desk != self.plan.desk {
            return self.tell_thread(ThreadNotice::OtherDesk { topic }, turn.context.now);
        }
        self.plan = plan;
        self.bot.clear();
        self.desk.retain(|job| {
            let is_call = matches!(
                job,
                DeskJob::AddParticipant(Participant::Agent(_)) | DeskJob::Site(SiteJob::Choose { .. })
            );
            !is_call
        });
        self.called.clear();
        self.met.clear();
        self.first_agent = None;
        self.is_crowd = false;
        self.notice(Notice::Transferred { topic: topic.clone() }, turn);
        self.tell_thread(ThreadNotice::Transferred { topic }, turn.context.now);
        self.call_people(turn.context.now);
        self.wait_for_people(turn);
        self.send_state(turn);
    }
}
