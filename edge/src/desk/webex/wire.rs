//! The parts of the Webex REST API v1 that are used, as types: developer.webex.com, "Messaging".

use crate::text::lossy::{lossy, lossy_option};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use shared::{
    conversation::{DeskRef, Post},
    time::Timestamp,
};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct NewRoom<'a> {
    pub(super) title: &'a str,
}

/// A change: Webex wants the title whatever changes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LockedRoom<'a> {
    pub(super) title: &'a str,
    pub(super) is_locked: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewMembership<'a> {
    pub(super) room_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person_id: Option<&'a str>,
}

/// Only `text`, never `markdown`: what a visitor writes cannot mention anybody or become markup.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewMessage<'a> {
    pub(super) room_id: &'a str,
    pub(super) text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewWebhook<'a> {
    pub(super) name: &'a str,
    pub(super) target_url: &'a str,
    pub(super) resource: &'static str,
    pub(super) event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<&'a str>,
    pub(super) secret: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevivedWebhook<'a> {
    pub(super) name: &'a str,
    pub(super) target_url: &'a str,
    pub(super) secret: &'a str,
    pub(super) status: &'static str,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lossy")]
    pub(super) display_name: String,
    /// Presence; absent for people of other organisations.
    #[serde(default)]
    pub(super) status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) person_id: String,
    #[serde(default)]
    pub(super) person_email: String,
    #[serde(default, deserialize_with = "lossy")]
    pub(super) person_display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) id: String,
    #[serde(default)]
    pub(super) room_id: String,
    #[serde(default)]
    pub(super) person_id: String,
    #[serde(default)]
    pub(super) person_email: String,
    #[serde(default, deserialize_with = "lossy")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "lossy_option")]
    pub(super) html: Option<String>,
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) errors: Unreadable,
}

impl From<Message> for Post {
    fn from(message: Message) -> Self {
        let at = time(&message.created);
        Self {
            message: DeskRef(message.id),
            at,
        }
    }
}

/// When something happened, by Webex's clock.
pub(super) fn time(text: &Option<String>) -> Option<Timestamp> {
    let at = chrono::DateTime::parse_from_rfc3339(text.as_deref()?).ok()?;
    Some(Timestamp(at.timestamp_millis()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Room {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lossy")]
    pub(super) title: String,
    pub(super) last_activity: Option<String>,
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) errors: Unreadable,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) target_url: String,
    #[serde(default)]
    pub(super) status: String,
}

/// Without `items` it is not a list: nothing is known then of what is in it.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
}

/// Fields of an item that Webex could not decrypt; what stands in them is not what was written.
pub(super) type Unreadable = BTreeMap<String, IgnoredAny>;

/// A webhook delivery. It names the message; its text must be fetched.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    pub(super) resource: String,
    pub(super) event: String,
    #[serde(default)]
    pub(super) created_by: String,
    pub(super) data: DeliveryData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryData {
    pub(super) id: String,
    #[serde(default)]
    pub(super) room_id: String,
    #[serde(default)]
    pub(super) person_id: String,
    #[serde(default)]
    pub(super) person_email: String,
}
