//! Census: how much a store holds, by property, and what its people said.

use std::collections::BTreeMap;

use candor_event::{Value, ValueRef};
use candor_store::{CONSENT_TRAIT, View};
use serde::Serialize;

use crate::error::Error;
use crate::filter::Scope;
use crate::group::{Keys, text_of};
use crate::live::Counted;
use crate::scan::{Cancel, Scan};

/// People by their last word on one purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Who said yes.
    pub yes: u64,
    /// Who said no.
    pub no: u64,
}

/// How many values each property and trait has, by name.
pub fn filled(view: &View) -> BTreeMap<String, u64> {
    let mut filled = BTreeMap::new();
    for volume in &view.volumes {
        for (name, count) in volume.property_names().iter().zip(volume.filled()) {
            if !name.starts_with(CONSENT_TRAIT) {
                *filled.entry(name.to_string()).or_default() += count;
            }
        }
    }
    filled
}

/// People of each volume who are looked at for the names of traits.
const LOOKED_AT_MAX: u32 = 1_000;

/// The names of traits that people of a sample have, each with how many have it.
pub fn trait_names(view: &View) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    for volume in &view.volumes {
        for ordinal in (0..volume.people().min(LOOKED_AT_MAX)).filter(|at| volume.visible(*at)) {
            for (name, _) in volume.traits(ordinal) {
                if !name.starts_with(CONSENT_TRAIT) {
                    *names.entry(name.to_string()).or_default() += 1;
                }
            }
        }
    }
    names
}

/// A value of a property, and how many events or people have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// As it is stored.
    pub value: Value,
    /// Events for an event's property, people for a trait.
    pub count: u64,
}

/// The names of events, the most frequent first.
///
/// # Errors
/// [`Error::Cancelled`] when the asker left.
pub fn event_names(view: &View, cancel: &Cancel) -> Result<Vec<Counted>, Error> {
    let Some(names) = view.volumes.first().map(|volume| volume.event_names()) else {
        return Ok(Vec::new());
    };
    let new = |_: &_| vec![0u64; names.len()];
    let counts = Scan::new(view, cancel).fold(new, |counts, _, _, run| {
        for at in 0..run.len() {
            counts[usize::from(run.code(at))] += 1;
        }
    })?;
    let total = |code: usize| counts.iter().map(|counts| counts[code]).sum();
    let counted = names.iter().enumerate();
    let counted =
        counted.map(|(code, name)| Counted { name: name.to_string(), count: total(code) });
    let mut held: Vec<Counted> = counted.filter(|name| name.count > 0).collect();
    held.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    Ok(held)
}

/// The values of a property of events or people, the most frequent first. Lists and objects are
/// left out: nobody chooses one from a menu.
///
/// # Errors
/// [`Error::Cancelled`] when the asker left.
pub fn values(
    view: &View,
    property: &str,
    scope: Scope,
    cancel: &Cancel,
) -> Result<Vec<Held>, Error> {
    let new = |_: &_| (Keys::default(), Vec::<u64>::new());
    let counts = Scan::new(view, cancel).with_idle().fold(
        new,
        |partial: &mut (Keys, Vec<u64>), volume, ordinal, run| {
            let Some(code) = volume.property_code(property) else { return };
            let (keys, counts) = partial;
            let mut count = |value: Option<ValueRef<'_>>| {
                let Some(value) = value else { return };
                let place = keys.place(std::iter::once(Some(value))) as usize;
                counts.resize(counts.len().max(place + 1), 0);
                counts[place] += 1;
            };
            match scope {
                Scope::Event => {
                    (0..run.len()).for_each(|at| count(volume.property(run.row(at), code)))
                }
                Scope::Person => count(volume.trait_value(ordinal, code)),
            }
        },
    )?;
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    for (keys, counts) in counts {
        for (key, count) in keys.keys.into_iter().zip(counts) {
            let text = text_of(&key);
            let Some(value) = key.into_iter().flatten().next() else { continue };
            if !matches!(value, Value::List(_) | Value::Object(_)) {
                held.entry(text).or_insert(Held { value, count: 0 }).count += count;
            }
        }
    }
    let mut held: Vec<(String, Held)> = held.into_iter().collect();
    held.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
    Ok(held.into_iter().map(|(_, held)| held).collect())
}

/// What people said last about each purpose; who never spoke is in neither number.
pub fn consents(view: &View) -> BTreeMap<String, Word> {
    let mut consents: BTreeMap<String, Word> = BTreeMap::new();
    for volume in &view.volumes {
        let names = volume.property_names().iter();
        let purposes: Vec<(&str, u32)> = names
            .filter_map(|name| {
                Some((name.strip_prefix(CONSENT_TRAIT)?, volume.property_code(name)?))
            })
            .collect();
        for ordinal in (0..volume.people()).filter(|ordinal| volume.visible(*ordinal)) {
            for (purpose, code) in &purposes {
                let Some(ValueRef::Bool(yes)) = volume.trait_value(ordinal, *code) else {
                    continue;
                };
                let word = consents.entry((*purpose).to_owned()).or_default();
                *if yes { &mut word.yes } else { &mut word.no } += 1;
            }
        }
    }
    consents
}
