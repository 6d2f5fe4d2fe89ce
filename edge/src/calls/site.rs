//! What a site's object is asked, and how it is reached.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::conversation::{SiteJob, ThreadRef};
use worker::{Env, Method, Request, RequestInit, Response, Result, wasm_bindgen::JsValue};

/// From a conversation.
#[derive(Serialize, Deserialize)]
pub(crate) struct SiteCall {
    pub(crate) conversation: String,
    /// The kind of its desk, as in its plan.
    #[serde(default)]
    pub(crate) desk: Option<String>,
    pub(crate) thread: Option<ThreadRef>,
    pub(crate) job: SiteJob,
}

/// From the router: which conversation has this thread?
#[derive(Serialize, Deserialize)]
pub(crate) struct FindCall {
    pub(crate) desk: String,
    pub(crate) thread: ThreadRef,
}

/// `None`: none that is under way.
#[derive(Serialize, Deserialize)]
pub(crate) struct FindAnswer {
    pub(crate) conversation: Option<String>,
}

/// The admin API's own request, which has been checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Save {
    /// Kept as it was written, to the last space.
    pub(crate) document: Box<RawValue>,
    pub(crate) saved_by: String,
    /// The version that the document was made from: another one must not have come in between.
    pub(crate) base: Option<u32>,
}

/// `path`: below the site.
pub(crate) async fn ask(
    env: &Env,
    site: &str,
    method: Method,
    path: &str,
    body: Option<String>,
) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(method).with_body(body.map(JsValue::from));
    let request = Request::new_with_init(&format!("https://site/{site}/{path}"), &init)?;
    let stub = env.durable_object("SITE")?.id_from_name(site)?.get_stub()?;
    stub.fetch_with_request(request).await
}
