//! The panel: what a visitor sees and uses, in a frame that the edge serves.
//!
//! [`shared::client::Client`] decides everything about the conversation; [`panel`] runs it; the files in
//! [`view`] draw what it says. Only [`browser`] and [`socket`] touch the browser.

// A test may stop.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice
    )
)]

mod browser;
mod calendar;
mod dom;
mod file;
mod model;
mod page;
mod panel;
mod rows;
mod socket;
mod text;
mod view;
mod wire;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    let Some(site) = browser::settings() else { return };
    browser::mount(move |root| {
        let panel = panel::Panel::new(Box::leak(Box::new(site)));
        view::app(panel, root);
        panel.begin();
    });
}
