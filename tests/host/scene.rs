//! What a game begins with.

use crate::desk::Unheard;
use shared::{
    conversation::Failure,
    hours::Interval,
    settings::{Replies, Settings},
};

/// The settings that the product ships with.
pub fn settings() -> Settings {
    serde_json::from_str(include_str!("../../edge/default-settings.json"))
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What agents write is theirs, except for lines that begin with `!`.
pub fn private_replies() -> Settings {
    let mut settings = settings();
    let marker = String::from("!").try_into();
    settings.desk.replies = Replies::Marked(marker.unwrap_or_else(|error| panic!("{error}")));
    settings
}

/// SplitMix64: the same seed plays the same game.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What a conversation begins with.
pub struct Scene {
    pub settings: Settings,
    pub topic: String,
    /// When people answer, if not always.
    pub open: Option<Vec<Interval>>,
    /// What is left for the team instead of a chat.
    pub message: Option<String>,
    /// The site does not serve this visitor.
    pub blocked: bool,
    pub desk_fails: Vec<Failure>,
    pub always_fails: Vec<(String, Failure)>,
    pub unheard: Vec<Unheard>,
}

impl Scene {
    pub fn new(topic: &str) -> Self {
        Self {
            settings: settings(),
            topic: topic.into(),
            open: None,
            message: None,
            blocked: false,
            desk_fails: vec![],
            always_fails: vec![],
            unheard: vec![],
        }
    }
}
