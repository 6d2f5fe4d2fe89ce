//! What the platform gives, as the rest wants it: the clock, time zones, the way out, requests as they come and errors as
//! they are answered.

pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod request;
pub(crate) mod zone;

use shared::time::Timestamp;
use worker::Date;

pub(crate) fn now() -> Timestamp {
    Timestamp(i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX))
}
