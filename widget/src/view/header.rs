//! Who answers.

use super::parts::{CLOSE, MORE, icon_button};
use crate::{
    dom::{El, el},
    model::Menu,
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::protocol::Phase;

pub(super) fn header(panel: Panel) -> El {
    let site = panel.model.with_untracked(|model| model.site);
    let who = move || {
        panel.model.with(|model| match model.phase() {
            Some(Phase::WithBot) => site.bot_name.clone(),
            Some(Phase::WithAgent { name }) => name.clone(),
            Some(Phase::Waiting) => site.mask.clone(),
            Some(Phase::Closed { .. }) | None => site.name.clone(),
        })
    };
    let below = move || {
        panel.model.with(|model| match model.phase() {
            Some(Phase::WithBot) => text::AUTOMATIC.into(),
            Some(Phase::WithAgent { .. } | Phase::Waiting) => site.name.clone(),
            Some(Phase::Closed { .. }) | None => String::new(),
        })
    };
    let initial = move || who().chars().take(1).collect();
    let is_open = move || panel.model.with(|model| model.menu == Menu::Open);
    let toggle = move || panel.set_menu(if untrack(is_open) { Menu::Shut } else { Menu::Open });
    let more = icon_button("icon more", text::MENU, MORE, toggle)
        .attr("aria-haspopup", "menu")
        .attr_of("aria-expanded", move || if is_open() { "true" } else { "false" });
    let names = el("div", "who")
        .child(el("h1", "").attr("dir", "auto").text_of(who))
        .child(el("p", "quiet").attr("dir", "auto").text_of(below));
    el("header", "bar")
        .child(el("span", "face").attr("aria-hidden", "true").text_of(initial))
        .child(names)
        .child(more)
        .child(icon_button("icon", text::CLOSE, CLOSE, page::close))
}
