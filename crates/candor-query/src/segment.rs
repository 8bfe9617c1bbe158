//! Segments: rules that answer which people match.

use candor_event::{PersonId, Timestamp, ValueRef};
use candor_store::{CONSENT_TRAIT, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::{Condition, Filter, Scope};
use crate::period;
use crate::scan::{Cancel, scan};

/// A rule over people, as it is asked and saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Definition {
    /// Every one of these.
    All(Vec<Definition>),
    /// At least one of these.
    Any(Vec<Definition>),
    /// Not this.
    Not(Box<Definition>),
    /// They did something so many times.
    Did(Did),
    /// A trait compares so.
    Person(Condition),
}

/// They did something so many times in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Did {
    /// The event's name, or `*` for any.
    pub event: String,
    /// What must hold of it.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// How often; at least once when missing.
    #[serde(default)]
    pub times: Times,
    /// When; ever when missing.
    #[serde(default)]
    pub within: Within,
    /// Only the first such event of the person's life counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_ever: bool,
}

/// How often something was done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// So often or more.
    AtLeast(u64),
    /// So often or less, never included.
    AtMost(u64),
    /// Just so often.
    Exactly(u64),
}

impl Default for Times {
    fn default() -> Self {
        Times::AtLeast(1)
    }
}

/// When something was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Within {
    /// `"ever"`.
    Ever(Ever),
    /// A trailing or a fixed period.
    Period(Period),
}

/// The word `ever`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ever {
    /// Without limit.
    Ever,
}

/// A trailing period, or one from a moment to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The time up to now, like `30d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// From this moment on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Up to, not including, this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Default for Within {
    fn default() -> Self {
        Within::Ever(Ever::Ever)
    }
}

/// How a person can be reached by a channel.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The channel's name.
    pub channel: String,
    /// The trait that holds the address.
    pub address: String,
    /// The purpose that needs the person's yes; none where the policy has another basis.
    pub purpose: Option<String>,
}

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
}

/// A rule with its names found in one volume.
pub(crate) enum Found<'q> {
    All(Vec<Found<'q>>),
    Any(Vec<Found<'q>>),
    Not(Box<Found<'q>>),
    Did { event: Option<u16>, any: bool, filters: Vec<Filter<'q>>, times: Times, span: Span },
    Person(Filter<'q>),
}

/// When an event counts.
pub(crate) struct Span {
    from: i64,
    to: i64,
    first_ever: bool,
}

impl Definition {
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
                (from, moment(to, "to", now)?.min(now))
            }
            Within::Period(_) => {
                return Err(Error::bad(within, "either `last`, or `from` and `to`"));
            }
        };
        Ok(Rule::Did { did: self, from, to })
    }
}

impl<'q> Rule<'q> {
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
            Rule::Person(condition) => {
                let mut filter = condition.find(volume);
                filter.look_at(Scope::Person);
                Found::Person(filter)
            }
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
            Found::Did { event, any, filters, times, span } => {
                let mut matching = (0..run.times.len()).filter(|at| {
                    (*any || Some(run.codes[*at]) == *event)
                        && filters.iter().all(|f| f.matches(volume, ordinal, run.rows[*at]))
                });
                let inside = |at: usize| (span.from..span.to).contains(&run.times[at]);
                let count = match span.first_ever {
                    true => u64::from(matching.next().is_some_and(inside)),
                    false => matching.filter(|at| inside(*at)).count() as u64,
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

/// How many people match, and how many of them each channel reaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Count {
    /// People who match.
    pub people: u64,
    /// Of these, by channel: who has an address and, where it is needed, said yes.
    pub reachable: std::collections::BTreeMap<String, u64>,
}

/// Counts a segment's people as of a moment.
///
/// # Errors
/// [`Error::Bad`] names the part of the definition that makes no sense.
pub fn count(
    view: &View,
    definition: &Definition,
    as_of: Timestamp,
    zone: &TimeZone,
    reach: &[Reach],
    cancel: &Cancel,
) -> Result<Count, Error> {
    let rule = definition.resolve(as_of, zone, "/definition")?;
    let new = |volume: &VolumeView| {
        let channels = reach.iter().map(|reach| {
            let consent = reach.purpose.as_ref();
            let consent =
                consent.map(|purpose| volume.property_code(&format!("{CONSENT_TRAIT}{purpose}")));
            (volume.property_code(&reach.address), consent)
        });
        (rule.find(volume), channels.collect::<Vec<_>>(), 0u64, vec![0u64; reach.len()])
    };
    type Partial<'q> = (Found<'q>, Vec<(Option<u32>, Option<Option<u32>>)>, u64, Vec<u64>);
    let fold = |partial: &mut Partial<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
        if !partial.0.matches(volume, ordinal, run) {
            return;
        }
        partial.2 += 1;
        for (place, (address, consent)) in partial.1.iter().enumerate() {
            let value = |code: &Option<u32>| code.and_then(|c| volume.trait_value(ordinal, c));
            let allowed = consent.as_ref().is_none_or(|c| value(c) == Some(ValueRef::Bool(true)));
            partial.3[place] += u64::from(allowed && value(address).is_some());
        }
    };
    let partials = scan(view, cancel, new, fold)?;
    let people = partials.iter().map(|partial| partial.2).sum();
    let reached = |place: usize| partials.iter().map(|partial| partial.3[place]).sum();
    let reachable = reach.iter().enumerate().map(|(at, r)| (r.channel.clone(), reached(at)));
    Ok(Count { people, reachable: reachable.collect() })
}

/// The people of a segment, in the order of their ids, after `after`; at most `limit`.
///
/// # Errors
/// As [`count`].
pub fn people(
    view: &View,
    definition: &Definition,
    as_of: Timestamp,
    zone: &TimeZone,
    after: Option<PersonId>,
    limit: usize,
    cancel: &Cancel,
) -> Result<Vec<PersonId>, Error> {
    let rule = definition.resolve(as_of, zone, "/definition")?;
    let new = |volume: &VolumeView| (rule.find(volume), Vec::new());
    let fold =
        |partial: &mut (Found<'_>, Vec<PersonId>), volume: &VolumeView, ordinal, run: Run<'_>| {
            let id = volume.person_id(ordinal);
            if after.is_none_or(|after| id > after) && partial.0.matches(volume, ordinal, run) {
                partial.1.push(id);
            }
        };
    let partials = scan(view, cancel, new, fold)?;
    let mut people: Vec<PersonId> = partials.into_iter().flat_map(|partial| partial.1).collect();
    people.sort_unstable();
    people.truncate(limit);
    Ok(people)
}
