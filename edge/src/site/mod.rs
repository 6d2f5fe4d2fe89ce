//! What belongs to a whole site. One file a subject; all of it is stored in the site's object.

pub(crate) mod list;
mod rooms;
pub(crate) mod tick;
pub(crate) mod versions;
