//! What a site asks Webex beyond one conversation: who is available, what rooms are alive, where left messages go.

use super::{
    accounts::{account_of, room_of},
    api::{Api, Trouble},
    delivery::site_name,
    hook::{Events, Hook},
    is_bot,
    wire::*,
};
use crate::{desk::words, platform::now};
use futures_util::future::join_all;
use shared::{
    conversation::{Failure, ThreadRef, WatchRef},
    time::Timestamp,
};
use std::time::Duration;
use worker::{console_warn, url::form_urlencoded};

/// No attempt to open a room goes on for longer than a day; where messages are left the room is found again by its site.
const OLDEST_ATTEMPT: Duration = Duration::from_secs(25 * 60 * 60);
/// Rooms in one answer. Webex gives up to a thousand, which might be more than is read of an answer.
const ROOMS: usize = 500;

/// Presence of somebody who would see a new room at once. Unknown is nobody's word for "away".
const AVAILABLE: [&str; 2] = ["active", "unknown"];

impl Api<'_> {
    /// Calls back for each of the addresses whose presence can be read: whether it calls them available.
    pub(crate) async fn presence<'p>(&self, addresses: &'p [String], note: impl Fn(&'p String, bool)) {
        for api in self.all(addresses.first().map_or("", String::as_str)) {
            let ask = async |address: &'p String| {
                let status = api.status_of(address).await?;
                if let Some(status) = status.filter(|status| !status.is_empty()) {
                    note(address, AVAILABLE.contains(&status.as_str()));
                }
                Ok::<_, Trouble>(())
            };
            let asked = join_all(addresses.iter().map(ask)).await;
            if asked.iter().any(Result::is_ok) {
                return;
            }
            for trouble in asked.into_iter().filter_map(Result::err).take(1) {
                console_warn!("presence: status {}", trouble.status);
            }
        }
    }

    async fn status_of(&self, address: &str) -> Result<Option<String>, Trouble> {
        let email: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
        let people: List<Person> = self.get(self.us(), &format!("/people?email={email}")).await?;
        Ok(people.items.into_iter().next().map(|person| person.status))
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

    /// Webhooks that deliver. Of one for the whole account, by which the site hears who leaves a room, is made sure.
    pub(crate) async fn active_webhooks(&self, site: Option<&str>) -> Result<Vec<WatchRef>, Failure> {
        let wanted = site.and_then(|site| {
            let path = format!("sites/{site}?account={}", self.number);
            self.hook(&path, &site_name(site)).ok().flatten()
        });
        let (mut active, mut known) = (vec![], None);
        let look = |hook: Webhook| {
            let is_active = hook.status == "active";
            if let Some(wanted) = &wanted
                && wanted.address == hook.target_url
            {
                known = Some((hook.id.clone(), is_active && wanted.name == hook.name));
            }
            if is_active {
                active.push(WatchRef(hook.id));
            }
            true
        };
        self.list("/webhooks?max=100", look).await?;
        if let Some(wanted) = wanted
            && let Err(trouble) = self.tend(known, &wanted).await
        {
            console_warn!("webhook of the site: status {}", trouble.status);
        }
        Ok(active)
    }

    /// `known`: the webhook, if there is one, and whether it delivers with the right signature.
    async fn tend(&self, known: Option<(String, bool)>, wanted: &Hook) -> Result<(), Trouble> {
        let events = Events {
            resource: "memberships",
            event: "deleted",
            filter: None,
        };
        match known {
            Some((_, true)) => Ok(()),
            Some((id, false)) => self.revive_hook(&id, wanted).await,
            None => self.create_hook(wanted, &events).await.map(drop),
        }
    }

    /// The room for the messages that are left on a topic, with its people in it. One that an earlier attempt left is
    /// taken, and completed, unless it has turned out to be useless; the latest one counts.
    pub(crate) async fn open_standing_room(
        &self,
        topic: &str,
        reference: &str,
        people: &[String],
        useless: Option<&ThreadRef>,
    ) -> Result<ThreadRef, Failure> {
        let title = words::standing_title(topic, reference);
        let known = self.opened_before(&title, reference).await?;
        let thread = match known.filter(|known| Some(known) != useless) {
            Some(thread) => thread,
            None => self.open_room(&title, reference).await?,
        };
        self.complete_standing_room(&thread, people).await?;
        Ok(thread)
    }

    pub(crate) async fn complete_standing_room(
        &self,
        thread: &ThreadRef,
        people: &[String],
    ) -> Result<(), Failure> {
        self.by(account_of(thread))
            .add_people(room_of(thread), people)
            .await
    }

    /// The latest first; one that is older than any attempt to open it is not looked for.
    pub(super) async fn room_titled(&self, title: &str) -> Result<Option<String>, Failure> {
        let (mut known, mut is_readable) = (None, true);
        let look = |room: Room| {
            let is_old = |at: Timestamp| at + OLDEST_ATTEMPT < now();
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

    /// A message is worth more than one reader of it, but there must be one, whoever has brought them in.
    async fn add_people(&self, room: &str, people: &[String]) -> Result<(), Failure> {
        let mut has_reader = false;
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
                }
            }
        }
        if has_reader || self.has_people(room).await? {
            return Ok(());
        }
        console_warn!("standing room: nobody is in it");
        Err(Failure::Passing { retry_after: None })
    }

    /// Whether anybody is in the room but us and bots.
    pub(super) async fn has_people(&self, room: &str) -> Result<bool, Trouble> {
        let own_id = self.own_id(self.us()).await?;
        let mut are_in = false;
        let look = |membership: Membership| {
            are_in = membership.person_id != own_id && !is_bot(&membership.person_email);
            !are_in
        };
        self.list(&format!("/memberships?roomId={room}&max=100"), look)
            .await?;
        Ok(are_in)
    }
}
