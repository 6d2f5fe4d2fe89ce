//! A conversation in memory: the core, a virtual clock, a desk and a bot that do as a script says.

pub mod any;
mod desk;
#[path = "golden_files.rs"]
pub mod golden;
mod play;
mod scene;
mod stage;
mod team;
mod told;

pub use desk::Unheard;
pub use play::{check, check_with};
pub use scene::{Random, Scene, private_replies, settings};
pub use stage::Stage;
