//! What stands in a settings document: each kind parses itself and says what it expects.

use serde::{Deserialize, Serialize};

/// A text that is only what it says it is: read and written as a plain string.
macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(concat!("expected ", $expected)) }
            }
        }

        impl From<$name> for String {
            fn from(kind: $name) -> Self {
                kind.0
            }
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

kind!(
    /// Names a site or a topic: it stands in addresses and attributes.
    Slug,
    "1 to 32 lowercase letters, digits and hyphens",
    |text| (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);

kind!(
    /// `#rrggbb`
    Colour,
    "a colour like #0b5fff",
    |text| text.len() == 7
        && text.starts_with('#')
        && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
);

kind!(
    /// Where an agent is found at the desk, which alone can tell whether it is one.
    Address,
    "an address: up to 254 characters without spaces",
    |text| (1..=254).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
);

kind!(
    /// A name of the IANA time-zone database. Its shape is checked here; whether there is such a zone knows
    /// only who has the database.
    Zone,
    "a time zone like Europe/Warsaw",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'))
);

kind!(
    /// A page's origin that may embed the panel: a source of CSP `frame-ancestors`.
    Origin,
    "an origin like https://www.example.com or https://*.example.com, or *",
    is_origin
);

kind!(
    /// What a line to the visitor begins with, where agents' lines are private by default.
    Marker,
    "1 to 8 characters without letters, digits, spaces and slashes",
    |text| (1..=8).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_alphanumeric() || c.is_whitespace() || c.is_control() || c == '/')
);

fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = rest.split_once(':').unwrap_or((rest, "443"));
    let host = host.strip_prefix("*.").unwrap_or(host);
    matches!(scheme, "https" | "http")
        && !host.is_empty()
        && host.split('.').all(|label| !label.is_empty())
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && (port == "*" || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_cannot_carry_a_directive() {
        for good in [
            "*",
            "https://a.example",
            "http://localhost:8080",
            "https://*.a.example",
            "http://127.0.0.1:*",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "https://",
            "https://a.example/",
            "https://a; script-src *",
            "ftp://a",
            "https://a:b",
            "https://..",
            "https://a.example:99999",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_kind_says_what_it_expects() {
        assert_eq!(
            Slug::try_from("Sales".to_owned()),
            Err("expected 1 to 32 lowercase letters, digits and hyphens")
        );
        assert!(Slug::try_from("sales-2".to_owned()).is_ok());
        assert!(Colour::try_from("#12345g".to_owned()).is_err());
        assert!(Zone::try_from("Europe/Warsaw".to_owned()).is_ok());
        assert!(Zone::try_from("Europe Warsaw".to_owned()).is_err());
        assert!(Marker::try_from("!".to_owned()).is_ok());
        assert!(Marker::try_from("/".to_owned()).is_err());
    }
}
