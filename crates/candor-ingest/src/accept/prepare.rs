//! What can be worked out of a record before the door is locked: its ids' hashes, what tells it
//! from its repeats, and the print of its content.

use std::sync::Arc;

use candor_event::{PersonId, Properties, Timestamp, TraitOp, Value, content};
use candor_keys::PublisherKeys;

use super::Request;
use crate::contact;
use crate::decode::{Body, CONSENT_NAME, Incoming};
use crate::who::{HashedIds, Ids};

const DAY_MS: i64 = 86_400_000;

/// The property that names a visit.
const SESSION: &str = "session";

/// A record with all that can be worked out before the door is locked.
pub(super) struct Prepared {
    pub(super) record: Incoming,
    pub(super) ids: HashedIds,
    /// Whom the ids named in a version of who is who; found once the door is locked.
    pub(super) whose: Option<(u64, PersonId)>,
    pub(super) told: Told,
    /// The visit of an event; no longer among its properties.
    pub(super) session: Option<u64>,
    /// What tells it from its repeats; none: its content, as it was sent.
    pub(super) fingerprint: Option<u64>,
}

impl Prepared {
    /// The ids are hashed later, all together.
    fn new(keys: &PublisherKeys, mut record: Incoming, request: &Request) -> Prepared {
        let told = told_apart(keys, &record, request);
        let sender_id = sender_id(&record, request);
        let (mut session, mut fingerprint) = (None, None);
        match &mut record.body {
            Body::Profile(changes) => take_ids(changes, &mut record.ids),
            // What is said about consent happens nowhere.
            Body::Event { name, .. } if **name == *CONSENT_NAME => {}
            Body::Event { properties, .. } => {
                session = properties.remove(SESSION).and_then(|named| session_of(keys, &named));
                fingerprint = match sender_id {
                    Some(id) => Some(keys.fingerprint(id.as_bytes())),
                    // Something may be added to it; nothing else needs the number here.
                    None if request.derived.is_empty() => None,
                    None => Some(content_print(keys, properties, session)),
                };
            }
        }
        let ids = HashedIds::default();
        Prepared { record, ids, whose: None, told, session, fingerprint }
    }

    /// All records of a request.
    pub(super) fn all(
        keys: &PublisherKeys,
        incoming: Vec<Incoming>,
        request: &Request,
    ) -> Vec<Prepared> {
        let prepare = |record| Prepared::new(keys, record, request);
        let mut all: Vec<Prepared> = incoming.into_iter().map(prepare).collect();
        let ids: Vec<_> = all.iter().flat_map(|one| one.record.ids.all()).collect();
        let mut hashes = keys.id_hashes(&ids).into_iter();
        all.iter_mut().for_each(|one| one.ids = one.record.ids.with_hashes(&mut hashes));
        all
    }
}

/// What an event says as it is sent. The store can work it out of what is held, where that is the
/// same.
pub(super) fn content_print(
    keys: &PublisherKeys,
    properties: &Properties,
    session: Option<u64>,
) -> u64 {
    let mut bytes = Vec::with_capacity(256);
    let properties = properties.iter().map(|(name, value)| (&**name, value.into()));
    content(properties, session.unwrap_or(0), &mut bytes);
    keys.fingerprint(&bytes)
}

/// The visit that an event names: the SDK's number, or a keyed hash of a server's text.
pub(super) fn session_of(keys: &PublisherKeys, session: &Value) -> Option<u64> {
    match session {
        Value::Integer(session) => Some(*session as u64),
        Value::Text(session) => Some(keys.fingerprint(session.as_bytes())),
        _ => None,
    }
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
pub(super) enum Told {
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

pub(super) fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.0 > now.0 + DAY_MS
}

/// Ids that a profile names among its traits.
fn take_ids(changes: &[(Arc<str>, TraitOp)], ids: &mut Ids) {
    for (name, op) in changes {
        let TraitOp::Set(value) = op else { continue };
        match &**name {
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
