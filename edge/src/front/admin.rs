//! The operator's API, behind the admin token: the settings of the sites.

use crate::{
    calls::site::{self, Save},
    config, keys,
    platform::{error::ApiError, request},
    settings,
};
use shared::settings::{SettingsError, Slug};
use worker::{Env, Method, Request, Response};

const MAX_BODY: usize = 128 * 1024;
/// Of whoever saves, in characters.
const LONGEST_NAME: usize = 100;

/// `rest`: the path after `/v1/sites/{site}/settings`.
pub(crate) async fn settings(
    request: &mut Request,
    env: &Env,
    site: &str,
    rest: &[&str],
) -> Result<Response, ApiError> {
    let header = request.headers().get("authorization")?.unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    if !keys::is_same_secret(&config::secret(env, "ADMIN_TOKEN")?, token) {
        return Err(ApiError::BadToken);
    }
    let site = Slug::try_from(site.to_owned()).map_err(|_| ApiError::BadSite)?;
    let path = ["settings"]
        .iter()
        .chain(rest)
        .copied()
        .collect::<Vec<_>>()
        .join("/");
    match (request.method(), rest) {
        (Method::Get, [] | ["versions"] | ["versions", _]) => {
            Ok(site::ask(env, site.as_str(), Method::Get, &path, None).await?)
        }
        (Method::Put, []) => save(request, env, &site).await,
        (_, [] | ["versions"] | ["versions", _]) => Err(ApiError::MethodNotAllowed),
        _ => Err(ApiError::NotFound),
    }
}

async fn save(request: &mut Request, env: &Env, site: &Slug) -> Result<Response, ApiError> {
    let save: Save = request::json(request, MAX_BODY).await?;
    let mut errors = settings::read(save.document.get()).err().unwrap_or_default();
    if save.saved_by.trim().is_empty() || save.saved_by.chars().count() > LONGEST_NAME {
        errors.push(SettingsError {
            field: "saved_by".into(),
            expected: "expected 1 to 100 characters".into(),
        });
    }
    if !errors.is_empty() {
        return Err(ApiError::BadSettings(errors));
    }
    let text = serde_json::to_string(&save).map_err(worker::Error::from)?;
    let answer = site::ask(env, site.as_str(), Method::Put, "settings", Some(text)).await?;
    settings::forget(site.as_str());
    Ok(answer)
}
