//! The Webex connector: a room is the thread, the integration's account posts for the visitor, the bot's
//! account for the bot.
//!
//! Webex has no idempotency keys. After an attempt whose end is unknown the connector looks for its result
//! first: a room by its unique title, a post among those after the last one known, a webhook by its address.

mod accounts;
mod api;
mod delivery;
mod files;
mod hook;
mod people;
mod site;
mod watch;
mod wire;

pub(crate) use accounts::{account_of, count as accounts, has_account};
pub(crate) use api::Api;
pub(super) use delivery::{heard, heard_at_site};

use super::{Limits, Place, words};
use crate::{calls::accounts::Account, text::markup};
use api::Trouble;
use shared::{
    address::Addresses,
    conversation::{
        Attempt, DeskFile, DeskJob, DeskMessage, DeskOutcome, DeskRef, DeskRules, Failure, Line, Post,
        ThreadEnd, ThreadRef, Voice,
    },
};
use std::time::Duration;
use wire::*;
use worker::Result;

pub(super) const LIMITS: Limits = Limits {
    rules: DeskRules {
        // Webex takes 7,439, less room for the bot's name before it.
        post_limit: 7_300,
        command: '/',
        addresses: Addresses::Email,
    },
    calls_a_minute: 300,
    looks: [
        Duration::from_secs(2),
        Duration::from_secs(5),
        Duration::from_secs(15),
    ],
};

/// Ours and that of Webex, at most.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

pub(super) struct Webex<'a> {
    api: &'a Api<'a>,
    place: &'a Place<'a>,
}

impl<'a> Webex<'a> {
    pub(super) fn new(api: &'a Api<'a>, place: &'a Place<'a>) -> Self {
        Self { api, place }
    }

    pub(super) async fn run(&self, job: &DeskJob, attempt: &Attempt) -> Result<DeskOutcome, Failure> {
        let room = self.place.thread.as_ref().map_or("", accounts::room_of);
        match job {
            DeskJob::OpenThread {
                topic,
                name,
                reference,
            } => {
                let title = words::title(topic, name.as_deref(), reference);
                self.open_room(&title, attempt)
                    .await
                    .map(DeskOutcome::ThreadOpened)
            }
            DeskJob::AddParticipant(who) => self.add(room, who).await,
            DeskJob::LookForPeople => self.look_for_people(room).await,
            DeskJob::Watch => {
                let watch = self.watch(room, *attempt == Attempt::First).await?;
                Ok(DeskOutcome::Watching(watch))
            }
            DeskJob::Rewatch(watch) => {
                let watch = self.rewatch(room, watch).await?;
                Ok(DeskOutcome::Watching(watch))
            }
            DeskJob::Sweep {
                after, since, whole, ..
            } => {
                let (found, newest) = self.written(room, after.as_ref(), *since, *whole).await?;
                Ok(DeskOutcome::Swept { found, newest })
            }
            DeskJob::Post {
                line: Line::File { number, name },
                ..
            } => {
                let post = self.post_file(room, *number, name, attempt).await?;
                Ok(DeskOutcome::Posted(post))
            }
            DeskJob::Post { voice, line, .. } => {
                let text = words::line(line, *voice, &LIMITS.rules);
                self.post(room, *voice, &text, attempt)
                    .await
                    .map(DeskOutcome::Posted)
            }
            DeskJob::Unwatch(watch) => self.unwatch(watch).await,
            DeskJob::EndThread(how) => {
                match how {
                    ThreadEnd::Leave => self.leave(room).await?,
                    ThreadEnd::Delete => self.delete_room(room).await?,
                }
                Ok(DeskOutcome::ThreadEnded)
            }
            DeskJob::Read { message, .. } => self.read(room, message).await.map(DeskOutcome::Read),
            // The site answers these.
            DeskJob::Site(_) => Err(Failure::Refused),
        }
    }

