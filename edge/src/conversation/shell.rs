//! The shell round `shared::conversation`: load, decide, persist, carry out.
//!
//! From loading to persisting nothing is awaited, so no other event can come between. Results of outside calls come
//! back as inputs.

use super::effects::{Outside, Whose};
use crate::{
    desk::Kind,
    platform::{error::ApiError, now},
    store::{Stored, Written},
};
use futures_util::lock::Mutex;
use shared::{
    conversation::{Ask, ConnectionId, Context, Effect, Input, ThreadRef, To},
    protocol::ServerFrame,
    settings::Plan,
    time::{Timestamp, back_off},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use worker::{Delay, Result, State, console_error, js_sys, wasm_bindgen::JsValue};

/// When nothing else would wake the object after an error: at first, and if it goes on.
const AFTER_ERROR: Duration = Duration::from_secs(1);
const AFTER_MANY_ERRORS: Duration = Duration::from_secs(5 * 60);
/// The platform allows an alarm fifteen minutes.
const LONGEST_ALARM: Duration = Duration::from_secs(12 * 60);
/// An entry leaves for the visitor when it is stored. A call to a vendor, begun in the same moment, would hold the
/// thread for as long again.
const ECHO_FIRST: Duration = Duration::from_millis(1);

pub(crate) struct Shell {
    pub(crate) state: State,
    pub(crate) outside: Rc<Outside>,
    /// `None` until it is loaded, and after a failed write: then storage knows better than memory.
    pub(crate) stored: RefCell<Option<Stored>>,
    pub(crate) alarm_at: Cell<Option<Timestamp>>,
    pub(crate) polled_at: Cell<Option<Timestamp>>,
    /// How often storage has failed in a row.
    pub(crate) failures: Cell<u32>,
    /// Held while a file of the visitor is read.
    pub(crate) uploads: Mutex<()>,
    /// Held while a file of an agent is fetched.
    pub(crate) fetching: Mutex<()>,
    pub(crate) has_no_cache: Cell<bool>,
}

impl Shell {
    /// Whether there is a conversation. What was under way when the object was last in memory is taken up again.
    pub(crate) fn load(self: &Rc<Self>) -> Result<bool> {
        if self.stored.borrow().is_some() {
            return Ok(true);
        }
        let store = &self.outside.store;
        let loaded = store.load();
        let Some(stored) = loaded.inspect_err(|_| self.storage_failed())? else {
            return Ok(false);
        };
        // Unless one is under way, what stands there was left by an upload that never ended.
        if self.uploads.try_lock().is_some() {
            store.drop_incoming().inspect_err(|_| self.storage_failed())?;
        }
        *self.stored.borrow_mut() = Some(stored);
        let connected = !self.state.get_websockets().is_empty();
        self.take(Input::Resumed { connected })?;
        Ok(true)
    }

    /// An erased conversation is no longer there for the visitor, though the desk may not have heard of the end yet.
    pub(crate) fn load_for_visitor(self: &Rc<Self>) -> Result<bool> {
        let is_erased = |stored: &Stored| stored.conversation.is_erased();
        Ok(self.load()? && !self.stored.borrow().as_ref().is_some_and(is_erased))
    }

    /// Nothing is left changed by an error.
    pub(crate) fn take(self: &Rc<Self>, input: Input) -> Result<()> {
        if self.load()? {
            let effects = self.decide(input)?;
            self.carry_out(effects)?;
        }
        Ok(())
    }

    pub(crate) fn decide(&self, input: Input) -> Result<Vec<Effect>> {
        let mut slot = self.stored.borrow_mut();
        let Some(stored) = slot.as_mut() else {
            return Ok(vec![]);
        };
        // Only a deadline asks for it, and each socket has to be asked.
        let heartbeat_at = matches!(input, Input::DeadlineReached).then(|| self.heartbeat_at());
        let context = context(stored.conversation.plan(), heartbeat_at.flatten());
        let effects = stored.conversation.handle(input, &context);
        let persisted = self.outside.store.persist(&stored.conversation, &effects);
        match persisted {
            Ok(Written::Nothing) => {}
            Ok(Written::Rows) => self.failures.set(0),
            Err(error) => {
                *slot = None;
                self.storage_failed();
                return Err(error);
            }
        }
        Ok(effects)
    }

    /// Asked before anything is done for a visitor; an error is how long to wait.
    pub(crate) fn admit(&self, ask: Ask) -> Result<(), ApiError> {
        match self.stored.borrow_mut().as_mut() {
            Some(stored) => stored.conversation.admit(ask, now()).map_err(ApiError::TooFast),
            None => Ok(()),
        }
    }

    /// After an error nobody knows which tasks have begun: the object is loaded anew, soon, and takes them up.
    pub(crate) fn carry_out(self: &Rc<Self>, effects: Vec<Effect>) -> Result<()> {
        self.try_carry_out(effects).inspect_err(|_| {
            *self.stored.borrow_mut() = None;
            self.set_alarm(self.after_error());
        })
    }

    fn storage_failed(&self) {
        self.failures.set(self.failures.get().saturating_add(1));
    }

    /// Nothing is begun that has not been stored, so while no write succeeds nobody outside is called.
    fn after_error(&self) -> Timestamp {
        let failures = self.failures.get().saturating_sub(1);
        let jitter = js_sys::Math::random();
        now() + back_off(AFTER_ERROR, AFTER_MANY_ERRORS, failures, jitter)
    }

    /// The platform gives up on an alarm that has failed a few times. Where nothing can be stored the next one cannot be
    /// set either, so this one stays and tries, as long as an alarm may take; then the platform rings it anew.
    pub(crate) async fn alarm_rang(self: &Rc<Self>) -> Result<()> {
        self.alarm_at.set(None);
        let began = now();
        loop {
            let Err(error) = self.take(Input::DeadlineReached) else {
                return Ok(());
            };
            console_error!("alarm: {error}");
            let next = self.after_error();
            if self.failures.get() == 0 {
                return self.store_alarm(next).await;
            }
            if next.since(began) > LONGEST_ALARM {
                return Err(error);
            }
            Delay::from(next.since(now())).await;
        }
    }

    fn try_carry_out(self: &Rc<Self>, effects: Vec<Effect>) -> Result<()> {
        let mut wait = None;
        for effect in effects {
            match effect {
                Effect::Save | Effect::KeepFile { .. } => {}
                Effect::Append { .. } => wait = Some(ECHO_FIRST),
                Effect::EraseTranscript => {
                    if let Some(stored) = self.stored.borrow_mut().as_mut() {
                        stored.request.clear();
                    }
                    self.close_sockets();
                }
                Effect::Erase => self.forget(),
                Effect::Send { to, frame } => self.send(&to, &frame)?,
                Effect::Replay { to, after } => self.replay(&to, after)?,
                Effect::Desk {
                    task,
                    thread,
                    job,
                    attempt,
                } => {
                    let (outside, whose) = (self.outside.clone(), self.whose());
                    self.begin(wait, async move {
                        outside.at_desk(whose, task, thread, job, attempt).await
                    });
                }
                Effect::AskBot { task, ask, language } => {
                    let (outside, whose) = (self.outside.clone(), self.whose());
                    self.begin(
                        wait,
                        async move { outside.ask_bot(whose, task, ask, &language).await },
                    );
                }
            }
        }
        self.arm();
        Ok(())
    }

    /// The rows are gone already; this frees the object itself, alarm included.
    fn forget(self: &Rc<Self>) {
        *self.stored.borrow_mut() = None;
        self.alarm_at.set(None);
        let shell = self.clone();
        self.state.wait_until(async move {
            if let Err(error) = shell.state.storage().delete_all().await {
                console_error!("erase: {error}");
            }
        });
    }

    fn begin(self: &Rc<Self>, wait: Option<Duration>, work: impl Future<Output = Input> + 'static) {
        let shell = self.clone();
        self.state.wait_until(async move {
            if let Some(wait) = wait {
                Delay::from(wait).await;
            }
            let input = work.await;
            if let Err(error) = shell.take(input) {
                console_error!("result not stored: {error}");
                shell.set_alarm(shell.after_error());
            }
        });
    }

    pub(crate) fn is_over(&self) -> bool {
        let stored = self.stored.borrow();
        stored
            .as_ref()
            .is_some_and(|stored| stored.conversation.is_closed())
    }

    /// See [`Conversation::is_read`](shared::conversation::Conversation::is_read).
    pub(crate) fn is_read(&self, active_at: Option<Timestamp>) -> bool {
        let is_read = |stored: &Stored| stored.conversation.is_read(active_at);
        self.stored.borrow().as_ref().is_none_or(is_read)
    }

    /// Work begun now is the work of this plan.
    fn whose(&self) -> Whose {
        let stored = self.stored.borrow();
        stored.as_ref().map_or_else(Whose::default, |stored| {
            let plan = stored.conversation.plan();
            Whose {
                conversation: stored.id.clone(),
                site: plan.site.clone(),
                desk: plan.desk.clone(),
                bot_kind: plan.bot_kind.clone(),
                bot_at: plan.bot_at.clone(),
            }
        })
    }

    /// # Errors
    /// The worker has no connector to the conversation's desk any more.
    pub(crate) fn desk(&self) -> Result<Kind> {
        Kind::of(self.whose().desk.as_deref())
    }

    pub(crate) fn thread(&self) -> Option<ThreadRef> {
        let stored = self.stored.borrow();
        stored.as_ref()?.conversation.thread().cloned()
    }

    pub(crate) fn id(&self) -> String {
        self.stored
            .borrow()
            .as_ref()
            .map(|stored| stored.id.clone())
            .unwrap_or_default()
    }

    /// An alarm costs a row, so it is moved only when it would come too late. One that comes early finds
    /// nothing to do and is set again.
    fn arm(self: &Rc<Self>) {
        let deadline = self
            .stored
            .borrow()
            .as_ref()
            .and_then(|stored| stored.conversation.next_deadline());
        let Some(deadline) = deadline else { return };
        if self.alarm_at.get().is_some_and(|at| at <= deadline) {
            return;
        }
        self.set_alarm(deadline);
    }

    fn set_alarm(self: &Rc<Self>, deadline: Timestamp) {
        self.alarm_at.set(Some(deadline));
        let shell = self.clone();
        self.state.wait_until(async move {
            if let Err(error) = shell.store_alarm(deadline).await {
                console_error!("alarm: {error}");
            }
        });
    }

    async fn store_alarm(&self, deadline: Timestamp) -> Result<()> {
        self.alarm_at.set(Some(deadline));
        let at = js_sys::Date::new(&JsValue::from_f64(deadline.0 as f64));
        let storage = self.state.storage();
        let stored = storage.set_alarm(worker::ScheduledTime::new(at)).await;
        stored.inspect_err(|_| self.alarm_at.set(None))
    }
}

pub(crate) fn context(plan: &Plan, heartbeat_at: Option<Timestamp>) -> Context {
    let desk = Kind::of(plan.desk.as_deref()).unwrap_or(Kind::DEFAULT);
    Context {
        now: now(),
        jitter: js_sys::Math::random(),
        heartbeat_at,
        desk: desk.limits().rules,
    }
}

/// What is said to this connection alone.
pub(crate) fn answers<'a>(
    effects: &'a [Effect],
    to: &'a ConnectionId,
) -> impl Iterator<Item = &'a ServerFrame> {
    effects.iter().filter_map(move |effect| match effect {
        Effect::Send {
            to: To::One(one),
            frame,
        } if one == to => Some(frame),
        Effect::Send { .. }
        | Effect::Save
        | Effect::Append { .. }
        | Effect::KeepFile { .. }
        | Effect::EraseTranscript
        | Effect::Erase
        | Effect::Replay { .. }
        | Effect::Desk { .. }
        | Effect::AskBot { .. } => None,
    })
}
