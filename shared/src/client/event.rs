//! What the panel's half of the protocol hears of, and what it wants done.

use crate::{
    form::FieldError,
    message::{MessageId, Seq},
    protocol::{ClientFrame, PollRequest, ServerFrame, StartAnswer, StartRequest},
};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// What an earlier page, tab or reload kept.
    Restored(Kept),
    StartPressed(StartRequest),
    Started(StartAnswer),
    /// The edge refused the form or the topic.
    StartRefused(Vec<FieldError>),
    /// The edge takes no chat on this topic at this hour.
    StartClosed,
    StartFailed,
    SocketOpened,
    SocketClosed,
    /// Anything was heard on the socket.
    FramesArrived(Vec<ServerFrame>),
    PollAnswered(Vec<ServerFrame>),
    PollFailed,
    /// The edge does not know this conversation, or not under this token.
    Refused,
    SendPressed {
        id: MessageId,
        text: String,
    },
    RetryPressed,
    AskForPersonPressed,
    StayPressed,
    EndPressed,
    RatePressed {
        stars: u8,
        comment: String,
    },
    /// Leave the closed conversation for a new one.
    AgainPressed,
    TimerFired,
    WentOnline,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Start(StartRequest),
    OpenSocket {
        session: StartAnswer,
        after: Seq,
    },
    CloseSocket,
    SendFrames(Vec<ClientFrame>),
    Ping,
    Poll {
        session: StartAnswer,
        request: PollRequest,
    },
    /// Keep this in the page's storage.
    Keep(Kept),
    Forget,
}

/// What survives a reload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Starting(StartRequest),
    Running(StartAnswer),
}
