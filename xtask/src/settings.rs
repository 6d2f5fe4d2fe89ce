//! A site's settings from the command line: over the worker's admin API, or checked here without a server.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::protocol::ErrorBody;
use shared::{
    address::Addresses,
    settings::{DEFAULT_SITE, Known, Settings, SettingsError},
};

use crate::process;

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Say what is wrong with a settings document, without a server
    Check { file: PathBuf },
    /// Print a site's settings document
    Show {
        #[arg(long, default_value = DEFAULT_SITE)]
        site: String,
        /// An older version instead of the newest
        #[arg(long)]
        version: Option<u32>,
        /// The worker's address instead of EDGECHAT_URL or PUBLIC_URL of .dev.vars
        #[arg(long)]
        url: Option<String>,
    },
    /// Check a settings document and make it the site's newest version
    Push {
        file: PathBuf,
        #[arg(long, default_value = DEFAULT_SITE)]
        site: String,
        /// The worker's address instead of EDGECHAT_URL or PUBLIC_URL of .dev.vars
        #[arg(long)]
        url: Option<String>,
        /// Who makes the change, instead of the name you are logged in with
        #[arg(long)]
        by: Option<String>,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u32,
    saved_by: String,
    saved_at: i64,
    document: Box<RawValue>,
}

#[derive(Serialize)]
struct Save<'a> {
    document: &'a RawValue,
    saved_by: &'a str,
    base: u32,
}

#[derive(Deserialize)]
struct Saved {
    version: u32,
}

/// False when the document is wrong, which has been said then. `here`: where the files are named from.
pub(crate) fn run(task: &Task, here: &Path) -> Result<bool> {
    match task {
        Task::Check { file } => {
            let good = check(file, &read(here, file)?);
            if let Some(settings) = &good {
                println!("{} is good: {}.", file.display(), summary(settings));
            }
            Ok(good.is_some())
        }
        Task::Show { site, version, url } => show(&Server::find(url.as_deref())?, site, *version),
        Task::Push { file, site, url, by } => {
            let text = read(here, file)?;
            if check(file, &text).is_none() {
                return Ok(false);
            }
            let by = by.clone().or_else(|| env::var("USER").ok());
            let by = by.unwrap_or_else(|| "cargo xtask".into());
            push(file, &text, &Server::find(url.as_deref())?, site, &by)
        }
    }
}

fn show(server: &Server, site: &str, version: Option<u32>) -> Result<bool> {
    let path = version.map_or(String::new(), |number| format!("/versions/{number}"));
    let answer = server.call(site, &path, None)?;
    if answer.status != 200 {
        bail!(answer.sentence());
    }
    let version: Version = answer.read()?;
    let saved_at = chrono::DateTime::from_timestamp_millis(version.saved_at).unwrap_or_default();
    // Beside the document, so that `show > FILE` writes the document alone.
    eprintln!(
        "Version {} of {site}, saved by {} at {saved_at}",
        version.version, version.saved_by
    );
    println!("{}", version.document);
    Ok(true)
}

fn push(file: &Path, text: &str, server: &Server, site: &str, by: &str) -> Result<bool> {
    let current = server.call(site, "", None)?;
    let base = match current.status {
        200 => current.read::<Version>()?.version,
        // A new site begins with its first version.
        404 if current.code() == "unknown_site" => 0,
        _ => bail!(current.sentence()),
    };
    let save = Save {
        document: serde_json::from_str(text)?,
        saved_by: by,
        base,
    };
    let answer = server.call(site, "", Some(&serde_json::to_string(&save)?))?;
    if answer.status != 200 {
        let body = answer.read::<ErrorBody>();
        for error in body.map(|body| body.settings).unwrap_or_default() {
            println!("{}: {error}", file.display());
        }
        bail!(answer.sentence());
    }
    println!("Version {} of {site} is saved.", answer.read::<Saved>()?.version);
    Ok(true)
}

fn read(here: &Path, file: &Path) -> Result<String> {
    fs::read_to_string(here.join(file)).with_context(|| format!("Cannot read {}", file.display()))
}

/// Prints what is wrong with the document, a line each. `None` when anything is.
fn check(file: &Path, text: &str) -> Option<Settings> {
    match parse(text) {
        Ok(settings) => Some(settings),
        Err(errors) => {
            for error in errors {
                println!("{}: {error}", file.display());
            }
            None
        }
    }
}

/// What the worker has connectors for.
/// The first one is meant where none is named.
const DESKS: [(&str, Addresses); 1] = [("webex", Addresses::Email)];
const BOTS: [&str; 1] = ["dialogflow"];

fn parse(text: &str) -> Result<Settings, Vec<SettingsError>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let not_json = |error: serde_json::Error| {
        vec![SettingsError {
            field: "document".into(),
            expected: format!("expected JSON: {error}"),
        }]
    };
    let settings: Settings = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        if error.inner().is_data() {
            vec![SettingsError::unread(error.path(), error.inner())]
        } else {
            not_json(error.into_inner())
        }
    })?;
    json.end().map_err(not_json)?;
    let errors = settings.check(&Known {
        zone: |name| name.parse::<chrono_tz::Tz>().is_ok(),
        pattern: |text| regress::Regex::with_flags(&format!("^(?:{text})$"), "u").is_ok(),
        desk: |kind| {
            let is_meant = |(name, _): &&(&str, Addresses)| kind.is_none_or(|kind| kind == *name);
            DESKS.iter().find(is_meant).map(|(_, addresses)| *addresses)
        },
        // Where a bot is, its connector judges, when the document is pushed.
        bot: |kind, _at| kind.is_none_or(|kind| BOTS.contains(&kind)),
    });
    if errors.is_empty() {
        Ok(settings)
    } else {
        Err(errors)
    }
}

