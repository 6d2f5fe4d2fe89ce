//! A conversation in memory: the core, a virtual clock, a desk and a bot that do as a script says.

mod desk;
mod play;
mod stage;
mod told;

pub use play::{check, check_with};
pub use stage::{Random, Scene, Stage, settings};
