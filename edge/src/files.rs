//! Files of a conversation, as the visitor sends and gets them.
//!
//! What a file is, its bytes say. An image is shown, everything else is only saved: no browser is ever asked to run it.

use crate::{
    config,
    conversation_do::{ask_with, stub},
    desk::Client,
    error::ApiError,
    keys::MasterKey,
    router::bounded,
    shell::{Shell, answers, now},
    store::{Content, Store},
};
use serde::Serialize;
use shared::{
    conversation::{ConnectionId, Failure, Input, fingerprint},
    file::{MAX_FILE, clean_name, image_of, kind_of},
    message::MessageId,
    protocol::{Rejection, ServerFrame},
    time::Timestamp,
};
use std::{rc::Rc, time::Duration};
use worker::{
    Env, Request, Response, ResponseBuilder, Result,
    js_sys::Uint8Array,
    url::{Url, form_urlencoded},
};

/// How long a link opens its file.
const LINK_FOR: Duration = Duration::from_secs(5 * 60);

#[derive(Serialize)]
struct Link {
    /// On this worker, with its signature.
    url: String,
    until: Timestamp,
}

/// `POST …/files?id=&name=`, from a visitor whose token is right: the body is the file.
pub(crate) async fn upload(
    request: &mut Request,
    env: &Env,
    conversation: &str,
) -> Result<Response, ApiError> {
    let bytes = bounded(request, MAX_FILE).await.map_err(|error| {
        if matches!(error, ApiError::BodyTooLarge) {
            ApiError::FileTooLarge
        } else {
            error
        }
    })?;
    let query = request.url()?.query().unwrap_or_default().to_owned();
    let body = Uint8Array::from(bytes.as_slice());
    Ok(ask_with(env, conversation, &format!("/files?{query}"), body.into()).await?)
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
    let inner = Request::new(
        &format!("https://conversation/files/{number}"),
        worker::Method::Get,
    )?;
    Ok(stub(env, conversation)?.fetch_with_request(inner).await?)
}

fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

impl Shell {
    pub(crate) async fn receive(self: &Rc<Self>, request: &mut Request) -> Result<Response, ApiError> {
        let url = request.url()?;
        let bytes = request.bytes().await?;
        let id = MessageId::parse(parameter(&url, "id")).ok_or(ApiError::BadBody)?;
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        let connection = ConnectionId(String::new());
        let sent = Input::VisitorSentFile {
            connection: connection.clone(),
            id,
            name: parameter(&url, "name"),
            size: bytes.len() as u64,
            fingerprint: fingerprint(&bytes),
            kind: kind_of(&bytes),
            image: image_of(&bytes),
        };
        let effects = self.decide_on(sent, &bytes)?;
        let refusal = answers(&effects, &connection).find_map(refusal);
        self.carry_out(effects)?;
        match refusal {
            Some(error) => Err(error),
            None => Ok(Response::empty()?.with_status(204)),
        }
    }

    /// A file of the transcript, whoever sent it.
    pub(crate) async fn file(self: &Rc<Self>, number: &str) -> Result<Response, ApiError> {
        let number: u32 = number.parse().map_err(|_| ApiError::NotFound)?;
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        let (name, content) = Store::new(&self.state).file(number)?.ok_or(ApiError::NotFound)?;
        let bytes = match content {
            Content::Here(bytes) => bytes,
            Content::Desk(source) => {
                let desk = Client::new(&self.env, &self.accounts)?;
                desk.content(&source, MAX_FILE)
                    .await
                    .map_err(|failure| match failure {
                        Failure::Passing { .. } | Failure::NotDone { .. } => ApiError::Internal,
                        Failure::Refused | Failure::ThreadGone => ApiError::FileGone,
                    })?
            }
        };
        Ok(serve(&name, bytes)?)
    }
}

fn refusal(frame: &ServerFrame) -> Option<ApiError> {
    let ServerFrame::Rejected { code, .. } = frame else {
        return None;
    };
    Some(match code {
        Rejection::FileTooLarge => ApiError::FileTooLarge,
        Rejection::FileRefused | Rejection::Empty => ApiError::FileRefused,
        Rejection::TooFast { .. } => ApiError::TooFast,
        Rejection::Closed => ApiError::Over,
        Rejection::IdReused | Rejection::TooLong | Rejection::BadFrame => ApiError::BadBody,
    })
}

fn serve(name: &str, bytes: Vec<u8>) -> Result<Response> {
    let (mime, way) = match image_of(&bytes) {
        Some(image) => (image.mime(), "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let name: String = form_urlencoded::byte_serialize(clean_name(name).as_bytes()).collect();
    let name = name.replace('+', "%20");
    Ok(ResponseBuilder::new()
        .with_header("content-type", mime)?
        .with_header("content-disposition", &format!("{way}; filename*=UTF-8''{name}"))?
        .with_header("content-security-policy", "default-src 'none'; sandbox")?
        .with_header("x-content-type-options", "nosniff")?
        .with_header("cross-origin-resource-policy", "same-origin")?
        .with_header("cache-control", "private, max-age=300")?
        .fixed(bytes))
}
