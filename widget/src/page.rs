//! What the panel tells the page around its frame, and what it heard from it.

use crate::browser;
use std::cell::RefCell;
use wasm_bindgen::JsValue;

#[derive(Clone, Default)]
struct Page {
    /// Known once the page has said hello; nothing is told to anybody before.
    origin: Option<String>,
    address: String,
    referrer: String,
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

pub(crate) fn met(origin: String, address: String, referrer: String) {
    PAGE.set(Page {
        origin: Some(origin),
        address,
        referrer,
    });
}

pub(crate) fn is_met(origin: &str) -> bool {
    PAGE.with_borrow(|page| page.origin.as_deref() == Some(origin))
}

/// The page's address, and where the visitor came from.
pub(crate) fn address() -> (String, String) {
    let Page {
        origin,
        address,
        referrer,
    } = PAGE.with_borrow(Clone::clone);
    if origin.is_some() {
        (address, referrer)
    } else {
        (browser::own_referrer(), String::new())
    }
}

pub(crate) fn ready() {
    browser::post_to_page("ready", "", &JsValue::NULL, "*");
}

pub(crate) fn keep(kept: Option<&str>) {
    tell("keep", "kept", kept.map_or(JsValue::NULL, JsValue::from_str));
}

pub(crate) fn draft(text: &str) {
    tell("save", "draft", text.into());
}

pub(crate) fn muted(muted: bool) {
    tell("save", "muted", muted.into());
}

pub(crate) fn unread(count: u32) {
    tell("unread", "count", count.into());
}

pub(crate) fn close() {
    tell("close", "", JsValue::NULL);
}

fn tell(kind: &str, name: &str, value: JsValue) {
    if let Some(origin) = PAGE.with_borrow(|page| page.origin.clone()) {
        browser::post_to_page(kind, name, &value, &origin);
    }
}
