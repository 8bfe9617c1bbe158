//! Ranges of time and the intervals they fall into, in the asker's time zone.

use candor_event::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Unit, Zoned};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The length of a trend's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Interval {
    Minute,
    Hour,
    Day,
    Week,
    Month,
}

/// Points that one answer may have.
pub const POINTS_MAX: usize = 10_000;

/// The zone of an IANA name.
///
/// # Errors
/// [`Error::Bad`] when there is no such zone.
pub fn zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name)
        .map_err(|_| Error::bad("/timezone", format!("`{name}` is no IANA time zone name")))
}

/// The length of a date like 2026-11-24.
const DATE: usize = 10;

/// A moment from a date (its first moment in the zone) or an RFC 3339 instant.
pub(crate) fn moment(text: &str, zone: &TimeZone, pointer: &str) -> Result<Timestamp, Error> {
    let bad =
        || Error::bad(pointer, "a date like 2026-11-24 or an instant like 2026-11-24T10:00:00Z");
    if text.len() == DATE {
        let date: Date = text.parse().map_err(|_| bad())?;
        let start = date.to_zoned(zone.clone()).map_err(|_| bad())?;
        return Ok(Timestamp(start.timestamp().as_millisecond()));
    }
    let instant: jiff::Timestamp = text.parse().map_err(|_| bad())?;
    Ok(Timestamp(instant.as_millisecond()))
}

/// A duration like `30m`, `12h`, `7d`, `2w`, in ms; a day has 24 hours.
pub fn duration(text: &str, pointer: &str) -> Result<i64, Error> {
    let bad = || Error::bad(pointer, "a duration like 30s, 30m, 12h, 7d or 2w");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(bad)?;
    let number: i64 = number.parse().map_err(|_| bad())?;
    let unit = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(bad()),
    };
    number
        .checked_mul(unit)
        .filter(|ms| (1..=DURATION_MS_MAX).contains(ms))
        .ok_or_else(|| Error::bad(pointer, "a duration above zero and of at most 10 years"))
}

const DURATION_MS_MAX: i64 = 3_660 * 86_400_000;

/// The starts of the intervals that cover `from <= t < to`, the first at or before `from`.
#[derive(Clone, Debug)]
pub(crate) struct Intervals {
    /// Ascending, in ms; one more than there are intervals: the end of the last.
    pub(crate) edges: Vec<i64>,
    /// How many intervals there are in a millisecond, on the average.
    per_ms: f64,
    zone: TimeZone,
}

impl Intervals {
    pub(crate) fn new(
        from: Timestamp,
        to: Timestamp,
        interval: Interval,
        zone: &TimeZone,
    ) -> Result<Intervals, Error> {
        let mut start = floor(&zoned(from.0, zone)?, interval).map_err(far)?;
        let mut edges = Vec::new();
        while start.timestamp().as_millisecond() < to.0 {
            if edges.len() == POINTS_MAX {
                let message =
                    format!("at most {POINTS_MAX} points: a longer interval or less time");
                return Err(Error::bad("/interval", message));
            }
            edges.push(start.timestamp().as_millisecond());
            start = after(&start, interval).map_err(far)?;
        }
        edges.push(start.timestamp().as_millisecond());
        Ok(Intervals::of(edges, zone))
    }

    /// Those between these edges: at least two, ascending.
    pub(crate) fn of(edges: Vec<i64>, zone: &TimeZone) -> Intervals {
        let length = edges[edges.len() - 1] as f64 - edges[0] as f64;
        let per_ms = (edges.len() - 1) as f64 / length.max(1.0);
        Intervals { edges, per_ms, zone: zone.clone() }
    }

    /// Those between other edges, in the same zone.
    pub(crate) fn between(&self, edges: Vec<i64>) -> Intervals {
        Intervals::of(edges, &self.zone)
    }

