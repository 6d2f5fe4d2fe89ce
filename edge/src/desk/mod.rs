//! Where agents work: what every desk's connector can do. A desk is a folder and an arm of [`Desk`]; whatever the rest of
//! the worker wants of a desk it asks here, so that the compiler finds what a new one lacks.

mod webex;
mod words;

use crate::{
    calls::accounts::Tokens,
    keys::MasterKey,
    platform::{error::ApiError, http::Reply, now, within},
    store::Store,
};
use shared::{
    conversation::{
        Attempt, DeskJob, DeskMessage, DeskOutcome, DeskRef, DeskRules, Failure, Found, NameWanted,
        ThreadRef, WatchRef,
    },
    time::Timestamp,
};
use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};
use web_sys::ReadableStream;
use worker::{Env, Error, Headers, Result, console_warn};

/// Which desk, by the name that it has in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Webex,
}

/// What a desk takes and what it does by itself.
pub(crate) struct Limits {
    /// What the conversation has to know of it.
    pub(crate) rules: DeskRules,
    /// Calls that one account may make in a minute.
    pub(crate) calls_a_minute: u64,
    /// How often it is asked for news where it does not tell of them: while somebody writes, soon after, and later.
    pub(crate) looks: [Duration; 3],
}

/// What a delivery for a whole site can tell of: somebody is not in this thread any more.
pub(crate) struct SomebodyLeft(pub(crate) ThreadRef);

/// The conversation that a task is for, and what is stored of it.
pub(crate) struct Place<'a> {
    pub(crate) conversation: &'a str,
    pub(crate) thread: Option<ThreadRef>,
    pub(crate) store: &'a Rc<Store>,
}

/// Names that are remembered.
const MOST_NAMES: usize = 1_000;
const NAMELESS_FOR: Duration = Duration::from_secs(10);
const NAME_TIMEOUT: Duration = Duration::from_secs(3);
/// A chat can begin without knowing who is there.
const PRESENCE_TIMEOUT: Duration = Duration::from_secs(3);

thread_local! {
    /// People's names by the desk's ids for them, and when they were asked for. All objects that live in one place share them, for an object is thrown out
    /// after seconds of quiet, and whoever answers in one conversation answers in many.
    static NAMES: RefCell<HashMap<String, (Option<String>, Timestamp)>> = RefCell::default();
}

/// A desk, with the account by which we work there.
pub(crate) enum Desk<'a> {
    Webex(webex::Api<'a>),
}

