//! Events of one volume as columns, sorted by person, time and arrival.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::owners::{Owners, OwnersBuilder};
use crate::resident::packed::Packed;
use crate::resident::tail::{Chunk, Row};

/// When each row arrived and what tells it apart from a repeat; parallel to the rows.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    pub(crate) received: Vec<i64>,
    pub(crate) fingerprints: Vec<u64>,
}

/// Moments as what lies between them and the first.
#[derive(Debug)]
struct Times {
    earliest: i64,
    latest: i64,
    since: Packed,
}

impl Times {
    fn of(times: &[i64]) -> Times {
        let earliest = times.iter().copied().min().unwrap_or(i64::MAX);
        let latest = times.iter().copied().max().unwrap_or(i64::MIN);
        let since = |time: i64| time.wrapping_sub(earliest) as u64;
        let largest = if times.is_empty() { 0 } else { since(latest) };
        let since = Packed::of(times.iter().map(|time| since(*time)), largest);
        Times { earliest, latest, since }
    }

    #[inline]
    fn get(&self, row: usize) -> i64 {
        self.earliest.wrapping_add(self.since.get(row) as i64)
    }
}

/// An immutable run of events.
#[derive(Debug)]
pub(crate) struct Segment {
    owners: Owners,
    times: Times,
    codes: Packed,
    /// Rows at which the session changes, and the session from there on (0: none).
    session_rows: Packed,
    session_ids: Packed,
    pub(crate) columns: HashMap<u32, Column>,
    /// Held until a part holds them; then read back when a possible repeat comes.
    pub(crate) arrivals: Mutex<Option<Arc<Arrivals>>>,
}

impl Segment {
    pub(crate) fn rows(&self) -> usize {
        self.codes.len()
    }

    /// When a row happened, in ms.
    #[inline]
    pub(crate) fn time(&self, row: usize) -> i64 {
        self.times.get(row)
    }

    /// The time of the latest event.
    pub(crate) fn latest(&self) -> i64 {
        self.times.latest
    }

    /// What happened at a row.
    #[inline]
    pub(crate) fn code(&self, row: usize) -> u16 {
        self.codes.get(row) as u16
    }

    /// A person's rows.
    #[inline]
    pub(crate) fn of(&self, ordinal: u32) -> Range<usize> {
        self.owners.of(ordinal)
    }

    /// One more than the largest ordinal that has rows.
    pub(crate) fn people(&self) -> u32 {
        self.owners.end()
    }

    pub(crate) fn session(&self, row: u32) -> u64 {
        let after = self.session_rows.partition_point(|first| first <= u64::from(row));
        after.checked_sub(1).map_or(0, |place| self.session_ids.get(place))
    }

    /// Runs of rows that share a session: (first row, session).
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (u32, u64)> {
        self.session_rows.iter().map(|row| row as u32).zip(self.session_ids.iter())
    }

    /// A segment of the rows of a tail, oldest chunk first.
    pub(crate) fn of_rows(chunks: &[Arc<Chunk>]) -> Segment {
        let mut rows: Vec<&Row> = chunks.iter().flat_map(|chunk| &chunk.0).map(|r| &**r).collect();
        if chunks.len() > 1 {
            // Stable: of equal times the one that came first stays first.
            rows.sort_by_key(|row| (row.ordinal, row.time));
        }
        let mut builder = SegmentBuilder::of(rows.len());
        // By the property's code: codes are small, and there is one look for each value.
        let mut columns: Vec<ColumnBuilder> = Vec::new();
        for row in rows {
            let place = builder.push(row.ordinal, row.time, row.code, row.session);
            builder.arrivals.received.push(row.received);
            builder.arrivals.fingerprints.push(row.fingerprint);
            for (property, value) in &row.properties {
                let property = *property as usize;
                if columns.len() <= property {
                    columns.resize_with(property + 1, ColumnBuilder::default);
                }
                columns[property].push(place, value.into());
            }
        }
        let filled = (0..).zip(columns).filter(|(_, column)| !column.is_empty());
        let rows = builder.rows();
        builder.columns.extend(filled.map(|(property, column)| (property, column.finish(rows))));
        builder.finish()
    }

    /// One segment out of several, oldest first; without the rows (person, time) for which `keep`
    /// answers no.
    pub(crate) fn join(
        sources: &[Arc<Segment>],
        arrivals: &[Arc<Arrivals>],
        keep: &dyn Fn(u32, i64) -> bool,
    ) -> Segment {
        let order = merged_order(sources, keep);
        let mut builder = SegmentBuilder::of(order.len());
        for Place { ordinal, source, row } in &order {
            let (segment, held) = (&sources[*source as usize], &arrivals[*source as usize]);
            let at = *row as usize;
            builder.push(*ordinal, segment.time(at), segment.code(at), segment.session(*row));
            builder.arrivals.received.push(held.received[at]);
            builder.arrivals.fingerprints.push(held.fingerprints[at]);
        }
        join_columns(&mut builder, &order, sources);
        builder.finish()
    }

