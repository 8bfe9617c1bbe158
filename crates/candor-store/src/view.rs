//! What a question sees: one publisher's data at one moment, cheap to hold.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use candor_event::{PersonId, Timestamp, Types, ValueRef};

use crate::people_set::PeopleSet;
use crate::resident::names::Names;
use crate::resident::people::People;
use crate::resident::segment::Segment;
use crate::resident::tail::{Chunk, Row};

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

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Segment(Arc<Segment>),
    Chunk(Arc<Chunk>),
}

/// Where a row lies.
enum Lies<'a> {
    /// At a row of a segment.
    Segment(&'a Segment, u32),
    Tail(&'a Row),
}

/// One logical volume at one moment. People are ordinals `0..people()`; rows are numbers that mean
/// something only together with this picture.
#[derive(Debug)]
pub struct VolumeView {
    pub(crate) people: Arc<People>,
    events: Arc<Names>,
    properties: Arc<Names>,
    /// Nearly all rows.
    pub(crate) base: Arc<Segment>,
    /// The other rows, oldest first; each source with the number of its first row.
    pub(crate) beside: Vec<(u32, Source)>,
    rows: u32,
    /// Who has rows beside the base; found when first asked.
    has_beside: OnceLock<PeopleSet>,
}

impl VolumeView {
    pub(crate) fn new(
        people: Arc<People>,
        events: Arc<Names>,
        properties: Arc<Names>,
        base: Arc<Segment>,
        beside: Vec<Source>,
    ) -> VolumeView {
        let mut rows = base.rows() as u32;
        let number = |source: Source| {
            let first = rows;
            rows += match &source {
                Source::Segment(segment) => segment.rows(),
                Source::Chunk(chunk) => chunk.rows.len(),
            } as u32;
            (first, source)
        };
        let beside = beside.into_iter().map(number).collect();
        let has_beside = OnceLock::new();
        VolumeView { people, events, properties, base, beside, rows, has_beside }
    }

    /// The same picture with properties of its own: those that it reads from files go with it. For
    /// who looks at everything once, and would fill memory with what nobody asks for.
    pub fn apart(&self) -> VolumeView {
        let properties: Vec<u32> = self.base.properties().collect();
        VolumeView {
            people: self.people.clone(),
            events: self.events.clone(),
            properties: self.properties.clone(),
            base: Arc::new(self.base.without(&properties)),
            beside: self.beside.clone(),
            rows: self.rows,
            has_beside: OnceLock::new(),
        }
    }

    /// Who has rows beside the base.
    pub(crate) fn has_beside(&self) -> &PeopleSet {
        self.has_beside.get_or_init(|| {
            let mut people = PeopleSet::default();
            for (_, source) in &self.beside {
                match source {
                    Source::Segment(segment) => people.extend(&segment.owners().who()),
                    Source::Chunk(chunk) => people.extend_ordered(chunk.plain().owners()),
                }
            }
            people
        })
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

    /// Calls `see(ordinal, time, code, row)` for the events at or after a moment of people who are
    /// visible, in no order. Costs a look at the times of those segments that reach so far.
    pub fn since(&self, moment: i64, mut see: impl FnMut(u32, i64, u16, u32)) {
        let base = (0, &self.base);
        for (first, segment) in std::iter::once(base).chain(self.segments_beside()) {
            if segment.latest() < moment {
                continue;
            }
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
        for (first, chunk) in self.tail() {
            for (at, row) in (first..).zip(&chunk.rows) {
                if row.time >= moment && self.visible(row.ordinal) {
                    see(row.ordinal, row.time, row.code, at);
                }
            }
        }
    }

    /// The segments beside the base, each with the number of its first row.
    fn segments_beside(&self) -> impl Iterator<Item = (u32, &Arc<Segment>)> {
        self.beside.iter().filter_map(|(first, source)| match source {
            Source::Segment(segment) => Some((*first, segment)),
            Source::Chunk(_) => None,
        })
    }

    /// The tail, each chunk with the number of its first row.
    fn tail(&self) -> impl Iterator<Item = (u32, &Arc<Chunk>)> {
        self.beside.iter().filter_map(|(first, source)| match source {
            Source::Segment(_) => None,
            Source::Chunk(chunk) => Some((*first, chunk)),
        })
    }

    /// The segment or the row of the tail that a row is, and its number in there.
    fn lies(&self, row: u32) -> Lies<'_> {
        if (row as usize) < self.base.rows() {
            return Lies::Segment(&self.base, row);
        }
        let place = self.beside.partition_point(|(first, _)| *first <= row) - 1;
        match &self.beside[place] {
            (first, Source::Segment(segment)) => Lies::Segment(segment, row - first),
            (first, Source::Chunk(chunk)) => Lies::Tail(&chunk.rows[(row - first) as usize]),
        }
    }

    /// A property of an event.
    pub fn property(&self, row: u32, property: u32) -> Option<ValueRef<'_>> {
        match self.lies(row) {
            Lies::Segment(segment, row) => segment.column(property)?.get(row),
            Lies::Tail(row) => row.value(property).map(ValueRef::from),
        }
    }

    /// All properties of an event, in no order.
    pub fn properties(&self, row: u32) -> Vec<(&Arc<str>, ValueRef<'_>)> {
        let coded = self.coded_properties(row).into_iter();
        coded.map(|(name, value)| (self.properties.name(name), value)).collect()
    }

    /// The same by the codes of their names, the places in [`VolumeView::property_names`].
    pub fn coded_properties(&self, row: u32) -> Vec<(u32, ValueRef<'_>)> {
        match self.lies(row) {
            Lies::Segment(segment, row) => {
                let cell = |name| Some((name, segment.column(name)?.get(row)?));
                segment.properties().filter_map(cell).collect()
            }
            Lies::Tail(row) => {
                row.properties.iter().map(|(name, value)| (*name, value.into())).collect()
            }
        }
    }

    /// How many values each property has, of events and of people together, by its code. Hidden
    /// people count too.
    pub fn filled(&self) -> Vec<u64> {
        let mut filled = vec![0; self.properties.list().len()];
        let beside = self.segments_beside().map(|(_, segment)| segment);
        for segment in std::iter::once(&self.base).chain(beside) {
            for name in segment.properties() {
                let column = segment.column(name);
                filled[name as usize] += column.map_or(0, |column| column.filled());
            }
        }
        let of_tail = self.tail().flat_map(|(_, chunk)| &chunk.rows);
        for (name, _) in of_tail.flat_map(|row| &row.properties) {
            filled[*name as usize] += 1;
        }
        for ordinal in 0..self.people() {
            for (name, _, value) in self.people.own_traits(ordinal).iter() {
                filled[*name as usize] += u64::from(value.is_some());
            }
        }
        filled
    }

    /// Of which types the values of each property of events are, by its code. Hidden people count
    /// too.
    pub fn types(&self) -> Vec<Types> {
        let mut types = vec![Types::default(); self.properties.list().len()];
        let beside = self.segments_beside().map(|(_, segment)| segment);
        for (name, of_segment) in std::iter::once(&self.base).chain(beside).flat_map(|s| s.types())
        {
            types[name as usize].add(of_segment);
        }
        let of_tail = self.tail().flat_map(|(_, chunk)| &chunk.rows);
        for (name, value) in of_tail.flat_map(|row| &row.properties) {
            types[*name as usize].add(Types::of(value.into()));
        }
        types
    }

    /// The same of people's traits. Costs a look at every trait of everyone.
    pub fn trait_types(&self) -> Vec<Types> {
        let mut types = vec![Types::default(); self.properties.list().len()];
        for ordinal in 0..self.people() {
            for (name, _, value) in self.people.own_traits(ordinal).iter() {
                if let Some(value) = value {
                    types[*name as usize].add(Types::of(value.into()));
                }
            }
        }
        types
    }

    /// The session that the SDK gave the event.
    pub fn session(&self, row: u32) -> Option<u64> {
        let session = match self.lies(row) {
            Lies::Segment(segment, row) => segment.session(row),
            Lies::Tail(row) => row.session,
        };
        (session != 0).then_some(session)
    }

    /// Calls `see` with the sessions of rows that follow each other, 0 for none, and how many rows
    /// each has.
    pub(crate) fn sessions_of(&self, rows: Range<u32>, mut see: impl FnMut(u64, usize)) {
        let mut row = rows.start;
        while row < rows.end {
            match self.lies(row) {
                Lies::Segment(segment, at) => {
                    let first = row - at;
                    row = rows.end.min(first + segment.rows() as u32);
                    let mut before = at as usize;
                    let rows = before..(row - first) as usize;
                    for (session, end) in segment.sessions().pieces(rows) {
                        see(session, end - before);
                        before = end;
                    }
                }
                Lies::Tail(held) => {
                    see(held.session, 1);
                    row += 1;
                }
            }
        }
    }

    /// A trait of a person, by its name's code.
    pub fn trait_value(&self, ordinal: u32, name: u32) -> Option<ValueRef<'_>> {
        self.people.trait_value(ordinal, name).map(ValueRef::from)
    }

    /// The same with when it was said.
    pub fn trait_said(&self, ordinal: u32, name: u32) -> Option<(Timestamp, ValueRef<'_>)> {
        let (_, at, value) = self.people.trait_of(ordinal, name)?;
        Some((*at, value.as_ref()?.into()))
    }

    /// All traits of a person.
    pub fn traits(&self, ordinal: u32) -> Vec<(&Arc<str>, ValueRef<'_>)> {
        let traits = self.people.all_traits(ordinal).into_iter();
        traits.map(|(name, value)| (self.properties.name(name), value.into())).collect()
    }
}
