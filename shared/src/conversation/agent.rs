//! What agents write in the thread: answers to the visitor, commands, and what is theirs alone.

use super::{
    Conversation, DeskFile, DeskFileState, DeskJob, DeskMessage, DeskRef, FileOrigin, Handoff, Participant,
    Phase, Reading, SiteJob, ThreadNotice, Turn, seen::Verdict, task::Task,
};
use crate::{
    file::{File, MAX_FILE},
    message::{Body, ClosedBy, Notice, Said, Span, plain},
    settings::{Attachments, Joining, Replies, RoomKind},
};

/// By one command. Each is a call at the desk, before which the visitor's messages wait.
const MOST_INVITED: usize = 10;

impl Conversation {
    pub(super) fn agent_wrote(&mut self, message: DeskMessage, task: Task<Reading>, turn: &mut Turn) {
        if self.is_closed() {
            return;
        }
        if !self.is_of_the_past(message.sent_at) {
            self.agent_is_in(turn);
        }
        if let Some(command) = command_in(&message, turn) {
            turn.save = true;
            return self.command(&command, task, turn);
        }
        let name = self.name_of(&message, turn);
        let body = self.for_the_visitor(&message.body);
        let is_blank = plain(&body).trim().is_empty();
        let files = self.files_of(message.files, turn);
        // Words that went ahead of these files have been shown, under the message's own name.
        let is_rest = matches!(task.job, Reading::Files(_)) && !is_blank;
        if (is_blank || is_rest) && files.is_empty() {
            turn.save = true;
            return;
        }
        let (body, source) = if is_rest {
            (vec![], DeskRef(task.job.into()))
        } else {
            if self.phase == Phase::WithBot {
                self.hand_off(Handoff::Agent, None, turn);
            }
            if !self.is_of_the_past(message.sent_at) {
                self.agent_answers(name.clone(), turn);
            }
            (body, message.source)
        };
        let said = Said::Agent { name, body, files };
        self.append(message.sent_at, said, Some(source), turn);
    }

    /// Without the files that stay among the team: those of a command, and where replies are private those without a marked
    /// line. Nothing waits for them then.
    pub(super) fn without_private_files(&self, message: DeskMessage, turn: &Turn) -> DeskMessage {
        let is_marked = || !plain(&self.for_the_visitor(&message.body)).trim().is_empty();
        let goes_out = self.plan.replies == Replies::All || is_marked();
        if goes_out && command_in(&message, turn).is_none() {
            return message;
        }
        let files = vec![];
        DeskMessage { files, ..message }
    }

    fn for_the_visitor(&self, body: &Body) -> Body {
        match &self.plan.replies {
            Replies::All => body.clone(),
            Replies::Marked(marker) => marked(body.clone(), marker.as_str()),
        }
    }

    /// Those of an agent's files that the visitor may have.
    fn files_of(&mut self, files: Vec<DeskFile>, turn: &mut Turn) -> Vec<File> {
        let largest = self
            .plan
            .attachments
            .as_ref()
            .map_or(MAX_FILE, Attachments::largest);
        let mut kept = vec![];
        for file in files {
            match file.state {
                DeskFileState::Good { image } if file.size <= largest as u64 => {
                    let origin = FileOrigin::Desk(file.source);
                    kept.push(self.keep_file(origin, file.name, file.size, image, turn));
                }
                DeskFileState::Good { .. } | DeskFileState::Pending | DeskFileState::Refused => {
                    let name = file.name;
                    self.tell_thread(ThreadNotice::FileNotPassed { name }, turn.context.now);
                }
            }
        }
        kept
    }

    /// As the visitor sees them.
    fn name_of(&mut self, message: &DeskMessage, turn: &mut Turn) -> String {
        if self.plan.room == RoomKind::Mixed && !self.is_crowd {
            match &self.first_agent {
                Some(first) if *first != message.author => self.is_crowd = true,
                Some(_) => {}
                None => self.first_agent = Some(message.author.clone()),
            }
            turn.save = true;
        }
        let shows_name = match self.plan.room {
            RoomKind::Personal => true,
            RoomKind::Group => false,
            RoomKind::Mixed => !self.is_crowd || self.plan.joining == Joining::Announced,
        };
        let name = message.name.clone().filter(|_| shows_name);
        name.unwrap_or_else(|| self.plan.mask.clone())
    }

    fn agent_answers(&mut self, name: String, turn: &mut Turn) {
        let phase = Phase::WithAgent { name: name.clone() };
        let answers = matches!(self.phase, Phase::WithAgent { .. });
        // Where several answer, each of them is news once.
        if self.phase == phase || answers && self.met.contains(&name) {
            return;
        }
        self.phase = phase;
        self.leave_message = false;
        turn.save = true;
        self.joined(name, turn);
        self.send_state(turn);
    }

