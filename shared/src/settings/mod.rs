//! A site's settings: one document, read by the edge; the panel gets the public part of it.

mod check;
mod error;
mod kinds;
mod plan;
mod public;

pub use check::Known;
pub use error::SettingsError;
pub use kinds::*;
pub use plan::*;
pub use public::*;

use crate::{
    file::FileKind,
    form::Form,
    hours::{Hours, Interval, coming},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

/// The site of a page whose script tag names none.
pub const DEFAULT_SITE: &str = "default";
/// Seconds. A browser lets a tab in the background say that it is there once a minute.
const SHORTEST_LOST: u32 = 90;
/// A transcript is never kept longer than this, in days.
const LONGEST_RETENTION: f64 = 184.0;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub name: String,
    /// The hours' zone.
    pub zone: Zone,
    /// When people answer; none means always.
    #[serde(default)]
    pub hours: Option<Hours>,
    #[serde(default)]
    pub when_closed: WhenClosed,
    pub look: Look,
    pub texts: Texts,
    pub topics: Vec<Topic>,
    #[serde(default)]
    pub forms: BTreeMap<String, Form>,
    pub bot: BotSettings,
    pub desk: DeskSettings,
    pub timeouts: Timeouts,
    /// Sites that may embed the panel, as in CSP `frame-ancestors`. `*` means any.
    pub origins: Vec<Origin>,
    pub retention_days: Retention,
    /// What visitors can send besides text; none means no files.
    #[serde(default)]
    pub attachments: Option<Attachments>,
    /// A visitor may send this many messages a minute, some at once.
    pub messages_per_minute: NonZeroU32,
}

/// What a visitor finds outside the open hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenClosed {
    /// No launcher, where the script tag has `data-hours`; otherwise only when it opens.
    Hide,
    /// A form whose message waits for the team.
    #[default]
    Message,
    /// The bot answers, and takes messages for the team.
    Bot,
}

impl WhenClosed {
    /// Whether a chat with this bot can begin while nobody answers.
    pub fn lets_begin(self, bot: BotUse) -> bool {
        self == Self::Bot && bot == BotUse::First
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The text on it is derived.
    pub accent: Colour,
    #[serde(default)]
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the visitor's system has it.
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// What the visitor reads above the topics.
    pub welcome: String,
    /// The same, outside the open hours; empty for the panel's own words.
    #[serde(default)]
    pub closed: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    pub id: Slug,
    pub label: String,
    /// The agents who answer.
    pub participants: Vec<Address>,
    #[serde(default)]
    pub room: RoomKind,
    #[serde(default)]
    pub bot: BotUse,
    /// The key of a form in `forms`; none means an anonymous start.
    #[serde(default)]
    pub form: Option<String>,
    /// The form above a message that is left, if it is another one than `form`.
    #[serde(default)]
    pub message_form: Option<String>,
    /// Instead of the site's.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Instead of the site's.
    #[serde(default)]
    pub timeouts: Option<Timeouts>,
    /// Instead of the site's `desk`.
    #[serde(default)]
    pub desk: Option<DeskSettings>,
    /// Instead of the site's `bot`.
    #[serde(default)]
    pub bot_settings: Option<BotSettings>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// One of the participants answers, under their own name.
    Personal,
    /// All participants answer, under the mask.
    #[default]
    Group,
    /// Begins personal; others can be called in.
    Mixed,
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
    /// Which connector asks it; none means the worker's own choice.
    #[serde(default)]
    pub kind: Option<Slug>,
    /// Which of the vendor's bots it is, in the connector's words; none means the operator's.
    #[serde(default)]
    pub at: Option<String>,
    pub name: String,
    /// BCP 47, as the bot knows it.
    pub language: String,
    /// This many answers in a row that did not understand hand the conversation off.
    pub fallbacks_before_handoff: NonZeroU32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskSettings {
    /// Which connector serves; none means the worker's own choice.
    #[serde(default)]
    pub kind: Option<Slug>,
    /// Who answers in a group thread, as the visitor sees it.
    pub mask: String,
    #[serde(default)]
    pub replies: Replies,
    #[serde(default)]
    pub joining: Joining,
    #[serde(default)]
    pub ended_rooms: EndedRooms,
}

/// What becomes of a conversation's thread so long after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedRooms {
    /// It stays as it is.
    #[default]
    Keep,
    /// Our accounts go out of it, its people stay.
    Leave(Retention),
    Delete(Retention),
}

/// What of an agent's words goes out.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replies {
    #[default]
    All,
    /// Only lines that begin with the marker, without it.
    Marked(Marker),
}

