//! What came since the last segment: rows sorted by person and time, in a few chunks.

use std::sync::{Arc, Mutex, PoisonError};

use candor_event::{PersonId, Value};

use crate::fold::Having;
use crate::part::KnownPrint;
use crate::resident::hints::Hints;
use crate::resident::plain::Plain;

/// One event as it waits for its segment.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) ordinal: u32,
    pub(crate) time: i64,
    pub(crate) code: u16,
    pub(crate) session: u64,
    pub(crate) received: i64,
    pub(crate) print: KnownPrint,
    /// Whose it was before a merge lent it to another person; their own rows name nobody.
    pub(crate) lent_by: Option<PersonId>,
    /// Of a lent row: how many rows of the same time that are the borrower's own came before it.
    pub(crate) own_before: u32,
    pub(crate) properties: Vec<(u32, Value)>,
}

impl Row {
    /// The value of a property.
    pub(crate) fn value(&self, property: u32) -> Option<&Value> {
        self.properties.iter().find(|(name, _)| *name == property).map(|(_, value)| value)
    }
}

/// Rows sorted by (person, time, arrival). Immutable: a question holds it while more comes.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) rows: Vec<Arc<Row>>,
    /// The same side by side: looked through for each question.
    plain: Arc<Plain>,
    /// Of the properties that were last asked about by value, the newest last; found when first
    /// asked, since most chunks are gone before anybody asks.
    hints: Mutex<Vec<Arc<Hints>>>,
}

/// Properties of which a chunk keeps hints: four bytes a row each.
const HINTS_MAX: usize = 4;

impl Chunk {
    fn new(rows: Vec<Arc<Row>>) -> Chunk {
        let owners = rows.iter().map(|row| row.ordinal).collect();
        let times = rows.iter().map(|row| row.time).collect();
        let codes = rows.iter().map(|row| row.code).collect();
        let plain = Arc::new(Plain::of(owners, times, codes));
        Chunk { rows, plain, hints: Mutex::default() }
    }

    /// Who did what when.
    pub(crate) fn plain(&self) -> &Arc<Plain> {
        &self.plain
    }

    /// The places of the rows that may have one of some values, as [`Hints::having`].
    pub(crate) fn having(&self, having: Having<'_>) -> Vec<u32> {
        self.hints(having.property).having(&self.rows, having)
    }

    fn hints(&self, property: u32) -> Arc<Hints> {
        let mut kept = self.hints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hints) = kept.iter().find(|hints| hints.property() == property) {
            return hints.clone();
        }
        if kept.len() == HINTS_MAX {
            kept.remove(0);
        }
        let hints = Arc::new(Hints::of(&self.rows, property));
        kept.push(hints.clone());
        hints
    }

    /// The rows were lent by others, all of them or none.
    pub(crate) fn is_lent(&self) -> bool {
        self.rows.first().is_some_and(|row| row.lent_by.is_some())
    }

    /// The places of a person's rows.
    pub(crate) fn of(&self, ordinal: u32) -> std::ops::Range<usize> {
        self.plain.of_person(ordinal)
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