    /// Each name is announced once.
    fn joined(&mut self, name: String, turn: &mut Turn) {
        let is_silent = self.is_crowd && self.plan.joining == Joining::Silent;
        if !is_silent && !self.met.contains(&name) {
            self.met.push(name.clone());
            self.notice(Notice::AgentJoined { name }, turn);
        }
    }

    /// Nothing that begins like a command ever reaches the visitor.
    fn command(&mut self, command: &str, task: Task<Reading>, turn: &mut Turn) {
        let now = turn.context.now;
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let lower = word.to_lowercase();
        // A command leaves no entry by which a later sweep would know it.
        if let Reading::Message(message) = &task.job
            && lower != "note"
            && task.put_back == 0
            && self.commands.note(&message.0, "") != Verdict::New
        {
            return;
        }
        match lower.as_str() {
            // Signals overtake each other: what was written before it is looked for and shown first.
            "close" if task.put_back == 0 => {
                self.sweep(now);
                self.reading.requeue(task);
            }
            "close" if task.put_back == 1 && self.reading.waiting() > 0 => self.reading.requeue(task),
            "close" => self.close(ClosedBy::Agent, turn),
            "bot" => self.hand_back(turn),
            "invite" => self.invite(rest, turn),
            "transfer" => {
                let word = rest.trim().into();
                self.enqueue(DeskJob::Site(SiteJob::FindTopic { word }), now);
            }
            "block" => {
                let visitor_hash = self.visitor_hash.clone();
                self.enqueue(DeskJob::Site(SiteJob::Block { visitor_hash }), now);
                self.tell_thread(ThreadNotice::Blocked, now);
                self.close(ClosedBy::Agent, turn);
            }
            "note" => {}
            "help" => self.tell_thread(ThreadNotice::Help, now),
            _ => {
                let command = word.into();
                self.tell_thread(ThreadNotice::UnknownCommand { command }, now);
            }
        }
    }

    fn invite(&mut self, addresses: &str, turn: &Turn) {
        let now = turn.context.now;
        if self.plan.room == RoomKind::Personal {
            return self.tell_thread(ThreadNotice::InviteRefused, now);
        }
        // Some desks write an address as a link.
        let (good, bad): (Vec<&str>, Vec<&str>) = addresses
            .split([' ', ',', ';', '\n'])
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.trim_matches(['<', '>', '(', ')'])
                    .trim_start_matches("mailto:")
            })
            .partition(|address| turn.context.desk.addresses.include(address));
        for address in good.iter().take(MOST_INVITED) {
            let who = Participant::Invited((*address).to_owned());
            self.enqueue(DeskJob::AddParticipant(who), now);
        }
        if good.len() > MOST_INVITED {
            self.tell_thread(ThreadNotice::TooManyInvited { most: MOST_INVITED }, now);
        }
        if good.is_empty() || !bad.is_empty() {
            self.tell_thread(ThreadNotice::NotAnAddress { text: bad.join(" ") }, now);
        }
    }

    /// Somebody invited has come.
    pub(super) fn guest_added(&mut self, name: Option<String>, turn: &mut Turn) {
        if self.plan.room != RoomKind::Mixed || self.is_closed() {
            return;
        }
        self.is_crowd = true;
        if let Some(name) = name {
            self.joined(name, turn);
        }
    }
}

/// What follows the sign that commands begin with, if the message is one.
fn command_in(message: &DeskMessage, turn: &Turn) -> Option<String> {
    let text = plain(&message.body);
    let command = text.trim_start().strip_prefix(turn.context.desk.command)?;
    Some(command.to_owned())
}

/// The lines that begin with the marker, without it.
fn marked(body: Body, marker: &str) -> Body {
    let mut lines: Vec<Body> = vec![vec![]];
    for span in body {
        for (index, text) in span.text.split('\n').enumerate() {
            if index > 0 {
                lines.push(vec![]);
            }
            if let Some(line) = lines.last_mut().filter(|_| !text.is_empty()) {
                line.push(Span {
                    text: text.into(),
                    href: span.href.clone(),
                });
            }
        }
    }
    let mut kept: Body = vec![];
    for mut line in lines {
        let Some(first) = line.first_mut() else { continue };
        let Some(rest) = first.text.trim_start().strip_prefix(marker) else {
            continue;
        };
        first.text = rest.trim_start().into();
        if !kept.is_empty() {
            kept.push(Span {
                text: "\n".into(),
                href: None,
            });
        }
        kept.extend(line);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_lines_go_out() {
        let text = |text: &str| Span {
            text: text.into(),
            href: None,
        };
        let link = Span {
            text: "docs".into(),
            href: Some("https://a.example".into()),
        };
        let body = vec![text("shall we?\n! See "), link.clone(), text(" now\nno !\n !Bye")];
        assert_eq!(
            marked(body, "!"),
            [text("See "), link, text(" now"), text("\n"), text("Bye")]
        );
        assert_eq!(marked(vec![text("nothing")], "!"), []);
    }
}
