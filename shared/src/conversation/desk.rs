//! The desk's side of the core: the thread, posts in order, and what is done when the desk fails.

use super::{
    Context, Conversation, DeskJob, DeskOutcome, Line, NameWanted, Participant, Post, SiteAnswer, SiteJob,
    TaskId, ThreadNotice, Turn, VisitorCard, Voice, WatchRef,
};
use crate::{
    message::{Body, Seq, plain},
    settings::{BotUse, Plan, RoomKind},
    time::Timestamp,
};

/// Bytes of a post that a visitor's card may take beside the text of a left message.
const CARD_SHARE: usize = 3_500;

/// Bytes, whatever a desk's limit: more than any character has.
const MIN_PART: usize = 16;

/// Bytes of the bot's name before what it said; a post has room for them beyond the limit of a text.
const LONGEST_BOT_NAME: usize = 100;

/// Names are shown where one person answers; elsewhere asking for them would be a call for nothing.
pub(super) fn name_wanted(plan: &Plan) -> NameWanted {
    match plan.room {
        RoomKind::Personal | RoomKind::Mixed => NameWanted::Yes,
        RoomKind::Group => NameWanted::No,
    }
}

impl Conversation {
    pub(super) fn open_thread(&mut self, card: VisitorCard, reference: String, now: Timestamp) {
        let (topic, name) = (self.plan.topic.clone(), card.name.clone());
        let job = DeskJob::OpenThread {
            topic,
            name,
            reference,
        };
        self.enqueue(job, now);
        self.call_people(now);
        if self.plan.bot == BotUse::First {
            self.enqueue(DeskJob::AddParticipant(Participant::Bot), now);
        }
        self.enqueue(DeskJob::Watch, now);
        self.post(Voice::Visitor, Line::Card(card), None, now);
    }

    /// `completes`: the entry that has arrived in full with it.
    pub(super) fn post(&mut self, voice: Voice, line: Line, completes: Option<Seq>, now: Timestamp) {
        let job = DeskJob::Post {
            voice,
            line,
            part_of: None,
            completes,
        };
        self.enqueue(job, now);
    }

    /// Posts a text in as many parts as the limit, in bytes, makes of it.
    fn post_in_parts(
        &mut self,
        voice: Voice,
        (text, limit): (&str, usize),
        mut line: impl FnMut(String) -> Line,
        entry: Option<Seq>,
        now: Timestamp,
    ) {
        let mut rest = text;
        while !rest.is_empty() {
            // A limit below one character would never get through it.
            let (part, more) = rest.split_at(rest.floor_char_boundary(limit.max(MIN_PART)));
            let (part_of, completes) = if more.is_empty() {
                (None, entry)
            } else {
                (entry, None)
            };
            let job = DeskJob::Post {
                voice,
                line: line(part.into()),
                part_of,
                completes,
            };
            self.enqueue(job, now);
            rest = more;
        }
    }

    /// A message for the team: no thread of its own, but the topic's standing one.
    pub(super) fn post_left(
        &mut self,
        card: VisitorCard,
        reference: String,
        text: &str,
        seq: Seq,
        context: &Context,
    ) {
        self.enqueue(self.standing_thread(None), context.now);
        let mut card = Some(Box::new(card));
        let line = |text| Line::Left {
            card: card.take(),
            reference: reference.clone(),
            text,
        };
        let limit = context.desk.post_limit.saturating_sub(CARD_SHARE);
        self.post_in_parts(Voice::Visitor, (text, limit), line, Some(seq), context.now);
    }

    pub(super) fn standing_thread(&self, gone: Option<super::ThreadRef>) -> DeskJob {
        DeskJob::Site(SiteJob::StandingThread {
            topic_id: self.plan.topic_id.clone(),
            topic: self.plan.topic.clone(),
            participants: self.plan.participants.clone(),
            gone,
        })
    }

    pub(super) fn enqueue(&mut self, job: DeskJob, now: Timestamp) {
        let id = self.task_id();
        self.desk.push(id, job, now);
    }

    pub(super) fn tell_thread(&mut self, notice: ThreadNotice, now: Timestamp) {
        self.post(Voice::Visitor, Line::Notice(notice), None, now);
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
        self.post_in_parts(
            voice,
            (text, context.desk.post_limit),
            line,
            completes,
            context.now,
        );
    }

    pub(super) fn last_post(&self) -> Option<Post> {
        let message = self.last_post.clone()?;
        let at = self.posted_at;
        Some(Post { message, at })
    }

