//! One message.

use super::{
    file::file,
    parts::{CHECK, CHECKS, CLOCK, FAILED, button},
};
use crate::{
    dom::{El, el, icon},
    panel::Panel,
    rows::{Mark, Message, Tail},
    text,
};
use shared::message::Span;

/// The parts of a message that change while it stands.
pub(super) struct Changing {
    time: El,
    /// Only the visitor's own messages have these.
    delivery: Option<Delivery>,
}

struct Delivery {
    mark: El,
    /// Why it was not sent, and another try where that may help.
    failure: El,
}

pub(super) fn message(panel: Panel, message: &Message) -> (El, Changing) {
    let mine = message.author.is_none();
    let name = match &message.author {
        Some(name) => el("p", "quiet name").attr("dir", "auto").text(name),
        None => el("p", "sr").text(text::YOU),
    };
    let body = el("div", "").attr("dir", "auto");
    let body = message.body.iter().fold(body, span);
    let files = message.files.iter().map(|one| file(panel, one));
    let bubble = el("div", "bubble")
        .attr("title", &message.time)
        .children((!message.body.is_empty()).then_some(body))
        .children(files);
    let time = el("p", "quiet time").text(&message.time);
    let class = match (mine, message.is_first) {
        (true, true) => "said mine first",
        (true, false) => "said mine",
        (false, true) => "said first",
        (false, false) => "said",
    };
    let row = el("div", class).children(message.is_first.then_some(name));
    if !mine {
        return (
            row.child(bubble).child(time.clone()),
            Changing { time, delivery: None },
        );
    }
    let mark = el("span", "mark");
    let failure = button("again", "", move || panel.retry());
    let row = row
        .child(bubble.child(mark.clone()))
        .child(failure.clone())
        .child(time.clone());
    (
        row,
        Changing {
            time,
            delivery: Some(Delivery { mark, failure }),
        },
    )
}

impl Changing {
    pub(super) fn draw(&self, tail: Tail) {
        self.time.set_flag("hidden", !tail.is_last);
        let Some(Delivery { mark, failure }) = &self.delivery else {
            return;
        };
        let (path, words) = match tail.mark {
            Some(Mark::Sending) | None => (CLOCK, text::SENDING),
            Some(Mark::Sent) => (CHECK, text::SENT),
            Some(Mark::WithTeam) => (CHECKS, text::WITH_TEAM),
            Some(Mark::Failed { .. }) => (FAILED, text::NOT_SENT),
        };
        mark.set_text("");
        mark.clone().child(icon(path)).child(el("span", "sr").text(words));
        let (why, again) = match tail.mark {
            Some(Mark::Failed { why, again }) => (why, again),
            Some(Mark::Sending | Mark::Sent | Mark::WithTeam) | None => ("", false),
        };
        failure.set_text(why);
        failure.set_flag("hidden", why.is_empty());
        failure.set_flag("disabled", !again);
    }
}

fn span(body: El, span: &Span) -> El {
    match span.href.as_ref().filter(|href| is_safe(href)) {
        Some(href) => body.child(
            el("a", "")
                .attr("href", href)
                .attr("target", "_blank")
                .attr("rel", "noopener noreferrer nofollow")
                .text(&span.text),
        ),
        None => body.text(&span.text),
    }
}

/// The edge has checked this too; a link that runs code must not be possible even if it fails to.
fn is_safe(href: &str) -> bool {
    let Some((scheme, _)) = href.split_once(':') else {
        return false;
    };
    ["http", "https", "mailto", "tel"]
        .iter()
        .any(|safe| scheme.eq_ignore_ascii_case(safe))
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn only_links_that_cannot_run_code() {
        for good in [
            "https://a.example",
            "HTTP://a.example",
            "mailto:a@b.example",
            "tel:+491",
        ] {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " javascript:x",
            "data:text/html,x",
            "//a.example",
            "java\nscript:x",
            "",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
