//! One logical volume as it changes: people, segments, tail.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use ahash::RandomState;
use candor_event::PersonId;

use crate::error::Error;
use crate::part::Part;
use crate::resident::people::People;
use crate::resident::segment::{Arrivals, Segment};
use crate::resident::tail::{Row, Tail};
use crate::view::{Source, VolumeView};

/// Segments of about one size that are not yet in files; one more and they are joined.
const UNSAVED_ALIKE_MAX: usize = 4;

/// Reads the arrivals of a part's segment.
pub(crate) type ReadArrivals<'a> =
    &'a mut dyn FnMut(&Part, &Segment) -> Result<Arc<Arrivals>, Error>;

#[derive(Debug, Default)]
pub(crate) struct Volume {
    pub(crate) people: Arc<People>,
    /// Segments in files, in the order of the manifest.
    pub(crate) saved: Vec<(Part, Arc<Segment>)>,
    /// Segments that the log still holds, oldest first.
    pub(crate) unsaved: Vec<Arc<Segment>>,
    /// How many of the first unsaved segments are being written and must stay as they are.
    pub(crate) flushing: usize,
    pub(crate) tail: Tail,
    /// Rows of other people who were folded into people of this volume.
    pub(crate) guests: Tail,
    /// People whose traits are not yet in files.
    pub(crate) changed: std::collections::BTreeSet<u32>,
    /// People up to here are in files.
    pub(crate) saved_people: u32,
    /// By ordinal: no event of the person, guests included, is later.
    latest: Vec<i64>,
}

/// Events of a batch: ordinal, time, name, fingerprint.
pub(crate) type Prints = HashSet<(u32, i64, u16, u64), RandomState>;

impl Volume {
    pub(crate) fn unsaved_rows(&self) -> usize {
        self.tail.rows + self.unsaved.iter().map(|segment| segment.rows()).sum::<usize>()
    }

    /// Whether a row is later than all that is here of its person; it counts as here from now on.
    pub(crate) fn comes_last(&mut self, row: &Row) -> bool {
        let at = row.ordinal as usize;
        if self.latest.len() <= at {
            self.latest.resize(at + 1, i64::MIN);
        }
        let last = row.time > self.latest[at];
        self.latest[at] = self.latest[at].max(row.time);
        last
    }

    /// A segment that was read from a file is here.
    pub(crate) fn take_in(&mut self, part: Part, segment: Arc<Segment>) {
        if self.latest.len() < segment.people() as usize {
            self.latest.resize(segment.people() as usize, i64::MIN);
        }
        for (ordinal, latest) in self.latest.iter_mut().enumerate() {
            let rows = segment.of(ordinal as u32);
            if !rows.is_empty() {
                *latest = (*latest).max(segment.time(rows.end - 1));
            }
        }
        self.saved.push((part, segment));
    }

