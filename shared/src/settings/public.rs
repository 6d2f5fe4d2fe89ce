//! What anybody may read of the settings.

use super::{Attachments, BotUse, Settings, Theme, Topic, WhenClosed};
use crate::{form::Form, hours::Interval, time::Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicSettings {
    pub name: String,
    pub accent: String,
    #[serde(default)]
    pub theme: Theme,
    pub welcome: String,
    #[serde(default)]
    pub closed: String,
    pub mask: String,
    pub bot_name: String,
    #[serde(default)]
    pub when_closed: WhenClosed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Attachments>,
    /// By the edge's clock, since a visitor's may be wrong.
    pub now: Timestamp,
    pub topics: Vec<PublicTopic>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTopic {
    pub id: String,
    pub label: String,
    pub bot: BotUse,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// The form above a message that is left, if it is not `form`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_form: Option<Form>,
    /// The coming open intervals, in order; `None` means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<Interval>>,
}

impl Settings {
    /// What anybody may read: no address of an agent is in it.
    pub fn public(&self, now: Timestamp, offset: impl Fn(Timestamp) -> i64) -> PublicSettings {
        let topic = |topic: &Topic| PublicTopic {
            id: topic.id.as_str().into(),
            label: topic.label.clone(),
            bot: topic.bot,
            form: self.form(topic).cloned(),
            message_form: topic
                .message_form
                .as_ref()
                .and_then(|_| self.message_form(topic))
                .cloned(),
            open: self.open(topic, now, &offset),
        };
        PublicSettings {
            name: self.name.clone(),
            accent: self.look.accent.as_str().into(),
            theme: self.look.theme,
            welcome: self.texts.welcome.clone(),
            closed: self.texts.closed.clone(),
            mask: self.desk.mask.clone(),
            bot_name: self.bot.name.clone(),
            when_closed: self.when_closed,
            attachments: self.attachments.clone(),
            now,
            topics: self.topics.iter().map(topic).collect(),
        }
    }
}
