//! The visitor's half of the protocol, as a state machine: what the panel shows and what it sends.
//!
//! Same grammar as the edge's half: inputs in, effects out, one `next_deadline`. Whether frames travel over
//! a WebSocket or by polling is decided in [`link`]; the rest does not know.

mod event;
mod link;
mod transcript;

use crate::{
    form::FieldError,
    message::MessageId,
    newer::Maybe,
    protocol::{
        ClientFrame, MAX_POLL_FRAMES, Phase, PollRequest, Rejection, ServerFrame, StartAnswer, StartRequest,
        State,
    },
    time::{Timestamp, back_off},
};
pub use event::{Effect, Input, Kept};
use link::Link;
use std::time::Duration;
pub use transcript::{Outgoing, OutgoingStatus, Transcript};

const START_TIMEOUT: Duration = Duration::from_secs(10);
const START_TRIES_SHOWN: u32 = 2;
/// Bytes of text in one poll: the edge takes 16 KB, and JSON needs some of it.
const MAX_POLL: usize = 6 * 1024;
/// There is room beside them for one request of each kind.
const MAX_POLL_MESSAGES: usize = MAX_POLL_FRAMES - 4;
const RETRY_CAP: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// Nothing begun: topics and forms are shown.
    Intake {
        errors: Vec<FieldError>,
    },
    Starting {
        request: StartRequest,
        tries: u32,
        until: Timestamp,
        asked: bool,
    },
    Running {
        session: StartAnswer,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Connecting,
    Online,
    Offline,
}

#[derive(Clone, Debug)]
pub struct Client {
    stage: Stage,
    transcript: Transcript,
    state: Option<State>,
    /// Requests that are not messages and have not been granted yet. Repeating them is harmless.
    controls: Vec<ClientFrame>,
    /// What waits to be sent goes out when the replay has come.
    flushes_when_read: bool,
    link: Link,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            stage: Stage::Intake { errors: vec![] },
            transcript: Transcript::default(),
            state: None,
            controls: vec![],
            flushes_when_read: false,
            link: Link::default(),
        }
    }
}

