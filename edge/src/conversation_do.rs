//! One object a conversation: the shell round `shared::conversation`.
//!
//! Every event takes the same way: decode → `handle` → persist → carry out. From loading to persisting
//! nothing is awaited, so no other event can come between. Results of outside calls come back as inputs.

use crate::{
    effects,
    error::ApiError,
    store::{Store, Stored},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shared::{
    conversation::{ConnectionId, Context, Conversation, DeskRef, Effect, Input, Start, To, VisitorCard},
    protocol::{ClientFrame, PING, PONG, PollAnswer, PollRequest, Rejection, ServerFrame},
    settings::Plan,
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::Duration,
};
use worker::{
    Date, Delay, DurableObject, Env, Error, Method, Request, Response, Result, State, WebSocket,
    WebSocketIncomingMessage, console_error, console_log, durable_object, js_sys, wasm_bindgen::JsValue,
    worker_sys::WebSocketRequestResponsePair,
};

pub(crate) const MAX_FRAME: usize = 16 * 1024;
/// Close codes: the visitor's panel gives up on the first two and tries again on the third.
pub(crate) const CLOSE_BAD_TOKEN: u16 = 4401;
pub(crate) const CLOSE_UNKNOWN: u16 = 4404;
pub(crate) const CLOSE_TRY_AGAIN: u16 = 1013;

/// An entry leaves for the visitor when it is stored. A call to a vendor, begun in the same moment, would hold the
/// thread for as long again.
const ECHO_FIRST: Duration = Duration::from_millis(1);

/// From the router: start this conversation unless it has been.
#[derive(Serialize, Deserialize)]
pub(crate) struct StartCall {
    pub(crate) id: String,
    pub(crate) request: String,
    pub(crate) plan: Plan,
    pub(crate) card: VisitorCard,
    /// Nobody answers now: only a conversation that is there already goes on.
    pub(crate) closed: bool,
    /// Not a chat but a message left for the team.
    pub(crate) message: Option<String>,
}

/// From the router: the desk has something new.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignalCall {
    pub(crate) message: DeskRef,
}

#[durable_object]
pub struct ConversationDo(Rc<Shell>);

pub(crate) struct Shell {
    pub(crate) state: State,
    pub(crate) env: Env,
    /// `None` until it is loaded, and after a failed write: then storage knows better than memory.
    stored: RefCell<Option<Stored>>,
    alarm_at: Cell<Option<Timestamp>>,
    pub(crate) polled_at: Cell<Option<Timestamp>>,
    pub(crate) tokens: effects::Tokens,
    /// Agents' names by the desk's ids, a copy that may be lost.
    pub(crate) names: RefCell<HashMap<String, String>>,
}

impl DurableObject for ConversationDo {
    fn new(state: State, env: Env) -> Self {
        match WebSocketRequestResponsePair::new(PING, PONG) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => console_error!("auto response: {error:?}"),
        }
        console_log!("conversation object loaded");
        let storage = state.storage();
        let shell = Rc::new(Shell {
            state,
            env,
            stored: RefCell::default(),
            alarm_at: Cell::default(),
            polled_at: Cell::default(),
            tokens: effects::Tokens::default(),
            names: RefCell::default(),
        });
        let loading = shell.clone();
        let _gate = shell.state.block_concurrency_while(async move {
            let at = storage.get_alarm().await?;
            loading.alarm_at.set(at.map(Timestamp));
            Ok(())
        });
        Self(shell)
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        match self.0.route(request).await {
            Ok(response) => Ok(response),
            Err(error) => error.response(),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.0.alarm_at.set(None);
        self.0.take(Input::DeadlineReached)?;
        Response::empty()
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        let connection = self.0.connection_of(&socket);
        let frame = match message {
            WebSocketIncomingMessage::String(text) if text.len() <= MAX_FRAME => {
                serde_json::from_str(&text).ok()
            }
            WebSocketIncomingMessage::String(_) | WebSocketIncomingMessage::Binary(_) => None,
        };
        let Some(frame) = frame else {
            return send(
                &socket,
                &ServerFrame::Rejected {
                    id: None,
                    code: Rejection::BadFrame,
                },
            );
        };
        if self.0.take(input_of(frame, connection)).is_err() {
            // Nothing was stored: the panel sends it again over a new connection.
            socket.close(Some(CLOSE_TRY_AGAIN), Some("try again"))?;
        }
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        _code: usize,
        _reason: String,
        _clean: bool,
    ) -> Result<()> {
        self.0.socket_gone(&socket)
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.0.socket_gone(&socket)
    }
}

