//! Elements that follow Leptos' signals.
//!
//! The panel takes signals, effects and owners from Leptos, but not its renderer, which gives every element,
//! attribute and closure a type of its own, and each type brings machine code. The same screens drawn through
//! it, with every type erased that can be, weighed 12 KB more (brotli): a fifth of what a visitor loads. For the
//! same reason each method that follows a closure hands it, boxed, to a twin that exists once.

use leptos::prelude::*;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, UnwrapThrowExt, closure::Closure};
use web_sys::{Element, Event, HtmlElement, HtmlTextAreaElement, Node};

#[derive(Clone)]
pub(crate) struct El(Element);

pub(crate) fn el(tag: &str, class: &str) -> El {
    let el = El(create(None, tag));
    if class.is_empty() {
        el
    } else {
        el.attr("class", class)
    }
}

fn create(namespace: Option<&str>, tag: &str) -> Element {
    // Fails only for a tag that is no name.
    document()
        .create_element_ns(namespace.or(Some("http://www.w3.org/1999/xhtml")), tag)
        .unwrap_throw()
}

impl El {
    /// The element that the page came with.
    pub(crate) fn existing(element: Element) -> Self {
        Self(element)
    }

    pub(crate) fn attr(self, name: &str, value: &str) -> Self {
        self.0.set_attribute(name, value).ok();
        self
    }

    pub(crate) fn attr_of(self, name: &'static str, value: impl Fn() -> &'static str + 'static) -> Self {
        self.attr_by(name, Box::new(value))
    }

    fn attr_by(self, name: &'static str, value: Box<dyn Fn() -> &'static str>) -> Self {
        let el = self.clone();
        follow(move || {
            el.0.set_attribute(name, value()).ok();
        });
        self
    }

    pub(crate) fn flag_of(self, name: &'static str, value: impl Fn() -> bool + 'static) -> Self {
        self.flag_by(name, Box::new(value))
    }

    fn flag_by(self, name: &'static str, value: Box<dyn Fn() -> bool>) -> Self {
        let el = self.clone();
        follow(move || el.set_flag(name, value()));
        self
    }

    pub(crate) fn shown_if(self, shown: impl Fn() -> bool + 'static) -> Self {
        self.flag_of("hidden", move || !shown())
    }

    pub(crate) fn set_flag(&self, name: &str, value: bool) {
        self.0.toggle_attribute_with_force(name, value).ok();
    }

    /// The text in a field.
    pub(crate) fn value_of(self, value: impl Fn() -> String + 'static) -> Self {
        let field: HtmlTextAreaElement = self.0.clone().unchecked_into();
        follow(move || {
            let value = value();
            // Setting what stands there already would move the cursor.
            if field.value() != value {
                field.set_value(&value);
            }
        });
        self
    }

    /// The browser frees the handler together with the element.
    pub(crate) fn on(self, event: &str, then: impl FnMut(Event) + 'static) -> Self {
        let handler = Closure::wrap(Box::new(then) as Box<dyn FnMut(Event)>).into_js_value();
        self.0
            .add_event_listener_with_callback(event, handler.unchecked_ref())
            .ok();
        self
    }

    pub(crate) fn press(self, then: impl Fn() + 'static) -> Self {
        self.attr("type", "button").on("click", move |_| then())
    }

    /// As if the visitor had pressed it.
    pub(crate) fn click(&self) {
        self.0.unchecked_ref::<HtmlElement>().click();
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.append(&document().create_text_node(text))
    }

    pub(crate) fn text_of(self, text: impl Fn() -> String + 'static) -> Self {
        self.text_by(Box::new(text))
    }

    fn text_by(self, text: Box<dyn Fn() -> String>) -> Self {
        let node = document().create_text_node("");
        let own = node.clone();
        follow(move || {
            let text = text();
            // A live region speaks whenever its text is set, even to what it was.
            if own.data() != text {
                own.set_data(&text);
            }
        });
        self.append(&node)
    }

    pub(crate) fn set_text(&self, text: &str) {
        self.0.set_text_content(Some(text));
    }

    pub(crate) fn child(self, child: El) -> Self {
        self.append(&child.0)
    }

    pub(crate) fn children(self, children: impl IntoIterator<Item = El>) -> Self {
        children.into_iter().fold(self, El::child)
    }

    /// Has one child, which is made anew when `key` changes.
    pub(crate) fn child_by(
        self,
        key: impl Fn() -> usize + 'static,
        child: impl Fn() -> El + 'static,
    ) -> Self {
        self.child_of(Box::new(key), Box::new(child))
    }

    fn child_of(self, key: Box<dyn Fn() -> usize>, child: Box<dyn Fn() -> El>) -> Self {
        let el = self.clone();
        let shown: RefCell<Option<(usize, Owner)>> = RefCell::default();
        let owner = Owner::current().unwrap_or_default();
        follow(move || {
            let key = key();
            let mut shown = shown.borrow_mut();
            if shown.as_ref().is_some_and(|(shown, _)| *shown == key) {
                return;
            }
            if let Some((_, gone)) = shown.take() {
                gone.cleanup();
            }
            let inner = owner.with(Owner::new);
            let child = inner.with(|| untrack(&child));
            el.0.replace_children_with_node_1(&child.0);
            *shown = Some((key, inner));
        });
        self
    }

    pub(crate) fn replace(&self, by: &El) {
        self.0.replace_with_with_node_1(&by.0).ok();
    }

    pub(crate) fn remove(&self) {
        self.0.remove();
    }

    fn append(self, node: &Node) -> Self {
        self.0.append_child(node).ok();
        self
    }
}

/// Runs `then` soon and whenever a signal that it reads changes, as long as what encloses it stands.
pub(crate) fn follow(then: impl Fn() + 'static) {
    let then: Box<dyn Fn()> = Box::new(then);
    Effect::new(move |_| then());
}

pub(crate) fn icon(path: &str) -> El {
    let namespace = Some("http://www.w3.org/2000/svg");
    let path = El(create(namespace, "path")).attr("d", path);
    El(create(namespace, "svg"))
        .attr("viewBox", "0 0 24 24")
        .attr("aria-hidden", "true")
        .child(path)
}
