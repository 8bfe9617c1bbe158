//! The order in which the rows of several sources become those of one: by person, time, then age
//! of the source. Nearly all of a person's rows in a source stay together, so it is told by pieces.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::resident::builder::SegmentBuilder;
use crate::resident::owners::Owners;
use crate::resident::segment::Segment;
use crate::resident::sessions::SessionsBuilder;

/// Rows of a person that lie side by side in a source.
pub(crate) struct Piece {
    pub(crate) ordinal: u32,
    pub(crate) source: u32,
    pub(crate) rows: Range<u32>,
}

/// Pieces in their order.
pub(crate) struct Order {
    pieces: Vec<Piece>,
    rows: usize,
}

/// Every moment there is.
pub(crate) const ALWAYS: RangeInclusive<i64> = i64::MIN..=i64::MAX;

impl Order {
    /// Of sources, oldest first, the rows of some time of the people for whom `keep` answers yes.
    pub(crate) fn of(
        sources: &[Arc<Segment>],
        keep: &dyn Fn(u32) -> bool,
        when: RangeInclusive<i64>,
    ) -> Order {
        let owners: Vec<&Owners> = sources.iter().map(|source| source.owners()).collect();
        let mut pieces = Vec::new();
        let mut theirs: Vec<Piece> = Vec::new();
        for ordinal in Owners::of_any(&owners).filter(|ordinal| keep(*ordinal)) {
            for (source, owners) in owners.iter().enumerate() {
                let mut rows = owners.of(ordinal);
                if when != ALWAYS {
                    rows = within(&sources[source], rows, &when);
                }
                if !rows.is_empty() {
                    let rows = rows.start as u32..rows.end as u32;
                    theirs.push(Piece { ordinal, source: source as u32, rows });
                }
            }
            if theirs.len() > 1 {
                put_in_order(sources, &mut theirs);
            }
            pieces.append(&mut theirs);
        }
        let rows = pieces.iter().map(|piece| piece.rows.len()).sum();
        Order { pieces, rows }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Adds the rows of the sources to a builder, and their sessions where it takes them.
    pub(crate) fn put(&self, sources: &[Arc<Segment>], builder: &mut SegmentBuilder) {
        if let Some(sessions) = &mut builder.sessions {
            self.put_sessions(sources, sessions);
        }
        let (mut times, mut codes) = (Vec::new(), Vec::new());
        for Piece { ordinal, source, rows } in &self.pieces {
            let (source, rows) =
                (&sources[*source as usize], rows.start as usize..rows.end as usize);
            times.clear();
            codes.clear();
            source.copy_times(rows.clone(), &mut times);
            source.copy_codes(rows, &mut codes);
            builder.push_rows(*ordinal, &times, &codes);
        }
    }

    fn put_sessions(&self, sources: &[Arc<Segment>], builder: &mut SessionsBuilder) {
        // The rows of each source come in their order, and so do its visits.
        let mut visits: Vec<_> =
            sources.iter().map(|source| (0, source.changes().peekable())).collect();
        let mut first = 0;
        for Piece { source, rows, .. } in &self.pieces {
            let (session, changes) = &mut visits[*source as usize];
            while let Some((_, next)) = changes.next_if(|(row, _)| *row <= rows.start) {
                *session = next;
            }
            builder.change(first, *session);
            while let Some((row, next)) = changes.next_if(|(row, _)| *row < rows.end) {
                *session = next;
                builder.change(first + row - rows.start, next);
            }
            first += rows.len() as u32;
        }
    }
}

/// Those of a person's rows that lie in some time.
fn within(source: &Segment, rows: Range<usize>, when: &RangeInclusive<i64>) -> Range<usize> {
    let first_where = |from: usize, yes: &dyn Fn(i64) -> bool| {
        let (mut first, mut end) = (from, rows.end);
        while first < end {
            let middle = first.midpoint(end);
            match yes(source.time(middle)) {
                true => end = middle,
                false => first = middle + 1,
            }
        }
        first
    };
    let first = first_where(rows.start, &|time| time >= *when.start());
    first..first_where(first, &|time| time > *when.end())
}

/// Puts the pieces of a person in order, one of each source, oldest source first; cuts those that
/// overlap.
fn put_in_order(sources: &[Arc<Segment>], pieces: &mut Vec<Piece>) {
    let time = |piece: &Piece, row: u32| sources[piece.source as usize].time(row as usize);
    // Stable: of those that begin at once the older stays first.
    pieces.sort_by_key(|piece| time(piece, piece.rows.start));
    let apart = |two: &[Piece]| {
        let (end, next) = (time(&two[0], two[0].rows.end - 1), time(&two[1], two[1].rows.start));
        end < next || (end == next && two[0].source < two[1].source)
    };
    if pieces.windows(2).all(apart) {
        return;
    }
    let each = |piece: &Piece| {
        let (source, rows) = (piece.source, piece.rows.clone());
        rows.map(move |row| (sources[source as usize].time(row as usize), source, row))
    };
    let mut rows: Vec<(i64, u32, u32)> = pieces.iter().flat_map(each).collect();
    rows.sort_unstable();
    let ordinal = pieces[0].ordinal;
    pieces.clear();
    for (_, source, row) in rows {
        match pieces.last_mut() {
            Some(last) if last.source == source && last.rows.end == row => last.rows.end += 1,
            _ => pieces.push(Piece { ordinal, source, rows: row..row + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::sync::Arc;

    use super::*;
    use crate::resident::segment::Segment;

    /// A row: person, time, code, session.
    type Row = (u32, i64, u16, u64);

    fn source(rows: &[Row]) -> Arc<Segment> {
        let mut builder = SegmentBuilder::of(rows.len(), -9..=9);
        for (ordinal, time, code, session) in rows {
            builder.push(*ordinal, *time, *code, *session);
        }
        Arc::new(builder.finish())
    }

    fn rows_of(segment: &Segment) -> Vec<Row> {
        let row = |ordinal, row| {
            (ordinal, segment.time(row), segment.code(row), segment.session(row as u32))
        };
        let people = segment.owners().people();
        people.flat_map(|(ordinal, rows)| rows.map(move |at| row(ordinal, at))).collect()
    }

    proptest! {
        #[test]
        fn rows_come_as_a_stable_sort_puts_them(
            mut all in proptest::collection::vec(
                proptest::collection::vec((0u32..90, 0i64..6, any::<u16>(), 0u64..3), 0..40),
                0..5,
            ),
            gone in proptest::collection::btree_set(0u32..90, 0..20),
            when in prop_oneof![Just(ALWAYS), (0i64..6, 0i64..6).prop_map(|(a, b)| a..=b)],
        ) {
            all.iter_mut().for_each(|rows| rows.sort_by_key(|row| (row.0, row.1)));
            let sources: Vec<Arc<Segment>> = all.iter().map(|rows| source(rows)).collect();
            let order = Order::of(&sources, &|ordinal| !gone.contains(&ordinal), when.clone());
            let mut builder = SegmentBuilder::of(order.rows(), 0..=5);
            order.put(&sources, &mut builder);
            let mut expected: Vec<Row> = all.concat();
            expected.retain(|row| !gone.contains(&row.0) && when.contains(&row.1));
            expected.sort_by_key(|row| (row.0, row.1));
            prop_assert_eq!(order.rows(), expected.len());
            prop_assert_eq!(rows_of(&builder.finish()), expected);
        }
    }
}
