//! What several screens are made of.

use crate::{
    browser::{self, Key},
    dom::{El, el, icon},
};

pub(super) const CLOSE: &str = "M6 6l12 12M18 6L6 18";
pub(super) const BACK: &str = "M14.5 5l-7 7 7 7";
pub(super) const MORE: &str = "M12 5.5v0M12 12v0M12 18.5v0";
pub(super) const SEND: &str = "M5 12h13M12 5.5l6.5 6.5-6.5 6.5";
pub(super) const DOWN: &str = "M12 5v13M6 12.5l6 6 6-6";
pub(super) const CLOCK: &str = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4l2.5 2";
pub(super) const CHECK: &str = "M5 12.5l4.5 4.5L19 7.5";
pub(super) const CHECKS: &str = "M2 12.5l4.5 4.5L16 7.5M12 16.5l.5.5L22 7.5";
pub(super) const FAILED: &str = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5M12 16v0";
pub(super) const CLIP: &str = "M20.5 11.5l-8.6 8.6a5.6 5.6 0 0 1-8-8l8.6-8.6a3.8 3.8 0 0 1 5.3 5.3l-8.6 8.6a1.9 1.9 0 0 1-2.6-2.6l7.9-8";
pub(super) const FILE: &str = "M13.5 3.5h-8v17h13v-12zM13.5 3.5v5h5";
pub(super) const STAR: &str = "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z";
pub(super) const PERSON: &str = "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4.5 20c.8-3.4 3.8-5 7.5-5s6.7 1.6 7.5 5";

/// A square button that shows an icon and says `label`.
pub(super) fn icon_button(class: &str, label: &str, path: &str, then: impl Fn() + 'static) -> El {
    el("button", class)
        .attr("aria-label", label)
        .attr("title", label)
        .press(then)
        .child(icon(path))
}

pub(super) fn button(class: &str, label: &str, then: impl Fn() + 'static) -> El {
    el("button", class).press(then).text(label)
}

/// A screen; `escape` is what the Esc key does in it.
pub(super) fn screen(escape: impl Fn() + 'static) -> El {
    el("main", "").attr("tabindex", "-1").on("keydown", move |event| {
        if browser::key(&event) == Key::Escape {
            escape();
        }
    })
}
