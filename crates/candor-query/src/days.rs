//! Days of the asker's zone as small numbers, and the days on which somebody did something.

use std::ops::Range;

use candor_event::Timestamp;
use candor_store::Run;
use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::period::{self, Interval, rfc3339};

/// Days that one question may look at.
pub(crate) const DAYS_MAX: usize = 20_000;

const DAY_MS: i64 = 86_400_000;

/// Days that follow each other, numbered from 0.
#[derive(Clone, Debug)]
pub(crate) struct Days {
    /// Their starts in ms, ascending; one more than there are days: the end of the last.
    edges: Vec<i64>,
    zone: TimeZone,
}

impl Days {
    /// The days from the one of `first` on up to that of `end`, which is not among them.
    pub(crate) fn new(first: &Zoned, end: &Zoned, pointer: &str) -> Result<Days, Error> {
        let far = |_| too_far(pointer);
        let mut day = period::floor(first, Interval::Day).map_err(far)?;
        let end = end.timestamp().as_millisecond();
        let mut edges = vec![day.timestamp().as_millisecond()];
        while edges[edges.len() - 1] < end {
            if edges.len() > DAYS_MAX {
                return Err(too_many(pointer));
            }
            day = period::after(&day, Interval::Day).map_err(far)?;
            edges.push(day.timestamp().as_millisecond());
        }
        Ok(Days { edges, zone: first.time_zone().clone() })
    }

    /// The name of the zone; what cannot be named has one that no other zone has.
    pub(crate) fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("")
    }

    /// When each day of the zone begins that lies between two moments, and when the last one ends.
    pub(crate) fn around(&self, first: i64, last: i64) -> Option<Vec<i64>> {
        self.zone.iana_name()?;
        let at = |moment| {
            let moment = jiff::Timestamp::from_millisecond(moment).ok()?;
            Some(moment.to_zoned(self.zone.clone()))
        };
        let end = at(last.checked_add(1)?)?;
        Some(Days::new(&at(first)?, &end, "").ok()?.edges)
    }

    /// How other days of the zone, which begin at `edges`, are numbered here; nothing where they
    /// are days of another zone.
    pub(crate) fn numbered(&self, edges: &[i64]) -> Option<Numbered> {
        let (first, own) = (edges.first()?, self.edges[0]);
        let shift = match *first >= own {
            true => match self.edges.binary_search(first) {
                Ok(day) => day as i64,
                Err(day) if day == self.edges.len() => i64::MAX,
                Err(_) => return None,
            },
            false => match edges.binary_search(&own) {
                Ok(day) => -(day as i64),
                Err(day) if day == edges.len() => i64::MIN,
                Err(_) => return None,
            },
        };
        Some(Numbered { shift, len: self.len() as i64 })
    }

    pub(crate) fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// The day of a moment that is not before the first; of a later one than all, how many there
    /// are.
    #[inline]
    pub(crate) fn of(&self, time: i64) -> usize {
        let last = self.len();
        // Days have about 24 hours: where the clock changes, the guess is next to the day.
        let guess = (time - self.edges[0]).div_euclid(DAY_MS);
        let mut day = usize::try_from(guess).unwrap_or(0).min(last);
        while day < last && self.edges[day + 1] <= time {
            day += 1;
        }
        while day > 0 && self.edges[day] > time {
            day -= 1;
        }
        day
    }

    /// When a day begins; of how many there are, when the last ends.
    #[inline]
    pub(crate) fn start(&self, day: usize) -> i64 {
        self.edges[day]
    }

    /// When a day begins, RFC 3339 with offset.
    pub(crate) fn label(&self, day: usize) -> String {
        rfc3339(Timestamp(self.edges[day]), &self.zone)
    }

    /// Adds the days of those events of a run that match, ascending and each once. The only place
    /// where questions about active days look at events.
    #[inline]
    pub(crate) fn active(
        &self,
        run: Run<'_>,
        places: Range<usize>,
        matches: impl Fn(usize) -> bool,
        found: &mut Vec<u32>,
    ) {
        let mut until = i64::MIN;
        for at in places {
            let time = run.time(at);
            if time < until || !matches(at) {
                continue;
            }
            let day = self.of(time);
            until = self.edges.get(day + 1).copied().unwrap_or(i64::MAX);
            found.push(day as u32);
        }
    }
}

/// Numbers days of one kind as those of another.
pub(crate) struct Numbered {
    shift: i64,
    len: i64,
}

impl Numbered {
    /// Active days as the store keeps them.
    pub(crate) fn all<'a>(&self, days: &'a [u16]) -> ActiveOn<'a> {
        ActiveOn { days: days.iter(), shift: self.shift, len: self.len }
    }
}

/// The days on which a person did something, ascending, and of each whether it was more than one
/// thing; nothing stands for a day before the first. All later ones than the last have the number
/// of how many days there are.
#[derive(Clone)]
pub(crate) struct ActiveOn<'a> {
    days: std::slice::Iter<'a, u16>,
    shift: i64,
    len: i64,
}

impl Iterator for ActiveOn<'_> {
    type Item = Option<(u32, bool)>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let day = self.days.next()?;
        let more = day & 1 == 1;
        let day = self.shift.saturating_add(i64::from(day >> 1));
        Some((day >= 0).then(|| (day.min(self.len) as u32, more)))
    }
}

pub(crate) fn too_far(pointer: &str) -> Error {
    Error::bad(pointer, "a moment between the years -9998 and 9998")
}

pub(crate) fn too_many(pointer: &str) -> Error {
    Error::bad(pointer, format!("a question looks at {DAYS_MAX} days at most: ask for less time"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn days(zone: &str, from: &str, to: &str) -> Days {
        let zone = period::zone(zone).unwrap();
        let at = |date: &str| date.parse::<jiff::civil::Date>().unwrap().to_zoned(zone.clone());
        Days::new(&at(from).unwrap(), &at(to).unwrap(), "/from").unwrap()
    }

    #[test]
    fn a_day_begins_with_its_first_moment() {
        // Midnight of 6 September does not exist in Santiago; in Apia all of 30 December.
        let santiago = days("America/Santiago", "2026-09-05", "2026-09-08");
        assert_eq!(
            (0..santiago.len()).map(|day| santiago.label(day)).collect::<Vec<_>>(),
            ["2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"]
        );
        let apia = days("Pacific/Apia", "2011-12-29", "2012-01-01");
        assert_eq!(
            (0..apia.len()).map(|day| apia.label(day)).collect::<Vec<_>>(),
            ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]
        );
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_the_day_that_holds_it(hour in 0i64..24 * 800, ms in -1i64..2) {
            for zone in ["Europe/Berlin", "America/Santiago", "Asia/Kolkata", "Pacific/Apia"] {
                let days = days(zone, "2010-11-24", "2013-01-02");
                let time = days.start(0) + (hour * 3_600_000 + ms).max(0);
                let day = days.of(time);
                prop_assert!(days.start(day) <= time);
                prop_assert!(day == days.len() || time < days.start(day + 1));
            }
        }
    }
}
