//! One segment out of several.

use std::sync::Arc;

use crate::part::BaseFiles;
use crate::resident::column::{Column, ColumnJoin};
use crate::resident::origins::Origins;
use crate::resident::owners::Owners;
use crate::resident::segment::{Arrivals, Segment, SegmentBuilder};
use crate::resident::slot::Slot;

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

    /// The segment with all columns, which are all in memory; `arrivals` of the sources, where they
    /// are held.
    pub(crate) fn all(self, arrivals: Option<&[Arc<Arrivals>]>) -> Segment {
        let column = |property| {
            let columns = self.columns_of(property).expect("all columns are in memory");
            let column = self.column(&columns)?;
            Some((property, Slot::held(Arc::new(column), None)))
        };
        let columns = self.properties().into_iter().filter_map(column).collect();
        self.with_columns(columns, arrivals).finish()
    }

    /// The base of a volume. `origin` is the part, by its place in `files`, of a row of a source;
    /// what is not in memory of all sources stays in the files, and `unread` too.
    pub(crate) fn base(
        self,
        files: &Arc<BaseFiles>,
        origin: &dyn Fn(u32, u32) -> usize,
        name_of: &dyn Fn(u32) -> Arc<str>,
        unread: Vec<u32>,
    ) -> Segment {
        let slot = |property| {
            let files = Some((name_of(property), files.clone()));
            let Some(columns) = self.columns_of(property) else {
                return Some((property, Slot::unread(files)));
            };
            Some((property, Slot::held(Arc::new(self.column(&columns)?), files)))
        };
        let unread = unread
            .into_iter()
            .map(|property| (property, Slot::unread(Some((name_of(property), files.clone())))));
        let columns = self.properties().into_iter().filter_map(slot).chain(unread).collect();
        let origins = self.order.iter().map(|place| origin(place.source, place.row));
        let origins = Origins::of(origins, files.parts() + 1);
        let mut builder = self.with_columns(columns, None);
        (builder.origins, builder.files) = (Some(origins), Some(files.clone()));
        builder.finish()
    }

    /// All properties of the sources.
    fn properties(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.sources.iter().flat_map(|one| one.properties()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// A property's columns in the sources; nothing where one is not in memory.
    fn columns_of(&self, property: u32) -> Option<Vec<Option<Arc<Column>>>> {
        let of_source = |segment: &Arc<Segment>| match segment.slot(property) {
            Some(slot) => slot.in_memory().map(|column| Some(column.clone())),
            None => Some(None),
        };
        self.sources.iter().map(of_source).collect()
    }

    /// The segment with these columns.
    fn with_columns(
        &self,
        columns: Vec<(u32, Slot)>,
        arrivals: Option<&[Arc<Arrivals>]>,
    ) -> SegmentBuilder {
        let mut builder = SegmentBuilder::of(self.order.len(), arrivals.is_some());
        // The rows of each source come in their order, and so do its visits.
        let mut visits: Vec<_> =
            self.sources.iter().map(|segment| (0, segment.sessions().peekable())).collect();
        for Place { ordinal, source, row } in &self.order {
            let (segment, at) = (&self.sources[*source as usize], *row as usize);
            let (session, changes) = &mut visits[*source as usize];
            while let Some((_, next)) = changes.next_if(|(first, _)| first <= row) {
                *session = next;
            }
            builder.push(*ordinal, segment.time(at), segment.code(at), *session);
            if let Some(arrivals) = arrivals {
                let held = &arrivals[*source as usize];
                builder.arrivals.received.push(held.received[at]);
                builder.arrivals.prints.push(held.prints[at]);
            }
        }
        builder.columns.extend(columns);
        builder
    }

    /// The segment with these columns, which [`Join::column`] made.
    pub(crate) fn with(self, columns: Vec<(u32, Column)>) -> Segment {
        let held = |(property, column)| (property, Slot::held(Arc::new(column), None));
        self.with_columns(columns.into_iter().map(held).collect(), None).finish()
    }

    /// One property of the joined segment, of the columns of the sources: a value is hashed once
    /// for each source. Nothing where no row that is kept has a value.
    pub(crate) fn column(&self, columns: &[Option<Arc<Column>>]) -> Option<Column> {
        let columns: Vec<Option<&Column>> = columns.iter().map(Option::as_deref).collect();
        let sizes: Vec<usize> = self.sources.iter().map(|segment| segment.rows()).collect();
        let mut joined = ColumnJoin::new(&columns, &sizes);
        for (place, Place { source, row, .. }) in self.order.iter().enumerate() {
            joined.push(place, *source as usize, *row as usize);
        }
        (!joined.is_empty()).then(|| joined.finish(self.order.len()))
    }
}
