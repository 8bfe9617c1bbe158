//! What a question sees: one publisher's data at one moment, cheap to hold.

use std::sync::Arc;

use candor_event::{PersonId, Timestamp, ValueRef};

use crate::resident::names::Names;
use crate::resident::people::People;
use crate::resident::segment::Segment;
use crate::resident::tail::Chunk;

/// One publisher's data at one moment. Holding it holds memory, not locks.
#[derive(Debug)]
pub struct View {
    /// The logical volumes, in order. Every person lies in exactly one.
    pub volumes: Vec<Arc<VolumeView>>,
    /// The arrival time up to which everything acknowledged is in here.
    pub as_of: Timestamp,
}

impl View {
    /// The volume and ordinal of a person; none who was never seen, is erased, or was folded into
    /// someone else.
    pub fn find(&self, person: PersonId) -> Option<(&Arc<VolumeView>, u32)> {
        let volume = &self.volumes[usize::from(person.volume(self.volumes.len() as u16))];
        let ordinal = volume.ordinal(person).filter(|ordinal| volume.visible(*ordinal))?;
        Some((volume, ordinal))
    }

    /// How many events all volumes hold, hidden ones included.
    pub fn events(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.events()).sum()
    }
}

#[derive(Debug)]
pub(crate) enum Source {
    Segment(Arc<Segment>),
    Chunk(Arc<Chunk>),
}

/// One logical volume at one moment. People are ordinals `0..people()`; rows are numbers that mean
/// something only together with this picture.
#[derive(Debug)]
pub struct VolumeView {
    people: Arc<People>,
    events: Arc<Names>,
    properties: Arc<Names>,
    /// Each source with the number of its first row.
    sources: Vec<(u32, Source)>,
    rows: u32,
}

/// Buffers that a fold reuses from person to person.
#[derive(Debug, Default)]
pub struct Scratch {
    times: Vec<i64>,
    codes: Vec<u16>,
    rows: Vec<u32>,
    order: Vec<(Rank, u32, u16)>,
    /// Of the rows behind the person's own: when it came, and how many own ones of its time before.
    lent: Vec<(i64, u32)>,
}

/// What a person's rows are ordered by: time, place among rows of that time, arrival.
type Rank = (i64, u32, i64);

/// A person's events, or those that a question looks at, ordered by (time, arrival).
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    times: &'a [i64],
    codes: &'a [u16],
    rows: &'a [u32],
}

impl Run<'_> {
    /// How many there are; the other questions take a place below this.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// When, in ms since 1970.
    #[inline]
    pub fn time(&self, at: usize) -> i64 {
        self.times[at]
    }

    /// What, as a place in [`VolumeView::event_names`].
    #[inline]
    pub fn code(&self, at: usize) -> u16 {
        self.codes[at]
    }

    /// Which row, for [`VolumeView::property`].
    #[inline]
    pub fn row(&self, at: usize) -> u32 {
        self.rows[at]
    }

    /// How many happened before a moment.
    pub fn before(&self, moment: i64) -> usize {
        self.times.partition_point(|time| *time < moment)
    }
}

impl VolumeView {
    pub(crate) fn new(
        people: Arc<People>,
        events: Arc<Names>,
        properties: Arc<Names>,
        sources: Vec<Source>,
    ) -> VolumeView {
        let mut rows = 0;
        let number = |source: Source| {
            let first = rows;
            rows += match &source {
                Source::Segment(segment) => segment.rows(),
                Source::Chunk(chunk) => chunk.0.len(),
            } as u32;
            (first, source)
        };
        let sources = sources.into_iter().map(number).collect();
        VolumeView { people, events, properties, sources, rows }
    }

    /// How many ordinals there are, hidden people included.
    pub fn people(&self) -> u32 {
        self.people.len()
    }

    /// Who an ordinal is.
    pub fn person_id(&self, ordinal: u32) -> PersonId {
        self.people.id(ordinal)
    }

    /// The ordinal of a person of this volume.
    pub fn ordinal(&self, person: PersonId) -> Option<u32> {
        self.people.ordinal(person)
    }

