//! What a person did, and everything else that the log may hold.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ConsentChange, IdKind, PersonId, Properties, Sheet, Timestamp, Value};

/// Something a person did. Immutable; it exists only after the gate has allowed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Who did it, as resolved when it arrived. A later merge does not change it.
    pub person: PersonId,
    /// When it happened, by the sender's clock.
    pub occurred_at: Timestamp,
    /// When it arrived, by ours.
    pub received_at: Timestamp,
    /// What happened, at most 1,024 characters.
    pub name: Arc<str>,
    /// The SDK's session id, or a keyed hash of the text that a server sent as one.
    pub session: Option<u64>,
    /// Tells repeats apart from equal-looking events of the same person, time and name: a 64-bit
    /// hash of the record's id, or of its content where the sender has no ids; or
    /// [`Event::BY_CONTENT`].
    pub fingerprint: u64,
    /// Its details, as the gate left them.
    pub properties: Properties,
}

impl Event {
    /// Stands for the hash of the content where that is here as it was sent: whoever needs it can
    /// work it out, and hardly anybody does.
    pub const BY_CONTENT: u64 = 0;
}

/// A change of one trait of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraitChange {
    /// Whose trait.
    pub person: PersonId,
    /// When it was said; of two changes the later wins, of equal times the one that arrived later.
    pub at: Timestamp,
    /// The trait's name.
    pub property: Arc<str>,
    /// What to do with it.
    pub op: TraitOp,
}

/// What a trait change does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraitOp {
    /// Replace the value.
    Set(Value),
    /// Forget the trait.
    Unset,
    /// Add values that are not yet in the list.
    Add(Vec<Value>),
    /// Take values out of the list.
    Remove(Vec<Value>),
    /// Add to a number; a missing trait counts as 0.
    Increment(f64),
}

/// An id belongs to a person from now on. The id is a keyed hash: clear values are traits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What kind of id.
    pub kind: IdKind,
    /// HMAC-SHA-256 of the normalised id under the publisher's id key, first 16 bytes.
    pub hash: [u8; 16],
    /// Whose it is.
    pub person: PersonId,
    /// Since when.
    pub at: Timestamp,
}

/// Two people turn out to be one: the loser's events are asked together with the winner's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// Who stays.
    pub winner: PersonId,
    /// Who is folded into the winner.
    pub loser: PersonId,
    /// When it was decided.
    pub at: Timestamp,
    /// Why: `login`, `api`.
    pub reason: String,
}

/// A merge is taken back: each event returns to the person it first had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Who had been kept.
    pub winner: PersonId,
    /// Who stands alone again.
    pub loser: PersonId,
    /// When it was decided.
    pub at: Timestamp,
}

/// When a record came first that carries no time, or that changes something each time it comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstSeen {
    /// Whom it is about.
    pub person: PersonId,
    /// A keyed 64-bit hash of its ids, name and the sender's id or content.
    pub fingerprint: u64,
    /// When it arrived; what carries no time was given this one.
    pub at: Timestamp,
}

/// Everything that the log may hold. The log is the only way in and the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// Something a person did.
    Event(Event),
    /// Much that many people did.
    Sheet(Box<Sheet>),
    /// A lasting fact about a person changed.
    Trait(TraitChange),
    /// An id belongs to a person.
    Link(Link),
    /// Two people are one.
    Merge(Merge),
    /// Two people are two again.
    Split(Split),
    /// A person said yes or no.
    Consent(ConsentChange),
    /// A record came first; for 7 days its repeats are known as such.
    FirstSeen(FirstSeen),
    /// All that is held of a person is to be forgotten.
    Erase {
        /// Who.
        person: PersonId,
        /// When it was asked for.
        at: Timestamp,
    },
}

impl From<Event> for Record {
    fn from(event: Event) -> Record {
        Record::Event(event)
    }
}

impl Record {
    /// The person the record is about (of a merge or split, the winner); of a sheet nobody.
    pub fn person(&self) -> PersonId {
        match self {
            Record::Event(event) => event.person,
            Record::Sheet(_) => PersonId::NOBODY,
            Record::Trait(change) => change.person,
            Record::Link(link) => link.person,
            Record::Merge(merge) => merge.winner,
            Record::Split(split) => split.winner,
            Record::Consent(change) => change.person,
            Record::FirstSeen(first) => first.person,
            Record::Erase { person, .. } => *person,
        }
    }
}
