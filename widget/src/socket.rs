//! The one WebSocket.

use std::cell::RefCell;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

pub(crate) enum Heard {
    Opened,
    Text(String),
    Closed { code: u16 },
}

type Listener = Closure<dyn Fn(web_sys::Event)>;

struct Open {
    socket: WebSocket,
    _listeners: [Listener; 3],
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

impl Drop for Open {
    /// Nothing is heard of a socket that was given up.
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.close().ok();
    }
}

/// False: the browser does not even try.
pub(crate) fn open(url: &str, protocols: &[&str], heard: impl Fn(Heard) + Copy + 'static) -> bool {
    let protocols: js_sys::Array = protocols
        .iter()
        .map(|protocol| js_sys::JsString::from(*protocol))
        .collect();
    let Ok(socket) = WebSocket::new_with_str_sequence(url, &protocols) else {
        return false;
    };
    let listeners = [
        Listener::new(move |_| heard(Heard::Opened)),
        Listener::new(move |event: web_sys::Event| {
            if let Some(text) = event.unchecked_into::<MessageEvent>().data().as_string() {
                heard(Heard::Text(text));
            }
        }),
        Listener::new(move |event: web_sys::Event| {
            heard(Heard::Closed {
                code: event.unchecked_into::<CloseEvent>().code(),
            });
        }),
    ];
    socket.set_onopen(Some(listeners[0].as_ref().unchecked_ref()));
    socket.set_onmessage(Some(listeners[1].as_ref().unchecked_ref()));
    socket.set_onclose(Some(listeners[2].as_ref().unchecked_ref()));
    OPEN.set(Some(Open {
        socket,
        _listeners: listeners,
    }));
    true
}

pub(crate) fn send(text: &str) {
    OPEN.with_borrow(|open| open.as_ref().map(|open| open.socket.send_with_str(text)));
}

pub(crate) fn close() {
    OPEN.set(None);
}
