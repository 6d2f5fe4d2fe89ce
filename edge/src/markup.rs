//! Reads HTML as vendors derive it from markdown: tags, the target of links, text. It never fails, and what it does
//! not understand is text; since nobody renders the result, a misread tag can at worst look odd.
//!
//! A parser with the whole of HTML's named characters weighs a tenth of the worker.

#[derive(Debug, PartialEq)]
pub(crate) enum Token<'a> {
    /// The name in lower case; for a link, its target.
    Start(String, Option<String>),
    End(String),
    Text(&'a str),
}

pub(crate) fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if let Some((tag, after)) = tag(rest) {
                rest = after;
                return Some(tag);
            } else {
                // A `<` that begins no tag is text like any other.
                let end = rest[1..].find('<').map_or(rest.len(), |at| at + 1);
                let (text, after) = rest.split_at(rest.ceil_char_boundary(end));
                rest = after;
                return Some(Token::Text(text));
            }
        }
    })
}

fn tag(html: &str) -> Option<(Token<'_>, &str)> {
    let inside = html.strip_prefix('<')?;
    let end = end_of_tag(inside)?;
    let (tag, after) = (&inside[..end], &inside[end + 1..]);
    let (is_end, tag) = match tag.strip_prefix('/') {
        Some(tag) => (true, tag),
        None => (false, tag),
    };
    let begins = |c: char| c.is_ascii_alphabetic() || c == '!';
    if !tag.starts_with(begins) {
        return None;
    }
    let (name, attributes) = tag.split_at(
        tag.find(|c: char| c.is_whitespace() || c == '/')
            .unwrap_or(tag.len()),
    );
    let name = name.to_ascii_lowercase();
    if is_end {
        return Some((Token::End(name), after));
    }
    let href = (name == "a").then(|| attribute(attributes, "href")).flatten();
    Some((Token::Start(name, href), after))
}

/// The `>` that is not in quotes.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return Some(at),
            _ => {}
        }
    }
    None
}

fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let (name, after) = rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '=')?);
        let Some(value) = after.trim_start().strip_prefix('=') else {
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split_once(quote)?,
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(decoded(value));
        }
        rest = after;
    }
}

/// With the characters that its references stand for.
pub(crate) fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after
            .split_once(';')
            .and_then(|(name, after)| Some((character(name)?, after)));
        match reference {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_text_and_targets() {
        let start = |name: &str, href: Option<&str>| Token::Start(name.into(), href.map(String::from));
        let read: Vec<_> =
            tokens("a<b <P class='x>y' >1 < 2<!-- <i> --></p><br/><a x HREF = \"u?a&amp;b\">t</a").collect();
        assert_eq!(read[..2], [Token::Text("a"), start("b", None)]);
        assert!(read.contains(&start("a", Some("u?a&b"))), "{read:?}");
        assert!(
            read.contains(&start("br", None)) && read.contains(&Token::End("p".into())),
            "{read:?}"
        );
        assert_eq!(read.last(), Some(&Token::Text("</a")));
        assert_eq!(
            tokens("<<ü>").collect::<Vec<_>>(),
            [Token::Text("<"), Token::Text("<ü>")]
        );
        assert_eq!(tokens("<!doctype html>x").last(), Some(Token::Text("x")));
        assert_eq!(tokens("x<!-- never ends").collect::<Vec<_>>(), [Token::Text("x")]);
    }

    #[test]
    fn references() {
        assert_eq!(
            decoded("a &lt;b&gt; &amp;amp; &#65;&#x42; &nbsp;&"),
            "a <b> &amp; AB \u{a0}&"
        );
        assert_eq!(
            decoded("&bogus; &#xd800; &#1114112; &;"),
            "&bogus; &#xd800; &#1114112; &;"
        );
    }
}
