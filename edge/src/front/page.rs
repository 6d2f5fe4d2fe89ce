//! The panel's page: the first screen as HTML, so that it can be read before the wasm runs.

use crate::{
    platform::{error::ApiError, random_id},
    settings,
};
use shared::{
    hours::Availability,
    settings::{DEFAULT_SITE, PublicSettings, PublicTopic, Settings, Theme},
};
use worker::{Env, Request, Response, ResponseBuilder};

const NO_SITE: &str = "<!doctype html><title>No chat here</title><p>There is no chat at this address.";

pub(crate) async fn page(request: &Request, env: &Env) -> Result<Response, ApiError> {
    let url = request.url()?;
    let site = url.query_pairs().find(|(name, _)| name == "site");
    let site = site.map_or(DEFAULT_SITE.into(), |(_, site)| site);
    let settings = match settings::of(env, &site).await {
        Err(ApiError::UnknownSite) => {
            return Ok(ResponseBuilder::new().with_status(404).from_html(NO_SITE)?);
        }
        settings => settings?,
    };
    let template_url = url.join("/panel").map_err(worker::Error::from)?;
    let mut template = env.assets("ASSETS")?.fetch(template_url.as_str(), None).await?;
    let template = template.text().await?;
    let nonce = random_id()?;
    let page = fill(&template, &settings::public(&settings), &nonce)?;
    let host = url.host_str().unwrap_or_default();
    Ok(ResponseBuilder::new()
        .with_header(
            "content-security-policy",
            &policy(&settings, &nonce, host, url.port()),
        )?
        .with_header("cache-control", "no-store")?
        .with_header("referrer-policy", "no-referrer")?
        .with_header("x-content-type-options", "nosniff")?
        .from_html(page)?)
}

fn policy(settings: &Settings, nonce: &str, host: &str, port: Option<u16>) -> String {
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let ancestors: Vec<&str> = settings.origins.iter().map(|origin| origin.as_str()).collect();
    let ancestors = ancestors.join(" ");
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'nonce-{nonce}'; \
         connect-src 'self' ws://{host}{port} wss://{host}{port}; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}"
    )
}

fn fill(template: &str, settings: &PublicSettings, nonce: &str) -> Result<String, ApiError> {
    let json = serde_json::to_string(settings)
        .map_err(worker::Error::from)?
        .replace('<', "\\u003c");
    let topic = |topic: &shared::settings::PublicTopic| {
        let (id, label) = (escape(&topic.id), escape(&topic.label));
        format!("<li><button type=\"button\" class=\"topic\" data-topic=\"{id}\">{label}</button></li>")
    };
    let theme = match settings.theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    };
    let topics: String = settings.topics.iter().map(topic).collect();
    let values = [
        ("NONCE", nonce.to_owned()),
        ("NAME", escape(&settings.name)),
        ("WELCOME", escape(greeting(settings))),
        ("ACCENT", settings.accent.clone()),
        ("ON_ACCENT", on(&settings.accent).to_owned()),
        ("THEME", theme.to_owned()),
        ("TOPICS", topics),
        ("SETTINGS", json),
    ];
    // One pass: a value that looks like a placeholder stays as it is.
    let mut page = String::with_capacity(template.len() + 4096);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, more) = after.split_once("}}").unwrap_or((after, ""));
        let value = values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value);
        page.extend([before, value]);
        rest = more;
    }
    page.push_str(rest);
    Ok(page)
}

/// The owner's words for these hours. Where there are none for closed ones, the panel brings its own.
fn greeting(settings: &PublicSettings) -> &str {
    let is_open = |topic: &PublicTopic| Availability::at(topic.open.as_deref(), settings.now).is_open();
    if settings.topics.iter().any(is_open) {
        &settings.welcome
    } else {
        &settings.closed
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Black or white, whichever contrasts more with the accent (WCAG 2 relative luminance).
fn on(accent: &str) -> &'static str {
    let channel = |at: usize| {
        let value = accent
            .get(at..at + 2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .unwrap_or_default();
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 {
        "#ffffff"
    } else {
        "#000000"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        settings::{BotUse, WhenClosed},
        time::Timestamp,
    };

    #[test]
    fn text_on_the_accent_is_readable() {
        assert_eq!(on("#0b5fff"), "#ffffff");
        assert_eq!(on("#ffd400"), "#000000");
        assert_eq!(on("#000000"), "#ffffff");
    }

    #[test]
    fn values_are_escaped_and_not_read_again() {
        let settings = PublicSettings {
            name: "<b>{{NONCE}}".into(),
            accent: "#000000".into(),
            theme: Theme::System,
            welcome: "\"'&".into(),
            closed: String::new(),
            when_closed: WhenClosed::Message,
            attachments: None,
            now: Timestamp(0),
            mask: "</script>".into(),
            bot_name: String::new(),
            topics: vec![PublicTopic {
                id: "sales".into(),
                label: "Sales".into(),
                bot: BotUse::Off,
                form: None,
                message_form: None,
                open: None,
            }],
        };
        let page = fill("{{NAME}}|{{WELCOME}}|{{SETTINGS}}|{{NONCE}}", &settings, "n").unwrap_or_default();
        assert!(
            page.starts_with("&lt;b&gt;{{NONCE}}|&quot;&#39;&amp;|{"),
            "{page}"
        );
        assert!(page.ends_with("|n") && !page.contains("</script>"), "{page}");
    }
}
