//! What came since the last segment: rows sorted by person and time, in a few chunks.

use std::sync::Arc;

use candor_event::{PersonId, Value};

/// One event as it waits for its segment.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) ordinal: u32,
    pub(crate) time: i64,
    pub(crate) code: u16,
    pub(crate) session: u64,
    pub(crate) received: i64,
    pub(crate) fingerprint: u64,
    /// Whose it was before a merge lent it to another person; their own rows name nobody.
    pub(crate) lent_by: Option<PersonId>,
    /// Of a lent row: how many rows of the same time that are the borrower's own came before it.
    pub(crate) own_before: u32,
    pub(crate) properties: Vec<(u32, Value)>,
}

/// Rows sorted by (person, time, arrival). Immutable: a question holds it while more comes.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) rows: Vec<Arc<Row>>,
    /// Whose each row is, side by side: looked through for each person of a question.
    people: Vec<u32>,
}

impl Chunk {
    fn new(rows: Vec<Arc<Row>>) -> Chunk {
        let people = rows.iter().map(|row| row.ordinal).collect();
        Chunk { rows, people }
    }

    /// Whose each row is, ascending.
    pub(crate) fn people(&self) -> &[u32] {
        &self.people
    }

    /// The places of a person's rows.
    pub(crate) fn of(&self, ordinal: u32) -> std::ops::Range<usize> {
        let start = self.people.partition_point(|other| *other < ordinal);
        let len = self.people[start..].iter().take_while(|other| **other == ordinal).count();
        start..start + len
    }
}

/// Chunks of falling size: each at least twice the next, so that a volume has few and every row
/// is copied (a pointer) a logarithmic number of times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) rows: usize,
}

impl Tail {
    /// Adds rows in the order of their arrival.
    pub(crate) fn push(&mut self, mut rows: Vec<Arc<Row>>) {
        if rows.is_empty() {
            return;
        }
        self.rows += rows.len();
        rows.sort_by_key(|row| (row.ordinal, row.time));
        while self.chunks.last().is_some_and(|last| last.rows.len() < rows.len() * 2) {
            let last = self.chunks.pop().expect("looked at a moment ago");
            // A stable sort of two sorted runs is a merge; the older run first keeps arrival.
            let mut joined = last.rows.clone();
            joined.append(&mut rows);
            joined.sort_by_key(|row| (row.ordinal, row.time));
            rows = joined;
        }
        self.chunks.push(Arc::new(Chunk::new(rows)));
    }

    /// Keeps only the rows that the test allows.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Row) -> bool) {
        self.rows = 0;
        let old = std::mem::take(&mut self.chunks);
        for chunk in old {
            let rows: Vec<_> = chunk.rows.iter().filter(|row| keep(row)).cloned().collect();
            self.rows += rows.len();
            if !rows.is_empty() {
                self.chunks.push(Arc::new(Chunk::new(rows)));
            }
        }
    }
}
