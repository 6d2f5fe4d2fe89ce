//! Webhooks: where Webex delivers to, and what it signs with.

use super::{
    api::{Api, Trouble},
    wire::*,
};
use crate::config;
use worker::{Method, Result};

pub(super) struct Hook {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) secret: String,
}

/// What is delivered.
pub(super) struct Events<'a> {
    pub(super) resource: &'static str,
    pub(super) event: &'static str,
    pub(super) filter: Option<&'a str>,
}

impl Api<'_> {
    /// `signed_as`: from which name the secret is derived. `None` where Webex cannot reach this worker.
    pub(super) fn hook(&self, path: &str, signed_as: &str) -> Result<Option<Hook>> {
        let key = config::master_key(self.env)?;
        let hook = |url: String| Hook {
            // Webex does not show secrets, so the name says by which one it is signed.
            name: format!("Edgechat {}", key.webhook_tag(signed_as)),
            address: format!("{url}/v1/desk/webex/{path}"),
            secret: key.webhook_secret(signed_as),
        };
        Ok(config::public_url(self.env).map(hook))
    }

    pub(super) async fn create_hook(&self, hook: &Hook, events: &Events<'_>) -> Result<String, Trouble> {
        let hook = NewWebhook {
            name: &hook.name,
            target_url: &hook.address,
            resource: events.resource,
            event: events.event,
            filter: events.filter,
            secret: &hook.secret,
        };
        let created: Created = self.post_json(self.us(), "/webhooks", &hook).await?;
        Ok(created.id)
    }

    pub(super) async fn revive_hook(&self, id: &str, hook: &Hook) -> Result<(), Trouble> {
        let hook = RevivedWebhook {
            name: &hook.name,
            target_url: &hook.address,
            secret: &hook.secret,
            status: "active",
        };
        let path = format!("/webhooks/{id}");
        let _revived: Created = self.send_json(self.us(), Method::Put, &path, &hook).await?;
        Ok(())
    }
}