    pub(super) fn desk_done(&mut self, task: TaskId, outcome: DeskOutcome, turn: &mut Turn) {
        match outcome {
            DeskOutcome::Read(message) => self.message_read(task, message, turn),
            DeskOutcome::Swept { found, newest } => self.swept(task, found, newest, turn),
            DeskOutcome::ThreadOpened(_)
            | DeskOutcome::Added { .. }
            | DeskOutcome::People { .. }
            | DeskOutcome::Watching(_)
            | DeskOutcome::Posted(_)
            | DeskOutcome::Unwatched
            | DeskOutcome::ThreadEnded
            | DeskOutcome::Site(_) => self.job_done(task, outcome, turn),
        }
    }

    fn job_done(&mut self, task: TaskId, outcome: DeskOutcome, turn: &mut Turn) {
        let was_retrying = self.desk.is_retrying();
        let Some(task) = self.desk.finish(task) else {
            return;
        };
        turn.save = true;
        match outcome {
            DeskOutcome::ThreadOpened(thread) => self.thread = Some(thread),
            DeskOutcome::Added { name } => {
                if let DeskJob::AddParticipant(who) = task.job {
                    self.added(&who, name, turn);
                }
            }
            DeskOutcome::People { are_in } => self.people_found(are_in, turn),
            DeskOutcome::Watching(watch) => {
                self.watching(watch, turn);
                // People are in the thread before it is watched.
                self.sweep(turn.context.now);
            }
            DeskOutcome::Posted(post) => {
                self.last_post = Some(post.message);
                self.posted_at = self.posted_at.max(post.at);
                if let DeskJob::Post {
                    completes: Some(seq), ..
                } = task.job
                {
                    self.unread = Some(seq);
                    if self.has_agent {
                        self.agent_is_in(turn);
                    }
                }
            }
            DeskOutcome::Site(answer) => self.site_answered(answer, turn),
            DeskOutcome::Unwatched
            | DeskOutcome::ThreadEnded
            | DeskOutcome::Read(_)
            | DeskOutcome::Swept { .. } => {}
        }
        if was_retrying {
            self.send_state(turn);
        }
    }

    fn site_answered(&mut self, answer: SiteAnswer, turn: &mut Turn) {
        match answer {
            SiteAnswer::Done => {}
            SiteAnswer::Blocked => self.blocked(turn),
            SiteAnswer::Chosen { agent } => {
                if !self.is_closed() {
                    self.call(agent, turn.context.now);
                }
            }
            SiteAnswer::Thread(thread) => self.thread = Some(thread),
            SiteAnswer::Topic(plan) => self.transfer(*plan, turn),
            SiteAnswer::NoTopic { known } => {
                self.tell_thread(ThreadNotice::UnknownTopic { known }, turn.context.now)
            }
        }
    }

    fn watching(&mut self, watch: WatchRef, turn: &Turn) {
        if self.is_closed() {
            self.enqueue(DeskJob::Unwatch(watch), turn.context.now);
        } else {
            self.watch = Some(watch.clone());
            let (visitor_hash, watch) = (self.visitor_hash.clone(), Some(watch));
            self.enqueue(
                DeskJob::Site(SiteJob::Enlist { visitor_hash, watch }),
                turn.context.now,
            );
        }
    }

    pub(super) fn post_bot(&mut self, body: &Body, replies: &[String], turn: &Turn) {
        let mut text = plain(body);
        for reply in replies {
            text.push_str("\n• ");
            text.push_str(reply);
        }
        if self.bot_refused {
            let text = self.as_the_bot(&text);
            self.post_parts(Voice::Visitor, &text, Line::Text, None, turn.context);
        } else {
            self.post_parts(Voice::Bot, &text, Line::Bot, None, turn.context);
        }
    }

    /// For the integration's account to post.
    pub(super) fn in_the_bots_name(&self, line: &Line) -> Line {
        match line {
            Line::Bot(text) => Line::Text(self.as_the_bot(text)),
            Line::Card(_) | Line::Text(_) | Line::File { .. } | Line::Left { .. } | Line::Notice(_) => {
                line.clone()
            }
        }
    }

    fn as_the_bot(&self, text: &str) -> String {
        let name = match self.plan.bot_name.trim() {
            "" => "Bot",
            name => name.split_at(name.floor_char_boundary(LONGEST_BOT_NAME)).0,
        };
        format!("{name}: {text}")
    }
}
