//! Every call into the browser except the WebSocket.

mod files;
mod http;
mod time;

use crate::{
    dom::{El, el},
    wire,
};
pub(crate) use files::{encoded, picked, size};
pub(crate) use http::{Request, send};
use leptos::prelude::*;
use shared::settings::{DEFAULT_SITE, PublicSettings};
use std::cell::RefCell;
pub(crate) use time::{CALENDAR, now, since_rendered};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
pub(crate) use web_sys::File;
use web_sys::{Document, Event, HtmlElement, HtmlTextAreaElement, KeyboardEvent, MessageEvent, Window};

thread_local! {
    static TIMER: RefCell<Option<gloo_timers::callback::Timeout>> = const { RefCell::new(None) };
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
    wire::parse(&find("#settings")?.text_content()?)
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

pub(crate) fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// The site that the loader named in the frame's address.
pub(crate) fn site_name() -> String {
    let query = window().location().search().unwrap_or_default();
    query.strip_prefix("?site=").unwrap_or(DEFAULT_SITE).into()
}

// --- The page around the frame

/// Calls back with the origin and what it said.
pub(crate) fn listen_to_page(heard: impl Fn(String, JsValue) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let event: MessageEvent = event.unchecked_into();
        let parent = window().parent().ok().flatten();
        if parent.is_some_and(|parent| event.source().is_some_and(|source| *source == ***parent)) {
            heard(event.origin(), event.data());
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

// --- Patterns

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

/// Whether the tab is in view.
pub(crate) fn is_visible() -> bool {
    !document().hidden()
}

/// One soft sound for this news, whatever number of tabs call for it.
pub(crate) fn blip(news: &str, silent: bool) {
    if let Ok(blip) = js_sys::Reflect::get(&window(), &"blip".into()) {
        let blip: js_sys::Function = blip.unchecked_into();
        blip.call2(&JsValue::UNDEFINED, &news.into(), &silent.into()).ok();
    }
}

/// Lets the visitor keep the text as a file.
pub(crate) fn download(name: &str, text: &str) {
    let file = || {
        let options = web_sys::BlobPropertyBag::new();
        options.set_type("text/plain;charset=utf-8");
        let blob =
            web_sys::Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&text.into()), &options)
                .ok()?;
        let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
        el("a", "").attr("href", &url).attr("download", name).click();
        Some(())
    };
    file();
}

pub(crate) fn print() {
    window().print().ok();
}
