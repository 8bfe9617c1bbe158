//! The leaf `sum`: what the numbers of someone's events come to.

use candor_event::{Timestamp, Value, ValueRef};
use candor_store::{Cells, Run, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Op, matches};
use crate::question::{Matcher, check_all};
use crate::rfm::rounded;
use crate::segment::definition::{Within, is_default};
use crate::segment::span::Span;

/// The numbers of their events come to so much. Who did nothing of it has the sum 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// The event's name, or `*` for any.
    pub event: String,
    /// The property that is added up; what is no number there adds nothing.
    pub property: String,
    /// What must hold of the events.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// When; ever when missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub within: Within,
    /// How it compares: `eq`, `ne`, `gt`, `gte`, `lt`, `lte` or `between`.
    pub op: Op,
    /// With what: a number, two for `between`.
    pub value: Value,
}

/// Found in one volume.
pub(crate) struct FoundSum<'q> {
    pub(crate) matcher: Matcher<'q>,
    number: Cells,
    op: Op,
    operands: &'q [Value],
    pub(crate) span: Span,
}

impl Sum {
    pub(crate) fn span(&self, as_of: Timestamp, zone: &TimeZone, at: &str) -> Result<Span, Error> {
        check_all(&self.conditions, &format!("{at}/where"))?;
        let numbers = match (self.op, &self.value) {
            (Op::Between, Value::List(list)) if list.len() == 2 => list.as_slice(),
            (Op::Between, _) => &[],
            (Op::Eq | Op::Ne | Op::Gt | Op::Gte | Op::Lt | Op::Lte, one) => {
                std::slice::from_ref(one)
            }
            _ => {
                let message = "a comparison of numbers: eq, ne, gt, gte, lt, lte or between";
                return Err(Error::bad(format!("{at}/op"), message));
            }
        };
        if numbers.is_empty() || numbers.iter().any(|number| number.as_number().is_none()) {
            return Err(Error::bad(format!("{at}/value"), "a number; a list of two for `between`"));
        }
        self.within.span(as_of, zone, &format!("{at}/within"))
    }

    pub(crate) fn find(&self, volume: &VolumeView, span: Span) -> FoundSum<'_> {
        let operands = match &self.value {
            Value::List(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        FoundSum {
            matcher: Matcher::new(volume, &self.event, &self.conditions),
            number: volume.cells(&self.property),
            op: self.op,
            operands,
            span,
        }
    }
}

impl FoundSum<'_> {
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        let mut sum = 0.0;
        if self.matcher.person_matches(volume, ordinal) {
            for at in self.span.inside(run) {
                if self.matcher.event_matches(volume, ordinal, run, at) {
                    sum += self.number(volume, run, at).unwrap_or(0.0);
                }
            }
        }
        matches(self.op, Some(ValueRef::Float(rounded(sum))), self.operands)
    }

    /// What an event adds.
    pub(crate) fn number(&self, volume: &VolumeView, run: Run<'_>, at: usize) -> Option<f64> {
        self.number.get(volume, run.row(at))?.as_number()
    }
}
