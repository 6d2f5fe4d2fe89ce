//! How fast a visitor may send: a bucket of tokens that refills evenly.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Messages that may come at once: a third of a minute's worth, at least one.
fn burst(per_minute: u32) -> f64 {
    (f64::from(per_minute) / 3.0).max(1.0)
}

#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Pace {
    spent: f64,
    at: Timestamp,
}

impl Pace {
    /// Takes a token, or says how long to wait for one.
    pub(super) fn take(&mut self, per_minute: u32, now: Timestamp) -> Result<(), Duration> {
        let per_second = f64::from(per_minute) / 60.0;
        let spent = (self.spent - now.since(self.at).as_secs_f64() * per_second).max(0.0);
        let lacking = spent + 1.0 - burst(per_minute);
        if lacking > 0.0 {
            return Err(Duration::from_secs_f64(lacking / per_second));
        }
        *self = Self {
            spent: spent + 1.0,
            at: now,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_an_even_pace() {
        let mut pace = Pace::default();
        let now = Timestamp(1_000_000);
        for _ in 0..10 {
            assert_eq!(pace.take(30, now), Ok(()));
        }
        assert_eq!(pace.take(30, now), Err(Duration::from_secs(2)));
        assert_eq!(pace.take(30, now + Duration::from_secs(2)), Ok(()));
    }
}
