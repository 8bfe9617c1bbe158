//! One segment out of several.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::part::BaseFiles;
use crate::resident::arrivals::Arrivals;
use crate::resident::builder::SegmentBuilder;
use crate::resident::column::{Column, ColumnJoin};
use crate::resident::order::{Order, Piece};
use crate::resident::origins::Origins;
use crate::resident::segment::Segment;
use crate::resident::slot::Slot;

/// Several segments, oldest first, and the order in which their rows become one segment.
pub(crate) struct Join<'a> {
    sources: &'a [Arc<Segment>],
    when: RangeInclusive<i64>,
    order: Order,
}

impl<'a> Join<'a> {
    /// Takes the rows of some time of the people for whom `keep` answers yes.
    pub(crate) fn new(
        sources: &'a [Arc<Segment>],
        keep: &dyn Fn(u32) -> bool,
        when: RangeInclusive<i64>,
    ) -> Join<'a> {
        let order = Order::of(sources, keep, when.clone());
        Join { sources, when, order }
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
        let each = |piece: &Piece| {
            let (source, rows) = (piece.source, piece.rows.clone());
            rows.map(move |row| (origin(source, row), 1))
        };
        let origins = self.order.pieces().iter().flat_map(each);
        let origins = Origins::of(origins, self.order.rows(), files.parts() + 1);
        let mut builder = self.with_columns(columns, None);
        (builder.origins, builder.files) = (Some(origins), Some(files.clone()));
        builder.finish()
    }

    /// From the earliest row to the latest of the sources.
    fn span(&self) -> RangeInclusive<i64> {
        let first = self.sources.iter().map(|source| source.earliest()).min();
        let last = self.sources.iter().map(|source| source.latest()).max();
        let (first, last) = (first.unwrap_or(i64::MAX), last.unwrap_or(i64::MIN));
        first.max(*self.when.start())..=last.min(*self.when.end())
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
        let mut builder = SegmentBuilder::of(self.order.rows(), self.span());
        if !self.sources.iter().all(|source| source.has_sessions()) {
            // Of a base, all of which is in files.
            builder.sessions = None;
        }
        self.order.put(self.sources, &mut builder);
        for Piece { source, rows, .. } in self.order.pieces() {
            let Some(arrivals) = arrivals else { break };
            let held = &arrivals[*source as usize];
            let rows = rows.start as usize..rows.end as usize;
            builder.arrivals.copy(held, rows);
        }
        builder.columns.extend(columns);
        builder
    }

    /// One property of the joined segment, of the columns of the sources: a value is hashed once
    /// for each source. Nothing where no row that is kept has a value.
    pub(crate) fn column(&self, columns: &[Option<Arc<Column>>]) -> Option<Column> {
        let columns: Vec<Option<&Column>> = columns.iter().map(Option::as_deref).collect();
        let sizes: Vec<usize> = self.sources.iter().map(|segment| segment.rows()).collect();
        let mut joined = ColumnJoin::new(&columns, &sizes);
        let mut place = 0;
        for Piece { source, rows, .. } in self.order.pieces() {
            for row in rows.clone() {
                joined.push(place, *source as usize, row as usize);
                place += 1;
            }
        }
        (!joined.is_empty()).then(|| joined.finish(self.order.rows()))
    }
}
