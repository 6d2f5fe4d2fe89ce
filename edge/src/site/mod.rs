//! What belongs to a whole site. One file a subject; all of it is stored in the site's object.

mod list;
mod object;
mod rooms;
mod tick;
mod versions;

pub use object::SiteDo;
