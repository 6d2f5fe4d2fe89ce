//! One line on top of the conversation when something is not as it should be.

use super::parts::button;
use crate::{
    browser::CALENDAR,
    dom::{El, el},
    model::{Banner, Model},
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::client::Input;

pub(super) fn banner(panel: Panel) -> El {
    let banner = move || panel.model.with(Model::banner);
    let class = move || match banner() {
        Some(Banner::Connecting) => "banner late",
        Some(Banner::Offline | Banner::Unreached | Banner::Closes { .. } | Banner::DeskRetrying) => {
            "banner warn"
        }
        Some(Banner::Waiting | Banner::LeaveMessage) | None => "banner",
    };
    let words = move || match banner() {
        Some(Banner::Connecting) => text::CONNECTING.into(),
        Some(Banner::Offline) => text::OFFLINE.into(),
        Some(Banner::Unreached) => text::UNREACHED.into(),
        Some(Banner::Closes { at }) => text::closes_at(&(CALENDAR.clock)(at)),
        Some(Banner::DeskRetrying) => text::DESK_RETRYING.into(),
        Some(Banner::Waiting) => text::WAITING.into(),
        Some(Banner::LeaveMessage) => text::NOBODY.into(),
        None => String::new(),
    };
    let stay = button("", text::HERE, move || panel.dispatch(Input::StayPressed))
        .shown_if(move || matches!(banner(), Some(Banner::Closes { .. })));
    let leave = button("", text::LEAVE_MESSAGE, move || panel.leave_message())
        .shown_if(move || banner() == Some(Banner::LeaveMessage));
    el("div", "")
        .attr_of("class", class)
        .shown_if(move || banner().is_some())
        .child(el("p", "").attr("role", "status").text_of(words))
        .child(stay)
        .child(leave)
}
