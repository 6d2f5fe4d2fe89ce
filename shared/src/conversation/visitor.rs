//! The visitor's side of the core: connections, messages, signs of life.

use super::{
    BotAsk, ConnectionId, Conversation, DeskJob, Effect, FileOrigin, Line, Phase, Presence, Silence,
    ThreadNotice, To, Turn, Voice, Warning, seen::Verdict,
};
use crate::{
    file::{File, FileKind, Image, clean_name},
    message::{MessageId, Said, Seq},
    protocol::{Rejection, ServerFrame, check_text},
};

/// A file as it came.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) fingerprint: u64,
    pub(super) kind: FileKind,
    pub(super) image: Option<Image>,
}

/// Posts that may wait for a desk that does not answer: the snapshot holds them, and a row has a largest size.
/// What comes beyond waits in the visitor's panel.
const LONGEST_BACKLOG: usize = 64;
/// In characters.
const MAX_RATING_COMMENT: usize = 1_000;
const BACKLOG_PAUSE_MS: u32 = 10_000;

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
        if let Err(code) = check_text(&text)
            .map_err(Some)
            .and_then(|()| self.accept(&id, &text, turn))
        {
            return reject(connection, id, code, turn);
        }
        self.sign_of_life(turn);
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

    /// The bytes are stored, and are dropped again unless this keeps them.
    pub(super) fn visitor_sent_file(
        &mut self,
        connection: ConnectionId,
        id: MessageId,
        upload: Upload,
        turn: &mut Turn,
    ) {
        let Upload {
            name,
            size,
            fingerprint,
            kind,
            image,
        } = upload;
        let content = format!("{name}/{size}/{fingerprint}");
        let checked = self
            .check_file(size, kind)
            .and_then(|()| self.accept(&id, &content, turn));
        if let Err(code) = checked {
            return reject(connection, id, code, turn);
        }
        self.sign_of_life(turn);
        let now = turn.context.now;
        let file = self.keep_file(FileOrigin::Upload, name, size, image, turn);
        let (voice, number, name) = (Voice::Visitor, file.number, file.name.clone());
        let (text, files) = (String::new(), vec![file]);
        let seq = self.append(now, Said::Visitor { id, text, files }, None, turn);
        let (line, completes) = (Line::File { number, name }, Some(seq));
        self.enqueue(
            DeskJob::Post {
                voice,
                line,
                completes,
            },
            now,
        );
    }

    fn check_file(&self, size: u64, kind: FileKind) -> Result<(), Option<Rejection>> {
        let Some(allowed) = &self.plan.attachments else {
            return Err(Some(Rejection::FileRefused));
        };
        if size == 0 {
            Err(Some(Rejection::Empty))
        } else if size > allowed.largest() as u64 {
            Err(Some(Rejection::FileTooLarge))
        } else if !allowed.kinds.contains(&kind) {
            Err(Some(Rejection::FileRefused))
        } else {
            Ok(())
        }
    }

    pub(super) fn keep_file(
        &mut self,
        origin: FileOrigin,
        name: String,
        size: u64,
        image: Option<Image>,
        turn: &mut Turn,
    ) -> File {
        self.files += 1;
        turn.save = true;
        let number = self.files;
        let name = clean_name(&name);
        turn.effects.push(Effect::KeepFile {
            number,
            name: name.clone(),
            origin,
        });
        File {
            number,
            name,
            size,
            image,
        }
    }

    /// `Err(None)`: a repeat, which the sender knows of or will hear of by replay.
    fn accept(&mut self, id: &MessageId, content: &str, turn: &Turn) -> Result<(), Option<Rejection>> {
        let (seen, pace) = (self.from_visitor.clone(), self.pace);
        match self.from_visitor.note(id.as_str(), content) {
            Verdict::Repeat => return Err(None),
            Verdict::Conflict => return Err(Some(Rejection::IdReused)),
            Verdict::New => {}
        }
        let refusal = if self.is_closed() {
            Some(Rejection::Closed)
        } else if self.desk.len() >= LONGEST_BACKLOG {
            Some(Rejection::TooFast {
                retry_after_ms: BACKLOG_PAUSE_MS,
            })
        } else {
            let taken = self.pace.take(self.plan.messages_per_minute, turn.context.now);
            taken.err().map(|wait| Rejection::TooFast {
                retry_after_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1),
            })
        };
        if refusal.is_some() {
            (self.from_visitor, self.pace) = (seen, pace);
            return Err(refusal);
        }
        Ok(())
    }

    /// Once, after the end.
    pub(super) fn visitor_rated(&mut self, stars: u8, comment: String, turn: &mut Turn) {
        if self.is_closed() && !self.is_erased && !self.rated && (1..=5).contains(&stars) {
            self.rated = true;
            turn.save = true;
            let comment = comment.trim().chars().take(MAX_RATING_COMMENT).collect();
            self.tell_thread(ThreadNotice::Rated { stars, comment }, turn.context.now);
            self.send_state(turn);
        }
    }

    pub(super) fn sign_of_life(&mut self, turn: &mut Turn) {
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

fn reject(to: ConnectionId, id: MessageId, code: Option<Rejection>, turn: &mut Turn) {
    if let Some(code) = code {
        let frame = ServerFrame::Rejected { id: Some(id), code };
        turn.effects.push(Effect::Send {
            to: To::One(to),
            frame,
        });
    }
}
