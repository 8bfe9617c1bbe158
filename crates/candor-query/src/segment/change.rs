//! When, by the passing of time alone, somebody may come to answer to a rule or cease to.

use candor_store::{Run, VolumeView};

use crate::segment::definition::Times;
use crate::segment::rule::{Found, FoundDid};
use crate::segment::span::Span;

/// What never comes.
pub(crate) const NEVER: i64 = i64::MAX;

impl Found<'_> {
    /// Asks as of another moment. A kind stays as of the one it was looked up for: who is of it
    /// depends on everybody.
    pub(crate) fn move_to(&mut self, moment: i64) {
        match self {
            Found::All(list) | Found::Any(list) => {
                list.iter_mut().for_each(|one| one.move_to(moment));
            }
            Found::Not(one) => one.move_to(moment),
            Found::Did(did) => did.span = did.span.at(moment),
            Found::Sum(sum) => sum.span = sum.span.at(moment),
            Found::Interest(interest) => interest.span = interest.span.at(moment),
            Found::InRegion(region) => region.span = region.span.at(moment),
            Found::Inactive { span, .. } => *span = span.at(moment),
            Found::Rfm(_)
            | Found::Person(_)
            | Found::Consented(_)
            | Found::Sample(_)
            | Found::Listed(_) => {}
        }
    }

    /// The first moment after this one at which the answer of [`Found::matches`] may be another
    /// while nothing is said or done; [`NEVER`] if it stays. It is never later than the first
    /// moment at which it is.
    pub(crate) fn next(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> i64 {
        let of = |one: &Found<'_>| one.next(volume, ordinal, run);
        match self {
            Found::All(list) | Found::Any(list) => {
                // One part decides an answer of `any` that is yes and one of `all` that is no: all
                // parts that answer so must turn before it does. Else one that turns is enough.
                let decides = matches!(self, Found::Any(_));
                let mut decided = list
                    .iter()
                    .filter(|one| one.matches(volume, ordinal, run) == decides)
                    .map(of)
                    .peekable();
                match decided.peek() {
                    Some(_) => decided.max().unwrap_or(NEVER),
                    None => list.iter().map(of).min().unwrap_or(NEVER),
                }
            }
            Found::Not(one) => of(one),
            Found::Did(did) => did.next(volume, ordinal, run),
            Found::Inactive { of_messages, span } => {
                let counts = |at: usize| !of_messages.contains(&run.code(at));
                turns(*span, run, Times::AtMost(0), counts)
            }
            Found::Sum(sum) => match sum.matcher.person_matches(volume, ordinal) {
                true => {
                    let adds = |at: usize| {
                        sum.matcher.event_matches(volume, ordinal, run, at)
                            && sum.number(volume, run, at).is_some()
                    };
                    changes(sum.span, run, adds)
                }
                false => NEVER,
            },
            Found::Interest(one) => match one.matcher.person_matches(volume, ordinal) {
                true => {
                    changes(one.span, run, |at| one.matcher.event_matches(volume, ordinal, run, at))
                }
                false => NEVER,
            },
            Found::InRegion(region) => {
                changes(region.span, run, |at| region.place(volume, run, at).is_some())
            }
            Found::Rfm(_)
            | Found::Person(_)
            | Found::Consented(_)
            | Found::Sample(_)
            | Found::Listed(_) => NEVER,
        }
    }
}

impl FoundDid<'_> {
    fn next(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> i64 {
        if !self.matcher.person_matches(volume, ordinal) {
            return NEVER;
        }
        let counts = |at: usize| self.matcher.event_matches(volume, ordinal, run, at);
        if !self.first_ever {
            return turns(self.span, run, self.times, counts);
        }
        match (0..run.len()).find(|at| counts(*at)) {
            Some(first) => turns(self.span, run, self.times, |at| at == first),
            None => NEVER,
        }
    }
}

/// The first moment at which the number of events that count turns from enough to not enough, or
/// back.
fn turns(span: Span, run: Run<'_>, times: Times, counts: impl Fn(usize) -> bool) -> i64 {
    let inside = span.inside(run);
    // Where nothing is to come the answer turns when the last but so many cease to count.
    if run.before(span.until) <= inside.end {
        let Some(length) = span.last else { return NEVER };
        let nth = match times {
            Times::AtLeast(n) => Some(n),
            Times::AtMost(n) => Some(n.saturating_add(1)),
            Times::Exactly(_) => None,
        };
        if let Some(nth) = nth {
            let Some(before) = usize::try_from(nth).unwrap_or(usize::MAX).checked_sub(1) else {
                return NEVER;
            };
            let decides = inside.rev().filter(|at| counts(*at)).nth(before);
            return decides.map_or(NEVER, |at| run.time(at).saturating_add(length));
        }
    }
    let mut count = inside.filter(|at| counts(*at)).count() as u64;
    let holds = times.hold(count);
    for edge in span.edges(run, counts) {
        count = count + edge.more - edge.less;
        if times.hold(count) != holds {
            return edge.moment;
        }
    }
    NEVER
}

/// The first moment at which other events count.
fn changes(span: Span, run: Run<'_>, counts: impl Fn(usize) -> bool) -> i64 {
    span.edges(run, counts).next().map_or(NEVER, |edge| edge.moment)
}

impl Span {
    /// The moments after the one it is as of at which something begins or ceases to count, with how
    /// many of the events that `counts` picks do.
    pub(crate) fn edges<'r, C: Fn(usize) -> bool>(&self, run: Run<'r>, counts: C) -> Edges<'r, C> {
        let inside = self.inside(run);
        // Of a span that stands still nothing ceases to count.
        let leaving = if self.last.is_some() { inside.start } else { inside.end };
        let entering = inside.end;
        let end = run.before(self.until).max(entering);
        Edges { run, last: self.last, counts, leaving, entering, end }
    }
}

/// The moments at which events of a run begin and cease to count, ascending.
pub(crate) struct Edges<'r, C> {
    run: Run<'r>,
    last: Option<i64>,
    counts: C,
    /// The first that may still cease to count, and the first that may still begin to.
    leaving: usize,
    entering: usize,
    end: usize,
}

/// What changes at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) moment: i64,
    /// Events that count from then on, and that do not any more.
    pub(crate) more: u64,
    pub(crate) less: u64,
}

impl<C: Fn(usize) -> bool> Iterator for Edges<'_, C> {
    type Item = Edge;

    fn next(&mut self) -> Option<Edge> {
        while self.entering < self.end && !(self.counts)(self.entering) {
            self.entering += 1;
        }
        // What has not begun to count ceases later than it begins.
        while self.leaving < self.entering && !(self.counts)(self.leaving) {
            self.leaving += 1;
        }
        let begins = (self.entering < self.end).then(|| self.run.time(self.entering));
        let moment = begins.into_iter().chain(self.ceases()).min()?;
        let mut edge = Edge { moment, more: 0, less: 0 };
        while self.entering < self.end && self.run.time(self.entering) == moment {
            edge.more += u64::from((self.counts)(self.entering));
            self.entering += 1;
        }
        while self.ceases() == Some(moment) {
            edge.less += u64::from((self.counts)(self.leaving));
            self.leaving += 1;
        }
        Some(edge)
    }
}

impl<C> Edges<'_, C> {
    /// When the next event ceases to count.
    fn ceases(&self) -> Option<i64> {
        let length = self.last.filter(|_| self.leaving < self.entering)?;
        Some(self.run.time(self.leaving).saturating_add(length))
    }
}
