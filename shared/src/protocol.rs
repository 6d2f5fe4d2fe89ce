//! Wire v1: what passes between the visitor's panel and the edge, as JSON.
//!
//! What a newer version adds, an older one skips by itself (see [`crate::newer`]): the panel a frame, an entry or a state that
//! it does not know, the edge a frame, which it refuses. On a WebSocket each text message is one frame; over HTTP a poll
//! carries frames both ways. `ping` and `pong` are bare texts that the platform answers without waking the conversation.

use crate::{
    form::FieldError,
    message::{ClosedBy, Entry, MAX_TEXT, MessageId, Seq},
    newer::{Maybe, or_default},
    settings::{DEFAULT_SITE, SettingsError, default_site},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const PING: &str = "ping";
pub const PONG: &str = "pong";

/// The WebSocket subprotocol; the visitor's token is offered as a second one, which keeps it out of URLs.
pub const SUBPROTOCOL: &str = "edgechat.v1";

/// The most frames in one poll.
pub const MAX_POLL_FRAMES: usize = 20;

/// The most entries in one frame.
pub const PAGE: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame {
    Send {
        id: MessageId,
        text: String,
    },
    AskForPerson,
    /// "I am still here": cancels a warned close.
    Stay,
    End,
    /// After the end, once.
    Rate {
        /// 1 to 5.
        stars: u8,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// First on every connection; the entries after the client's cursor follow.
    Hello {
        state: State,
    },
    /// In order of `seq`. The visitor's own message coming back means that it is stored.
    Entries(Vec<Entry>),
    State(State),
    /// The desk accepted the visitor's messages up to this one.
    Delivered {
        through: Seq,
    },
    Rejected {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<MessageId>,
        #[serde(deserialize_with = "or_default")]
        code: Rejection,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    #[serde(deserialize_with = "or_default")]
    pub phase: Phase,
    /// The last entry of the transcript.
    pub last: Seq,
    pub delivered: Seq,
    #[serde(deserialize_with = "or_default")]
    pub desk: DeskReach,
    /// Nothing was heard from the visitor for long: the conversation closes at this time unless they act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<Timestamp>,
    /// Nobody will come soon: the visitor had better leave a message.
    #[serde(default, skip_serializing_if = "is_false")]
    pub leave_message: bool,
    /// The visitor has rated the chat.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rated: bool,
}

pub(crate) fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_true(value: &bool) -> bool {
    *value
}

pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

#[derive(Default, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    WithBot,
    #[default]
    Waiting,
    WithAgent {
        name: String,
    },
    Closed {
        #[serde(deserialize_with = "or_default")]
        by: ClosedBy,
        at: Timestamp,
    },
}

#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskReach {
    #[default]
    Reached,
    /// The desk does not answer; what the visitor wrote is kept and tried again.
    Retrying,
}

/// Why a frame changed nothing.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    Empty,
    TooLong,
    /// Wait this long and send the same message again.
    TooFast {
        retry_after_ms: u32,
    },
    /// Another text was stored under this id.
    IdReused,
    FileTooLarge,
    /// The site takes no files of this kind.
    FileRefused,
    /// The conversation has all the files it takes.
    FilesFull,
    Closed,
    #[default]
    BadFrame,
}

fn is_default_site(site: &str) -> bool {
    site == DEFAULT_SITE
}

/// What a visitor may write in one message, wherever it is checked.
pub fn check_text(text: &str) -> Result<(), Rejection> {
    if text.trim().is_empty() {
        return Err(Rejection::Empty);
    }
    if text.chars().count() > MAX_TEXT {
        return Err(Rejection::TooLong);
    }
    Ok(())
}

/// As much of a page's address as agents are shown, in bytes.
const LONGEST_ADDRESS: usize = 1_024;

/// A page's address as it is sent and stored: not too long, and without its fragment, which is the page's own affair.
pub fn shown_address(address: &str) -> &str {
    let whole = address.split_once('#').map_or(address, |(before, _)| before);
    let end = whole.floor_char_boundary(LONGEST_ADDRESS);
    whole.get(..end).unwrap_or_default()
}

/// `POST /v1/conversations`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRequest {
    #[serde(default = "default_site", skip_serializing_if = "is_default_site")]
    pub site: String,
    /// 22 to 64 random characters from the visitor's browser. The same key always means the same conversation.
    pub key: String,
    pub topic: String,
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
    /// Not a chat but a message left for the team: this is its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The page the visitor is on, and where they came from, as [`shown_address`] has it; shown to agents.
    #[serde(default)]
    pub page: String,
    #[serde(default)]
    pub referrer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartAnswer {
    pub conversation: String,
    /// Proves that its holder is the visitor of this conversation, and of no other.
    pub token: String,
}

/// `POST /v1/conversations/{id}/poll`: send frames and read what is new, in one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollRequest {
    pub after: Seq,
    #[serde(default)]
    pub frames: Vec<Maybe<ClientFrame>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollAnswer {
    pub frames: Vec<Maybe<ServerFrame>>,
}

/// The body of every HTTP error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Stable, for programs.
    pub code: String,
    /// One sentence, for people who build.
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// Why a settings document was not saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingsError>,
}
