//! Where the visitor writes, and what can be said by one press.

use super::parts::{CLIP, PERSON, SEND, button, icon_button};
use crate::{
    browser::{self, Key},
    dom::{El, el, follow, icon},
    model::Model,
    panel::Panel,
    rows::{replies, replies_to},
    text,
};
use leptos::{ev::Event, prelude::*};
use shared::{client::Input, file::FileKind, message::MAX_TEXT};

/// From this length on the visitor sees how much is left.
const COUNT_FROM: usize = 3_600;

pub(super) fn composer(panel: Panel) -> El {
    follow(move || {
        panel.draft.track();
        browser::before_paint(move || {
            browser::grow_composer();
            if panel.is_at_end() {
                browser::scroll_to_end();
            }
        });
    });
    let length = move || panel.draft.with(|draft| draft.chars().count());
    let keydown = move |event: Event| {
        if browser::key(&event) == Key::Enter {
            event.prevent_default();
            panel.send_draft();
        }
    };
    let field = el("textarea", "")
        .attr("id", "composer")
        .attr("rows", "1")
        .attr("dir", "auto")
        .attr("enterkeyhint", "send")
        .attr("aria-label", text::WRITE)
        .attr("placeholder", text::WRITE)
        .attr("data-focus", "")
        .value_of(move || panel.draft.get())
        .on("input", move |event| panel.write(browser::text_of(&event)))
        .on("keydown", keydown);
    let count = el("p", "")
        .attr_of("class", move || {
            if length() > MAX_TEXT {
                "quiet count over"
            } else {
                "quiet count"
            }
        })
        .shown_if(move || length() > COUNT_FROM)
        .text_of(move || [&length().to_string(), " / ", &MAX_TEXT.to_string()].concat());
    let send = icon_button("icon send", text::SEND, SEND, move || panel.send_draft())
        .flag_of("disabled", move || {
            panel.draft.with(|draft| draft.trim().is_empty()) || length() > MAX_TEXT
        });
    let composer = el("div", "composer")
        .child(clip(panel))
        .child(el("div", "text").child(field).child(count))
        .child(send);
    el("div", "").child(choices(panel)).child(composer)
}

/// Opens the system's choice of files. `boot.js` puts into it what is pasted or dropped.
fn clip(panel: Panel) -> El {
    let kinds = panel
        .model
        .with_untracked(|model| model.site.attachments.as_ref().map(|taken| &taken.kinds[..]));
    let field = el("input", "sr")
        .attr("type", "file")
        .attr("multiple", "")
        .attr("accept", &accept(kinds.unwrap_or_default()))
        .attr("aria-label", text::ATTACH)
        .on("change", move |event| {
            browser::picked(&event, |file| panel.attach(file))
        });
    el("label", "icon clip")
        .attr("title", text::ATTACH)
        .shown_if(move || panel.model.with(|model| model.takes_files().is_some()))
        .child(field)
        .child(icon(CLIP))
}

/// What the system offers first; the edge judges by content.
fn accept(kinds: &[FileKind]) -> String {
    let accept = kinds.iter().map(|kind| match kind {
        FileKind::Image => "image/png,image/jpeg,image/gif,image/webp",
        FileKind::Pdf => "application/pdf",
        FileKind::Text => "text/*",
        FileKind::Archive => ".zip,.docx,.xlsx,.pptx,.odt,.ods,.odp",
        FileKind::Other => "*/*",
    });
    accept.collect::<Vec<_>>().join(",")
}

/// Quick replies, and the way to a person.
fn choices(panel: Panel) -> El {
    let key = move || panel.model.with(replies_to);
    let can_ask = move || panel.model.with(Model::can_ask_for_person);
    let reply = move |reply: String| {
        let label = reply.clone();
        button("", &label, move || panel.send(reply.clone())).attr("dir", "auto")
    };
    let draw = move || el("div", "flat").children(panel.model.with_untracked(replies).into_iter().map(reply));
    let person = el("button", "person")
        .press(move || panel.dispatch(Input::AskForPersonPressed))
        .shown_if(can_ask)
        .child(icon(PERSON))
        .text(text::PERSON);
    el("div", "replies")
        .shown_if(move || can_ask() || key() > 0)
        .child(el("div", "flat").child_by(key, draw))
        .child(person)
}
