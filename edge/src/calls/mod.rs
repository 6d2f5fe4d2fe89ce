//! What the objects ask of each other, as types. They meet only here: none of them knows how another one works.

pub(crate) mod accounts;
pub(crate) mod conversation;
pub(crate) mod credentials;
pub(crate) mod site;
