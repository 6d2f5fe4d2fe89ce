//! When people answer. A moment is open if the wall clock of the site's zone then shows a time within the day's
//! hours. A special day beats a holiday, a holiday beats the week. Hours over midnight belong to the day on which
//! they begin.
//!
//! This module knows calendars but no time zones: whoever has the database says what the offset is at an instant.

use crate::time::Timestamp;
use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// How far ahead the panel is told what is open.
const AHEAD: i64 = 8 * DAY;
/// How far ahead the next opening is looked for.
const FARTHEST: i64 = 400 * DAY;

/// Open hours of a site or a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub week: Week,
    /// Days without hours.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// Days with hours of their own.
    #[serde(default)]
    pub special: BTreeMap<Date, Vec<Span>>,
}

/// A day that is left out has no hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    pub mon: Vec<Span>,
    pub tue: Vec<Span>,
    pub wed: Vec<Span>,
    pub thu: Vec<Span>,
    pub fri: Vec<Span>,
    pub sat: Vec<Span>,
    pub sun: Vec<Span>,
}

/// `2026-12-24`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(NaiveDate);

/// `2026-12-24` for once, `12-24` for every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Holiday {
    Once(Date),
    Yearly { month: u32, day: u32 },
}

/// `09:00-17:30`, in minutes from the day's midnight; `22:00-02:00` ends on the next day, `00:00-24:00` is all day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Range<i64>);

/// A stretch of open time; `until` itself is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// What the coming open intervals say about an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    AlwaysOpen,
    OpenUntil(Timestamp),
    ClosedUntil(Timestamp),
    /// No opening is known.
    Closed,
}

impl Availability {
    /// `open`: in order; `None` means always.
    pub fn at(open: Option<&[Interval]>, now: Timestamp) -> Self {
        let Some(open) = open else {
            return Self::AlwaysOpen;
        };
        match open.iter().find(|interval| now < interval.until) {
            Some(interval) if interval.from <= now => Self::OpenUntil(interval.until),
            Some(interval) => Self::ClosedUntil(interval.from),
            None => Self::Closed,
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::AlwaysOpen | Self::OpenUntil(_))
    }

    pub fn changes_at(self) -> Option<Timestamp> {
        match self {
            Self::OpenUntil(at) | Self::ClosedUntil(at) => Some(at),
            Self::AlwaysOpen | Self::Closed => None,
        }
    }
}

/// What is open from now on, in order: all that begins within eight days, or else the next opening, if one comes
/// within 400 days. A stretch that goes on for long is cut off some days after the eight.
pub fn coming(hours: &Hours, now: Timestamp, offset: impl Fn(Timestamp) -> i64) -> Vec<Interval> {
    let soon = beginning(hours, now, &offset);
    if !soon.is_empty() {
        return soon;
    }
    let later = now.0.saturating_add(AHEAD)..now.0.saturating_add(FARTHEST);
    later
        .step_by(AHEAD as usize)
        .find_map(|from| beginning(hours, Timestamp(from), &offset).into_iter().next())
        .into_iter()
        .collect()
}

/// All that begins within eight days. The hours of one day end within two, so what begins last is seen to its end.
fn beginning(hours: &Hours, from: Timestamp, offset: impl Fn(Timestamp) -> i64) -> Vec<Interval> {
    let until = |ahead| Timestamp(from.0.saturating_add(ahead));
    let mut found = open(hours, from, until(AHEAD + 2 * DAY), offset);
    found.retain(|interval| interval.from < until(AHEAD));
    found
}

