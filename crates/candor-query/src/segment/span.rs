//! When events count for a leaf.

use std::ops::Range;

use candor_event::Timestamp;
use candor_store::Run;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::period;
use crate::segment::definition::{Period, Within};

/// When events count, as of a moment. What lies after the moment has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// The length of a trailing period; none where it stands still.
    pub(crate) last: Option<i64>,
    /// The bounds of one that stands still.
    since: i64,
    pub(crate) until: i64,
    /// As of the moment: from this on, up to and not including that.
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    /// The time of this length up to a moment.
    pub(crate) fn trailing(length: i64, as_of: i64) -> Span {
        Span { last: Some(length), since: i64::MIN, until: i64::MAX, from: 0, to: 0 }.at(as_of)
    }

    /// The time between two moments, as far as it has come.
    pub(crate) fn fixed(since: i64, until: i64, as_of: i64) -> Span {
        Span { last: None, since, until, from: 0, to: 0 }.at(as_of)
    }

    /// The same as of another moment.
    pub(crate) fn at(self, as_of: i64) -> Span {
        let now = as_of.saturating_add(1);
        let from = self.last.map_or(self.since, |length| now.saturating_sub(length));
        Span { from, to: self.until.min(now), ..self }
    }

    /// The events of a run that count.
    pub(crate) fn inside(&self, run: Run<'_>) -> Range<usize> {
        let first = run.before(self.from);
        first..run.before(self.to).max(first)
    }
}

impl Within {
    /// Its span as of a moment.
    pub(crate) fn span(&self, as_of: Timestamp, zone: &TimeZone, at: &str) -> Result<Span, Error> {
        match self {
            Within::Ever(_) => Ok(Span::fixed(i64::MIN, i64::MAX, as_of.0)),
            Within::Period(Period { last: Some(last), from: None, to: None }) => {
                Ok(Span::trailing(period::duration(last, &format!("{at}/last"))?, as_of.0))
            }
            Within::Period(Period { last: None, from, to }) => {
                let moment = |text: &Option<String>, name, other| match text {
                    Some(text) => {
                        period::moment(text, zone, &format!("{at}/{name}")).map(|at| at.0)
                    }
                    None => Ok(other),
                };
                let from = moment(from, "from", i64::MIN)?;
                let to = moment(to, "to", i64::MAX)?;
                match from < to {
                    true => Ok(Span::fixed(from, to, as_of.0)),
                    false => Err(Error::bad(at, "`from` before `to`")),
                }
            }
            Within::Period(_) => Err(Error::bad(at, "either `last`, or `from` and `to`")),
        }
    }
}
