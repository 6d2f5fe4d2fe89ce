//! The first screen; `panel.html` draws the same before this runs.

use super::parts::{CLOSE, button, icon_button, screen};
use crate::{
    dom::{El, el},
    model::Trouble,
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::settings::PublicTopic;

pub(super) fn topics(panel: Panel) -> El {
    let site = panel.site;
    let topic = |topic: &'static PublicTopic| {
        let button = button("topic", &topic.label, move || panel.choose(&topic.id));
        el("li", "").child(button.attr("data-topic", &topic.id))
    };
    let hero = el("header", "hero")
        .child(icon_button("icon close", text::CLOSE, CLOSE, page::close))
        .child(el("h1", "").text(&site.name))
        .child(el("p", "").attr("dir", "auto").text(&site.welcome));
    let topics = el("ul", "topics").children(site.topics.iter().map(topic));
    screen(page::close)
        .attr("id", "intake")
        .child(hero)
        .child(trouble(panel))
        .child(topics)
}

/// What went wrong before this screen came back.
pub(super) fn trouble(panel: Panel) -> El {
    let trouble = move || panel.model.with(|model| model.trouble);
    let words = move || match trouble() {
        Some(Trouble::StartRefused) => text::REFUSED.into(),
        Some(Trouble::ConversationGone) => text::GONE.into(),
        None => String::new(),
    };
    el("p", "trouble")
        .attr("role", "alert")
        .shown_if(move || trouble().is_some())
        .text_of(words)
}
