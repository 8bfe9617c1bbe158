//! The leaf `interest`: what prevails among someone's events.

use std::cmp::Ordering;
use std::sync::Arc;

use candor_event::{Timestamp, Value, ValueRef};
use candor_store::{Cells, Run, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Op, matches};
use crate::local_time::LocalTime;
use crate::pivot::{HOUR, WEEKDAY};
use crate::question::{Matcher, check_all};
use crate::segment::definition::{Within, is_default};
use crate::segment::span::Span;

/// A value prevails among their events of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interest {
    /// The event's name, or `*` for any.
    pub event: String,
    /// A property of it; `$hour` (0 to 23) and `$weekday` (1, a Monday, to 7) tell when it was, in
    /// the publisher's zone.
    pub property: String,
    /// The value, or several of which each will do.
    pub value: Value,
    /// When it prevails.
    pub mode: Mode,
    /// The part in 100 for `at_least`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// What must hold of the events.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When; ever when missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub within: Within,
}

/// When a value prevails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No other value is more frequent. Of several that are equally frequent each prevails.
    Predominant,
    /// So many in 100 of the events have it, those without a value included.
    AtLeast,
}

/// Values that may be named.
const VALUES_MAX: usize = 1_000;

/// Found in one volume.
pub(crate) struct FoundInterest<'q> {
    pub(crate) matcher: Matcher<'q>,
    told_by: Teller,
    operands: &'q [Value],
    /// The part in 100; none: it must be the most frequent.
    percent: Option<f64>,
    pub(crate) span: Span,
}

/// What tells the value of an event.
enum Teller {
    Property(Cells),
    Hour(Arc<LocalTime>),
    Weekday(Arc<LocalTime>),
}

impl Interest {
    pub(crate) fn span(&self, as_of: Timestamp, zone: &TimeZone, at: &str) -> Result<Span, Error> {
        check_all(&self.conditions, &format!("{at}/where"))?;
        let percent = format!("{at}/percent");
        match (self.mode, self.percent) {
            (Mode::Predominant, None) => {}
            (Mode::Predominant, Some(_)) => {
                return Err(Error::bad(percent, "nothing: it belongs to `at_least`"));
            }
            (Mode::AtLeast, Some(part)) if part > 0.0 && part <= 100.0 => {}
            (Mode::AtLeast, _) => return Err(Error::bad(percent, "more than 0, at most 100")),
        }
        let of_time = match self.property.as_str() {
            HOUR => Some(0..=23),
            WEEKDAY => Some(1..=7),
            _ => None,
        };
        let fits = |value: &Value| match (value, &of_time) {
            (Value::Integer(number), Some(range)) => range.contains(number),
            (Value::List(_) | Value::Object(_), _) | (_, Some(_)) => false,
            _ => true,
        };
        let values = self.values();
        if !(1..=VALUES_MAX).contains(&values.len()) || !values.iter().all(fits) {
            let message = match self.property.as_str() {
                HOUR => "whole numbers from 0 to 23".to_owned(),
                WEEKDAY => "whole numbers from 1, a Monday, to 7".to_owned(),
                _ => format!("one text, number or truth, or a list of up to {VALUES_MAX}"),
            };
            return Err(Error::bad(format!("{at}/value"), message));
        }
        self.within.span(as_of, zone, &format!("{at}/within"))
    }

    fn values(&self) -> &[Value] {
        match &self.value {
            Value::List(list) => list,
            one => std::slice::from_ref(one),
        }
    }

    /// Finds it in a volume; `clock` is there for hours and weekdays.
    pub(crate) fn find(
        &self,
        volume: &VolumeView,
        clock: Option<&Arc<LocalTime>>,
        span: Span,
    ) -> FoundInterest<'_> {
        FoundInterest {
            matcher: Matcher::new(volume, &self.event, &self.conditions),
            told_by: match (self.property.as_str(), clock) {
                (HOUR, Some(clock)) => Teller::Hour(clock.clone()),
                (WEEKDAY, Some(clock)) => Teller::Weekday(clock.clone()),
                (name, _) => Teller::Property(volume.cells(name)),
            },
            operands: self.values(),
            percent: self.percent,
            span,
        }
    }
}

/// How often what is looked for was met, and everything.
#[derive(Default)]
struct Counts {
    events: u64,
    /// Events with one of the values looked for.
    wanted: u64,
    /// Values of events; a list counts for each of its own.
    values: u64,
}

