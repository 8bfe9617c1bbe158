//! Funnels: who takes the steps one after the other, and how long it takes.
//!
//! `ordered` and `attempts` find the attempts of a person that count, `pass` looks at everybody,
//! `tally` is what is counted, `people` who is behind a number.

mod attempts;
mod ordered;
mod pass;
mod people;
mod tally;
mod times;

use std::ops::Range;

use candor_store::{PeopleSet, View};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::funnel::attempts::{HOLD_MAX, Rules};
use crate::funnel::ordered::STEPS_MAX;
pub use crate::funnel::people::Cell;
pub use crate::funnel::tally::{Bin, Reached};
use crate::group::Key;
use crate::period::{self, Before, Interval, Intervals};
use crate::question::{
    Breakdowns, Compare, Compared, Span, Which, check_all, check_compared, check_limit, compared,
    limit, range, whose,
};
use crate::scan::Cancel;
use crate::segment::Definition;
use crate::trend::{Axis, Reach};

/// A funnel question. An attempt takes each step at the first chance, and one event serves one step
/// of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// 2 to 12 steps.
    pub steps: Vec<Which>,
    /// When the first step was taken; later ones may come after.
    pub from: String,
    /// Up to, not including, this moment.
    pub to: String,
    /// The IANA name of the zone of dates and intervals; the caller resolves it.
    #[serde(default)]
    pub timezone: Option<String>,
    /// How the steps follow each other.
    #[serde(default)]
    pub order: Order,
    /// What is counted.
    #[serde(default)]
    pub count: Counting,
    /// How long an attempt may take, like `7d`.
    #[serde(default = "week")]
    pub window: String,
    /// Events that end an attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Excluded>,
    /// Up to three properties of events that are equal at every step of an attempt; an event
    /// without one of them is no step. An excluded event does not end an attempt if it has another
    /// value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hold: Vec<String>,
    /// A property of the first step's event, or of the person.
    #[serde(default)]
    pub breakdown: Breakdowns,
    /// How many groups are shown, the greatest first.
    #[serde(default = "limit")]
    pub limit: usize,
    /// Whose steps count.
    #[serde(default)]
    pub people: Option<Definition>,
    /// Up to five segments of these people, each with numbers of its own beside those of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Compared>,
    /// Whether the answer says how many took how long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub times: bool,
    /// The counts are given by when attempts started, too, in intervals of this length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// With what the range is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
}

/// How the steps of a funnel follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// In order; other events may lie between.
    #[default]
    Ordered,
    /// In order, and no event of the person lies between.
    Strict,
    /// In whatever order. An attempt starts at any of the steps, and its k-th step is the k-th of
    /// the funnel's that it takes.
    Any,
}

/// What a funnel counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Each person once, by the deepest attempt; of these by the earliest.
    #[default]
    People,
    /// Each attempt that begins when none is under way, of each value that is held. One is over
    /// after its last step, at an event that ends it, or when its window is; in a strict funnel at
    /// an event that is not its next step.
    Attempts,
}

/// An event that ends an attempt: the steps taken until then count. It lies between two steps, not
/// at one of them: an event that is the next step is that.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// It ends an attempt that took this step; the first when missing.
    #[serde(default = "first")]
    pub after: usize,
    /// And not yet this one; the last when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<usize>,
}

fn week() -> String {
    "7d".to_owned()
}

fn first() -> usize {
    1
}

const EXCLUDED_MAX: usize = 12;

/// A funnel's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The numbers of everyone.
    #[serde(flatten)]
    pub all: Numbers,
    /// The numbers of each segment that is compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<OfSegment>,
    /// The same of the attempts that started in the range before, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Earlier>>,
}

/// What the range before has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// Where it begins and ends.
    #[serde(flatten)]
    pub span: Span,
    /// Its numbers.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The numbers of some people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Numbers {
    /// The steps for all of them.
    pub steps: Vec<Reached>,
    /// The steps for each value broken down by; empty without a breakdown.
    pub groups: Vec<Group>,
    /// How many took how long from the first step to the last, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Bin>>,
    /// The counts by when attempts started, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<Vec<Point>>,
}

/// The numbers of a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfSegment {
    /// The segment's name.
    pub name: String,
    /// Its people's numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// The steps of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The values broken down by; `(other)` alone for the rest.
    pub key: Key,
    /// Its steps.
    pub steps: Vec<Reached>,
    /// How many took how long from the first step to the last, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<Bin>>,
}

/// The attempts that started in one interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The interval's start, RFC 3339 with offset.
    pub at: String,
    /// How many of them reached each step.
    pub counts: Vec<u64>,
    /// Whether more may come: the interval is cut by the range, or the window of an attempt that
    /// started in it is not over.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

/// A question that was checked.
struct Prepared {
    rules: Rules,
    /// The intervals in which attempts start, where they are asked for.
    axis: Option<Axis>,
}

