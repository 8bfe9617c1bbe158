//! Events of one volume as columns, sorted by person, time and arrival.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use candor_event::Types;

use crate::error::Error;
use crate::fold::Having;
use crate::part::{BaseFiles, Files};
use crate::resident::active::ActiveDays;
use crate::resident::arrivals::Arrivals;
use crate::resident::builder::SegmentBuilder;
use crate::resident::codes::{Found, Picker};
use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::listed::{List, Listed};
use crate::resident::owners::Owners;
use crate::resident::plain::Plain;
use crate::resident::rows::Rows;
use crate::resident::select::Selected;
use crate::resident::sessions::Sessions;
use crate::resident::slot::Slot;
use crate::resident::tail::{Chunk, Row};

/// Active days are known for so long after the last row, for what is new.
const AHEAD_MS: i64 = 40 * 86_400_000;

/// An immutable run of events.
#[derive(Debug)]
pub(crate) struct Segment {
    held: Arc<Rows>,
    columns: HashMap<u32, Slot>,
    /// Of a base: where its properties are.
    files: Files,
    /// Held until a part holds them; then read back when a possible repeat comes.
    pub(crate) arrivals: Mutex<Option<Arc<Arrivals>>>,
    /// Those of the zone last asked about.
    active: Mutex<Option<Arc<ActiveDays>>>,
    /// Beside a base: the rows as every question takes them up; found when first asked.
    plain: OnceLock<Arc<Plain>>,
}

impl Default for Segment {
    fn default() -> Self {
        SegmentBuilder::of(0, 0..=0).finish()
    }
}

impl Segment {
    pub(crate) fn new(
        rows: Rows,
        columns: HashMap<u32, Slot>,
        files: Files,
        arrivals: Option<Arrivals>,
    ) -> Segment {
        let (arrivals, active) = (Mutex::new(arrivals.map(Arc::new)), Mutex::new(None));
        let plain = OnceLock::new();
        Segment { held: Arc::new(rows), columns, files, arrivals, active, plain }
    }

    pub(crate) fn rows(&self) -> usize {
        self.held.codes.len()
    }

    /// When a row happened, in ms.
    #[inline]
    pub(crate) fn time(&self, row: usize) -> i64 {
        self.held.times.get(row)
    }

    /// When some rows happened, in the place of what `out` has.
    pub(crate) fn read_times(&self, rows: &[u32], out: &mut Vec<i64>) {
        out.clear();
        out.extend(rows.iter().map(|row| self.time(*row as usize)));
    }

    /// The time of the earliest event.
    pub(crate) fn earliest(&self) -> i64 {
        self.held.times.earliest
    }

    /// The time of the latest event.
    pub(crate) fn latest(&self) -> i64 {
        self.held.times.latest
    }

    /// What finds some codes here; nothing where no row has one of them.
    pub(crate) fn picker(&self, codes: &[u16]) -> Option<Found> {
        self.held.codes.picker(codes, &|rows| self.list(rows))
    }

    /// Of some rows, ascending, those that have one of some codes, if codes are asked for.
    pub(crate) fn narrow(&self, codes: Option<&[u16]>, rows: &[u32]) -> Selected {
        match codes {
            Some(codes) => self.held.codes.narrow(codes, rows),
            None => Selected::of_one_kind(rows, 0),
        }
    }

    /// Rows that were selected, as a pass goes through them.
    pub(crate) fn listed(&self, found: &Selected) -> Listed {
        let mut by_kind: Vec<Vec<u32>> = Vec::new();
        for (row, kind) in found.rows().iter().zip(found.kinds()) {
            let kind = usize::from(*kind);
            by_kind.resize(by_kind.len().max(kind + 1), Vec::new());
            by_kind[kind].push(*row);
        }
        let lists = (0..).zip(by_kind).filter(|(_, rows)| !rows.is_empty());
        Listed::of(lists.map(|(kind, rows)| (Arc::new(self.list(&rows)), kind)))
    }

