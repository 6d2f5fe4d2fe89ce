//! Every sentence the panel says, in English.

use shared::{
    form::Problem,
    message::{ClosedBy, Notice},
    protocol::Rejection,
};

pub(crate) const CLOSE: &str = "Close chat";
pub(crate) const BACK: &str = "Back";
pub(crate) const MENU: &str = "Menu";
pub(crate) const START: &str = "Start chat";
pub(crate) const SEND: &str = "Send";
pub(crate) const ATTACH: &str = "Attach a file";
pub(crate) const WRITE: &str = "Write a message";
pub(crate) const AGAIN: &str = "Start a new chat";
pub(crate) const PERSON: &str = "Talk to a person";
pub(crate) const END: &str = "End chat";
pub(crate) const END_TITLE: &str = "End this chat?";
pub(crate) const END_WHAT: &str = "You can still read it until you start a new one.";
pub(crate) const KEEP: &str = "Keep chatting";
pub(crate) const HERE: &str = "I'm still here";
pub(crate) const MUTE: &str = "Turn sound off";
pub(crate) const UNMUTE: &str = "Turn sound on";
pub(crate) const DOWNLOAD: &str = "Download transcript";
pub(crate) const DOWNLOAD_FILE: &str = "Download";
pub(crate) const FILE: &str = "chat.txt";
pub(crate) const PRINT: &str = "Print";
pub(crate) const ERASE: &str = "Delete this conversation";
pub(crate) const ERASE_TITLE: &str = "Delete this conversation?";
pub(crate) const ERASE_WHAT: &str =
    "Our copy is deleted. What the team has in its own chat room stays there.";
pub(crate) const ERASE_RUNNING: &str =
    "The chat ends and our copy is deleted. What the team has in its own chat room stays there.";
pub(crate) const ERASE_NOW: &str = "Delete";
pub(crate) const ERASE_NOT: &str = "Keep it";
pub(crate) const NOT_ERASED: &str = "This could not be deleted. Nothing has changed. You can try again.";
pub(crate) const NEWS: &str = "New messages";
pub(crate) const LOG: &str = "Conversation";
pub(crate) const AUTOMATIC: &str = "Automatic answers";
pub(crate) const YOU: &str = "You";

pub(crate) const CLOSED: &str = "Nobody is here right now.";
pub(crate) const TOMORROW: &str = "tomorrow";
pub(crate) const LEAVE_MESSAGE: &str = "Leave a message";
pub(crate) const LEAVE_WHAT: &str = "Leave a message. The team answers when it is back.";
pub(crate) const MESSAGE: &str = "Your message";
pub(crate) const SEND_MESSAGE: &str = "Send message";
pub(crate) const LEAVING: &str = "Your message is being sent.";
pub(crate) const LEFT: &str = "We have your message and are passing it to the team.";
pub(crate) const LEFT_WITH_TEAM: &str = "We have your message. The team will answer you.";
pub(crate) const LEFT_LOST: &str = "Your message did not reach the team. You can send it again.";

pub(crate) const RATE: &str = "How was this chat?";
pub(crate) const RATE_MORE: &str = "Tell us more, if you like";
pub(crate) const RATED: &str = "Thank you for telling us.";

pub(crate) const CONNECTING: &str = "Connecting …";
pub(crate) const OFFLINE: &str = "You are offline. Messages are kept and sent when you are back.";
pub(crate) const UNREACHED: &str = "We can't reach the chat right now. We keep trying.";
pub(crate) const DESK_RETRYING: &str = "We have your message and keep trying to reach the team.";
pub(crate) const WAITING: &str = "We are getting someone for you.";
pub(crate) const NOBODY: &str = "You can wait, or leave a message.";

pub(crate) const REFUSED: &str = "This chat could not be started. Choose what you need once more.";
pub(crate) const CLOSED_MEANWHILE: &str = "The team has just gone. What you wrote is kept.";
pub(crate) const GONE: &str = "Your last chat is no longer available. You can start a new one.";

pub(crate) const SENDING: &str = "Sending";
pub(crate) const SENT: &str = "Sent";
pub(crate) const WITH_TEAM: &str = "With the team";
pub(crate) const NOT_SENT: &str = "Not sent.";
pub(crate) const TRY_AGAIN: &str = "Not sent. Try again";
pub(crate) const NOT_DELIVERED: &str = "Did not reach the team.";

