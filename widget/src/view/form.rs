//! Who the visitor is, as far as the topic asks for it.

use super::{
    parts::{BACK, CLOSE, icon_button, screen},
    topics::trouble,
};
use crate::{
    browser,
    dom::{El, el, follow},
    page,
    panel::Panel,
    text,
};
use leptos::prelude::*;
use shared::{
    form::{Field, FieldKind},
    settings::PublicTopic,
};

pub(super) fn form(panel: Panel, topic: &'static PublicTopic) -> El {
    follow(move || {
        if panel.model.with(|model| !model.errors.is_empty()) {
            browser::before_paint(|| browser::focus("[aria-invalid=true]"));
        }
    });
    let bar = el("header", "bar")
        .child(icon_button("icon back", text::BACK, BACK, move || {
            panel.back_to_topics()
        }))
        .child(el("h1", "who").attr("dir", "auto").text(&topic.label))
        .child(icon_button("icon", text::CLOSE, CLOSE, page::close));
    let fields = topic.form.iter().flat_map(|form| &form.fields).enumerate();
    let submit = move |event: leptos::ev::Event| {
        event.prevent_default();
        panel.submit(topic);
    };
    let form = el("form", "form")
        .attr("novalidate", "")
        .on("submit", submit)
        .children(fields.map(|(index, field)| self::field(panel, index, field)))
        .child(el("button", "primary").text(text::START));
    screen(page::close).child(bar).child(trouble(panel)).child(form)
}

fn field(panel: Panel, index: usize, field: &'static Field) -> El {
    let (kind, autocomplete) = match field.kind {
        FieldKind::Name => ("text", "name"),
        FieldKind::Email => ("email", "email"),
        FieldKind::Text => ("text", "off"),
    };
    let id = "field-".to_owned() + &index.to_string();
    let help_id = id.clone() + "-help";
    let problem = move || {
        panel.model.with(|model| {
            let error = model.errors.iter().find(|error| error.field == field.id)?;
            Some(text::problem(field, error.problem))
        })
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
        .attr("id", &id)
        .attr("name", &field.id)
        .attr("type", kind)
        .attr("autocomplete", autocomplete)
        .attr("value", &answer)
        .attr("dir", "auto")
        .attr("aria-required", if field.required { "true" } else { "false" })
        .attr("aria-describedby", &help_id)
        .attr_of(
            "aria-invalid",
            move || if problem().is_some() { "true" } else { "false" },
        )
        .on("input", write);
    let input = if index == 0 {
        input.attr("data-focus", "")
    } else {
        input
    };
    let help = el("small", "")
        .attr("id", &help_id)
        .attr_of("class", move || if problem().is_some() { "wrong" } else { "" })
        .text_of(move || problem().or_else(|| field.hint.clone()).unwrap_or_default());
    el("div", "field")
        .child(el("label", "").attr("for", &id).text(&field.label))
        .child(input)
        .child(help)
}
