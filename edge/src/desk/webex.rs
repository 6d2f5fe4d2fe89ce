//! The Webex connector: a room is the thread, the integration's account posts for the visitor, the bot's
//! account for the bot.
//!
//! Webex has no idempotency keys. After an attempt whose end is unknown the connector looks for its result
//! first: a room by its unique title, a post among those after the last one known, a webhook by its address.

use super::{webex_wire::*, words};
use crate::{
    body, config,
    conversation_do::Shell,
    credentials_do::Account,
    http::{self, Body, Call, Reply},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::{
    conversation::{
        Attempt, DeskJob, DeskMessage, DeskOutcome, DeskRef, Failure, NameWanted, Participant, ThreadRef,
        Voice, WatchRef,
    },
    time::Timestamp,
};
use std::time::Duration;
use worker::{Method, Result, console_warn};

const TIMEOUT: Duration = Duration::from_secs(10);
/// When Webex asks to slow down without saying for how long.
const SLOW_DOWN: Duration = Duration::from_secs(30);

/// Enough to find what an unheard attempt left: nothing else of ours comes between.
const LOOK_BACK: &str = "max=50";

pub(crate) struct Webex<'a> {
    shell: &'a Shell,
    url: String,
    conversation: &'a str,
    room: Option<String>,
}

/// An answer that is not 2xx, or none.
struct Trouble {
    failure: Failure,
    status: u16,
    message: String,
}

impl Trouble {
    const NO_ANSWER: u16 = 0;

    fn passing(status: u16) -> Self {
        Self {
            failure: Failure::Passing { retry_after: None },
            status,
            message: String::new(),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.failure
    }
}

impl<'a> Webex<'a> {
    pub(crate) fn new(shell: &'a Shell, conversation: &'a str, thread: Option<ThreadRef>) -> Result<Self> {
        Ok(Self {
            shell,
            url: config::variable(&shell.env, "WEBEX_URL")?,
            conversation,
            room: thread.map(|thread| thread.0),
        })
    }

    pub(crate) async fn run(&self, job: &DeskJob, attempt: &Attempt) -> Result<DeskOutcome, Failure> {
        let room = self.room.as_deref().unwrap_or_default();
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
            DeskJob::Watch => {
                let watch = self.watch(room, attempt).await?;
                let missed = self.written_so_far(room).await?;
                Ok(DeskOutcome::Watching { watch, missed })
            }
            DeskJob::Post { voice, line, .. } => {
                let text = words::line(line, *voice);
                self.post(room, *voice, &text, attempt)
                    .await
                    .map(DeskOutcome::Posted)
            }
            DeskJob::Unwatch(watch) => self.unwatch(watch).await,
            DeskJob::Read { message, name } => self.read(room, message, *name).await.map(DeskOutcome::Read),
        }
    }

    async fn open_room(&self, title: &str, attempt: &Attempt) -> Result<ThreadRef, Failure> {
        if let Attempt::MaybeDone { .. } = attempt {
            let path = format!("/rooms?type=group&sortBy=created&{LOOK_BACK}");
            let rooms: List<Room> = self.get(Account::Desk, &path).await?;
            if let Some(room) = rooms.items.into_iter().find(|room| room.title == title) {
                return Ok(ThreadRef(room.id));
            }
        }
        let room: Created = self
            .post_json(Account::Desk, "/rooms", &NewRoom { title })
            .await?;
        Ok(ThreadRef(room.id))
    }

