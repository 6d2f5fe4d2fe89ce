//! The transcript.

use super::message::{Changing, message};
use crate::{
    browser::{self, CALENDAR},
    dom::{El, el, follow},
    model::Model,
    panel::Panel,
    rows::{Row, Tail, rows},
    text,
};
use leptos::prelude::*;
use std::cell::RefCell;

/// A row as it stands in the document.
struct Standing {
    row: Row,
    tail: Tail,
    el: El,
    changing: Option<Changing>,
}

pub(super) fn log(panel: Panel) -> El {
    let is_loading = move || panel.model.with(Model::is_loading);
    let is_typing = move || panel.model.with(Model::bot_is_typing);
    let typing = move || {
        if is_typing() {
            panel.model.with(|model| text::is_typing(&model.site.bot_name))
        } else {
            String::new()
        }
    };
    let dots = || (0..3).map(|_| el("i", ""));
    let place = el("div", "rows")
        .attr("role", "log")
        .attr("aria-live", "polite")
        .attr("aria-relevant", "additions")
        .attr("aria-label", text::LOG);
    let log = el("div", "log")
        .attr("id", "log")
        .attr("tabindex", "0")
        .attr("role", "region")
        .attr("aria-label", text::LOG)
        .on("scroll", move |_| panel.scrolled(browser::is_at_end()))
        .child(
            el("div", "skeleton")
                .attr("aria-hidden", "true")
                .shown_if(is_loading)
                .children(dots()),
        )
        .child(place.clone())
        .child(
            el("div", "typing")
                .attr("aria-hidden", "true")
                .shown_if(is_typing)
                .children(dots()),
        )
        .child(el("p", "sr").attr("role", "status").text_of(typing));
    let standing = RefCell::new(vec![]);
    follow(move || {
        let rows = panel.model.with(|model| rows(model, &CALENDAR));
        update(panel, &place, &mut standing.borrow_mut(), rows);
        if panel.is_at_end() {
            // At once too: a scroll event that is due would find the end out of view.
            browser::scroll_to_end();
            browser::before_paint(browser::scroll_to_end);
        }
    });
    log
}

/// Leaves every row that is the same where it stands: a screen reader speaks only of new ones.
fn update(panel: Panel, place: &El, standing: &mut Vec<Standing>, rows: Vec<(Row, Tail)>) {
    for gone in standing.drain(rows.len().min(standing.len())..) {
        gone.el.remove();
    }
    for (index, (row, tail)) in rows.into_iter().enumerate() {
        match standing.get_mut(index) {
            Some(old) if old.row == row => old.set_tail(tail),
            Some(old) => {
                let new = Standing::new(panel, row, tail);
                old.el.replace(&new.el);
                *old = new;
            }
            None => {
                let new = Standing::new(panel, row, tail);
                place.clone().child(new.el.clone());
                standing.push(new);
            }
        }
    }
}

impl Standing {
    fn new(panel: Panel, row: Row, tail: Tail) -> Self {
        let (el, changing) = match &row {
            Row::Day { day, date } => (el("p", "quiet day").attr("title", date).text(day), None),
            Row::Notice(words) => (el("p", "quiet notice").attr("dir", "auto").text(words), None),
            Row::Message(said) => {
                let (el, changing) = message(panel, said);
                changing.draw(tail);
                (el, Some(changing))
            }
        };
        Self {
            row,
            tail,
            el,
            changing,
        }
    }

    fn set_tail(&mut self, tail: Tail) {
        if self.tail != tail {
            self.tail = tail;
            if let Some(changing) = &self.changing {
                changing.draw(tail);
            }
        }
    }
}
