//! What was sent, as records that are not yet resolved or allowed. Decoders know no I/O: bytes in,
//! records and refusals out. Limits hold for each record and never for its batch.

mod agent;
mod cell;
pub mod define;
mod elsewhere;
mod email_page;
mod json;
mod mobile;
mod records;
mod rows;
mod scan;
mod sdk;
mod sheet;
mod upload;
mod usual;
mod value;
mod web;

use std::sync::Arc;

use candor_event::{Properties, Timestamp, TraitOp, Value};

pub use agent::agent;
pub use elsewhere::{Clocks, Elsewhere, Product};
pub use email_page::{EmailAsk, EmailPage, email_page};
pub use mobile::{encrypted, mobile};
pub use records::{Decoded, records};
pub use rows::{JSON_COLUMN, LINE_BYTES_MAX, PROPERTY_COLUMN, Role, Roles};
pub use sdk::{PAGE_NAME, Sender, sdk_record};
pub use sheet::{IncomingSheet, SheetReader};
pub use upload::{Unprocessed, Upload, code_of, upload};
pub use value::{Limit, read_value};
pub use web::{WebRequest, pairs, web};

use crate::who::Ids;

/// The most records of one request.
pub const RECORDS_MAX: usize = 1000;
/// The most properties of an event, or traits of a profile.
pub const PROPERTIES_MAX: usize = 256;
/// How deep a property may be nested.
pub const DEPTH_MAX: usize = 8;
/// The longest name, key or text value, in characters.
pub const TEXT_CHARS_MAX: usize = 1024;
/// The longest id of a record, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// One record as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Whom it names.
    pub ids: Ids,
    /// When it happened, by the sender; `None` where the sender does not say.
    pub at: Option<Timestamp>,
    /// The sender's own id of the record, if it has one.
    pub id: Option<String>,
    /// What it says.
    pub body: Body,
}

/// The event and the profile key by which an SDK says what its person allows.
pub(crate) const CONSENT_NAME: &str = "ct_consent";

impl Incoming {
    /// Whether it is an event that says what its person allows.
    pub fn says_consent(&self) -> bool {
        matches!(&self.body, Body::Event { name, .. } if **name == *CONSENT_NAME)
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Incoming>()
            + match &self.body {
                Body::Event { properties, .. } => properties.bytes_within(),
                Body::Profile(changes) => {
                    let of = |op: &TraitOp| match op {
                        TraitOp::Set(value) => value.bytes_within(),
                        TraitOp::Add(values) | TraitOp::Remove(values) => {
                            values.iter().map(Value::bytes_within).sum()
                        }
                        TraitOp::Unset | TraitOp::Increment(_) => 0,
                    };
                    changes.iter().map(|(_, op)| size_of::<TraitOp>() + of(op)).sum()
                }
            }
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Someone did something.
    Event {
        /// What.
        name: Arc<str>,
        /// Its details.
        properties: Properties,
    },
    /// Traits of someone changed.
    Profile(Vec<(Arc<str>, TraitOp)>),
}

/// Why a record was refused. The words are those of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The record's place in the request, from 0.
    pub index: usize,
    /// One of the contract's codes.
    pub code: RefusalCode,
    /// What to change. Holds names of fields and limits, nothing of what was sent.
    pub message: String,
}

/// The contract's codes of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// No purpose in force allows it.
    NoConsent,
    /// It is not of the form that the contract describes.
    BadRecord,
    /// It names nobody.
    MissingIdentity,
    /// Its time cannot be read.
    BadTime,
    /// It is older than the publisher takes.
    TooOld,
    /// A name or key is too long.
    NameTooLong,
    /// A text value is too long.
    ValueTooLong,
    /// It has too many properties.
    TooManyProperties,
    /// A value is nested too deeply.
    TooDeep,
}

impl RefusalCode {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            RefusalCode::NoConsent => "no_consent",
            RefusalCode::BadRecord => "bad_record",
            RefusalCode::MissingIdentity => "missing_identity",
            RefusalCode::BadTime => "bad_time",
            RefusalCode::TooOld => "too_old",
            RefusalCode::NameTooLong => "name_too_long",
            RefusalCode::ValueTooLong => "value_too_long",
            RefusalCode::TooManyProperties => "too_many_properties",
            RefusalCode::TooDeep => "too_deep",
        }
    }
}

impl From<Limit> for (RefusalCode, String) {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Name => (
                RefusalCode::NameTooLong,
                format!("names have at most {TEXT_CHARS_MAX} characters"),
            ),
            Limit::Value => (
                RefusalCode::ValueTooLong,
                format!("text values have at most {TEXT_CHARS_MAX} characters"),
            ),
            Limit::Count => (
                RefusalCode::TooManyProperties,
                format!("a record has at most {PROPERTIES_MAX} properties, nested ones included"),
            ),
            Limit::Depth => {
                (RefusalCode::TooDeep, format!("values are nested at most {DEPTH_MAX} deep"))
            }
            Limit::Number => (RefusalCode::BadRecord, "a number is not finite".to_owned()),
        }
    }
}
