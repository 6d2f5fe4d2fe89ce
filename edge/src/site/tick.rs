//! The regular look at what no signal may have told of: a delivery that was lost, a webhook that was switched off.
//!
//! One list of rooms, latest activity first, says for all conversations at once which of them have something new;
//! only those are woken, some at a time. Where the desk cannot reach this worker, the same look is all there is, and comes
//! often; as it does for those whose webhook does not work.
//!
//! A conversation whose own post is the latest activity does not read its room for that. Something older may have been
//! missed all the same: so after each look some of those rooms are read in any case, those first that have waited longest.

use super::{
    list::{List, Live},
    rooms,
};
use crate::{
    calls::conversation::{SweepAnswer, SweepCall, ask},
    config,
    desk::Kind,
    platform::now,
};
use shared::{
    conversation::{Failure, WatchRef, WatchState},
    time::Timestamp,
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashSet, VecDeque},
    time::Duration,
};
use worker::{Env, Error, Result, console_warn};

/// With webhooks, which may fail.
const REPAIR_EVERY: Duration = Duration::from_secs(5 * 60);
/// Without them, so long after somebody wrote.
const BUSY_FOR: Duration = Duration::from_secs(60);
const QUIET_FOR: Duration = Duration::from_secs(10 * 60);
/// Percent of what the desk takes, for rooms that are read in any case: with the look itself less than a tenth.
const READS_PERCENT: u64 = 8;
/// The platform allows an alarm fifteen minutes, and a look is made in one.
const LONGEST_LOOK: Duration = Duration::from_secs(15 * 60);
/// Conversations woken at once. The object may make a thousand calls in one alarm.
const AT_ONCE: usize = 20;
const BETWEEN: Duration = Duration::from_secs(5);

/// Looks at one desk by one account, whose limits and failures are its own.
pub(crate) struct Tick {
    pub(crate) desk: Kind,
    pub(crate) account: usize,
    /// When something new was last found.
    news_at: Cell<Timestamp>,
    /// Webhooks that did not deliver when all were last listed, less those that were mended since.
    lost: RefCell<HashSet<String>>,
    /// When everything was last looked at. What is in memory only is found anew if it is lost.
    full_at: Cell<Option<Timestamp>>,
    waiting: RefCell<VecDeque<Wake>>,
    /// Those in which only our own post is new.
    unread: RefCell<Vec<Wake>>,
    between: Cell<Duration>,
    next_look: Cell<Timestamp>,
}

/// A conversation that is to be told.
struct Wake {
    id: String,
    watch: WatchState,
    /// `None`: its room is not among those listed. It has been deleted, or has been still for long: the conversation
    /// finds out which.
    activity: Option<Timestamp>,
    /// Its room is to be read, whatever it knows.
    in_any_case: bool,
    /// When it was last read in any case.
    read_at: Option<Timestamp>,
}

impl Tick {
    pub(crate) fn new(desk: Kind, account: usize) -> Self {
        Self {
            desk,
            account,
            news_at: Cell::new(now()),
            lost: RefCell::default(),
            full_at: Cell::default(),
            waiting: RefCell::default(),
            unread: RefCell::default(),
            between: Cell::default(),
            next_look: Cell::new(now()),
        }
    }

    /// Looks, or goes on with what the last look found; or neither, since another desk's time has come. Returns when to go on;
    /// `None` while no conversation is under way.
    pub(crate) async fn run(&self, list: &List) -> Result<Option<Timestamp>> {
        let is_idle = self.waiting.borrow().is_empty() && self.unread.borrow().is_empty();
        if is_idle && self.next_look.get() > now() {
            return Ok(Some(self.next_look.get()));
        }
        if is_idle && !self.look(list).await? {
            return Ok(None);
        }
        for _ in 0..AT_ONCE {
            let Some(wake) = self.next_waiting(list) else {
                return Ok(Some(self.next_look.get()));
            };
            if let Some(unread) = wake.tell(list).await? {
                self.unread.borrow_mut().push(unread);
            }
        }
        let is_done = self.waiting.borrow().is_empty() && self.unread.borrow().is_empty();
        Ok(Some(if is_done {
            self.next_look.get()
        } else {
            now() + self.between.get()
        }))
    }

    /// Rooms that are read in any case after one look at everything.
    fn reads(&self, env: &Env) -> usize {
        let reads_a_minute = self.desk.limits().calls_a_minute * READS_PERCENT / 100;
        let reads = reads_a_minute * every(env).as_secs() / 60;
        usize::try_from(reads).unwrap_or(usize::MAX).max(1)
    }

