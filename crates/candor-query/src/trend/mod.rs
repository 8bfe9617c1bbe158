//! Trends: how often, how many people, how much, over time.
//!
//! `measure` and `formula` are what is asked, `axis` the time it is asked of, `counters` what
//! is counted, `pass` the one look at everybody, `people` who is behind a number.

mod axis;
mod counters;
mod formula;
mod measure;
mod pass;
mod people;

use std::ops::Range;

use candor_store::{PeopleSet, View};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::group::Key;
use crate::period::{Before, Interval, Intervals};
use crate::question::{
    Breakdowns, Compare, Compared, Span, check_all, check_compared, check_limit, compared, limit,
    range, whose,
};
use crate::scan::Cancel;
use crate::segment::Definition;
pub(crate) use crate::trend::axis::{Axis, Reach};
use crate::trend::counters::Line;
use crate::trend::formula::{Formula, is_of_name};
pub use crate::trend::measure::{Measure, Number};
pub(crate) use crate::trend::measure::{nearest_rank, rank_of};
use crate::trend::pass::Pass;
pub use crate::trend::people::Cell;

/// A trend question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    /// The event's name, or `*` for any; `events` instead of it where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Up to five events, each with its own measure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Measured>,
    /// When.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates and intervals; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// What is counted of `event`; events when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// How long a point is; a day when missing.
    #[serde(default = "day")]
    pub interval: Interval,
    /// What must hold, of every event.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// What is made of the events' values, by their names, like `A / B * 100`; the answer shows
    /// nothing else then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// With what the range is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// Over how many intervals, the point's own the last, a point looks. Events and sums are means
    /// by interval, all else is measured over all of these intervals: people are counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<usize>,
    /// Whether a point is measured over all since the start of the range.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cumulative: bool,
    /// Up to three properties.
    #[serde(default)]
    pub breakdown: Breakdowns,
    /// How many groups are shown; the rest are `(other)`.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Whose events count.
    #[serde(default)]
    pub people: Option<Definition>,
    /// Up to five segments of these people: each is answered as if it alone were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Compared>,
}

/// One of several events of a trend.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// What formulas and the answer call it; `A` to `E` by its place when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it, beside what must hold of all.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What is counted; events when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
}

fn day() -> Interval {
    Interval::Day
}

/// Properties that an answer may be broken down by.
const BREAKDOWNS_MAX: usize = 3;
/// The names that events have where they were given none; no more events may be asked about.
const NAMES: [&str; 5] = ["A", "B", "C", "D", "E"];
const NAME_MAX: usize = 32;
/// Intervals that a point may look over.
const ROLLING_MAX: usize = 366;

/// A trend's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// One per segment, event and group; of groups the greatest first, `(other)` last.
    pub series: Vec<Series>,
    /// The range that this one is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Span>,
}

/// One line of a trend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The values broken down by; empty without a breakdown, `(other)` alone for the rest.
    pub key: Key,
    /// Which of several events, or the formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which of the segments that are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// The line itself.
    #[serde(flatten)]
    pub values: Values,
    /// The same of the range before; its first point is compared with the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Values>,
}

/// The values of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Values {
    /// One for each interval of the range.
    pub points: Vec<Point>,
    /// The measure over the whole range; none where a formula has no value.
    pub total: Option<f64>,
}

/// One point of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The interval's start, RFC 3339 with offset.
    pub at: String,
    /// The measure in it; none where a formula has no value.
    pub value: Option<f64>,
    /// Whether the interval is not over yet, or is cut by the range.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// An event as it is looked for.
struct Asked {
    name: String,
    event: String,
    conditions: Vec<Condition>,
    measure: Measure,
}

/// A question that was checked, with its times.
struct Prepared {
    asked: Vec<Asked>,
    formula: Option<Formula>,
    reach: Reach,
    /// The range's, and that of the range before.
    axes: Vec<Axis>,
    previous: Option<Range<i64>>,
}