    /// False for people who are erased, or folded into another by a merge: no question counts them.
    pub fn visible(&self, ordinal: u32) -> bool {
        self.people.visible(ordinal)
    }

    /// The names of events; a code is a place here. The same in all volumes of a view.
    pub fn event_names(&self) -> &[Arc<str>] {
        self.events.list()
    }

    /// The code of an event's name.
    pub fn event_code(&self, name: &str) -> Option<u16> {
        self.events.code(name).map(|code| code as u16)
    }

    /// How many rows there are.
    pub fn events(&self) -> u64 {
        u64::from(self.rows)
    }

    /// The code of a property's or trait's name. The same in all volumes of a view.
    pub fn property_code(&self, name: &str) -> Option<u32> {
        self.properties.code(name)
    }

    /// The names of properties and traits.
    pub fn property_names(&self) -> &[Arc<str>] {
        self.properties.list()
    }

    /// A person's events, those of people folded into them included.
    pub fn run<'a>(&self, ordinal: u32, scratch: &'a mut Scratch) -> Run<'a> {
        self.run_of(ordinal, None, scratch)
    }

    /// The same of events with one of these codes alone.
    pub fn run_of<'a>(
        &self,
        ordinal: u32,
        codes: Option<&[u16]>,
        scratch: &'a mut Scratch,
    ) -> Run<'a> {
        scratch.times.clear();
        scratch.codes.clear();
        scratch.rows.clear();
        scratch.lent.clear();
        let mut sorted = true;
        for (first, source) in &self.sources {
            let before = scratch.times.len();
            match source {
                Source::Segment(segment) => {
                    let range = segment.of(ordinal);
                    scratch.rows.extend(range.clone().map(|row| first + row as u32));
                    scratch.times.extend(range.clone().map(|row| segment.time(row)));
                    scratch.codes.extend(range.map(|row| segment.code(row)));
                }
                Source::Chunk(chunk) => {
                    for at in chunk.of(ordinal) {
                        let row = &chunk.0[at];
                        scratch.rows.push(first + at as u32);
                        scratch.times.push(row.time);
                        scratch.codes.push(row.code);
                        if row.lent_by.is_some() {
                            scratch.lent.push((row.received, row.own_before));
                        }
                    }
                }
            }
            if before > 0 && before < scratch.times.len() {
                sorted &= scratch.times[before - 1] <= scratch.times[before];
            }
        }
        // Where rows are lent, those of equal time may still have to change places.
        if !sorted || !scratch.lent.is_empty() {
            scratch.sort();
        }
        if let Some(codes) = codes {
            scratch.retain(codes);
        }
        Run { times: &scratch.times, codes: &scratch.codes, rows: &scratch.rows }
    }

    /// Calls `see(ordinal, time, code, row)` for the events at or after a moment of people who are
    /// visible, in no order. Costs a look at the times of those segments that reach so far.
    pub fn since(&self, moment: i64, mut see: impl FnMut(u32, i64, u16, u32)) {
        for (first, source) in &self.sources {
            match source {
                Source::Segment(segment) if segment.latest() < moment => {}
                Source::Segment(segment) => {
                    for at in 0..segment.rows() {
                        let time = segment.time(at);
                        if time >= moment {
                            let ordinal = segment.owner(at as u32);
                            if self.visible(ordinal) {
                                see(ordinal, time, segment.code(at), first + at as u32);
                            }
                        }
                    }
                }
                Source::Chunk(chunk) => {
                    for (at, row) in chunk.0.iter().enumerate() {
                        if row.time >= moment && self.visible(row.ordinal) {
                            see(row.ordinal, row.time, row.code, first + at as u32);
                        }
                    }
                }
            }
        }
    }

    fn source(&self, row: u32) -> (&Source, u32) {
        let place = self.sources.partition_point(|(first, _)| *first <= row) - 1;
        let (first, source) = &self.sources[place];
        (source, row - first)
    }

    /// A property of an event.
    pub fn property(&self, row: u32, property: u32) -> Option<ValueRef<'_>> {
        match self.source(row) {
            (Source::Segment(segment), row) => segment.columns.get(&property)?.get(row),
            (Source::Chunk(chunk), row) => {
                let mut properties = chunk.0[row as usize].properties.iter();
                properties.find(|(name, _)| *name == property).map(|(_, value)| value.into())
            }
        }
    }

    /// All properties of an event, in no order.
    pub fn properties(&self, row: u32) -> Vec<(&Arc<str>, ValueRef<'_>)> {
        match self.source(row) {
            (Source::Segment(segment), row) => {
                let cells = segment.columns.iter();
                let cells = cells.filter_map(|(name, cells)| Some((name, cells.get(row)?)));
                cells.map(|(name, value)| (self.properties.name(*name), value)).collect()
            }
            (Source::Chunk(chunk), row) => {
                let properties = chunk.0[row as usize].properties.iter();
                properties
                    .map(|(name, value)| (self.properties.name(*name), value.into()))
                    .collect()
            }
        }
    }

    /// How many values each property has, of events and of people together, by its code. Hidden
    /// people count too.
    pub fn filled(&self) -> Vec<u64> {
        let mut filled = vec![0; self.properties.list().len()];
        for (_, source) in &self.sources {
            match source {
                Source::Segment(segment) => {
                    for (name, column) in &segment.columns {
                        filled[*name as usize] += column.filled();
                    }
                }
                Source::Chunk(chunk) => {
                    for (name, _) in chunk.0.iter().flat_map(|row| &row.properties) {
                        filled[*name as usize] += 1;
                    }
                }
            }
        }
        for ordinal in 0..self.people() {
            for (name, _, value) in self.people.own_traits(ordinal).iter() {
                filled[*name as usize] += u64::from(value.is_some());
            }
        }
        filled
    }

    /// The session that the SDK gave the event.
    pub fn session(&self, row: u32) -> Option<u64> {
        let session = match self.source(row) {
            (Source::Segment(segment), row) => segment.session(row),
            (Source::Chunk(chunk), row) => chunk.0[row as usize].session,
        };
        (session != 0).then_some(session)
    }

    /// A trait of a person, by its name's code.
    pub fn trait_value(&self, ordinal: u32, name: u32) -> Option<ValueRef<'_>> {
        self.people.trait_value(ordinal, name).map(ValueRef::from)
    }

    /// All traits of a person.
    pub fn traits(&self, ordinal: u32) -> Vec<(&Arc<str>, ValueRef<'_>)> {
        let traits = self.people.all_traits(ordinal).into_iter();
        traits.map(|(name, value)| (self.properties.name(name), value.into())).collect()
    }
}

