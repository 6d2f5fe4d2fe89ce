//! What an agent or a bot wrote, reduced to text and links.

use html5gum::{Token, Tokenizer};
use linkify::{LinkFinder, LinkKind};
use shared::message::{Body, Span};

/// Plain text; addresses in it become links.
pub(crate) fn from_text(text: &str) -> Body {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url, LinkKind::Email]);
    let spans = finder.spans(text).map(|span| {
        let text = span.as_str().to_owned();
        let href = match span.kind() {
            Some(LinkKind::Url) => safe(&text),
            Some(LinkKind::Email) => safe(&format!("mailto:{text}")),
            Some(_) | None => None,
        };
        Span { text, href }
    });
    spans.filter(|span| !span.text.is_empty()).collect()
}

/// HTML as Webex derives it from markdown. Every tag is dropped; links keep their target if its scheme is one
/// of http, https, mailto and tel; blocks and list items become lines.
pub(crate) fn from_html(html: &str) -> Body {
    let mut body = Body::new();
    let mut href: Option<String> = None;
    let mut skipped: Option<Vec<u8>> = None;
    for token in Tokenizer::new(html) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) if skipped.is_none() => match tag.name.as_slice() {
                b"a" => {
                    let target = tag.attributes.get(b"href".as_slice());
                    href = target.and_then(|target| safe(&String::from_utf8_lossy(target)));
                }
                b"br" => push(&mut body, "\n", None),
                b"li" => {
                    new_line(&mut body);
                    push(&mut body, "• ", None);
                }
                b"script" | b"style" => skipped = Some(tag.name.0),
                name if is_block(name) => new_line(&mut body),
                _ => {}
            },
            Token::EndTag(tag) => match &skipped {
                Some(name) if *name == tag.name.0 => skipped = None,
                Some(_) => {}
                None if tag.name.as_slice() == b"a" => href = None,
                None if is_block(&tag.name) => new_line(&mut body),
                None => {}
            },
            Token::String(text) if skipped.is_none() => {
                push(&mut body, &String::from_utf8_lossy(&text), href.as_deref());
            }
            Token::StartTag(_)
            | Token::String(_)
            | Token::Comment(_)
            | Token::Doctype(_)
            | Token::Error(_) => {}
        }
    }
    trim(&mut body);
    body
}

fn is_block(name: &[u8]) -> bool {
    const BLOCKS: [&[u8]; 13] = [
        b"p",
        b"div",
        b"ul",
        b"ol",
        b"li",
        b"blockquote",
        b"pre",
        b"h1",
        b"h2",
        b"h3",
        b"h4",
        b"h5",
        b"h6",
    ];
    BLOCKS.contains(&name)
}

fn push(body: &mut Body, text: &str, href: Option<&str>) {
    match (body.last_mut(), href) {
        (Some(last), href) if last.href.as_deref() == href => last.text.push_str(text),
        (_, Some(href)) => body.push(Span {
            text: text.into(),
            href: Some(href.into()),
        }),
        (_, None) => body.extend(from_text(text)),
    }
}

fn new_line(body: &mut Body) {
    if body.last().is_some_and(|last| !last.text.ends_with('\n')) {
        push(body, "\n", None);
    }
}

fn trim(body: &mut Body) {
    while let Some(last) = body.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            return;
        }
        body.pop();
    }
}

/// The address as the browser will read it, if its scheme can do no harm.
pub(crate) fn safe(target: &str) -> Option<String> {
    let target = target.trim();
    let Ok(url) = worker::Url::parse(target) else {
        return is_international(target).then(|| target.to_owned());
    };
    matches!(url.scheme(), "http" | "https" | "mailto" | "tel").then(|| url.to_string())
}

/// A web address that only the browser can parse: `idna_adapter` is without its tables.
fn is_international(target: &str) -> bool {
    let is_web = target.starts_with("https://") || target.starts_with("http://");
    is_web && !target.is_ascii() && !target.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        let span = |span: Span| match span.href {
            Some(href) => format!("[{}]({href})", span.text),
            None => span.text,
        };
        from_html(html).into_iter().map(span).collect()
    }

    #[test]
    fn markup_becomes_text_and_links() {
        assert_eq!(shown("<p>Hello <strong>Ann</strong></p>"), "Hello Ann");
        assert_eq!(shown("<p>a</p><p>b<br/>c</p>"), "a\nb\nc");
        assert_eq!(shown("<ul><li>one</li><li>two</li></ul>"), "• one\n• two");
        assert_eq!(
            shown("see <a href=\"https://example.com/x?a=1&amp;b=2\">here</a>."),
            "see [here](https://example.com/x?a=1&b=2)."
        );
        assert_eq!(shown("a &lt;b&gt; &amp; c"), "a <b> & c");
        assert_eq!(
            shown("<spark-mention data-object-type=\"person\">Ben</spark-mention> hi"),
            "Ben hi"
        );
    }

    #[test]
    fn nothing_runs() {
        assert_eq!(shown("<script>alert(1)</script>x<style>*{}</style>"), "x");
        assert_eq!(shown("<img src=x onerror=alert(1)>x"), "x");
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "java&#x09;script:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "//host/x",
            "file:///etc/passwd",
        ] {
            assert_eq!(shown(&format!("<a href=\"{target}\">x</a>")), "x", "{target}");
        }
        assert_eq!(shown("<a href=\"mailto:a@b.co\">m</a>"), "[m](mailto:a@b.co)");
    }

    #[test]
    fn addresses_in_text_become_links() {
        let links: Vec<_> = from_text("see https://example.com/a, or write to a@b.co.")
            .into_iter()
            .filter_map(|span| span.href)
            .collect();
        assert_eq!(links, ["https://example.com/a", "mailto:a@b.co"]);
    }

    #[test]
    fn international_hosts_stay_links() {
        for good in [
            "https://żółw.example/ą",
            "http://例え.example",
            "https://xn--w-uga1v8h.example/",
        ] {
            assert_eq!(
                safe(good).map(|href| href.starts_with("http")),
                Some(true),
                "{good}"
            );
        }
        for bad in [
            "https://a b",
            "https://żółw .example",
            "javascript:żółw",
            "https:żółw",
            "https://",
        ] {
            assert_eq!(safe(bad), None, "{bad}");
        }
    }
}