    /// Whether this very event is already here. `arrivals` reads a part's.
    pub(crate) fn has(
        &self,
        row: &Row,
        pending: &Prints,
        arrivals: ReadArrivals<'_>,
    ) -> Result<bool, Error> {
        if pending.contains(&(row.ordinal, row.time, row.code, row.fingerprint)) {
            return Ok(true);
        }
        for chunk in self.tail.chunks.iter().chain(&self.guests.chunks) {
            let theirs = &chunk.0[chunk.of(row.ordinal)];
            let first = theirs.partition_point(|other| other.time < row.time);
            let mut same = theirs[first..].iter().take_while(|other| other.time == row.time);
            if same.any(|other| other.code == row.code && other.fingerprint == row.fingerprint) {
                return Ok(true);
            }
        }
        for segment in &self.unsaved {
            for at in places(segment, row) {
                let held = segment.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                if held.as_ref().is_some_and(|held| held.fingerprints[at] == row.fingerprint) {
                    return Ok(true);
                }
            }
        }
        for (part, segment) in &self.saved {
            for at in places(segment, row) {
                if arrivals(part, segment)?.fingerprints.get(at) == Some(&row.fingerprint) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// How many of a person's own rows of the time of a row came no later than it.
    pub(crate) fn own_before(&self, row: &Row, arrivals: ReadArrivals<'_>) -> Result<u32, Error> {
        let mut before = 0;
        let mut count = |received: i64| before += u32::from(received <= row.received);
        for (part, segment) in &self.saved {
            let mut places = same_time(segment, row).peekable();
            if places.peek().is_some() {
                let held = arrivals(part, segment)?;
                places.for_each(|at| count(held.received[at]));
            }
        }
        for segment in &self.unsaved {
            let held = held_arrivals(std::slice::from_ref(segment)).remove(0);
            same_time(segment, row).for_each(|at| count(held.received[at]));
        }
        for chunk in &self.tail.chunks {
            let theirs = chunk.0[chunk.of(row.ordinal)].iter();
            theirs.filter(|own| own.time == row.time).for_each(|own| count(own.received));
        }
        Ok(before)
    }

    /// Makes the tail a segment when it has grown past `rows_max`.
    pub(crate) fn fold_tail(&mut self, rows_max: usize) {
        if self.tail.rows <= rows_max {
            return;
        }
        let chunks = std::mem::take(&mut self.tail).chunks;
        let mut segment = Arc::new(Segment::of_rows(&chunks));
        // As long as the newest are of about one size: a row is copied once for each time that
        // its segment grows fivefold, and there are few segments.
        loop {
            let free = &self.unsaved[self.flushing..];
            let Some(alike) = free.len().checked_sub(UNSAVED_ALIKE_MAX) else { break };
            let alike = &free[alike..];
            if alike.iter().any(|other| other.rows() > 2 * segment.rows()) {
                break;
            }
            let mut sources = alike.to_vec();
            sources.push(segment);
            let arrivals = held_arrivals(&sources);
            segment = Arc::new(Segment::join(&sources, &arrivals, &|_, _| true));
            self.unsaved.truncate(self.unsaved.len() - UNSAVED_ALIKE_MAX);
        }
        self.unsaved.push(segment);
    }

    /// All rows of a person as rows of their own, guests included, oldest first.
    pub(crate) fn rows_of(
        &self,
        ordinal: u32,
        lent_by: PersonId,
        arrivals: ReadArrivals<'_>,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let saved = self.saved.iter().map(|(part, segment)| (Some(part), segment));
        for (part, segment) in saved.chain(self.unsaved.iter().map(|segment| (None, segment))) {
            if segment.of(ordinal).is_empty() {
                continue;
            }
            let held = match part {
                Some(part) => arrivals(part, segment)?,
                None => held_arrivals(std::slice::from_ref(segment)).remove(0),
            };
            for at in segment.of(ordinal) {
                let (received, fingerprint) = (held.received[at], held.fingerprints[at]);
                let properties = segment.columns.iter().filter_map(|(property, column)| {
                    column.get(at as u32).map(|value| (*property, value.to_value()))
                });
                rows.push(Row {
                    ordinal,
                    time: segment.time(at),
                    code: segment.code(at),
                    session: segment.session(at as u32),
                    received,
                    fingerprint,
                    lent_by: Some(lent_by),
                    own_before: 0,
                    properties: properties.collect(),
                });
            }
        }
        for chunk in self.tail.chunks.iter().chain(&self.guests.chunks) {
            for row in &chunk.0[chunk.of(ordinal)] {
                let lent_by = Some(row.lent_by.unwrap_or(lent_by));
                rows.push(Row { lent_by, ..Row::clone(row) });
            }
        }
        Ok(rows)
    }

    /// What questions see: an immutable picture.
    pub(crate) fn view(
        &self,
        events: &Arc<crate::resident::names::Names>,
        properties: &Arc<crate::resident::names::Names>,
    ) -> VolumeView {
        let segments = self.saved.iter().map(|(_, segment)| segment).chain(&self.unsaved);
        let sources = segments.map(|segment| Source::Segment(segment.clone()));
        // Lent rows lie behind all that are their person's own.
        let chunks = self.tail.chunks.iter().chain(&self.guests.chunks);
        let sources = sources.chain(chunks.map(|chunk| Source::Chunk(chunk.clone()))).collect();
        VolumeView::new(self.people.clone(), events.clone(), properties.clone(), sources)
    }
}

/// The arrivals of segments that no file holds.
pub(crate) fn held_arrivals(segments: &[Arc<Segment>]) -> Vec<Arc<Arrivals>> {
    let held = segments.iter().map(|segment| {
        let held = segment.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().expect("a segment without a part holds its arrivals")
    });
    held.collect()
}

/// Rows of the same person, time and name.
fn places<'a>(segment: &'a Segment, row: &'a Row) -> impl Iterator<Item = usize> + 'a {
    same_time(segment, row).filter(|at| segment.code(*at) == row.code)
}

/// Rows of the same person and time.
fn same_time<'a>(segment: &'a Segment, row: &'a Row) -> impl Iterator<Item = usize> + 'a {
    let theirs = segment.of(row.ordinal);
    let (mut first, mut end) = (theirs.start, theirs.end);
    while first < end {
        let middle = first.midpoint(end);
        match segment.time(middle) < row.time {
            true => first = middle + 1,
            false => end = middle,
        }
    }
    (first..theirs.end).take_while(|at| segment.time(*at) == row.time)
}
