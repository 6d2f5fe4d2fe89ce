//! Instants, given from outside: nothing in this crate reads a clock.

use serde::{Deserialize, Serialize};
use std::{ops::Add, time::Duration};

/// Unix time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// So long before this instant.
    pub fn before(self, earlier: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(earlier.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long it is from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, after: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// The wait before attempt number `attempts + 1`: 1, 2, 4 … `cap`, of which the upper half is random.
///
/// `jitter` is from 0 to 1, drawn by the caller.
pub fn back_off(first: Duration, cap: Duration, attempts: u32, jitter: f64) -> Duration {
    let full = first.saturating_mul(1 << attempts.min(16)).min(cap);
    full.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_its_cap_and_spreads() {
        let wait =
            |attempts, jitter| back_off(Duration::from_secs(1), Duration::from_secs(60), attempts, jitter);
        assert_eq!(wait(0, 1.0), Duration::from_secs(1));
        assert_eq!(wait(3, 1.0), Duration::from_secs(8));
        assert_eq!(wait(3, 0.0), Duration::from_secs(4));
        assert_eq!(wait(40, 1.0), Duration::from_secs(60));
    }
}
