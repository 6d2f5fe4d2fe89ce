//! Every call into the browser except the WebSocket.

use crate::{
    dom::El,
    json::{self, Json},
};
use leptos::prelude::*;
use shared::{settings::PublicSettings, time::Timestamp};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, Event, HtmlElement, HtmlTextAreaElement, KeyboardEvent, MessageEvent, RequestInit, Response,
    Window,
};

thread_local! {
    static TIMER: RefCell<Option<gloo_timers::callback::Timeout>> = const { RefCell::new(None) };
    static CLOCK: js_sys::Intl::DateTimeFormat = format_of(&[("hour", "numeric"), ("minute", "2-digit")]);
    static DAY: js_sys::Intl::DateTimeFormat = format_of(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]);
}

fn window() -> Window {
    leptos::prelude::window()
}

fn document() -> Document {
    leptos::prelude::document()
}

fn find(selector: &str) -> Option<HtmlElement> {
    document()
        .query_selector(selector)
        .ok()
        .flatten()?
        .dyn_into()
        .ok()
}

/// Replaces the first screen that came with the page; the focus stays on the topic that had it.
pub(crate) fn mount(app: impl FnOnce(El) + 'static) {
    let Some(root) = find("#panel") else { return };
    let topic = document()
        .active_element()
        .and_then(|element| element.get_attribute("data-topic"));
    let first = El::existing(root.clone().into());
    // Gives Leptos its executor and the outermost owner; the elements come from `dom`.
    leptos::mount::mount_to(root, move || app(first)).forget();
    if let Some(topic) = topic {
        before_paint(move || focus(&["[data-topic=\"", &topic, "\"]"].concat()));
    }
}

/// The topic that was pressed before this ran.
pub(crate) fn take_early_topic() -> Option<String> {
    let name = JsValue::from_str("earlyTopic");
    let topic = js_sys::Reflect::get(&window(), &name).ok()?.as_string()?;
    js_sys::Reflect::delete_property(&window(), &name).ok();
    Some(topic)
}

pub(crate) fn settings() -> Option<PublicSettings> {
    json::settings(parse(&find("#settings")?.text_content()?))
}

pub(crate) fn now() -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970")]
    Timestamp(js_sys::Date::now() as i64)
}

pub(crate) fn random() -> f64 {
    js_sys::Math::random()
}

/// 32 letters and digits that nobody can guess.
pub(crate) fn random_id() -> String {
    let mut bytes = [0; 16];
    if let Ok(crypto) = window().crypto() {
        crypto.get_random_values_with_u8_array(&mut bytes).ok();
    }
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Sets the one timer, in place of an earlier one.
pub(crate) fn set_timer(wait_ms: Option<u32>, then: impl FnOnce() + 'static) {
    TIMER.set(wait_ms.map(|wait| gloo_timers::callback::Timeout::new(wait, then)));
}

/// Before the next paint, when the view has followed the signals.
pub(crate) fn before_paint(then: impl FnOnce() + 'static) {
    request_animation_frame(then);
}

// --- JSON

/// What JavaScript holds, as far as JSON goes.
fn read(value: &JsValue) -> Json {
    if let Some(text) = value.as_string() {
        return Json::Text(text);
    }
    if let Some(number) = value.as_f64() {
        return Json::Number(number);
    }
    if let Some(value) = value.as_bool() {
        return Json::Bool(value);
    }
    if let Some(list) = value.dyn_ref::<js_sys::Array>() {
        return Json::List(list.iter().map(|item| read(&item)).collect());
    }
    let Some(object) = value.dyn_ref::<js_sys::Object>() else {
        return Json::Null;
    };
    let member = |key: JsValue| Some((key.as_string()?, read(&js_sys::Reflect::get(object, &key).ok()?)));
    Json::Map(js_sys::Object::keys(object).iter().filter_map(member).collect())
}

pub(crate) fn parse(text: &str) -> Json {
    js_sys::JSON::parse(text).map_or(Json::Null, |value| read(&value))
}

// --- The edge

pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Calls back with the status, 0 when no answer came, and the body.
pub(crate) fn post(
    path: String,
    token: Option<String>,
    body: String,
    then: impl FnOnce(u16, Json) + 'static,
) {
    leptos::task::spawn_local(async move {
        let answer = fetch(&path, token, body).await;
        let (status, body) = answer.unwrap_or_default();
        then(status, read(&body));
    });
}

async fn fetch(path: &str, token: Option<String>, body: String) -> Option<(u16, JsValue)> {
    let headers = web_sys::Headers::new().ok()?;
    headers.set("content-type", "application/json").ok()?;
    if let Some(token) = token {
        headers
            .set("authorization", &("Bearer ".to_owned() + &token))
            .ok()?;
    }
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(&body.into());
    let answer = JsFuture::from(window().fetch_with_str_and_init(path, &request))
        .await
        .ok()?;
    let answer: Response = answer.unchecked_into();
    let body = JsFuture::from(answer.json().ok()?).await.unwrap_or_default();
    Some((answer.status(), body))
}

// --- The page around the frame

/// Calls back with the origin and what it said.
pub(crate) fn listen_to_page(heard: impl Fn(String, Json) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let event: MessageEvent = event.unchecked_into();
        let parent = window().parent().ok().flatten();
        if parent.is_some_and(|parent| event.source().is_some_and(|source| *source == ***parent)) {
            heard(event.origin(), read(&event.data()));
        }
    });
    window()
        .add_event_listener_with_callback("message", listener.as_ref().unchecked_ref())
        .ok();
    listener.forget();
}

