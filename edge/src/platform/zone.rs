//! Time zones and the syntax of regular expressions, as the platform's JavaScript engine has them: no table of ours to
//! grow old.

use shared::time::Timestamp;
use worker::{
    js_sys::{self, Array, Date, Function, Object, Reflect},
    wasm_bindgen::{JsCast, JsValue},
};

/// One zone of the time-zone database.
pub(crate) struct Zone {
    format: Function,
}

impl Zone {
    /// `None`: there is no such zone.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let find = || -> Result<Self, JsValue> {
            let intl = Reflect::get(&js_sys::global(), &"Intl".into())?;
            let class: Function = Reflect::get(&intl, &"DateTimeFormat".into())?.dyn_into()?;
            let options = Object::new();
            Reflect::set(&options, &"timeZone".into(), &name.into())?;
            Reflect::set(&options, &"timeZoneName".into(), &"longOffset".into())?;
            let made = Reflect::construct(&class, &Array::of2(&"en".into(), &options))?;
            let format = Reflect::get(&made, &"format".into())?.dyn_into()?;
            Ok(Self { format })
        };
        find().ok()
    }

    /// From UTC, in milliseconds.
    pub(crate) fn offset(&self, at: Timestamp) -> i64 {
        let date = Date::new(&JsValue::from_f64(at.0 as f64));
        let text = self.format.call1(&JsValue::UNDEFINED, &date).ok();
        text.and_then(|text| text.as_string())
            .map_or(0, |text| milliseconds(&text))
    }
}

/// Of `11/21/2026, GMT+05:45`; UTC itself is `GMT`.
fn milliseconds(text: &str) -> i64 {
    let (_, offset) = text.rsplit_once("GMT").unwrap_or_default();
    let sign = if offset.starts_with(['-', '−']) { -1 } else { 1 };
    let seconds = offset
        .trim_start_matches(['+', '-', '−'])
        .split(':')
        .zip([3600, 60, 1])
        .filter_map(|(part, unit)| Some(part.parse::<i64>().ok()? * unit))
        .sum::<i64>();
    sign * seconds * 1000
}

/// Whether browsers can read it. It is only built here, never run: an answer is matched by [`shared::pattern`].
pub(crate) fn is_pattern(text: &str) -> bool {
    let build = || -> Result<JsValue, JsValue> {
        let class: Function = Reflect::get(&js_sys::global(), &"RegExp".into())?.dyn_into()?;
        let whole = format!("^(?:{text})$");
        Reflect::construct(&class, &Array::of2(&whole.into(), &"u".into()))
    };
    build().is_ok()
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn offsets_as_the_platform_writes_them() {
        for (text, minutes) in [
            ("11/21/2026, GMT", 0),
            ("11/21/2026, GMT+01:00", 60),
            ("11/21/2026, GMT-03:00", -180),
            ("11/21/2026, GMT+05:45", 345),
            ("11/21/2026, GMT+10:30", 630),
        ] {
            assert_eq!(milliseconds(text), minutes * 60_000, "{text}");
        }
    }
}
