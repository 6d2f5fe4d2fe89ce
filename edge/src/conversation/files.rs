//! Files of a conversation, as the visitor gets them.
//!
//! What a file is, its bytes say. An image is shown, everything else is only saved: no browser is ever asked to run it.
//! Bytes pass in pieces; no file is whole in memory.

use super::shell::Shell;
use crate::{
    desk::Desk,
    platform::{error::ApiError, within},
    store::{Content, StoredFile, readable},
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use shared::{
    conversation::{Ask, Failure},
    file::{HEAD, MAX_FILE, clean_name, image_of},
};
use std::{rc::Rc, time::Duration};
use worker::{Cache, Request, Response, ResponseBuilder, Result, url::form_urlencoded};

/// How long the platform's cache keeps an agent's file, in seconds.
const CACHED_FOR: u32 = 10 * 60;
/// For all of an agent's file to come from the desk.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);

impl Shell {
    /// A file of the transcript, whoever sent it.
    pub(crate) async fn file(self: &Rc<Self>, request: &Request, number: &str) -> Result<Response, ApiError> {
        let number: u32 = number.parse().map_err(|_| ApiError::NotFound)?;
        if !self.load_for_visitor()? {
            return Err(ApiError::NotStarted);
        }
        self.admit(Ask::Open)?;
        let store = &self.outside.store;
        let StoredFile { name, content } = store.file(number)?.ok_or(ApiError::NotFound)?;
        match content {
            Content::Here(parts) => Ok(serve(&name, store.read(parts), Some(parts.size)).await?),
            Content::Desk(source) => {
                let origin = request.url()?.origin().ascii_serialization();
                let key = format!("{origin}/desk-files/{}/{number}", self.id());
                let mut response = self.desk_file(&source, &key).await?;
                let size = response.headers().get("content-length")?;
                let size = size.and_then(|size| size.parse().ok());
                Ok(serve(&name, response.stream()?, size).await?)
            }
        }
    }

    /// An agent's file. The desk is asked for it once, then the platform's cache has it for some minutes; who may open it
    /// was checked before, as with every opening.
    async fn desk_file(&self, source: &str, key: &str) -> Result<Response, ApiError> {
        // One at a time: who comes second finds what the first has fetched.
        let _turn = self.fetching.lock().await;
        let cache = Cache::default();
        if let Some(known) = cache.get(key, false).await? {
            return Ok(known);
        }
        self.admit(Ask::Fetch)?;
        let fetched = self.fetch(source).await?;
        // On some addresses the platform has no cache.
        if self.has_no_cache.get() {
            return Ok(fetched);
        }
        let put = within(FETCH_TIMEOUT, cache.put(key, fetched)).await;
        put.ok_or(ApiError::Internal)??;
        if let Some(known) = cache.get(key, false).await? {
            return Ok(known);
        }
        self.has_no_cache.set(true);
        self.fetch(source).await
    }

    async fn fetch(&self, source: &str) -> Result<Response, ApiError> {
        let kind = self.desk()?;
        let account = kind.account_of(self.thread().as_ref());
        let desk = Desk::new(kind, &self.outside.env, &self.outside.tokens, account)?;
        let reply = desk.content(source, MAX_FILE).await;
        let reply = reply.map_err(|failure| match failure {
            Failure::Passing { .. } | Failure::NotDone { .. } => ApiError::Internal,
            Failure::Refused | Failure::ThreadGone => ApiError::FileGone,
        })?;
        let mut response =
            ResponseBuilder::new().with_header("cache-control", &format!("max-age={CACHED_FOR}"))?;
        if let Some(length) = reply.length() {
            response = response.with_header("content-length", &length.to_string())?;
        }
        Ok(match reply.body {
            Some(body) => response.stream(body),
            None => response.empty(),
        })
    }
}

/// The first bytes decide how.
async fn serve(
    name: &str,
    chunks: impl Stream<Item = Result<Vec<u8>>> + 'static,
    size: Option<u64>,
) -> Result<Response> {
    let mut chunks = Box::pin(chunks);
    let mut head = vec![];
    while head.len() < HEAD {
        let Some(chunk) = chunks.try_next().await? else {
            break;
        };
        head.extend(chunk);
    }
    let (mime, way) = match image_of(&head) {
        Some(image) => (image.mime(), "inline"),
        None => ("application/octet-stream", "attachment"),
    };
    let name: String = form_urlencoded::byte_serialize(clean_name(name).as_bytes()).collect();
    let name = name.replace('+', "%20");
    let response = ResponseBuilder::new()
        .with_header("content-type", mime)?
        .with_header("content-disposition", &format!("{way}; filename*=UTF-8''{name}"))?
        .with_header("content-security-policy", "default-src 'none'; sandbox")?
        .with_header("x-content-type-options", "nosniff")?
        .with_header("cross-origin-resource-policy", "same-origin")?
        .with_header("cache-control", "private, max-age=300")?;
    let whole = stream::iter([Ok(head)]).chain(chunks);
    match size {
        Some(size) => Ok(response.stream(readable(whole, size))),
        None => response.from_stream(whole),
    }
}
