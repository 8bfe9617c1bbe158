//! Who is who: from the ids that a request carries to one person.
//!
//! Resolving writes nothing. What joins ids (a log-in, an identity sent with a profile) becomes
//! [`Record::Link`] and [`Record::Merge`] records; this index is a fold over them, applied as they
//! are appended. Two people who are both known by an identity are never merged.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use candor_event::{
    ByPerson, HashedAlready, IdKind, Link, Merge, PersonId, Record, Split, Timestamp,
};
use candor_keys::PublisherKeys;

/// The ids of one record, normalised; those that it does not carry are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The device or browser.
    pub guid: Option<String>,
    /// The publisher's own id.
    pub identity: Option<String>,
    /// Trimmed, lower-cased address.
    pub email: Option<String>,
    /// Digits without the plus.
    pub phone: Option<String>,
}

impl Ids {
    /// What the ids are looked up by. Costs an HMAC for each: done once, before anything is locked.
    pub fn hashed(&self, keys: &PublisherKeys) -> HashedIds {
        let hashes = keys.id_hashes(&self.all().collect::<Vec<_>>());
        self.with_hashes(&mut hashes.into_iter())
    }

    /// The ids that there are, in an order of kinds.
    pub(crate) fn all(&self) -> impl Iterator<Item = (IdKind, &str)> {
        let ids = [
            (IdKind::Guid, &self.guid),
            (IdKind::Identity, &self.identity),
            (IdKind::Email, &self.email),
            (IdKind::Phone, &self.phone),
        ];
        ids.into_iter().filter_map(|(kind, id)| Some((kind, id.as_deref()?)))
    }

    /// The hashes of [`Ids::all`], each by its kind.
    pub(crate) fn with_hashes(&self, hashes: &mut impl Iterator<Item = [u8; 16]>) -> HashedIds {
        let mut hash = |id: &Option<String>| id.as_ref().and_then(|_| hashes.next());
        HashedIds {
            guid: hash(&self.guid),
            identity: hash(&self.identity),
            email: hash(&self.email),
            phone: hash(&self.phone),
        }
    }
}

/// Keyed hashes of the ids of one record. The hash of an id is also the person that it derives
/// where it is the first that is seen of someone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashedIds {
    /// Of the device or browser.
    pub guid: Option<[u8; 16]>,
    /// Of the publisher's own id.
    pub identity: Option<[u8; 16]>,
    /// Of the e-mail address.
    pub email: Option<[u8; 16]>,
    /// Of the phone number.
    pub phone: Option<[u8; 16]>,
}

/// Where an id is found. Its hash is keyed, so nobody can choose it, and half as long an entry is
/// in memory half as far away.
fn place(kind: IdKind, hash: [u8; 16]) -> u128 {
    u128::from_le_bytes(hash) ^ (kind as u128) << 120
}

/// One publisher's ids and merges. Not durable: rebuilt from the catalog and the log at start.
#[derive(Debug, Default)]
pub struct WhoIsWho {
    people: HashMap<u128, PersonId, BuildHasherDefault<HashedAlready>>,
    known: HashSet<PersonId, BuildHasherDefault<HashedAlready>>,
    winner_of: ByPerson<PersonId>,
    version: u64,
}

impl WhoIsWho {
    /// Which of its states it is in: while that is the same, every answer is.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Applies a record of the log, in the order of the log. Other records than links, merges and
    /// splits are passed over.
    pub fn apply(&mut self, record: &Record) {
        self.version += 1;
        match record {
            Record::Link(link) => self.link(link.kind, link.hash, link.person),
            Record::Merge(merge) => {
                self.winner_of.insert(merge.loser, merge.winner);
            }
            Record::Split(Split { loser, winner, .. })
                if self.winner_of.get(loser) == Some(winner) =>
            {
                self.winner_of.remove(loser);
            }
            _ => {}
        }
    }

    /// Who was merged directly into a person.
    pub fn merged_into(&self, person: PersonId) -> Vec<PersonId> {
        let direct = self.winner_of.iter().filter(|(_, winner)| **winner == person);
        direct.map(|(loser, _)| *loser).collect()
    }

