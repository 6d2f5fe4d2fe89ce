//! JSON and what JavaScript holds, from and to the types of the protocol.

use serde::{Serialize, de::DeserializeOwned};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// `None`: it is not what was expected.
pub(crate) fn read<T: DeserializeOwned>(value: JsValue) -> Option<T> {
    serde_wasm_bindgen::from_value(value).ok()
}

pub(crate) fn parse<T: DeserializeOwned>(json: &str) -> Option<T> {
    read(js_sys::JSON::parse(json).ok()?)
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    let value = value.serialize(&Serializer::json_compatible());
    let json = value.ok().and_then(|value| js_sys::JSON::stringify(&value).ok());
    json.and_then(|json| json.as_string()).unwrap_or_default()
}
