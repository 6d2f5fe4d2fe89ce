//! What the header's menu offers, and the one question before a chat is ended.

use super::parts::button;
use crate::{
    dom::{El, el},
    model::Menu,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::client::Input;

pub(super) fn menu(panel: Panel) -> El {
    let draw = move || match panel.model.with_untracked(|model| model.menu) {
        Menu::Shut => el("div", "").attr("hidden", ""),
        Menu::Open => offers(panel),
        Menu::Ending => ending(panel),
    };
    el("div", "over").child_by(move || panel.model.with(|model| model.menu as usize), draw)
}

fn shade(panel: Panel, class: &str) -> El {
    el("div", class).on("click", move |_| panel.set_menu(Menu::Shut))
}

fn offers(panel: Panel) -> El {
    let (can_ask, closed) = panel
        .model
        .with_untracked(|model| (model.can_ask_for_person(), model.client.is_closed()));
    let ask = move || {
        panel.set_menu(Menu::Shut);
        panel.dispatch(Input::AskForPersonPressed);
    };
    let over = if closed {
        button("", text::AGAIN, move || panel.start_over())
    } else {
        button("bad", text::END, move || panel.set_menu(Menu::Ending))
    };
    let items = can_ask
        .then(|| button("", text::PERSON, ask))
        .into_iter()
        .chain([over]);
    let items = items.map(|item| item.attr("role", "menuitem"));
    el("div", "")
        .child(shade(panel, "shade"))
        .child(el("div", "menu").attr("role", "menu").children(items))
}

fn ending(panel: Panel) -> El {
    let end = move || {
        panel.set_menu(Menu::Shut);
        panel.dispatch(Input::EndPressed);
    };
    let ask = el("div", "ask")
        .attr("role", "alertdialog")
        .attr("aria-modal", "true")
        .attr("aria-labelledby", "ask")
        .attr("aria-describedby", "ask-what")
        .child(el("h2", "").attr("id", "ask").text(text::END_TITLE))
        .child(el("p", "quiet").attr("id", "ask-what").text(text::END_WHAT))
        .child(button("primary danger", text::END, end))
        .child(button("second", text::KEEP, move || panel.set_menu(Menu::Shut)));
    el("div", "").child(shade(panel, "shade dark")).child(ask)
}
