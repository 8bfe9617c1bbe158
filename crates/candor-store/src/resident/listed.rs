//! Few rows with what questions ask of each, side by side: who looks at them touches no other page
//! of the columns that they are rows of.

use std::ops::Range;

use crate::resident::select::Selected;

/// The rows of one kind, ascending; whose each is, and when it happened.
#[derive(Debug)]
pub(crate) struct List {
    rows: Box<[u32]>,
    owners: Box<[u32]>,
    times: Box<[i64]>,
}

impl List {
    pub(crate) fn of(rows: &[u32], owners: Vec<u32>, times: Vec<i64>) -> List {
        assert!(owners.len() == rows.len() && times.len() == rows.len(), "one for each row");
        List { rows: rows.into(), owners: owners.into(), times: times.into() }
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.len() * (4 + 4 + 8)
    }
}

/// Rows of several kinds, ascending, with the kind of each.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    rows: Vec<u32>,
    kinds: Vec<u8>,
    owners: Vec<u32>,
    times: Vec<i64>,
}

impl Listed {
    /// Rows that were selected, of which a list tells the rest.
    pub(crate) fn of(found: &Selected, list: List) -> Listed {
        let (rows, owners, times) = (list.rows.into(), list.owners.into(), list.times.into());
        Listed { rows, kinds: found.kinds().to_vec(), owners, times }
    }

    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    pub(crate) fn kinds(&self) -> &[u8] {
        &self.kinds
    }

    /// By row: the ordinal of its person.
    pub(crate) fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// By row: when it happened, in ms.
    pub(crate) fn times(&self) -> &[i64] {
        &self.times
    }

    /// Adds what lies in a range of the segment to rows that were selected.
    pub(crate) fn copy(&self, range: Range<usize>, out: &mut Selected) {
        let first = self.rows.partition_point(|row| (*row as usize) < range.start);
        let end = self.rows.partition_point(|row| (*row as usize) < range.end);
        out.copy(&self.rows[first..end], &self.kinds[first..end]);
    }

    /// Adds rows of one kind, of which none is there yet.
    pub(crate) fn merge(&mut self, list: &List, kind: u8) {
        let (mut own, mut other) = (self.rows.len(), list.rows.len());
        let len = own + other;
        self.rows.resize(len, 0);
        self.kinds.resize(len, kind);
        self.owners.resize(len, 0);
        self.times.resize(len, 0);
        // From the back, so that nothing is written over before it was read.
        for at in (0..len).rev() {
            if other == 0 {
                break;
            }
            if own > 0 && self.rows[own - 1] > list.rows[other - 1] {
                own -= 1;
                self.rows[at] = self.rows[own];
                self.kinds[at] = self.kinds[own];
                self.owners[at] = self.owners[own];
                self.times[at] = self.times[own];
            } else {
                other -= 1;
                self.rows[at] = list.rows[other];
                self.kinds[at] = kind;
                self.owners[at] = list.owners[other];
                self.times[at] = list.times[other];
            }
        }
    }
}
