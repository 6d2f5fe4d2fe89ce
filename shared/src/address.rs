//! How people are found at a desk: each kind of desk has its own way of naming them.

use crate::form::is_email;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    Email,
}

impl Addresses {
    pub fn include(self, text: &str) -> bool {
        match self {
            Self::Email => is_email(text),
        }
    }

    /// What is said to whoever wrote something else.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Email => "an e-mail address like anna@example.com",
        }
    }

    /// Of one who could be asked to come.
    pub fn example(self) -> &'static str {
        match self {
            Self::Email => "ben@example.com",
        }
    }
}