impl Shell {
    async fn route(self: &Rc<Self>, mut request: Request) -> Result<Response, ApiError> {
        match (request.method(), request.path().as_str()) {
            (Method::Post, "/start") => self.start(call(&mut request).await?),
            (Method::Post, "/poll") => self.poll(&call(&mut request).await?),
            (Method::Post, "/signal") => {
                let call: SignalCall = call(&mut request).await?;
                if self.load()? {
                    self.take(Input::DeskSignalled {
                        message: call.message,
                    })?;
                }
                Ok(Response::empty()?)
            }
            (Method::Get, "/socket") => self.socket(&request),
            _ => Err(ApiError::NotFound),
        }
    }

    fn start(self: &Rc<Self>, call: StartCall) -> Result<Response, ApiError> {
        if self.load()? {
            let same = self
                .stored
                .borrow()
                .as_ref()
                .is_some_and(|stored| stored.request == call.request);
            return if same {
                Ok(Response::empty()?)
            } else {
                Err(ApiError::StartKeyReused)
            };
        }
        if call.closed {
            return Err(ApiError::Closed);
        }
        let reference = call
            .id
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(6)
            .collect();
        let start = Start {
            plan: call.plan,
            card: call.card,
            reference,
        };
        let (conversation, effects) = Conversation::start(start, &self.context(None));
        let stored = Stored {
            id: call.id,
            request: call.request,
            conversation,
        };
        Store::new(&self.state).create(&stored)?;
        *self.stored.borrow_mut() = Some(stored);
        self.carry_out(effects)?;
        Ok(Response::empty()?)
    }

    fn poll(self: &Rc<Self>, request: &PollRequest) -> Result<Response, ApiError> {
        if !self.load()? {
            return Err(ApiError::NotStarted);
        }
        self.polled_at.set(Some(now()));
        let connection = ConnectionId(String::new());
        let mut frames = vec![];
        for frame in &request.frames {
            let effects = self.decide(input_of(frame.clone(), connection.clone()))?;
            for effect in &effects {
                if let Effect::Send {
                    to: To::One(to),
                    frame,
                } = effect
                    && *to == connection
                {
                    frames.push(frame.clone());
                }
            }
            self.carry_out(effects)?;
        }
        self.take(Input::VisitorConnected {
            connection,
            after: request.after,
        })?;
        let stored = self.stored.borrow();
        let state = stored.as_ref().ok_or(ApiError::Internal)?.conversation.state();
        let entries = Store::new(&self.state).entries_after(request.after)?;
        frames.insert(0, ServerFrame::Hello { state });
        frames.push(ServerFrame::Entries(entries));
        Ok(Response::from_json(&PollAnswer { frames })?)
    }

    /// Whether there is a conversation. What was under way when the object was last in memory is taken up again.
    pub(crate) fn load(self: &Rc<Self>) -> Result<bool> {
        if self.stored.borrow().is_some() {
            return Ok(true);
        }
        let Some(stored) = Store::new(&self.state).load()? else {
            return Ok(false);
        };
        *self.stored.borrow_mut() = Some(stored);
        self.take(Input::Resumed)?;
        Ok(true)
    }

    /// Nothing is left changed by an error.
    pub(crate) fn take(self: &Rc<Self>, input: Input) -> Result<()> {
        if self.load()? {
            let effects = self.decide(input)?;
            self.carry_out(effects)?;
        }
        Ok(())
    }

