//! When rows arrived and what tells them from repeats, read back where a repeat or a merge asks.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use ahash::RandomState;

use super::reader::read_arrivals;
use super::{Contents, Part, Print};
use crate::error::Error;
use crate::resident::arrivals::Arrivals;
use crate::resident::names::Names;
use crate::resident::segment::Segment;
use crate::resident::tail::Row;
use crate::store::Store;

/// Rows of a file that are read at once; differences begin anew with each.
pub(super) const BLOCK_ROWS: usize = 32_768;

/// Blocks at hand.
const AT_HAND: usize = 32;

/// A block: generation, volume and bucket of its part, and the how many-th it is.
type Key = (u64, u16, i64, usize);

/// When a row arrived, and its print.
pub(crate) type Arrived = (i64, Print);

/// Reads arrivals back, the last blocks at hand.
pub(crate) struct ArrivalReader<'a> {
    store: &'a Store,
    /// The latest last.
    recent: Vec<(Key, Arc<Arrivals>)>,
    /// What the content of rows tells, by where their segments lie, which are kept there for it.
    contents: HashMap<(usize, usize), (Arc<Segment>, Print), RandomState>,
}

/// Prints that are kept: many may be compared with one.
const CONTENTS_MAX: usize = 4_096;

impl<'a> ArrivalReader<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        ArrivalReader { store, recent: Vec::new(), contents: HashMap::default() }
    }

    /// What the content of a row tells, whose properties are among these names.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn content(
        &mut self,
        segment: &Arc<Segment>,
        row: usize,
        names: &Names,
    ) -> Result<Print, Error> {
        let place = (Arc::as_ptr(segment).addr(), row);
        if let Some((_, print)) = self.contents.get(&place) {
            return Ok(*print);
        }
        let print = Contents::new(self.store.keys.as_ref()).print(segment, row, names)?;
        if self.contents.len() == CONTENTS_MAX {
            self.contents.clear();
        }
        self.contents.insert(place, (segment.clone(), print));
        Ok(print)
    }

    /// The print of a row that waits for its segment.
    pub(crate) fn print_of(&self, row: &Row, names: &Names) -> Print {
        Contents::new(self.store.keys.as_ref()).print_of(row, names)
    }

    /// Of some rows of a part, in their order: when they arrived, and their prints.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn of_part(
        &mut self,
        part: &Part,
        rows: Range<usize>,
    ) -> Result<Vec<Arrived>, Error> {
        let mut found = Vec::with_capacity(rows.len());
        let mut row = rows.start;
        while row < rows.end {
            let block = row / BLOCK_ROWS;
            let first = block * BLOCK_ROWS;
            let end = rows.end.min(first + BLOCK_ROWS);
            let held = self.block(part, block)?;
            let within = row - first..end - first;
            found.extend(held.of(within));
            row = end;
        }
        Ok(found)
    }

    fn block(&mut self, part: &Part, block: usize) -> Result<Arc<Arrivals>, Error> {
        let key = (part.generation, part.volume, part.bucket, block);
        if let Some(at) = self.recent.iter().rposition(|(other, _)| *other == key) {
            return Ok(self.recent[at].1.clone());
        }
        let keys = self.store.keys.as_ref().expect("a store with parts has keys");
        let place = self.store.place(keys, part.volume, part.bucket, part.generation);
        let first = block * BLOCK_ROWS;
        let rows = first..(part.events as usize).min(first + BLOCK_ROWS);
        let held = Arc::new(read_arrivals(&place, part, rows)?);
        if self.recent.len() == AT_HAND {
            self.recent.remove(0);
        }
        self.recent.push((key, held.clone()));
        Ok(held)
    }

    /// The same of some rows of a person in a base.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn of_base(
        &mut self,
        base: &Segment,
        ordinal: u32,
        rows: Range<usize>,
    ) -> Result<Vec<Arrived>, Error> {
        let Some(files) = base.files().filter(|_| !rows.is_empty()) else { return Ok(Vec::new()) };
        let lies = files.lies(base.rows_alone(), ordinal, rows)?;
        let mut found = Vec::new();
        for (part, rows) in &lies.parts {
            found.push(self.of_part(part, rows.clone())?.into_iter());
        }
        let next = |place: &Option<usize>| {
            let next = place.and_then(|place| found[place].next());
            next.unwrap_or((i64::MIN, Print::NOTHING))
        };
        Ok(lies.places.iter().map(next).collect())
    }
}