    async fn open_room(&self, title: &str, attempt: &Attempt) -> Result<ThreadRef, Failure> {
        let seed = self.place.conversation;
        if let Attempt::MaybeDone { .. } = attempt
            && let Some(thread) = self.api.opened_before(title, seed).await?
        {
            return Ok(thread);
        }
        self.api.open_room(title, seed).await
    }

    async fn post(&self, room: &str, voice: Voice, text: &str, attempt: &Attempt) -> Result<Post, Failure> {
        let account = match voice {
            Voice::Visitor => self.api.us(),
            Voice::Bot => Account::DeskBot,
        };
        if let Some(done) = self.posted_before(room, account, text, attempt).await? {
            return Ok(done);
        }
        let message = NewMessage { room_id: room, text };
        match self
            .api
            .post_json::<Message>(account, "/messages", &message)
            .await
        {
            Ok(post) => Ok(post.into()),
            Err(trouble) => Err(self.not_posted(room, account, trouble).await),
        }
    }

    /// A room that cannot be found may be gone, or only be closed to the bot's account.
    async fn not_posted(&self, room: &str, account: Account, trouble: Trouble) -> Failure {
        match account {
            Account::DeskBot if trouble.status == 404 => Failure::Refused,
            Account::DeskBot => trouble.failure,
            Account::Desk(_) | Account::Bot => self.gone_or(room, trouble).await,
        }
    }

    /// A post of ours that an attempt may have left: it has this text, and comes after the last one known, or where none is
    /// after the first attempt. The last one may have been deleted, so its time counts too.
    async fn posted_before(
        &self,
        room: &str,
        account: Account,
        text: &str,
        attempt: &Attempt,
    ) -> Result<Option<Post>, Failure> {
        let Attempt::MaybeDone { last_post, since } = attempt else {
            return Ok(None);
        };
        let me = self.api.own_id(account).await?;
        let (mut done, mut is_readable) = (None, true);
        let look = |message: Message| {
            let at = time(&message.created);
            let is_last = |post: &Post| post.message.0 == message.id || at.is_some() && at <= post.at;
            let is_before = at.is_some_and(|at| at + CLOCKS_DIFFER < *since);
            if is_before || last_post.as_ref().is_some_and(is_last) {
                return false;
            }
            if message.person_id == me {
                is_readable &= !message.errors.contains_key("text");
                // Webex trims what is posted.
                if message.text.trim() == text.trim() {
                    done = Some(Post::from(message));
                }
            }
            done.is_none()
        };
        let path = format!("/messages?roomId={room}&max=50");
        if let Err(trouble) = self.api.list(&path, look).await {
            return Err(self.gone_or(room, trouble).await);
        }
        match done {
            // Whether it is the one is not known.
            None if !is_readable => Err(Failure::Passing { retry_after: None }),
            done => Ok(done),
        }
    }

    /// `None` for a message that is deleted, is not of this room, or has no readable time.
    async fn read(&self, room: &str, message: &DeskRef) -> Result<Option<DeskMessage>, Failure> {
        let path = format!("/messages/{}", message.0);
        let read: Message = match self.api.get(self.api.us(), &path).await {
            Ok(read) => read,
            Err(Trouble { status: 404, .. }) => return Ok(None),
            Err(trouble) => return Err(trouble.into()),
        };
        if read.room_id != room {
            return Ok(None);
        }
        // What stands there is not what was written; it may be readable a moment later.
        if !read.errors.is_empty() {
            return Err(Failure::Passing { retry_after: None });
        }
        let files = self.files(&read.files).await?;
        Ok(message_of(read, files))
    }
}

fn message_of(message: Message, files: Vec<DeskFile>) -> Option<DeskMessage> {
    let sent_at = time(&message.created)?;
    let body = match &message.html {
        Some(markup) => markup::from_html(markup),
        None => markup::from_text(&message.text),
    };
    Some(DeskMessage {
        source: DeskRef(message.id),
        author: message.person_id,
        name: None,
        sent_at,
        body,
        files,
    })
}

fn is_bot(address: &str) -> bool {
    address.ends_with("@webex.bot") || address.ends_with("@sparkbot.io")
}