    /// The same with so many more before the first.
    pub(crate) fn led_in(&self, more: usize, interval: Interval) -> Result<Intervals, Error> {
        let mut start = zoned(self.edges[0], &self.zone)?;
        let mut edges = Vec::with_capacity(more + self.edges.len());
        for _ in 0..more {
            start = before(&start, interval).map_err(far)?;
            edges.push(start.timestamp().as_millisecond());
        }
        edges.reverse();
        edges.extend(&self.edges);
        Ok(Intervals::of(edges, &self.zone))
    }

    pub(crate) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// The interval of a moment inside the range; `hint` is where it may well be.
    #[inline]
    pub(crate) fn place(&self, time: i64, hint: usize) -> usize {
        if self.edges[hint] <= time && time < self.edges[hint + 1] {
            return hint;
        }
        // Intervals are about equally long: where it would be if they were is near.
        let guess = (time - self.edges[0]) as f64 * self.per_ms;
        let mut place = (guess as usize).min(self.len() - 1);
        while self.edges[place] > time {
            place -= 1;
        }
        while self.edges[place + 1] <= time {
            place += 1;
        }
        place
    }

    /// The start of an interval, RFC 3339 with offset.
    pub(crate) fn label(&self, place: usize) -> String {
        rfc3339(Timestamp(self.edges[place]), &self.zone)
    }
}

/// How far before a range the one lies that it is compared with: just before, and as long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Before {
    /// Whole months, where the range is made of such.
    Months(i64),
    /// Days of the calendar, where it goes from a date to a date.
    Days(i64),
    /// Else milliseconds.
    Elapsed(i64),
}

impl Before {
    /// For a range as it was asked, checked before.
    pub(crate) fn of(from: &str, to: &str, interval: Interval, zone: &TimeZone) -> Before {
        let ms = |text| moment(text, zone, "").map_or(0, |at| at.0);
        let elapsed = Before::Elapsed(ms(to) - ms(from));
        let date = |text: &str| if text.len() == DATE { text.parse::<Date>().ok() } else { None };
        let (Some(from), Some(to)) = (date(from), date(to)) else { return elapsed };
        let months = 12 * i64::from(to.year() - from.year()) + i64::from(to.month())
            - i64::from(from.month());
        match (interval, from.day(), to.day()) {
            (Interval::Month, 1, 1) => Before::Months(months),
            _ => (to - from)
                .total((Unit::Day, from))
                .map_or(elapsed, |days| Before::Days(days as i64)),
        }
    }

    /// The moment of the range before that a moment of the range is compared with.
    pub(crate) fn shift(self, at: i64, zone: &TimeZone) -> Result<i64, Error> {
        let span = match self {
            Before::Months(months) => Span::new().try_months(months),
            Before::Days(days) => Span::new().try_days(days),
            Before::Elapsed(ms) => return Ok(at - ms),
        };
        let date = zoned(at, zone)?.date();
        let start = span.and_then(|span| date.checked_sub(span)?.to_zoned(zone.clone()));
        Ok(start.map_err(far)?.timestamp().as_millisecond())
    }

    /// The intervals of the range before, `from` to `to`, each compared with one of these, of which
    /// so many lead in. Hours and minutes of days are those that the days before have: their number
    /// differs where a clock changes.
    pub(crate) fn intervals(
        self,
        these: &Intervals,
        (from, to): (i64, i64),
        interval: Interval,
        lead: usize,
    ) -> Result<Intervals, Error> {
        let zone = &these.zone;
        let of_days = matches!(interval, Interval::Day | Interval::Week | Interval::Month);
        if !of_days && !matches!(self, Before::Elapsed(_)) {
            let own = Intervals::new(Timestamp(from), Timestamp(to), interval, zone)?;
            return own.led_in(lead, interval);
        }
        let edges = these.edges.iter().map(|edge| self.shift(*edge, zone));
        Ok(Intervals::of(edges.collect::<Result<_, _>>()?, zone))
    }
}

