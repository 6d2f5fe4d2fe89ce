//! Several accounts of the integration, so that each has its own limits at Webex. Only a member can do anything in a room,
//! so which account opened it is part of the room's name in the core: a number and a space before Webex's own id, in which
//! there is no space. The first account, often the only one, has no number.

use super::api::Api;
use crate::{calls::accounts, config, desk::webex::wire::*};
use shared::conversation::{Failure, ThreadRef};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};
use worker::{Env, Result, console_warn};

/// Stands in the place of an account that is gone, so that the others keep theirs.
const NO_ACCOUNT: &str = "-";

/// How many there are, counted from 0.
pub(crate) fn count(env: &Env) -> usize {
    config::list(env, "WEBEX_REFRESH_TOKEN").map_or(1, |tokens| tokens.len().max(1))
}

/// Whether the operator still has an account for this thread.
pub(crate) fn has_account(env: &Env, thread: &ThreadRef) -> bool {
    let number = account_of(thread);
    number < count(env) && !is_gone(env, number)
}

fn is_gone(env: &Env, number: usize) -> bool {
    let tokens = config::list(env, "WEBEX_REFRESH_TOKEN").unwrap_or_default();
    tokens.get(number).is_some_and(|token| token == NO_ACCOUNT)
}

pub(super) fn thread(account: usize, room: String) -> ThreadRef {
    match account {
        0 => ThreadRef(room),
        number => ThreadRef(format!("{number} {room}")),
    }
}

pub(super) fn room_of(thread: &ThreadRef) -> &str {
    parts(thread).1
}

pub(crate) fn account_of(thread: &ThreadRef) -> usize {
    parts(thread).0
}

fn parts(thread: &ThreadRef) -> (usize, &str) {
    let numbered = thread.0.split_once(' ');
    numbered
        .and_then(|(number, room)| Some((number.parse().ok()?, room)))
        .unwrap_or((0, &thread.0))
}

impl Api<'_> {
    /// A room of this account.
    pub(super) fn thread(&self, room: String) -> ThreadRef {
        thread(self.number, room)
    }

    /// All accounts that are there. Which one comes first follows from the seed, so that they share the work; those that Webex has asked to
    /// slow down come last.
    pub(super) fn all(&self, seed: &str) -> Vec<Self> {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        let count = count(self.env);
        let first = usize::try_from(hasher.finish() % count as u64).unwrap_or_default();
        let mut all: Vec<Self> = (first..first + count)
            .map(|number| number % count)
            .filter(|number| !is_gone(self.env, *number))
            .map(|number| self.by(number))
            .collect();
        all.sort_by_key(|api| accounts::is_busy(api.us()));
        all
    }

    /// An account that has no token, or has used up what Webex takes of it, gets no new room as long as another one has.
    pub(super) async fn open_room(&self, title: &str, seed: &str) -> Result<ThreadRef, Failure> {
        let mut refusals = vec![];
        for api in self.all(seed) {
            let room = api
                .post_json::<Created>(api.us(), "/rooms", &NewRoom { title })
                .await;
            match room.map_err(Failure::from) {
                Ok(room) => return Ok(api.thread(room.id)),
                Err(failure @ (Failure::NotDone { .. } | Failure::Refused)) => {
                    console_warn!("account {} opens no room: {failure:?}", api.number + 1);
                    refusals.push(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        // As soon as one of them may.
        let wait = |failure: &Failure| match failure {
            Failure::NotDone { retry_after } | Failure::Passing { retry_after } => {
                retry_after.unwrap_or_default()
            }
            Failure::Refused | Failure::ThreadGone => Duration::MAX,
        };
        Err(refusals.into_iter().min_by_key(wait).unwrap_or(Failure::Refused))
    }

    /// A room that an earlier attempt has opened, by whichever account.
    pub(super) async fn opened_before(&self, title: &str, seed: &str) -> Result<Option<ThreadRef>, Failure> {
        for api in self.all(seed) {
            match api.room_titled(title).await {
                Ok(Some(room)) => return Ok(Some(api.thread(room))),
                // Without a token, or where it is refused, nothing could be done in its room either.
                Ok(None) | Err(Failure::NotDone { retry_after: None } | Failure::Refused) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rooms_name_tells_the_account() {
        for (name, account, room) in [
            ("Y2lz", 0, "Y2lz"),
            ("2 Y2lz", 2, "Y2lz"),
            ("", 0, ""),
            ("x y", 0, "x y"),
        ] {
            let thread = ThreadRef(name.into());
            assert_eq!((account_of(&thread), room_of(&thread)), (account, room));
            assert_eq!(super::thread(account, room.into()), thread);
        }
    }
}