    /// Forgets all ids of a person and of everyone folded into them.
    pub fn forget(&mut self, person: PersonId) {
        self.version += 1;
        let gone: HashSet<PersonId> = self
            .winner_of
            .keys()
            .copied()
            .filter(|id| self.canonical(*id) == person)
            .chain([person])
            .collect();
        self.people.retain(|_, owner| !gone.contains(owner));
        self.known.retain(|id| !gone.contains(id));
        self.winner_of.retain(|loser, _| !gone.contains(loser));
    }

    /// An id is somebody's from now on, or nobody's.
    pub fn link(&mut self, kind: IdKind, hash: [u8; 16], person: PersonId) {
        self.version += 1;
        if person == PersonId::NOBODY {
            self.people.remove(&place(kind, hash));
            return;
        }
        if kind == IdKind::Identity {
            self.known.insert(person);
        }
        self.people.insert(place(kind, hash), person);
    }

    /// The person who stands for `person` after all merges.
    pub fn canonical(&self, person: PersonId) -> PersonId {
        let mut at = person;
        // A chain is as long as the merges of one person; a circle cannot arise, because a merge
        // is only made between two canonical people. The bound guards a damaged catalog.
        for _ in 0..=self.winner_of.len() {
            match self.winner_of.get(&at) {
                Some(winner) => at = *winner,
                None => return at,
            }
        }
        at
    }

    /// Whom an id names: as linked, else the person that the id itself derives.
    pub fn person(&self, kind: IdKind, hash: [u8; 16]) -> PersonId {
        self.linked(kind, hash).unwrap_or_else(|| self.canonical(PersonId(hash)))
    }

    /// Whom an id names, when it has been linked.
    pub fn linked(&self, kind: IdKind, hash: [u8; 16]) -> Option<PersonId> {
        let person = self.people.get(&place(kind, hash))?;
        Some(self.canonical(*person))
    }

    /// Whether the person is known by an identity of the publisher.
    pub fn is_known(&self, person: PersonId) -> bool {
        self.known.contains(&person)
    }

    /// Whom a record is about, without joining anything: the identity before the device before
    /// the e-mail and phone. `None` when it carries no id.
    pub fn resolve(&self, ids: &HashedIds) -> Option<PersonId> {
        let by_id = |kind, id: Option<[u8; 16]>| id.map(|id| self.person(kind, id));
        let by_link = |kind, id: Option<[u8; 16]>| id.and_then(|id| self.linked(kind, id));
        by_id(IdKind::Identity, ids.identity)
            .or_else(|| by_id(IdKind::Guid, ids.guid))
            .or_else(|| by_link(IdKind::Email, ids.email))
            .or_else(|| by_link(IdKind::Phone, ids.phone))
            .or_else(|| by_id(IdKind::Email, ids.email))
            .or_else(|| by_id(IdKind::Phone, ids.phone))
    }

    /// Whom a profile is about, and what its ids join. The records are to be logged and applied.
    ///
    /// An anonymous device that names an identity becomes that person: where the identity is new,
    /// the device's person takes it; where it is known, the device's person is merged into it. A
    /// device of a known person that names another identity changes hands: the device is linked to
    /// the other person and nothing is merged.
    pub fn identify(&self, ids: &HashedIds, at: Timestamp) -> Option<(PersonId, Vec<Record>)> {
        let mut joins = Vec::new();
        let device = ids.guid.map(|guid| self.person(IdKind::Guid, guid));
        let Some(identity) = ids.identity else {
            let person = self.resolve(ids)?;
            self.link_contacts(ids, person, at, &mut joins);
            return Some((person, joins));
        };
        let person = match (self.linked(IdKind::Identity, identity), device) {
            (Some(person), _) => person,
            (None, Some(device)) if !self.is_known(device) => device,
            (None, _) => self.canonical(PersonId(identity)),
        };
        self.link_if_new(IdKind::Identity, identity, person, at, &mut joins);
        if let (Some(hash), Some(device)) = (ids.guid, device) {
            if device != person {
                joins.push(Record::Link(Link { kind: IdKind::Guid, hash, person, at }));
                if !self.is_known(device) {
                    let reason = "login".to_owned();
                    joins.push(Record::Merge(Merge { winner: person, loser: device, at, reason }));
                }
            } else {
                self.link_if_new(IdKind::Guid, hash, person, at, &mut joins);
            }
        }
        self.link_contacts(ids, person, at, &mut joins);
        Some((person, joins))
    }