impl Client {
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    pub fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    pub fn is_closed(&self) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| matches!(state.phase, Phase::Closed { .. }))
    }

    pub fn connection(&self) -> Connection {
        match &self.stage {
            Stage::Intake { .. } => Connection::Online,
            Stage::Starting { tries, .. } if *tries < START_TRIES_SHOWN => Connection::Connecting,
            Stage::Starting { .. } => Connection::Offline,
            Stage::Running { .. } => self.link.connection(),
        }
    }

    pub fn handle(&mut self, input: Input, now: Timestamp, jitter: f64) -> Vec<Effect> {
        let mut effects = vec![];
        match input {
            Input::Restored(Kept::Starting(request)) | Input::StartPressed(request) => {
                if let Stage::Intake { .. } = self.stage {
                    effects.push(Effect::Keep(Kept::Starting(request.clone())));
                    effects.push(Effect::Start(request.clone()));
                    let until = now + START_TIMEOUT;
                    self.stage = Stage::Starting {
                        request,
                        tries: 0,
                        until,
                        asked: true,
                    };
                }
            }
            Input::Restored(Kept::Running(session)) => self.run(session, now, &mut effects),
            Input::Started(session) => {
                if let Stage::Starting { .. } = self.stage {
                    effects.push(Effect::Keep(Kept::Running(session.clone())));
                    self.run(session, now, &mut effects);
                }
            }
            Input::StartRefused(errors) => {
                self.reset(&mut effects);
                self.stage = Stage::Intake { errors };
            }
            Input::StartFailed => self.start_failed(now, jitter),
            Input::StartClosed | Input::Refused | Input::AgainPressed => self.reset(&mut effects),
            Input::SendPressed { id, text } => {
                self.transcript.push_outgoing(id, text, now);
                self.flush(now, &mut effects);
            }
            Input::RetryPressed => {
                self.transcript.retry(now);
                self.link.hurry(now);
                self.flush(now, &mut effects);
            }
            Input::AskForPersonPressed => self.control(ClientFrame::AskForPerson, now, &mut effects),
            Input::StayPressed => self.control(ClientFrame::Stay, now, &mut effects),
            Input::EndPressed => self.control(ClientFrame::End, now, &mut effects),
            Input::RatePressed { stars, comment } => {
                self.control(ClientFrame::Rate { stars, comment }, now, &mut effects);
            }
            Input::WentOnline => self.link.hurry(now),
            Input::SocketOpened => {
                self.flushes_when_read = true;
                self.link.opened(now);
            }
            Input::SocketClosed => self.link.closed(now, jitter),
            Input::FramesArrived(frames) => {
                self.link.heard();
                self.take_frames(frames, now, &mut effects);
            }
            Input::PollAnswered(frames) => {
                let news = self.take_frames(frames, now, &mut effects);
                self.link.polled(news || self.behind(), now);
            }
            Input::PollFailed => self.link.poll_failed(now, jitter),
            Input::TimerFired => {}
        }
        self.advance(now, jitter, &mut effects);
        effects
    }

    pub fn next_deadline(&self) -> Option<Timestamp> {
        let own = match &self.stage {
            Stage::Intake { .. } => None,
            Stage::Starting { until, .. } => Some(*until),
            Stage::Running { .. } => self.link.deadline(),
        };
        own.into_iter().chain(self.transcript.deadline()).min()
    }

    fn run(&mut self, session: StartAnswer, now: Timestamp, effects: &mut Vec<Effect>) {
        effects.push(Effect::OpenSocket {
            session: session.clone(),
            after: self.transcript.cursor(),
        });
        self.link.opening(now);
        self.stage = Stage::Running { session };
    }

    fn reset(&mut self, effects: &mut Vec<Effect>) {
        effects.extend([Effect::CloseSocket, Effect::Forget]);
        *self = Self::default();
    }

    fn start_failed(&mut self, now: Timestamp, jitter: f64) {
        if let Stage::Starting {
            tries, until, asked, ..
        } = &mut self.stage
        {
            *until = now + back_off(Duration::from_secs(1), RETRY_CAP, *tries, jitter);
            *tries += 1;
            *asked = false;
        }
    }

    /// Whatever has come to its time.
    fn advance(&mut self, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        match &mut self.stage {
            Stage::Intake { .. } => return,
            Stage::Starting { until, .. } if *until > now => {}
            Stage::Starting { asked: true, .. } => self.start_failed(now, jitter),
            Stage::Starting {
                request,
                until,
                asked,
                ..
            } => {
                effects.push(Effect::Start(request.clone()));
                *until = now + START_TIMEOUT;
                *asked = true;
            }
            Stage::Running { session } => {
                let session = session.clone();
                self.advance_link(session, now, jitter, effects);
            }
        }
        if self.transcript.advance(now) {
            self.flush(now, effects);
        }
    }

    fn advance_link(&mut self, session: StartAnswer, now: Timestamp, jitter: f64, effects: &mut Vec<Effect>) {
        match self.link.advance(now, jitter) {
            link::Step::Nothing => {}
            link::Step::Open => effects.push(Effect::OpenSocket {
                session,
                after: self.transcript.cursor(),
            }),
            link::Step::GiveUp => effects.push(Effect::CloseSocket),
            link::Step::Ping => effects.push(Effect::Ping),
            link::Step::Poll => {
                let mut frames = self.transcript.unsent(now, MAX_POLL, MAX_POLL_MESSAGES);
                frames.extend(self.controls.iter().cloned());
                let request = PollRequest {
                    after: self.transcript.cursor(),
                    frames: frames.into_iter().map(Maybe::Known).collect(),
                };
                effects.push(Effect::Poll { session, request });
            }
        }
    }

    fn control(&mut self, frame: ClientFrame, now: Timestamp, effects: &mut Vec<Effect>) {
        if !self.controls.contains(&frame) {
            self.controls.push(frame);
        }
        self.flush(now, effects);
    }

    /// Sends all that waits, if there is a way. Messages stay in the transcript until they come back.
    fn flush(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.link.is_open() && self.state.is_some() {
            if self.flushes_when_read {
                return;
            }
            let mut frames = self.transcript.unsent(now, usize::MAX, usize::MAX);
            frames.extend(self.controls.iter().cloned());
            if !frames.is_empty() {
                effects.push(Effect::SendFrames(frames));
            }
        } else {
            self.link.poll_now(now);
        }
    }

    /// Whether the edge has entries that have not come yet.
    fn behind(&self) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| state.last > self.transcript.cursor())
    }

    /// Returns whether the transcript grew.
    fn take_frames(&mut self, frames: Vec<ServerFrame>, now: Timestamp, effects: &mut Vec<Effect>) -> bool {
        let before = self.transcript.cursor();
        for frame in frames {
            match frame {
                ServerFrame::Hello { state } => {
                    if state.last < self.transcript.cursor() {
                        self.transcript.restart();
                    }
                    self.take_state(state);
                    // What is about to be replayed may have in it what waits to be sent.
                    self.flushes_when_read = self.behind();
                    if !self.flushes_when_read && self.link.is_open() {
                        self.flush(now, effects);
                    }
                }
                ServerFrame::State(state) => self.take_state(state),
                ServerFrame::Entries(entries) => {
                    if !self.transcript.take(entries) {
                        effects.push(Effect::CloseSocket);
                        self.link.resync(now);
                    }
                    if self.flushes_when_read && !self.behind() {
                        self.flushes_when_read = false;
                        if self.link.is_open() {
                            self.flush(now, effects);
                        }
                    }
                }
                ServerFrame::Delivered { through } => {
                    if let Some(state) = &mut self.state {
                        state.delivered = state.delivered.max(through);
                    }
                }
                ServerFrame::Rejected { id, code } => self.rejected(id, code, now),
            }
        }
        self.transcript.cursor() != before
    }

    /// A request is kept, and sent with every flush, until the state shows that it was granted.
    fn take_state(&mut self, state: State) {
        self.controls.retain(|control| match control {
            ClientFrame::AskForPerson => state.phase == Phase::WithBot,
            ClientFrame::Stay => state.closes_at.is_some(),
            ClientFrame::End => !matches!(state.phase, Phase::Closed { .. }),
            ClientFrame::Rate { .. } => !state.rated,
            ClientFrame::Send { .. } => false,
        });
        self.state = Some(state);
    }

    fn rejected(&mut self, id: Option<MessageId>, code: Rejection, now: Timestamp) {
        let Some(id) = id else { return };
        match code {
            Rejection::TooFast { retry_after_ms } => {
                self.transcript
                    .send_again_at(now + Duration::from_millis(retry_after_ms.into()));
            }
            Rejection::Empty
            | Rejection::TooLong
            | Rejection::IdReused
            | Rejection::FileTooLarge
            | Rejection::FileRefused
            | Rejection::FilesFull
            | Rejection::Closed
            | Rejection::BadFrame => self.transcript.refuse(&id, code),
        }
    }
}
