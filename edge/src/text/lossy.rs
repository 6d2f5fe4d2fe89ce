//! Texts in vendors' JSON. Half a surrogate pair (`"\ud800"`) is legal there and no text in Rust: one sign stands in for
//! it, so that a message with one is read all the same.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::fmt::{self, Formatter};

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // As bytes, which `serde_json` does not check.
        from.deserialize_bytes(Lossy).map(Self)
    }
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            // Half a pair is three bytes, each of them wrong.
            if !chunk.invalid().is_empty() && !text.ends_with(char::REPLACEMENT_CHARACTER) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(text)
    }
}

/// For `deserialize_with`; `null` is no text.
pub(crate) fn lossy<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    lossy_option(from).map(Option::unwrap_or_default)
}

/// For `deserialize_with`.
pub(crate) fn lossy_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(from)?.map(|Text(text)| text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Said {
        #[serde(default, deserialize_with = "lossy")]
        text: String,
        #[serde(default, deserialize_with = "lossy_option")]
        html: Option<String>,
    }

    #[test]
    fn half_a_pair_does_not_hide_the_rest() {
        for (json, text, html) in [
            (r#"{"text":"a\ud83d\udc4db"}"#, "a👍b", None),
            (
                r#"{"text":"a\ud800b","html":"\udc00\ud800<b>"}"#,
                "a\u{fffd}b",
                Some("\u{fffd}<b>"),
            ),
            (r#"{"text":null,"html":null}"#, "", None),
            (r#"{"text":"\u0000ż"}"#, "\0ż", None),
        ] {
            let said: Said = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!((said.text.as_str(), said.html.as_deref()), (text, html), "{json}");
        }
        assert!(serde_json::from_str::<Said>(r#"{"text":5}"#).is_err());
        assert!(serde_json::from_str::<Said>(r#"{"text":{}}"#).is_err());
    }
}