/// The open stretches between two instants, in order, neither touching nor overlapping.
///
/// `offset` gives the zone's offset from UTC at an instant, in milliseconds. It is taken to change at most once a day.
pub fn open(
    hours: &Hours,
    from: Timestamp,
    until: Timestamp,
    offset: impl Fn(Timestamp) -> i64,
) -> Vec<Interval> {
    let mut found = vec![];
    for (piece, offset) in pieces(from.0..until.0, offset) {
        // Hours that began the day before may reach into this piece.
        let first = date_of(piece.start.saturating_add(offset).saturating_sub(DAY));
        let last = date_of(piece.end.saturating_add(offset));
        for date in first.iter_days().take_while(|date| *date <= last) {
            let midnight = midnight_of(date).saturating_sub(offset);
            for Span(minutes) in hours.of(date) {
                let at = |minute: i64| midnight.saturating_add(minute * MINUTE);
                let from = at(minutes.start).max(piece.start);
                let until = at(minutes.end).min(piece.end);
                if from < until {
                    found.push(from..until);
                }
            }
        }
    }
    found.sort_unstable_by_key(|interval| interval.start);
    let mut merged: Vec<Range<i64>> = vec![];
    for next in found {
        match merged.last_mut().filter(|last| next.start <= last.end) {
            Some(last) => last.end = last.end.max(next.end),
            None => merged.push(next),
        }
    }
    let interval = |range: Range<i64>| Interval {
        from: Timestamp(range.start),
        until: Timestamp(range.end),
    };
    merged.into_iter().map(interval).collect()
}

/// Stretches of constant offset, each with it.
fn pieces(whole: Range<i64>, offset: impl Fn(Timestamp) -> i64) -> Vec<(Range<i64>, i64)> {
    let mut pieces = vec![];
    let (mut start, mut at) = (whole.start, whole.start);
    let mut current = offset(Timestamp(at));
    while at < whole.end {
        let next = at.saturating_add(DAY).min(whole.end);
        let then = offset(Timestamp(next));
        if then != current {
            let (mut before, mut after) = (at, next);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(Timestamp(middle)) == current {
                    before = middle
                } else {
                    after = middle
                }
            }
            pieces.push((start..after, current));
            (start, current) = (after, then);
        }
        at = next;
    }
    pieces.push((start..whole.end, current));
    pieces
}

/// Or the first or last date of the calendar, some 260,000 years away.
fn date_of(local: i64) -> NaiveDate {
    let date = TimeDelta::try_days(local.div_euclid(DAY))
        .and_then(|days| NaiveDate::default().checked_add_signed(days));
    date.unwrap_or(if local < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}

fn midnight_of(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days() * DAY
}

impl Hours {
    fn of(&self, date: NaiveDate) -> &[Span] {
        if let Some(special) = self.special.get(&Date(date)) {
            return special;
        }
        if self.holidays.iter().any(|holiday| holiday.is(date)) {
            return &[];
        }
        let week = &self.week;
        match date.weekday() {
            Weekday::Mon => &week.mon,
            Weekday::Tue => &week.tue,
            Weekday::Wed => &week.wed,
            Weekday::Thu => &week.thu,
            Weekday::Fri => &week.fri,
            Weekday::Sat => &week.sat,
            Weekday::Sun => &week.sun,
        }
    }
}

impl Holiday {
    fn is(self, date: NaiveDate) -> bool {
        match self {
            Self::Once(Date(once)) => once == date,
            Self::Yearly { month, day } => (month, day) == (date.month(), date.day()),
        }
    }
}

impl TryFrom<String> for Date {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts: Option<Vec<u32>> = text
            .split('-')
            .map(|part| number(part, if part.len() == 4 { 4 } else { 2 }))
            .collect();
        match parts.as_deref() {
            Some([year @ 1970..=9999, month, day]) if text.len() == 10 => {
                NaiveDate::from_ymd_opt(*year as i32, *month, *day)
            }
            _ => None,
        }
        .map(Self)
        .ok_or("expected a date like 2026-12-24")
    }
}

