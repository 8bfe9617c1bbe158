//! Events of a batch that wait for its end, volume by volume, and whether one is there already.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ahash::RandomState;

use crate::part::Print;
use crate::resident::tail::Row;
use crate::volume::Volume;

/// Those of one volume.
#[derive(Default)]
pub(crate) struct Pending {
    rows: Vec<Arc<Row>>,
    guests: Vec<Arc<Row>>,
    /// What is told by its print: ordinal, time, name, print.
    told: HashSet<(u32, i64, u16, Print), RandomState>,
    /// The first row of a person and time, as far as it was looked for: most batches hold nothing
    /// that may be a repeat.
    firsts: HashMap<(u32, i64), u32, RandomState>,
    indexed: usize,
}

impl Pending {
    /// Adds an event. What came no later than its person's latest has its print.
    pub(crate) fn push(&mut self, row: Row) {
        if row.print.get() != Print::CONTENT {
            self.told.insert((row.ordinal, row.time, row.code, row.print.get()));
        }
        self.rows.push(Arc::new(row));
    }

    /// Adds an event that its person lends to one of this volume, with its print.
    pub(crate) fn push_guest(&mut self, row: Row) {
        self.told.insert((row.ordinal, row.time, row.code, row.print.get()));
        self.guests.push(Arc::new(row));
    }

    /// Whether an event that has its print is here. `print_of` works out that of another.
    pub(crate) fn has(&mut self, row: &Row, print_of: impl FnOnce(&Row) -> Print) -> bool {
        let print = row.print.get();
        if self.told.contains(&(row.ordinal, row.time, row.code, print)) {
            return true;
        }
        for (at, row) in (0..).zip(&self.rows).skip(self.indexed) {
            self.firsts.entry((row.ordinal, row.time)).or_insert(at);
        }
        self.indexed = self.rows.len();
        // All that came after it at its time have their prints.
        let first = self.firsts.get(&(row.ordinal, row.time));
        let first = first.map(|at| &self.rows[*at as usize]);
        first.is_some_and(|first| first.code == row.code && print_of(first) == print)
    }

    /// Puts all into their volume, at the end of the batch.
    pub(crate) fn settle(&mut self, volume: &mut Volume) {
        volume.tail.push(std::mem::take(&mut self.rows));
        volume.guests.push(std::mem::take(&mut self.guests));
        self.told.clear();
        self.firsts.clear();
        self.indexed = 0;
    }
}
