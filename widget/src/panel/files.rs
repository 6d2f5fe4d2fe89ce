//! Files that the visitor sends, and links to those of the conversation.

use super::Panel;
use crate::{
    browser::{self, File, Request},
    model::{Model, refused},
    rows::Mark,
    wire,
};
use leptos::prelude::*;
use serde::Deserialize;
use shared::{client::Input, message::MessageId};
use std::cell::RefCell;
use wasm_bindgen::JsValue;

/// The answer to a request for a file.
#[derive(Deserialize)]
struct Link {
    url: String,
}

thread_local! {
    /// What another try may help.
    static UNSENT: RefCell<Vec<(MessageId, File)>> = const { RefCell::new(vec![]) };
}

impl Panel {
    pub(crate) fn attach(self, file: File) {
        let Some(id) = MessageId::parse(browser::random_id()) else {
            return;
        };
        self.scrolled(true);
        let attach =
            |model: &mut Model| model.attach(id.clone(), file.name(), browser::size(&file), browser::now());
        if self.model.try_update(attach) == Some(true) {
            self.upload(id, file);
        }
    }

    /// Sends again, under the same ids, what did not get through.
    pub(crate) fn retry(self) {
        for (id, file) in UNSENT.take() {
            // What belongs to a conversation that was left is dropped.
            if self.mark(&id, Mark::Sending) {
                self.upload(id, file);
            }
        }
        self.dispatch(Input::RetryPressed);
    }

    /// The entry that comes back takes the place of what is shown until then.
    fn upload(self, id: MessageId, file: File) {
        let name = browser::encoded(&file.name());
        let query = ["?id=", id.as_str(), "&name=", &name].concat();
        let body = file.clone().into();
        let answered = move |status, _| {
            if status == 204 {
                return;
            }
            let mark = refused(status);
            let is_waiting = self.mark(&id, mark);
            if let (true, Mark::Failed { again: true, .. }) = (is_waiting, mark) {
                UNSENT.with_borrow_mut(|unsent| unsent.push((id, file)));
            }
        };
        self.ask(&query, Some(body), Box::new(answered));
    }

    fn mark(self, id: &MessageId, mark: Mark) -> bool {
        self.model
            .try_update(|model| model.mark_upload(id, mark))
            .unwrap_or_default()
    }

    /// Calls back with an address that opens the file for some minutes.
    pub(crate) fn link(self, number: u32, then: Box<dyn FnOnce(&str)>) {
        let answered = move |_, answer| {
            if let Some(link) = wire::read::<Link>(answer) {
                then(&link.url);
            }
        };
        self.ask(&["/", &number.to_string()].concat(), None, Box::new(answered));
    }

    fn ask(self, which: &str, body: Option<JsValue>, then: Box<dyn FnOnce(u16, JsValue)>) {
        let Some(session) = self.model.with_untracked(Model::session) else {
            return;
        };
        let post = Request {
            method: "POST",
            path: ["/v1/conversations/", &session.conversation, "/files", which].concat(),
            token: Some(session.token),
            body,
        };
        browser::send(post, then);
    }
}