fn zoned(at: i64, zone: &TimeZone) -> Result<Zoned, Error> {
    Ok(jiff::Timestamp::from_millisecond(at).map_err(far)?.to_zoned(zone.clone()))
}

fn far(_: jiff::Error) -> Error {
    Error::bad("/from", "a moment between the years -9998 and 9998")
}

/// A moment as RFC 3339 with the zone's offset, without a fraction where it is zero.
pub fn rfc3339(at: Timestamp, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(instant) => {
            let offset = zone.to_offset(instant);
            instant.display_with_offset(offset).to_string()
        }
        Err(_) => String::new(),
    }
}

pub(crate) fn floor(at: &Zoned, interval: Interval) -> Result<Zoned, jiff::Error> {
    let unit = match interval {
        // Minutes and hours are of elapsed time, so that a clock set back keeps its two hours.
        Interval::Minute => return floor_elapsed(at, 60),
        Interval::Hour => return floor_elapsed(at, 3_600),
        Interval::Day => return at.start_of_day(),
        Interval::Week => {
            let days = i64::from(at.weekday().to_monday_zero_offset());
            return at.checked_sub(Span::new().try_days(days)?)?.start_of_day();
        }
        Interval::Month => Unit::Month,
    };
    debug_assert_eq!(unit, Unit::Month, "the only one left");
    at.first_of_month()?.start_of_day()
}

fn floor_elapsed(at: &Zoned, seconds: i64) -> Result<Zoned, jiff::Error> {
    let offset = i64::from(at.offset().seconds());
    let second = at.timestamp().as_millisecond().div_euclid(1000);
    let start = (second + offset).div_euclid(seconds) * seconds - offset;
    Ok(jiff::Timestamp::from_second(start)?.to_zoned(at.time_zone().clone()))
}

pub(crate) fn after(start: &Zoned, interval: Interval) -> Result<Zoned, jiff::Error> {
    match interval {
        Interval::Minute => start.checked_add(Span::new().minutes(1)),
        Interval::Hour => start.checked_add(Span::new().hours(1)),
        Interval::Day => start.checked_add(Span::new().days(1))?.start_of_day(),
        Interval::Week => start.checked_add(Span::new().weeks(1))?.start_of_day(),
        Interval::Month => start.checked_add(Span::new().months(1))?.start_of_day(),
    }
}