pub(crate) const TODAY: &str = "Today";
pub(crate) const YESTERDAY: &str = "Yesterday";

pub(crate) fn closes_at(time: &str) -> String {
    ["Are you still there? This chat closes at ", time, "."].concat()
}

/// `day`: empty for today.
pub(crate) fn opens(day: &str, time: &str) -> String {
    let before = if day.is_empty() { "" } else { " " };
    ["Opens", before, day, " at ", time].concat()
}

/// One of five stars.
pub(crate) fn stars(count: u8) -> String {
    [&count.to_string(), " of 5"].concat()
}

pub(crate) fn is_typing(name: &str) -> String {
    [name, " is typing"].concat()
}

/// `None`: said elsewhere.
pub(crate) fn notice(notice: &Notice) -> Option<String> {
    Some(match notice {
        Notice::PersonAsked => "You asked for a person.".into(),
        Notice::BotFailed => "The automatic answers stopped. We are asking the team.".into(),
        Notice::AgentJoined { name } => [name, " joined."].concat(),
        Notice::HandedBack => "The automatic answers are back.".into(),
        Notice::TeamClosed => "Nobody is here at this hour. You can leave a message.".into(),
        Notice::NobodyAnswered => "Nobody is here right now. You can wait, or leave a message.".into(),
        Notice::Transferred { topic } => ["You are now with: ", topic, "."].concat(),
        Notice::NotDelivered { .. } => "One message did not reach the team. You can write it again.".into(),
        Notice::NotShown => "The team wrote something that cannot be shown.".into(),
        Notice::Closed { .. } => return None,
    })
}

pub(crate) fn closed(by: ClosedBy, time: &str) -> String {
    let what = match by {
        ClosedBy::Visitor => "You ended this chat at ",
        ClosedBy::Agent => "The team ended this chat at ",
        ClosedBy::Silence => "This chat closed because nothing was written for a while, at ",
        ClosedBy::VisitorGone => "This chat closed while you were away, at ",
        ClosedBy::ThreadGone => "The team removed this chat at ",
        ClosedBy::MessageLeft => "You left this message at ",
    };
    [what, time, "."].concat()
}

/// Why the edge will not take a message, and whether another try may help.
pub(crate) fn refused(code: Rejection) -> (&'static str, bool) {
    match code {
        Rejection::TooLong => ("Not sent: the message is too long.", false),
        Rejection::Closed => ("Not sent: this chat has ended.", false),
        Rejection::FileTooLarge => ("Not sent: the file is too large.", false),
        Rejection::FileRefused => ("Not sent: files of this kind are not taken here.", false),
        Rejection::FilesFull => ("Not sent: this chat takes no more files.", false),
        Rejection::Empty => ("Not sent: the file is empty.", false),
        Rejection::IdReused | Rejection::BadFrame => (NOT_SENT, false),
        Rejection::TooFast { .. } => (TRY_AGAIN, true),
    }
}

/// In KB and MB of 1,024 and 1,048,576 bytes, as the site's limit is.
pub(crate) fn size(bytes: u64) -> String {
    // The reader of the wire takes no more than 32 bits.
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    if bytes < 1 << 20 {
        return [&bytes.div_ceil(1 << 10).to_string(), " KB"].concat();
    }
    let (whole, rest) = (bytes >> 20, bytes % (1 << 20));
    [&whole.to_string(), ".", &((rest * 10) >> 20).to_string(), " MB"].concat()
}

/// A file where nothing but text can stand.
pub(crate) fn file(name: &str) -> String {
    ["[file ", name, "]"].concat()
}

pub(crate) fn problem(hint: Option<&str>, problem: Problem) -> String {
    let characters = |words: &str, count: usize| [words, &count.to_string(), " characters."].concat();
    match problem {
        Problem::Missing => "Fill this in.".into(),
        Problem::TooShort { min } => characters("Write at least ", min),
        Problem::TooLong { max } => characters("Write at most ", max),
        Problem::NotAnEmail => "Write an e-mail address, like name@example.com.".into(),
        Problem::Mismatch | Problem::UnknownField => {
            hint.unwrap_or("This does not have the expected form.").into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(1), "1 KB");
        assert_eq!(size(1_024), "1 KB");
        assert_eq!(size(1_048_575), "1024 KB");
        assert_eq!(size(1_300_000), "1.2 MB");
        assert_eq!(size(20 << 20), "20.0 MB");
    }
}