impl Trend {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let prepared = self.prepared(zone)?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let mut series = Vec::new();
        if self.segments.is_empty() {
            self.add_series(&prepared, whose.as_deref(), None, (view, cancel), &mut series)?;
        }
        let compared = compared(&self.segments, whose.as_deref(), view, zone, cancel)?;
        for (segment, people) in self.segments.iter().zip(&compared) {
            let name = Some(segment.name.as_str());
            self.add_series(&prepared, Some(people), name, (view, cancel), &mut series)?;
        }
        let span = |range: Range<i64>| Span::of(range, zone);
        Ok(Answer { series, previous: prepared.previous.map(span) })
    }

    /// Checks the question.
    fn prepared(&self, zone: &TimeZone) -> Result<Prepared, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        let asked = self.asked()?;
        self.breakdown.check(BREAKDOWNS_MAX)?;
        check_limit(self.limit)?;
        check_compared(&self.segments, zone)?;
        let reach = match (self.rolling, self.cumulative) {
            (Some(_), true) => {
                return Err(Error::bad("/cumulative", "either `rolling` or `cumulative`"));
            }
            (Some(intervals), false) if !(2..=ROLLING_MAX).contains(&intervals) => {
                let message = format!("a number of intervals from 2 to {ROLLING_MAX}");
                return Err(Error::bad("/rolling", message));
            }
            (Some(intervals), false) => Reach::Trailing(intervals),
            (None, true) => Reach::Whole,
            (None, false) => Reach::Own,
        };
        let formula = self.formula.as_ref().map(|text| {
            let names: Vec<&str> = asked.iter().map(|asked| asked.name.as_str()).collect();
            Formula::read(text, &names).map_err(|message| Error::bad("/formula", message))
        });
        let formula = formula.transpose()?;
        let intervals = Intervals::new(from, to, self.interval, zone)?;
        let intervals = intervals.led_in(reach.lead(), self.interval)?;
        let mut previous = None;
        let mut axes = Vec::new();
        if self.compare == Some(Compare::Previous) {
            let before = Before::of(&self.from, &self.to, self.interval, zone);
            let (from, to) = (before.shift(from.0, zone)?, before.shift(to.0, zone)?);
            let lead = reach.lead();
            let own = before.intervals(&intervals, (from, to), self.interval, lead)?;
            axes.push(Axis::new(own, &(from..to), reach));
            previous = Some(from..to);
        }
        axes.insert(0, Axis::new(intervals, &(from.0..to.0), reach));
        Ok(Prepared { asked, formula, reach, axes, previous })
    }

    /// The events that are looked for.
    fn asked(&self) -> Result<Vec<Asked>, Error> {
        check_all(&self.conditions, "/where")?;
        let one = match (&self.event, &self.events[..]) {
            (Some(event), []) => Measured {
                name: None,
                event: event.clone(),
                conditions: Vec::new(),
                measure: self.measure.clone(),
            },
            (None, []) => return Err(Error::bad("/event", "the name of an event, or `events`")),
            (Some(_), _) => return Err(Error::bad("/event", "either `event` or `events`")),
            (None, _) if self.measure.is_some() => {
                return Err(Error::bad("/measure", "each of `events` has a measure of its own"));
            }
            (None, events) => return self.asked_of(events),
        };
        self.asked_of(&[one])
    }

    fn asked_of(&self, events: &[Measured]) -> Result<Vec<Asked>, Error> {
        if events.len() > NAMES.len() {
            return Err(Error::bad("/events", format!("at most {} events", NAMES.len())));
        }
        let mut asked: Vec<Asked> = Vec::new();
        for (at, event) in events.iter().enumerate() {
            check_all(&event.conditions, &format!("/events/{at}/where"))?;
            let name = event.name.clone().unwrap_or_else(|| NAMES[at].to_owned());
            let fits = name.len() <= NAME_MAX
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.chars().all(is_of_name);
            if !fits || asked.iter().any(|other| other.name == name) {
                let message = format!(
                    "a name of its own, of at most {NAME_MAX} letters, digits and _, a letter first"
                );
                return Err(Error::bad(format!("/events/{at}/name"), message));
            }
            asked.push(Asked {
                name,
                event: event.event.clone(),
                conditions: self.conditions.iter().chain(&event.conditions).cloned().collect(),
                measure: event.measure.clone().unwrap_or(Measure::Total),
            });
        }
        Ok(asked)
    }

    /// Adds the series of some of the people.
    fn add_series(
        &self,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        segment: Option<&str>,
        (view, cancel): (&View, &Cancel),
        series: &mut Vec<Series>,
    ) -> Result<(), Error> {
        let groups = (&self.breakdown, self.limit);
        let pass = Pass::new(&prepared.asked, groups, people, &prepared.axes);
        let groups = pass.groups(view, cancel)?;
        let line = |row, asked, axis| pass.line(&groups, row, (asked, axis), prepared.reach);
        let as_of = view.as_of.0;
        let mut add = |row: usize, name: Option<&str>, lines: &dyn Fn(usize) -> Values| {
            series.push(Series {
                key: groups.keys[row].clone(),
                name: name.map(str::to_owned),
                segment: segment.map(str::to_owned),
                values: lines(0),
                previous: (prepared.axes.len() > 1).then(|| lines(1)),
            });
        };
        let rows = 0..groups.keys.len();
        if let Some(formula) = &prepared.formula {
            for row in rows {
                add(row, self.formula.as_deref(), &|axis| {
                    let lines = (0..prepared.asked.len()).map(|asked| line(row, asked, axis));
                    let lines: Vec<Line> = lines.collect();
                    let value = |of: &dyn Fn(&Line) -> f64| {
                        formula.value(&lines.iter().map(of).collect::<Vec<f64>>())
                    };
                    let points = (0..lines[0].points.len())
                        .map(|point| value(&|line: &Line| line.points[point]));
                    prepared.axes[axis].values(points, value(&|line| line.total), as_of)
                });
            }
            return Ok(());
        }
        for (asked, of) in prepared.asked.iter().enumerate() {
            let name = (!self.events.is_empty()).then_some(of.name.as_str());
            for row in rows.clone() {
                add(row, name, &|axis| {
                    let line = line(row, asked, axis);
                    let points = line.points.into_iter().map(Some);
                    prepared.axes[axis].values(points, Some(line.total), as_of)
                });
            }
        }
        Ok(())
    }
}

impl Axis {
    fn values(
        &self,
        values: impl Iterator<Item = Option<f64>>,
        total: Option<f64>,
        as_of: i64,
    ) -> Values {
        let point = |(place, value)| Point {
            at: self.label(place),
            value,
            incomplete: self.incomplete(place, as_of),
        };
        Values { points: values.enumerate().map(point).collect(), total }
    }
}
