//! What a newer version says to an older one: a page stays open over deploys, and a deploy reaches one place after the other.
//! What is not known is skipped by itself, so that nothing beside it is lost.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny};

/// One of many, of a kind that the reader may not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Maybe<T> {
    Known(T),
    Unknown(Unknown),
}

/// Any JSON. Passed on it is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

impl<T> Maybe<T> {
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Unknown(Unknown) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

/// For a field that must have a value: one that is not known becomes the type's default, by which a visitor is least misled.
///
/// # Errors
/// It is not JSON at all.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let read = Maybe::deserialize(deserializer)?;
    Ok(read.known().unwrap_or_default())
}