fn summary(settings: &Settings) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let parts = [
        count(settings.topics.len(), "topic"),
        count(settings.forms.len(), "form"),
        format!("hours in {}", settings.zone.as_str()),
    ];
    parts.join(", ")
}

/// A worker's admin API.
struct Server {
    url: String,
    token: String,
}

/// What `call.mjs` takes. Node makes the call: HTTPS in Rust comes with a C library, which every `cargo` that xtask
/// starts would compile anew.
#[derive(Serialize)]
struct Call<'a> {
    url: &'a str,
    method: &'static str,
    token: &'a str,
    body: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Answered(Answer),
    Failed(String),
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    body: String,
}

impl Server {
    fn find(url: Option<&str>) -> Result<Self> {
        let vars = fs::read_to_string(".dev.vars").unwrap_or_default();
        let local = |name: &str| {
            let mut values = vars.lines().filter_map(|line| line.split_once('='));
            let found = values.rfind(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_owned())
        };
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let url = url.map(str::to_owned).or_else(|| set("EDGECHAT_URL"));
        let url = url
            .or_else(|| local("PUBLIC_URL"))
            .context("Where is the worker? Say it with --url or EDGECHAT_URL.")?;
        let token = set("EDGECHAT_ADMIN_TOKEN")
            .or_else(|| local("ADMIN_TOKEN"))
            .context("There is no admin token. Put the worker's ADMIN_TOKEN into EDGECHAT_ADMIN_TOKEN.")?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// `path`: below the site's settings. With a body it is a PUT.
    fn call(&self, site: &str, path: &str, body: Option<&str>) -> Result<Answer> {
        let call = Call {
            url: &format!("{}/v1/sites/{site}/settings{path}", self.url),
            method: if body.is_some() { "PUT" } else { "GET" },
            token: &self.token,
            body,
        };
        let output = process::answer(
            Command::new("node").arg("xtask/src/call.mjs"),
            &serde_json::to_vec(&call)?,
        )?;
        match serde_json::from_slice(&output)? {
            Reply::Answered(answer) => Ok(answer),
            Reply::Failed(why) => bail!("{} cannot be reached: {why}", self.url),
        }
    }
}

impl Answer {
    fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(&self.body).context("The address answers, but not as an Edgechat worker does")
    }

    fn code(&self) -> String {
        self.read::<ErrorBody>().map(|body| body.code).unwrap_or_default()
    }

    fn sentence(&self) -> String {
        match (self.code().as_str(), self.read::<ErrorBody>()) {
            ("bad_token", _) => "The worker does not take this admin token.".into(),
            ("version_conflict", _) => {
                "Somebody has saved another version meanwhile. Look at it with `settings show` and push again.".into()
            }
            (_, Ok(body)) => body.message,
            (_, Err(_)) => format!("The address answers {}, but not as an Edgechat worker does.", self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = include_str!("../../edge/default-settings.json");

    #[test]
    fn the_default_document_is_good() {
        let told = parse(DEFAULT).map(|settings| summary(&settings));
        assert_eq!(told.as_deref(), Ok("3 topics, 1 form, hours in Europe/Warsaw"));
    }

    #[test]
    fn the_connectors_are_those_of_the_worker() {
        let desks = include_str!("../../edge/src/desk/mod.rs")
            .matches("=> \"")
            .count();
        let bots = include_str!("../../edge/src/bot/mod.rs")
            .matches("Some(\"")
            .count();
        assert_eq!((desks, bots), (DESKS.len(), BOTS.len()));
        let kind = |kind: &str| {
            parse(&DEFAULT.replace("\"desk\": {", &format!("\"desk\": {{ \"kind\": \"{kind}\",")))
        };
        assert!(kind("webex").is_ok() && kind("fax").is_err());
    }

    #[test]
    fn zones_patterns_and_json_are_checked_here_too() {
        let wrong = |from: &str, to: &str| {
            let errors = parse(&DEFAULT.replace(from, to)).err().unwrap_or_default();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            wrong("Europe/Warsaw", "Europe/Atlantis"),
            ["zone: expected a zone of the time-zone database, like Europe/Warsaw"]
        );
        for odd in ["([A-Z]{2}", r"\\-[A-Z]{2}", "{2}"] {
            assert_eq!(
                wrong("[A-Z]{2}", odd),
                ["forms.contact.fields[2].pattern: expected a JavaScript regular expression (flag u)"]
            );
        }
        assert_eq!(
            wrong("[A-Z]{2}", r"(?=[A-Z])"),
            [
                "forms.contact.fields[2].pattern: expected a regular expression that is matched without back-tracking: \
                 look-around is not supported"
            ]
        );
        assert_eq!(
            wrong("\"zone\":", "\"zone\""),
            ["document: expected JSON: expected `:` at line 3 column 10"]
        );
    }
}
