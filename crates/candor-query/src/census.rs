//! Census: how much a store holds, by property, and what its people said.

use std::collections::BTreeMap;

use candor_event::Value;
use candor_store::{CONSENT_TRAIT, View};
use serde::Serialize;

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
                let Some(Value::Bool(yes)) = volume.trait_value(ordinal, *code) else { continue };
                let word = consents.entry((*purpose).to_owned()).or_default();
                *if *yes { &mut word.yes } else { &mut word.no } += 1;
            }
        }
    }
    consents
}
