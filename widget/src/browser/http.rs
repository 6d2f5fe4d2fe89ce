//! Requests to the edge.

use super::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestInit, Response};

#[derive(Default)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    /// JSON, or a file.
    pub(crate) body: Option<JsValue>,
}

/// Calls back with the status, 0 when no answer came, and the JSON that was the body.
pub(crate) fn send(request: Request, then: impl FnOnce(u16, JsValue) + 'static) {
    leptos::task::spawn_local(async move {
        let (status, body) = fetch(request).await.unwrap_or_default();
        then(status, body);
    });
}

async fn fetch(request: Request) -> Option<(u16, JsValue)> {
    let headers = Headers::new().ok()?;
    if let Some(token) = request.token {
        headers
            .set("authorization", &("Bearer ".to_owned() + &token))
            .ok()?;
    }
    let options = RequestInit::new();
    options.set_method(request.method);
    options.set_headers(&headers);
    // Settings say what time it is.
    options.set_cache(RequestCache::NoStore);
    if let Some(body) = request.body {
        if body.is_string() {
            headers.set("content-type", "application/json").ok()?;
        }
        options.set_body(&body);
    }
    let answer = JsFuture::from(window().fetch_with_str_and_init(&request.path, &options))
        .await
        .ok()?;
    let answer: Response = answer.unchecked_into();
    let body = JsFuture::from(answer.json().ok()?).await.unwrap_or_default();
    Some((answer.status(), body))
}
