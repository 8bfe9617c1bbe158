//! What lies beside the base of a volume and a question looks at, in the order of the people whose
//! it is: found once for a pass, so that nobody's events are looked for place by place.

use std::ops::Range;
use std::sync::Arc;

use crate::fold::Having;
use crate::people_set::PeopleSet;
use crate::resident::codes::Found;
use crate::resident::listed::NOBODY;
use crate::resident::plain::Plain;
use crate::resident::segment::Segment;
use crate::resident::select::Selected;
use crate::resident::tail::Chunk;
use crate::view::{Source, VolumeView};

/// Rows beside the base, found source by source, oldest first.
#[derive(Debug)]
pub(crate) struct Beside {
    sources: Vec<Rows>,
    people: PeopleSet,
    /// Whose rows come next in any of them; nobody's at the end.
    next_owner: u32,
}

/// Those of a source, and of whom those asked for next come: who asks goes through the people in
/// their order.
#[derive(Debug)]
struct Rows {
    /// As the volume numbers the first of the source.
    first: u32,
    /// They are of people who were folded into others.
    lent: bool,
    all: Arc<Plain>,
    /// Which of all; none: every one.
    some: Option<Vec<u32>>,
    /// The next, among some, and whose it is; nobody's at the end.
    next: usize,
    next_owner: u32,
}

/// A person's rows of a source, by time.
pub(crate) struct Piece<'a> {
    first: u32,
    /// They were lent by somebody who was folded into this person.
    pub(crate) lent: bool,
    all: &'a Plain,
    places: Places<'a>,
}

enum Places<'a> {
    All(Range<usize>),
    Some(&'a [u32]),
}

impl Piece<'_> {
    /// Adds what each row is, as the volume numbers it.
    pub(crate) fn copy_rows(&self, out: &mut Vec<u32>) {
        match &self.places {
            Places::All(range) => out.extend(range.clone().map(|at| self.first + at as u32)),
            Places::Some(some) => out.extend(some.iter().map(|at| self.first + at)),
        }
    }

    /// Adds when each happened.
    pub(crate) fn copy_times(&self, out: &mut Vec<i64>) {
        self.copy(self.all.times(), out);
    }

    /// Adds what each is.
    pub(crate) fn copy_codes(&self, out: &mut Vec<u16>) {
        self.copy(self.all.codes(), out);
    }

    fn copy<T: Copy>(&self, all: &[T], out: &mut Vec<T>) {
        match &self.places {
            Places::All(range) => out.extend_from_slice(&all[range.clone()]),
            Places::Some(some) => out.extend(some.iter().map(|at| all[*at as usize])),
        }
    }
}

impl Rows {
    fn len(&self) -> usize {
        self.some.as_ref().map_or(self.all.owners().len(), Vec::len)
    }

    /// Whose the row at a place among some is.
    #[inline]
    fn owner(&self, at: usize) -> Option<u32> {
        let at = match &self.some {
            None => at,
            Some(some) => *some.get(at)? as usize,
        };
        self.all.owners().get(at).copied()
    }

    fn go_on(&mut self) {
        self.next += 1;
        self.next_owner = self.owner(self.next).unwrap_or(NOBODY);
    }

    /// Most sources have nothing of a person: that is told by a look.
    #[inline]
    fn next_of(&mut self, ordinal: u32) -> Option<Piece<'_>> {
        if self.next_owner > ordinal {
            return None;
        }
        while self.next_owner < ordinal {
            self.go_on();
        }
        let start = self.next;
        while self.next_owner == ordinal {
            self.go_on();
        }
        let theirs = start..self.next;
        if theirs.is_empty() {
            return None;
        }
        let places = match &self.some {
            None => Places::All(theirs),
            Some(some) => Places::Some(&some[theirs]),
        };
        Some(Piece { first: self.first, lent: self.lent, all: &self.all, places })
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
        let (sources, people) = (Vec::new(), PeopleSet::default());
        let mut beside = Beside { sources, people, next_owner: NOBODY };
        for (first, source) in &volume.beside {
            let (lent, all, some) = match source {
                Source::Segment(segment) => {
                    (false, segment.plain(), of_segment(segment, codes, having))
                }
                Source::Chunk(chunk) => {
                    (chunk.is_lent(), chunk.plain(), of_chunk(chunk, codes, having))
                }
            };
            let all = all.clone();
            let mut rows = Rows { first: *first, lent, all, some, next: 0, next_owner: NOBODY };
            if let Some(owner) = rows.owner(0) {
                rows.next_owner = owner;
                beside.next_owner = beside.next_owner.min(owner);
                beside.sources.push(rows);
            }
        }
        if codes.is_none() && having.is_none() {
            beside.people = volume.has_beside().clone();
            return beside;
        }
        for rows in &beside.sources {
            (0..rows.len()).filter_map(|at| rows.owner(at)).for_each(|o| beside.people.insert(o));
        }
        beside
    }

    /// Who has some.
    pub(crate) fn people(&self) -> &PeopleSet {
        &self.people
    }

    /// Who comes next of those who have some; [`NOBODY`] at the end.
    pub(crate) fn peek(&self) -> u32 {
        self.next_owner
    }

    /// Those of a person, who comes after whom was asked for before: as they came, by time within
    /// a source.
    pub(crate) fn next_of(&mut self, ordinal: u32, mut see: impl FnMut(Piece<'_>)) {
        self.next_owner = NOBODY;
        for rows in &mut self.sources {
            rows.next_of(ordinal).into_iter().for_each(&mut see);
            self.next_owner = self.next_owner.min(rows.next_owner);
        }
    }
}

fn of_segment(
    segment: &Segment,
    codes: Option<&[u16]>,
    having: Option<Having<'_>>,
) -> Option<Vec<u32>> {
    if let Some(rows) = having.and_then(|having| segment.having(having)) {
        return Some(segment.narrow(codes, &rows).rows().to_vec());
    }
    Some(match segment.picker(codes?) {
        Some(Found::Searched(picker)) => {
            let mut found = Selected::default();
            segment.pick(&picker, 0..segment.rows(), &mut found);
            found.rows().to_vec()
        }
        Some(Found::Listed(listed)) => {
            let mut found = Selected::default();
            listed.copy(0..segment.rows(), &mut found);
            found.rows().to_vec()
        }
        None => Vec::new(),
    })
}

fn of_chunk(chunk: &Chunk, codes: Option<&[u16]>, having: Option<Having<'_>>) -> Option<Vec<u32>> {
    let all = chunk.plain().codes();
    let asked = |code: u16| codes.is_none_or(|codes| codes.contains(&code));
    if let Some(having) = having {
        let mut some = chunk.having(having);
        some.retain(|at| asked(all[*at as usize]));
        return Some(some);
    }
    codes?;
    Some((0..).zip(all).filter(|(_, code)| asked(**code)).map(|(at, _)| at).collect())
}
