//! Runs the visitor's half of the protocol: inputs go in at one place, effects are carried out at one place.

mod edge;
mod files;

use crate::{
    browser::{self, CALENDAR},
    file::as_text,
    model::{Answers, Chosen, Menu, Model, Offer, Stored},
    page::{self, FromPage},
    socket, wire,
};
use leptos::prelude::*;
use shared::{
    client::{Effect, Input},
    message::MessageId,
    protocol::{PING, StartRequest, check_text},
    settings::PublicSettings,
    time::Timestamp,
};

/// What every component is given.
#[derive(Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) model: RwSignal<Model>,
    /// What stands in the composer, and in the message that is left.
    pub(crate) draft: RwSignal<String>,
    told: StoredValue<(Option<String>, u32)>,
}

impl Panel {
    pub(crate) fn new(site: &'static PublicSettings) -> Self {
        Self {
            model: RwSignal::new(Model::new(site, browser::now())),
            draft: RwSignal::new(String::new()),
            told: StoredValue::new((None, 0)),
        }
    }

    pub(crate) fn begin(self) {
        browser::on_window("online", move || {
            self.model.update(|model| model.online = true);
            self.dispatch(Input::WentOnline);
        });
        browser::on_window("offline", move || self.model.update(|model| model.online = false));
        browser::on_window("visibilitychange", move || {
            self.model.update(|model| model.turned(browser::is_visible()));
            self.tell_page();
        });
        browser::listen_to_page(move |origin, said| {
            if let Some(said) = wire::read(said) {
                self.heard_from_page(origin, said);
            }
        });
        self.model.update(|model| model.online = browser::is_online());
        page::ready();
    }

    fn heard_from_page(self, origin: String, said: FromPage) {
        match said.kind.as_str() {
            "hello" => self.met(origin, said),
            "opened" if page::is_met(&origin) => {
                self.opened(true);
                self.refresh_hours();
                self.settle(true);
            }
            "closed" if page::is_met(&origin) => self.opened(false),
            _ => {}
        }
    }

    fn opened(self, open: bool) {
        self.model.update(|model| model.opened(open));
        self.dispatch(Input::TimerFired);
    }

    fn met(self, origin: String, hello: FromPage) {
        page::met(origin, hello.page, hello.referrer);
        self.told.set_value((None, 0));
        if self.draft.with_untracked(String::is_empty) {
            self.draft.set(hello.draft);
        }
        self.model.update(|model| {
            model.muted = hello.muted;
            model.visible = browser::is_visible();
            model.opened(hello.open);
        });
        let stored: Option<Stored> = wire::parse(&hello.kept);
        let fresh = self.model.with_untracked(|model| model.stored().is_none());
        match stored {
            Some(stored) if fresh => {
                self.model
                    .update(|model| model.restore(stored.seen, stored.topic, stored.answers));
                self.dispatch(Input::Restored(stored.kept));
            }
            _ => {
                if let Some(topic) = browser::take_early_topic() {
                    self.choose(&topic);
                }
                self.dispatch(Input::TimerFired);
            }
        }
        self.settle(false);
    }

    /// Puts the focus and the reading place where one goes on.
    fn settle(self, anyway: bool) {
        browser::before_paint(move || {
            browser::focus_first(anyway);
            if self.is_at_end() {
                browser::scroll_to_end();
            }
        });
    }

    pub(crate) fn dispatch(self, input: Input) {
        let now = browser::now();
        if let Input::StartRefused(_) | Input::StartClosed | Input::Refused = input {
            self.keep_unsent();
        }
        let before = self.model.with_untracked(Model::heard);
        let handled = self.model.try_update(|model| {
            let edge_now = Timestamp(model.site.now.0 + browser::since_rendered());
            model.handle(input, now, edge_now, browser::random())
        });
        for effect in handled.unwrap_or_default() {
            self.run(effect);
        }
        if let Some((news, silent)) = self.model.with_untracked(|model| model.sound(before)) {
            browser::blip(&news, silent);
        }
        self.tell_page();
        let next = self.model.with_untracked(Model::next_deadline);
        let wait = next.map(|at| {
            u32::try_from(at.since(now).as_millis())
                .unwrap_or(u32::MAX)
                .min(1 << 30)
        });
        browser::set_timer(wait, move || self.dispatch(Input::TimerFired));
    }

    /// What was not stored goes back to the composer.
    fn keep_unsent(self) {
        let unsent = self.model.with_untracked(|model| {
            let texts: Vec<&str> = model
                .client
                .transcript()
                .outgoing()
                .iter()
                .map(|one| one.text.as_str())
                .collect();
            model.leaving().map_or_else(|| texts.join("\n"), str::to_owned)
        });
        if !unsent.is_empty() && self.draft.with_untracked(String::is_empty) {
            self.write(unsent);
        }
    }

    fn run(self, effect: Effect) {
        match effect {
            Effect::Start(request) => self.start(request),
            Effect::OpenSocket { session, after } => self.open_socket(session, after),
            Effect::CloseSocket => socket::close(),
            Effect::SendFrames(frames) => frames
                .iter()
                .for_each(|frame| socket::send(&wire::to_json(frame))),
            Effect::Ping => socket::send(PING),
            Effect::Poll { session, request } => self.poll(session, request),
            // The page is told after every input.
            Effect::Keep(_) | Effect::Forget => {}
        }
    }

