//! Whose rows an export has, over one picture of the store: everybody in turn, who they are, what
//! is kept of them and what they did.
//!
//! Whoever was folded into somebody else is part of them, and who was erased is nobody: the picture
//! says so.

use std::cell::Cell;
use std::sync::Arc;

use anyhow::bail;
use candor_event::{PersonId, Properties, Timestamp, Value, ValueRef};
use candor_ingest::{Door, GUIDS_TRAIT, Ids};
use candor_store::{CONSENT_TRAIT, Looked, PeopleSet, Run, Scratch, View, VolumeView};

/// What people said about purposes, under the name by which an import takes it.
const CONSENT: &str = "ct_consent";

/// A way through one picture.
pub struct Walk<'a> {
    pub view: &'a View,
    door: &'a Door,
    /// This person alone.
    only: Option<PersonId>,
    go_on: &'a (dyn Fn() -> bool + Sync),
    /// The names of properties and traits, by their codes; last the one for consents, which no
    /// property of the picture has.
    pub names: Vec<Arc<str>>,
    identity: Option<u32>,
    guids: Option<u32>,
    /// By the code of a trait: the purpose that it is about, if it is about one.
    purposes: Vec<Option<String>>,
}

impl<'a> Walk<'a> {
    /// `go_on` is asked now and then whether to.
    pub fn new(
        view: &'a View,
        door: &'a Door,
        only: Option<PersonId>,
        go_on: &'a (dyn Fn() -> bool + Sync),
    ) -> Walk<'a> {
        let volume = view.volumes.first();
        let code = |name: &str| volume.and_then(|volume| volume.property_code(name));
        let (identity, guids) = (code("Identity"), code(GUIDS_TRAIT));
        let mut names = volume.map_or(&[][..], |volume| volume.property_names()).to_vec();
        let purpose = |name: &Arc<str>| name.strip_prefix(CONSENT_TRAIT).map(str::to_owned);
        let purposes = names.iter().map(purpose).collect();
        names.push(CONSENT.into());
        Walk { view, door, only, go_on, names, identity, guids, purposes }
    }

    /// The code that what people said about purposes has here.
    pub fn consent(&self) -> u32 {
        self.names.len() as u32 - 1
    }

    /// Everybody who is in it.
    pub fn each_person(
        &self,
        volume: &VolumeView,
        mut see: impl FnMut(u32) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for ordinal in 0..volume.people() {
            if ordinal % PEOPLE_PER_LOOK == 0 && !(self.go_on)() {
                bail!("{INTERRUPTED}");
            }
            let wanted = self.only.is_none_or(|person| volume.person_id(ordinal) == person);
            if wanted && volume.visible(ordinal) {
                see(ordinal)?;
            }
        }
        Ok(())
    }

    /// Everybody who is in it and did something, and what they did.
    pub fn each_run(
        &self,
        volume: &VolumeView,
        mut see: impl FnMut(u32, Run<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let only = self.only.map(|person| {
            let mut people = PeopleSet::default();
            volume.ordinal(person).into_iter().for_each(|ordinal| people.insert(ordinal));
            people
        });
        let looked = Looked { people: only.as_ref(), ..Looked::default() };
        let (failed, mut result) = (Cell::new(false), Ok(()));
        let whole = volume.fold(
            looked,
            &mut Scratch::default(),
            &|| !failed.get() && (self.go_on)(),
            |ordinal, run| {
                if result.is_ok() {
                    result = see(ordinal, run);
                    failed.set(result.is_err());
                }
            },
        );
        result?;
        match whole {
            true => Ok(()),
            false => bail!("{INTERRUPTED}"),
        }
    }

    /// Who a person is: by the identity that is kept of them; where none is, by a device of theirs.
    pub fn who(&self, volume: &VolumeView, ordinal: u32) -> Who {
        let person = volume.person_id(ordinal);
        let identity = self.identity.and_then(|code| volume.trait_value(ordinal, code));
        let identity = identity.and_then(|identity| match identity {
            ValueRef::Integer(number) => Some(number.to_string()),
            other => other.as_text().map(|text| text.into_owned()),
        });
        // What is kept of somebody may name another by now.
        let identity = identity.filter(|identity| {
            let ids = Ids { identity: Some(identity.clone()), ..Ids::default() };
            self.door.resolve(&ids) == Some(person)
        });
        let guid = match identity {
            Some(_) => None,
            None => self.own_guids(volume, ordinal).next(),
        };
        Who { id: person.to_string(), identity, guid }
    }

    /// The devices that are known as a person's and nobody else's by now.
    pub fn own_guids<'b>(
        &'b self,
        volume: &'b VolumeView,
        ordinal: u32,
    ) -> impl Iterator<Item = String> + 'b {
        let person = volume.person_id(ordinal);
        let guids = match self.guids.and_then(|code| volume.trait_value(ordinal, code)) {
            Some(ValueRef::List(guids)) => guids,
            _ => &[],
        };
        let guids = guids.iter().filter_map(Value::as_text);
        guids.map(str::to_owned).filter(move |guid| {
            let ids = Ids { guid: Some(guid.clone()), ..Ids::default() };
            self.door.resolve(&ids) == Some(person)
        })
    }

    /// A person's traits by their codes, what they said about purposes, and when they last said
    /// anything. The identity stands apart.
    pub fn traits<'b>(&self, volume: &'b VolumeView, ordinal: u32) -> Traits<'b> {
        let (mut traits, mut consents, mut last) = (Vec::new(), Properties::new(), None);
        for (name, value) in volume.traits(ordinal) {
            let Some(code) = volume.property_code(name) else { continue };
            last = last.max(volume.trait_said(ordinal, code).map(|(said, _)| said));
            match (&self.purposes[code as usize], value) {
                (Some(purpose), ValueRef::Bool(yes)) => {
                    consents.insert(purpose.as_str(), Value::Bool(yes));
                }
                (Some(_), _) => {}
                (None, _) if Some(code) == self.identity => {}
                (None, value) => traits.push((code, value)),
            }
        }
        (traits, consents, last)
    }
}

/// People between two looks whether to go on.
const PEOPLE_PER_LOOK: u32 = 1_024;

const INTERRUPTED: &str = "interrupted; the same command goes on from here";

/// A person's traits, consents, and when they last said anything.
pub type Traits<'a> = (Vec<(u32, ValueRef<'a>)>, Properties, Option<Timestamp>);

/// Whom a row is about.
pub struct Who {
    pub id: String,
    pub identity: Option<String>,
    pub guid: Option<String>,
}
