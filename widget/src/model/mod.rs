//! What the panel knows beyond the conversation's own state: which screen, what is unread, who is typing.
//! Pure, like the client it wraps.

use serde::Serialize;
use shared::{
    client::{Client, Connection, Effect, Input, Kept, Stage},
    form::FieldError,
    message::{Notice, Said, Seq},
    protocol::{DeskReach, PhaseView, StartRequest},
    settings::PublicSettings,
    time::Timestamp,
};
use std::{collections::BTreeMap, time::Duration};

/// The bot's dots go after this long, answer or not.
const TYPING_FOR: Duration = Duration::from_secs(8);

pub(crate) type Answers = BTreeMap<String, String>;

pub(crate) struct Model {
    pub(crate) client: Client,
    pub(crate) now: Timestamp,
    /// The topic whose form is filled in, as a place in the settings.
    pub(crate) chosen: Option<usize>,
    pub(crate) answers: Vec<(String, String)>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) trouble: Option<Trouble>,
    /// Whether the page shows the panel.
    pub(crate) open: bool,
    pub(crate) online: bool,
    pub(crate) menu: Menu,
    /// Whether the end of the conversation is in view.
    pub(crate) at_end: bool,
    /// Something was said below what is in view.
    pub(crate) news: bool,
    /// The visitor asked for a person and the edge has not acted on it yet.
    person_asked: bool,
    typing: Option<Typing>,
    /// The last entry that was there while the panel was open.
    seen: Seq,
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
}

