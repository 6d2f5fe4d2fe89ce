//! Below a closed conversation or a left message: what became of it, the rating, and the way to a new one.

use super::parts::{STAR, button};
use crate::{
    browser,
    dom::{El, el, icon},
    model::{Left, Model},
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::{client::Input, protocol::Phase};

pub(super) fn ended(panel: Panel) -> El {
    let why = move || {
        panel.model.with(|model| match (model.left(), model.phase()) {
            (Some(Left::OnItsWay), _) => text::LEAVING.into(),
            (Some(Left::Stored), _) => text::LEFT.into(),
            (Some(Left::WithTeam), _) => text::LEFT_WITH_TEAM.into(),
            (Some(Left::Lost), _) => text::LEFT_LOST.into(),
            (None, Some(Phase::Closed { by, at })) => text::closed(*by, &(browser::CALENDAR.clock)(*at)),
            (None, Some(Phase::WithBot | Phase::Waiting | Phase::WithAgent { .. }) | None) => String::new(),
        })
    };
    let is_rated = move || {
        panel
            .model
            .with(|model| model.client.state().is_some_and(|state| state.rated))
    };
    let can_rate = move || panel.model.with(Model::can_rate);
    let thanks = el("p", "quiet").attr("role", "status").text_of(move || {
        if is_rated() {
            text::RATED.into()
        } else {
            String::new()
        }
    });
    el("div", "ended")
        .child(el("p", "").attr("role", "status").text_of(why))
        .child(rating(panel).shown_if(move || can_rate() && !is_rated()))
        .child(thanks)
        .child(
            button("", text::AGAIN, move || panel.start_over())
                .attr_of("class", move || {
                    let is_rating = panel.model.with(|model| model.stars > 0) && !is_rated();
                    if is_rating { "second" } else { "primary" }
                })
                .shown_if(move || panel.model.with(|model| model.client.is_closed())),
        )
}

/// Stars first; words and the button come with them.
fn rating(panel: Panel) -> El {
    let stars = move || panel.model.with(|model| model.stars);
    let star = |count: u8| {
        let radio = el("input", "sr")
            .attr("type", "radio")
            .attr("name", "stars")
            .attr("aria-label", &text::stars(count))
            .on("change", move |_| panel.model.update(|model| model.stars = count));
        el("label", "").child(radio).child(icon(STAR))
    };
    let comment = el("textarea", "")
        .attr("rows", "2")
        .attr("dir", "auto")
        .attr("maxlength", "1000")
        .attr("aria-label", text::RATE_MORE)
        .attr("placeholder", text::RATE_MORE)
        .on("input", move |event| {
            let comment = browser::text_of(&event);
            panel.model.update_untracked(|model| model.comment = comment);
        });
    let send = move || {
        let (stars, comment) = panel
            .model
            .with_untracked(|model| (model.stars, model.comment.trim().to_owned()));
        panel.dispatch(Input::RatePressed { stars, comment });
    };
    let more = el("div", "more-said")
        .shown_if(move || stars() > 0)
        .child(comment)
        .child(
            button("primary", text::SEND, send)
                .flag_of("disabled", move || panel.model.with(|model| model.is_rating)),
        );
    el("fieldset", "rating")
        .child(el("legend", "").text(text::RATE))
        .child(el("div", "stars").children((1..=5).map(star)))
        .child(more)
}
