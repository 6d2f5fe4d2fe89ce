//! What a conversation takes from the settings.

use super::{
    Attachments, BotUse, DEFAULT_SITE, EndedRooms, Joining, Replies, Retention, RoomKind, Settings, Slug,
    Timeouts, Topic,
};
use crate::{
    hours::{Availability, Interval},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From the beginning of the first open interval on.
const KNOWN_AHEAD: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// The settings as they were when the conversation started: later changes do not reach into it.
///
/// It is part of the snapshot: what an older version did not write has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    #[serde(default = "default_site")]
    pub site: String,
    #[serde(default)]
    pub topic_id: String,
    pub topic: String,
    pub participants: Vec<String>,
    pub room: RoomKind,
    pub mask: String,
    #[serde(default)]
    pub replies: Replies,
    #[serde(default)]
    pub joining: Joining,
    pub bot: BotUse,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bot_name: String,
    pub fallbacks_before_handoff: u32,
    pub language: String,
    pub timeouts: Timeouts,
    #[serde(default)]
    pub retention: Retention,
    pub messages_per_minute: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Attachments>,
    /// The desk's kind; `None` means the worker's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<String>,
    #[serde(default, skip_serializing_if = "EndedRooms::are_kept")]
    pub ended_rooms: EndedRooms,
    /// The bot's kind and place, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_at: Option<String>,
    /// The open intervals round the conversation; `None` means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<Interval>>,
}

pub fn default_site() -> String {
    DEFAULT_SITE.into()
}

impl Plan {
    /// Whether people answer at this time.
    pub fn is_open(&self, now: Timestamp) -> bool {
        Availability::at(self.open.as_deref(), now).is_open()
    }

    /// When people stop answering, if they answer now and not for ever.
    pub fn closes_at(&self, now: Timestamp) -> Option<Timestamp> {
        match Availability::at(self.open.as_deref(), now) {
            Availability::OpenUntil(at) => Some(at),
            Availability::AlwaysOpen | Availability::ClosedUntil(_) | Availability::Closed => None,
        }
    }
}

impl Settings {
    /// What a conversation on this topic goes by from its start to its end.
    pub fn plan(&self, site: &str, topic: &Topic, open: Option<Vec<Interval>>) -> Plan {
        let desk = topic.desk.as_ref().unwrap_or(&self.desk);
        let bot = topic.bot_settings.as_ref().unwrap_or(&self.bot);
        let kind = |kind: &Option<Slug>| kind.as_ref().map(|kind| kind.as_str().to_owned());
        Plan {
            site: site.into(),
            topic_id: topic.id.as_str().into(),
            topic: topic.label.clone(),
            participants: topic
                .participants
                .iter()
                .map(|address| address.as_str().into())
                .collect(),
            room: topic.room,
            mask: desk.mask.clone(),
            replies: desk.replies.clone(),
            joining: desk.joining,
            bot: topic.bot,
            bot_name: bot.name.clone(),
            fallbacks_before_handoff: bot.fallbacks_before_handoff.get(),
            language: bot.language.clone(),
            timeouts: topic.timeouts.unwrap_or(self.timeouts),
            retention: self.retention_days,
            messages_per_minute: self.messages_per_minute.get(),
            attachments: self.attachments.clone(),
            desk: kind(&desk.kind),
            ended_rooms: desk.ended_rooms,
            bot_kind: kind(&bot.kind),
            bot_at: bot.at.clone(),
            open: open.map(of_the_next_days),
        }
    }
}

/// A chat is over long before the rest; the snapshot has a copy of these.
fn of_the_next_days(mut open: Vec<Interval>) -> Vec<Interval> {
    if let Some(first) = open.first().map(|interval| interval.from) {
        open.retain(|interval| interval.from.since(first) < KNOWN_AHEAD);
    }
    open
}
