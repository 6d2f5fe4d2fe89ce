//! The panel's code, compressed when it was built: the platform would do it anew for each visitor, at a level that makes a
//! seventh more of it. Everything else that is static does not come by here.

use crate::platform::error::ApiError;
use worker::{
    EncodeBody, Env, Request, Response,
    js_sys::Reflect,
    wasm_bindgen::{JsCast, JsValue},
};

/// `path`: as it was built, its content's digest in it.
pub(crate) async fn panel(request: &Request, env: &Env, path: &str) -> Result<Response, ApiError> {
    let assets = env.assets("ASSETS")?;
    let fetch = async |suffix: &str| {
        let url = request.url()?.join(&[path, suffix].concat());
        assets
            .fetch(url.map_err(worker::Error::from)?.as_str(), None)
            .await
    };
    if !takes_brotli(request) {
        return Ok(fetch("").await?);
    }
    let asset = fetch(".br").await?;
    if asset.status_code() != 200 {
        return Err(ApiError::NotFound);
    }
    let kind = if path.ends_with(".wasm") {
        "application/wasm"
    } else {
        "text/javascript"
    };
    // The others are those of every file in this folder, by `_headers`.
    let headers = asset.headers().clone();
    headers.set("content-type", kind)?;
    headers.set("content-encoding", "br")?;
    headers.set("vary", "accept-encoding")?;
    Ok(asset.with_headers(headers).with_encode_body(EncodeBody::Manual))
}

/// The platform's own header names what it can do itself; what the browser can is told apart from it.
fn takes_brotli(request: &Request) -> bool {
    let raw: &JsValue = request.inner().unchecked_ref();
    let by_browser = Reflect::get(raw, &"cf".into())
        .and_then(|cf| Reflect::get(&cf, &"clientAcceptEncoding".into()))
        .ok()
        .and_then(|encodings| encodings.as_string());
    let by_header = || request.headers().get("accept-encoding").ok().flatten();
    let encodings = by_browser.or_else(by_header).unwrap_or_default();
    encodings
        .split(',')
        .any(|encoding| encoding.split(';').next().is_some_and(|name| name.trim() == "br"))
}
