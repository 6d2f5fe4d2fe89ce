//! A request's body and its address, read within limits.

use super::error::ApiError;
use futures_util::TryStreamExt;
use serde::de::DeserializeOwned;
use worker::{Request, url::Url};

pub(crate) async fn bounded(request: &mut Request, longest: usize) -> Result<Vec<u8>, ApiError> {
    let announced = request
        .headers()
        .get("content-length")?
        .and_then(|length| length.parse::<usize>().ok());
    match announced {
        Some(length) if length > longest => Err(ApiError::BodyTooLarge),
        Some(_) => Ok(request.bytes().await?),
        None => unannounced_body(request, longest).await,
    }
}

/// A body in chunks, read no further than the limit.
async fn unannounced_body(request: &mut Request, longest: usize) -> Result<Vec<u8>, ApiError> {
    let mut bytes = vec![];
    let Ok(mut chunks) = request.stream() else {
        return Ok(bytes);
    };
    while let Some(chunk) = chunks.try_next().await? {
        bytes.extend(chunk);
        if bytes.len() > longest {
            return Err(ApiError::BodyTooLarge);
        }
    }
    Ok(bytes)
}

pub(crate) async fn json<T: DeserializeOwned>(request: &mut Request, longest: usize) -> Result<T, ApiError> {
    let bytes = bounded(request, longest).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| ApiError::BadBody)?;
    serde_json::from_str(text).map_err(|_| ApiError::BadBody)
}

pub(crate) fn parameter(url: &Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