/// What went wrong before the first screen came back.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Trouble {
    StartRefused,
    ConversationGone,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Screen {
    Topics,
    Form(usize),
    Conversation,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Banner {
    Connecting,
    Offline,
    Unreached,
    Closes { at: Timestamp },
    DeskRetrying,
    Waiting,
}

/// What the page keeps for the panel.
#[derive(Serialize, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) kept: Kept,
    pub(crate) seen: Seq,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            client: Client::default(),
            now: Timestamp(0),
            chosen: None,
            answers: vec![],
            errors: vec![],
            trouble: None,
            open: false,
            online: true,
            menu: Menu::Shut,
            at_end: true,
            news: false,
            person_asked: false,
            typing: None,
            seen: Seq(0),
        }
    }

    pub(crate) fn restore(&mut self, seen: Seq) {
        self.seen = seen;
    }

    /// Returns what the client wants done.
    pub(crate) fn handle(
        &mut self,
        input: Input,
        now: Timestamp,
        jitter: f64,
        site: &PublicSettings,
    ) -> Vec<Effect> {
        self.now = now;
        match &input {
            Input::StartRefused(errors) => self.start_refused(errors.clone(), site),
            Input::Refused => {
                self.trouble = Some(Trouble::ConversationGone);
                self.seen = Seq(0);
            }
            Input::AgainPressed => {
                self.seen = Seq(0);
                self.menu = Menu::Shut;
                self.scrolled(true);
            }
            Input::StartPressed(_) => {
                self.errors.clear();
                self.trouble = None;
            }
            Input::AskForPersonPressed => self.person_asked = true,
            Input::Restored(_)
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
        let effects = self.client.handle(input, now, jitter);
        self.news |= !self.at_end && self.last() > before;
        self.follow();
        effects
    }

    /// Back to the form with the answers as they were.
    fn start_refused(&mut self, errors: Vec<FieldError>, site: &PublicSettings) {
        let Stage::Starting { request, .. } = self.client.stage() else {
            return;
        };
        self.chosen = site
            .topics
            .iter()
            .position(|topic| topic.id == request.topic && topic.form.is_some());
        self.answers = request
            .answers
            .iter()
            .map(|(id, answer)| (id.clone(), answer.clone()))
            .collect();
        let form = self.chosen.and_then(|index| site.topics[index].form.as_ref());
        let shown =
            |error: &FieldError| form.is_some_and(|form| form.fields.iter().any(|f| f.id == error.field));
        self.trouble = (!errors.iter().any(shown)).then_some(Trouble::StartRefused);
        self.errors = errors;
    }

    pub(crate) fn answer(&self, field: &str) -> &str {
        self.answers
            .iter()
            .find(|(id, _)| id == field)
            .map_or("", |(_, answer)| answer)
    }

    pub(crate) fn set_answer(&mut self, field: &str, answer: String) {
        self.answers.retain(|(id, _)| id != field);
        self.answers.push((field.into(), answer));
    }

    fn follow(&mut self) {
        if self.phase() != Some(&PhaseView::WithBot) {
            self.person_asked = false;
        }
        self.typing = self.question().map(|after| match self.typing {
            Some(typing) if typing.after == after => typing,
            _ => Typing {
                after,
                until: self.now + TYPING_FOR,
            },
        });
        if self.open {
            self.seen = self.last();
        }
    }

    /// The visitor's message that the bot has yet to answer.
    fn question(&self) -> Option<Seq> {
        let last = self.client.transcript().entries().last()?;
        let asks = self.phase() == Some(&PhaseView::WithBot) && matches!(last.said, Said::Visitor { .. });
        asks.then_some(last.seq)
    }

    fn last(&self) -> Seq {
        self.client
            .transcript()
            .entries()
            .iter()
            .map(|entry| entry.seq)
            .max()
            .unwrap_or_default()
    }

    pub(crate) fn phase(&self) -> Option<&PhaseView> {
        self.client.state().map(|state| &state.phase)
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let typing = self
            .typing
            .map(|typing| typing.until)
            .filter(|until| *until > self.now);
        self.client.next_deadline().into_iter().chain(typing).min()
    }

    pub(crate) fn opened(&mut self, open: bool) {
        self.open = open;
        self.follow();
    }

    pub(crate) fn scrolled(&mut self, at_end: bool) {
        self.at_end = at_end;
        self.news &= !at_end;
    }

    pub(crate) fn screen(&self) -> Screen {
        match (self.client.stage(), self.chosen) {
            (Stage::Intake { .. }, Some(topic)) => Screen::Form(topic),
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
        })
    }

    pub(crate) fn is_running(&self, conversation: &str) -> bool {
        matches!(self.client.stage(), Stage::Running { session } if session.conversation == conversation)
    }

    pub(crate) fn is_starting(&self, request: &StartRequest) -> bool {
        matches!(self.client.stage(), Stage::Starting { request: current, .. } if current.key == request.key)
    }

    pub(crate) fn unread(&self) -> u32 {
        let spoken = |said: &Said| matches!(said, Said::Bot { .. } | Said::Agent { .. });
        let entries = self.client.transcript().entries().iter();
        let count = entries
            .filter(|entry| entry.seq > self.seen && spoken(&entry.said))
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Nothing has come from the edge yet.
    pub(crate) fn is_loading(&self) -> bool {
        let transcript = self.client.transcript();
        self.client.state().is_none() && transcript.entries().is_empty() && transcript.outgoing().is_empty()
    }

    pub(crate) fn bot_is_typing(&self) -> bool {
        self.typing.is_some_and(|typing| typing.until > self.now)
    }

    pub(crate) fn can_ask_for_person(&self) -> bool {
        let asked = |said: &Said| matches!(said, Said::Notice(Notice::PersonAsked));
        let mut entries = self.client.transcript().entries().iter().rev();
        let just_asked = entries.next().is_some_and(|entry| asked(&entry.said));
        self.phase() == Some(&PhaseView::WithBot) && !self.person_asked && !just_asked
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
            (DeskReach::Retrying, _) => Some(Banner::DeskRetrying),
            (DeskReach::Reached, PhaseView::Waiting) => Some(Banner::Waiting),
            (
                DeskReach::Reached,
                PhaseView::WithBot | PhaseView::WithAgent { .. } | PhaseView::Closed { .. },
            ) => None,
        }
    }
}
