//! The stages that each record passes: stamp, resolve, gate.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use candor_event::{
    ClassSet, ConsentChange, DataClass, Event, FirstSeen, IdKind, Link, Merge, PersonId,
    Properties, Purpose, Record, Timestamp, TraitChange, TraitOp, Value,
};
use candor_keys::PublisherKeys;

use super::repeats::{First, Repeats};
use super::{GUIDS_TRAIT, Receipt, Request, joins_of};
use crate::contact;
use crate::decode::{Body, Incoming, RefusalCode};
use crate::gate::{
    Basis, Classes, Policy, Said, StripReason, Stripped, Verdict, check_event, check_property,
};
use crate::tally::Tally;
use crate::who::{Ids, WhoIsWho};

/// The property that tells the country of an address.
const COUNTRY: &str = "country";

const DAY_MS: i64 = 86_400_000;

/// Devices whose guid is known to be among its person's traits.
const GUIDS_SEEN_MAX: usize = 1_000_000;

/// What a door knows; all of it can be had again from the catalog and the log.
pub(super) struct State {
    pub(super) policy: Policy,
    pub(super) classes: Arc<Classes>,
    pub(super) who: WhoIsWho,
    pub(super) said: HashMap<PersonId, Said>,
    /// Links and consents that are in force here and that the log does not hold yet.
    pub(super) unkept: Vec<Record>,
    pub(super) repeats: Repeats,
    pub(super) guids_seen: HashSet<([u8; 16], PersonId)>,
    pub(super) tally: Tally,
}

/// A request as it passes the stages.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    pub(super) receipt: Receipt,
    /// Records that the index tells from their repeats, and that came first here.
    pub(super) firsts: Vec<u64>,
}

/// Why a record goes no further.
pub(super) enum Stop {
    Refused(RefusalCode, String),
    Overloaded,
}

fn refuse(code: RefusalCode, message: impl Into<String>) -> Stop {
    Stop::Refused(code, message.into())
}

impl State {
    pub(super) fn apply(&mut self, record: &Record) {
        match record {
            Record::Merge(Merge { winner, loser, .. }) => {
                self.who.apply(record);
                // What the one said as a stranger they also said as the other.
                if let Some(said) = self.said.get(loser).cloned() {
                    self.said.entry(*winner).or_default().take_in(&said);
                }
            }
            Record::Consent(change) => {
                let person = self.who.canonical(change.person);
                self.said.entry(person).or_default().apply(change);
            }
            Record::Erase { person, .. } => {
                let person = self.who.canonical(*person);
                self.said.remove(&person);
                self.who.forget(person);
                self.guids_seen.clear();
            }
            Record::FirstSeen(first) => {
                self.repeats.insert(first.fingerprint, First { at: first.at, kept: true });
            }
            other => self.who.apply(other),
        }
    }

    pub(super) fn keep_for_later(&mut self, records: Vec<Record>) {
        self.unkept.extend(joins_of(&records));
    }

    /// One record through all stages.
    pub(super) fn one(
        &mut self,
        keys: &PublisherKeys,
        mut record: Incoming,
        request: &Request,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let told = told_apart(keys, &record, request);
        let repeat = match told {
            Told::Apart => None,
            Told::Id(repeat) | Told::Content(repeat) => Some(repeat),
        };
        let at = self.stamp(&record, repeat, request)?;
        let known = repeat.and_then(|repeat| self.repeats.find(repeat, request.now));
        let mut first = repeat.filter(|_| known.is_none());
        if first.is_some() && !self.repeats.has_room(request.repeats_remembered_max, request.now) {
            match told {
                Told::Id(_) => return Err(Stop::Overloaded),
                // An SDK could do nothing but wait for days: it counts, its repeat would too.
                _ => first = None,
            }
        }
        let before = batch.records.len();
        let is_event = matches!(record.body, Body::Event { .. });
        if let Some(known) = known.filter(|_| !is_event) {
            // What is on its way to the log in another request may still not get there.
            let here = repeat.is_some_and(|repeat| batch.firsts.contains(&repeat));
            return if known.kept || here { Ok(()) } else { Err(Stop::Overloaded) };
        }
        match std::mem::replace(&mut record.body, Body::Profile(Vec::new())) {
            Body::Event { name, properties } if name == CONSENT_NAME => {
                let op = TraitOp::Set(Value::Object(properties));
                self.profile(keys, record, vec![(name, op)], at, batch)?;
            }
            Body::Event { name, properties } => {
                self.event(keys, record, name, properties, at, request, batch)?;
            }
            Body::Profile(changes) => self.profile(keys, record, changes, at, batch)?,
        }
        // Where nothing was kept, a repeat changes nothing either.
        if let (Some(fingerprint), Some(last)) = (first, batch.records[before..].last()) {
            let (person, at) = (last.person(), request.now);
            self.repeats.insert(fingerprint, First { at, kept: false });
            batch.firsts.push(fingerprint);
            batch.records.push(Record::FirstSeen(FirstSeen { person, fingerprint, at }));
        }
        Ok(())
    }