    /// The person of a row.
    pub(crate) fn owner(&self, row: u32) -> u32 {
        self.owners.owner(row)
    }
}

/// A row of a joined segment, and where it comes from.
struct Place {
    ordinal: u32,
    source: u32,
    row: u32,
}

/// The rows of the joined segment in order: person, time, then age of the source.
fn merged_order(sources: &[Arc<Segment>], keep: &dyn Fn(u32, i64) -> bool) -> Vec<Place> {
    let rows = sources.iter().map(|segment| segment.rows()).sum();
    let mut order: Vec<Place> = Vec::with_capacity(rows);
    let owners: Vec<&Owners> = sources.iter().map(|segment| &segment.owners).collect();
    for ordinal in Owners::of_any(&owners) {
        let first = order.len();
        let mut from = 0;
        for (source, segment) in sources.iter().enumerate() {
            let source = source as u32;
            let rows = segment.of(ordinal);
            from += usize::from(!rows.is_empty());
            let kept = rows.filter(|row| keep(ordinal, segment.time(*row)));
            order.extend(kept.map(|row| Place { ordinal, source, row: row as u32 }));
        }
        if from > 1 {
            // Each source is in order already; the sort is stable.
            let time = |place: &Place| sources[place.source as usize].time(place.row as usize);
            order[first..].sort_by_key(time);
        }
    }
    order
}

/// Properties go column by column, so that a value is hashed once per segment and one column at a
/// time is unpacked.
fn join_columns(builder: &mut SegmentBuilder, order: &[Place], sources: &[Arc<Segment>]) {
    let mut properties: Vec<u32> =
        sources.iter().flat_map(|segment| segment.columns.keys().copied()).collect();
    properties.sort_unstable();
    properties.dedup();
    for property in properties {
        let columns: Vec<Option<&Column>> =
            sources.iter().map(|segment| segment.columns.get(&property)).collect();
        let codes: Vec<Vec<u32>> = columns
            .iter()
            .zip(sources)
            .map(|(column, segment)| column.map_or(Vec::new(), |c| c.codes(0..segment.rows())))
            .collect();
        let mut known: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| vec![0; column.map_or(0, |column| column.values().len())])
            .collect();
        let mut joined = ColumnBuilder::default();
        for (place, Place { source, row, .. }) in order.iter().enumerate() {
            let source = *source as usize;
            let Some(from) = columns[source] else { continue };
            let Some(code) = codes[source][*row as usize].checked_sub(1) else { continue };
            let code = code as usize;
            if known[source][code] == 0 {
                known[source][code] = joined.code_of(from.values().get(code));
            }
            joined.push_code(place as u32, known[source][code]);
        }
        // Rows that are kept may all be without it; a column without rows is none.
        if !joined.is_empty() {
            builder.columns.insert(property, joined.finish(order.len()));
        }
    }
}

/// Builds a segment from rows in their final order.
#[derive(Default)]
pub(crate) struct SegmentBuilder {
    owners: OwnersBuilder,
    times: Vec<i64>,
    codes: Vec<u16>,
    session_rows: Vec<u64>,
    session_ids: Vec<u64>,
    pub(crate) columns: HashMap<u32, Column>,
    pub(crate) arrivals: Arrivals,
}

impl SegmentBuilder {
    /// With room for so many rows and their arrivals, which are held as they are.
    fn of(rows: usize) -> SegmentBuilder {
        let mut builder = SegmentBuilder::default();
        builder.times.reserve_exact(rows);
        builder.codes.reserve_exact(rows);
        builder.arrivals.received.reserve_exact(rows);
        builder.arrivals.fingerprints.reserve_exact(rows);
        builder
    }

    /// Adds the next row; its properties and arrival are added by the caller.
    pub(crate) fn push(&mut self, ordinal: u32, time: i64, code: u16, session: u64) -> u32 {
        let row = self.times.len() as u32;
        self.owners.push(row, ordinal);
        if self.session_ids.last().copied().unwrap_or(0) != session {
            self.session_rows.push(row.into());
            self.session_ids.push(session);
        }
        self.times.push(time);
        self.codes.push(code);
        row
    }

    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn finish(self) -> Segment {
        let rows = self.times.len();
        let with_arrivals = self.arrivals.received.len() == rows;
        let packed = |numbers: &[u64]| {
            Packed::of(numbers.iter().copied(), numbers.iter().copied().max().unwrap_or(0))
        };
        let largest = self.codes.iter().copied().max().unwrap_or(0);
        Segment {
            owners: self.owners.finish(rows as u32),
            times: Times::of(&self.times),
            codes: Packed::of(self.codes.iter().map(|code| u64::from(*code)), largest.into()),
            session_rows: packed(&self.session_rows),
            session_ids: packed(&self.session_ids),
            columns: self.columns,
            arrivals: Mutex::new(with_arrivals.then(|| Arc::new(self.arrivals))),
        }
    }
}
