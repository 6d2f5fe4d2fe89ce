//! Who is in a room.

use super::{Webex, api::Trouble, wire::*};
use crate::{calls::accounts::Account, desk::words, platform::http::Payload};
use shared::conversation::{DeskOutcome, Failure, Participant};
use worker::{Method, console_warn};

impl Webex<'_> {
    pub(super) async fn add(&self, room: &str, who: &Participant) -> Result<DeskOutcome, Failure> {
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
                name: Some(words::person(&added.person_display_name)).filter(|name| !name.is_empty()),
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

    pub(super) async fn look_for_people(&self, room: &str) -> Result<DeskOutcome, Failure> {
        match self.api.has_people(room).await {
            Ok(are_in) => Ok(DeskOutcome::People { are_in }),
            Err(trouble) => Err(self.gone_or(room, trouble).await),
        }
    }

    /// Deletes the room for everybody, which only a moderator can: there is one as soon as the room is locked, whoever has
    /// created it. Where somebody else has locked it, we can only leave.
    pub(super) async fn delete_room(&self, room: &str) -> Result<(), Failure> {
        let path = format!("/rooms/{room}");
        let title = match self.api.get::<Room>(self.api.us(), &path).await {
            // What stands there is not the title, and would be written over it.
            Ok(room) if room.errors.contains_key("title") => {
                return Err(Failure::Passing { retry_after: None });
            }
            Ok(room) => room.title,
            Err(Trouble { status: 404, .. }) => return Ok(()),
            Err(trouble) => return Err(trouble.into()),
        };
        let locked = LockedRoom {
            title: &title,
            is_locked: true,
        };
        let locked = self
            .api
            .send_json::<Room>(self.api.us(), Method::Put, &path, &locked);
        match locked.await {
            Ok(_) => self.delete(self.api.us(), &path).await,
            Err(trouble) if trouble.failure == Failure::Refused => {
                console_warn!("a room that others have locked is left, not deleted");
                self.leave(room).await
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// Each by its own token: in a room that an agent has locked nobody else may take it out. The bot's goes first: as long
    /// as the integration's is in, it can be tried again.
    pub(super) async fn leave(&self, room: &str) -> Result<(), Failure> {
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
                self.delete(account, &format!("/memberships/{id}")).await?;
            }
        }
        Ok(())
    }

    /// What is not there any more is deleted.
    async fn delete(&self, account: Account, path: &str) -> Result<(), Failure> {
        match self.api.call(account, Method::Delete, path, Payload::None).await {
            Ok(_) | Err(Trouble { status: 404, .. }) => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }
}