impl Kind {
    pub(crate) const ALL: [Self; 1] = [Self::Webex];
    /// Where nobody has chosen one.
    pub(crate) const DEFAULT: Self = Self::Webex;

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webex => "webex",
        }
    }

    /// The accounts that share the work at this desk; at least one.
    pub(crate) fn accounts(self, env: &Env) -> usize {
        match self {
            Self::Webex => webex::accounts(env),
        }
    }

    /// By which account a thread was opened, and goes on; without one, the first.
    pub(crate) fn account_of(self, thread: Option<&ThreadRef>) -> usize {
        match self {
            Self::Webex => thread.map_or(0, webex::account_of),
        }
    }

    /// Whether the operator still has the account by which this thread was opened.
    pub(crate) fn has_account(self, env: &Env, thread: &ThreadRef) -> bool {
        match self {
            Self::Webex => webex::has_account(env, thread),
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Of a plan.
    ///
    /// # Errors
    /// The worker that made the plan had a connector that this one lacks.
    pub(crate) fn of(name: Option<&str>) -> Result<Self> {
        match name {
            None => Ok(Self::DEFAULT),
            Some(name) => {
                Self::named(name).ok_or_else(|| Error::RustError(format!("there is no connector to {name}")))
            }
        }
    }

    pub(crate) const fn limits(self) -> Limits {
        match self {
            Self::Webex => webex::LIMITS,
        }
    }

    /// A delivery to the address of a site, of whatever happens in any of its threads.
    /// `None` if it is rightly signed, but no news.
    ///
    /// # Errors
    /// [`ApiError::BadSignature`] if it is not by the desk.
    pub(crate) fn heard_at_site(
        self,
        key: &MasterKey,
        site: &str,
        query: &str,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Option<SomebodyLeft>, ApiError> {
        match self {
            Self::Webex => webex::heard_at_site(key, site, query, headers, body),
        }
    }

    /// A delivery to the address of a conversation: the message that it tells of. `None` if it is rightly signed, but no news.
    ///
    /// # Errors
    /// [`ApiError::BadSignature`] if it is not by the desk.
    pub(crate) fn heard(
        self,
        key: &MasterKey,
        conversation: &str,
        headers: &Headers,
        body: &[u8],
    ) -> Result<Option<DeskRef>, ApiError> {
        match self {
            Self::Webex => webex::heard(key, conversation, headers, body),
        }
    }
}

impl<'a> Desk<'a> {
    /// By this account, from 0.
    ///
    /// # Errors
    /// The operator has not set what this desk needs.
    pub(crate) fn new(kind: Kind, env: &'a Env, tokens: &'a Tokens, account: usize) -> Result<Self> {
        match kind {
            Kind::Webex => Ok(Self::Webex(webex::Api::new(env, tokens, account)?)),
        }
    }

    pub(crate) async fn run(
        &self,
        place: &Place<'_>,
        job: &DeskJob,
        attempt: &Attempt,
    ) -> Result<DeskOutcome, Failure> {
        let mut outcome = match self {
            Self::Webex(api) => webex::Webex::new(api, place).run(job, attempt).await?,
        };
        if let DeskOutcome::Swept { found, .. } = &mut outcome {
            // What the transcript has needs no name, and is not to be shown again.
            let unknown = place.store.unknown(std::mem::take(found));
            *found = unknown.map_err(|error| {
                console_warn!("transcript: {error}");
                Failure::Passing { retry_after: None }
            })?;
        }
        if let DeskJob::Read { name, .. } | DeskJob::Sweep { name, .. } = job
            && *name == NameWanted::Yes
        {
            self.name_people(&mut outcome).await;
        }
        Ok(outcome)
    }

    /// Without a name the mask is shown. In one outcome nobody is asked for twice, also where there is no answer.
    async fn name_people(&self, outcome: &mut DeskOutcome) {
        let (read, found): (&mut [DeskMessage], &mut [Found]) = match outcome {
            DeskOutcome::Read(message) => (message.as_mut_slice(), &mut []),
            DeskOutcome::Swept { found, .. } => (&mut [], found),
            DeskOutcome::ThreadOpened(_)
            | DeskOutcome::Added { .. }
            | DeskOutcome::People { .. }
            | DeskOutcome::Watching(_)
            | DeskOutcome::Posted(_)
            | DeskOutcome::Unwatched
            | DeskOutcome::ThreadEnded
            | DeskOutcome::Site(_) => return,
        };
        let mut asked = HashMap::new();
        for message in read
            .iter_mut()
            .chain(found.iter_mut().filter_map(|one| one.message.as_mut()))
        {
            if !asked.contains_key(&message.author) {
                asked.insert(message.author.clone(), self.name_of(&message.author).await);
            }
            message.name = asked.get(&message.author).cloned().flatten();
        }
    }

    /// What they wrote does not wait for long. That there is no name is remembered too, for a while.
    async fn name_of(&self, person: &str) -> Option<String> {
        let known = NAMES.with_borrow(|names| names.get(person).cloned());
        if let Some((name, at)) = known
            && (name.is_some() || now().since(at) < NAMELESS_FOR)
        {
            return name;
        }
        let name = match self {
            Self::Webex(api) => within(NAME_TIMEOUT, api.display_name(person)).await,
        };
        let name = name.flatten().map(|name| words::person(&name));
        let name = name.filter(|name| !name.trim().is_empty());
        NAMES.with_borrow_mut(|names| {
            if names.len() >= MOST_NAMES {
                names.clear();
            }
            names.insert(person.to_owned(), (name.clone(), now()));
        });
        name
    }

    /// Those of the people who would see a new thread at once; `None` where it is not known of anybody.
    pub(crate) async fn available(&self, people: &[String]) -> Option<Vec<String>> {
        let seen: RefCell<Vec<(&String, bool)>> = RefCell::default();
        let note = |who, is_available| seen.borrow_mut().push((who, is_available));
        // Who is slow to be found does not keep the others from being asked.
        match self {
            Self::Webex(api) => within(PRESENCE_TIMEOUT, api.presence(people, note)).await,
        };
        let seen = seen.into_inner();
        let available = |who: &&String| seen.contains(&(*who, true));
        (!seen.is_empty()).then(|| people.iter().filter(available).cloned().collect())
    }

    /// Calls back with each thread of the account and the time of its last activity, the latest first, until it has had enough.
    pub(crate) async fn threads_by_activity(
        &self,
        more: impl FnMut(ThreadRef, Option<Timestamp>) -> bool,
    ) -> Result<(), Failure> {
        match self {
            Self::Webex(api) => api.rooms_by_activity(more).await,
        }
    }

    /// The account's watches that deliver. With a site, it is seen to that the account also tells the site of whoever leaves
    /// one of its threads.
    pub(crate) async fn working_watches(&self, site: Option<&str>) -> Result<Vec<WatchRef>, Failure> {
        match self {
            Self::Webex(api) => api.active_webhooks(site).await,
        }
    }

    /// The thread for the messages that are left on a topic, with its people in it. One that an earlier attempt left is
    /// taken, and completed, unless it has turned out to be useless.
    pub(crate) async fn open_standing_thread(
        &self,
        topic: &str,
        reference: &str,
        people: &[String],
        useless: Option<&ThreadRef>,
    ) -> Result<ThreadRef, Failure> {
        match self {
            Self::Webex(api) => api.open_standing_room(topic, reference, people, useless).await,
        }
    }

    /// Brings people into a thread where messages are left.
    pub(crate) async fn complete_standing_thread(
        &self,
        thread: &ThreadRef,
        people: &[String],
    ) -> Result<(), Failure> {
        match self {
            Self::Webex(api) => api.complete_standing_room(thread, people).await,
        }
    }

    /// A file by the desk's name for it, its bytes unread.
    pub(crate) async fn content(
        &self,
        source: &str,
        largest: usize,
    ) -> Result<Reply<Option<ReadableStream>>, Failure> {
        match self {
            Self::Webex(api) => api.content(source, largest).await,
        }
    }
}
