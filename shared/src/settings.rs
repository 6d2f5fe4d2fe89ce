//! A site's settings: one document, read by the edge; the panel gets the public part of it.

use crate::form::Form;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub name: String,
    /// `#rrggbb`; the text on it is derived.
    pub accent: String,
    /// What the visitor reads above the topics.
    pub welcome: String,
    /// Who answers in a group thread, as the visitor sees it.
    pub mask: String,
    pub topics: Vec<Topic>,
    #[serde(default)]
    pub forms: BTreeMap<String, Form>,
    pub bot: BotSettings,
    pub timeouts: Timeouts,
    /// Sites that may embed the panel, as in CSP `frame-ancestors`. `*` means any.
    pub origins: Vec<String>,
    /// A visitor may send this many messages a minute, some at once.
    pub messages_per_minute: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub id: String,
    pub label: String,
    /// Addresses of the agents who are added to the thread.
    pub participants: Vec<String>,
    #[serde(default)]
    pub room: RoomKind,
    #[serde(default)]
    pub bot: BotUse,
    /// The key of a form in `forms`; none means an anonymous start.
    #[serde(default)]
    pub form: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Agents show their names.
    Personal,
    /// Agents show the mask.
    #[default]
    Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotUse {
    /// The bot takes the first turns.
    First,
    #[default]
    Off,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotSettings {
    pub name: String,
    /// BCP 47, as the bot knows it.
    pub language: String,
    /// This many answers in a row that did not understand hand the conversation off.
    pub fallbacks_before_handoff: u32,
}

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Without a message of the visitor for this long the conversation closes …
    pub silence: u32,
    /// … and this long before, the visitor is warned.
    pub warning: u32,
    /// Without a heartbeat for this long the visitor counts as gone.
    pub lost: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {expected}")]
pub struct SettingsError {
    pub field: String,
    pub expected: &'static str,
}

impl Settings {
    /// The first rule that the document breaks.
    pub fn check(&self) -> Result<(), SettingsError> {
        let error = |field: &str, expected| {
            Err(SettingsError {
                field: field.into(),
                expected,
            })
        };
        let hex = self.accent.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return error("accent", "a colour like #0b5fff");
        }
        if self.topics.is_empty() {
            return error("topics", "at least one topic");
        }
        for (index, topic) in self.topics.iter().enumerate() {
            if topic.id.is_empty() || self.topics[..index].iter().any(|other| other.id == topic.id) {
                return error(&format!("topics[{index}].id"), "a name of its own");
            }
            if topic
                .form
                .as_ref()
                .is_some_and(|form| !self.forms.contains_key(form))
            {
                return error(&format!("topics[{index}].form"), "the key of one of `forms`");
            }
        }
        if self.timeouts.silence <= self.timeouts.warning || self.timeouts.lost == 0 {
            return error("timeouts", "silence longer than warning, and lost not 0");
        }
        if self.messages_per_minute == 0 {
            return error("messages_per_minute", "at least 1");
        }
        Ok(())
    }

    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == id)
    }

    pub fn form(&self, topic: &Topic) -> Option<&Form> {
        self.forms.get(topic.form.as_ref()?)
    }

    /// What anybody may read: no address of an agent is in it.
    pub fn public(&self) -> PublicSettings {
        let topic = |topic: &Topic| PublicTopic {
            id: topic.id.clone(),
            label: topic.label.clone(),
            bot: topic.bot,
            form: self.form(topic).cloned(),
        };
        PublicSettings {
            name: self.name.clone(),
            accent: self.accent.clone(),
            welcome: self.welcome.clone(),
            mask: self.mask.clone(),
            bot_name: self.bot.name.clone(),
            topics: self.topics.iter().map(topic).collect(),
        }
    }

    /// What a conversation on this topic goes by from its start to its end.
    pub fn plan(&self, topic: &Topic) -> Plan {
        Plan {
            topic: topic.label.clone(),
            participants: topic.participants.clone(),
            room: topic.room,
            mask: self.mask.clone(),
            bot: topic.bot,
            fallbacks_before_handoff: self.bot.fallbacks_before_handoff,
            language: self.bot.language.clone(),
            timeouts: self.timeouts,
            messages_per_minute: self.messages_per_minute,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicSettings {
    pub name: String,
    pub accent: String,
    pub welcome: String,
    pub mask: String,
    pub bot_name: String,
    pub topics: Vec<PublicTopic>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTopic {
    pub id: String,
    pub label: String,
    pub bot: BotUse,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

/// The settings as they were when the conversation started: later changes do not reach into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub topic: String,
    pub participants: Vec<String>,
    pub room: RoomKind,
    pub mask: String,
    pub bot: BotUse,
    pub fallbacks_before_handoff: u32,
    pub language: String,
    pub timeouts: Timeouts,
    pub messages_per_minute: u32,
}

impl Timeouts {
    pub fn silence_after(&self) -> Duration {
        Duration::from_secs(self.silence.into())
    }

    pub fn warning_after(&self) -> Duration {
        Duration::from_secs((self.silence - self.warning).into())
    }

    pub fn lost_after(&self) -> Duration {
        Duration::from_secs(self.lost.into())
    }
}
