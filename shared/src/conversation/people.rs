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
use std::time::Duration;

/// However often the site looks.
const LOOK_FOR_PEOPLE_EVERY: Duration = Duration::from_secs(5 * 60);

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
        self.left_at = None;
        if !self.has_agent {
            self.has_agent = true;
            turn.save = true;
        }
        // A look that is under way may have come too early to find them.
        let look = DeskJob::LookForPeople;
        if self.desk.is_under_way(&look) && !self.desk.has_next(&look, true) {
            self.enqueue(look, turn.context.now);
            turn.save = true;
        }
        if let Some(seq) = self.unread.take() {
            self.delivered = seq;
            turn.send(ServerFrame::Delivered { through: seq });
        }
    }

    /// Who is still there, only the desk can say.
    pub(super) fn person_left(&mut self, turn: &mut Turn) {
        if self.is_closed() || !self.has_agent {
            return;
        }
        self.looked_at = Some(turn.context.now);
        turn.save = true;
        // One that is under way may have looked too early.
        if !self.desk.has_next(&DeskJob::LookForPeople, true) {
            self.enqueue(DeskJob::LookForPeople, turn.context.now);
        }
    }

    /// That somebody left may not have been told. The site's look comes by now and then.
    pub(super) fn look_for_people_again(&mut self, turn: &mut Turn) {
        let now = turn.context.now;
        if self.looked_at.is_none_or(|at| at + LOOK_FOR_PEOPLE_EVERY <= now) {
            self.person_left(turn);
        }
    }

    pub(super) fn people_found(&mut self, are_in: bool, turn: &mut Turn) {
        if are_in {
            self.agent_is_in(turn);
        } else if !self.desk.has_next(&DeskJob::LookForPeople, true) {
            self.left_alone(turn);
        }
    }

    /// Everybody has left: nobody reads what the visitor writes, so from now on nothing is "with the team".
    fn left_alone(&mut self, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        self.has_agent = false;
        self.left_at = Some(turn.context.now);
        // With the bot, people are called when it hands over; whoever can leave a message has been told.
        if self.phase != Phase::WithBot && !self.leave_message {
            self.wait_for_people(turn);
            self.send_state(turn);
        }
    }

    /// Whether this was written by somebody who has left since: it does not say that anybody is there.
    pub(super) fn is_of_the_past(&self, sent_at: Timestamp) -> bool {
        self.left_at.is_some_and(|left_at| sent_at <= left_at)
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
