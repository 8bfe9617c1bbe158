//! Events of one volume as columns, sorted by person, time and arrival.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::tail::{Chunk, Row};

/// When each row arrived and what tells it apart from a repeat; parallel to the rows.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    pub(crate) received: Vec<i64>,
    pub(crate) fingerprints: Vec<u64>,
}

/// An immutable run of events.
#[derive(Debug)]
pub(crate) struct Segment {
    /// By ordinal: the first row of the person; one more at the end.
    starts: Vec<u32>,
    pub(crate) times: Vec<i64>,
    pub(crate) codes: Vec<u16>,
    /// The time of the latest event.
    pub(crate) latest: i64,
    /// Rows at which the session changes, and the session from there on (0: none).
    session_rows: Vec<u32>,
    session_ids: Vec<u64>,
    pub(crate) columns: HashMap<u32, Column>,
    /// Held until a part holds them; then read back when a possible repeat comes.
    pub(crate) arrivals: Mutex<Option<Arc<Arrivals>>>,
}

impl Segment {
    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    /// A person's rows.
    #[inline]
    pub(crate) fn of(&self, ordinal: u32) -> Range<usize> {
        let at = ordinal as usize;
        match self.starts.get(at + 1) {
            Some(end) => self.starts[at] as usize..*end as usize,
            None => 0..0,
        }
    }

    /// One more than the largest ordinal that has rows.
    pub(crate) fn people(&self) -> u32 {
        self.starts.len().saturating_sub(1) as u32
    }

    pub(crate) fn session(&self, row: u32) -> u64 {
        let after = self.session_rows.partition_point(|first| *first <= row);
        after.checked_sub(1).map_or(0, |place| self.session_ids[place])
    }

    /// Runs of rows that share a session: (first row, session).
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (u32, u64)> {
        self.session_rows.iter().copied().zip(self.session_ids.iter().copied())
    }

    /// One segment out of several and of chunks of the tail, oldest first; without the rows
    /// (person, time) for which `keep` answers no.
    pub(crate) fn join(
        sources: &[Arc<Segment>],
        arrivals: &[Arc<Arrivals>],
        chunks: &[Arc<Chunk>],
        keep: &dyn Fn(u32, i64) -> bool,
    ) -> Segment {
        let order = merged_order(sources, chunks, keep);
        let mut builder = SegmentBuilder::default();
        for (source, row) in &order {
            let (source, at) = (*source as usize, *row as usize);
            if let Some(segment) = sources.get(source) {
                let ordinal = segment.owner(*row);
                builder.push(ordinal, segment.times[at], segment.codes[at], segment.session(*row));
                builder.arrivals.received.push(arrivals[source].received[at]);
                builder.arrivals.fingerprints.push(arrivals[source].fingerprints[at]);
            } else {
                let row: &Row = &chunks[source - sources.len()].0[at];
                builder.push(row.ordinal, row.time, row.code, row.session);
                builder.arrivals.received.push(row.received);
                builder.arrivals.fingerprints.push(row.fingerprint);
            }
        }
        join_columns(&mut builder, &order, sources, chunks);
        builder.finish()
    }

    /// The person of a row.
    pub(crate) fn owner(&self, row: u32) -> u32 {
        self.starts.partition_point(|start| *start <= row) as u32 - 1
    }
}

/// (source, row) in the order of the joined segment: person, time, then age of the source.
fn merged_order(
    sources: &[Arc<Segment>],
    chunks: &[Arc<Chunk>],
    keep: &dyn Fn(u32, i64) -> bool,
) -> Vec<(u32, u32)> {
    let mut order: Vec<(u32, u32)> = Vec::new();
    let last_of_chunk = |chunk: &Arc<Chunk>| chunk.0.last().map_or(0, |row| row.ordinal + 1);
    let people = sources.iter().map(|segment| segment.people());
    let people = people.chain(chunks.iter().map(last_of_chunk)).max().unwrap_or(0);
    let time = |source: usize, row: usize| match sources.get(source) {
        Some(segment) => segment.times[row],
        None => chunks[source - sources.len()].0[row].time,
    };
    for ordinal in 0..people {
        let first = order.len();
        for (source, segment) in sources.iter().enumerate() {
            order.extend(segment.of(ordinal).map(|row| (source as u32, row as u32)));
        }
        for (place, chunk) in chunks.iter().enumerate() {
            let source = (sources.len() + place) as u32;
            order.extend(chunk.of(ordinal).map(|row| (source, row as u32)));
        }
        let theirs = &mut order[first..];
        theirs.sort_by_key(|(source, row)| time(*source as usize, *row as usize));
        let kept = order[first..]
            .iter()
            .copied()
            .filter(|(source, row)| keep(ordinal, time(*source as usize, *row as usize)))
            .collect::<Vec<_>>();
        order.truncate(first);
        order.extend(kept);
    }
    order
}