impl From<Date> for String {
    fn from(Date(date): Date) -> Self {
        format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

impl TryFrom<String> for Holiday {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let yearly = || {
            let (month, day) = text.split_once('-')?;
            let (month, day) = (number(month, 2)?, number(day, 2)?);
            // 2000 has a 29 February.
            NaiveDate::from_ymd_opt(2000, month, day)?;
            Some(Self::Yearly { month, day })
        };
        yearly()
            .or_else(|| Date::try_from(text.clone()).ok().map(Self::Once))
            .ok_or("expected a date like 2026-12-24, or 12-24 for every year")
    }
}

impl From<Holiday> for String {
    fn from(holiday: Holiday) -> Self {
        match holiday {
            Holiday::Once(date) => date.into(),
            Holiday::Yearly { month, day } => format!("{month:02}-{day:02}"),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let span = || {
            let (from, until) = text.split_once('-')?;
            let (from, until) = (clock(from)?, clock(until)?);
            match until {
                _ if from == 24 * 60 || from == until => None,
                _ if until < from => Some(from..until + 24 * 60),
                _ => Some(from..until),
            }
        };
        span()
            .map(Self)
            .ok_or("expected hours like 09:00-17:30; 00:00-24:00 is all day")
    }
}

impl From<Span> for String {
    fn from(Span(minutes): Span) -> Self {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let end = if minutes.end > 24 * 60 {
            minutes.end - 24 * 60
        } else {
            minutes.end
        };
        format!("{}-{}", clock(minutes.start), clock(end))
    }
}

/// Minutes from midnight; `24:00` is the end of the day.
fn clock(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (number(hour, 2)?, number(minute, 2)?);
    let minutes = i64::from(hour * 60 + minute);
    (minute < 60 && minutes <= 24 * 60).then_some(minutes)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Span, &'static str> {
        Span::try_from(text.to_owned())
    }

    #[test]
    fn what_is_written_is_read_back() {
        for good in [
            "09:00-17:30",
            "00:00-24:00",
            "22:00-02:00",
            "18:00-24:00",
            "22:00-00:00",
        ] {
            let read = span(good).unwrap_or_else(|error| panic!("{good}: {error}"));
            assert_eq!(span(&String::from(read.clone())), Ok(read));
        }
        for bad in [
            "",
            "9:00-17:00",
            "09:00",
            "09:00-09:00",
            "24:00-08:00",
            "09:60-10:00",
            "09:00-24:01",
            "+9:00-10:00",
        ] {
            assert!(span(bad).is_err(), "{bad}");
        }
        for good in ["2026-12-24", "12-24", "02-29"] {
            let read = Holiday::try_from(good.to_owned()).unwrap_or_else(|error| panic!("{good}: {error}"));
            assert_eq!(String::from(read), good);
        }
        for bad in ["", "2026-02-29", "02-30", "13-01", "2026-1-1", "1-1", "26-12-24"] {
            assert!(Holiday::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn availability_changes_at_each_boundary() {
        let interval = |from, until| Interval {
            from: Timestamp(from),
            until: Timestamp(until),
        };
        let open = [interval(10, 20), interval(30, 40)];
        let at = |now| Availability::at(Some(&open), Timestamp(now));
        assert_eq!(at(9), Availability::ClosedUntil(Timestamp(10)));
        assert_eq!(at(10), Availability::OpenUntil(Timestamp(20)));
        assert_eq!(at(20), Availability::ClosedUntil(Timestamp(30)));
        assert_eq!(at(39).changes_at(), Some(Timestamp(40)));
        assert_eq!(at(40), Availability::Closed);
        assert_eq!(Availability::at(None, Timestamp(9)), Availability::AlwaysOpen);
    }

    #[test]
    fn the_next_opening_is_looked_for_a_year_ahead() {
        let now = Timestamp(1_800_000_000_000);
        let far = Date(date_of(now.0 + 300 * DAY));
        let mut hours = Hours::default();
        assert_eq!(coming(&hours, now, |_| 0), []);
        hours.special.insert(far, vec![Span(60..120), Span(180..240)]);
        let from = Timestamp(midnight_of(far.0) + 60 * MINUTE);
        let until = Timestamp(from.0 + 60 * MINUTE);
        assert_eq!(coming(&hours, now, |_| 0), [Interval { from, until }]);
    }
}
