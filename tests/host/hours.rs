//! Open hours against the wall clock of the time-zone database, minute by minute, round every change of the clocks.
//! The seed is printed on failure; `HOURS_SEED=17` begins with it.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Offset, TimeZone, Timelike};
use chrono_tz::{Africa, America, Asia, Australia, Europe, Tz};
use serde_json::{Map, Value, json};
use shared::{
    hours::{Hours, Interval, coming, open},
    time::Timestamp,
};
use std::{collections::BTreeMap, env, ops::Range};
use tests::Random;

const CASES: u64 = 1_200;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const ZONES: [Tz; 6] = [
    Europe::Warsaw,
    America::Sao_Paulo,
    Australia::Lord_Howe,
    Asia::Kathmandu,
    America::New_York,
    Africa::Casablanca,
];

#[test]
fn what_is_open_is_what_the_wall_clock_says() {
    let changes = changes();
    assert_eq!(changes.len(), 27, "the clocks change more often than was known");
    let first = env::var("HOURS_SEED").map_or(0, |seed| seed.parse().expect("a number in HOURS_SEED"));
    for seed in first..first + CASES {
        let random = &mut Random(seed);
        let (zone, window) = match changes.get(seed as usize % (changes.len() * 3 / 2)) {
            Some((zone, change)) => (*zone, round(*change, random)),
            None => some_window(random),
        };
        let written = Written::some(random, wall(zone, window.start).date());
        let found = found(&written.hours(), &window, |at| offset(zone, at.0));
        assert_eq!(
            found,
            written.slowly(zone, &window),
            "HOURS_SEED={seed}: {zone} {window:?} {written:?}"
        );
        let is_in_order = found.iter().all(|one| one.start < one.end)
            && found.windows(2).all(|pair| pair[0].end < pair[1].start);
        assert!(is_in_order, "HOURS_SEED={seed}: {found:?}");
    }
}

#[test]
fn what_is_coming_begins_with_the_first_whole_opening_of_400_days() {
    for seed in 0..200 {
        let random = &mut Random(seed);
        let (zone, Range { start: now, .. }) = some_window(random);
        let day = wall(zone, now).date() + Days::new(random.below(420));
        let special = BTreeMap::from([(day, vec![some_span(random), some_span(random)])]);
        let hours = Written {
            special,
            ..Written::default()
        }
        .hours();
        let coming = coming(&hours, Timestamp(now), |at| offset(zone, at.0));
        let all = found(&hours, &(now..now + 402 * DAY), |at| offset(zone, at.0));
        let first = all.into_iter().find(|one| one.start < now + 400 * DAY);
        assert_eq!(
            coming.first().map(range),
            first,
            "seed {seed}: {zone}, on {day} after {now}"
        );
    }
}

/// From Tuesday, the 22nd of December, to Friday.
#[track_caller]
fn check(hours: Value, expected: &[&str]) {
    let hours = serde_json::from_value(hours).expect("hours");
    let tuesday = millis(NaiveDate::from_ymd_opt(2026, 12, 22).expect("a date"));
    let shown: Vec<String> = found(&hours, &(tuesday..tuesday + 4 * DAY), |_| 0)
        .into_iter()
        .map(|Range { start, end }| format!("{} - {}", show(start), show(end)))
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_special_day_beats_a_holiday_beats_the_week() {
    let all_day = ["00:00-24:00"];
    check(
        json!({
            "week": { "tue": all_day, "wed": all_day, "thu": all_day },
            "holidays": ["2026-12-23", "12-24", "12-25", "2025-12-22"],
            "special": { "2026-12-24": ["10:00-12:00"], "2026-12-25": ["08:00-09:00"] },
        }),
        &[
            "22 00:00 - 23 00:00",
            "24 10:00 - 24 12:00",
            "25 08:00 - 25 09:00",
        ],
    );
}

#[test]
fn a_special_day_without_hours_is_closed() {
    check(
        json!({
            "week": { "tue": ["09:00-17:00"], "wed": ["09:00-17:00"] },
            "special": { "2026-12-22": [] },
        }),
        &["23 09:00 - 23 17:00"],
    );
}

#[test]
fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
    check(
        json!({
            "week": { "mon": ["23:00-01:00"], "wed": ["22:00-02:00"], "thu": ["20:00-03:00"] },
            "holidays": ["12-24"],
        }),
        &["22 00:00 - 22 01:00", "23 22:00 - 24 02:00"],
    );
}

#[test]
fn hours_that_overlap_or_touch_are_one_stretch() {
    check(
        json!({ "week": {
            "tue": ["14:00-16:00", "09:00-12:00", "12:00-15:00", "22:00-24:00"],
            "wed": ["00:00-01:00", "02:00-03:00"],
        } }),
        &[
            "22 09:00 - 22 16:00",
            "22 22:00 - 23 01:00",
            "23 02:00 - 23 03:00",
        ],
    );
}

/// Hours as somebody might write them. A span is two minutes of the day.
#[derive(Debug, Default)]
struct Written {
    week: [Vec<(u32, u32)>; 7],
    /// With whether they come every year.
    holidays: Vec<(NaiveDate, bool)>,
    special: BTreeMap<NaiveDate, Vec<(u32, u32)>>,
}

impl Written {
    fn some(random: &mut Random, first: NaiveDate) -> Self {
        let near = |random: &mut Random| first - Days::new(1) + Days::new(random.below(5));
        let week = [(); 7].map(|()| some_spans(random));
        let holidays = (0..random.below(3)).map(|_| (near(random), random.below(2) == 0));
        Self {
            week,
            holidays: holidays.collect(),
            special: (0..random.below(3))
                .map(|_| (near(random), some_spans(random)))
                .collect(),
        }
    }