fn before(start: &Zoned, interval: Interval) -> Result<Zoned, jiff::Error> {
    match interval {
        Interval::Minute => start.checked_sub(Span::new().minutes(1)),
        Interval::Hour => start.checked_sub(Span::new().hours(1)),
        Interval::Day => start.checked_sub(Span::new().days(1))?.start_of_day(),
        Interval::Week => start.checked_sub(Span::new().weeks(1))?.start_of_day(),
        Interval::Month => start.checked_sub(Span::new().months(1))?.start_of_day(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, to: &str, interval: Interval, name: &str) -> Vec<String> {
        let zone = zone(name).unwrap();
        let from = moment(from, &zone, "/from").unwrap();
        let to = moment(to, &zone, "/to").unwrap();
        let intervals = Intervals::new(from, to, interval, &zone).unwrap();
        (0..intervals.len()).map(|place| intervals.label(place)).collect()
    }

    #[test]
    fn days_are_the_zone_s_own_also_when_the_clock_changes() {
        let days = labels("2026-10-24", "2026-10-27", Interval::Day, "Europe/Berlin");
        let expected =
            ["2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"];
        assert_eq!(days, expected);
        let hours = labels("2026-10-25", "2026-10-26", Interval::Hour, "Europe/Berlin");
        assert_eq!(hours.len(), 25);
        assert_eq!(hours[2..4], ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]);
        // A day whose first hour does not exist.
        let days = labels("2026-09-06", "2026-09-07", Interval::Day, "America/Santiago");
        assert_eq!(days, ["2026-09-06T01:00:00-03:00"]);
    }

    /// The starts of the intervals of a range and of the range before, with some that lead in.
    fn compared(
        (from, to): (&str, &str),
        interval: Interval,
        name: &str,
        lead: usize,
    ) -> (Vec<String>, Vec<String>) {
        let zone = zone(name).unwrap();
        let at = |text| moment(text, &zone, "/from").unwrap();
        let these = Intervals::new(at(from), at(to), interval, &zone).unwrap();
        let these = these.led_in(lead, interval).unwrap();
        let before = Before::of(from, to, interval, &zone);
        let range = [from, to].map(|text| before.shift(at(text).0, &zone).unwrap());
        let others = before.intervals(&these, (range[0], range[1]), interval, lead).unwrap();
        let labels = |intervals: &Intervals| {
            (0..intervals.len()).map(|place| intervals.label(place)).collect::<Vec<_>>()
        };
        (labels(&these), labels(&others))
    }

    #[test]
    fn a_range_of_dates_is_compared_with_as_many_days_of_the_calendar() {
        let berlin = "Europe/Berlin";
        let days = ("2026-10-25", "2026-10-27");
        let (_, before) = compared(days, Interval::Day, berlin, 1);
        let expected =
            ["2026-10-22T00:00:00+02:00", "2026-10-23T00:00:00+02:00", "2026-10-24T00:00:00+02:00"];
        assert_eq!(before, expected);
        // A day of 25 hours with one of 24.
        let (hours, before) = compared(("2026-10-25", "2026-10-26"), Interval::Hour, berlin, 2);
        assert_eq!((hours.len(), before.len()), (27, 26));
        assert_eq!(
            (&hours[0][..], &before[0][..]),
            ("2026-10-24T22:00:00+02:00", "2026-10-23T22:00:00+02:00")
        );
        // The week that is cut by the range is as much of one a range before.
        let (weeks, before) = compared(("2026-11-04", "2026-11-12"), Interval::Week, "UTC", 0);
        assert_eq!(weeks, ["2026-11-02T00:00:00+00:00", "2026-11-09T00:00:00+00:00"]);
        assert_eq!(before, ["2026-10-25T00:00:00+00:00", "2026-11-01T00:00:00+00:00"]);
    }

    #[test]
    fn whole_months_are_compared_with_months_and_moments_with_time() {
        let (_, before) = compared(("2026-03-01", "2026-05-01"), Interval::Month, "UTC", 1);
        let months = ["2025-12", "2026-01", "2026-02"].map(|at| format!("{at}-01T00:00:00+00:00"));
        assert_eq!(before, months);
        let (_, before) = compared(("2026-03-02", "2026-03-12"), Interval::Month, "UTC", 0);
        assert_eq!(before, ["2026-02-19T00:00:00+00:00"]);
        let instants = ("2026-10-25T00:00:00+02:00", "2026-10-26");
        let (days, before) = compared(instants, Interval::Day, "Europe/Berlin", 0);
        assert_eq!(days, ["2026-10-25T00:00:00+02:00"]);
        assert_eq!(before, ["2026-10-23T23:00:00+02:00"], "25 hours");
    }

    #[test]
    fn weeks_start_on_monday_even_before_the_range() {
        let weeks = labels("2026-11-24", "2026-12-01", Interval::Week, "Asia/Kolkata");
        assert_eq!(weeks, ["2026-11-23T00:00:00+05:30", "2026-11-30T00:00:00+05:30"]);
        let months = labels("2026-11-24", "2026-12-02", Interval::Month, "UTC");
        assert_eq!(months, ["2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00"]);
    }

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(duration("7d", ""), Ok(604_800_000));
        assert_eq!(duration("30m", ""), Ok(1_800_000));
        for bad in ["", "d", "7", "-1d", "0d", "7y", "99999999999999999w", "1é"] {
            assert!(duration(bad, "/window").is_err(), "{bad}");
        }
    }
}
