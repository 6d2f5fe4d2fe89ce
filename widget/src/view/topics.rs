//! The first screen; `panel.html` draws the same before this runs.

use super::parts::{CLOSE, icon_button, screen};
use crate::{
    browser::CALENDAR,
    dom::{El, el},
    model::{Model, Offer, Trouble},
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::{
    hours::Availability,
    settings::{PublicTopic, WhenClosed},
};

pub(super) fn topics(panel: Panel) -> El {
    let site = panel.model.with_untracked(|model| model.site);
    let is_open = move || panel.model.with(|model| model.site_availability().is_open());
    let greeting = move || match is_open() {
        true => site.welcome.clone(),
        false if site.closed.is_empty() => text::CLOSED.into(),
        false => site.closed.clone(),
    };
    let opens = move || {
        panel
            .model
            .with(|model| opens(model, model.site_availability()))
            .unwrap_or_default()
    };
    let hero = el("header", "hero")
        .child(icon_button("icon close", text::CLOSE, CLOSE, page::close))
        .child(el("h1", "").text(&site.name))
        .child(el("p", "").attr("dir", "auto").text_of(greeting))
        .child(
            el("small", "")
                .shown_if(move || !opens().is_empty())
                .text_of(opens),
        );
    let topics = el("ul", "topics")
        .shown_if(move || is_open() || site.when_closed != WhenClosed::Hide)
        .children(site.topics.iter().map(|topic| self::topic(panel, topic)));
    screen(page::close)
        .attr("id", "intake")
        .child(hero)
        .child(trouble(panel))
        .child(topics)
}

fn topic(panel: Panel, topic: &'static PublicTopic) -> El {
    let line = move || panel.model.with(|model| line(model, topic));
    let label = el("span", "")
        .attr("dir", "auto")
        .text(&topic.label)
        .child(el("small", "").shown_if(move || !line().is_empty()).text_of(line));
    let button = el("button", "topic")
        .attr("data-topic", &topic.id)
        .flag_of("disabled", move || {
            panel.model.with(|model| model.offer(topic) == Offer::Nothing)
        })
        .press(move || panel.choose(&topic.id))
        .child(label);
    el("li", "").child(button)
}

/// What to expect of a topic on which nobody answers now.
fn line(model: &Model, topic: &PublicTopic) -> String {
    let availability = model.availability(topic);
    // The header has said it already.
    let opens = opens(model, availability).filter(|_| availability != model.site_availability());
    let offer = match model.offer(topic) {
        Offer::Message => Some(text::LEAVE_MESSAGE),
        Offer::Chat if !availability.is_open() => Some(text::AUTOMATIC),
        Offer::Chat | Offer::Nothing => None,
    };
    let parts: Vec<&str> = offer.into_iter().chain(opens.as_deref()).collect();
    parts.join("\n")
}

/// "Opens tomorrow at 9:00"
pub(super) fn opens(model: &Model, availability: Availability) -> Option<String> {
    match availability {
        Availability::ClosedUntil(at) => Some(CALENDAR.opens(at, model.edge_now)),
        Availability::AlwaysOpen | Availability::OpenUntil(_) | Availability::Closed => None,
    }
}

/// What went wrong before this screen came back.
pub(super) fn trouble(panel: Panel) -> El {
    let trouble = move || panel.model.with(|model| model.trouble);
    let words = move || match trouble() {
        Some(Trouble::StartRefused) => text::REFUSED.into(),
        Some(Trouble::ConversationGone) => text::GONE.into(),
        Some(Trouble::Closed) => text::CLOSED_MEANWHILE.into(),
        None => String::new(),
    };
    el("p", "trouble")
        .attr("role", "alert")
        .shown_if(move || trouble().is_some())
        .text_of(words)
}