    fn tell_page(self) {
        let (stored, unread) = self
            .model
            .with_untracked(|model| (model.stored(), model.unread()));
        let stored = stored.map(|stored| wire::to_json(&stored));
        self.told.update_value(|(told, count)| {
            if *told != stored {
                page::keep(stored.as_deref());
                *told = stored;
            }
            if *count != unread {
                page::unread(unread);
                *count = unread;
            }
        });
    }

    // --- What the visitor does

    /// A topic with a form shows it; one without starts.
    pub(crate) fn choose(self, id: &str) {
        let found = self.model.with_untracked(|model| {
            let mut topics = model.site.topics.iter().enumerate();
            let (index, topic) = topics.find(|(_, topic)| topic.id == id)?;
            Some((index, model.offer(topic)))
        });
        match found {
            Some((index, Offer::Message)) => self.show(Chosen::Message(index)),
            Some((index, Offer::Chat)) => {
                let chosen = Chosen::Chat(index);
                if self.model.with_untracked(|model| model.form(chosen).is_some()) {
                    self.show(chosen);
                } else {
                    self.begin_conversation(chosen, Answers::new(), None);
                }
            }
            Some((_, Offer::Nothing)) | None => {}
        }
    }

    fn show(self, chosen: Chosen) {
        self.model.update(|model| model.choose(Some(chosen)));
    }

    pub(crate) fn back_to_topics(self) {
        self.model.update(|model| model.choose(None));
    }

    pub(crate) fn submit(self, chosen: Chosen) {
        let message = self.draft.with_untracked(|draft| draft.trim().to_owned());
        let (offer, (answers, errors)) = self.model.with_untracked(|model| {
            let offer = model
                .topic(chosen)
                .map_or(Offer::Nothing, |topic| model.offer(topic));
            (offer, model.check(chosen, &message, browser::matches))
        });
        match chosen {
            Chosen::Chat(_) if offer != Offer::Chat => self.model.update(Model::closed_meanwhile),
            _ if !errors.is_empty() => self.model.update(|model| model.errors = errors),
            Chosen::Chat(_) => self.begin_conversation(chosen, answers, None),
            Chosen::Message(_) => {
                self.write(String::new());
                self.begin_conversation(chosen, answers, Some(message));
            }
        }
    }

    fn begin_conversation(self, chosen: Chosen, answers: Answers, message: Option<String>) {
        let (page, referrer) = page::address();
        let Some(topic) = self.model.with_untracked(|model| model.topic(chosen)) else {
            return;
        };
        self.dispatch(Input::StartPressed(StartRequest {
            site: browser::site_name(),
            key: browser::random_id(),
            topic: topic.id.clone(),
            answers,
            message,
            page,
            referrer,
        }));
    }

    pub(crate) fn write(self, text: String) {
        page::draft(&text);
        self.draft.set(text);
    }

    pub(crate) fn send_draft(self) {
        let text = browser::composer_text();
        if check_text(&text).is_err() {
            return;
        }
        self.write(String::new());
        self.send(text.trim().into());
    }

    pub(crate) fn send(self, text: String) {
        if let Some(id) = MessageId::parse(browser::random_id()) {
            self.scrolled(true);
            self.dispatch(Input::SendPressed { id, text });
        }
    }

    pub(crate) fn set_menu(self, menu: Menu) {
        let before = self.model.with_untracked(|model| model.menu);
        self.model.update(|model| {
            model.menu = menu;
            model.not_erased = false;
        });
        match (before, menu) {
            (_, Menu::Open | Menu::Ending | Menu::Erasing) => {
                browser::before_paint(|| browser::focus(".over button"))
            }
            (Menu::Open | Menu::Ending | Menu::Erasing, Menu::Shut) => browser::focus(".more"),
            (Menu::Shut, Menu::Shut) => {}
        }
    }

    pub(crate) fn is_at_end(self) -> bool {
        self.model.with_untracked(|model| model.at_end)
    }

    pub(crate) fn scrolled(self, at_end: bool) {
        self.model.update_untracked(|model| model.at_end = at_end);
        if at_end && self.model.with_untracked(|model| model.news) {
            self.model.update(|model| model.scrolled(true));
        }
    }

    pub(crate) fn start_over(self) {
        self.dispatch(Input::AgainPressed);
    }

    /// Ends the waiting chat and opens the form for a message.
    pub(crate) fn leave_message(self) {
        self.model.update_untracked(Model::end_for_message);
        self.dispatch(Input::EndPressed);
    }

    pub(crate) fn toggle_sound(self) {
        let muted = self.model.with_untracked(|model| !model.muted);
        self.model.update_untracked(|model| model.muted = muted);
        page::muted(muted);
    }

    pub(crate) fn download(self) {
        let text = self.model.with_untracked(|model| as_text(model, &CALENDAR));
        browser::download(crate::text::FILE, &text);
    }
}
