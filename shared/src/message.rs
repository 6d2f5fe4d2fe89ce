//! What a transcript is made of.

use crate::{
    file::File,
    newer::{Maybe, or_default},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text a visitor can send, in characters.
pub const MAX_TEXT: usize = 4_000;

/// A place in the transcript: 1, 2, 3 … without gaps. As a cursor it means "everything up to here".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u32);

impl Seq {
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Names one message of the visitor, made by the visitor's browser so that a repeated send is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl TryFrom<String> for MessageId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text).ok_or("8 to 36 letters, digits and hyphens")
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

impl MessageId {
    /// Letters, digits and hyphens, 8 to 36 of them.
    pub fn parse(text: String) -> Option<Self> {
        let fits = (8..=36).contains(&text.len());
        (fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(Self(text))
    }

    /// Of a message that was left: there is one.
    pub(crate) fn left() -> Self {
        Self("left-message".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stretch of text; with `href` it is a link (http, https, mailto or tel, checked where it is made).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

/// Text with links, nothing else: whatever an agent or a bot sent has been reduced to this at the edge.
pub type Body = Vec<Span>;

/// The words of a body, with each link's target behind its text where the two differ.
pub fn plain(body: &[Span]) -> String {
    let mut text = String::new();
    for span in body {
        text.push_str(&span.text);
        if let Some(href) = span.href.as_ref().filter(|href| **href != span.text) {
            text.extend([" (", href, ")"]);
        }
    }
    text
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub seq: Seq,
    /// When the edge stored it; for an agent's message, when the agent sent it.
    pub at: Timestamp,
    pub said: Said,
}

/// A message (said by someone) or a notice (said by the system).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Visitor {
        id: MessageId,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<File>,
    },
    Bot {
        body: Body,
        /// Quick replies: texts the visitor can send by one press.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        replies: Vec<String>,
    },
    Agent {
        /// As the visitor may see it: a person's name or the team's mask.
        name: String,
        body: Body,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<File>,
    },
    Notice(Notice),
    /// Of a kind that came after this version: what can be shown of it, by the name of the kind.
    #[serde(untagged)]
    Newer(Maybe<BTreeMap<String, Plain>>),
}

/// What the content of every later kind of entry has in it, for those who do not know the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plain {
    pub plain: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The visitor asked for a person.
    PersonAsked,
    /// The bot could not go on; people have been asked.
    BotFailed,
    AgentJoined {
        name: String,
    },
    /// An agent gave the conversation back to the bot.
    HandedBack,
    /// Nobody answers at this hour; a message can be left.
    TeamClosed,
    /// Nobody came in time; a message can be left.
    NobodyAnswered,
    /// Other people take over.
    Transferred {
        topic: String,
    },
    /// A message of the visitor that the desk refused for good.
    NotDelivered {
        seq: Seq,
    },
    /// Something the team wrote could not be read.
    NotShown,
    Closed {
        #[serde(deserialize_with = "or_default")]
        by: ClosedBy,
    },
}

#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    Visitor,
    #[default]
    Agent,
    /// No message from the visitor for the configured time.
    Silence,
    /// No sign of the visitor's browser for the configured time.
    VisitorGone,
    /// The desk's thread was deleted.
    ThreadGone,
    /// It was a message left for the team, not a chat.
    MessageLeft,
}
