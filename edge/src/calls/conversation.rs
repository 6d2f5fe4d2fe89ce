//! What a conversation's object is asked, and how it is reached.

use serde::{Deserialize, Serialize};
use shared::{
    conversation::{DeskRef, VisitorCard, WatchState},
    settings::Plan,
    time::Timestamp,
};
use worker::{Env, Method, Request, RequestInit, Response, Result, Stub, wasm_bindgen::JsValue};

pub(crate) const MAX_FRAME: usize = 16 * 1024;
/// Close codes: the visitor's panel gives up on the first two and tries again on the third.
pub(crate) const CLOSE_BAD_TOKEN: u16 = 4401;
pub(crate) const CLOSE_UNKNOWN: u16 = 4404;
pub(crate) const CLOSE_TRY_AGAIN: u16 = 1013;
/// Of the protocol itself: a message that no panel sends.
pub(crate) const CLOSE_TOO_LARGE: u16 = 1009;

/// From the router: start this conversation unless it has been.
#[derive(Serialize, Deserialize)]
pub(crate) struct StartCall {
    pub(crate) id: String,
    pub(crate) request: String,
    pub(crate) plan: Plan,
    pub(crate) card: VisitorCard,
    /// Nobody answers now: only a conversation that is there already goes on.
    pub(crate) closed: bool,
    #[serde(rename = "mark")]
    pub(crate) visitor_hash: String,
    /// A message that is left instead of a chat.
    pub(crate) message: Option<String>,
}

/// From the router: the desk has something new.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignalCall {
    pub(crate) message: DeskRef,
}

/// From the site: look whether something was missed.
#[derive(Serialize, Deserialize)]
pub(crate) struct SweepCall {
    pub(crate) watch: WatchState,
    #[serde(default)]
    pub(crate) active_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SweepAnswer {
    /// `false`: its own post is the last thing in its thread, and what was written before that it has not looked for.
    pub(crate) is_read: bool,
}

pub(crate) fn stub(env: &Env, id: &str) -> Result<Stub> {
    env.durable_object("CONVERSATION")?.id_from_name(id)?.get_stub()
}

pub(crate) async fn ask(env: &Env, id: &str, path: &str, call: &impl Serialize) -> Result<Response> {
    ask_with(env, id, path, serde_json::to_string(call)?.into()).await
}

pub(crate) async fn ask_with(env: &Env, id: &str, path: &str, body: JsValue) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body));
    let request = Request::new_with_init(&format!("https://conversation{path}"), &init)?;
    stub(env, id)?.fetch_with_request(request).await
}
