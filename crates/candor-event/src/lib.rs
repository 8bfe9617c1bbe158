//! The vocabulary of Candor: what an event, a person, a publisher, a consent and a moment are.
//!
//! Every other room speaks in these types; this one does no I/O, knows no runtime and depends on
//! no other room. It does not know how anything is stored, sealed, sent or asked.
//!
//! Entry types: [`Event`] (something a person did), [`Record`] (all that the log may hold) and
//! [`Clock`] (the only way to learn the time). Read in this order: `clock`, `property`, `value`,
//! `publisher`, `person`, `event`, `consent`.
//!
//! ```
//! use candor_event::{Event, PersonId, Properties, Timestamp, Value};
//! let mut properties = Properties::new();
//! properties.insert("plan", Value::Text("gold".into()));
//! let event = Event {
//!     person: PersonId([7; 16]),
//!     occurred_at: Timestamp(1_795_500_000_000),
//!     received_at: Timestamp(1_795_500_000_400),
//!     name: "Charged".into(),
//!     session: None,
//!     fingerprint: 42,
//!     properties,
//! };
//! assert_eq!(event.properties["plan"].as_text(), Some("gold"));
//! ```

mod clock;
mod consent;
mod content;
mod event;
mod person;
mod property;
mod publisher;
mod sheet;
mod uuid_text;
mod value;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use consent::{CONSENT_TRAIT, ConsentChange, Purpose};
pub use content::content;
pub use event::{Event, FirstSeen, Link, Merge, Record, Split, TraitChange, TraitOp};
pub use person::{ByPerson, HashedAlready, IdKind, PersonId};
pub use property::{ClassSet, DataClass, Properties};
pub use publisher::AccountId;
pub use sheet::{Column, Sheet};
pub use uuid_text::{UuidBuffer, UuidText};
pub use value::{Types, Value, ValueRef};