    fn decide(&self, input: Input) -> Result<Vec<Effect>> {
        let mut slot = self.stored.borrow_mut();
        let Some(stored) = slot.as_mut() else {
            return Ok(vec![]);
        };
        // Only a deadline asks for it, and each socket has to be asked.
        let heartbeat_at = matches!(input, Input::DeadlineReached).then(|| self.heartbeat_at());
        let context = self.context(heartbeat_at.flatten());
        let effects = stored.conversation.handle(input, &context);
        let persisted = Store::new(&self.state).persist(&stored.conversation, &effects);
        if let Err(error) = persisted {
            *slot = None;
            return Err(error);
        }
        Ok(effects)
    }

    fn context(&self, heartbeat_at: Option<Timestamp>) -> Context {
        Context {
            now: now(),
            jitter: js_sys::Math::random(),
            heartbeat_at,
            post_limit: crate::desk::POST_LIMIT,
        }
    }

    /// After an error nobody knows which tasks have begun: the object is loaded anew and takes them up.
    fn carry_out(self: &Rc<Self>, effects: Vec<Effect>) -> Result<()> {
        self.try_carry_out(effects).inspect_err(|_| {
            *self.stored.borrow_mut() = None;
        })
    }

    fn try_carry_out(self: &Rc<Self>, effects: Vec<Effect>) -> Result<()> {
        let mut wait = None;
        for effect in effects {
            match effect {
                Effect::Save => {}
                Effect::Append { .. } => wait = Some(ECHO_FIRST),
                Effect::Send { to, frame } => self.send(&to, &frame)?,
                Effect::Replay { to, after } => self.replay(&to, after)?,
                Effect::Desk {
                    task,
                    thread,
                    job,
                    attempt,
                } => {
                    let (shell, id) = (self.clone(), self.id());
                    self.begin(wait, async move {
                        effects::desk(&shell, &id, task, thread, job, attempt).await
                    });
                }
                Effect::AskBot { task, ask, language } => {
                    let (shell, id) = (self.clone(), self.id());
                    self.begin(wait, async move {
                        effects::ask_bot(&shell, &id, task, ask, &language).await
                    });
                }
            }
        }
        self.arm();
        Ok(())
    }

    fn begin(self: &Rc<Self>, wait: Option<Duration>, work: impl Future<Output = Input> + 'static) {
        let shell = self.clone();
        self.state.wait_until(async move {
            if let Some(wait) = wait {
                Delay::from(wait).await;
            }
            let input = work.await;
            if let Err(error) = shell.take(input) {
                console_error!("result not stored: {error}");
            }
        });
    }

    fn id(&self) -> String {
        self.stored
            .borrow()
            .as_ref()
            .map(|stored| stored.id.clone())
            .unwrap_or_default()
    }

    /// An alarm costs a row, so it is moved only when it would come too late. One that comes early finds
    /// nothing to do and is set again.
    fn arm(self: &Rc<Self>) {
        let deadline = self
            .stored
            .borrow()
            .as_ref()
            .and_then(|stored| stored.conversation.next_deadline());
        let Some(deadline) = deadline else { return };
        if self.alarm_at.get().is_some_and(|at| at <= deadline) {
            return;
        }
        self.alarm_at.set(Some(deadline));
        let shell = self.clone();
        self.state.wait_until(async move {
            let at = js_sys::Date::new(&JsValue::from_f64(deadline.0 as f64));
            if let Err(error) = shell
                .state
                .storage()
                .set_alarm(worker::ScheduledTime::new(at))
                .await
            {
                shell.alarm_at.set(None);
                console_error!("alarm: {error}");
            }
        });
    }
}

/// What the router sent, which has checked it.
async fn call<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    Ok(serde_json::from_str(&request.text().await?)?)
}

fn input_of(frame: ClientFrame, connection: ConnectionId) -> Input {
    match frame {
        ClientFrame::Send { id, text } => Input::VisitorSent { connection, id, text },
        ClientFrame::AskForPerson => Input::VisitorAskedForPerson,
        ClientFrame::Stay => Input::VisitorStayed,
        ClientFrame::End => Input::VisitorEnded,
        ClientFrame::Rate { stars, comment } => Input::VisitorRated { stars, comment },
    }
}

fn send(socket: &WebSocket, frame: &ServerFrame) -> Result<()> {
    socket.send_with_str(serde_json::to_string(frame)?)
}

pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
}