/// Posts `{ edgechat: kind, name: value }`.
pub(crate) fn post_to_page(kind: &str, name: &str, value: &JsValue, origin: &str) {
    let message = js_sys::Object::new();
    js_sys::Reflect::set(&message, &"edgechat".into(), &kind.into()).ok();
    js_sys::Reflect::set(&message, &name.into(), value).ok();
    if let Ok(Some(parent)) = window().parent() {
        parent.post_message(&message, origin).ok();
    }
}

pub(crate) fn own_referrer() -> String {
    document().referrer()
}

// --- Words, dates, patterns

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

pub(crate) fn clock(at: Timestamp) -> String {
    CLOCK.with(|clock| formatted(clock, at))
}

pub(crate) fn day_name(at: Timestamp) -> String {
    DAY.with(|day| formatted(day, at))
}

/// Grows by one from each day of the visitor's calendar to the next.
pub(crate) fn day_number(at: Timestamp) -> i64 {
    let offset_minutes = date(at).get_timezone_offset();
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes")]
    (at.0 - offset_minutes as i64 * 60_000).div_euclid(86_400_000)
}

/// Whether the whole answer matches. The edge judges a pattern that this browser does not know.
pub(crate) fn matches(pattern: &str, answer: &str) -> bool {
    let construct = || {
        let class: js_sys::Function = js_sys::Reflect::get(&window(), &"RegExp".into())
            .ok()?
            .unchecked_into();
        let whole = ["^(?:", pattern, ")$"].concat();
        let arguments = js_sys::Array::of2(&whole.into(), &"u".into());
        js_sys::Reflect::construct(&class, &arguments).ok()
    };
    construct().is_none_or(|pattern| pattern.unchecked_into::<js_sys::RegExp>().test(answer))
}

// --- Focus, scrolling, typing

pub(crate) fn focus(selector: &str) {
    if let Some(element) = find(selector) {
        element.focus().ok();
    }
}

/// Moves the focus to where one goes on, if the frame has it and, unless `anyway`, nothing in it. On a touch
/// screen the composer is left alone: its keyboard would cover what there is to read.
pub(crate) fn focus_first(anyway: bool) {
    let lost = document()
        .active_element()
        .is_none_or(|element| element.tag_name() == "BODY");
    if !document().has_focus().unwrap_or_default() || !(lost || anyway) {
        return;
    }
    let touch = window()
        .match_media("(pointer: coarse)")
        .ok()
        .flatten()
        .is_some_and(|query| query.matches());
    let first = if touch && find("#composer").is_some() {
        None
    } else {
        find("[data-focus]")
    };
    if let Some(element) = first.or_else(|| find("main")) {
        element.focus().ok();
    }
}

pub(crate) fn is_at_end() -> bool {
    find("#log").is_none_or(|log| log.scroll_height() - log.scroll_top() - log.client_height() < 48)
}

pub(crate) fn scroll_to_end() {
    if let Some(log) = find("#log") {
        log.set_scroll_top(log.scroll_height());
    }
}

/// As many lines as the text has; the style sheet sets the most.
pub(crate) fn grow_composer() {
    if let Some(composer) = find("#composer") {
        let style = composer.style();
        style.remove_property("height").ok();
        let height = (composer.scroll_height() + 2).to_string() + "px";
        style.set_property("height", &height).ok();
    }
}

pub(crate) fn composer_text() -> String {
    find("#composer")
        .map(|composer| composer.unchecked_into::<HtmlTextAreaElement>().value())
        .unwrap_or_default()
}

pub(crate) fn is_online() -> bool {
    window().navigator().on_line()
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Key {
    Escape,
    Enter,
    Other,
}

pub(crate) fn key(event: &Event) -> Key {
    let event: &KeyboardEvent = event.unchecked_ref();
    match event.key().as_str() {
        "Escape" => Key::Escape,
        // Not a new line, and not the end of a word in an input method.
        "Enter" if !event.shift_key() && !event.is_composing() => Key::Enter,
        _ => Key::Other,
    }
}

/// What stands in the field that the event is about.
pub(crate) fn text_of(event: &Event) -> String {
    let field = event.target().map(JsCast::unchecked_into::<HtmlTextAreaElement>);
    field.map(|field| field.value()).unwrap_or_default()
}

/// `online`, `offline`, `resize`.
pub(crate) fn on_window(event: &'static str, then: impl Fn() + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |_| then());
    window()
        .add_event_listener_with_callback(event, listener.as_ref().unchecked_ref())
        .ok();
    listener.forget();
}