impl Funnel {
    /// Answers the question.
    ///
    /// # Errors
    /// [`Error::Bad`] names what to change; [`Error::Cancelled`] when the asker left.
    pub fn ask(&self, view: &View, zone: &TimeZone, cancel: &Cancel) -> Result<Answer, Error> {
        let prepared = self.prepared(zone)?;
        let earlier = self.compare.map(|Compare::Previous| self.earlier(zone)).transpose()?;
        let whose = whose(self.people.as_ref(), view, zone, cancel)?;
        let compared = compared(&self.segments, whose.as_deref(), view, zone, cancel)?;
        let answer = |prepared: &Prepared| {
            self.answer(prepared, whose.as_deref(), &compared, (view, cancel))
        };
        let mut whole = answer(&prepared)?;
        if let Some(earlier) = earlier {
            let span = Span::of(earlier.rules.starts.clone(), zone);
            whole.previous = Some(Box::new(Earlier { span, answer: answer(&earlier)? }));
        }
        Ok(whole)
    }

    fn answer(
        &self,
        prepared: &Prepared,
        people: Option<&[PeopleSet]>,
        segments: &[Vec<PeopleSet>],
        (view, cancel): (&View, &Cancel),
    ) -> Result<Answer, Error> {
        let mut parts = self.parts(prepared, people, segments, (view, cancel))?;
        let scales = parts[0].scales();
        let mut numbers =
            parts.drain(..).map(|part| part.numbers(self, prepared, scales.as_ref(), view.as_of));
        let all = numbers.next().ok_or(Error::Cancelled)?;
        let of_segment = |(segment, numbers): (&Compared, Numbers)| OfSegment {
            name: segment.name.clone(),
            numbers,
        };
        let segments = self.segments.iter().zip(numbers).map(of_segment).collect();
        Ok(Answer { all, segments, previous: None })
    }

    /// The question of the range before. Its k-th interval is compared with the k-th: it is shifted
    /// as the range is.
    fn earlier(&self, zone: &TimeZone) -> Result<Prepared, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        let interval = self.interval.unwrap_or(Interval::Day);
        let before = Before::of(&self.from, &self.to, interval, zone);
        let starts = before.shift(from.0, zone)?..before.shift(to.0, zone)?;
        let mut prepared = self.prepared(zone)?;
        if prepared.axis.is_some() {
            let these = Intervals::new(from, to, interval, zone)?;
            let own = before.intervals(&these, (starts.start, starts.end), interval, 0)?;
            prepared.axis = Some(Axis::new(own, &starts, Reach::Own));
        }
        prepared.rules.starts = starts;
        Ok(prepared)
    }

    /// Checks the question.
    fn prepared(&self, zone: &TimeZone) -> Result<Prepared, Error> {
        let (from, to) = range(&self.from, &self.to, zone)?;
        let steps = self.steps.len();
        if !(2..=STEPS_MAX).contains(&steps) {
            return Err(Error::bad("/steps", format!("2 to {STEPS_MAX} steps")));
        }
        for (at, step) in self.steps.iter().enumerate() {
            check_all(&step.conditions, &format!("/steps/{at}/where"))?;
        }
        self.breakdown.check(1)?;
        check_limit(self.limit)?;
        check_compared(&self.segments, zone)?;
        if self.hold.len() > HOLD_MAX {
            return Err(Error::bad("/hold", format!("at most {HOLD_MAX} properties")));
        }
        let rules = Rules {
            order: self.order,
            count: self.count,
            starts: from.0..to.0,
            window: period::duration(&self.window, "/window")?,
            ends: self.ends()?,
        };
        let axis = self.interval.map(|interval| {
            let intervals = Intervals::new(from, to, interval, zone)?;
            Ok(Axis::new(intervals, &rules.starts, Reach::Own))
        });
        Ok(Prepared { axis: axis.transpose()?, rules })
    }

    /// By excluded event: after how many steps it ends an attempt.
    fn ends(&self) -> Result<Vec<Range<usize>>, Error> {
        if self.exclude.len() > EXCLUDED_MAX {
            return Err(Error::bad("/exclude", format!("at most {EXCLUDED_MAX} events")));
        }
        if self.order == Order::Strict && !self.exclude.is_empty() {
            let message = "nothing lies between the steps of a strict funnel: nothing to exclude";
            return Err(Error::bad("/exclude", message));
        }
        let steps = self.steps.len();
        let end = |(at, excluded): (usize, &Excluded)| {
            check_all(&excluded.conditions, &format!("/exclude/{at}/where"))?;
            let (after, before) = (excluded.after, excluded.before.unwrap_or(steps));
            if !(1..steps).contains(&after) {
                let message = format!("a step from 1 to {}", steps - 1);
                return Err(Error::bad(format!("/exclude/{at}/after"), message));
            }
            if !(after + 1..=steps).contains(&before) {
                let message = format!("a step from {} to {steps}", after + 1);
                return Err(Error::bad(format!("/exclude/{at}/before"), message));
            }
            Ok(after..before)
        };
        self.exclude.iter().enumerate().map(end).collect()
    }
}
