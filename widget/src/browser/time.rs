//! Clocks and the visitor's calendar.

use super::window;
use crate::calendar::Calendar;
use shared::time::Timestamp;
use wasm_bindgen::JsValue;

thread_local! {
    static CLOCK: js_sys::Intl::DateTimeFormat = format_of(&[("hour", "numeric"), ("minute", "2-digit")]);
    static DAY: js_sys::Intl::DateTimeFormat = format_of(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]);
    static WEEKDAY: js_sys::Intl::DateTimeFormat = format_of(&[("weekday", "long")]);
    static DATE: js_sys::Intl::DateTimeFormat = format_of(&[("dateStyle", "full")]);
}

pub(crate) const CALENDAR: Calendar = Calendar {
    day_number,
    clock: |at| CLOCK.with(|clock| formatted(clock, at)),
    weekday: |at| WEEKDAY.with(|weekday| formatted(weekday, at)),
    day: |at| DAY.with(|day| formatted(day, at)),
    date: |at| DATE.with(|date| formatted(date, at)),
};

pub(crate) fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
    Timestamp(js_sys::Date::now() as i64)
}

/// Milliseconds since this page was rendered. The visitor's wall clock has no say.
pub(crate) fn since_rendered() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds")]
    window()
        .performance()
        .map_or(0, |performance| performance.now() as i64)
}

fn format_of(options: &[(&str, &str)]) -> js_sys::Intl::DateTimeFormat {
    let object = js_sys::Object::new();
    for (name, value) in options {
        js_sys::Reflect::set(&object, &(*name).into(), &(*value).into()).ok();
    }
    js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &object)
}

fn date(at: Timestamp) -> js_sys::Date {
    #[expect(clippy::cast_precision_loss, reason = "exact for 280,000 years")]
    js_sys::Date::new(&(at.0 as f64).into())
}

fn formatted(by: &js_sys::Intl::DateTimeFormat, at: Timestamp) -> String {
    by.format()
        .call1(&JsValue::UNDEFINED, &date(at))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

/// Grows by one from each day of the visitor's calendar to the next.
fn day_number(at: Timestamp) -> i64 {
    let offset_minutes = date(at).get_timezone_offset();
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes")]
    (at.0 - offset_minutes as i64 * 60_000).div_euclid(86_400_000)
}
