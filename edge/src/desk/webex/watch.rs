//! How the connector learns of what people write: by a webhook for the room, and by reading the room itself.

use super::{
    Webex,
    api::Trouble,
    hook::{Events, Hook},
    is_bot, message_of,
    wire::*,
};
use crate::platform::http::Payload;
use shared::{
    conversation::{DeskOutcome, DeskRef, Failure, Found, Newest, WatchRef},
    time::Timestamp,
};
use worker::{Method, Result, console_warn};

/// Messages that one look reads at most; and of how many it keeps the words, the latest ones.
const LONGEST_LOOK: usize = 900;
const MOST_WHOLE: usize = 100;
/// Messages in one answer: where little can be new, and where nothing is known yet.
const PAGE: usize = 20;
const FIRST_PAGE: usize = 100;

impl Webex<'_> {
    /// Without an address that Webex could reach, the site's tick reads the room instead: then there is no webhook.
    pub(super) async fn watch(&self, room: &str, is_first: bool) -> Result<WatchRef, Failure> {
        let Some(hook) = self.hook()? else {
            return Ok(WatchRef(String::new()));
        };
        if !is_first {
            let mut known = None;
            let mut other = |known_hook: Webhook| {
                if known_hook.target_url == hook.address {
                    known = Some(known_hook.id);
                }
                known.is_none()
            };
            self.api.list("/webhooks?max=100", &mut other).await?;
            if let Some(id) = known {
                return self.revive(WatchRef(id)).await;
            }
        }
        let filter = format!("roomId={room}");
        let events = Events {
            resource: "messages",
            event: "created",
            filter: Some(&filter),
        };
        match self.api.create_hook(&hook, &events).await {
            Ok(id) => Ok(WatchRef(id)),
            Err(trouble) => Err(self.gone_or(room, trouble).await),
        }
    }

    /// Whether the room is gone, it alone can say: a single "not found" ends no conversation, and of a room that is not
    /// there any more Webex may only say that the filter is not valid.
    pub(super) async fn gone_or(&self, room: &str, trouble: Trouble) -> Failure {
        if trouble.failure != Failure::Refused && trouble.status != 404 {
            return trouble.failure;
        }
        let path = format!("/rooms/{room}");
        match self.api.get::<Room>(self.api.us(), &path).await {
            Err(Trouble { status: 404, .. }) => Failure::ThreadGone,
            Ok(_) | Err(_) => trouble.failure,
        }
    }

    /// Webex switches a webhook off after many failed deliveries, and never on again.
    pub(super) async fn rewatch(&self, room: &str, watch: &WatchRef) -> Result<WatchRef, Failure> {
        if watch.0.is_empty() {
            // It began where Webex could not reach this worker.
            return self.watch(room, true).await;
        }
        let path = format!("/webhooks/{}", watch.0);
        match self.api.get::<Webhook>(self.api.us(), &path).await {
            Ok(hook) if hook.status == "active" => Ok(watch.clone()),
            Ok(_) => self.revive(watch.clone()).await,
            Err(Trouble {
                status: 400 | 404, ..
            }) => self.watch(room, false).await,
            Err(trouble) => Err(trouble.into()),
        }
    }

    async fn revive(&self, watch: WatchRef) -> Result<WatchRef, Failure> {
        if let Some(hook) = self.hook()? {
            self.api.revive_hook(&watch.0, &hook).await?;
        }
        Ok(watch)
    }

    pub(super) async fn unwatch(&self, watch: &WatchRef) -> Result<DeskOutcome, Failure> {
        if watch.0.is_empty() {
            return Ok(DeskOutcome::Unwatched);
        }
        let path = format!("/webhooks/{}", watch.0);
        match self
            .api
            .call(self.api.us(), Method::Delete, &path, Payload::None)
            .await
        {
            Ok(_)
            | Err(Trouble {
                status: 400 | 404, ..
            }) => Ok(DeskOutcome::Unwatched),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// What people wrote since this time, or where that is not known after this message, oldest first; and the room's newest
    /// message.
    pub(super) async fn written(
        &self,
        room: &str,
        after: Option<&DeskRef>,
        since: Option<Timestamp>,
        whole: bool,
    ) -> Result<(Vec<Found>, Option<Newest>), Failure> {
        let own_id = self.api.own_id(self.api.us()).await?;
        let (mut found, mut newest, mut seen) = (vec![], None, 0);
        let look = |message: Message| {
            let (source, at) = (DeskRef(message.id.clone()), time(&message.created));
            // The message may have been deleted; the time is known since the first list.
            let is_known = match since {
                Some(since) => at.is_some_and(|at| at < since),
                None => Some(&source) == after,
            };
            if is_known {
                return false;
            }
            if seen == LONGEST_LOOK {
                console_warn!(
                    "webex: a room has more than {LONGEST_LOOK} unread messages, the oldest are left out"
                );
                return false;
            }
            seen += 1;
            newest.get_or_insert_with(|| Newest {
                message: source.clone(),
                at,
            });
            if message.person_id != own_id && !is_bot(&message.person_email) {
                let is_whole = whole
                    && found.len() < MOST_WHOLE
                    && message.files.is_empty()
                    && message.errors.is_empty();
                let message = is_whole.then(|| message_of(message, vec![])).flatten();
                found.push(Found { source, message });
            }
            true
        };
        let page = if after.is_some() { PAGE } else { FIRST_PAGE };
        let path = format!("/messages?roomId={room}&max={page}");
        match self.api.list(&path, look).await {
            Ok(()) => {}
            Err(trouble) => return Err(self.gone_or(room, trouble).await),
        }
        found.reverse();
        Ok((found, newest))
    }

    fn hook(&self) -> Result<Option<Hook>, Failure> {
        let conversation = self.place.conversation;
        self.api.hook(conversation, conversation).map_err(|error| {
            console_warn!("webhook settings: {error}");
            Failure::Passing { retry_after: None }
        })
    }
}
