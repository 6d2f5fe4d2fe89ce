//! Who the visitor is, as far as the topic asks for it; and the message, where one is left.

use super::{
    parts::{BACK, CLOSE, icon_button, screen},
    topics::{opens, topics, trouble},
};
use crate::{
    browser,
    dom::{El, el, follow},
    model::{Chosen, MESSAGE},
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::form::{Field, FieldKind};

pub(super) fn form(panel: Panel, chosen: Chosen) -> El {
    follow(move || {
        if panel.model.with(|model| !model.errors.is_empty()) {
            browser::before_paint(|| browser::focus("[aria-invalid=true]"));
        }
    });
    let (topic, form) = panel
        .model
        .with_untracked(|model| (model.topic(chosen), model.form(chosen)));
    let Some(topic) = topic else {
        return topics(panel);
    };
    let opens = move || {
        panel
            .model
            .with(|model| opens(model, model.availability(topic)))
            .unwrap_or_default()
    };
    let who = el("div", "who")
        .child(el("h1", "").attr("dir", "auto").text(&topic.label))
        .child(el("p", "quiet").text_of(opens));
    let bar = el("header", "bar")
        .child(icon_button("icon back", text::BACK, BACK, move || {
            panel.back_to_topics()
        }))
        .child(who)
        .child(icon_button("icon", text::CLOSE, CLOSE, page::close));
    let leaves_message = matches!(chosen, Chosen::Message(_));
    let (what, action) = if leaves_message {
        (Some(text::LEAVE_WHAT), text::SEND_MESSAGE)
    } else {
        (None, text::START)
    };
    let fields = form.into_iter().flat_map(|form| &form.fields);
    let fields = fields
        .map(|field| self::field(panel, field))
        .chain(leaves_message.then(|| message(panel)));
    let submit = move |event: leptos::ev::Event| {
        event.prevent_default();
        panel.submit(chosen);
    };
    let form = el("form", "form")
        .attr("novalidate", "")
        .on("submit", submit)
        .children(what.map(|what| el("p", "").text(what)))
        .children(fields)
        .child(el("button", "primary").text(action));
    screen(page::close).child(bar).child(trouble(panel)).child(form)
}

fn field(panel: Panel, field: &'static Field) -> El {
    let (kind, autocomplete) = match field.kind {
        FieldKind::Name => ("text", "name"),
        FieldKind::Email => ("email", "email"),
        FieldKind::Text => ("text", "off"),
    };
    let answer = panel
        .model
        .with_untracked(|model| model.answer(&field.id).to_owned());
    let write = move |event: leptos::ev::Event| {
        let answer = browser::text_of(&event);
        panel
            .model
            .update_untracked(|model| model.set_answer(&field.id, answer));
    };
    let input = el("input", "")
        .attr("name", &field.id)
        .attr("type", kind)
        .attr("autocomplete", autocomplete)
        .attr("value", &answer)
        .attr("aria-required", if field.required { "true" } else { "false" })
        .on("input", write);
    labelled(panel, &field.id, &field.label, field.hint.as_deref(), input)
}

fn message(panel: Panel) -> El {
    let input = el("textarea", "")
        .attr("rows", "5")
        .attr("aria-required", "true")
        .value_of(move || panel.draft.get())
        .on("input", move |event| panel.write(browser::text_of(&event)));
    labelled(panel, MESSAGE, text::MESSAGE, None, input)
}

/// A field with its label above, and what is wrong with it, or else its hint, below.
fn labelled(panel: Panel, field: &'static str, label: &str, hint: Option<&'static str>, input: El) -> El {
    let problem = move || {
        panel.model.with(|model| {
            let error = model.errors.iter().find(|error| error.field == field)?;
            Some(text::problem(hint, error.problem))
        })
    };
    let id = "field-".to_owned() + field;
    let help_id = "help-".to_owned() + field;
    let input = input
        .attr("id", &id)
        .attr("dir", "auto")
        .attr("data-focus", "")
        .attr("aria-describedby", &help_id)
        .attr_of(
            "aria-invalid",
            move || if problem().is_some() { "true" } else { "false" },
        );
    let help = el("small", "")
        .attr("id", &help_id)
        .attr_of("class", move || if problem().is_some() { "wrong" } else { "" })
        .text_of(move || problem().or(hint.map(Into::into)).unwrap_or_default());
    el("div", "field")
        .child(el("label", "").attr("for", &id).text(label))
        .child(input)
        .child(help)
}