    /// As a settings document has them.
    fn hours(&self) -> Hours {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week: Map<String, Value> = days
            .iter()
            .zip(&self.week)
            .filter(|(_, spans)| !spans.is_empty())
            .map(|(day, spans)| ((*day).to_owned(), text(spans)))
            .collect();
        let holiday = |(date, yearly): &(NaiveDate, bool)| {
            let form = if *yearly { "%m-%d" } else { "%Y-%m-%d" };
            date.format(form).to_string()
        };
        let holidays: Vec<String> = self.holidays.iter().map(holiday).collect();
        let special: Map<String, Value> = self
            .special
            .iter()
            .map(|(date, spans)| (date.to_string(), text(spans)))
            .collect();
        let document = json!({ "week": week, "holidays": holidays, "special": special });
        serde_json::from_value(document).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn spans(&self, date: NaiveDate) -> &[(u32, u32)] {
        if let Some(spans) = self.special.get(&date) {
            return spans;
        }
        let is_off = |(day, yearly): &(NaiveDate, bool)| {
            *day == date || (*yearly && (day.month(), day.day()) == (date.month(), date.day()))
        };
        if self.holidays.iter().any(is_off) {
            return &[];
        }
        &self.week[date.weekday().num_days_from_monday() as usize]
    }

    fn is_open(&self, wall: NaiveDateTime) -> bool {
        let minute = wall.hour() * 60 + wall.minute();
        let of_today = |(from, until): &(u32, u32)| *from <= minute && (minute < *until || until < from);
        let of_yesterday = |(from, until): &(u32, u32)| until < from && minute < *until;
        self.spans(wall.date()).iter().any(of_today)
            || self.spans(wall.date() - Days::new(1)).iter().any(of_yesterday)
    }

    /// What is open, by looking at the wall clock every minute.
    fn slowly(&self, zone: Tz, window: &Range<i64>) -> Vec<Range<i64>> {
        let mut found: Vec<Range<i64>> = vec![];
        let first = window.start - window.start.rem_euclid(MINUTE);
        for minute in (first..window.end).step_by(MINUTE as usize) {
            if !self.is_open(wall(zone, minute)) {
                continue;
            }
            let (from, until) = (minute.max(window.start), (minute + MINUTE).min(window.end));
            match found.last_mut().filter(|last| last.end == from) {
                Some(last) => last.end = until,
                None => found.push(from..until),
            }
        }
        found
    }
}

fn text(spans: &[(u32, u32)]) -> Value {
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    spans
        .iter()
        .map(|(from, until)| format!("{}-{}", clock(*from), clock(*until)))
        .collect()
}

fn some_spans(random: &mut Random) -> Vec<(u32, u32)> {
    (0..random.below(4)).map(|_| some_span(random)).collect()
}

/// Often in the small hours, where clocks are changed, and often over midnight.
fn some_span(random: &mut Random) -> (u32, u32) {
    let mut minute = |hours: u64| random.below(hours * 60) as u32;
    let (early, any, short) = (minute(5), minute(24), minute(2));
    let from = if random.below(2) == 0 { early } else { any };
    let until = match random.below(6) {
        0 => return (0, 24 * 60),
        1 => 24 * 60,
        2 => 0,
        3 => (from + short) % (24 * 60),
        _ => random.below(24 * 60) as u32,
    };
    if from == until {
        (from, 24 * 60)
    } else {
        (from, until)
    }
}

fn some_window(random: &mut Random) -> (Tz, Range<i64>) {
    let zone = ZONES[random.below(ZONES.len() as u64) as usize];
    let from = 1_514_764_800_000 + random.below(10 * 366 * DAY as u64) as i64;
    (zone, from..from + random.below(3 * DAY as u64) as i64)
}

/// 48 hours with a change of the clocks, most of them beginning on a full minute.
fn round(change: i64, random: &mut Random) -> Range<i64> {
    let odd = [0, 0, 1, MINUTE - 1][random.below(4) as usize];
    let from = change - DAY - random.below(360) as i64 * MINUTE + odd;
    from..from + 2 * DAY
}

/// When the clocks of a zone change in 2018, 2026 and 2027.
fn changes() -> Vec<(Tz, i64)> {
    let half_hours = |year| {
        let day = |year| millis(NaiveDate::from_ymd_opt(year, 1, 1).expect("a date"));
        (day(year)..day(year + 1)).step_by(30 * MINUTE as usize)
    };
    let of = |zone: Tz| {
        [2018, 2026, 2027]
            .into_iter()
            .flat_map(half_hours)
            .filter(move |at| offset(zone, at - 1) != offset(zone, *at))
            .map(move |at| (zone, at))
    };
    ZONES.into_iter().flat_map(of).collect()
}

fn found(hours: &Hours, window: &Range<i64>, offset: impl Fn(Timestamp) -> i64) -> Vec<Range<i64>> {
    let found = open(hours, Timestamp(window.start), Timestamp(window.end), offset);
    found.iter().map(range).collect()
}

fn range(interval: &Interval) -> Range<i64> {
    interval.from.0..interval.until.0
}

fn offset(zone: Tz, at: i64) -> i64 {
    let offset = zone.offset_from_utc_datetime(&utc(at)).fix();
    i64::from(offset.local_minus_utc()) * 1000
}

fn wall(zone: Tz, at: i64) -> NaiveDateTime {
    zone.from_utc_datetime(&utc(at)).naive_local()
}

fn utc(at: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at)
        .expect("an instant")
        .naive_utc()
}

fn millis(date: NaiveDate) -> i64 {
    date.and_time(Default::default()).and_utc().timestamp_millis()
}

fn show(at: i64) -> String {
    utc(at).format("%d %H:%M").to_string()
}
