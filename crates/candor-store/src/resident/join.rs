//! One segment out of several.

use std::sync::Arc;

use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::owners::Owners;
use crate::resident::segment::{Arrivals, Segment, SegmentBuilder};

/// Several segments, oldest first, and the order in which their rows become one segment.
pub(crate) struct Join<'a> {
    sources: &'a [Arc<Segment>],
    order: Vec<Place>,
}

/// A row of a joined segment, and where it comes from.
struct Place {
    ordinal: u32,
    source: u32,
    row: u32,
}

impl<'a> Join<'a> {
    /// Orders the rows (person, time) for which `keep` answers yes: by person, time, then age of
    /// the source.
    pub(crate) fn new(sources: &'a [Arc<Segment>], keep: &dyn Fn(u32, i64) -> bool) -> Join<'a> {
        let rows = sources.iter().map(|segment| segment.rows()).sum();
        let mut order: Vec<Place> = Vec::with_capacity(rows);
        let owners: Vec<&Owners> = sources.iter().map(|segment| segment.owners()).collect();
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
        Join { sources, order }
    }

    /// The segment with all columns; `arrivals` of the sources, where they are held.
    pub(crate) fn all(self, arrivals: Option<&[Arc<Arrivals>]>) -> Segment {
        let columns = self.sources.iter().flat_map(|segment| segment.columns.keys().copied());
        let mut properties: Vec<u32> = columns.collect();
        properties.sort_unstable();
        properties.dedup();
        let column = |property| {
            let of_source = |segment: &'a Arc<Segment>| segment.columns.get(&property).cloned();
            let columns: Vec<Option<Arc<Column>>> = self.sources.iter().map(of_source).collect();
            Some((property, self.column(&columns)?))
        };
        let columns = properties.into_iter().filter_map(column).collect();
        self.with_columns(columns, arrivals)
    }

    /// The segment with these columns, which [`Join::column`] made.
    pub(crate) fn with_columns(
        &self,
        columns: Vec<(u32, Column)>,
        arrivals: Option<&[Arc<Arrivals>]>,
    ) -> Segment {
        let mut builder = SegmentBuilder::of(self.order.len(), arrivals.is_some());
        for Place { ordinal, source, row } in &self.order {
            let (segment, at) = (&self.sources[*source as usize], *row as usize);
            builder.push(*ordinal, segment.time(at), segment.code(at), segment.session(*row));
            if let Some(arrivals) = arrivals {
                let held = &arrivals[*source as usize];
                builder.arrivals.received.push(held.received[at]);
                builder.arrivals.prints.push(held.prints[at]);
            }
        }
        let columns = columns.into_iter().map(|(property, column)| (property, Arc::new(column)));
        builder.columns.extend(columns);
        builder.finish()
    }

    /// One property of the joined segment, of the columns of the sources: a value is hashed once
    /// for each source. Nothing where no row that is kept has a value.
    pub(crate) fn column(&self, columns: &[Option<Arc<Column>>]) -> Option<Column> {
        let columns: Vec<Option<&Column>> = columns.iter().map(Option::as_deref).collect();
        let codes: Vec<Vec<u32>> = columns
            .iter()
            .zip(self.sources)
            .map(|(column, segment)| column.map_or(Vec::new(), |c| c.codes(0..segment.rows())))
            .collect();
        let mut known: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| vec![0; column.map_or(0, |column| column.values().len())])
            .collect();
        let mut joined = ColumnBuilder::default();
        for (place, Place { source, row, .. }) in self.order.iter().enumerate() {
            let source = *source as usize;
            let Some(from) = columns[source] else { continue };
            let Some(code) = codes[source][*row as usize].checked_sub(1) else { continue };
            let code = code as usize;
            if known[source][code] == 0 {
                known[source][code] = joined.code_of(from.values().get(code));
            }
            joined.push_code(place as u32, known[source][code]);
        }
        (!joined.is_empty()).then(|| joined.finish(self.order.len()))
    }
}
