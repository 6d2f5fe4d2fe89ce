//! What the panel knows beyond the conversation's own state: which screen, what is unread, who is typing.
//! Pure, like the client it wraps.

mod ending;
mod intake;
mod news;
#[cfg(test)]
pub(crate) mod tests;
mod upload;

pub(crate) use ending::Left;
pub(crate) use intake::{Answers, Chosen, MESSAGE, Offer};
use serde::{Deserialize, Serialize};
use shared::{
    client::{Client, Connection, Effect, Input, Kept, Stage},
    form::FieldError,
    message::{Notice, Said, Seq},
    protocol::{DeskReach, Phase, StartAnswer, StartRequest},
    settings::PublicSettings,
    time::Timestamp,
};
use std::time::Duration;
pub(crate) use upload::{Upload, refused};

/// The bot's dots go after this long, answer or not.
const TYPING_FOR: Duration = Duration::from_secs(8);

pub(crate) struct Model {
    pub(crate) client: Client,
    pub(crate) site: &'static PublicSettings,
    site_since: Timestamp,
    pub(crate) now: Timestamp,
    /// By the edge's clock.
    pub(crate) edge_now: Timestamp,
    pub(crate) chosen: Option<Chosen>,
    /// What the conversation is about; kept for a message instead.
    topic: Option<String>,
    pub(crate) answers: Answers,
    /// The message that is being left, until the edge shows it.
    left: Option<String>,
    /// The chat ends to leave a message instead.
    ends_for_message: bool,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) trouble: Option<Trouble>,
    /// Whether the page shows the panel.
    pub(crate) open: bool,
    /// Whether the page itself is in view.
    pub(crate) visible: bool,
    pub(crate) muted: bool,
    pub(crate) online: bool,
    pub(crate) menu: Menu,
    /// Whether the end of the conversation is in view.
    pub(crate) at_end: bool,
    /// Something was said below what is in view.
    pub(crate) news: bool,
    /// The visitor asked for a person and the edge has not acted on it yet.
    person_asked: bool,
    typing: Option<Typing>,
    /// The last entry that was there while the panel was in view.
    seen: Seq,
    /// All that the edge had has been read once: what comes from now on is news.
    is_current: bool,
    /// The stars given so far, 0 for none, and what is said with them.
    pub(crate) stars: u8,
    pub(crate) comment: String,
    pub(crate) is_rating: bool,
    pub(crate) not_erased: bool,
    /// Behind everything else, in the order in which they were chosen.
    pub(crate) uploads: Vec<Upload>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Typing {
    after: Seq,
    until: Timestamp,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Menu {
    Shut,
    Open,
    /// Asks whether to end the chat.
    Ending,
    /// Asks whether to delete the conversation.
    Erasing,
}

/// What went wrong before the first screen came back.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    StartRefused,
    ConversationGone,
    /// The topic closed in the meantime.
    Closed,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Screen {
    Topics,
    Form(Chosen),
    Conversation,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Banner {
    Connecting,
    Offline,
    Unreached,
    Closes {
        at: Timestamp,
    },
    DeskRetrying,
    Waiting,
    /// Nobody will come soon.
    LeaveMessage,
}

/// What the page keeps for the panel.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) kept: Kept,
    pub(crate) seen: Seq,
    #[serde(default)]
    pub(crate) topic: Option<String>,
    #[serde(default)]
    pub(crate) answers: Answers,
}

impl Model {
    pub(crate) fn new(site: &'static PublicSettings, now: Timestamp) -> Self {
        Self {
            client: Client::default(),
            site,
            site_since: now,
            now,
            edge_now: site.now,
            chosen: None,
            topic: None,
            answers: Answers::new(),
            left: None,
            ends_for_message: false,
            errors: vec![],
            trouble: None,
            open: false,
            visible: true,
            muted: false,
            online: true,
            menu: Menu::Shut,
            at_end: true,
            news: false,
            person_asked: false,
            typing: None,
            seen: Seq(0),
            is_current: false,
            stars: 0,
            comment: String::new(),
            is_rating: false,
            not_erased: false,
            uploads: vec![],
        }
    }

    pub(crate) fn restore(&mut self, seen: Seq, topic: Option<String>, answers: Answers) {
        self.seen = seen;
        self.topic = topic;
        self.answers = answers;
    }

    /// Returns what the client wants done.
    pub(crate) fn handle(
        &mut self,
        input: Input,
        now: Timestamp,
        edge_now: Timestamp,
        jitter: f64,
    ) -> Vec<Effect> {
        self.now = now;
        self.edge_now = edge_now;
        match &input {
            Input::StartRefused(errors) => self.start_refused(errors.clone()),
            Input::StartClosed => self.closed_meanwhile(),
            Input::Refused => {
                self.leave();
                self.trouble = Some(Trouble::ConversationGone);
            }
            Input::AgainPressed => self.leave(),
            Input::StartPressed(request) | Input::Restored(Kept::Starting(request)) => self.asked(request),
            Input::AskForPersonPressed => self.person_asked = true,
            Input::RatePressed { .. } => self.is_rating = true,
            Input::Restored(Kept::Running(_))
            | Input::Started(_)
            | Input::StartFailed
            | Input::SocketOpened
            | Input::SocketClosed
            | Input::FramesArrived(_)
            | Input::PollAnswered(_)
            | Input::PollFailed
            | Input::SendPressed { .. }
            | Input::RetryPressed
            | Input::StayPressed
            | Input::EndPressed
            | Input::TimerFired
            | Input::WentOnline => {}
        }
        let before = self.last();
        let mut effects = self.client.handle(input, now, jitter);
        self.news |= !self.at_end && self.last() > before;
        if self.ends_for_message && self.client.is_closed() {
            self.leave();
            effects.extend(self.client.handle(Input::AgainPressed, now, jitter));
            self.leave_message();
        }
        self.follow();
        effects
    }

    fn follow(&mut self) {
        if self.phase() != Some(&Phase::WithBot) {
            self.person_asked = false;
        }
        self.typing = self.question().map(|after| match self.typing {
            Some(typing) if typing.after == after => typing,
            _ => Typing {
                after,
                until: self.now + TYPING_FOR,
            },
        });
        self.follow_uploads();
        self.follow_news();
    }

    /// The visitor's message that the bot has yet to answer.
    fn question(&self) -> Option<Seq> {
        let last = self.client.transcript().entries().last()?;
        let asks = self.phase() == Some(&Phase::WithBot) && matches!(last.said, Said::Visitor { .. });
        asks.then_some(last.seq)
    }

    pub(crate) fn phase(&self) -> Option<&Phase> {
        self.client.state().map(|state| &state.phase)
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let typing = self
            .typing
            .map(|typing| typing.until)
            .filter(|until| *until > self.now);
        let flip = self.next_flip();
        self.client
            .next_deadline()
            .into_iter()
            .chain(typing)
            .chain(flip)
            .min()
    }

    pub(crate) fn scrolled(&mut self, at_end: bool) {
        self.at_end = at_end;
        self.news &= !at_end;
    }

    pub(crate) fn screen(&self) -> Screen {
        match (self.client.stage(), self.chosen) {
            (Stage::Intake { .. }, Some(chosen)) => Screen::Form(chosen),
            (Stage::Intake { .. }, None) => Screen::Topics,
            (Stage::Starting { .. } | Stage::Running { .. }, _) => Screen::Conversation,
        }
    }

    pub(crate) fn stored(&self) -> Option<Stored> {
        let kept = match self.client.stage() {
            Stage::Intake { .. } => return None,
            Stage::Starting { request, .. } => Kept::Starting(request.clone()),
            Stage::Running { session } => Kept::Running(session.clone()),
        };
        Some(Stored {
            kept,
            seen: self.seen,
            topic: self.topic.clone(),
            answers: self.answers.clone(),
        })
    }

    pub(crate) fn session(&self) -> Option<StartAnswer> {
        match self.client.stage() {
            Stage::Running { session } => Some(session.clone()),
            Stage::Intake { .. } | Stage::Starting { .. } => None,
        }
    }

    pub(crate) fn is_running(&self, conversation: &str) -> bool {
        matches!(self.client.stage(), Stage::Running { session } if session.conversation == conversation)
    }

    pub(crate) fn is_starting(&self, request: &StartRequest) -> bool {
        matches!(self.client.stage(), Stage::Starting { request: current, .. } if current.key == request.key)
    }

    /// Nothing has come from the edge yet.
    pub(crate) fn is_loading(&self) -> bool {
        let transcript = self.client.transcript();
        self.client.state().is_none()
            && transcript.entries().is_empty()
            && transcript.outgoing().is_empty()
            && self.left.is_none()
    }

    pub(crate) fn bot_is_typing(&self) -> bool {
        self.typing.is_some_and(|typing| typing.until > self.now)
    }

    pub(crate) fn can_ask_for_person(&self) -> bool {
        let asked = |said: &Said| matches!(said, Said::Notice(Notice::PersonAsked));
        let mut entries = self.client.transcript().entries().iter().rev();
        let just_asked = entries.next().is_some_and(|entry| asked(&entry.said));
        self.phase() == Some(&Phase::WithBot) && !self.person_asked && !just_asked
    }

    pub(crate) fn banner(&self) -> Option<Banner> {
        if self.client.is_closed() {
            return None;
        }
        let starting = matches!(self.client.stage(), Stage::Starting { .. });
        match self.client.connection() {
            _ if !self.online => return Some(Banner::Offline),
            Connection::Offline if starting => return Some(Banner::Unreached),
            Connection::Offline => return Some(Banner::Offline),
            Connection::Connecting => return Some(Banner::Connecting),
            Connection::Online => {}
        }
        let state = self.client.state()?;
        if let Some(at) = state.closes_at {
            return Some(Banner::Closes { at });
        }
        match (&state.desk, &state.phase) {
            (_, Phase::Waiting) if state.leave_message => Some(Banner::LeaveMessage),
            (DeskReach::Retrying, _) => Some(Banner::DeskRetrying),
            (DeskReach::Reached, Phase::Waiting) => Some(Banner::Waiting),
            (DeskReach::Reached, Phase::WithBot | Phase::WithAgent { .. } | Phase::Closed { .. }) => None,
        }
    }
}
