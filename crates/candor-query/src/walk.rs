//! People and events one after the other in a fixed order, so that they can be read in pages: by
//! volume, then by id, then by time. A page reads on from the place where the last one ended and
//! looks at no volume before it.

use std::sync::Arc;

use candor_event::{PersonId, Timestamp, ValueRef};
use candor_store::{Scratch, View, VolumeView};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::filter::Condition;
use crate::person::{Done, Person, done, held};
use crate::scan::Cancel;
use crate::segment::Definition;

/// Where a walk over events goes on: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Whose event it was.
    pub person: PersonId,
    /// When it was.
    pub time: Timestamp,
    /// Which of the person's events of that time, from 1.
    pub nth: u32,
}

/// The events of a walk.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Their name.
    pub event: String,
    /// What must hold of them.
    pub conditions: Vec<Condition>,
    /// At or after this moment.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// Of these people alone.
    pub people: Option<Definition>,
}

/// People between two looks at the cancel flag.
const PEOPLE_PER_LOOK: usize = 256;

/// Calls `see` with the people of a segment after `after`, until it answers false.
///
/// # Errors
/// [`Error::Bad`] names the part of the definition that makes no sense; [`Error::Cancelled`].
pub fn walk_people(
    view: &View,
    definition: &Definition,
    as_of: Timestamp,
    zone: &TimeZone,
    after: Option<PersonId>,
    cancel: &Cancel,
    see: &mut dyn FnMut(Person) -> bool,
) -> Result<(), Error> {
    let rule = definition.rule(view, as_of, zone, "", cancel)?;
    let mut scratch = Scratch::default();
    each_volume(view, after, |volume, people| {
        let found = rule.find(volume);
        for (looked, (id, ordinal)) in people.iter().enumerate() {
            if after.is_some_and(|after| after == *id) {
                continue;
            }
            cancel.look(looked, PEOPLE_PER_LOOK)?;
            let run = volume.run(*ordinal, &mut scratch);
            if found.matches(volume, *ordinal, run) && !see(held(volume, *ordinal, run)) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// Calls `see` with each event wanted after `after`, whose it is and where it lies, until it
/// answers false.
///
/// # Errors
/// As [`walk_people`].
pub fn walk_events(
    view: &View,
    wanted: &Wanted,
    zone: &TimeZone,
    after: Option<Place>,
    cancel: &Cancel,
    see: &mut dyn FnMut(&Person, Done, Place) -> bool,
) -> Result<(), Error> {
    for (at, condition) in wanted.conditions.iter().enumerate() {
        condition.check(&format!("/event_properties/{at}"))?;
    }
    let people = wanted.people.as_ref();
    let people = people.map(|people| people.rule(view, wanted.to, zone, "", cancel));
    let rule = people.transpose()?;
    let mut scratch = Scratch::default();
    each_volume(view, after.map(|place| place.person), |volume, people| {
        let Some(code) = volume.event_code(&wanted.event) else { return Ok(true) };
        let filters: Vec<_> = wanted.conditions.iter().map(|c| c.find(volume)).collect();
        let found = rule.as_ref().map(|rule| rule.find(volume));
        for (looked, (id, ordinal)) in people.iter().enumerate() {
            cancel.look(looked, PEOPLE_PER_LOOK)?;
            let run = volume.run(*ordinal, &mut scratch);
            if found.as_ref().is_some_and(|found| !found.matches(volume, *ordinal, run)) {
                continue;
            }
            let (mut person, mut place) = (None, Place { person: *id, time: wanted.from, nth: 0 });
            let from = run.before(wanted.from.0);
            let to = run.before(wanted.to.0);
            for at in from..to {
                if run.code(at) != code
                    || !filters.iter().all(|f| f.matches(volume, *ordinal, run.row(at)))
                {
                    continue;
                }
                let time = Timestamp(run.time(at));
                place.nth = if place.time == time { place.nth + 1 } else { 1 };
                place.time = time;
                let seen = |after: Place| {
                    after.person == *id && (time, place.nth) <= (after.time, after.nth)
                };
                if after.is_some_and(seen) {
                    continue;
                }
                let person = person.get_or_insert_with(|| held(volume, *ordinal, run));
                if !see(person, done(volume, run, at), place) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    })
}

/// Who has a trait that `wanted` picks: its answer and the person, in no order.
pub fn people_with<T>(
    view: &View,
    property: &str,
    wanted: &dyn Fn(ValueRef<'_>) -> Option<T>,
) -> Vec<(T, PersonId)> {
    let mut found = Vec::new();
    for volume in &view.volumes {
        let Some(code) = volume.property_code(property) else { continue };
        for ordinal in (0..volume.people()).filter(|ordinal| volume.visible(*ordinal)) {
            let picked = volume.trait_value(ordinal, code).and_then(wanted);
            found.extend(picked.map(|picked| (picked, volume.person_id(ordinal))));
        }
    }
    found
}

/// Calls `each` with every volume from that of `after` on, and its visible people from `after` on
/// in the order of their ids, until it answers false.
fn each_volume(
    view: &View,
    after: Option<PersonId>,
    mut each: impl FnMut(&Arc<VolumeView>, &[(PersonId, u32)]) -> Result<bool, Error>,
) -> Result<(), Error> {
    let volumes = view.volumes.len() as u16;
    let first = after.map_or(0, |after| usize::from(after.volume(volumes)));
    for (at, volume) in view.volumes.iter().enumerate().skip(first) {
        let from = after.filter(|_| at == first);
        let mut people: Vec<(PersonId, u32)> = (0..volume.people())
            .filter(|ordinal| volume.visible(*ordinal))
            .map(|ordinal| (volume.person_id(ordinal), ordinal))
            .filter(|(id, _)| from.is_none_or(|from| *id >= from))
            .collect();
        people.sort_unstable();
        if !each(volume, &people)? {
            return Ok(());
        }
    }
    Ok(())
}
