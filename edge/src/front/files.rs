//! Files, as far as a visitor's requests go: what comes in is passed on unread, what goes out needs a signed link.

use crate::{
    calls::conversation::{ask_with, stub},
    config,
    keys::MasterKey,
    platform::{error::ApiError, now, request::parameter},
};
use serde::Serialize;
use shared::time::Timestamp;
use std::time::Duration;
use worker::{Env, Request, Response, wasm_bindgen::JsValue};

/// How long a link opens its file.
const LINK_FOR: Duration = Duration::from_secs(5 * 60);

#[derive(Serialize)]
struct Link {
    /// On this worker, with its signature.
    url: String,
    until: Timestamp,
}

/// `POST …/files/NUMBER`, from a visitor whose token is right.
pub(crate) fn link(key: &MasterKey, conversation: &str, number: &str) -> Result<Response, ApiError> {
    let until = now() + LINK_FOR;
    let signature = key.file_signature(conversation, number, until);
    let url = format!(
        "/v1/conversations/{conversation}/files/{number}?until={}&key={signature}",
        until.0
    );
    Ok(Response::from_json(&Link { url, until })?)
}

/// `GET …/files/NUMBER?until=&key=`, by whoever has the link.
pub(crate) async fn open(
    request: &Request,
    env: &Env,
    conversation: &str,
    number: &str,
) -> Result<Response, ApiError> {
    let url = request.url()?;
    let until = Timestamp(parameter(&url, "until").parse().unwrap_or_default());
    let key = config::master_key(env)?;
    let is_signed = key.is_file_signature(conversation, number, until, &parameter(&url, "key"));
    if !is_signed || now() >= until {
        return Err(ApiError::BadLink);
    }
    let origin = url.origin().ascii_serialization();
    let inner = Request::new(&format!("{origin}/files/{number}"), worker::Method::Get)?;
    Ok(stub(env, conversation)?.fetch_with_request(inner).await?)
}

/// `POST …/files?id=&name=`, from a visitor whose token is right: the body is the file, which is passed on unread.
pub(crate) async fn pass_on(request: &Request, env: &Env, conversation: &str) -> Result<Response, ApiError> {
    let announced = request.headers().get("content-length")?.unwrap_or_default();
    let query = request.url()?.query().unwrap_or_default().to_owned();
    let body = request.inner().body().map_or(JsValue::NULL, JsValue::from);
    // Of two parameters of one name the first counts.
    let path = format!("/files?size={announced}&{query}");
    Ok(ask_with(env, conversation, &path, body).await?)
}
