//! Days and hours as the visitor reads them. Pure: the browser lends its formats.

use crate::text;
use shared::time::Timestamp;

pub(crate) struct Calendar {
    /// Grows by one from each day to the next.
    pub(crate) day_number: fn(Timestamp) -> i64,
    pub(crate) clock: fn(Timestamp) -> String,
    pub(crate) weekday: fn(Timestamp) -> String,
    /// Weekday, day and month.
    pub(crate) day: fn(Timestamp) -> String,
    /// With the year.
    pub(crate) date: fn(Timestamp) -> String,
}

impl Calendar {
    /// "Opens tomorrow at 9:00"
    pub(crate) fn opens(&self, at: Timestamp, now: Timestamp) -> String {
        let day = match (self.day_number)(at) - (self.day_number)(now) {
            ..=0 => String::new(),
            1 => text::TOMORROW.into(),
            2..=6 => (self.weekday)(at),
            _ => (self.day)(at),
        };
        text::opens(&day, &(self.clock)(at))
    }
}

#[cfg(test)]
pub(crate) const CALENDAR: Calendar = Calendar {
    day_number: |at| at.0 / 86_400_000,
    clock: |at| format!("{}s", at.0 / 1000 % 86_400),
    weekday: |at| format!("weekday {}", at.0 / 86_400_000 % 7),
    day: |at| format!("day {}", at.0 / 86_400_000),
    date: |at| format!("date {}", at.0 / 86_400_000),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farther_the_opening_the_more_is_said() {
        let now = Timestamp(10 * 86_400_000 + 5_000);
        let opens = |days: i64| CALENDAR.opens(Timestamp((10 + days) * 86_400_000 + 9_000), now);
        assert_eq!(opens(0), "Opens at 9s");
        assert_eq!(opens(1), "Opens tomorrow at 9s");
        assert_eq!(opens(6), "Opens weekday 2 at 9s");
        assert_eq!(opens(7), "Opens day 17 at 9s");
    }
}
