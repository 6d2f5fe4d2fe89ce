//! What the platform gives, as the rest wants it: the clock, time zones, the way out, requests as they come and errors as
//! they are answered.

pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod request;
pub(crate) mod zone;

use futures_util::future::{Either, select};
use shared::time::Timestamp;
use std::{pin::pin, time::Duration};
use worker::{Date, Delay, Result, js_sys, wasm_bindgen::JsCast};

/// `None` if it takes longer; then it is broken off.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Delay::from(time))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Nobody can guess it: 122 random bits, as hex and hyphens.
pub(crate) fn random_id() -> Result<String> {
    let crypto: web_sys::Crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into())?.unchecked_into();
    Ok(crypto.random_uuid())
}

pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
}
