//! The Webex connector: a room is the thread, the integration's account posts for the visitor, the bot's
//! account for the bot.
//!
//! Webex has no idempotency keys. After an attempt whose end is unknown the connector looks for its result
//! first: a room by its unique title, a post among those after the last one known, a webhook by its address.

mod accounts;
mod api;
mod files;
mod site;
mod watch;
mod wire;

pub(crate) use accounts::{account_of, count as accounts};
pub(crate) use api::Api;

use super::{Limits, Place, SomebodyLeft, words};
use crate::{
    calls::accounts::Account,
    keys::MasterKey,
    platform::{error::ApiError, http::Payload},
    text::markup,
};
use api::Trouble;
use shared::{
    address::Addresses,
    conversation::{
        Attempt, DeskFile, DeskJob, DeskMessage, DeskOutcome, DeskRef, DeskRules, Failure, Line, Participant,
        Post, ThreadEnd, ThreadRef, Voice,
    },
};
use std::time::Duration;
use wire::*;
use worker::{Headers, Method, Result};

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

/// No attempt to open a room goes on for longer than a day.
const OLDEST_ATTEMPT: Duration = Duration::from_secs(25 * 60 * 60);

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
                let watch = self.watch(room, attempt).await?;
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
                    ThreadEnd::Delete => self.delete(&format!("/rooms/{room}")).await?,
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
            && let Some(thread) = self.api.opened_before(title, seed, Some(OLDEST_ATTEMPT)).await?
        {
            return Ok(thread);
        }
        self.api.open_room(title, seed).await
    }

    async fn add(&self, room: &str, who: &Participant) -> Result<DeskOutcome, Failure> {
        let bot: String;
        let (person_email, person_id) = match who {
            Participant::Agent(address) | Participant::Invited(address) => (Some(address.as_str()), None),
            Participant::Bot => {
                bot = self.api.own_id(Account::DeskBot).await?;
                (None, Some(bot.as_str()))
            }
        };
        let membership = NewMembership {
            room_id: room,
            person_email,
            person_id,
        };
        match self
            .api
            .post_json::<Membership>(self.api.us(), "/memberships", &membership)
            .await
        {
            Ok(added) => Ok(DeskOutcome::Added {
                name: Some(added.person_display_name).filter(|name| !name.is_empty()),
            }),
            Err(Trouble { status: 409, .. }) => Ok(DeskOutcome::Added { name: None }),
            // The person is not known, or the room is not there: the room tells which.
            Err(trouble @ Trouble { status: 404, .. }) => Err(match self.gone_or(room, trouble).await {
                Failure::ThreadGone => Failure::ThreadGone,
                Failure::Passing { .. } | Failure::NotDone { .. } | Failure::Refused => Failure::Refused,
            }),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn look_for_people(&self, room: &str) -> Result<DeskOutcome, Failure> {
        let own_id = self.api.own_id(self.api.us()).await?;
        let mut are_in = false;
        let look = |membership: Membership| {
            are_in = membership.person_id != own_id && !is_bot(&membership.person_email);
            !are_in
        };
        let path = format!("/memberships?roomId={room}&max=100");
        match self.api.list(&path, look).await {
            Ok(()) => Ok(DeskOutcome::People { are_in }),
            Err(trouble) => Err(self.gone_or(room, trouble).await),
        }
    }

    /// The bot's account goes first: as long as the integration's is in, it can be tried again.
    async fn leave(&self, room: &str) -> Result<(), Failure> {
        for account in [Account::DeskBot, self.api.us()] {
            let own_id = match self.api.own_id(account).await {
                // Without a token it has hardly got in.
                Err(Trouble { status: 401, .. }) if account == Account::DeskBot => continue,
                own_id => own_id?,
            };
            let mut own = vec![];
            let note = |membership: Membership| {
                own.push(membership.id);
                true
            };
            let path = format!("/memberships?roomId={room}&personId={own_id}");
            match self.api.list(&path, note).await {
                // The room is gone, or we are out of it.
                Err(Trouble { status: 404, .. }) => return Ok(()),
                listed => listed?,
            }
            for id in own {
                self.delete(&format!("/memberships/{id}")).await?;
            }
        }
        Ok(())
    }

    /// What is not there any more is deleted.
    async fn delete(&self, path: &str) -> Result<(), Failure> {
        match self
            .api
            .call(self.api.us(), Method::Delete, path, Payload::None)
            .await
        {
            Ok(_) | Err(Trouble { status: 404, .. }) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
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

    /// A post of ours that an attempt may have left: it has this text, and comes after the last one known. That one may
    /// have been deleted, so its time counts too.
    async fn posted_before(
        &self,
        room: &str,
        account: Account,
        text: &str,
        attempt: &Attempt,
    ) -> Result<Option<Post>, Failure> {
        let Attempt::MaybeDone { last_post } = attempt else {
            return Ok(None);
        };
        let me = self.api.own_id(account).await?;
        let (mut done, mut is_readable) = (None, true);
        let look = |message: Message| {
            let at = time(&message.created);
            let is_last = |post: &Post| post.message.0 == message.id || at.is_some() && at <= post.at;
            if last_post.as_ref().is_some_and(is_last) {
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

/// What Webex signs is the body, with the secret that the webhook of this conversation was made with.
pub(super) fn heard(
    key: &MasterKey,
    conversation: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Option<DeskRef>, ApiError> {
    let signature = headers.get("x-spark-signature")?.unwrap_or_default();
    if !key.is_signed(conversation, body, &signature) {
        return Err(ApiError::BadSignature);
    }
    Ok(signalled(body))
}

/// Of the webhook that is the account's own for a site: it tells who left which room. The account stands in the address.
pub(super) fn heard_at_site(
    key: &MasterKey,
    site: &str,
    query: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Option<SomebodyLeft>, ApiError> {
    let signature = headers.get("x-spark-signature")?.unwrap_or_default();
    if !key.is_signed(&site_name(site), body, &signature) {
        return Err(ApiError::BadSignature);
    }
    let account = query
        .strip_prefix("account=")
        .and_then(|number| number.parse().ok());
    Ok(account
        .zip(left(body))
        .map(|(account, room)| SomebodyLeft(accounts::thread(account, room))))
}

/// By which a site's webhooks are signed; no conversation has such an id.
fn site_name(site: &str) -> String {
    format!("site/{site}")
}

fn left(body: &[u8]) -> Option<String> {
    let delivery: Delivery = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let is_leaving = delivery.resource == "memberships" && delivery.event == "deleted";
    let room = delivery.data.room_id;
    (is_leaving && !room.is_empty()).then_some(room)
}

/// The message a delivery is about, unless it is one of our own or of a bot. `None` for anything else too:
/// a delivery that is well signed is always accepted, or Webex would switch the webhook off.
fn signalled(body: &[u8]) -> Option<DeskRef> {
    let delivery: Delivery = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let data = delivery.data;
    let is_message = delivery.resource == "messages" && delivery.event == "created";
    let is_own = data.person_id == delivery.created_by;
    (is_message && !is_own && !is_bot(&data.person_email)).then_some(DeskRef(data.id))
}

fn is_bot(address: &str) -> bool {
    address.ends_with("@webex.bot") || address.ends_with("@sparkbot.io")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: &[&str] = &[
        "resource",
        "event",
        "createdBy",
        "data",
        "id",
        "roomId",
        "personId",
        "personEmail",
        "text",
        "html",
        "created",
        "files",
        "errors",
        "items",
        "title",
        "lastActivity",
        "status",
        "displayName",
        "personDisplayName",
        "targetUrl",
    ];
    const WORDS: &[&str] = &[
        "messages",
        "created",
        "2026-11-27T10:00:00.000Z",
        "-262144-01-01T00:00:00Z",
        "<b>&",
        "x@webex.bot",
    ];

    proptest! {
        #[test]
        fn any_answer_and_any_delivery_is_read_or_refused(
            json in ::tests::any::json(NAMES, WORDS),
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            html in ::tests::any::text(60),
        ) {
            let message = format!(r#"{{"id":"m","html":{},"created":"2026-11-27T10:00:00.000Z"}}"#, serde_json::to_string(&html).expect("JSON"));
            for text in [json.to_string(), format!(r#"{{"items":[{json}]}}"#), message] {
                signalled(text.as_bytes());
                left(text.as_bytes());
                serde_json::from_str::<List<Room>>(&text).ok();
                serde_json::from_str::<List<Webhook>>(&text).ok();
                serde_json::from_str::<Person>(&text).ok();
                serde_json::from_str::<Membership>(&text).ok();
                let one = serde_json::from_str::<Message>(&text).into_iter();
                let many = serde_json::from_str::<List<Message>>(&text).into_iter().flat_map(|list| list.items);
                for message in one.chain(many) {
                    let Some(read) = message_of(message, vec![]) else { continue };
                    prop_assert!(read.body.iter().all(|span| span.href.as_deref().is_none_or(|href| markup::safe(href).is_some())));
                }
            }
            signalled(&bytes);
            left(&bytes);
        }
    }
}
