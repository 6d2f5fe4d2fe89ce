//! The visitor's side of the core: connections, messages, signs of life.

use super::{
    BotAsk, ConnectionId, Conversation, Effect, Line, Phase, Presence, Silence, ThreadNotice, To, Turn,
    Voice, Warning, pace::Allowance, seen::Verdict,
};
use crate::{
    message::{MessageId, Said, Seq},
    protocol::{Rejection, ServerFrame, check_text},
    time::Timestamp,
};
use std::time::Duration;

/// Posts that may wait for a desk that does not answer: the snapshot holds them, and a row has a largest size.
/// What comes beyond waits in the visitor's panel.
const LONGEST_BACKLOG: usize = 64;
/// In characters.
const MAX_RATING_COMMENT: usize = 1_000;
const BACKLOG_PAUSE: Duration = Duration::from_secs(10);
/// A sign of life within this time of the one before says nothing new.
const SIGN_FRESH: Duration = Duration::from_secs(10);

impl Conversation {
    pub(super) fn visitor_connected(&mut self, connection: ConnectionId, after: Seq, turn: &mut Turn) {
        // A new socket has no heartbeat of its own for a while: connecting counts as one, now and then.
        let is_news = match self.presence {
            Presence::Away { .. } => true,
            Presence::Here { checked_at } => {
                turn.context.now.since(checked_at) > self.plan.timeouts.lost_after() / 3
            }
        };
        if is_news && !self.is_closed() {
            self.presence = Presence::Here {
                checked_at: turn.context.now,
            };
            turn.save = true;
        }
        let hello = ServerFrame::Hello { state: self.state() };
        turn.effects.push(Effect::Send {
            to: To::One(connection.clone()),
            frame: hello,
        });
        turn.effects.push(Effect::Replay {
            to: connection,
            after,
        });
    }

    pub(super) fn visitor_disconnected(&mut self, turn: &mut Turn) {
        if !self.is_closed() {
            self.presence = Presence::Away {
                since: turn.context.now,
            };
            turn.save = true;
        }
    }

    pub(super) fn visitor_sent(
        &mut self,
        connection: ConnectionId,
        id: MessageId,
        text: String,
        turn: &mut Turn,
    ) {
        // Each costs a call at the desk.
        let parts = text.len().div_ceil(turn.context.desk.post_limit.max(1));
        if let Err(code) = check_text(&text)
            .map_err(Some)
            .and_then(|()| self.accept(&id, &text, |this| this.take_message(parts, turn.context.now)))
        {
            return reject(connection, id, code, turn);
        }
        self.heard(turn);
        let now = turn.context.now;
        let seq = self.append(
            now,
            Said::Visitor {
                id,
                text: text.clone(),
                files: vec![],
            },
            None,
            turn,
        );
        self.post_parts(Voice::Visitor, &text, Line::Text, Some(seq), turn.context);
        if self.phase == Phase::WithBot {
            self.ask_bot(BotAsk::Text(text), now);
        }
    }

    /// `Err(None)`: a repeat, which the sender knows of or will hear of by replay. `pays` comes last: what is refused for
    /// another reason costs nothing.
    pub(super) fn accept(
        &mut self,
        id: &MessageId,
        content: &str,
        pays: impl FnOnce(&mut Self) -> Result<(), Rejection>,
    ) -> Result<(), Option<Rejection>> {
        let seen = self.from_visitor.clone();
        match self.from_visitor.note(id.as_str(), content) {
            Verdict::Repeat => return Err(None),
            Verdict::Conflict => return Err(Some(Rejection::IdReused)),
            Verdict::New => {}
        }
        let taken = if self.is_closed() {
            Err(Rejection::Closed)
        } else if self.desk.len() >= LONGEST_BACKLOG {
            Err(Rejection::TooFast {
                retry_after_ms: in_ms(BACKLOG_PAUSE),
            })
        } else {
            pays(self)
        };
        taken.map_err(|refusal| {
            self.from_visitor = seen;
            Some(refusal)
        })
    }

    /// `posts`: that it takes at the desk.
    pub(super) fn take_message(&mut self, posts: usize, now: Timestamp) -> Result<(), Rejection> {
        let allowed = Allowance::messages(self.plan.messages_per_minute);
        let taken = self.pace.take_ahead(posts as f64, allowed, now);
        taken.map_err(|wait| Rejection::TooFast {
            retry_after_ms: in_ms(wait),
        })
    }

    /// Once, after the end.
    pub(super) fn visitor_rated(&mut self, stars: u8, comment: String, turn: &mut Turn) {
        // The team reads it in the thread.
        let can_arrive = self.is_closed() && !self.is_erased && !self.thread_ended;
        if can_arrive && !self.rated && (1..=5).contains(&stars) {
            self.rated = true;
            turn.save = true;
            let comment = comment.trim().chars().take(MAX_RATING_COMMENT).collect();
            self.tell_thread(ThreadNotice::Rated { stars, comment }, turn.context.now);
            self.send_state(turn);
        }
    }

    /// The visitor is there, without a word. It is stored only when it changes something: such signs may come as often
    /// as anybody likes.
    pub(super) fn sign_of_life(&mut self, turn: &mut Turn) {
        let fresh = SIGN_FRESH.min(self.plan.timeouts.silence_after() / 10);
        let is_fresh = turn.context.now.since(self.silence.since) < fresh;
        if self.silence.warning == Warning::Given || !is_fresh {
            self.heard(turn);
        }
    }

    /// The visitor did something that is stored anyway.
    pub(super) fn heard(&mut self, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        let was = self.silence.warning;
        self.silence = Silence {
            since: turn.context.now,
            warning: Warning::NotYet,
        };
        turn.save = true;
        if was == Warning::Given {
            self.send_state(turn);
        }
    }
}

pub(super) fn in_ms(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1)
}

pub(super) fn reject(to: ConnectionId, id: MessageId, code: Option<Rejection>, turn: &mut Turn) {
    if let Some(code) = code {
        let frame = ServerFrame::Rejected { id: Some(id), code };
        turn.effects.push(Effect::Send {
            to: To::One(to),
            frame,
        });
    }
}
