//! Arrivals of parts, read back when a possible repeat comes.

use std::sync::Arc;

use super::Part;
use super::reader::read_arrivals;
use crate::error::Error;
use crate::resident::segment::{Arrivals, Segment};
use crate::store::Store;

/// Reads arrivals of parts back, the last few at hand.
pub(crate) struct ArrivalReader<'a> {
    store: &'a Store,
    recent: Vec<(u64, u16, i64, Arc<Arrivals>)>,
}

const ARRIVALS_AT_HAND: usize = 8;

impl<'a> ArrivalReader<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        ArrivalReader { store, recent: Vec::new() }
    }

    pub(crate) fn read(&mut self, part: &Part, _: &Segment) -> Result<Arc<Arrivals>, Error> {
        let key = (part.generation, part.volume, part.bucket);
        let known = self.recent.iter().find(|r| (r.0, r.1, r.2) == key);
        if let Some(known) = known {
            return Ok(known.3.clone());
        }
        let Some(keys) = &self.store.keys else { return Ok(Arc::default()) };
        let place = self.store.place(keys, part.volume, part.bucket, part.generation);
        let arrivals = Arc::new(read_arrivals(&place, part)?);
        if self.recent.len() == ARRIVALS_AT_HAND {
            self.recent.remove(0);
        }
        self.recent.push((key.0, key.1, key.2, arrivals.clone()));
        Ok(arrivals)
    }
}