    /// When all have been told that have news, those come that are read in any case.
    fn next_waiting(&self, list: &List) -> Option<Wake> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.is_empty() {
            let mut unread = self.unread.take();
            unread.sort_by_key(|one| one.read_at);
            unread.truncate(self.reads(list.env()));
            waiting.extend(unread.into_iter().map(|one| Wake {
                in_any_case: true,
                ..one
            }));
        }
        waiting.pop_front()
    }

    /// A conversation has been put on the list: when to look at the latest.
    pub(crate) fn enlisted(&self, list: &List, watch: Option<&WatchRef>, has_thread: bool) -> Timestamp {
        match watch {
            Some(watch) => {
                self.lost.borrow_mut().remove(&watch.0);
            }
            // Its watch could not begin.
            None if has_thread => {
                self.news_at.set(now());
                let [busy, ..] = self.desk.limits().looks;
                return self.not_after(now() + busy);
            }
            None => {}
        }
        let every = match config::public_url(list.env()) {
            Some(_) => every(list.env()),
            None => self.pace(),
        };
        self.not_after(now() + every)
    }

    fn not_after(&self, at: Timestamp) -> Timestamp {
        self.next_look.set(self.next_look.get().min(at));
        at
    }

    /// While nobody tells us.
    fn pace(&self) -> Duration {
        let [busy, quiet, idle] = self.desk.limits().looks;
        match now().since(self.news_at.get()) {
            since if since < BUSY_FOR => busy,
            since if since < QUIET_FOR => quiet,
            _ => idle,
        }
    }

    /// `false`: there is nothing to look at.
    async fn look(&self, list: &List) -> Result<bool> {
        let live = list.live(self.desk, self.account)?;
        if live.is_empty() {
            return Ok(false);
        }
        let (is_told, every) = (config::public_url(list.env()).is_some(), every(list.env()));
        // Whoever is put on the list meanwhile may want a sooner one.
        self.next_look.set(now() + LONGEST_LOOK);
        let found = self.find(list, &live, is_told).await;
        let is_lost = |one: &Live| is_told && self.is_lost(one);
        let pause = if !is_told {
            self.pace()
        } else if live.iter().any(is_lost) {
            self.pace().min(every)
        } else {
            // The next look is one at everything.
            self.full_at
                .get()
                .map_or(every, |at| (at + every).since(now()).max(every / 4))
        };
        let mut next = now() + pause;
        match found {
            Ok(wakes) => {
                let times = u32::try_from(wakes.len() / AT_ONCE).unwrap_or(u32::MAX).max(1);
                self.between.set((pause * 2 / 3 / times).min(BETWEEN));
                self.waiting.borrow_mut().extend(wakes);
            }
            Err(failure) => {
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
        }
        self.not_after(next);
        Ok(true)
    }

    fn is_lost(&self, one: &Live) -> bool {
        one.watch
            .as_ref()
            .is_none_or(|watch| self.lost.borrow().contains(watch))
    }

    /// Who is to be told. Between two looks at everything, only those count whose webhook does not work.
    async fn find(&self, list: &List, live: &[Live], is_told: bool) -> Result<Vec<Wake>, Failure> {
        let passing = |error: Error| {
            console_warn!("regular look: {error}");
            Failure::Passing { retry_after: None }
        };
        let desk = list.desk(self.desk, self.account).map_err(passing)?;
        let site = list.name().map_err(passing)?;
        let (began, every) = (now(), every(list.env()));
        let is_full = !is_told || self.full_at.get().is_none_or(|at| at + every <= began);
        if is_full && is_told {
            let active: HashSet<String> = desk
                .working_watches(site.as_deref())
                .await?
                .into_iter()
                .map(|hook| hook.0)
                .collect();
            let watches = live.iter().filter_map(|one| one.watch.clone());
            *self.lost.borrow_mut() = watches.filter(|watch| !active.contains(watch)).collect();
        }
        let wanted: Vec<&Live> = live.iter().filter(|one| is_full || self.is_lost(one)).collect();
        if wanted.is_empty() {
            return Ok(vec![]);
        }
        let activity = rooms::activity(&desk, &wanted).await?;
        let mut wakes = vec![];
        for one in wanted {
            let at = activity.get(&one.thread).copied();
            let is_news = at.is_none() || at != one.activity;
            if is_news && at.is_some() {
                self.news_at.set(began);
            }
            let watch = if is_told && self.is_lost(one) {
                WatchState::Lost
            } else {
                WatchState::Active
            };
            let is_due = watch == WatchState::Lost && is_full;
            let is_told = is_told && watch == WatchState::Active;
            let wake = Wake {
                id: one.id.clone(),
                watch,
                activity: at,
                in_any_case: !is_told || at.is_none(),
                read_at: one.read_at,
            };
            if is_news || is_due {
                wakes.push(wake);
            } else if is_told && at != one.read {
                self.unread.borrow_mut().push(wake);
            }
        }
        if is_full {
            self.full_at.set(Some(began));
        }
        Ok(wakes)
    }
}

impl Wake {
    /// One conversation that fails must not keep the others waiting; it is asked again the next time. Comes back if its
    /// room has not been read for this.
    async fn tell(self, list: &List) -> Result<Option<Self>> {
        let call = SweepCall {
            watch: self.watch,
            active_at: self.activity.filter(|_| !self.in_any_case),
        };
        match ask(list.env(), &self.id, "/sweep", &call).await {
            Ok(mut answer) if answer.status_code() == 200 => {
                // An older version says nothing.
                let is_read = answer
                    .json()
                    .await
                    .map_or(self.in_any_case, |answer: SweepAnswer| answer.is_read);
                match self.activity {
                    Some(at) if is_read => list.told_to_read(&self.id, at)?,
                    Some(at) => {
                        list.told(&self.id, at)?;
                        return Ok(Some(self));
                    }
                    None => {}
                }
            }
            Ok(answer) if matches!(answer.status_code(), 404 | 409) => list.unlist(&self.id)?,
            Ok(answer) => console_warn!("sweep: status {}", answer.status_code()),
            Err(error) => console_warn!("sweep: {error}"),
        }
        Ok(None)
    }
}

fn every(env: &Env) -> Duration {
    config::check_every(env).unwrap_or(REPAIR_EVERY)
}
