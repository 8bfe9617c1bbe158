//! The organisation that owns an app or site and all data in it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The public id of a publisher, the one that SDKs carry. It authorises writing, never reading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// The longest account id, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// An account id, when `text` is 1 to 64 ASCII letters, digits, `-` or `_`: it is part of
    /// file names, so nothing else may stand in it.
    pub fn new(text: &str) -> Option<AccountId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = !text.is_empty() && text.len() <= Self::BYTES_MAX;
        (fits && text.bytes().all(allowed)).then(|| AccountId(text.into()))
    }

    /// The id as SDKs write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_cannot_leave_its_folder() {
        for bad in ["", "..", "a/b", "a.b", "ä", &"x".repeat(65)] {
            assert_eq!(AccountId::new(bad), None, "{bad:?}");
        }
        assert_eq!(AccountId::new("TEST-WEB_1").expect("allowed").as_str(), "TEST-WEB_1");
    }
}
