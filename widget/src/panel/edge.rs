//! What is asked of the edge, and what becomes of its answers.

use super::Panel;
use crate::{
    browser::{self, Request},
    model::Model,
    socket::{self, Heard},
    wire,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{
    client::Input,
    form::FieldError,
    message::Seq,
    newer::Maybe,
    protocol::{PollAnswer, PollRequest, SUBPROTOCOL, StartAnswer, StartRequest},
    settings::PublicSettings,
    time::Timestamp,
};

/// As much of an error's body as the panel makes use of.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(default)]
    fields: Vec<FieldError>,
}

/// The code of a start that came after the hours.
const CLOSED: &str = "closed";

impl Panel {
    pub(super) fn start(self, request: StartRequest) {
        let body = wire::to_json(&request);
        let post = Request {
            method: "POST",
            path: "/v1/conversations".into(),
            body: Some(body.into()),
            token: None,
        };
        browser::send(post, move |status, answer| {
            if !self.model.with_untracked(|model| model.is_starting(&request)) {
                return;
            }
            self.dispatch(match status {
                200 => wire::read(answer).map_or(Input::StartFailed, Input::Started),
                408 | 429 => Input::StartFailed,
                400..500 => match wire::read::<Refusal>(answer) {
                    Some(error) if error.code == CLOSED => return self.start_closed(request),
                    error => Input::StartRefused(error.map(|error| error.fields).unwrap_or_default()),
                },
                _ => Input::StartFailed,
            });
        });
    }

    /// The hours are others than the panel knew.
    fn start_closed(self, request: StartRequest) {
        self.fetch_site(move |site| {
            if !self.model.with_untracked(|model| model.is_starting(&request)) {
                return;
            }
            if let Some(site) = site {
                self.model
                    .update_untracked(|model| model.set_site(site, browser::now()));
            }
            self.dispatch(Input::StartClosed);
        });
    }

    /// A page may have stood for days, or slept, when its panel is opened: then its hours have run out.
    pub(super) fn refresh_hours(self) {
        let is_needed = move || {
            self.model
                .with_untracked(|model| model.has_old_hours(browser::now()))
        };
        if !is_needed() {
            return;
        }
        self.fetch_site(move |site| {
            if let Some(site) = site.filter(|_| is_needed()) {
                self.model
                    .update_untracked(|model| model.set_site(site, browser::now()));
                self.dispatch(Input::TimerFired);
            }
        });
    }

    fn fetch_site(self, then: impl FnOnce(Option<PublicSettings>) + 'static) {
        let get = Request {
            method: "GET",
            path: "/v1/sites/".to_owned() + &browser::site_name(),
            ..Request::default()
        };
        browser::send(get, move |_, answer| {
            let mut site: Option<PublicSettings> = wire::read(answer);
            if let Some(site) = &mut site {
                // As if this page had been rendered with them.
                site.now = Timestamp(site.now.0 - browser::since_rendered());
            }
            then(site);
        });
    }

    pub(super) fn poll(self, session: StartAnswer, request: PollRequest) {
        let post = Request {
            method: "POST",
            path: ["/v1/conversations/", &session.conversation, "/poll"].concat(),
            token: Some(session.token),
            body: Some(wire::to_json(&request).into()),
        };
        browser::send(post, move |status, answer| {
            if !self
                .model
                .with_untracked(|model| model.is_running(&session.conversation))
            {
                return;
            }
            self.dispatch(match status {
                200 => wire::read(answer).map_or(Input::PollFailed, |answer: PollAnswer| {
                    Input::PollAnswered(answer.frames.into_iter().filter_map(Maybe::known).collect())
                }),
                401 | 404 => Input::Refused,
                _ => Input::PollFailed,
            });
        });
    }

    pub(super) fn open_socket(self, session: StartAnswer, after: Seq) {
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
                Heard::Text(text) => Input::FramesArrived(wire::parse(&text).into_iter().collect()),
                Heard::Closed { code: 4401 | 4404 } => Input::Refused,
                Heard::Closed { .. } => Input::SocketClosed,
            });
        });
        if !opened {
            leptos::task::spawn_local(async move { self.dispatch(Input::SocketClosed) });
        }
    }

    /// Back to the topics once the edge has deleted the conversation, or does not know it any more.
    pub(crate) fn erase(self) {
        let Some(session) = self.model.with_untracked(Model::session) else {
            return;
        };
        let delete = Request {
            method: "DELETE",
            path: "/v1/conversations/".to_owned() + &session.conversation,
            token: Some(session.token),
            body: None,
        };
        browser::send(delete, move |status, _| {
            let is_still_here = self
                .model
                .with_untracked(|model| model.is_running(&session.conversation));
            match status {
                _ if !is_still_here => {}
                204 | 401 | 404 => {
                    self.model.update_untracked(|model| model.answers.clear());
                    self.write(String::new());
                    self.dispatch(Input::AgainPressed);
                }
                _ => self.model.update(|model| model.not_erased = true),
            }
        });
    }
}
