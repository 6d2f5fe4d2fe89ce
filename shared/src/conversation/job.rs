//! Work for the desk and for the site, and what comes of it.

use super::{DeskRef, ThreadRef, VisitorCard, WatchRef};
use crate::{
    file::Image,
    message::{Body, ClosedBy, Seq},
    settings::Plan,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskJob {
    OpenThread {
        topic: String,
        name: Option<String>,
        reference: String,
    },
    AddParticipant(Participant),
    /// Whether somebody of the team is in the thread.
    LookForPeople,
    Watch,
    /// Make sure that this watch works, or begin another.
    Rewatch(WatchRef),
    /// `completes`: the transcript entry that has arrived in full with this post; `part_of`: one of which more is to come.
    Post {
        voice: Voice,
        line: Line,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<Seq>,
        completes: Option<Seq>,
    },
    Unwatch(WatchRef),
    /// As the site wants it, so many days after the conversation's end.
    EndThread(ThreadEnd),
    Read {
        message: DeskRef,
        name: NameWanted,
    },
    /// Read in one list what people wrote since this time; where that is not known, after this message. `whole` is false
    /// where only the messages' names are wanted.
    Sweep {
        after: Option<DeskRef>,
        since: Option<Timestamp>,
        name: NameWanted,
        whole: bool,
    },
    Site(SiteJob),
}

/// What is asked of the site, which knows all its conversations and topics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteJob {
    /// Puts the conversation on the list of those under way.
    Enlist {
        #[serde(rename = "mark")]
        visitor_hash: String,
        watch: Option<WatchRef>,
    },
    /// It is over.
    Delist,
    /// It is erased.
    Unlist,
    /// Whose turn it is to take a conversation.
    Choose {
        topic: String,
        candidates: Vec<String>,
    },
    FindTopic {
        word: String,
    },
    Block {
        #[serde(rename = "mark")]
        visitor_hash: String,
    },
    /// The thread where the topic's left messages go; `gone`: one that does not exist any more.
    StandingThread {
        topic_id: String,
        topic: String,
        participants: Vec<String>,
        gone: Option<ThreadRef>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadEnd {
    /// Our accounts go, its people keep it.
    Leave,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Participant {
    Agent(String),
    /// By an agent, while the conversation runs.
    Invited(String),
    Bot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameWanted {
    Yes,
    No,
}

/// Whose account posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    Visitor,
    Bot,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Card(VisitorCard),
    Text(String),
    /// Posted by the bot's account, or under the bot's name where that account could not be added.
    Bot(String),
    /// A file of the visitor.
    File {
        number: u32,
        name: String,
    },
    /// A message that was left; a long one comes in parts, of which the first has the card.
    Left {
        card: Option<Box<VisitorCard>>,
        reference: String,
        text: String,
    },
    Notice(ThreadNotice),
}

/// What the agents are told; the connector has the sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadNotice {
    ParticipantNotAdded {
        who: Participant,
    },
    HandedOff {
        cause: Handoff,
    },
    HandedBack,
    NoBot,
    UnknownCommand {
        command: String,
    },
    Help,
    NotAnAddress {
        text: String,
    },
    /// Only so many were invited; the rest were not.
    TooManyInvited {
        most: usize,
    },
    /// One person alone answers in this thread.
    InviteRefused,
    Transferred {
        topic: String,
    },
    UnknownTopic {
        known: Vec<String>,
    },
    /// The topic's people work at another desk.
    OtherDesk {
        topic: String,
    },
    Blocked,
    /// The visitor has been told that it is past the hours, and can leave a message.
    TeamClosed,
    /// The visitor has been told that nobody came, and can leave a message.
    NobodyAnswered,
    /// Too large, or not safe.
    FileNotPassed {
        name: String,
    },
    /// Something that was written here could not be read, and the visitor has been told so.
    NotShown,
    /// A line could not be posted here.
    LineMissing,
    Rated {
        stars: u8,
        comment: String,
    },
    Closed {
        by: ClosedBy,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handoff {
    Bot,
    BotFailed,
    Visitor,
    Agent,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DeskOutcome {
    ThreadOpened(ThreadRef),
    Added {
        name: Option<String>,
    },
    /// `false`: nobody is in the thread but our own accounts.
    People {
        are_in: bool,
    },
    Watching(WatchRef),
    Posted(Post),
    Unwatched,
    ThreadEnded,
    /// `None`: it is gone, or it is one of our own.
    Read(Option<DeskMessage>),
    /// Oldest first, none of it our own; `newest` is the thread's last message, whoever wrote it.
    Swept {
        found: Vec<Found>,
        newest: Option<Newest>,
    },
    Site(SiteAnswer),
}

/// A message in the list of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub source: DeskRef,
    /// `None` where it has to be read by itself, as one with files.
    pub message: Option<DeskMessage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    pub message: DeskRef,
    /// When it was written, by the desk's clock.
    pub at: Option<Timestamp>,
}

/// One of our own messages in the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub message: DeskRef,
    /// When it was written, by the desk's clock.
    pub at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteAnswer {
    Done,
    /// This visitor is not to be served.
    Blocked,
    Chosen {
        agent: String,
    },
    Thread(ThreadRef),
    Topic(Box<Plan>),
    /// There is no such topic, but there are these.
    NoTopic {
        known: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskMessage {
    pub source: DeskRef,
    /// Who wrote it, by the desk's own name for them; opaque here.
    pub author: String,
    pub name: Option<String>,
    pub sent_at: Timestamp,
    pub body: Body,
    pub files: Vec<DeskFile>,
}

/// A file that somebody put into the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskFile {
    /// The desk's name for it; opaque here.
    pub source: String,
    pub name: String,
    pub size: u64,
    pub state: DeskFileState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskFileState {
    /// What it claims to be; its content is looked at when it is shown.
    Good { image: Option<Image> },
    /// The desk does not give it yet: it is still looked through, or the desk has trouble.
    Pending,
    /// The desk will not give it: infected, or not to be scanned.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Worth another attempt, not before `retry_after` if the desk named a time. This one may have been carried out.
    Passing { retry_after: Option<Duration> },
    /// The same, but it was surely not carried out: nothing was sent, or the desk asks to slow down.
    NotDone { retry_after: Option<Duration> },
    /// The desk will not do it, however often it is asked.
    Refused,
    /// The thread does not exist any more.
    ThreadGone,
}
