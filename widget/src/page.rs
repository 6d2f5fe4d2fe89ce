//! What the panel tells the page around its frame, and what it heard from it.

use crate::browser;
use serde::Deserialize;
use shared::{newer::or_default, protocol::shown_address};
use std::cell::RefCell;
use wasm_bindgen::JsValue;

/// What the page says: `hello`, with what it has kept for the panel, `opened` or `closed`. What is not as it should be is as if
/// it were not there.
#[derive(Deserialize)]
pub(crate) struct FromPage {
    #[serde(rename = "edgechat")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) open: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) page: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) referrer: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) draft: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) muted: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(crate) kept: String,
}

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

/// The page's address, and where the visitor came from, as agents are shown them.
pub(crate) fn address() -> (String, String) {
    let Page {
        origin,
        address,
        referrer,
    } = PAGE.with_borrow(Clone::clone);
    let address = if origin.is_some() {
        address
    } else {
        browser::own_referrer()
    };
    (shown_address(&address).into(), shown_address(&referrer).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_and_lose_their_fragment() {
        let at = |address: &str, referrer: &str| {
            met("https://shop.example".into(), address.into(), referrer.into());
            super::address()
        };
        let short = "https://shop.example/a?b=ż";
        assert_eq!(
            at(&[short, "#token=secret"].concat(), "https://a.example/#b#c"),
            (short.into(), "https://a.example/".into())
        );
        let long = ["https://shop.example/?", &"ż".repeat(50_000), "#secret"].concat();
        let (address, referrer) = at(&long, &long);
        assert_eq!((address.len(), &address), (1_024, &referrer));
        assert!(long.starts_with(&address));
        assert_eq!(at("", "#"), (String::new(), String::new()));
    }
}