    /// When it happened, in bounds; what carries no time, or one that lies ahead, happened when it
    /// first came.
    fn stamp(
        &self,
        record: &Incoming,
        repeat: Option<u64>,
        request: &Request,
    ) -> Result<Timestamp, Stop> {
        let now = request.now;
        match record.at {
            Some(at) if at.0 < now.0.saturating_sub(request.event_age_max_ms) => {
                let days = request.event_age_max_ms / DAY_MS;
                Err(refuse(RefusalCode::TooOld, format!("events are at most {days} days old")))
            }
            Some(at) if !is_ahead(at, now) => Ok(at),
            _ => {
                let first = repeat.and_then(|repeat| self.repeats.find(repeat, now));
                Ok(first.map_or(now, |first| first.at))
            }
        }
    }

    pub(super) fn allowed(&self, person: PersonId) -> ClassSet {
        match self.said.get(&person) {
            Some(said) => self.policy.allowed(said),
            None => self.policy.allowed(&Said::default()),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn event(
        &mut self,
        keys: &PublisherKeys,
        record: Incoming,
        name: String,
        mut properties: Properties,
        at: Timestamp,
        request: &Request,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let person = self.who.resolve(keys, &record.ids).ok_or_else(nobody)?;
        let fingerprint = match sender_id(&record, request) {
            Some(id) => keys.fingerprint(id.as_bytes()),
            None => keys.fingerprint(&serde_json::to_vec(&properties).unwrap_or_default()),
        };
        let session = match properties.remove("session") {
            Some(Value::Integer(session)) => Some(session as u64),
            Some(Value::Text(session)) => Some(keys.fingerprint(session.as_bytes())),
            _ => None,
        };
        let allowed = self.allowed(person);
        let classes = self.classes.clone();
        let Verdict::Keep(stripped) = check_event(&classes, allowed, &name, &mut properties) else {
            return Err(no_consent());
        };
        // Derived here and not sent: where its class is not allowed nothing is taken out.
        let told = classes.class_of(COUNTRY).is_some_and(|class| allowed.contains(class));
        if let (Some(country), true) = (&request.country, told) {
            let country = || Value::Text(country.clone());
            properties.entry(COUNTRY.to_owned()).or_insert_with(country);
        }
        self.note(record.index, person, stripped, batch);
        self.know_identity(keys, &record.ids, person, at, batch);
        self.know_device(keys, &record.ids, person, allowed, at, batch);
        batch.records.push(Record::Event(Event {
            person,
            occurred_at: at,
            received_at: request.now,
            name: name.into(),
            session,
            fingerprint,
            properties,
        }));
        Ok(())
    }

    fn profile(
        &mut self,
        keys: &PublisherKeys,
        mut record: Incoming,
        changes: Vec<(String, TraitOp)>,
        at: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let (changes, purposes) = self.take_consent(changes);
        take_ids(&changes, &mut record.ids);
        let spoke = purposes.is_some();
        if let Some(purposes) = purposes {
            // What is said is said by whom the ids name now; a yes then lets the rest be kept.
            let person = self.who.resolve(keys, &record.ids).ok_or_else(nobody)?;
            let method = "sdk".to_owned();
            let said =
                Record::Consent(ConsentChange { person, at, purposes, notice: None, method });
            self.apply(&said);
            batch.records.push(said);
            if changes.is_empty() {
                return Ok(());
            }
        }
        let (person, joins) = self.who.identify(keys, &record.ids, at).ok_or_else(nobody)?;
        let device = record.ids.guid.as_deref().map(|g| self.who.person(keys, IdKind::Guid, g));
        let mut said = self.said.get(&person).cloned().unwrap_or_default();
        if let Some(other) = device.and_then(|device| self.said.get(&device)) {
            said.take_in(other);
        }
        let allowed = self.policy.allowed(&said);
        if allowed.is_empty() && !spoke {
            return Err(no_consent());
        }
        let joins = if allowed.is_empty() { Vec::new() } else { joins };
        for join in joins {
            self.apply(&join);
            batch.records.push(join);
        }
        self.know_device(keys, &record.ids, person, allowed, at, batch);
        let classes = self.classes.clone();
        let mut stripped = Vec::new();
        for (property, op) in changes {
            let kept = match &op {
                TraitOp::Set(value) => check_property(&classes, allowed, &property, value),
                TraitOp::Add(values) | TraitOp::Remove(values) => {
                    let value = Value::List(values.clone());
                    check_property(&classes, allowed, &property, &value)
                }
                TraitOp::Unset | TraitOp::Increment(_) => {
                    check_property(&classes, allowed, &property, &Value::Bool(true))
                }
            };
            match kept {
                None => {
                    if property == PUSH_TOKEN_TRAIT {
                        self.token_changes_hands(keys, person, &op, at, batch);
                    }
                    let change = TraitChange { person, at, property, op };
                    batch.records.push(Record::Trait(change));
                }
                Some(reason) => {
                    let class = classes.class_of(&property);
                    stripped.push(Stripped { property, class, reason });
                }
            }
        }
        self.note(record.index, person, stripped, batch);
        Ok(())
    }

    /// A push token belongs to whoever registered it last: what is meant for one person must not
    /// reach the device of the next.
    fn token_changes_hands(
        &mut self,
        keys: &PublisherKeys,
        person: PersonId,
        op: &TraitOp,
        at: Timestamp,
        batch: &mut Batch,
    ) {
        let (tokens, registers) = match op {
            TraitOp::Add(tokens) => (tokens, true),
            TraitOp::Remove(tokens) => (tokens, false),
            _ => return,
        };
        let kind = IdKind::PushToken;
        for token in tokens.iter().filter_map(Value::as_text) {
            let owner = self.who.linked(keys, kind, token);
            let next = match (registers, owner) {
                (true, Some(owner)) if owner == person => continue,
                (true, _) => person,
                (false, Some(owner)) if owner == person => PersonId::NOBODY,
                (false, _) => continue,
            };
            if let Some(owner) = owner.filter(|owner| *owner != person) {
                let (property, op) =
                    (PUSH_TOKEN_TRAIT.to_owned(), TraitOp::Remove(vec![token.into()]));
                let change = TraitChange { person: owner, at, property, op };
                batch.records.push(Record::Trait(change));
            }
            let hash = keys.id_hash(kind, token);
            let link = Record::Link(Link { kind, hash, person: next, at });
            self.apply(&link);
            batch.records.push(link);
        }
    }

    /// Takes the consent keys out of a profile: what was said about which purposes.
    #[allow(clippy::type_complexity)]
    fn take_consent(
        &self,
        changes: Vec<(String, TraitOp)>,
    ) -> (Vec<(String, TraitOp)>, Option<BTreeMap<Purpose, bool>>) {
        let mut said = None;
        let mut rest = Vec::with_capacity(changes.len());
        for (name, op) in changes {
            match (name.as_str(), &op) {
                (CONSENT_NAME, TraitOp::Set(Value::Object(purposes))) => {
                    let said: &mut BTreeMap<_, _> = said.get_or_insert_default();
                    for (purpose, yes) in purposes {
                        if let (Some(purpose), Value::Bool(yes)) = (Purpose::new(purpose), yes)
                            && self.policy.purposes.contains_key(&purpose)
                        {
                            said.insert(purpose, *yes);
                        }
                    }
                }
                (OPT_OUT_NAME, TraitOp::Set(Value::Bool(true))) => {
                    let all = self.policy.purposes.keys().map(|purpose| (purpose.clone(), false));
                    said.get_or_insert_default().extend(all);
                }
                // An opt-in takes the opt-out back where no consent is needed; it grants nothing.
                (OPT_OUT_NAME, TraitOp::Set(Value::Bool(false))) => {
                    let declared = self
                        .policy
                        .purposes
                        .iter()
                        .filter(|(_, rule)| matches!(rule.basis, Basis::Declared(_)));
                    let back = declared.map(|(purpose, _)| (purpose.clone(), true));
                    said.get_or_insert_default().extend(back);
                }
                (CONSENT_NAME | OPT_OUT_NAME, _) => {}
                _ => rest.push((name, op)),
            }
        }
        // Nothing said about any purpose is nothing said.
        (rest, said.filter(|said| !said.is_empty()))
    }

    fn note(&mut self, index: usize, person: PersonId, stripped: Vec<Stripped>, batch: &mut Batch) {
        for one in stripped {
            if one.reason == StripReason::Unclassified {
                self.tally.waits(&one.property, person);
            }
            batch.receipt.stripped.push((index, one));
        }
    }

    /// An identity of which something is kept belongs to its person from then on: a log-in that
    /// comes later must find what servers said of it before.
    fn know_identity(
        &mut self,
        keys: &PublisherKeys,
        ids: &Ids,
        person: PersonId,
        at: Timestamp,
        batch: &mut Batch,
    ) {
        let kind = IdKind::Identity;
        let Some(identity) = ids.identity.as_deref() else { return };
        if self.who.linked(keys, kind, identity).is_none() {
            let hash = keys.id_hash(kind, identity);
            let link = Record::Link(Link { kind, hash, person, at });
            self.apply(&link);
            batch.records.push(link);
        }
    }

    /// Keeps a device's id and the person's own among the traits, where their classes allow it.
    fn know_device(
        &mut self,
        keys: &PublisherKeys,
        ids: &Ids,
        person: PersonId,
        allowed: ClassSet,
        at: Timestamp,
        batch: &mut Batch,
    ) {
        let set = |property: &str, op| {
            Record::Trait(TraitChange { person, at, property: property.to_owned(), op })
        };
        let mut fresh = |kind, id: &str| {
            if self.guids_seen.len() >= GUIDS_SEEN_MAX {
                self.guids_seen.clear();
            }
            // The same device under another person is new again.
            self.guids_seen.insert((keys.id_hash(kind, id), person))
        };
        if let Some(guid) = &ids.guid
            && allowed.contains(DataClass::Device)
            && fresh(IdKind::Guid, guid)
        {
            batch.records.push(set(GUIDS_TRAIT, TraitOp::Add(vec![guid.as_str().into()])));
        }
        if let Some(identity) = &ids.identity
            && allowed.contains(DataClass::Identity)
            && fresh(IdKind::Identity, identity)
        {
            batch.records.push(set("Identity", TraitOp::Set(identity.as_str().into())));
        }
    }
}

const PUSH_TOKEN_TRAIT: &str = "push_token";
const CONSENT_NAME: &str = "ct_consent";
const OPT_OUT_NAME: &str = "ct_optout";

fn nobody() -> Stop {
    refuse(RefusalCode::MissingIdentity, "name the person by 'identity' or 'guid'")
}

fn no_consent() -> Stop {
    refuse(
        RefusalCode::NoConsent,
        "no purpose in force allows it: record a consent first, or change the policy",
    )
}

/// The sender's own id of a record: its id, or its place in a request that has a key.
fn sender_id(record: &Incoming, request: &Request) -> Option<String> {
    match (&record.id, &request.idempotency_key) {
        (Some(id), _) => Some(format!("id {id}")),
        (None, Some(key)) => Some(format!("key {} {key}", record.index)),
        (None, None) => None,
    }
}

/// How a record is told from its repeats.
#[derive(Clone, Copy)]
enum Told {
    /// By person, time, name and fingerprint, or because a repeat changes nothing.
    Apart,
    /// By the index, because of the sender's own id.
    Id(u64),
    /// By the index, because of what it says: each time it comes it would count again.
    Content(u64),
}

fn told_apart(keys: &PublisherKeys, record: &Incoming, request: &Request) -> Told {
    let ids = &record.ids;
    let whose = (&ids.guid, &ids.identity, &ids.email, &ids.phone);
    let ahead = record.at.is_some_and(|at| is_ahead(at, request.now));
    match (&record.body, sender_id(record, request), record.at) {
        (Body::Event { name, .. }, Some(id), None) => Told::Id(print(keys, &(whose, name, id))),
        // It gets the time of its arrival, another each time it comes.
        (Body::Event { name, .. }, Some(id), at) if ahead => {
            Told::Content(print(keys, &(whose, name, id, at)))
        }
        (Body::Event { name, properties }, None, at) if ahead => {
            Told::Content(print(keys, &(whose, name, properties, at)))
        }
        (Body::Event { .. }, _, _) => Told::Apart,
        (Body::Profile(_), Some(id), at) => Told::Id(print(keys, &(whose, id, at))),
        (Body::Profile(changes), None, Some(at)) => {
            let counts = changes.iter().any(|(_, op)| matches!(op, TraitOp::Increment(_)));
            match counts {
                true => Told::Content(print(keys, &(whose, changes, at))),
                false => Told::Apart,
            }
        }
        (Body::Profile(_), None, None) => Told::Apart,
    }
}

fn print(keys: &PublisherKeys, what: &impl serde::Serialize) -> u64 {
    keys.fingerprint(&serde_json::to_vec(what).unwrap_or_default())
}

fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.0 > now.0 + DAY_MS
}

/// Ids that a profile names among its traits.
fn take_ids(changes: &[(String, TraitOp)], ids: &mut Ids) {
    for (name, op) in changes {
        let TraitOp::Set(value) = op else { continue };
        match name.as_str() {
            "Identity" if ids.identity.is_none() => {
                let identity = match value {
                    Value::Text(text) => text.trim().to_owned(),
                    Value::Integer(number) => number.to_string(),
                    _ => continue,
                };
                ids.identity = (!identity.is_empty()).then_some(identity);
            }
            "Email" => ids.email = contact::email(value).or(ids.email.take()),
            "Phone" => ids.phone = contact::phone(value).or(ids.phone.take()),
            _ => {}
        }
    }
}
