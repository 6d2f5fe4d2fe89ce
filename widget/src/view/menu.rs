//! What the header's menu offers, and the one question before a chat is ended or a conversation deleted.

use super::parts::button;
use crate::{
    browser,
    dom::{El, el},
    model::{Menu, Model},
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
        Menu::Erasing => erasing(panel),
    };
    el("div", "over").child_by(move || panel.model.with(|model| model.menu as usize), draw)
}

fn shade(panel: Panel, class: &str) -> El {
    el("div", class).on("click", move |_| panel.set_menu(Menu::Shut))
}

fn offers(panel: Panel) -> El {
    let item = |class: &str, label: &str, then: fn(Panel)| {
        let press = move || {
            panel.set_menu(Menu::Shut);
            then(panel);
        };
        button(class, label, press).attr("role", "menuitem")
    };
    let items = panel.model.with_untracked(|model| {
        let is_here = model.client.state().is_some();
        let sound = if model.muted { text::UNMUTE } else { text::MUTE };
        [
            model.can_ask_for_person().then(|| {
                item("", text::PERSON, |panel| {
                    panel.dispatch(Input::AskForPersonPressed);
                })
            }),
            Some(item("", sound, Panel::toggle_sound)),
            is_here.then(|| item("", text::DOWNLOAD, Panel::download)),
            is_here.then(|| item("", text::PRINT, |_| browser::print())),
            model
                .client
                .is_closed()
                .then(|| item("", text::AGAIN, Panel::start_over)),
            (!model.is_over()).then(|| item("bad", text::END, |panel| panel.set_menu(Menu::Ending))),
            model
                .session()
                .map(|_| item("bad", text::ERASE, |panel| panel.set_menu(Menu::Erasing))),
        ]
    });
    el("div", "").child(shade(panel, "shade")).child(
        el("div", "menu")
            .attr("role", "menu")
            .children(items.into_iter().flatten()),
    )
}

fn ending(panel: Panel) -> El {
    let end = move || {
        panel.set_menu(Menu::Shut);
        panel.dispatch(Input::EndPressed);
    };
    let what = || text::END_WHAT.into();
    ask(panel, text::END_TITLE, what, text::END, end, text::KEEP)
}

fn erasing(panel: Panel) -> El {
    let what = move || {
        let words = panel.model.with(|model| match model.not_erased {
            true => text::NOT_ERASED,
            false if Model::is_over(model) => text::ERASE_WHAT,
            false => text::ERASE_RUNNING,
        });
        words.into()
    };
    let erase = move || panel.erase();
    ask(
        panel,
        text::ERASE_TITLE,
        what,
        text::ERASE_NOW,
        erase,
        text::ERASE_NOT,
    )
}

fn ask(
    panel: Panel,
    title: &str,
    what: impl Fn() -> String + 'static,
    yes: &str,
    then: impl Fn() + 'static,
    no: &str,
) -> El {
    let ask = el("div", "ask")
        .attr("role", "alertdialog")
        .attr("aria-modal", "true")
        .attr("aria-labelledby", "ask")
        .attr("aria-describedby", "ask-what")
        .child(el("h2", "").attr("id", "ask").text(title))
        .child(
            el("p", "quiet")
                .attr("id", "ask-what")
                .attr("role", "status")
                .text_of(what),
        )
        .child(button("primary danger", yes, then))
        .child(button("second", no, move || panel.set_menu(Menu::Shut)));
    el("div", "").child(shade(panel, "shade dark")).child(ask)
}
