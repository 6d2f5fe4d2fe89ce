//! Recognises repeats by id, in bounded memory.

use crate::file::Fingerprint;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Ids remembered. A repeat comes within a few messages of its first: the visitor's panel resends only what
/// has not come back to it, and the desk's signals overtake each other by seconds.
const REMEMBERED: usize = 32;

/// Fingerprints of the last ids, each with one of what came under it.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Seen(VecDeque<(u64, u32)>);

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    New,
    Repeat,
    /// The id stands for something else.
    Conflict,
}

impl Seen {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        let id = fingerprint(id.as_bytes());
        self.0.iter().any(|(seen, _)| *seen == id)
    }

    /// As if it had never come.
    pub(super) fn forget(&mut self, id: &str) {
        let id = fingerprint(id.as_bytes());
        self.0.retain(|(seen, _)| *seen != id);
    }

    /// Remembers a new id; tells what is known of an old one.
    pub(super) fn note(&mut self, id: &str, content: &str) -> Verdict {
        // Half of it tells two texts apart; it is stored with every message.
        #[expect(clippy::cast_possible_truncation, reason = "half is enough")]
        let (id, content) = (fingerprint(id.as_bytes()), fingerprint(content.as_bytes()) as u32);
        if let Some((_, known)) = self.0.iter().find(|(seen, _)| *seen == id) {
            return if *known == content {
                Verdict::Repeat
            } else {
                Verdict::Conflict
            };
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((id, content));
        Verdict::New
    }
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut whole = Fingerprint::default();
    whole.add(bytes);
    whole.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_known_until_they_are_old() {
        let mut seen = Seen::default();
        assert_eq!(seen.note("a", "x"), Verdict::New);
        assert_eq!(seen.note("a", "x"), Verdict::Repeat);
        assert_eq!(seen.note("a", "y"), Verdict::Conflict);
        for n in 0..REMEMBERED {
            assert_eq!(seen.note(&n.to_string(), ""), Verdict::New);
        }
        assert_eq!(seen.note("a", "x"), Verdict::New);
        assert_eq!(fingerprint(b"edgechat"), 0x251f_85b9_cb2d_598a);
    }
}
