//! The stages that each record passes: stamp, resolve, gate.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{
    ByPerson, ClassSet, ConsentChange, DataClass, Event, FirstSeen, IdKind, Link, Merge, PersonId,
    Purpose, Record, Timestamp, TraitChange, TraitOp, Value,
};
use candor_keys::PublisherKeys;

use super::prepare::{Prepared, Told, content_print, is_ahead};
use super::repeats::{First, Repeats};
use super::shown::Shown;
use super::{GUIDS_TRAIT, Outcome, Receipt, Request, joins_of};
use crate::decode::{Body, CONSENT_NAME, Incoming, RefusalCode};
use crate::gate::{
    Basis, Classes, Detected, Policy, Said, StripReason, Stripped, Verdict, check_event,
    check_property, take_out,
};
use crate::tally::Tally;
use crate::who::{HashedIds, Ids, WhoIsWho};

const DAY_MS: i64 = 86_400_000;

/// What a door knows; all of it can be had again from the catalog and the log.
pub(super) struct State {
    pub(super) policy: Policy,
    /// What the policy allows of whoever has said nothing.
    pub(super) unasked: ClassSet,
    pub(super) classes: Arc<Classes>,
    pub(super) who: WhoIsWho,
    pub(super) said: ByPerson<Said>,
    /// Links and consents that are in force here and that the log does not hold yet.
    pub(super) unkept: Vec<Record>,
    pub(super) repeats: Repeats,
    pub(super) shown: Shown,
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
                self.shown.clear();
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

    /// Finds whom the records of a request name, ahead of the stages: with many people a look-up
    /// waits for memory, and one after the other with nothing between them they wait together.
    pub(super) fn find_people(&self, prepared: &mut [Prepared]) {
        let version = self.who.version();
        for one in prepared {
            one.whose = self.who.resolve(&one.ids).map(|person| (version, person));
        }
    }

