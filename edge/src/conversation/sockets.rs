//! A conversation's WebSockets, all of them hibernatable: tags name them, the platform answers their pings.

use super::{object::input_of, shell::Shell};
use crate::{
    calls::conversation::{CLOSE_TOO_LARGE, CLOSE_TRY_AGAIN, CLOSE_UNKNOWN, MAX_FRAME},
    platform::{error::ApiError, random_id},
};
use shared::{
    conversation::{Ask, ConnectionId, Input, To},
    message::Seq,
    protocol::{Rejection, SUBPROTOCOL, ServerFrame},
    time::Timestamp,
};
use std::rc::Rc;
use worker::{
    Request, Response, ResponseBuilder, Result, State, WebSocket, WebSocketPair,
    js_sys::JsString,
    wasm_bindgen::{JsCast, JsValue},
};

/// A message longer than a frame is answered, as the worst of texts may become one when it is written as JSON; one longer
/// than this ends its socket.
const LONGEST_MESSAGE: usize = 2 * MAX_FRAME;

impl Shell {
    pub(crate) fn socket(self: &Rc<Self>, request: &Request) -> Result<Response, ApiError> {
        let pair = WebSocketPair::new()?;
        let loaded = self.load_for_visitor()?;
        let open = self.state.get_websockets().len();
        if !loaded || self.admit(Ask::Connect { open }).is_err() {
            pair.server.accept()?;
            let code = if loaded { CLOSE_TRY_AGAIN } else { CLOSE_UNKNOWN };
            pair.server.close(Some(code), Some("not here"))?;
        } else {
            let url = request.url()?;
            let after = url.query_pairs().find(|(name, _)| name == "after");
            let after = Seq(after
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or_default());
            let name = random_id()?;
            self.state.accept_websocket_with_tags(&pair.server, &[&name]);
            self.take(Input::VisitorConnected {
                connection: ConnectionId(name),
                after,
            })?;
        }
        Ok(ResponseBuilder::new()
            .with_status(101)
            .with_header("sec-websocket-protocol", SUBPROTOCOL)?
            .with_websocket(pair.client)
            .empty())
    }

    /// A message of a socket. How often and how long they come is looked at first.
    pub(crate) fn heard(self: &Rc<Self>, socket: &WebSocket, message: &JsValue) -> Result<()> {
        if !self.load()? {
            return Ok(());
        }
        if self.admit(Ask::Frames(1)).is_err() {
            return close(socket, CLOSE_TRY_AGAIN, "too fast");
        }
        let text = message.dyn_ref::<JsString>();
        // In UTF-16: no text is shorter in UTF-8.
        if text.is_some_and(|text| text.length() as usize > LONGEST_MESSAGE) {
            return close(socket, CLOSE_TOO_LARGE, "too large");
        }
        let text = text
            .filter(|text| text.length() as usize <= MAX_FRAME)
            .map(String::from)
            .filter(|text| text.len() <= MAX_FRAME);
        let Some(frame) = text.and_then(|text| serde_json::from_str(&text).ok()) else {
            let (id, code) = (None, Rejection::BadFrame);
            return send(socket, &ServerFrame::Rejected { id, code });
        };
        if self.take(input_of(frame, self.connection_of(socket))).is_err() {
            // Nothing was stored: the panel sends it again over a new connection.
            return close(socket, CLOSE_TRY_AGAIN, "try again");
        }
        Ok(())
    }

    pub(crate) fn socket_gone(self: &Rc<Self>, socket: &WebSocket) -> Result<()> {
        let name = self.connection_of(socket);
        // The platform may have closed it already; then there is nothing left to do.
        let _closed = socket.close(Some(1000), Some(""));
        let others = self
            .state
            .get_websockets()
            .iter()
            .any(|other| self.connection_of(other) != name);
        if !others && self.load()? {
            self.take(Input::VisitorDisconnected)?;
        }
        Ok(())
    }

    /// The conversation is no longer there for the visitor.
    pub(crate) fn close_sockets(&self) {
        for socket in self.state.get_websockets() {
            // One that is closing already needs nothing.
            let _closed = socket.close(Some(CLOSE_UNKNOWN), Some("erased"));
        }
    }

    pub(crate) fn connection_of(&self, socket: &WebSocket) -> ConnectionId {
        ConnectionId(self.state.get_tags(socket).into_iter().next().unwrap_or_default())
    }

    pub(crate) fn send(&self, to: &To, frame: &ServerFrame) -> Result<()> {
        let sockets = match to {
            To::Everyone => self.state.get_websockets(),
            To::One(connection) if connection.0.is_empty() => vec![],
            To::One(connection) => self.state.get_websockets_with_tag(&connection.0),
        };
        let text = serde_json::to_string(frame)?;
        for socket in sockets {
            // A socket that is closing learns of it by replay.
            let _sent = socket.send_with_str(&text);
        }
        Ok(())
    }

    pub(crate) fn replay(&self, to: &ConnectionId, after: Seq) -> Result<()> {
        if to.0.is_empty() {
            return Ok(());
        }
        let mut after = after;
        loop {
            let entries = self.outside.store.entries_after(after)?;
            let Some(last) = entries.last() else { return Ok(()) };
            after = last.seq;
            self.send(&To::One(to.clone()), &ServerFrame::Entries(entries))?;
        }
    }

    /// The last sign of life from any tab.
    pub(crate) fn heartbeat_at(&self) -> Option<Timestamp> {
        let answered = |socket| auto_response_at(&self.state, &socket);
        self.state
            .get_websockets()
            .into_iter()
            .filter_map(answered)
            .chain(self.polled_at.get())
            .max()
    }
}

fn send(socket: &WebSocket, frame: &ServerFrame) -> Result<()> {
    socket.send_with_str(serde_json::to_string(frame)?)
}

/// What was sent before the other side heard of it still comes in, so it may be closed already.
fn close(socket: &WebSocket, code: u16, reason: &str) -> Result<()> {
    let _closed = socket.close(Some(code), Some(reason));
    Ok(())
}

/// When the platform last answered a ping on this socket. workers-rs has no binding for it yet.
fn auto_response_at(state: &State, socket: &WebSocket) -> Option<Timestamp> {
    let raw: &JsValue = state.as_raw().as_ref();
    let function = js_sys::Reflect::get(raw, &"getWebSocketAutoResponseTimestamp".into()).ok()?;
    let function: js_sys::Function = function.dyn_into().ok()?;
    let at = function.call1(raw, socket.as_ref()).ok()?;
    let at: js_sys::Date = at.dyn_into().ok()?;
    Some(Timestamp(at.get_time() as i64))
}
