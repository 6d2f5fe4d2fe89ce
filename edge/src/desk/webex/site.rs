//! What a site asks Webex beyond one conversation: who is available, what rooms are alive, where left messages go.

use super::{
    accounts::{account_of, room_of},
    api::{Api, Trouble},
    site_name,
    watch::NAME,
    wire::*,
};
use crate::{config, desk::words, platform::now};
use shared::{
    conversation::{Failure, ThreadRef, WatchRef},
    time::Timestamp,
};
use std::time::Duration;
use worker::{Method, console_warn, url::form_urlencoded};

/// Rooms in one answer. Webex gives up to a thousand, which might be more than is read of an answer.
const ROOMS: usize = 500;

/// Presence of somebody who would see a new room at once. Unknown is nobody's word for "away".
const AVAILABLE: [&str; 2] = ["active", "unknown"];

impl Api<'_> {
    /// Those of the addresses whom presence calls available; `None` where it cannot be read for any of them.
    pub(crate) async fn available(&self, addresses: &[String]) -> Option<Vec<String>> {
        for api in self.all(addresses.first().map_or("", String::as_str)) {
            if let Some(available) = api.seen_available(addresses).await {
                return Some(available);
            }
        }
        None
    }

    async fn seen_available(&self, addresses: &[String]) -> Option<Vec<String>> {
        let mut available = vec![];
        let mut is_known = false;
        for address in addresses {
            let email: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
            let people: Result<List<Person>, _> =
                self.get(self.us(), &format!("/people?email={email}")).await;
            let status = match people {
                Ok(people) => people.items.into_iter().next().map(|person| person.status),
                Err(trouble) => {
                    console_warn!("presence: status {}", trouble.status);
                    return None;
                }
            };
            if let Some(status) = status.filter(|status| !status.is_empty()) {
                is_known = true;
                if AVAILABLE.contains(&status.as_str()) {
                    available.push(address.clone());
                }
            }
        }
        is_known.then_some(available)
    }

    /// Calls back with each room and the time of its last activity, the latest first, until it has had enough.
    pub(crate) async fn rooms_by_activity(
        &self,
        mut more: impl FnMut(ThreadRef, Option<Timestamp>) -> bool,
    ) -> Result<(), Failure> {
        let look = |room: Room| more(self.thread(room.id), time(&room.last_activity));
        let path = format!("/rooms?type=group&sortBy=lastactivity&max={ROOMS}");
        self.list(&path, look).await?;
        Ok(())
    }

    /// Webhooks that deliver. Of one for the whole account, by which a site hears who leaves a room, is made sure.
    pub(crate) async fn active_webhooks(&self, site: Option<&str>) -> Result<Vec<WatchRef>, Failure> {
        let wanted = site.and_then(|site| self.site_webhook(site));
        let (mut active, mut known) = (vec![], None);
        let look = |hook: Webhook| {
            if wanted
                .as_ref()
                .is_some_and(|(address, _)| *address == hook.target_url)
            {
                known = Some((hook.id.clone(), hook.status == "active"));
            }
            if hook.status == "active" {
                active.push(WatchRef(hook.id));
            }
            true
        };
        self.list("/webhooks?max=100", look).await?;
        if let Some((address, secret)) = wanted
            && let Err(trouble) = self.tend(known, &address, &secret).await
        {
            console_warn!("webhook of the site: status {}", trouble.status);
        }
        Ok(active)
    }

    /// `known`: the webhook, if there is one, and whether it delivers.
    async fn tend(&self, known: Option<(String, bool)>, address: &str, secret: &str) -> Result<(), Trouble> {
        let _tended: Created = match known {
            Some((_, true)) => return Ok(()),
            Some((id, false)) => {
                let hook = RevivedWebhook {
                    name: NAME,
                    target_url: address,
                    secret,
                    status: "active",
                };
                self.send_json(self.us(), Method::Put, &format!("/webhooks/{id}"), &hook)
                    .await?
            }
            None => {
                let hook = NewWebhook {
                    name: NAME,
                    target_url: address,
                    resource: "memberships",
                    event: "deleted",
                    filter: None,
                    secret,
                };
                self.post_json(self.us(), "/webhooks", &hook).await?
            }
        };
        Ok(())
    }

    /// Its address, and what it is signed with. `None` where Webex cannot reach this worker.
    fn site_webhook(&self, site: &str) -> Option<(String, String)> {
        let secret = config::master_key(self.env)
            .ok()?
            .webhook_secret(&site_name(site));
        let url = config::public_url(self.env)?;
        let number = self.number;
        Some((
            format!("{url}/v1/desk/webex/sites/{site}?account={number}"),
            secret,
        ))
    }

    /// The room for the messages that are left on a topic, with its people in it. One that an earlier attempt left is
    /// taken, and completed.
    pub(crate) async fn open_standing_room(
        &self,
        topic: &str,
        reference: &str,
        people: &[String],
    ) -> Result<ThreadRef, Failure> {
        let title = words::standing_title(topic, reference);
        let thread = match self.opened_before(&title, reference, None).await? {
            Some(thread) => thread,
            None => self.open_room(&title, reference).await?,
        };
        let owner = self.by(account_of(&thread));
        owner.add_people(room_of(&thread), people).await?;
        Ok(thread)
    }

    /// The latest first; one that was created longer ago than this is not looked for.
    pub(super) async fn room_titled(
        &self,
        title: &str,
        within: Option<Duration>,
    ) -> Result<Option<String>, Failure> {
        let (mut known, mut is_readable) = (None, true);
        let look = |room: Room| {
            let is_old = |at: Timestamp| within.is_some_and(|within| at + within < now());
            if time(&room.created).is_some_and(is_old) {
                return false;
            }
            is_readable &= !room.errors.contains_key("title");
            if room.title == title {
                known = Some(room.id);
            }
            known.is_none()
        };
        self.list(&format!("/rooms?type=group&sortBy=created&max={ROOMS}"), look)
            .await?;
        match known {
            // It may be the one whose title cannot be read now.
            None if !is_readable => Err(Failure::Passing { retry_after: None }),
            known => Ok(known),
        }
    }

    /// A message is worth more than one reader of it, but there must be one.
    async fn add_people(&self, room: &str, people: &[String]) -> Result<(), Failure> {
        let (mut has_reader, mut failure) = (false, None);
        for address in people {
            let membership = NewMembership {
                room_id: room,
                person_email: Some(address),
                person_id: None,
            };
            match self
                .post_json::<Membership>(self.us(), "/memberships", &membership)
                .await
            {
                Ok(_) | Err(Trouble { status: 409, .. }) => has_reader = true,
                Err(trouble) => {
                    console_warn!("standing room: a person could not be added: {}", trouble.status);
                    // An address that Webex does not know is not asked for again.
                    let is_passing = trouble.status != 404 && trouble.failure != Failure::Refused;
                    failure = is_passing.then_some(trouble.failure).or(failure);
                }
            }
        }
        failure.filter(|_| !has_reader).map_or(Ok(()), Err)
    }
}
