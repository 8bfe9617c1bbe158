//! Which ids are known to be among their person's traits, so that each is told once.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use candor_event::{HashedAlready, PersonId};

/// Ids that are known, at most; beyond that all are told once more.
const IDS_MAX: usize = 1_000_000;

/// Prints of ids, each with its person: the same device under another person is new again.
///
/// A print has half of either keyed hash. Of a million of them, a new one is one that is held by
/// chance once in 2^44 times, and then a trait goes without a value.
#[derive(Debug, Default)]
pub(super) struct Shown(HashSet<u64, BuildHasherDefault<HashedAlready>>);

impl Shown {
    /// Takes an id up; whether it was not known.
    pub(super) fn add(&mut self, id: [u8; 16], person: PersonId) -> bool {
        if self.0.len() >= IDS_MAX {
            self.0.clear();
        }
        let half = (u128::from_le_bytes(person.0) >> 64) as u64;
        self.0.insert(u128::from_le_bytes(id) as u64 ^ half)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
