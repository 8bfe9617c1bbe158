//! What came first: records that cannot be told from their repeats by person, time and name alone.
//! Bounded, and rebuilt at start from the catalog and the log, where each is a record of its own.

use std::collections::HashMap;

use candor_event::Timestamp;

/// How long a repeat is known as one.
pub(super) const REMEMBERED_MS: i64 = 7 * 86_400_000;

/// The index of one publisher.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    first: HashMap<u64, First>,
}

/// When a record came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    /// When it arrived.
    pub(super) at: Timestamp,
    /// False while the log has not taken it.
    pub(super) kept: bool,
}

impl Repeats {
    /// When a record came first, if that was in the last 7 days.
    pub(super) fn find(&self, record: u64, now: Timestamp) -> Option<First> {
        let first = self.first.get(&record).copied();
        first.filter(|first| first.at.0 > now.0 - REMEMBERED_MS)
    }

    /// Whether one more fits; what is older than 7 days makes room.
    pub(super) fn has_room(&mut self, max: usize, now: Timestamp) -> bool {
        if self.first.len() >= max {
            self.first.retain(|_, first| first.at.0 > now.0 - REMEMBERED_MS);
        }
        self.first.len() < max
    }

    pub(super) fn insert(&mut self, record: u64, first: First) {
        self.first.insert(record, first);
    }

    /// The log has these.
    pub(super) fn kept(&mut self, records: &[u64]) {
        for record in records {
            if let Some(first) = self.first.get_mut(record) {
                first.kept = true;
            }
        }
    }

    /// The log did not take these: the next time is the first.
    pub(super) fn forget(&mut self, records: &[u64]) {
        for record in records {
            self.first.remove(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_for_seven_days_and_then_makes_room() {
        let mut repeats = Repeats::default();
        let now = Timestamp(1_795_500_000_000);
        assert!(repeats.has_room(1, now));
        repeats.insert(7, First { at: now, kept: true });
        let later = Timestamp(now.0 + REMEMBERED_MS - 1);
        assert_eq!(repeats.find(7, later), Some(First { at: now, kept: true }));
        assert!(!repeats.has_room(1, later));
        let past = Timestamp(later.0 + 1);
        assert_eq!(repeats.find(7, past), None);
        assert!(repeats.has_room(1, past));
        repeats.insert(8, First { at: past, kept: false });
        repeats.kept(&[8, 9]);
        assert!(repeats.find(8, past).unwrap().kept);
        repeats.forget(&[8]);
        assert_eq!(repeats.find(8, past), None);
    }
}
