//! Files from the visitor's machine.

use wasm_bindgen::JsCast;
use web_sys::{Event, File, HtmlInputElement};

/// Empties the field, so that the same file can be picked again.
pub(crate) fn picked(event: &Event, then: impl Fn(File)) {
    let Some(field) = event
        .target()
        .and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    let files = field
        .files()
        .map(|files| js_sys::Array::from(&files))
        .unwrap_or_default();
    field.set_value("");
    for file in files {
        then(file.unchecked_into());
    }
}

/// In bytes.
pub(crate) fn size(file: &File) -> u32 {
    let bytes = file.size();
    // Up to 2^53, as JavaScript counts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let size = bytes as u32;
    size
}

/// As a part of an address.
pub(crate) fn encoded(name: &str) -> String {
    js_sys::encode_uri_component(name).into()
}
