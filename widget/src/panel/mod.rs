//! Runs the visitor's half of the protocol: inputs go in at one place, effects are carried out at one place.

use crate::{
    browser,
    json::{self, Json, to_text},
    model::{Answers, Menu, Model, Stored},
    page,
    socket::{self, Heard},
};
use leptos::prelude::*;
use shared::{
    client::{Effect, Input},
    message::{MAX_TEXT, MessageId, Seq},
    protocol::{PING, PollRequest, SUBPROTOCOL, ServerFrame, StartAnswer, StartRequest},
    settings::{DEFAULT_SITE, PublicSettings, PublicTopic},
};

/// What every component is given.
#[derive(Clone, Copy)]
pub(crate) struct Panel {
    pub(crate) site: &'static PublicSettings,
    pub(crate) model: RwSignal<Model>,
    /// What stands in the composer.
    pub(crate) draft: RwSignal<String>,
    told: StoredValue<(Option<String>, u32)>,
}

impl Panel {
    pub(crate) fn new(site: &'static PublicSettings) -> Self {
        Self {
            site,
            model: RwSignal::new(Model::new()),
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
        browser::listen_to_page(move |origin, said| self.heard_from_page(origin, said));
        self.model.update(|model| model.online = browser::is_online());
        page::ready();
    }

    fn heard_from_page(self, origin: String, mut said: Json) {
        let kind = said.text_at("edgechat").unwrap_or_default();
        match kind.as_str() {
            "hello" => self.met(origin, said),
            "opened" | "closed" if page::is_met(&origin) => {
                let open = kind == "opened";
                self.model.update(|model| model.opened(open));
                self.tell_page();
                if open {
                    self.settle(true);
                }
            }
            _ => {}
        }
    }

    fn met(self, origin: String, mut said: Json) {
        page::met(
            origin,
            said.text_at("page").unwrap_or_default(),
            said.text_at("referrer").unwrap_or_default(),
        );
        self.told.set_value((None, 0));
        if self.draft.with_untracked(String::is_empty) {
            self.draft.set(said.text_at("draft").unwrap_or_default());
        }
        self.model
            .update(|model| model.opened(said.member("open").is_true()));
        let stored: Option<Stored> = said
            .text_at("kept")
            .and_then(|kept| json::stored(browser::parse(&kept)));
        let fresh = self.model.with_untracked(|model| model.stored().is_none());
        match stored {
            Some(Stored { kept, seen }) if fresh => {
                self.model.update(|model| model.restore(seen));
                self.dispatch(Input::Restored(kept));
            }
            _ => {
                if let Some(topic) = browser::take_early_topic() {
                    self.choose(&topic);
                }
                self.tell_page();
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
        if let Input::StartRefused(_) | Input::Refused = input {
            self.keep_unsent();
        }
        let handled = self
            .model
            .try_update(|model| model.handle(input, now, browser::random(), self.site));
        for effect in handled.unwrap_or_default() {
            self.run(effect);
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
            texts.join("\n")
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
            Effect::SendFrames(frames) => frames.iter().for_each(|frame| socket::send(&to_text(frame))),
            Effect::Ping => socket::send(PING),
            Effect::Poll { session, request } => self.poll(session, request),
            // The page is told after every input.
            Effect::Keep(_) | Effect::Forget => {}
        }
    }

    fn start(self, request: StartRequest) {
        let body = to_text(&request);
        browser::post("/v1/conversations".into(), None, body, move |status, answer| {
            if !self.model.with_untracked(|model| model.is_starting(&request)) {
                return;
            }
            self.dispatch(match status {
                200 => json::start_answer(answer).map_or(Input::StartFailed, Input::Started),
                408 | 429 => Input::StartFailed,
                400..500 => Input::StartRefused(json::field_errors(answer)),
                _ => Input::StartFailed,
            });
        });
    }

    fn poll(self, session: StartAnswer, request: PollRequest) {
        let path = ["/v1/conversations/", &session.conversation, "/poll"].concat();
        browser::post(
            path,
            Some(session.token),
            to_text(&request),
            move |status, mut answer| {
                if !self
                    .model
                    .with_untracked(|model| model.is_running(&session.conversation))
                {
                    return;
                }
                self.dispatch(match status {
                    200 => Input::PollAnswered(frames(answer.member("frames").list())),
                    401 | 404 => Input::Refused,
                    _ => Input::PollFailed,
                });
            },
        );
    }

    fn open_socket(self, session: StartAnswer, after: Seq) {
        let origin = browser::origin();
        let host = origin.strip_prefix("http").unwrap_or_default();
        let after = after.0.to_string();
        let url = [
            "ws",
            host,
            "/v1/conversations/",
            &session.conversation,
            "/socket?after=",
            &after,
        ]
        .concat();
        let opened = socket::open(&url, &[SUBPROTOCOL, &session.token], move |heard| {
            self.dispatch(match heard {
                Heard::Opened => Input::SocketOpened,
                Heard::Text(text) => Input::FramesArrived(frames(vec![browser::parse(&text)])),
                Heard::Closed { code: 4401 | 4404 } => Input::Refused,
                Heard::Closed { .. } => Input::SocketClosed,
            });
        });
        if !opened {
            leptos::task::spawn_local(async move { self.dispatch(Input::SocketClosed) });
        }
    }

    fn tell_page(self) {
        let (stored, unread) = self
            .model
            .with_untracked(|model| (model.stored(), model.unread()));
        let stored = stored.map(|stored| to_text(&stored));
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
        let Some(index) = self.site.topics.iter().position(|topic| topic.id == id) else {
            return;
        };
        let topic = &self.site.topics[index];
        if topic.form.is_some() {
            self.model.update(|model| {
                model.chosen = Some(index);
                model.errors.clear();
                model.trouble = None;
            });
        } else {
            self.begin_conversation(topic, Answers::new());
        }
    }

    pub(crate) fn back_to_topics(self) {
        self.model.update(|model| model.chosen = None);
    }

    pub(crate) fn submit(self, topic: &PublicTopic) {
        let Some(form) = &topic.form else { return };
        let mut answers = Answers::new();
        self.model.with_untracked(|model| {
            for field in &form.fields {
                answers.insert(field.id.clone(), model.answer(&field.id).into());
            }
        });
        let errors = form.check(&answers, browser::matches);
        if errors.is_empty() {
            self.begin_conversation(topic, answers);
        } else {
            self.model.update(|model| model.errors = errors);
        }
    }

    fn begin_conversation(self, topic: &PublicTopic, answers: Answers) {
        let (page, referrer) = page::address();
        let key = browser::random_id();
        self.dispatch(Input::StartPressed(StartRequest {
            site: DEFAULT_SITE.into(),
            key,
            topic: topic.id.clone(),
            answers,
            message: None,
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
        if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
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
        self.model.update(|model| model.menu = menu);
        match (before, menu) {
            (_, Menu::Open | Menu::Ending) => browser::before_paint(|| browser::focus(".over button")),
            (Menu::Open | Menu::Ending, Menu::Shut) => browser::focus(".more"),
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
        self.model.update(|model| model.chosen = None);
        self.dispatch(Input::AgainPressed);
    }
}

/// A frame of an unknown kind is skipped.
fn frames(frames: Vec<Json>) -> Vec<ServerFrame> {
    frames.into_iter().filter_map(json::server_frame).collect()
}
