//! What a conversation is told (past tense) and what it wants done (imperative).

use super::{DeskJob, DeskOutcome, Failure, Post};
use crate::{
    address::Addresses,
    file::{FileKind, Image},
    message::{Body, Entry, MessageId, Seq},
    protocol::ServerFrame,
    settings::Plan,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The desk's counterpart of the conversation; opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadRef(pub String);

/// The desk's subscription that tells us of new messages; opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WatchRef(pub String);

/// The desk's name for one of its messages; opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeskRef(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u32);

/// One open WebSocket or one poll, as the edge numbers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionId(pub String);

/// What comes from outside with each input: nothing in the core reads a clock or rolls a die.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    pub now: Timestamp,
    /// From 0 to 1.
    pub jitter: f64,
    /// The last sign of life from any of the visitor's tabs, if one is connected.
    pub heartbeat_at: Option<Timestamp>,
    pub desk: DeskRules,
}

/// What holds at the conversation's desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeskRules {
    /// The most bytes of UTF-8 in one post.
    pub post_limit: usize,
    /// What a command begins with. The clients of some desks keep to themselves what begins with a slash.
    pub command: char,
    pub addresses: Addresses,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The object was loaded from storage: whatever was under way may or may not have happened.
    Resumed {
        /// Whether the visitor's connections are still there. A restart ends them without a word.
        connected: bool,
    },
    VisitorConnected {
        connection: ConnectionId,
        after: Seq,
    },
    /// The last connection is gone.
    VisitorDisconnected,
    VisitorSent {
        connection: ConnectionId,
        id: MessageId,
        text: String,
    },
    /// A file that may come, of this size if it was announced. Not a byte of it has been read; it is let in unless this
    /// is answered by a rejection.
    VisitorOfferedFile {
        connection: ConnectionId,
        id: MessageId,
        size: Option<u64>,
    },
    /// A file that is stored already, waiting for its number.
    VisitorSentFile {
        connection: ConnectionId,
        id: MessageId,
        upload: Upload,
    },
    VisitorAskedForPerson,
    VisitorStayed,
    VisitorEnded,
    /// The visitor wants our copy deleted.
    VisitorErased,
    VisitorRated {
        stars: u8,
        comment: String,
    },
    /// The desk says that something was written in the thread.
    DeskSignalled {
        message: DeskRef,
    },
    /// The desk says that somebody has left the thread.
    PersonLeft,
    /// The regular look saw that something was written in the thread lately, or that nobody tells us any more.
    SweepDue {
        watch: WatchState,
        /// When the thread's last message was written, by the desk's clock. `None`: read it in any case.
        active_at: Option<Timestamp>,
    },
    DeskDone {
        task: TaskId,
        outcome: DeskOutcome,
    },
    DeskFailed {
        task: TaskId,
        failure: Failure,
    },
    BotAnswered {
        task: TaskId,
        answer: BotAnswer,
    },
    BotFailed {
        task: TaskId,
    },
    DeadlineReached,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchState {
    Active,
    Lost,
}

/// A file as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub name: String,
    pub size: u64,
    /// Of its bytes, to tell a repeat from a reuse of the id.
    pub fingerprint: u64,
    pub kind: FileKind,
    pub image: Option<Image>,
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOrigin {
    /// Stored just now.
    Upload,
    /// The desk gives them, by this name of its own.
    Desk(String),
}

/// How a conversation comes to be, see [`super::Conversation::start`].
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub plan: Plan,
    pub card: VisitorCard,
    /// Sets two threads of the same topic and name apart: a few characters of the conversation's id.
    pub reference: String,
    /// Recognises the same visitor later, and says nothing else about them; opaque here.
    pub visitor_hash: String,
    /// Not a chat but a message left for the team: its text.
    pub message: Option<String>,
}

/// The thread's first post.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VisitorCard {
    /// Continent, country, region, city, as far as known.
    pub place: Vec<String>,
    pub ip: String,
    pub mobile: bool,
    pub user_agent: String,
    pub page: String,
    pub referrer: String,
    pub topic: String,
    pub name: Option<String>,
    /// Labels and answers of the form.
    pub answers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Store the snapshot. Comes before everything that must not be forgotten.
    Save,
    /// Add to the transcript. `source` is kept beside it, so that a restored conversation knows it has been read.
    Append {
        entry: Entry,
        source: Option<DeskRef>,
    },
    /// Keep a file under this number; the entry that shows it follows.
    KeepFile {
        number: u32,
        name: String,
        origin: FileOrigin,
    },
    /// Delete the transcript.
    EraseTranscript,
    /// Delete everything: the conversation has never been.
    Erase,
    Send {
        to: To,
        frame: ServerFrame,
    },
    /// Send the transcript after this cursor.
    Replay {
        to: ConnectionId,
        after: Seq,
    },
    Desk {
        task: TaskId,
        thread: Option<ThreadRef>,
        job: DeskJob,
        attempt: Attempt,
    },
    AskBot {
        task: TaskId,
        ask: BotAsk,
        language: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Everyone,
    One(ConnectionId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    First,
    /// An earlier attempt may have succeeded unseen: look for its result before doing it. It comes after the last post, if
    /// there was one, and after the time at which the job was first wanted, by the worker's clock.
    MaybeDone {
        last_post: Option<Post>,
        since: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotAsk {
    /// The conversation begins: the bot may greet.
    Welcome,
    /// An agent gave the conversation back.
    HandedBack,
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BotAnswer {
    pub says: Vec<BotSays>,
    pub understood: Understood,
    pub turn: BotTurn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotSays {
    pub body: Body,
    pub replies: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Understood {
    #[default]
    Yes,
    /// A fallback answer.
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BotTurn {
    #[default]
    GoesOn,
    HandsOff,
}