    fn list(&self, rows: &[u32]) -> List {
        let mut times = Vec::with_capacity(rows.len());
        self.read_times(rows, &mut times);
        List::of(rows, self.held.owners.of_rows(rows), times)
    }

    /// The rows, ascending, that have a value; nothing where a look at every row is as good.
    pub(crate) fn having(&self, having: Having<'_>) -> Option<Vec<u32>> {
        match self.column(having.property) {
            Some(column) => column.equal(having.any, self.rows()),
            None => Some(Vec::new()),
        }
    }

    /// One property, for a question: it ends where a file cannot be read.
    pub(crate) fn column(&self, property: u32) -> Option<&Arc<Column>> {
        match self.read_column(property) {
            Ok(column) => column,
            Err(error) => panic!("a property cannot be read: {error}"),
        }
    }

    /// The same.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read_column(&self, property: u32) -> Result<Option<&Arc<Column>>, Error> {
        self.columns.get(&property).map(|slot| slot.column(&self.held)).transpose()
    }

    /// Each property with the types of its values, in no order. Files are read where nothing else
    /// knows.
    pub(crate) fn types(&self) -> Vec<(u32, Types)> {
        let mut of_files = None;
        let types_of = |(property, slot): (&u32, &Slot)| match slot.types(&self.held, &mut of_files)
        {
            Ok(types) => (*property, types),
            Err(error) => panic!("a property cannot be read: {error}"),
        };
        self.columns.iter().map(types_of).collect()
    }

    /// Which properties there are, in no order.
    pub(crate) fn properties(&self) -> impl Iterator<Item = u32> + '_ {
        self.columns.keys().copied()
    }

    /// Where a property is.
    pub(crate) fn slot(&self, property: u32) -> Option<&Slot> {
        self.columns.get(&property)
    }

    /// Of a base: where its properties are.
    pub(crate) fn files(&self) -> Option<&Arc<BaseFiles>> {
        self.files.as_ref()
    }

    /// The rows without their properties.
    pub(crate) fn rows_alone(&self) -> &Rows {
        &self.held
    }

    /// From which part a row of a base came.
    pub(crate) fn origin(&self, row: u32) -> usize {
        self.held.origin(row as usize)
    }

    /// The same rows without some of the properties in memory.
    pub(crate) fn without(&self, properties: &[u32]) -> Segment {
        let again = |(property, slot): (&u32, &Slot)| {
            (*property, slot.again(!properties.contains(property)))
        };
        Segment {
            held: self.held.clone(),
            columns: self.columns.iter().map(again).collect(),
            files: self.files.clone(),
            arrivals: Mutex::new(None),
            active: Mutex::new(self.active.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            plain: self.plain.clone(),
        }
    }

    /// Bytes of memory: of the rows, and of the properties that are there.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        let active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        let active = active.as_ref().map_or(0, |active| active.bytes());
        let plain = self.plain.get().map_or(0, |plain| plain.bytes());
        let columns = self.columns.values().filter_map(Slot::in_memory);
        (self.held.bytes() + active + plain, columns.map(|column| column.bytes()).sum())
    }

    /// Adds the rows of a range that a picker finds, ascending.
    pub(crate) fn pick(&self, picker: &Picker, rows: Range<usize>, out: &mut Selected) {
        self.held.codes.pick(picker, rows, out);
    }

    /// The active days of a zone; found when first asked. `edges` answers when each day begins
    /// that lies between two moments, the first day holding the one and the last ending after the
    /// other.
    pub(crate) fn active(
        &self,
        zone: &str,
        edges: &dyn Fn(i64, i64) -> Option<Vec<i64>>,
    ) -> Option<Arc<ActiveDays>> {
        let mut held = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(active) = held.as_ref().filter(|active| active.zone() == zone) {
            return Some(active.clone());
        }
        let active = match self.rows() {
            0 => ActiveDays::none(zone),
            _ => {
                let until = self.latest().saturating_add(AHEAD_MS);
                ActiveDays::of(self, zone, edges(self.earliest(), until)?)?
            }
        };
        let active = Arc::new(active);
        *held = Some(active.clone());
        Some(active)
    }

    /// Who did what when, for a segment that lies beside a base.
    pub(crate) fn plain(&self) -> &Arc<Plain> {
        self.plain.get_or_init(|| {
            let rows = self.rows();
            let mut owners = Vec::with_capacity(rows);
            for (ordinal, theirs) in self.owners().people() {
                owners.resize(theirs.end, ordinal);
            }
            let (mut times, mut codes) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
            times.extend((0..rows).map(|row| self.time(row)));
            self.copy_codes(0..rows, &mut codes);
            Arc::new(Plain::of(owners, times, codes))
        })
    }

    /// Whose rows are where.
    pub(crate) fn owners(&self) -> &Owners {
        &self.held.owners
    }

    /// What happened at a row.
    #[inline]
    pub(crate) fn code(&self, row: usize) -> u16 {
        self.held.codes.get(row)
    }

    /// A person's rows.
    #[inline]
    pub(crate) fn of(&self, ordinal: u32) -> Range<usize> {
        self.held.owners.of(ordinal)
    }

    /// One more than the largest ordinal that has rows.
    pub(crate) fn people(&self) -> u32 {
        self.held.owners.end()
    }

    /// Whether it is in memory which session each row is of.
    pub(crate) fn has_sessions(&self) -> bool {
        self.held.sessions_in_memory().is_some()
    }

    /// Which session each row is of.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn read_sessions(&self) -> Result<&Sessions, Error> {
        self.held.sessions(self.files.as_deref())
    }

    /// The same for a question: it ends where a file cannot be read.
    pub(crate) fn sessions(&self) -> &Sessions {
        match self.read_sessions() {
            Ok(sessions) => sessions,
            Err(error) => panic!("sessions cannot be read: {error}"),
        }
    }

    /// The session of a row, for a question.
    pub(crate) fn session(&self, row: u32) -> u64 {
        self.sessions().at(row as usize)
    }

    /// Adds the codes of a range of rows.
    pub(crate) fn copy_codes(&self, rows: Range<usize>, out: &mut Vec<u16>) {
        self.held.codes.copy(rows, out);
    }

    /// A segment of the rows of a tail, oldest chunk first.
    pub(crate) fn of_rows(chunks: &[Arc<Chunk>]) -> Segment {
        let mut rows: Vec<&Row> = chunks.iter().flat_map(|c| &c.rows).map(|r| &**r).collect();
        if chunks.len() > 1 {
            // Stable: of equal times the one that came first stays first.
            rows.sort_by_key(|row| (row.ordinal, row.time));
        }
        let times = || rows.iter().map(|row| row.time);
        let span = times().min().unwrap_or(0)..=times().max().unwrap_or(0);
        let mut builder = SegmentBuilder::of(rows.len(), span);
        // By the property's code: codes are small, and there is one look for each value.
        let mut columns: Vec<ColumnBuilder> = Vec::new();
        for row in rows {
            let place = builder.push(row.ordinal, row.time, row.code, row.session);
            builder.arrivals.push(row.received, row.print.get());
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
        let slot = |(property, column): (u32, ColumnBuilder)| {
            (property, Slot::held(Arc::new(column.finish(rows)), None))
        };
        builder.columns.extend(filled.map(slot));
        builder.finish()
    }

    /// Adds the times of some rows.
    pub(super) fn copy_times(&self, rows: Range<usize>, out: &mut Vec<i64>) {
        out.extend(rows.map(|row| self.held.times.get(row)));
    }

    /// Rows at which the session changes, ascending, and the session from there on.
    pub(super) fn changes(&self) -> impl Iterator<Item = (u32, u64)> {
        self.sessions().changes()
    }

    /// The person of a row.
    pub(crate) fn owner(&self, row: u32) -> u32 {
        self.held.owners.owner(row)
    }
}
