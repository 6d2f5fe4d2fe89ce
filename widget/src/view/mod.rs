//! The screens. One file a component; they draw what the model says and decide nothing.

mod banner;
mod composer;
mod conversation;
mod ended;
mod file;
mod form;
mod header;
mod log;
mod menu;
mod message;
mod parts;
mod topics;

use crate::{
    browser,
    dom::El,
    model::{Chosen, Model, Screen},
    panel::Panel,
};
use leptos::prelude::*;

/// Fills the element with the screen that the model asks for.
pub(crate) fn app(panel: Panel, root: El) {
    let key = move || match panel.model.with(Model::screen) {
        // Made anew with other settings.
        Screen::Topics => std::ptr::from_ref(panel.model.with(|model| model.site)).addr(),
        Screen::Conversation => 1,
        Screen::Form(Chosen::Chat(topic)) => 2 + 2 * topic,
        Screen::Form(Chosen::Message(topic)) => 3 + 2 * topic,
    };
    let draw = move || {
        browser::before_paint(|| browser::focus_first(false));
        match panel.model.with_untracked(Model::screen) {
            Screen::Topics => topics::topics(panel),
            Screen::Form(chosen) => form::form(panel, chosen),
            Screen::Conversation => conversation::conversation(panel),
        }
    };
    root.child_by(key, draw);
}
