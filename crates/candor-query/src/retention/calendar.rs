//! Cohorts and the periods after them, as days.

use candor_event::Timestamp;
use jiff::Span as Time;
use jiff::tz::TimeZone;

use crate::days::{DAYS_MAX, Days, too_far, too_many};
use crate::error::Error;
use crate::period::{self, Interval};
use crate::retention::Span;

/// Which cohort a day belongs to, and which period after it another day is.
pub(super) struct Calendar {
    pub(super) days: Days,
    /// The calendar's period of each day, and of all later ones.
    period_of: Vec<u32>,
    /// The first day of each period, one more.
    starts: Vec<usize>,
    cohorts: usize,
    /// The days of a period that begins with the birth; none: periods are the calendar's.
    rolling: Option<u32>,
    /// The days on which somebody can be born.
    births: (usize, usize),
}

impl Calendar {
    pub(super) fn new(
        from: Timestamp,
        to: Timestamp,
        interval: Interval,
        periods: u32,
        rolling: Option<u32>,
        zone: &TimeZone,
    ) -> Result<Calendar, Error> {
        let far = |_| too_far("/from");
        if to.0.saturating_sub(from.0) / 86_400_000 > DAYS_MAX as i64 {
            return Err(too_many("/from"));
        }
        let at = jiff::Timestamp::from_millisecond(from.0).map_err(far)?.to_zoned(zone.clone());
        let first = period::floor(&at, interval).map_err(far)?;
        let mut start = first.clone();
        let mut starts = vec![start.timestamp().as_millisecond()];
        let mut cohorts = 0;
        while starts[cohorts] < to.0 {
            start = period::after(&start, interval).map_err(far)?;
            starts.push(start.timestamp().as_millisecond());
            cohorts += 1;
        }
        let mut end = start.clone();
        match rolling {
            Some(length) => {
                let days = Time::new().days(i64::from(periods) * i64::from(length));
                end = end.checked_add(days).map_err(|_| too_far("/periods"))?;
            }
            None => {
                for _ in 0..periods {
                    end = period::after(&end, interval).map_err(|_| too_far("/periods"))?;
                    starts.push(end.timestamp().as_millisecond());
                }
            }
        }
        let days = Days::new(&first, &end, "/periods")?;
        let starts: Vec<usize> = starts.into_iter().map(|start| days.of(start)).collect();
        let mut period_of = vec![starts.len() as u32 - 1; days.len() + 1];
        for (period, range) in starts.windows(2).enumerate() {
            period_of[range[0]..range[1]].fill(period as u32);
        }
        let births = (days.of(from.0), days.of(to.0 - 1));
        Ok(Calendar { days, period_of, starts, cohorts, rolling, births })
    }

    pub(super) fn cohorts(&self) -> usize {
        self.cohorts
    }

    /// The cohort of a birth's day.
    #[inline]
    pub(super) fn cohort(&self, birth: usize) -> usize {
        self.period_of[birth] as usize
    }

    /// The cohort that starts at a moment.
    pub(super) fn cohort_from(&self, start: i64) -> Option<usize> {
        let starts = &self.starts[..self.cohorts];
        starts.iter().position(|day| self.days.start(*day) == start)
    }

    /// When a cohort starts, RFC 3339 with offset.
    pub(super) fn label(&self, cohort: usize) -> String {
        self.days.label(self.starts[cohort])
    }

    /// Which period after a birth a day is that is not before it.
    #[inline]
    pub(super) fn period(&self, birth: usize, day: usize) -> u32 {
        match self.rolling {
            None => self.period_of[day] - self.period_of[birth],
            Some(1) => (day - birth) as u32,
            Some(length) => (day - birth) as u32 / length,
        }
    }

    /// Whether all of a span lies after a moment, for everyone of a cohort.
    pub(super) fn is_ahead(&self, cohort: usize, span: Span, moment: i64) -> bool {
        let first = match self.rolling {
            None => self.starts[cohort + span.first as usize],
            Some(length) => self.starts[cohort].max(self.births.0) + (span.first * length) as usize,
        };
        self.days.start(first) > moment
    }

    /// Whether a span is over at a moment, for everyone of a cohort.
    pub(super) fn is_over(&self, cohort: usize, span: Span, moment: i64) -> bool {
        let end = match self.rolling {
            None => self.starts[cohort + span.last as usize + 1],
            Some(length) => {
                let last_birth = (self.starts[cohort + 1] - 1).min(self.births.1);
                last_birth + ((span.last + 1) * length) as usize
            }
        };
        self.days.start(end) <= moment
    }
}
