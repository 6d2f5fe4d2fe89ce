//! The conversation, running or closed.

use super::{
    banner::banner,
    composer::composer,
    ended::ended,
    header::header,
    log::log,
    menu::menu,
    parts::{DOWN, screen},
};
use crate::{
    browser,
    dom::{El, el, icon},
    model::{Menu, Model},
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;

pub(super) fn conversation(panel: Panel) -> El {
    let escape = move || {
        if panel.model.with_untracked(|model| model.menu == Menu::Shut) {
            page::close();
        } else {
            panel.set_menu(Menu::Shut);
        }
    };
    let is_over = move || panel.model.with(Model::is_over);
    let pill = el("button", "pill")
        .press(browser::scroll_to_end)
        .shown_if(move || panel.model.with(|model| model.news))
        .child(icon(DOWN))
        .text(text::NEWS);
    let bottom = move || {
        browser::before_paint(|| browser::focus_first(false));
        if is_over() { ended(panel) } else { composer(panel) }
    };
    let bottom = el("div", "").child_by(move || usize::from(is_over()), bottom);
    let foot = el("div", "foot").child(pill).child(bottom);
    screen(escape)
        .child(header(panel))
        .child(banner(panel))
        .child(log(panel))
        .child(foot)
        .child(menu(panel))
}