impl FoundInterest<'_> {
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        if !self.matcher.person_matches(volume, ordinal) {
            return false;
        }
        let inside = self.span.inside(run);
        let events = inside.filter(|at| self.matcher.event_matches(volume, ordinal, run, *at));
        let counts = match &self.told_by {
            Teller::Hour(clock) => {
                return self.prevails::<24>(events.map(|at| clock.hour(run.time(at)).into()));
            }
            Teller::Weekday(clock) => {
                return self.prevails::<8>(events.map(|at| clock.weekday(run.time(at)).into()));
            }
            Teller::Property(cells) => {
                let mut counts = Counts::default();
                for value in events.clone().map(|at| cells.get(volume, run.row(at))) {
                    counts.events += 1;
                    let Some(value) = value else { continue };
                    counts.wanted += u64::from(self.is_wanted(value));
                    counts.values += match value {
                        ValueRef::List(list) => list.len() as u64,
                        _ => 1,
                    };
                }
                counts
            }
        };
        if counts.wanted == 0 {
            return false;
        }
        if let Some(percent) = self.percent {
            return counts.wanted as f64 * 100.0 >= percent * counts.events as f64;
        }
        // One value that has half of all is decided without looking at the others.
        if self.operands.len() == 1 && counts.wanted * 2 >= counts.values {
            return true;
        }
        let Teller::Property(cells) = &self.told_by else { return false };
        let values = events.filter_map(|at| cells.get(volume, run.row(at)));
        self.is_most_frequent(values)
    }

    /// The same where values are small numbers below `N`.
    fn prevails<const N: usize>(&self, values: impl Iterator<Item = usize>) -> bool {
        let mut counts = [0u64; N];
        values.for_each(|value| counts[value] += 1);
        let is_wanted = |value: usize| self.is_wanted(ValueRef::Integer(value as i64));
        let wanted = (0..N).filter(|value| is_wanted(*value)).map(|value| counts[value]);
        let all: u64 = counts.iter().sum();
        match self.percent {
            Some(percent) => all > 0 && wanted.sum::<u64>() as f64 * 100.0 >= percent * all as f64,
            None => all > 0 && wanted.max() == counts.iter().copied().max(),
        }
    }

    fn is_wanted(&self, value: ValueRef<'_>) -> bool {
        matches(Op::In, Some(value), self.operands)
    }

    /// Whether no value is more frequent than each of those looked for. Only people of whom counts
    /// alone do not decide it come here: their values are sorted.
    fn is_most_frequent<'v>(&self, values: impl Iterator<Item = ValueRef<'v>>) -> bool {
        let mut all: Vec<ValueRef<'v>> = Vec::new();
        for value in values {
            match value {
                ValueRef::List(list) => all.extend(list.iter().map(ValueRef::from)),
                one => all.push(one),
            }
        }
        all.sort_unstable_by(|a, b| order(*a, *b));
        let alike = all.chunk_by(|a, b| order(*a, *b).is_eq());
        let (mut wanted, mut other) = (0, 0);
        for values in alike {
            let most = if self.is_wanted(values[0]) { &mut wanted } else { &mut other };
            *most = values.len().max(*most);
        }
        wanted > 0 && wanted >= other
    }
}

/// An order in which what is one value to whoever compares stands together: 1 and 1.0, a UUID and
/// its text.
fn order(a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
    let number = |value: ValueRef<'_>| match value {
        ValueRef::Integer(whole) => Some((whole as f64, whole)),
        ValueRef::Float(number) => Some((number + 0.0, number as i64)),
        _ => None,
    };
    if let (Some((a, whole_a)), Some((b, whole_b))) = (number(a), number(b)) {
        return a.total_cmp(&b).then(whole_a.cmp(&whole_b));
    }
    if let (Some(a), Some(b)) = (a.as_text(), b.as_text()) {
        return a.cmp(&b);
    }
    let kind = |value: ValueRef<'_>| match value {
        ValueRef::Bool(flag) => u8::from(flag),
        ValueRef::Integer(_) | ValueRef::Float(_) => 2,
        ValueRef::Text(_) | ValueRef::Uuid(_) => 3,
        // These are no values that anybody looks for; they are not told apart.
        ValueRef::List(_) | ValueRef::Object(_) => 4,
    };
    kind(a).cmp(&kind(b))
}