    /// E-mail and phone find their person by keyed hash; the first to name one keeps it.
    fn link_contacts(
        &self,
        ids: &HashedIds,
        person: PersonId,
        at: Timestamp,
        joins: &mut Vec<Record>,
    ) {
        for (kind, id) in [(IdKind::Email, ids.email), (IdKind::Phone, ids.phone)] {
            if let Some(hash) = id {
                self.link_if_new(kind, hash, person, at, joins);
            }
        }
    }

    fn link_if_new(
        &self,
        kind: IdKind,
        hash: [u8; 16],
        person: PersonId,
        at: Timestamp,
        joins: &mut Vec<Record>,
    ) {
        if !self.people.contains_key(&place(kind, hash)) {
            joins.push(Record::Link(Link { kind, hash, person, at }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(guid: &str, identity: &str) -> Ids {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ids { guid: some(guid), identity: some(identity), ..Ids::default() }
    }

    fn log_in(who: &mut WhoIsWho, keys: &PublisherKeys, guid: &str, identity: &str) -> PersonId {
        let (person, joins) =
            who.identify(&ids(guid, identity).hashed(keys), Timestamp(1)).unwrap();
        joins.iter().for_each(|join| who.apply(join));
        who.canonical(person)
    }

    fn person(who: &WhoIsWho, keys: &PublisherKeys, guid: &str, identity: &str) -> PersonId {
        who.resolve(&ids(guid, identity).hashed(keys)).unwrap()
    }

    #[test]
    fn an_anonymous_device_keeps_its_person_when_it_becomes_known() {
        let keys = PublisherKeys::for_tests(1);
        let mut who = WhoIsWho::default();
        let before = person(&who, &keys, "g1", "");
        assert_eq!(log_in(&mut who, &keys, "g1", "ann"), before);
        assert_eq!(person(&who, &keys, "", "ann"), before);
    }

    #[test]
    fn a_second_device_of_a_person_joins_the_first() {
        let keys = PublisherKeys::for_tests(1);
        let mut who = WhoIsWho::default();
        let ann = log_in(&mut who, &keys, "g1", "ann");
        assert_ne!(person(&who, &keys, "g2", ""), ann);
        assert_eq!(log_in(&mut who, &keys, "g2", "ann"), ann);
        assert_eq!(person(&who, &keys, "g2", ""), ann);
        assert_eq!(person(&who, &keys, "g1", ""), ann);
    }

    #[test]
    fn a_switch_of_users_on_one_device_merges_nobody() {
        let keys = PublisherKeys::for_tests(1);
        let mut who = WhoIsWho::default();
        let ann = log_in(&mut who, &keys, "g1", "ann");
        let (_, joins) = who.identify(&ids("g1", "bob").hashed(&keys), Timestamp(2)).unwrap();
        assert!(!joins.iter().any(|join| matches!(join, Record::Merge(_))), "{joins:?}");
        joins.iter().for_each(|join| who.apply(join));
        let bob = person(&who, &keys, "", "bob");
        assert_ne!(bob, ann);
        assert_eq!(person(&who, &keys, "g1", ""), bob);
        assert_eq!(person(&who, &keys, "", "ann"), ann);
    }

    #[test]
    fn a_merge_can_be_taken_back() {
        let keys = PublisherKeys::for_tests(1);
        let mut who = WhoIsWho::default();
        let device = person(&who, &keys, "g2", "");
        let ann = log_in(&mut who, &keys, "g1", "ann");
        log_in(&mut who, &keys, "g2", "ann");
        assert_eq!(who.canonical(device), ann);
        who.apply(&Record::Split(Split { winner: ann, loser: device, at: Timestamp(3) }));
        assert_eq!(who.canonical(device), device);
    }

    #[test]
    fn an_email_finds_the_person_who_named_it_first() {
        let keys = PublisherKeys::for_tests(1);
        let mut who = WhoIsWho::default();
        let mut ann = ids("g1", "ann");
        ann.email = Some("ann@example.test".into());
        let (person, joins) = who.identify(&ann.hashed(&keys), Timestamp(1)).unwrap();
        joins.iter().for_each(|join| who.apply(join));
        let by_mail = Ids { email: ann.email.clone(), ..Ids::default() };
        assert_eq!(who.resolve(&by_mail.hashed(&keys)), Some(person));
        assert_eq!(who.resolve(&HashedIds::default()), None);
    }
}
