//! A person's yes or no, for one use.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{PersonId, Timestamp};

/// The trait that shows what a person last said about a purpose: this prefix and the purpose. A
/// consent change alone sets it; nobody can send it.
pub const CONSENT_TRAIT: &str = "$consent:";

/// What a use of data is for, by the word of the contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purpose(Arc<str>);

impl Purpose {
    /// The purposes that every publisher has.
    pub const BUILT_IN: [&'static str; 7] = [
        "analytics",
        "personalisation",
        "marketing:email",
        "marketing:sms",
        "marketing:push",
        "marketing:whatsapp",
        "marketing:inapp",
    ];

    /// A built-in purpose, or one that a publisher adds: `[a-z0-9_]{1,64}`. SDKs drop colons, so
    /// `marketing_email` means `marketing:email`.
    pub fn new(name: &str) -> Option<Purpose> {
        let same = |built_in: &&str| *built_in == name || built_in.replace(':', "_") == name;
        if let Some(built_in) = Self::BUILT_IN.iter().find(|p| same(p)) {
            return Some(Purpose((*built_in).into()));
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = !name.is_empty() && name.len() <= 64;
        (fits && name.bytes().all(allowed)).then(|| Purpose(name.into()))
    }

    /// The word of the contract.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person said about some purposes, at one moment. Purposes not named keep their state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentChange {
    /// Who said it.
    pub person: PersonId,
    /// When it was said, by the clock of whoever recorded it.
    pub at: Timestamp,
    /// Yes or no for each purpose named.
    pub purposes: BTreeMap<Purpose, bool>,
    /// The notice that was shown: id, version and language, as the caller gave them.
    pub notice: Option<(String, String, String)>,
    /// How it was said: `api`, `sdk`, `opt_out`, `page`, or the caller's own word.
    pub method: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sdk_spelling_means_the_same_purpose() {
        assert_eq!(Purpose::new("marketing_email"), Purpose::new("marketing:email"));
        assert_eq!(Purpose::new("research_2").expect("own purpose").as_str(), "research_2");
        for bad in ["", "Marketing", "marketing:fax", "a b", &"x".repeat(65)] {
            assert_eq!(Purpose::new(bad), None, "{bad:?}");
        }
    }
}
