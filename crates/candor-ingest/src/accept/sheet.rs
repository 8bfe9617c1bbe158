//! A sheet of events through the stages: what is plainly allowed goes on column by column, and the
//! rest is given back as records, each to pass the stages alone.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use candor_event::{
    ClassSet, Column, DataClass, HashedAlready, PersonId, Record, Sheet, Timestamp, Value,
};
use candor_keys::PublisherKeys;

use super::prepare::{is_ahead, session_of};
use super::stages::{Batch, State};
use super::{Accepted, Door, Receipt, Request};
use crate::decode::{CONSENT_NAME, Incoming, IncomingSheet};
use crate::error::Error;
use crate::gate::{Verdict, check_event, check_property};
use crate::who::HashedIds;

impl Door {
    /// Takes in those events of a sheet that may be kept whole, as [`Door::accept`] would; answers
    /// the others in their order, for it: those which may not, and all that follow of the same
    /// person, since what comes before may say what is allowed.
    ///
    /// # Errors
    /// As [`Door::accept`].
    pub fn accept_sheet(
        &self,
        sheet: IncomingSheet,
        request: &Request,
        append: impl FnOnce(&mut Accepted),
    ) -> Result<(Receipt, Vec<Incoming>), Error> {
        let ids: Vec<_> = sheet.ids.iter().map(|id| (sheet.kind(), &**id)).collect();
        let hashes = self.keys.id_hashes(&ids);
        let sessions = sessions(&self.keys, &sheet);
        let mut state = self.state();
        let people: Vec<PersonId> =
            hashes.iter().map(|hash| state.who.person(sheet.kind(), *hash)).collect();
        let plain = state.plain(&sheet, &people, request);
        let plain = those_before(plain, &sheet.owners, &people);
        let others = (0..sheet.len()).filter(|at| !plain[*at]).map(|at| sheet.record(at)).collect();
        let mut batch = Batch::default();
        batch.records.append(&mut state.unkept);
        batch.receipt.accepted = plain.iter().filter(|plain| **plain).count();
        if batch.receipt.accepted > 0 {
            state.know(&sheet, &hashes, &people, &plain, &mut batch);
            let sheet = kept(sheet, people, sessions, &plain, request.now);
            batch.records.push(Record::Sheet(Box::new(sheet)));
        }
        state.tally.count(&batch.receipt);
        Ok((self.finish(&mut state, batch, append)?, others))
    }
}

/// By event: the session that it names.
fn sessions(keys: &PublisherKeys, sheet: &IncomingSheet) -> Vec<u64> {
    let named = sheet.sessions.values.iter();
    let named: Vec<u64> = named.map(|name| session_of(keys, name).unwrap_or(0)).collect();
    let place = |code: &u32| code.checked_sub(1).map_or(0, |place| named[place as usize]);
    sheet.sessions.codes.iter().map(place).collect()
}

/// By event: whether it is plain, and so is all that comes before of the same person.
fn those_before(mut plain: Vec<bool>, owners: &[u32], people: &[PersonId]) -> Vec<bool> {
    if plain.contains(&false) {
        let mut aside: HashSet<PersonId, BuildHasherDefault<HashedAlready>> = HashSet::default();
        for (plain, owner) in plain.iter_mut().zip(owners) {
            let person = people[*owner as usize];
            if !*plain {
                aside.insert(person);
            }
            *plain = *plain && !aside.contains(&person);
        }
    }
    plain
}

