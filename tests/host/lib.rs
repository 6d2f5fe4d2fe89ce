//! A conversation in memory: the core, a virtual clock, a desk and a bot that do as a script says.

mod play;
mod stage;

pub use play::check;
pub use stage::{Random, Stage, settings};