    async fn add(&self, room: &str, who: &Participant) -> Result<DeskOutcome, Failure> {
        let bot: Person;
        let (person_email, person_id) = match who {
            Participant::Agent(address) => (Some(address.as_str()), None),
            Participant::Bot => {
                bot = self.get(Account::DeskBot, "/people/me").await?;
                (None, Some(bot.id.as_str()))
            }
        };
        let membership = NewMembership {
            room_id: room,
            person_email,
            person_id,
        };
        match self
            .post_json::<Created>(Account::Desk, "/memberships", &membership)
            .await
        {
            Ok(_) | Err(Trouble { status: 409, .. }) => Ok(DeskOutcome::Added),
            Err(Trouble {
                status: 404, message, ..
            }) if message.contains("room") => Err(Failure::ThreadGone),
            Err(Trouble { status: 404, .. }) => Err(Failure::Refused),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn watch(&self, room: &str, attempt: &Attempt) -> Result<WatchRef, Failure> {
        let (address, secret) = self.hook().map_err(|error| {
            console_warn!("webhook settings: {error}");
            Failure::Passing { retry_after: None }
        })?;
        if let Attempt::MaybeDone { .. } = attempt {
            let hooks: List<Webhook> = self.get(Account::Desk, "/webhooks?max=100").await?;
            if let Some(hook) = hooks.items.into_iter().find(|hook| hook.target_url == address) {
                return Ok(WatchRef(hook.id));
            }
        }
        let hook = NewWebhook {
            name: "Edgechat",
            target_url: &address,
            resource: "messages",
            event: "created",
            filter: &format!("roomId={room}"),
            secret: &secret,
        };
        let hook: Created = self
            .post_json(Account::Desk, "/webhooks", &hook)
            .await
            .map_err(gone_if_404)?;
        Ok(WatchRef(hook.id))
    }

    /// People are in the room before the webhook is. We have not posted yet, so all that is there is theirs.
    async fn written_so_far(&self, room: &str) -> Result<Vec<DeskRef>, Failure> {
        Ok(self
            .newest(room)
            .await?
            .into_iter()
            .rev()
            .map(|message| DeskRef(message.id))
            .collect())
    }

    /// The room's messages, newest first.
    async fn newest(&self, room: &str) -> Result<Vec<Message>, Failure> {
        let path = format!("/messages?roomId={room}&{LOOK_BACK}");
        let messages: List<Message> = self.get(Account::Desk, &path).await.map_err(gone_if_404)?;
        Ok(messages.items)
    }

    /// Where Webex is to deliver, and what it signs with.
    fn hook(&self) -> Result<(String, String)> {
        let public_url = config::variable(&self.shell.env, "PUBLIC_URL")?;
        let secret = config::master_key(&self.shell.env)?.webhook_secret(self.conversation);
        Ok((
            format!("{public_url}/v1/desk/webex/{}", self.conversation),
            secret,
        ))
    }

    async fn unwatch(&self, watch: &WatchRef) -> Result<DeskOutcome, Failure> {
        let path = format!("/webhooks/{}", watch.0);
        match self.call(Account::Desk, Method::Delete, &path, None).await {
            Ok(_)
            | Err(Trouble {
                status: 400 | 404, ..
            }) => Ok(DeskOutcome::Unwatched),
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn post(
        &self,
        room: &str,
        voice: Voice,
        text: &str,
        attempt: &Attempt,
    ) -> Result<DeskRef, Failure> {
        if let Attempt::MaybeDone { last_post } = attempt {
            let messages = self.newest(room).await?;
            let account = match voice {
                Voice::Visitor => Account::Desk,
                Voice::Bot => Account::DeskBot,
            };
            let me: Person = self.get(account, "/people/me").await?;
            let last = last_post.as_ref().map(|post| post.0.as_str());
            let mut newer = messages
                .into_iter()
                .take_while(|message| Some(message.id.as_str()) != last);
            if let Some(done) = newer.find(|message| message.person_id == me.id && message.text == text) {
                return Ok(DeskRef(done.id));
            }
        }
        let account = match voice {
            Voice::Visitor => Account::Desk,
            Voice::Bot => Account::DeskBot,
        };
        let message = NewMessage { room_id: room, text };
        let post: Created = self
            .post_json(account, "/messages", &message)
            .await
            .map_err(gone_if_404)?;
        Ok(DeskRef(post.id))
    }

    /// `None` for a message that is deleted, is not of this room, or has no readable time.
    async fn read(
        &self,
        room: &str,
        message: &DeskRef,
        name: NameWanted,
    ) -> Result<Option<DeskMessage>, Failure> {
        let path = format!("/messages/{}", message.0);
        let read: Message = match self.get(Account::Desk, &path).await {
            Ok(read) => read,
            Err(Trouble { status: 404, .. }) => return Ok(None),
            Err(trouble) => return Err(trouble.into()),
        };
        if read.room_id != room {
            return Ok(None);
        }
        let name = match name {
            NameWanted::No => None,
            NameWanted::Yes => self.name_of(&read.person_id).await,
        };
        Ok(message_of(read, name))
    }

    /// Asked for once while the object is in memory. Without a name the mask is shown.
    async fn name_of(&self, person: &str) -> Option<String> {
        if let Some(name) = self.shell.names.borrow().get(person) {
            return Some(name.clone());
        }
        let found: Person = self.get(Account::Desk, &format!("/people/{person}")).await.ok()?;
        let name = Some(found.display_name).filter(|name| !name.is_empty())?;
        self.shell
            .names
            .borrow_mut()
            .insert(person.to_owned(), name.clone());
        Some(name)
    }

    async fn get<T: DeserializeOwned>(&self, account: Account, path: &str) -> Result<T, Trouble> {
        parse(&self.call(account, Method::Get, path, None).await?)
    }

    async fn post_json<T: DeserializeOwned>(
        &self,
        account: Account,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Trouble> {
        let body = serde_json::to_string(body).map_err(|_| Trouble::passing(Trouble::NO_ANSWER))?;
        parse(&self.call(account, Method::Post, path, Some(body)).await?)
    }

    /// One call; a token that is refused is replaced once.
    async fn call(
        &self,
        account: Account,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Reply, Trouble> {
        let mut refused: Option<String> = None;
        loop {
            let token = match self.shell.token(account, refused.as_deref()).await {
                Ok(token) => token,
                Err(error) => {
                    console_warn!("desk token: {error}");
                    return Err(Trouble::passing(Trouble::NO_ANSWER));
                }
            };
            let call = Call {
                method: method.clone(),
                url: format!("{}{path}", self.url),
                bearer: Some(token.clone()),
                body: body.clone().map_or(Body::None, Body::Json),
            };
            let reply = http::send(call, TIMEOUT).await.map_err(|error| {
                console_warn!("webex: {error}");
                Trouble::passing(Trouble::NO_ANSWER)
            })?;
            match reply.status {
                200..=299 => return Ok(reply),
                401 if refused.is_none() => refused = Some(token),
                status => {
                    console_warn!("webex: status {status}");
                    return Err(trouble(&reply));
                }
            }
        }
    }
}

fn trouble(reply: &Reply) -> Trouble {
    let problem: Option<Problem> = serde_json::from_str(&reply.body).ok();
    let failure = match reply.status {
        429 => Failure::Passing {
            retry_after: Some(reply.retry_after.unwrap_or(SLOW_DOWN)),
        },
        400 | 403 | 405 | 409 | 410 | 415 => Failure::Refused,
        _ => Failure::Passing {
            retry_after: reply.retry_after,
        },
    };
    let message = problem.map(|problem| problem.message).unwrap_or_default();
    Trouble {
        failure,
        status: reply.status,
        message,
    }
}

/// Not to be found, or we are not a member any more: either way there is nothing to talk to.
fn gone_if_404(trouble: Trouble) -> Failure {
    if trouble.status == 404 {
        Failure::ThreadGone
    } else {
        trouble.failure
    }
}

/// A 2xx answer that cannot be read may have been carried out: like no answer.
fn parse<T: DeserializeOwned>(reply: &Reply) -> Result<T, Trouble> {
    serde_json::from_str(&reply.body).map_err(|_| Trouble::passing(Trouble::NO_ANSWER))
}

fn message_of(message: Message, name: Option<String>) -> Option<DeskMessage> {
    let sent_at = chrono::DateTime::parse_from_rfc3339(message.created.as_deref()?).ok()?;
    let body = match &message.html {
        Some(markup) => body::from_html(markup),
        None => body::from_text(&message.text),
    };
    Some(DeskMessage {
        source: DeskRef(message.id),
        name,
        sent_at: Timestamp(sent_at.timestamp_millis()),
        body,
        files: message.files.len(),
    })
}

/// The message a delivery is about, unless it is one of our own or of a bot. `None` for anything else too:
/// a delivery that is well signed is always accepted, or Webex would switch the webhook off.
pub(crate) fn signalled(body: &[u8]) -> Option<DeskRef> {
    let delivery: Delivery = serde_json::from_str(std::str::from_utf8(body).ok()?).ok()?;
    let data = delivery.data;
    let is_message = delivery.resource == "messages" && delivery.event == "created";
    let is_own = data.person_id == delivery.created_by;
    let is_bot = data.person_email.ends_with("@webex.bot") || data.person_email.ends_with("@sparkbot.io");
    (is_message && !is_own && !is_bot).then_some(DeskRef(data.id))
}
