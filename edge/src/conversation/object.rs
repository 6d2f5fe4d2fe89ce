//! One object a conversation: the shell round `shared::conversation`.
//!
//! Every event takes the same way: decode → `handle` → persist → carry out. From loading to persisting
//! nothing is awaited, so no other event can come between. Results of outside calls come back as inputs.

use super::{
    effects::Outside,
    shell::{Shell, answers, context},
};
use crate::{
    calls::{
        accounts::Tokens,
        conversation::{SignalCall, StartCall, SweepAnswer, SweepCall},
    },
    platform::{error::ApiError, now},
    store::{Store, Stored},
};
use futures_util::lock::Mutex;
use serde::de::DeserializeOwned;
use shared::{
    conversation::{Ask, ConnectionId, Conversation, Input, Start},
    newer::Maybe,
    protocol::{ClientFrame, PING, PONG, PollAnswer, PollRequest, Rejection, ServerFrame},
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    DurableObject, Env, Method, Request, Response, Result, State, console_error, console_log, durable_object,
    wasm_bindgen::JsValue, worker_sys::WebSocketRequestResponsePair,
};

#[durable_object(alarm)]
pub struct ConversationDo(Rc<Shell>);

impl DurableObject for ConversationDo {
    fn new(state: State, env: Env) -> Self {
        match WebSocketRequestResponsePair::new(PING, PONG) {
            Ok(pair) => state.set_websocket_auto_response(&pair),
            Err(error) => console_error!("auto response: {error:?}"),
        }
        console_log!("conversation object loaded");
        let storage = state.storage();
        let outside = Rc::new(Outside {
            env,
            tokens: Tokens::default(),
            store: Rc::new(Store::new(&state)),
        });
        let shell = Rc::new(Shell {
            state,
            outside,
            stored: RefCell::default(),
            alarm_at: Cell::default(),
            polled_at: Cell::default(),
            failures: Cell::default(),
            uploads: Mutex::default(),
            fetching: Mutex::default(),
            has_no_cache: Cell::default(),
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
        self.0.alarm_rang().await?;
        Response::empty()
    }
}

/// The platform's events of sockets, taken as they are: workers-rs copies a message into the worker's memory, which never
/// shrinks, before anybody can look at its length.
#[wasm_bindgen]
impl ConversationDo {
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn web_socket_message(&self, socket: web_sys::WebSocket, message: &JsValue) -> Result<(), JsValue> {
        Ok(self.0.heard(&socket.into(), message)?)
    }

    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn web_socket_close(&self, socket: web_sys::WebSocket) -> Result<(), JsValue> {
        Ok(self.0.socket_gone(&socket.into())?)
    }

    #[wasm_bindgen(js_name = webSocketError)]
    pub fn web_socket_error(&self, socket: web_sys::WebSocket) -> Result<(), JsValue> {
        Ok(self.0.socket_gone(&socket.into())?)
    }
}

impl Shell {
    async fn route(self: &Rc<Self>, mut request: Request) -> Result<Response, ApiError> {
        let path = request.path();
        match (request.method(), path.as_str()) {
            (Method::Post, "/start") => self.start(call(&mut request).await?),
            (Method::Post, "/poll") => self.poll(&call(&mut request).await?),
            (Method::Post, "/signal") => {
                let call: SignalCall = call(&mut request).await?;
                if self.load()? && !self.outside.store.is_known(&call.message)? {
                    self.take(Input::DeskSignalled {
                        message: call.message,
                    })?;
                }
                Ok(Response::empty()?)
            }
            (Method::Post, "/people") => {
                self.take(Input::PersonLeft)?;
                Ok(Response::empty()?)
            }
            (Method::Post, "/sweep") => {
                let SweepCall { watch, active_at } = call(&mut request).await?;
                if !self.load_for_visitor()? {
                    return Err(ApiError::NotStarted);
                }
                if self.is_over() {
                    return Err(ApiError::Over);
                }
                self.take(Input::SweepDue { watch, active_at })?;
                Ok(Response::from_json(&SweepAnswer {
                    is_read: self.is_read(active_at),
                })?)
            }
            (Method::Post, "/erase") => {
                if !self.load_for_visitor()? {
                    return Err(ApiError::NotStarted);
                }
                self.take(Input::VisitorErased)?;
                Ok(Response::empty()?.with_status(204))
            }
            (Method::Get, "/socket") => self.socket(&request),
            (Method::Post, "/files") => self.receive(&mut request).await,
            (Method::Get, path) => match path.strip_prefix("/files/") {
                Some(number) => self.file(&request, number).await,
                None => Err(ApiError::NotFound),
            },
            _ => Err(ApiError::NotFound),
        }
    }

    fn start(self: &Rc<Self>, call: StartCall) -> Result<Response, ApiError> {
        if self.load()? {
            // One that is being erased is not given back.
            let is_same =
                |stored: &Stored| stored.request == call.request && !stored.conversation.is_erased();
            let same = self.stored.borrow().as_ref().is_some_and(is_same);
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
        let context = context(&call.plan, None);
        let start = Start {
            plan: call.plan,
            card: call.card,
            reference,
            visitor_hash: call.visitor_hash,
            message: call.message,
        };
        let (conversation, effects) = Conversation::start(start, &context);
        let stored = Stored {
            id: call.id,
            request: call.request,
            conversation,
        };
        self.outside.store.create(&stored, &effects)?;
        *self.stored.borrow_mut() = Some(stored);
        self.carry_out(effects)?;
        Ok(Response::empty()?)
    }

    fn poll(self: &Rc<Self>, request: &PollRequest) -> Result<Response, ApiError> {
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        let frames = u16::try_from(request.frames.len()).unwrap_or(u16::MAX);
        self.admit(Ask::Frames(frames.saturating_add(1)))?;
        self.polled_at.set(Some(now()));
        let connection = ConnectionId(String::new());
        let mut frames = vec![];
        for frame in &request.frames {
            let Maybe::Known(frame) = frame.clone() else {
                let (id, code) = (None, Rejection::BadFrame);
                frames.push(ServerFrame::Rejected { id, code });
                continue;
            };
            let effects = self.decide(input_of(frame, connection.clone()))?;
            frames.extend(answers(&effects, &connection).cloned());
            self.carry_out(effects)?;
        }
        self.take(Input::VisitorConnected {
            connection,
            after: request.after,
        })?;
        let stored = self.stored.borrow();
        let state = stored.as_ref().ok_or(ApiError::Internal)?.conversation.state();
        let entries = self.outside.store.entries_after(request.after)?;
        frames.insert(0, ServerFrame::Hello { state });
        frames.push(ServerFrame::Entries(entries));
        let frames = frames.into_iter().map(Maybe::Known).collect();
        Ok(Response::from_json(&PollAnswer { frames })?)
    }
}

/// What the router sent, which has checked it.
async fn call<T: DeserializeOwned>(request: &mut Request) -> Result<T> {
    Ok(serde_json::from_str(&request.text().await?)?)
}

pub(crate) fn input_of(frame: ClientFrame, connection: ConnectionId) -> Input {
    match frame {
        ClientFrame::Send { id, text } => Input::VisitorSent { connection, id, text },
        ClientFrame::AskForPerson => Input::VisitorAskedForPerson,
        ClientFrame::Stay => Input::VisitorStayed,
        ClientFrame::End => Input::VisitorEnded,
        ClientFrame::Rate { stars, comment } => Input::VisitorRated { stars, comment },
    }
}
