//! When a campaign fires, and at which moment it is that time for one person.
//!
//! A schedule is wall-clock time and a zone; the moment is worked out late, so that a zone whose
//! rules change moves it. A time that a clock skips happens when the clock goes on; one that it
//! shows twice happens the first time (spec: engagement, 2.6).

use candor_event::Timestamp;
use jiff::Span;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// When a campaign fires, as it is asked and saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// At the moment at which it is published.
    Now,
    /// Once.
    Once(Once),
    /// Again and again.
    Recurring(Recurring),
}

/// Once, at a wall-clock time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Once {
    /// Date and time, without a zone.
    pub at: DateTime,
    /// Whose clock.
    #[serde(default)]
    pub clock: Clock,
}

/// At one wall-clock time of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recurring {
    /// The time of day.
    pub at: Time,
    /// Which days.
    pub every: Every,
    /// The first day that counts.
    pub from: Date,
    /// The last day that counts; none for without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Whose clock.
    #[serde(default)]
    pub clock: Clock,
}

/// Whose clock a wall-clock time is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The publisher's: one moment for everyone.
    #[default]
    Publisher,
    /// Each person's own; who is past it is left out.
    Person,
    /// Each person's own; who is past it gets it a day later.
    PersonOrNextDay,
}

/// Which days a recurring campaign fires on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each day.
    Day,
    /// These days of the week: `mon`, `tue`, …
    Week(Vec<Day>),
    /// This day of the month; the last one where a month is shorter.
    Month(i8),
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// One firing of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its wall-clock time: the same however often it is worked out, so that it happens once.
    pub key: String,
    /// When the first person's turn comes.
    pub due: Timestamp,
    /// The wall-clock time; none where it is at once.
    pub at: Option<DateTime>,
}

/// The zone that is first to see a wall-clock time.
const EARLIEST_ZONE: &str = "Pacific/Kiritimati";

/// Days that are looked through for the next occurrence: more than two months of the longest gap.
const DAYS_MAX: usize = 400;

impl Schedule {
    /// The first occurrence that is due after a moment; none when there is no more. `zone` is the
    /// publisher's.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Occurrence> {
        match self {
            Schedule::Now => None,
            Schedule::Once(once) => {
                let found = occurrence(once.at, once.clock, zone);
                (found.due > after).then_some(found)
            }
            Schedule::Recurring(recurring) => recurring.next(after, zone),
        }
    }
}

impl Recurring {
    fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Occurrence> {
        let today = jiff::Timestamp::from_millisecond(after.0).ok()?.to_zoned(zone.clone()).date();
        // A person's day may have begun where the publisher's has not.
        let first = today.saturating_sub(Span::new().days(1)).max(self.from);
        let days = first.series(Span::new().days(1)).take(DAYS_MAX);
        let days = days.take_while(|day| self.until.is_none_or(|until| *day <= until));
        let found = days.filter(|day| self.every.holds(*day));
        let found = found.map(|day| occurrence(day.to_datetime(self.at), self.clock, zone));
        found.into_iter().find(|one| one.due > after)
    }
}

impl Every {
    fn holds(&self, day: Date) -> bool {
        match self {
            Every::Day => true,
            Every::Week(days) => days.iter().any(|one| one.weekday() == day.weekday()),
            Every::Month(at) => day.day() == (*at).min(day.days_in_month()),
        }
    }

    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Every::Week(days) if days.is_empty() => Err("at least one day of the week"),
            Every::Month(at) if !(1..=31).contains(at) => Err("a day of the month, 1 to 31"),
            _ => Ok(()),
        }
    }
}

impl Day {
    fn weekday(self) -> Weekday {
        match self {
            Day::Mon => Weekday::Monday,
            Day::Tue => Weekday::Tuesday,
            Day::Wed => Weekday::Wednesday,
            Day::Thu => Weekday::Thursday,
            Day::Fri => Weekday::Friday,
            Day::Sat => Weekday::Saturday,
            Day::Sun => Weekday::Sunday,
        }
    }
}

fn occurrence(at: DateTime, clock: Clock, zone: &TimeZone) -> Occurrence {
    let due = match clock {
        Clock::Publisher => moment(at, zone),
        Clock::Person | Clock::PersonOrNextDay => match TimeZone::get(EARLIEST_ZONE) {
            Ok(earliest) => moment(at, &earliest),
            Err(_) => moment(at, zone),
        },
    };
    Occurrence { key: at.strftime("%Y-%m-%dT%H:%M").to_string(), due, at: Some(at) }
}

/// When it is a person's turn, for an occurrence that fires at a moment; none when it has passed
/// for them by then and they are left out.
pub fn turn(at: DateTime, clock: Clock, person: &TimeZone, fires: Timestamp) -> Option<Timestamp> {
    let due = moment(at, person);
    match clock {
        Clock::Publisher => Some(fires),
        _ if due >= fires => Some(due),
        Clock::Person => None,
        Clock::PersonOrNextDay => {
            let next = at.saturating_add(Span::new().days(1));
            Some(moment(next, person)).filter(|due| *due >= fires)
        }
    }
}

/// The moment at which a zone's clocks show a time: the first such moment, or the one at which they
/// go on where they skip it.
pub fn moment(at: DateTime, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let found = match ambiguous.offset() {
        // Read by the offset after the gap it lies before it: the clocks go on at the next change.
        AmbiguousOffset::Gap { after, .. } => after.to_timestamp(at).ok().and_then(|before| {
            let change = zone.following(before).next();
            change.map(|change| change.timestamp())
        }),
        _ => ambiguous.earlier().ok(),
    };
    // Out of the calendar's range: never.
    Timestamp(found.map_or(i64::MAX, |found| found.as_millisecond()))
}

/// Hours of a day in which nobody is written to; they may lie across midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// They begin.
    pub from: Time,
    /// They end.
    pub to: Time,
}

impl QuietHours {
    /// When a message may go that would go now: now, or when the quiet hours end.
    pub fn opening(&self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        let Ok(instant) = jiff::Timestamp::from_millisecond(now.0) else { return now };
        let local = instant.to_zoned(zone.clone()).datetime();
        let time = local.time();
        let quiet = match self.from <= self.to {
            true => (self.from..self.to).contains(&time),
            false => time >= self.from || time < self.to,
        };
        if !quiet {
            return now;
        }
        let tomorrow = time >= self.to;
        let days = Span::new().days(i64::from(tomorrow));
        let opens = local.date().saturating_add(days).to_datetime(self.to);
        moment(opens, zone).max(now)
    }
}

#[cfg(test)]
mod tests;
