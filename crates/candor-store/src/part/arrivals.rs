//! Who did what in a part and when it arrived, read back when a possible repeat comes.

use std::sync::Arc;

use super::reader::{read_arrivals, read_rows};
use super::{Contents, Part, Print};
use crate::error::Error;
use crate::resident::names::Names;
use crate::resident::segment::{Arrivals, Segment};
use crate::store::Store;

/// The rows of a part, without properties, and when they arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) segment: Segment,
    pub(crate) arrivals: Arc<Arrivals>,
}

/// Reads parts back, the last few at hand.
pub(crate) struct ArrivalReader<'a> {
    store: &'a Store,
    /// How many names of events there are.
    events: u32,
    recent: Vec<(u64, u16, i64, Arc<Arrived>)>,
}

const AT_HAND: usize = 8;

impl<'a> ArrivalReader<'a> {
    pub(crate) fn new(store: &'a Store, events: u32) -> Self {
        ArrivalReader { store, events, recent: Vec::new() }
    }

    /// What the content of a row tells, whose properties are among these names.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn content(
        &mut self,
        segment: &Segment,
        row: usize,
        names: &Names,
    ) -> Result<Print, Error> {
        let keys = self.store.keys.as_ref().expect("a store with parts has keys");
        Contents::new(keys).print(segment, row, names)
    }

    pub(crate) fn read(&mut self, part: &Part) -> Result<Arc<Arrived>, Error> {
        let key = (part.generation, part.volume, part.bucket);
        let known = self.recent.iter().find(|r| (r.0, r.1, r.2) == key);
        if let Some(known) = known {
            return Ok(known.3.clone());
        }
        let keys = self.store.keys.as_ref().expect("a store with parts has keys");
        let place = self.store.place(keys, part.volume, part.bucket, part.generation);
        let segment = read_rows(&place, part, self.events)?.finish();
        let arrivals = Arc::new(read_arrivals(&place, part)?);
        if arrivals.received.len() != segment.rows() {
            let path = place.path(&part.files[0].name);
            return Err(Error::corrupt(&path, "an arrival for each event"));
        }
        let arrived = Arc::new(Arrived { segment, arrivals });
        if self.recent.len() == AT_HAND {
            self.recent.remove(0);
        }
        self.recent.push((key.0, key.1, key.2, arrived.clone()));
        Ok(arrived)
    }
}