impl State {
    /// By event: whether it is in bounds, and nothing of it is to be taken out.
    fn plain(&self, sheet: &IncomingSheet, people: &[PersonId], request: &Request) -> Vec<bool> {
        let simple = request.derived.is_empty() && request.idempotency_key.is_none();
        let oldest = request.now.0.saturating_sub(request.event_age_max_ms);
        let in_bounds = |time: i64| time >= oldest && !is_ahead(Timestamp(time), request.now);
        let mut plain: Vec<bool> =
            sheet.times.iter().map(|time| simple && in_bounds(*time)).collect();
        let named = |name: &str| {
            let verdict = check_event(&self.classes, ClassSet::ALL, name, &Default::default());
            name != CONSENT_NAME && matches!(verdict, Verdict::Keep(_))
        };
        let named: Vec<bool> = sheet.names.iter().map(|name| named(name)).collect();
        let mut needed = ClassSet::NONE.with(DataClass::Behaviour);
        for column in &sheet.columns {
            let class = self.classes.class_of(&column.name);
            needed = class.map_or(needed, |class| needed.with(class));
            let stays = |value: &Value| {
                check_property(&self.classes, ClassSet::ALL, &column.name, value).is_none()
            };
            if !column.values.iter().all(stays) {
                let stays: Vec<bool> = column.values.iter().map(stays).collect();
                for (plain, code) in plain.iter_mut().zip(&column.codes) {
                    *plain &= code.checked_sub(1).is_none_or(|place| stays[place as usize]);
                }
            }
        }
        let allows = |person: &PersonId| self.allowed(*person).contains_all(needed);
        let allows: Vec<bool> = people.iter().map(allows).collect();
        for (plain, (owner, code)) in plain.iter_mut().zip(sheet.owners.iter().zip(&sheet.codes)) {
            *plain &= allows[*owner as usize] && named[*code as usize];
        }
        plain
    }

    /// Ids of which something is kept belong to their people, and are shown with them.
    fn know(
        &mut self,
        sheet: &IncomingSheet,
        hashes: &[[u8; 16]],
        people: &[PersonId],
        plain: &[bool],
        batch: &mut Batch,
    ) {
        let mut met = vec![false; people.len()];
        for (at, owner) in sheet.owners.iter().enumerate().filter(|(at, _)| plain[*at]) {
            let place = *owner as usize;
            if std::mem::replace(&mut met[place], true) {
                continue;
            }
            let (person, at) = (people[place], Timestamp(sheet.times[at]));
            let hash = Some(hashes[place]);
            let hashed = match sheet.devices {
                true => HashedIds { guid: hash, ..HashedIds::default() },
                false => HashedIds { identity: hash, ..HashedIds::default() },
            };
            self.know_identity(&hashed, person, at, batch);
            let allowed = self.allowed(person);
            self.know_device(&sheet.ids_of(*owner), &hashed, person, allowed, at, batch);
        }
    }
}

/// The events that are kept.
fn kept(
    sheet: IncomingSheet,
    people: Vec<PersonId>,
    sessions: Vec<u64>,
    plain: &[bool],
    received_at: Timestamp,
) -> Sheet {
    let column = |Column { name, codes, values }: Column| {
        let mut codes = some(codes, plain);
        let values = named(values, &mut codes, 1);
        Column { name, codes, values }
    };
    let columns = sheet.columns.into_iter().map(column);
    let (mut owners, mut codes) = (some(sheet.owners, plain), some(sheet.codes, plain));
    let people = named(people, &mut owners, 0);
    let names = named(sheet.names, &mut codes, 0);
    Sheet {
        received_at,
        people,
        owners,
        times: some(sheet.times, plain),
        names,
        codes,
        sessions: some(sessions, plain),
        // The name of one whose values were all refused goes with them.
        columns: columns.filter(|column| !column.values.is_empty()).collect(),
    }
}

fn some<T: Copy>(all: Vec<T>, plain: &[bool]) -> Vec<T> {
    // A column that nobody fills has no places at all.
    match all.is_empty() || !plain.contains(&false) {
        true => all,
        false => {
            all.into_iter().zip(plain).filter_map(|(one, plain)| plain.then_some(one)).collect()
        }
    }
}

/// Those things that a place names, so that nothing of what was refused is left; places begin with
/// `first`, and are made those among these.
fn named<T>(things: Vec<T>, places: &mut [u32], first: u32) -> Vec<T> {
    let mut now = vec![0; things.len()];
    places.iter().filter_map(|place| place.checked_sub(first)).for_each(|at| now[at as usize] = 1);
    if !now.contains(&0) {
        return things;
    }
    let mut count = first;
    let things = things.into_iter().zip(&mut now).filter_map(|(thing, now)| {
        let is_named = std::mem::replace(now, count) == 1;
        count += u32::from(is_named);
        is_named.then_some(thing)
    });
    let things = things.collect();
    for place in places {
        if let Some(at) = place.checked_sub(first) {
            *place = now[at as usize];
        }
    }
    things
}
