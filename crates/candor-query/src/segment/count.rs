//! How many people a segment has, who they are, and who of them can be reached.

use std::collections::BTreeMap;

use candor_event::{PersonId, Timestamp, ValueRef};
use candor_store::{CONSENT_TRAIT, PeopleSet, Run, View, VolumeView};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::Error;
use crate::scan::{Cancel, Scan};
use crate::segment::definition::Definition;
use crate::segment::rule::{Found, Rule};

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

/// How many people match, and how many of them each channel reaches.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// People who match.
    pub people: u64,
    /// Of these, by channel: who has an address and, where it is needed, said yes.
    pub reachable: BTreeMap<String, u64>,
    /// Of these, by channel: why the others are not reached.
    pub unreachable: BTreeMap<String, Unreachable>,
}

/// How many people a channel does not reach, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    /// They did not say yes; of most of them no address is held, then.
    pub no_consent: u64,
    /// They did, and no address is known.
    pub no_address: u64,
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
    let rule = definition.rule(view, as_of, zone, "/definition", cancel)?;
    let new = |volume: &VolumeView| {
        let channels = reach.iter().map(|reach| {
            let consent = reach.purpose.as_ref();
            let consent =
                consent.map(|purpose| volume.property_code(&format!("{CONSENT_TRAIT}{purpose}")));
            (volume.property_code(&reach.address), consent)
        });
        let lost = vec![Unreachable::default(); reach.len()];
        (rule.find_among(volume), channels.collect::<Vec<_>>(), 0u64, lost)
    };
    type Partial<'q> = (Found<'q>, Vec<(Option<u32>, Option<Option<u32>>)>, u64, Vec<Unreachable>);
    let fold = |partial: &mut Partial<'_>, volume: &VolumeView, ordinal: u32, run: Run<'_>| {
        if !partial.0.matches(volume, ordinal, run) {
            return;
        }
        partial.2 += 1;
        for (place, (address, consent)) in partial.1.iter().enumerate() {
            let value = |code: &Option<u32>| code.and_then(|c| volume.trait_value(ordinal, c));
            let allowed = consent.as_ref().is_none_or(|c| value(c) == Some(ValueRef::Bool(true)));
            let lost = &mut partial.3[place];
            lost.no_consent += u64::from(!allowed);
            lost.no_address += u64::from(allowed && value(address).is_none());
        }
    };
    let partials = scan_of_likely(&rule, view, cancel).fold(new, fold)?;
    let people = partials.iter().map(|partial| partial.2).sum();
    let mut counted = Count { people, ..Count::default() };
    for (place, reach) in reach.iter().enumerate() {
        let sum = |part: fn(&Unreachable) -> u64| -> u64 {
            partials.iter().map(|partial| part(&partial.3[place])).sum()
        };
        let (no_consent, no_address) = (sum(|lost| lost.no_consent), sum(|lost| lost.no_address));
        let channel = || reach.channel.clone();
        counted.reachable.insert(channel(), people - no_consent - no_address);
        counted.unreachable.insert(channel(), Unreachable { no_consent, no_address });
    }
    Ok(counted)
}

/// A pass that sees of each person what a rule looks at.
pub(super) fn scan_of<'a>(rule: &'a Rule<'_>, view: &'a View, cancel: &'a Cancel) -> Scan<'a> {
    let mut events = Vec::new();
    rule.events(&mut events);
    Scan::new(view, cancel).of_events(events).with_idle()
}

/// The same without those of whom it is known that they do not match, since they did none of it or
/// too little.
fn scan_of_likely<'a>(rule: &'a Rule<'_>, view: &'a View, cancel: &'a Cancel) -> Scan<'a> {
    let scan = scan_of(rule, view, cancel);
    if rule.of_idle() != Some(false) {
        return scan;
    }
    let mut needs = Vec::new();
    rule.needs(&mut needs);
    scan.without_idle().needing(needs)
}

/// Who matches a rule, by volume.
pub(crate) fn members(
    view: &View,
    rule: &Rule<'_>,
    cancel: &Cancel,
) -> Result<Vec<PeopleSet>, Error> {
    let new = |volume: &VolumeView| (rule.find_among(volume), PeopleSet::default());
    let fold =
        |partial: &mut (Found<'_>, PeopleSet), volume: &VolumeView, ordinal, run: Run<'_>| {
            if partial.0.matches(volume, ordinal, run) {
                partial.1.insert(ordinal);
            }
        };
    let partials = scan_of_likely(rule, view, cancel).fold(new, fold)?;
    Ok(partials.into_iter().map(|partial| partial.1).collect())
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
    let rule = definition.rule(view, as_of, zone, "/definition", cancel)?;
    let new = |volume: &VolumeView| (rule.find_among(volume), Vec::new());
    let fold =
        |partial: &mut (Found<'_>, Vec<PersonId>), volume: &VolumeView, ordinal, run: Run<'_>| {
            let id = volume.person_id(ordinal);
            if after.is_none_or(|after| id > after) && partial.0.matches(volume, ordinal, run) {
                partial.1.push(id);
            }
        };
    let partials = scan_of_likely(&rule, view, cancel).fold(new, fold)?;
    let mut people: Vec<PersonId> = partials.into_iter().flat_map(|partial| partial.1).collect();
    people.sort_unstable();
    people.truncate(limit);
    Ok(people)
}
