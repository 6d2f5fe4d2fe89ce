//! A site's settings, as the worker goes by them: one document a site, of which KV has the newest.

use crate::{
    bot, desk,
    platform::{
        error::ApiError,
        now,
        zone::{self, Zone},
    },
};
use shared::{
    hours::Interval,
    settings::{DEFAULT_SITE, Known, PublicSettings, Settings, SettingsError, Slug, Topic},
    time::Timestamp,
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};
use worker::{Date, Env, Result, console_error};

pub(crate) const BUILT_IN: &str = include_str!("../default-settings.json");
/// How long an isolate goes by what it has read of a site, in milliseconds.
const AGE: u64 = 60_000;
/// Sites an isolate remembers, those that do not exist among them.
const MOST_SITES: usize = 200;

#[derive(Clone)]
struct Read {
    read_at: u64,
    /// `None`: there is no such site.
    settings: Option<Rc<Settings>>,
}

thread_local! {
    static KNOWN: RefCell<BTreeMap<String, Read>> = const { RefCell::new(BTreeMap::new()) };
}

/// Where KV has the copy of a site's newest settings.
pub(crate) fn copy_key(site: &str) -> String {
    format!("settings:{site}")
}

pub(crate) async fn of(env: &Env, site: &str) -> Result<Rc<Settings>, ApiError> {
    if Slug::try_from(site.to_owned()).is_err() {
        return Err(ApiError::UnknownSite);
    }
    let read_at = Date::now().as_millis();
    let known = KNOWN.with_borrow(|known| known.get(site).cloned());
    if let Some(known) = known.as_ref().filter(|known| read_at < known.read_at + AGE) {
        return known.settings.clone().ok_or(ApiError::UnknownSite);
    }
    let settings = match env.kv("SETTINGS")?.get(&copy_key(site)).text().await {
        Ok(copy) => match of_copy(site, copy) {
            Ok(settings) => settings.map(Rc::new),
            Err(error) => {
                console_error!("published settings of {site}: {error}");
                return known.and_then(|known| known.settings).ok_or(ApiError::Internal);
            }
        },
        Err(error) => {
            console_error!("settings of {site}: {error}");
            return known.and_then(|known| known.settings).ok_or(ApiError::Internal);
        }
    };
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_SITES {
            known.clear();
        }
        let settings = settings.clone();
        known.insert(site.into(), Read { read_at, settings });
    });
    settings.ok_or(ApiError::UnknownSite)
}

/// A site whose settings were just saved is read anew.
pub(crate) fn forget(site: &str) {
    KNOWN.with_borrow_mut(|known| known.remove(site));
}

/// `None`: there is no such site. A document that was saved is gone by even if a rule has been added since that it
/// breaks: a new version of the worker must not take a site down.
fn of_copy(site: &str, copy: Option<String>) -> Result<Option<Settings>, SettingsError> {
    let document = match copy.as_deref() {
        Some(copy) => copy,
        None if site == DEFAULT_SITE => BUILT_IN,
        None => return Ok(None),
    };
    let settings = parse(document)?;
    for error in broken_rules(&settings) {
        console_error!("published settings of {site}, which are used all the same: {error}");
    }
    Ok(Some(settings))
}

/// A document, or what is wrong with it: every rule between fields that it breaks, but only the first field that
/// cannot be read at all.
pub(crate) fn read(document: &str) -> Result<Settings, Vec<SettingsError>> {
    let settings = parse(document).map_err(|error| vec![error])?;
    let errors = broken_rules(&settings);
    if errors.is_empty() {
        Ok(settings)
    } else {
        Err(errors)
    }
}

fn parse(document: &str) -> Result<Settings, SettingsError> {
    let mut json = serde_json::Deserializer::from_str(document);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| SettingsError::unread(error.path(), error.inner()))
}

fn broken_rules(settings: &Settings) -> Vec<SettingsError> {
    settings.check(&Known {
        zone: |name| Zone::find(name).is_some(),
        pattern: zone::is_pattern,
        desk: |kind| Some(desk::Kind::of(kind).ok()?.limits().rules.addresses),
        bot: bot::is_known,
    })
}

/// What the panel gets, as of now.
pub(crate) fn public(settings: &Settings) -> PublicSettings {
    settings.public(now(), offset(settings))
}

/// When people answer on this topic, from now on; `None` means always.
pub(crate) fn open(settings: &Settings, topic: &Topic) -> Option<Vec<Interval>> {
    settings.open(topic, now(), offset(settings))
}

fn offset(settings: &Settings) -> impl Fn(Timestamp) -> i64 {
    let zone = Zone::find(settings.zone.as_str());
    move |at| zone.as_ref().map_or(0, |zone| zone.offset(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::address::Addresses;

    const ANY: Known = Known {
        zone: |_| true,
        pattern: |_| true,
        desk: |_| Some(Addresses::Email),
        bot: |_, _| true,
    };

    #[test]
    fn the_built_in_settings_keep_the_rules() {
        let settings: Settings = serde_json::from_str(BUILT_IN).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.check(&ANY), []);
        let public = settings.public(Timestamp(0), |_| 0);
        let public = serde_json::to_string(&public).unwrap_or_default();
        assert!(!public.contains('@'), "no agent's address is public");
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_place() {
        for (from, to, error) in [
            (
                "\"zone\": \"Europe/Warsaw\",",
                "",
                "zone: expected a value, found none",
            ),
            (
                "\"welcome\"",
                "\"closed\"",
                "texts.welcome: expected a value, found none",
            ),
            ("#0b5fff", "blue", "look.accent: expected a colour like #0b5fff"),
            (
                "\"ben@example.com\"",
                "\"ben at example\"",
                "topics[0].participants[1]: expected an address: up to 254 characters without spaces",
            ),
            (
                "\"accent\"",
                "\"colour\"",
                "look.colour: unknown field `colour`, expected `accent` or `theme`",
            ),
            (
                "180",
                "\"180\"",
                "retention_days: invalid type: string \"180\", expected f64",
            ),
        ] {
            let errors = read(&BUILT_IN.replace(from, to)).err().unwrap_or_default();
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(errors, [error]);
        }
        let whole = read("5").err().unwrap_or_default();
        assert_eq!(whole[0].field, "document");
    }

    proptest! {
        #[test]
        fn any_document_is_read_or_refused_with_a_place(text in ::tests::any::text(30), from in 0..BUILT_IN.len(), length in 0..40_usize) {
            let from = BUILT_IN.floor_char_boundary(from);
            let until = BUILT_IN.ceil_char_boundary((from + length).min(BUILT_IN.len()));
            for document in [text.clone(), [&BUILT_IN[..from], text.as_str(), &BUILT_IN[until..]].concat(), BUILT_IN[..from].to_owned()] {
                // Zones and patterns are the platform's to judge.
                match parse(&document) {
                    Ok(settings) => drop(settings.check(&ANY)),
                    Err(error) => prop_assert!(!error.expected.is_empty()),
                }
            }
        }
    }
}