/// How a second person comes into a mixed conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// The visitor is told, and everyone answers under their own name.
    #[default]
    Announced,
    /// Nothing is said; from then on everyone answers under the mask.
    Silent,
}

/// In seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// Without a message of the visitor for this long the conversation closes …
    pub silence: u32,
    /// … and this long before, the visitor is warned.
    pub warning: u32,
    /// Without a heartbeat for this long the visitor counts as gone; at least 90.
    pub lost: u32,
    /// Nobody has answered a waiting visitor for this long: the next representative is added, and when there is none
    /// left, the visitor can leave a message. 0 means never.
    #[serde(default)]
    pub answer: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// In MB of 1,048,576 bytes, both ways.
    pub largest_mb: u32,
    /// What visitors may send, by content. Agents may send anything.
    pub kinds: Vec<FileKind>,
}

impl Attachments {
    /// In bytes.
    pub fn largest(&self) -> usize {
        (self.largest_mb as usize).saturating_mul(1 << 20)
    }
}

/// How long something is kept after the end of its conversation, in days; parts of a day count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Retention(f64);

/// It is more than 0, see `try_from`; so it is never NaN, which alone is not equal to itself.
impl Eq for Retention {}

impl TryFrom<f64> for Retention {
    type Error = &'static str;

    fn try_from(days: f64) -> Result<Self, Self::Error> {
        let fits = days > 0.0 && days <= LONGEST_RETENTION;
        fits.then_some(Self(days))
            .ok_or("expected days: more than 0, at most 184")
    }
}

impl From<Retention> for f64 {
    fn from(Retention(days): Retention) -> Self {
        days
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self(180.0)
    }
}

impl Retention {
    pub fn after(self) -> Duration {
        Duration::from_secs(24 * 60 * 60).mul_f64(self.0)
    }
}

impl EndedRooms {
    pub fn are_kept(&self) -> bool {
        *self == Self::Keep
    }

    /// `None`: for ever.
    pub fn kept_for(self) -> Option<Retention> {
        match self {
            Self::Keep => None,
            Self::Leave(days) | Self::Delete(days) => Some(days),
        }
    }
}

impl Settings {
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id.as_str() == id)
    }

    /// By its id or its label, whatever the case.
    pub fn find_topic(&self, word: &str) -> Option<&Topic> {
        let word = word.to_lowercase();
        let is_meant = |topic: &&Topic| topic.id.as_str() == word || topic.label.to_lowercase() == word;
        self.topics.iter().find(is_meant)
    }

    pub fn form(&self, topic: &Topic) -> Option<&Form> {
        self.forms.get(topic.form.as_ref()?)
    }

    /// The form above a message that is left.
    pub fn message_form(&self, topic: &Topic) -> Option<&Form> {
        self.forms
            .get(topic.message_form.as_ref().or(topic.form.as_ref())?)
    }

    /// The coming open intervals of a topic; `None` means that it is always open.
    ///
    /// `offset`: the offset of the site's zone from UTC at an instant, in milliseconds.
    pub fn open(
        &self,
        topic: &Topic,
        now: Timestamp,
        offset: impl Fn(Timestamp) -> i64,
    ) -> Option<Vec<Interval>> {
        let hours = topic.hours.as_ref().or(self.hours.as_ref())?;
        Some(coming(hours, now, offset))
    }
}

impl Timeouts {
    pub fn silence_after(&self) -> Duration {
        Duration::from_secs(self.silence.into())
    }

    pub fn warning_after(&self) -> Duration {
        Duration::from_secs(self.silence.saturating_sub(self.warning).into())
    }

    pub fn lost_after(&self) -> Duration {
        Duration::from_secs(self.lost.max(SHORTEST_LOST).into())
    }

    /// `None`: nobody is called in for a visitor who waits.
    pub fn answer_after(&self) -> Option<Duration> {
        (self.answer > 0).then(|| Duration::from_secs(self.answer.into()))
    }
}
