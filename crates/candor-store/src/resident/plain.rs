//! Who did what when, an array of each: for the few rows that lie beside the base, which every
//! question takes up beside others.

use std::ops::Range;

/// Rows sorted by person and time.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    owners: Vec<u32>,
    times: Vec<i64>,
    codes: Vec<u16>,
}

impl Plain {
    /// One of each for each row.
    pub(crate) fn of(owners: Vec<u32>, times: Vec<i64>, codes: Vec<u16>) -> Plain {
        assert!(owners.len() == times.len() && times.len() == codes.len(), "one of each");
        Plain { owners, times, codes }
    }

    /// By row: the ordinal of its person, ascending.
    pub(crate) fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// By row: when it happened, in ms.
    pub(crate) fn times(&self) -> &[i64] {
        &self.times
    }

    /// By row: what happened.
    pub(crate) fn codes(&self) -> &[u16] {
        &self.codes
    }

    /// A person's rows.
    pub(crate) fn of_person(&self, ordinal: u32) -> Range<usize> {
        let start = self.owners.partition_point(|other| *other < ordinal);
        let len = self.owners[start..].iter().take_while(|other| **other == ordinal).count();
        start..start + len
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.owners.capacity() * 4 + self.times.capacity() * 8 + self.codes.capacity() * 2
    }
}
