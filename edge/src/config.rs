//! What the operator sets: secrets and addresses as worker variables, the site's settings as a document.

use crate::{
    conversation_do::now,
    error::ApiError,
    keys::MasterKey,
    zone::{self, Zone},
};
use shared::settings::{PublicSettings, Settings};
use std::cell::RefCell;
use worker::{Date, Env, Result, console_error};

const BUILT_IN: &str = include_str!("../default-settings.json");
/// How long an isolate goes by the settings it has read, in milliseconds.
const SETTINGS_AGE: u64 = 60_000;

thread_local! {
    static SETTINGS: RefCell<Option<(u64, Settings)>> = const { RefCell::new(None) };
}

pub(crate) fn variable(env: &Env, name: &str) -> Result<String> {
    env.var(name).map(|value| value.to_string())
}

pub(crate) fn master_key(env: &Env) -> Result<MasterKey> {
    let key = variable(env, "MASTER_KEY")?;
    if key.len() < 32 {
        return Err(worker::Error::RustError(
            "MASTER_KEY is missing or too short".into(),
        ));
    }
    Ok(MasterKey::new(key))
}

/// The published document of KV, or the built-in one. A published document that breaks a rule is not used.
pub(crate) async fn settings(env: &Env) -> Result<Settings, ApiError> {
    let now = Date::now().as_millis();
    let known = SETTINGS.with_borrow(|known| {
        known
            .as_ref()
            .filter(|(read_at, _)| now < read_at + SETTINGS_AGE)
            .map(|(_, settings)| settings.clone())
    });
    if let Some(settings) = known {
        return Ok(settings);
    }
    let published = match env.kv("SETTINGS")?.get("settings").text().await {
        Ok(published) => published,
        Err(error) => {
            console_error!("settings: {error}");
            None
        }
    };
    let settings = match published.map(|text| parse(&text)) {
        Some(Ok(settings)) => settings,
        Some(Err(error)) => {
            console_error!("settings: {error}");
            built_in()?
        }
        None => built_in()?,
    };
    SETTINGS.with_borrow_mut(|known| *known = Some((now, settings.clone())));
    Ok(settings)
}

fn built_in() -> Result<Settings, ApiError> {
    parse(BUILT_IN).map_err(|error| {
        console_error!("built-in settings: {error}");
        ApiError::Internal
    })
}

fn parse(text: &str) -> Result<Settings, String> {
    let settings: Settings = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let errors = settings.check(|name| Zone::find(name).is_some(), zone::is_pattern);
    match errors.first() {
        Some(error) => Err(error.to_string()),
        None => Ok(settings),
    }
}

/// What the panel gets, as of now.
pub(crate) fn public(settings: &Settings) -> PublicSettings {
    let zone = Zone::find(settings.zone.as_str());
    settings.public(now(), |at| zone.as_ref().map_or(0, |zone| zone.offset(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::time::Timestamp;

    #[test]
    fn the_built_in_settings_keep_the_rules() {
        let settings: Settings = serde_json::from_str(BUILT_IN).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.check(|_| true, |_| true), []);
        let public = settings.public(Timestamp(0), |_| 0);
        let public = serde_json::to_string(&public).unwrap_or_default();
        assert!(!public.contains('@'), "no agent's address is public");
    }
}
