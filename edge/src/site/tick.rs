//! The regular look at what no signal may have told of: a delivery that was lost, a webhook that was switched off.
//!
//! One list of rooms, latest activity first, says for all conversations at once which of them have something new;
//! only those are woken. Where Webex cannot reach this worker, the same look is all there is, and comes often.

use super::list::{List, Live};
use crate::{
    config,
    conversation_do::{SweepCall, ask},
    shell::now,
};
use shared::{
    conversation::{Failure, WatchState},
    time::Timestamp,
};
use std::{cell::Cell, collections::HashMap, time::Duration};
use worker::{Env, Result, console_warn};

/// With webhooks, which may fail.
const REPAIR_EVERY: Duration = Duration::from_secs(5 * 60);
/// Without them: while somebody writes, soon after, and later. Webex takes some 300 calls a minute.
const POLL_BUSY: Duration = Duration::from_secs(2);
const POLL_QUIET: Duration = Duration::from_secs(5);
const POLL_IDLE: Duration = Duration::from_secs(15);
const BUSY_FOR: Duration = Duration::from_secs(60);
const QUIET_FOR: Duration = Duration::from_secs(10 * 60);

pub(crate) struct Tick {
    /// When something new was last found.
    news_at: Cell<Timestamp>,
}

impl Tick {
    pub(crate) fn new() -> Self {
        Self {
            news_at: Cell::new(now()),
        }
    }

    /// Looks once. Returns when to look again; `None` while no conversation is under way.
    pub(crate) async fn look(&self, list: &List) -> Result<Option<Timestamp>> {
        let live = list.live()?;
        if live.is_empty() {
            return Ok(None);
        }
        let mut next = self.next(list);
        if let Err(failure) = self.check(list, &live).await {
            console_warn!("regular look: {failure:?}");
            if let Failure::Passing {
                retry_after: Some(wait),
            }
            | Failure::NotDone {
                retry_after: Some(wait),
            } = failure
            {
                next = next.max(now() + wait);
            }
        }
        Ok(Some(next))
    }

    pub(crate) fn next(&self, list: &List) -> Timestamp {
        now() + self.pause(list.env())
    }

    fn pause(&self, env: &Env) -> Duration {
        if config::public_url(env).is_some() {
            return config::check_every(env).unwrap_or(REPAIR_EVERY);
        }
        match now().since(self.news_at.get()) {
            since if since < BUSY_FOR => POLL_BUSY,
            since if since < QUIET_FOR => POLL_QUIET,
            _ => POLL_IDLE,
        }
    }

    async fn check(&self, list: &List, live: &[Live]) -> Result<(), Failure> {
        let broken = |error: worker::Error| {
            console_warn!("regular look: {error}");
            Failure::Passing { retry_after: None }
        };
        let desk = list.desk().map_err(broken)?;
        let active = match config::public_url(list.env()) {
            Some(_) => Some(desk.active_webhooks().await?),
            None => None,
        };
        let mut activity = HashMap::new();
        desk.rooms_by_activity(|room, at| {
            activity.insert(room.0, at);
            activity.len() < live.len() * 4 + 100
        })
        .await?;
        for one in live {
            let at = activity.get(&one.thread);
            let is_watched = |watch: &String| {
                active
                    .as_ref()
                    .is_none_or(|active| active.iter().any(|hook| hook.0 == *watch))
            };
            let watch = match &one.watch {
                Some(watch) if is_watched(watch) => WatchState::Active,
                None if active.is_none() => WatchState::Active,
                Some(_) | None => WatchState::Lost,
            };
            // A room that is not listed has been deleted, or has been still for long: the conversation finds out which.
            let is_news = at.is_none() || at != one.activity.as_ref();
            if watch == WatchState::Active && !is_news {
                continue;
            }
            if at.is_some() {
                self.news_at.set(now());
            }
            // One conversation that fails must not keep the others waiting; it is asked again the next time.
            match ask(list.env(), &one.id, "/sweep", &SweepCall { watch }).await {
                Ok(answer) if answer.status_code() == 200 => {
                    if let Some(at) = at {
                        list.seen(&one.id, at).map_err(broken)?;
                    }
                }
                Ok(answer) if matches!(answer.status_code(), 404 | 409) => {
                    list.over(&one.id).map_err(broken)?
                }
                Ok(answer) => console_warn!("sweep: status {}", answer.status_code()),
                Err(error) => console_warn!("sweep: {error}"),
            }
        }
        Ok(())
    }
}
