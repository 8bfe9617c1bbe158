//! A definition with its periods resolved, asked of one person after the other.

use candor_event::{Timestamp, ValueRef};
use candor_store::{CONSENT_TRAIT, Run, VolumeView};
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::filter::{Condition, Filter, Scope};
use crate::period;
use crate::segment::definition::{Definition, Did, Listed, Period, Sample, Times, Within};

/// Leaves and branches that a definition may have, and how deep it may be.
const NODES_MAX: usize = 256;
const DEPTH_MAX: usize = 16;

/// A definition with its periods resolved, ready for any volume.
#[derive(Debug)]
pub(crate) enum Rule<'q> {
    All(Vec<Rule<'q>>),
    Any(Vec<Rule<'q>>),
    Not(Box<Rule<'q>>),
    Did { did: &'q Did, from: i64, to: i64 },
    Person(&'q Condition),
    Inactive { from: i64, to: i64 },
    Consented(String),
    Sample(&'q Sample),
    Listed(&'q Listed),
}

/// A rule with its names found in one volume.
pub(crate) enum Found<'q> {
    All(Vec<Found<'q>>),
    Any(Vec<Found<'q>>),
    Not(Box<Found<'q>>),
    Did { event: Option<u16>, any: bool, filters: Vec<Filter<'q>>, times: Times, span: Span },
    Person(Filter<'q>),
    Inactive { of_messages: Vec<u16>, from: i64, to: i64 },
    Consented(Option<u32>),
    Sample(&'q Sample),
    Listed(&'q Listed),
}

/// Events that tell how a message fared, and nothing that the person did.
pub(crate) const OF_MESSAGES: [&str; 3] =
    ["Notification Sent", "Notification Delivered", "Notification Dropped"];

/// When an event counts.
pub(crate) struct Span {
    from: i64,
    to: i64,
    first_ever: bool,
}

impl Definition {
    /// Checks a definition in which saved segments were put in place.
    ///
    /// # Errors
    /// [`Error::Bad`] names the part under `pointer` that makes no sense.
    pub fn check(&self, zone: &TimeZone, pointer: &str) -> Result<(), Error> {
        self.resolve(Timestamp(0), zone, pointer).map(|_| ())
    }

    /// Checks a definition and resolves its periods as of a moment.
    pub(crate) fn resolve(
        &self,
        as_of: Timestamp,
        zone: &TimeZone,
        pointer: &str,
    ) -> Result<Rule<'_>, Error> {
        let mut nodes = 0;
        self.resolve_node(as_of, zone, pointer, 0, &mut nodes)
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
            Definition::Did(did) => did.resolve(as_of, zone, &format!("{pointer}/did")),
            Definition::Person(condition) => {
                condition.check(&format!("{pointer}/person"))?;
                Ok(Rule::Person(condition))
            }
            Definition::Inactive(inactive) => {
                let length =
                    period::duration(&inactive.length, &format!("{pointer}/inactive/for"))?;
                let to = as_of.0.saturating_add(1);
                Ok(Rule::Inactive { from: to.saturating_sub(length), to })
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

impl Did {
    fn resolve(&self, as_of: Timestamp, zone: &TimeZone, at: &str) -> Result<Rule<'_>, Error> {
        for (place, condition) in self.conditions.iter().enumerate() {
            condition.check(&format!("{at}/where/{place}"))?;
        }
        let within = format!("{at}/within");
        // What lies after the moment asked for has not happened yet.
        let now = as_of.0.saturating_add(1);
        let (from, to) = match &self.within {
            Within::Ever(_) => (i64::MIN, now),
            Within::Period(Period { last: Some(last), from: None, to: None }) => {
                let length = period::duration(last, &format!("{within}/last"))?;
                (now.saturating_sub(length), now)
            }
            Within::Period(Period { last: None, from, to }) => {
                let moment = |text: &Option<String>, name, other| match text {
                    Some(text) => {
                        period::moment(text, zone, &format!("{within}/{name}")).map(|at| at.0)
                    }
                    None => Ok(other),
                };
                let from = moment(from, "from", i64::MIN)?;
                let to = moment(to, "to", i64::MAX)?;
                if from >= to {
                    return Err(Error::bad(within, "`from` before `to`"));
                }
                (from, to.min(now))
            }
            Within::Period(_) => {
                return Err(Error::bad(within, "either `last`, or `from` and `to`"));
            }
        };
        Ok(Rule::Did { did: self, from, to })
    }
}

impl<'q> Rule<'q> {
    /// Adds the names of the events that it looks at.
    pub(crate) fn events(&self, names: &mut Vec<&'q str>) {
        match self {
            Rule::All(list) | Rule::Any(list) => list.iter().for_each(|rule| rule.events(names)),
            Rule::Not(one) => one.events(names),
            Rule::Did { did, .. } => names.push(&did.event),
            Rule::Inactive { .. } => names.push("*"),
            Rule::Person(_) | Rule::Consented(_) | Rule::Sample(_) | Rule::Listed(_) => {}
        }
    }

    pub(crate) fn find(&self, volume: &VolumeView) -> Found<'q> {
        let each = |list: &[Rule<'q>]| list.iter().map(|rule| rule.find(volume)).collect();
        match self {
            Rule::All(list) => Found::All(each(list)),
            Rule::Any(list) => Found::Any(each(list)),
            Rule::Not(one) => Found::Not(Box::new(one.find(volume))),
            Rule::Did { did, from, to } => Found::Did {
                event: volume.event_code(&did.event),
                any: did.event == "*",
                filters: did.conditions.iter().map(|condition| condition.find(volume)).collect(),
                times: did.times,
                span: Span { from: *from, to: *to, first_ever: did.first_ever },
            },
            Rule::Person(condition) => Found::Person(condition.find_of(Scope::Person, volume)),
            Rule::Inactive { from, to } => Found::Inactive {
                of_messages: OF_MESSAGES.iter().filter_map(|e| volume.event_code(e)).collect(),
                from: *from,
                to: *to,
            },
            Rule::Consented(property) => Found::Consented(volume.property_code(property)),
            Rule::Sample(sample) => Found::Sample(sample),
            Rule::Listed(list) => Found::Listed(list),
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
            Found::Inactive { of_messages, from, to } => {
                let first = run.before(*from);
                let last = run.before(*to);
                (first..last).all(|at| of_messages.contains(&run.code(at)))
            }
            Found::Consented(property) => {
                let said = property.and_then(|code| volume.trait_value(ordinal, code));
                said == Some(ValueRef::Bool(true))
            }
            Found::Sample(sample) => sample.holds(volume.person_id(ordinal)),
            Found::Listed(list) => list.binary_search(&volume.person_id(ordinal)).is_ok(),
            Found::Did { event, any, filters, times, span } => {
                let at = |moment: i64| run.before(moment);
                let inside = at(span.from)..at(span.to);
                // The first of a life may lie before the period.
                let looked = if span.first_ever { 0..inside.end } else { inside.clone() };
                let mut matching = looked.filter(|at| {
                    (*any || Some(run.code(*at)) == *event)
                        && filters.iter().all(|f| f.matches(volume, ordinal, run.row(*at)))
                });
                // No more are looked at than decide it.
                let enough = match times {
                    Times::AtLeast(n) => *n,
                    Times::AtMost(n) | Times::Exactly(n) => n.saturating_add(1),
                };
                let enough = usize::try_from(enough).unwrap_or(usize::MAX);
                let count = match span.first_ever {
                    true => u64::from(matching.next().is_some_and(|at| inside.contains(&at))),
                    false => matching.take(enough).count() as u64,
                };
                match times {
                    Times::AtLeast(n) => count >= *n,
                    Times::AtMost(n) => count <= *n,
                    Times::Exactly(n) => count == *n,
                }
            }
        }
    }
}
