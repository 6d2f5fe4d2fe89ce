//! How fast a visitor may send: a bucket of tokens that refills evenly.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What may come at once, and how much of it in a minute from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub(super) at_once: f64,
    pub(super) per_minute: f64,
}

impl Allowance {
    /// A third of a minute's worth may come at once, at least one.
    pub(super) fn messages(per_minute: u32) -> Self {
        let per_minute = f64::from(per_minute);
        Self {
            at_once: (per_minute / 3.0).max(1.0),
            per_minute,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Pace {
    spent: f64,
    at: Timestamp,
}

impl Pace {
    pub(super) fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// Takes this many tokens, or says how long to wait for them.
    pub(super) fn take(&mut self, cost: f64, allowed: Allowance, now: Timestamp) -> Result<(), Duration> {
        self.take_when(cost, cost, allowed, now)
    }

    /// Takes this many tokens as soon as there is one; what comes next waits for the rest. If it waited for all of them
    /// itself, what costs less would overtake it.
    pub(super) fn take_ahead(
        &mut self,
        cost: f64,
        allowed: Allowance,
        now: Timestamp,
    ) -> Result<(), Duration> {
        self.take_when(1.0, cost, allowed, now)
    }

    fn take_when(
        &mut self,
        there: f64,
        cost: f64,
        allowed: Allowance,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let per_second = allowed.per_minute / 60.0;
        let spent = (self.spent - now.since(self.at).as_secs_f64() * per_second).max(0.0);
        let lacking = spent + there - allowed.at_once;
        if lacking > 0.0 {
            return Err(Duration::try_from_secs_f64(lacking / per_second).unwrap_or(Duration::MAX));
        }
        *self = Self {
            spent: spent + cost,
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
        let allowed = Allowance::messages(30);
        let now = Timestamp(1_000_000);
        for _ in 0..10 {
            assert_eq!(pace.take(1.0, allowed, now), Ok(()));
        }
        assert_eq!(pace.take(1.0, allowed, now), Err(Duration::from_secs(2)));
        assert_eq!(pace.take(1.0, allowed, now + Duration::from_secs(2)), Ok(()));
    }

    #[test]
    fn what_costs_more_is_not_overtaken_and_is_paid_for_by_what_follows() {
        let mut pace = Pace::default();
        let allowed = Allowance::messages(30);
        let now = Timestamp(1_000_000);
        for _ in 0..9 {
            assert_eq!(pace.take_ahead(1.0, allowed, now), Ok(()));
        }
        assert_eq!(pace.take_ahead(3.0, allowed, now), Ok(()));
        assert_eq!(pace.take_ahead(1.0, allowed, now), Err(Duration::from_secs(6)));
    }
}
