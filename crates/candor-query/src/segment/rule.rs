//! A definition with its periods resolved, asked of one person after the other.

use std::sync::Arc;

use candor_event::{Timestamp, ValueRef};
use candor_store::{CONSENT_TRAIT, Run, View, VolumeView};
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::filter::{Condition, Filter, Scope};
use crate::local_time::LocalTime;
use crate::period;
use crate::pivot::{HOUR, WEEKDAY};
use crate::question::{Matcher, check_all};
use crate::scan::Cancel;
use crate::segment::definition::{Definition, Did, Listed, Sample, Times};
use crate::segment::interest::{FoundInterest, Interest};
use crate::segment::kind::{FoundKind, Known, Scored};
use crate::segment::region::{FoundRegion, Region};
use crate::segment::span::Span;
use crate::segment::sum::{FoundSum, Sum};

/// Leaves and branches that a definition may have, and how deep it may be.
const NODES_MAX: usize = 256;
const DEPTH_MAX: usize = 16;

/// A definition with its periods resolved, ready for any volume.
#[derive(Debug)]
pub(crate) enum Rule<'q> {
    All(Vec<Rule<'q>>),
    Any(Vec<Rule<'q>>),
    Not(Box<Rule<'q>>),
    Did(&'q Did, Span),
    Sum(&'q Sum, Span),
    Interest(&'q Interest, Span, Option<Arc<LocalTime>>),
    Rfm(Scored<'q>),
    InRegion(&'q Region, Span),
    Person(&'q Condition),
    Inactive(Span),
    Consented(String),
    Sample(&'q Sample),
    Listed(&'q Listed),
}

/// A rule with its names found in one volume.
pub(crate) enum Found<'q> {
    All(Vec<Found<'q>>),
    Any(Vec<Found<'q>>),
    Not(Box<Found<'q>>),
    Did(FoundDid<'q>),
    Sum(FoundSum<'q>),
    Interest(FoundInterest<'q>),
    Rfm(FoundKind<'q>),
    InRegion(FoundRegion<'q>),
    Person(Filter<'q>),
    Inactive { of_messages: Vec<u16>, span: Span },
    Consented(Option<u32>),
    Sample(&'q Sample),
    Listed(&'q Listed),
}

/// The leaf `did`.
pub(crate) struct FoundDid<'q> {
    pub(crate) matcher: Matcher<'q>,
    pub(crate) times: Times,
    pub(crate) span: Span,
    pub(crate) first_ever: bool,
}

/// Events that tell how a message fared, and nothing that the person did.
pub(crate) const OF_MESSAGES: [&str; 3] =
    ["Notification Sent", "Notification Delivered", "Notification Dropped"];

impl Definition {
    /// Checks a definition in which saved segments were put in place.
    ///
    /// # Errors
    /// [`Error::Bad`] names the part under `pointer` that makes no sense.
    pub fn check(&self, zone: &TimeZone, pointer: &str) -> Result<(), Error> {
        self.resolve(Timestamp(0), zone, pointer).map(|_| ())
    }

    /// The rule as of a moment, with what it must know of everybody looked up in a view.
    pub(crate) fn rule(
        &self,
        view: &View,
        as_of: Timestamp,
        zone: &TimeZone,
        pointer: &str,
        cancel: &Cancel,
    ) -> Result<Rule<'_>, Error> {
        let mut rule = self.resolve(as_of, zone, pointer)?;
        rule.look_up(view, &mut Vec::new(), cancel)?;
        Ok(rule)
    }

    /// The same without that: enough for a rule that does not look at everybody.
    pub(super) fn resolve(
        &self,
        as_of: Timestamp,
        zone: &TimeZone,
        at: &str,
    ) -> Result<Rule<'_>, Error> {
        self.resolve_node(as_of, zone, at, 0, &mut 0)
    }

    fn resolve_node(
        &self,
        as_of: Timestamp,
        zone: &TimeZone,
        pointer: &str,
        depth: usize,
        nodes: &mut usize,
    ) -> Result<Rule<'_>, Error> {
        *nodes += 1;
        if *nodes > NODES_MAX || depth > DEPTH_MAX {
            let message = format!("at most {NODES_MAX} rules, {DEPTH_MAX} deep");
            return Err(Error::bad(pointer, message));
        }
        let each = |list: &[Definition], name: &str| -> Result<Vec<_>, Error> {
            // An empty list would match everyone or nobody by accident.
            if list.is_empty() {
                return Err(Error::bad(format!("{pointer}/{name}"), "at least one rule"));
            }
            Ok((0..list.len()).map(|at| (at, format!("{pointer}/{name}/{at}"))).collect())
        };
        match self {
            Definition::All(list) => {
                let places = each(list, "all")?;
                let rules = places.into_iter().map(|(at, place)| {
                    list[at].resolve_node(as_of, zone, &place, depth + 1, nodes)
                });
                Ok(Rule::All(rules.collect::<Result<_, _>>()?))
            }
            Definition::Any(list) => {
                let places = each(list, "any")?;
                let rules = places.into_iter().map(|(at, place)| {
                    list[at].resolve_node(as_of, zone, &place, depth + 1, nodes)
                });
                Ok(Rule::Any(rules.collect::<Result<_, _>>()?))
            }
            Definition::Not(one) => {
                let place = format!("{pointer}/not");
                let rule = one.resolve_node(as_of, zone, &place, depth + 1, nodes)?;
                Ok(Rule::Not(Box::new(rule)))
            }
            Definition::Did(did) => {
                let at = format!("{pointer}/did");
                check_all(&did.conditions, &format!("{at}/where"))?;
                Ok(Rule::Did(did, did.within.span(as_of, zone, &format!("{at}/within"))?))
            }
            Definition::Sum(sum) => {
                Ok(Rule::Sum(sum, sum.span(as_of, zone, &format!("{pointer}/sum"))?))
            }
            Definition::Interest(interest) => {
                let span = interest.span(as_of, zone, &format!("{pointer}/interest"))?;
                let of_time = [HOUR, WEEKDAY].contains(&interest.property.as_str());
                let clock = of_time.then(|| Arc::new(LocalTime::new(zone)));
                Ok(Rule::Interest(interest, span, clock))
            }
            Definition::Rfm(kind) => {
                Ok(Rule::Rfm(kind.scored(as_of.0, &format!("{pointer}/rfm"))?))
            }
            Definition::InRegion(region) => {
                region.check(&format!("{pointer}/in_region"))?;
                Ok(Rule::InRegion(region, Span::fixed(i64::MIN, i64::MAX, as_of.0)))
            }
            Definition::Person(condition) => {
                condition.check(&format!("{pointer}/person"))?;
                Ok(Rule::Person(condition))
            }
            Definition::Inactive(inactive) => {
                let length =
                    period::duration(&inactive.length, &format!("{pointer}/inactive/for"))?;
                Ok(Rule::Inactive(Span::trailing(length, as_of.0)))
            }
            Definition::Consented(consented) => {
                let purpose = consented.name(&format!("{pointer}/consented"))?;
                Ok(Rule::Consented(format!("{CONSENT_TRAIT}{purpose}")))
            }
            Definition::Sample(sample) => {
                sample.check(&format!("{pointer}/sample"))?;
                Ok(Rule::Sample(sample))
            }
            Definition::Listed(list) => Ok(Rule::Listed(list)),
            Definition::Segment(id) => {
                let message = format!("there is no segment {id:?}");
                Err(Error::bad(format!("{pointer}/segment"), message))
            }
        }
    }
}

impl<'q> Rule<'q> {
    /// Adds the names of the events that it looks at.
    pub(crate) fn events(&self, names: &mut Vec<&'q str>) {
        match self {
            Rule::All(list) | Rule::Any(list) => list.iter().for_each(|rule| rule.events(names)),
            Rule::Not(one) => one.events(names),
            Rule::Did(did, _) => names.push(&did.event),
            Rule::Sum(sum, _) => names.push(&sum.event),
            Rule::Interest(interest, ..) => names.push(&interest.event),
            Rule::Rfm(kind) => names.push(kind.event()),
            // Any event may tell where somebody is.
            Rule::Inactive(_) | Rule::InRegion(..) => names.push("*"),
            Rule::Person(_) | Rule::Consented(_) | Rule::Sample(_) | Rule::Listed(_) => {}
        }
    }

    /// Whether people match who did none of its events; nothing where it takes more to tell.
    pub(crate) fn of_idle(&self) -> Option<bool> {
        let of_list = |list: &[Rule<'q>], decides: bool| {
            let each: Vec<Option<bool>> = list.iter().map(Rule::of_idle).collect();
            match each.contains(&Some(decides)) {
                true => Some(decides),
                false => each.into_iter().collect::<Option<Vec<_>>>().map(|_| !decides),
            }
        };
        match self {
            Rule::All(list) => of_list(list, false),
            Rule::Any(list) => of_list(list, true),
            Rule::Not(one) => one.of_idle().map(|matches| !matches),
            Rule::Did(did, _) => Some(match did.times {
                Times::AtLeast(least) => least == 0,
                Times::AtMost(_) => true,
                Times::Exactly(exactly) => exactly == 0,
            }),
            _ => None,
        }
    }

    /// Adds which of its events everybody who matches did, and how often at least.
    pub(crate) fn needs(&self, needs: &mut Vec<(&'q str, usize)>) {
        match self {
            Rule::All(list) => list.iter().for_each(|rule| rule.needs(needs)),
            Rule::Did(did, _) if did.event != "*" => {
                let least = match did.times {
                    Times::AtLeast(n) | Times::Exactly(n) => n,
                    Times::AtMost(_) => 0,
                };
                let least = usize::try_from(least).unwrap_or(usize::MAX);
                needs.extend((least > 0).then_some((did.event.as_str(), least)));
            }
            _ => {}
        }
    }

    /// Whether somebody's answer depends on what others do.
    pub(crate) fn looks_at_everybody(&self) -> bool {
        match self {
            Rule::All(list) | Rule::Any(list) => list.iter().any(Rule::looks_at_everybody),
            Rule::Not(one) => one.looks_at_everybody(),
            Rule::Rfm(_) => true,
            _ => false,
        }
    }

    /// Whether it looks at what is known of a person beside events.
    pub(crate) fn looks_at_traits(&self) -> bool {
        let of_person = |conditions: &[Condition]| {
            conditions.iter().any(|condition| condition.scope == Scope::Person)
        };
        match self {
            Rule::All(list) | Rule::Any(list) => list.iter().any(Rule::looks_at_traits),
            Rule::Not(one) => one.looks_at_traits(),
            Rule::Did(did, _) => of_person(&did.conditions),
            Rule::Sum(sum, _) => of_person(&sum.conditions),
            Rule::Interest(interest, ..) => of_person(&interest.conditions),
            Rule::InRegion(..) | Rule::Person(_) | Rule::Consented(_) => true,
            Rule::Rfm(_) | Rule::Inactive(_) | Rule::Sample(_) | Rule::Listed(_) => false,
        }
    }

    fn look_up(
        &mut self,
        view: &View,
        known: &mut Known<'q>,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        match self {
            Rule::All(list) | Rule::Any(list) => {
                list.iter_mut().try_for_each(|rule| rule.look_up(view, known, cancel))
            }
            Rule::Not(one) => one.look_up(view, known, cancel),
            Rule::Rfm(kind) => kind.look_up(view, known, cancel),
            _ => Ok(()),
        }
    }

    pub(crate) fn find(&self, volume: &VolumeView) -> Found<'q> {
        let each = |list: &[Rule<'q>]| list.iter().map(|rule| rule.find(volume)).collect();
        match self {
            Rule::All(list) => Found::All(each(list)),
            Rule::Any(list) => Found::Any(each(list)),
            Rule::Not(one) => Found::Not(Box::new(one.find(volume))),
            Rule::Did(did, span) => Found::Did(FoundDid {
                matcher: Matcher::new(volume, &did.event, &did.conditions),
                times: did.times,
                span: *span,
                first_ever: did.first_ever,
            }),
            Rule::Sum(sum, span) => Found::Sum(sum.find(volume, *span)),
            Rule::Interest(interest, span, clock) => {
                Found::Interest(interest.find(volume, clock.as_ref(), *span))
            }
            Rule::Rfm(kind) => Found::Rfm(kind.find(volume)),
            Rule::InRegion(region, span) => Found::InRegion(region.find(volume, *span)),
            Rule::Person(condition) => Found::Person(condition.find_of(Scope::Person, volume)),
            Rule::Inactive(span) => Found::Inactive {
                of_messages: OF_MESSAGES.iter().filter_map(|e| volume.event_code(e)).collect(),
                span: *span,
            },
            Rule::Consented(property) => Found::Consented(volume.property_code(property)),
            Rule::Sample(sample) => Found::Sample(sample),
            Rule::Listed(list) => Found::Listed(list),
        }
    }

    /// The same for the runs of a scan of its events, which tell these by their kinds.
    pub(crate) fn find_among(&self, volume: &VolumeView) -> Found<'q> {
        let mut names = Vec::new();
        self.events(&mut names);
        self.find(volume).among(volume, &names)
    }
}

impl<'q> Found<'q> {
    fn among(self, volume: &VolumeView, names: &[&str]) -> Found<'q> {
        let each =
            |list: Vec<Found<'q>>| list.into_iter().map(|one| one.among(volume, names)).collect();
        match self {
            Found::All(list) => Found::All(each(list)),
            Found::Any(list) => Found::Any(each(list)),
            Found::Not(one) => Found::Not(Box::new(one.among(volume, names))),
            Found::Did(mut did) => {
                did.matcher = did.matcher.among(volume, names);
                Found::Did(did)
            }
            Found::Sum(mut sum) => {
                sum.matcher = sum.matcher.among(volume, names);
                Found::Sum(sum)
            }
            Found::Interest(mut interest) => {
                interest.matcher = interest.matcher.among(volume, names);
                Found::Interest(interest)
            }
            other => other,
        }
    }
}

impl Found<'_> {
    /// Whether a person matches.
    pub(crate) fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        match self {
            Found::All(list) => list.iter().all(|one| one.matches(volume, ordinal, run)),
            Found::Any(list) => list.iter().any(|one| one.matches(volume, ordinal, run)),
            Found::Not(one) => !one.matches(volume, ordinal, run),
            // The row does not matter to a condition on the person.
            Found::Person(filter) => filter.matches(volume, ordinal, 0),
            Found::Did(did) => did.matches(volume, ordinal, run),
            Found::Sum(sum) => sum.matches(volume, ordinal, run),
            Found::Interest(interest) => interest.matches(volume, ordinal, run),
            Found::Rfm(kind) => kind.matches(volume, ordinal, run),
            Found::InRegion(region) => region.matches(volume, ordinal, run),
            Found::Inactive { of_messages, span } => {
                span.inside(run).all(|at| of_messages.contains(&run.code(at)))
            }
            Found::Consented(property) => {
                let said = property.and_then(|code| volume.trait_value(ordinal, code));
                said == Some(ValueRef::Bool(true))
            }
            Found::Sample(sample) => sample.holds(volume.person_id(ordinal)),
            Found::Listed(list) => list.binary_search(&volume.person_id(ordinal)).is_ok(),
        }
    }
}

impl Times {
    /// Whether something done so often is often enough and not too often.
    pub(crate) fn hold(self, count: u64) -> bool {
        match self {
            Times::AtLeast(n) => count >= n,
            Times::AtMost(n) => count <= n,
            Times::Exactly(n) => count == n,
        }
    }
}

impl FoundDid<'_> {
    fn matches(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> bool {
        if let Times::AtLeast(n) = self.times
            && (run.len() as u64) < n
        {
            return false;
        }
        self.times.hold(match self.matcher.person_matches(volume, ordinal) {
            true => self.count(volume, ordinal, run),
            false => 0,
        })
    }

    fn count(&self, volume: &VolumeView, ordinal: u32, run: Run<'_>) -> u64 {
        let inside = self.span.inside(run);
        // The first of a life may lie before the period.
        let looked = if self.first_ever { 0..inside.end } else { inside.clone() };
        let mut matching =
            looked.filter(|at| self.matcher.event_matches(volume, ordinal, run, *at));
        if self.first_ever {
            return u64::from(matching.next().is_some_and(|at| inside.contains(&at)));
        }
        // No more are looked at than decide it.
        let enough = match self.times {
            Times::AtLeast(n) => n,
            Times::AtMost(n) | Times::Exactly(n) => n.saturating_add(1),
        };
        matching.take(usize::try_from(enough).unwrap_or(usize::MAX)).count() as u64
    }
}