impl Scratch {
    fn retain(&mut self, codes: &[u16]) {
        let mut kept = 0;
        for at in 0..self.codes.len() {
            if codes.contains(&self.codes[at]) {
                self.times[kept] = self.times[at];
                self.codes[kept] = self.codes[at];
                self.rows[kept] = self.rows[at];
                kept += 1;
            }
        }
        self.times.truncate(kept);
        self.codes.truncate(kept);
        self.rows.truncate(kept);
    }

    /// Sources lie one after the other, oldest first: a stable sort by time keeps arrival. Lent
    /// rows lie behind all of them and go between those that came before them and after.
    fn sort(&mut self) {
        self.order.clear();
        let own = self.times.len() - self.lent.len();
        let cells = self.times.iter().zip(&self.rows).zip(&self.codes);
        let cells = cells.map(|((time, row), code)| ((*time, 0, 0), *row, *code));
        self.order.extend(cells);
        self.order[..own].sort_by_key(|((time, ..), ..)| *time);
        if !self.lent.is_empty() {
            let mut of_time = 0;
            for at in 0..own {
                let same = at > 0 && self.order[at - 1].0.0 == self.order[at].0.0;
                of_time = if same { of_time + 1 } else { 0 };
                self.order[at].0.1 = 2 * of_time + 1;
            }
            for (cell, (received, own_before)) in self.order[own..].iter_mut().zip(&self.lent) {
                (cell.0.1, cell.0.2) = (2 * own_before, *received);
            }
            self.order.sort_by_key(|(rank, ..)| *rank);
        }
        for (place, ((time, ..), row, code)) in self.order.iter().enumerate() {
            self.times[place] = *time;
            self.rows[place] = *row;
            self.codes[place] = *code;
        }
    }
}