fn join_columns(
    builder: &mut SegmentBuilder,
    order: &[(u32, u32)],
    sources: &[Arc<Segment>],
    chunks: &[Arc<Chunk>],
) {
    // Properties of segments go column by column, so that a value is hashed once per segment.
    let mut properties: Vec<u32> =
        sources.iter().flat_map(|segment| segment.columns.keys().copied()).collect();
    for row in chunks.iter().flat_map(|chunk| &chunk.0) {
        properties.extend(row.properties.iter().map(|(property, _)| *property));
        if properties.len() > 1 << 16 {
            properties.sort_unstable();
            properties.dedup();
        }
    }
    properties.sort_unstable();
    properties.dedup();
    for property in properties {
        let columns: Vec<Option<&Column>> =
            sources.iter().map(|segment| segment.columns.get(&property)).collect();
        let mut known: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| vec![0; column.map_or(0, |column| column.values().len())])
            .collect();
        let mut column = ColumnBuilder::default();
        for (place, (source, row)) in order.iter().enumerate() {
            let source = *source as usize;
            if source >= sources.len() {
                let row = &chunks[source - sources.len()].0[*row as usize];
                if let Some((_, value)) = row.properties.iter().find(|(name, _)| *name == property)
                {
                    column.push(place as u32, value);
                }
            } else if let Some(from) = columns[source] {
                let Some(code) = from.code(*row).checked_sub(1) else { continue };
                let code = code as usize;
                if known[source][code] == 0 {
                    known[source][code] = column.code_of(&from.values()[code]);
                }
                column.push_code(place as u32, known[source][code]);
            }
        }
        builder.columns.insert(property, column);
    }
}

/// Builds a segment from rows in their final order.
#[derive(Default)]
pub(crate) struct SegmentBuilder {
    starts: Vec<u32>,
    times: Vec<i64>,
    codes: Vec<u16>,
    session_rows: Vec<u32>,
    session_ids: Vec<u64>,
    pub(crate) columns: HashMap<u32, ColumnBuilder>,
    pub(crate) arrivals: Arrivals,
}

impl SegmentBuilder {
    /// Adds the next row; its properties and arrival are added by the caller.
    pub(crate) fn push(&mut self, ordinal: u32, time: i64, code: u16, session: u64) -> u32 {
        let row = self.times.len() as u32;
        while self.starts.len() <= ordinal as usize {
            self.starts.push(row);
        }
        if self.session_ids.last().copied().unwrap_or(0) != session {
            self.session_rows.push(row);
            self.session_ids.push(session);
        }
        self.times.push(time);
        self.codes.push(code);
        row
    }

    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn finish(mut self) -> Segment {
        let rows = self.times.len();
        self.starts.push(rows as u32);
        self.starts.shrink_to_fit();
        self.times.shrink_to_fit();
        self.codes.shrink_to_fit();
        let with_arrivals = self.arrivals.received.len() == rows;
        Segment {
            latest: self.times.iter().copied().max().unwrap_or(i64::MIN),
            starts: self.starts,
            times: self.times,
            codes: self.codes,
            session_rows: self.session_rows,
            session_ids: self.session_ids,
            columns: self
                .columns
                .into_iter()
                .map(|(property, column)| (property, column.finish(rows)))
                .collect(),
            arrivals: Mutex::new(with_arrivals.then(|| Arc::new(self.arrivals))),
        }
    }
}