    /// One record through all stages.
    pub(super) fn one(
        &mut self,
        keys: &PublisherKeys,
        prepared: Prepared,
        request: &Request,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let Prepared { mut record, ids, whose, told, session, fingerprint } = prepared;
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
            Body::Event { name, properties } if *name == *CONSENT_NAME => {
                let op = TraitOp::Set(Value::Object(properties));
                self.profile(keys, &record, &ids, vec![(name, op)], at, batch)?;
            }
            Body::Event { name, properties } => {
                // A device and an identity in one event say that they are one person.
                let person = match (ids.guid, ids.identity) {
                    (Some(_), Some(_)) => self.join(&ids, at, batch)?.0,
                    _ => match whose {
                        Some((version, person)) if version == self.who.version() => person,
                        _ => self.who.resolve(&ids).ok_or_else(nobody)?,
                    },
                };
                let event = Event {
                    person,
                    occurred_at: at,
                    received_at: request.now,
                    name,
                    session,
                    fingerprint: fingerprint.unwrap_or(Event::BY_CONTENT),
                    properties,
                };
                self.event(keys, &record, &ids, event, request, batch)?;
            }
            Body::Profile(changes) => self.profile(keys, &record, &ids, changes, at, batch)?,
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
            None => self.unasked,
        }
    }

    fn event(
        &mut self,
        keys: &PublisherKeys,
        record: &Incoming,
        ids: &HashedIds,
        mut event: Event,
        request: &Request,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let (person, at) = (event.person, event.occurred_at);
        let allowed = self.allowed(person);
        let classes = self.classes.clone();
        let stripped = match check_event(&classes, allowed, &event.name, &event.properties) {
            Verdict::Keep(stripped) => stripped,
            Verdict::Refuse => return Err(no_consent()),
            Verdict::Misnamed(detected) => return Err(misnamed(detected)),
        };
        if !stripped.is_empty() {
            if event.fingerprint == Event::BY_CONTENT {
                event.fingerprint = content_print(keys, &event.properties, event.session);
            }
            take_out(&mut event.properties, &stripped);
        }
        for (name, value) in &request.derived {
            // Not sent with the event: where its class is not allowed nothing is taken out.
            if !event.properties.contains(name)
                && check_property(&classes, allowed, name, value).is_none()
            {
                event.properties.insert(name.clone(), value.clone());
            }
        }
        self.note(record.index, person, stripped, batch);
        self.know_identity(ids, person, at, batch);
        self.know_device(&record.ids, ids, person, allowed, at, batch);
        batch.records.push(Record::Event(event));
        Ok(())
    }

    /// An event of the server's own, with its person known.
    pub(super) fn outcome(
        &mut self,
        keys: &PublisherKeys,
        outcome: Outcome,
        request: &Request,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let Outcome { person, at, name, id, properties } = outcome;
        let nothing = Body::Profile(Vec::new());
        let record =
            Incoming { index: 0, ids: Ids::default(), at: Some(at), id: None, body: nothing };
        let event = Event {
            person,
            occurred_at: at,
            received_at: request.now,
            name: name.into(),
            session: None,
            fingerprint: keys.fingerprint(format!("id {id}").as_bytes()),
            properties,
        };
        self.event(keys, &record, &HashedIds::default(), event, request, batch)
    }

    fn profile(
        &mut self,
        keys: &PublisherKeys,
        record: &Incoming,
        ids: &HashedIds,
        changes: Vec<(Arc<str>, TraitOp)>,
        at: Timestamp,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let (changes, purposes) = self.take_consent(changes);
        let spoke = purposes.is_some();
        if let Some(purposes) = purposes {
            // What is said is said by whom the ids name now; a yes then lets the rest be kept.
            let person = self.who.resolve(ids).ok_or_else(nobody)?;
            let method = "sdk".to_owned();
            let said =
                Record::Consent(ConsentChange { person, at, purposes, notice: None, method });
            self.apply(&said);
            batch.records.push(said);
            if changes.is_empty() {
                return Ok(());
            }
        }
        let (person, allowed) = self.join(ids, at, batch)?;
        if allowed.is_empty() && !spoke {
            return Err(no_consent());
        }
        self.know_device(&record.ids, ids, person, allowed, at, batch);
        let classes = self.classes.clone();
        let mut stripped = Vec::new();
        for (property, op) in changes {
            let kept = match &op {
                // What devices a person has is found out here.
                _ if *property == *GUIDS_TRAIT => Some(StripReason::ClassNotAllowed),
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
                    if *property == *PUSH_TOKEN_TRAIT {
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

    /// Whom ids name together, and what may be kept of them. Where that is anything, what the ids
    /// join is in force and in the batch from here on.
    fn join(
        &mut self,
        ids: &HashedIds,
        at: Timestamp,
        batch: &mut Batch,
    ) -> Result<(PersonId, ClassSet), Stop> {
        let (person, joins) = self.who.identify(ids, at).ok_or_else(nobody)?;
        // What a stranger said on the device they said themselves; what somebody known said there
        // is theirs alone.
        let device = ids.guid.map(|guid| self.who.person(IdKind::Guid, guid));
        let stranger = device.filter(|device| !self.who.is_known(*device));
        let mut said = self.said.get(&person).cloned().unwrap_or_default();
        if let Some(other) = stranger.and_then(|stranger| self.said.get(&stranger)) {
            said.take_in(other);
        }
        let allowed = self.policy.allowed(&said);
        if !allowed.is_empty() {
            for join in joins {
                self.apply(&join);
                batch.records.push(join);
            }
        }
        Ok((person, allowed))
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
            TraitOp::Add(tokens) | TraitOp::Set(Value::List(tokens)) => (tokens, true),
            TraitOp::Remove(tokens) => (tokens, false),
            _ => return,
        };
        let kind = IdKind::PushToken;
        for token in tokens.iter().filter_map(Value::as_text) {
            let hash = keys.id_hash(kind, token);
            let owner = self.who.linked(kind, hash);
            let next = match (registers, owner) {
                (true, Some(owner)) if owner == person => continue,
                (true, _) => person,
                (false, Some(owner)) if owner == person => PersonId::NOBODY,
                (false, _) => continue,
            };
            if let Some(owner) = owner.filter(|owner| *owner != person) {
                let (property, op) = (PUSH_TOKEN_TRAIT.into(), TraitOp::Remove(vec![token.into()]));
                let change = TraitChange { person: owner, at, property, op };
                batch.records.push(Record::Trait(change));
            }
            let link = Record::Link(Link { kind, hash, person: next, at });
            self.apply(&link);
            batch.records.push(link);
        }
    }

    /// Takes the consent keys out of a profile: what was said about which purposes.
    #[allow(clippy::type_complexity)]
    fn take_consent(
        &self,
        changes: Vec<(Arc<str>, TraitOp)>,
    ) -> (Vec<(Arc<str>, TraitOp)>, Option<BTreeMap<Purpose, bool>>) {
        let mut said = None;
        let mut rest = Vec::with_capacity(changes.len());
        for (name, op) in changes {
            match (&*name, &op) {
                (CONSENT_NAME, TraitOp::Set(Value::Object(purposes))) => {
                    let said: &mut BTreeMap<_, _> = said.get_or_insert_default();
                    for (purpose, yes) in purposes.iter() {
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
    pub(super) fn know_identity(
        &mut self,
        ids: &HashedIds,
        person: PersonId,
        at: Timestamp,
        batch: &mut Batch,
    ) {
        let kind = IdKind::Identity;
        let Some(hash) = ids.identity else { return };
        if self.who.linked(kind, hash).is_none() {
            let link = Record::Link(Link { kind, hash, person, at });
            self.apply(&link);
            batch.records.push(link);
        }
    }

    /// Keeps a device's id and the person's own among the traits, where their classes allow it.
    pub(super) fn know_device(
        &mut self,
        named: &Ids,
        ids: &HashedIds,
        person: PersonId,
        allowed: ClassSet,
        at: Timestamp,
        batch: &mut Batch,
    ) {
        let set = |property: &str, op| {
            Record::Trait(TraitChange { person, at, property: property.into(), op })
        };
        if let (Some(guid), Some(hash)) = (&named.guid, ids.guid)
            && allowed.contains(DataClass::Device)
            && self.shown.add(hash, person)
        {
            batch.records.push(set(GUIDS_TRAIT, TraitOp::Add(vec![guid.as_str().into()])));
        }
        if let (Some(identity), Some(hash)) = (&named.identity, ids.identity)
            && allowed.contains(DataClass::Identity)
            && self.shown.add(hash, person)
        {
            batch.records.push(set("Identity", TraitOp::Set(identity.as_str().into())));
        }
    }
}

const PUSH_TOKEN_TRAIT: &str = "push_token";
const OPT_OUT_NAME: &str = "ct_optout";

fn nobody() -> Stop {
    refuse(RefusalCode::MissingIdentity, "name the person by 'identity' or 'guid'")
}

fn misnamed(detected: Detected) -> Stop {
    let reason = detected.reason();
    refuse(
        RefusalCode::BadRecord,
        format!("the event's name {reason}: name events by what is done, not by who does it"),
    )
}

fn no_consent() -> Stop {
    refuse(
        RefusalCode::NoConsent,
        "no purpose in force allows it: record a consent first, or change the policy",
    )
}
