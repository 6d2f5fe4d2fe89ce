//! Files from the visitor's machine.

use super::read;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, HtmlTextAreaElement};

/// It can be the body of a request.
pub(crate) struct LocalFile(pub(crate) JsValue);

impl LocalFile {
    pub(crate) fn name(&self) -> String {
        read(&get(&self.0, "name")).text().unwrap_or_default()
    }

    /// In bytes.
    pub(crate) fn size(&self) -> u32 {
        read(&get(&self.0, "size")).small().unwrap_or(u32::MAX)
    }
}

fn get(from: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(from, &name.into()).unwrap_or_default()
}

/// Empties the field, so that the same file can be picked again.
pub(crate) fn picked(event: &Event, then: impl Fn(LocalFile)) {
    if let Some(field) = event.target() {
        let files = js_sys::Array::from(&get(&field, "files"));
        field.unchecked_into::<HtmlTextAreaElement>().set_value("");
        for file in files.iter() {
            then(LocalFile(file));
        }
    }
}

/// As a part of an address.
pub(crate) fn encoded(name: &str) -> String {
    js_sys::encode_uri_component(name).into()
}
