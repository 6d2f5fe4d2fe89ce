//! Below a closed conversation: who ended it and why, and the way to a new one.

use super::parts::button;
use crate::{
    browser,
    dom::{El, el},
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::protocol::PhaseView;

pub(super) fn ended(panel: Panel) -> El {
    let why = move || {
        panel.model.with(|model| match model.phase() {
            Some(PhaseView::Closed { by, at }) => text::closed(*by, &browser::clock(*at)),
            Some(PhaseView::WithBot | PhaseView::Waiting | PhaseView::WithAgent { .. }) | None => {
                String::new()
            }
        })
    };
    el("div", "ended")
        .child(el("p", "").attr("role", "status").text_of(why))
        .child(button("primary", text::AGAIN, move || panel.start_over()))
}
