//! What lies beside the base of a volume and a question looks at, in the order of the people whose
//! it is: found once for a pass, so that nobody's events are looked for place by place.

use std::sync::Arc;

use candor_event::Value;

use crate::fold::Having;
use crate::people_set::PeopleSet;
use crate::resident::codes::Found;
use crate::resident::segment::Segment;
use crate::resident::select::Selected;
use crate::resident::tail::{Chunk, Row};
use crate::view::{Source, VolumeView};

/// A row beside the base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) ordinal: u32,
    /// As the volume numbers it.
    pub(crate) row: u32,
    pub(crate) time: i64,
    pub(crate) code: u16,
    /// It is of somebody who was folded into this person.
    pub(crate) lent: bool,
}

/// Rows beside the base, found source by source, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    sources: Vec<Entries>,
    people: PeopleSet,
    /// A person's of several sources.
    several: Vec<Entry>,
}

/// Those of a source by person and time, and of whom those asked for next come: who asks goes
/// through the people in their order.
#[derive(Debug, Default)]
struct Entries {
    all: Vec<Entry>,
    next: usize,
}

impl Entries {
    fn next_of(&mut self, ordinal: u32) -> &[Entry] {
        let rest = &self.all[self.next..];
        let before = rest.iter().take_while(|entry| entry.ordinal < ordinal).count();
        let theirs = rest[before..].iter().take_while(|entry| entry.ordinal == ordinal).count();
        let first = self.next + before;
        self.next = first + theirs;
        &self.all[first..self.next]
    }
}

impl Beside {
    /// Those of some codes, and of these those that may have some values; where nothing is asked,
    /// all.
    pub(crate) fn of(
        volume: &VolumeView,
        codes: Option<&[u16]>,
        having: Option<Having<'_>>,
    ) -> Beside {
        let mut beside = Beside::default();
        for (first, source) in &volume.beside {
            let all = match source {
                Source::Segment(segment) => of_segment(*first, segment, codes, having),
                Source::Chunk(chunk) => of_chunk(*first, chunk, codes, having),
            };
            all.iter().for_each(|entry| beside.people.insert(entry.ordinal));
            if !all.is_empty() {
                beside.sources.push(Entries { all, next: 0 });
            }
        }
        beside
    }

    /// Who has some.
    pub(crate) fn people(&self) -> &PeopleSet {
        &self.people
    }

    /// Who comes next of those who have some.
    pub(crate) fn peek(&self) -> Option<u32> {
        let next = |source: &Entries| source.all.get(source.next).map(|entry| entry.ordinal);
        self.sources.iter().filter_map(next).min()
    }

    /// Those of a person, who comes after whom was asked for before: as they came, by time within
    /// a source.
    pub(crate) fn next_of(&mut self, ordinal: u32) -> &[Entry] {
        let Beside { sources, several, .. } = self;
        several.clear();
        let mut last: &[Entry] = &[];
        for source in sources {
            let theirs = source.next_of(ordinal);
            match (theirs.is_empty(), last.is_empty()) {
                (true, _) => continue,
                (false, true) => {}
                (false, false) => several.extend_from_slice(last),
            }
            last = theirs;
        }
        if several.is_empty() {
            return last;
        }
        several.extend_from_slice(last);
        several
    }
}

fn of_segment(
    first: u32,
    segment: &Segment,
    codes: Option<&[u16]>,
    having: Option<Having<'_>>,
) -> Vec<Entry> {
    let entry = |ordinal: u32, row: usize| {
        let (time, code) = (segment.time(row), segment.code(row));
        Entry { ordinal, row: first + row as u32, time, code, lent: false }
    };
    let mut found = Selected::default();
    match (having.and_then(|having| segment.having(having)), codes) {
        (Some(rows), codes) => {
            let listed = segment.narrow(codes, &rows);
            found.copy(listed.rows(), listed.kinds());
        }
        (None, None) => {
            let people = segment.owners().people();
            return people.flat_map(|(of, rows)| rows.map(move |row| entry(of, row))).collect();
        }
        (None, Some(codes)) => match segment.picker(codes) {
            Some(Found::Searched(picker)) => {
                segment.pick(&picker, 0..segment.rows(), &mut found);
            }
            Some(Found::Listed(listed)) => found.copy(listed.rows(), listed.kinds()),
            None => {}
        },
    }
    let owners = segment.owners().of_rows(found.rows());
    found.rows().iter().zip(owners).map(|(row, of)| entry(of, *row as usize)).collect()
}

fn of_chunk(
    first: u32,
    chunk: &Chunk,
    codes: Option<&[u16]>,
    having: Option<Having<'_>>,
) -> Vec<Entry> {
    let asked = |row: &Row| codes.is_none_or(|codes| codes.contains(&row.code));
    let has = |row: &Row| having.is_none_or(|having| may_have(row, having));
    let rows = chunk.rows.iter().zip(first..).filter(|(row, _)| asked(row) && has(row));
    let entry = |(row, number): (&Arc<Row>, u32)| Entry {
        ordinal: row.ordinal,
        row: number,
        time: row.time,
        code: row.code,
        lent: row.lent_by.is_some(),
    };
    rows.map(entry).collect()
}

/// Whether a row has one of some values, or something of which who asks knows more: texts are
/// equal to texts alone.
fn may_have(row: &Row, Having { property, any }: Having<'_>) -> bool {
    row.properties.iter().filter(|(name, _)| *name == property).any(|(_, value)| match value {
        Value::Text(text) => any.iter().any(|other| other.as_text() == Some(&**text)),
        _ => true,
    })
}
