//! One logical volume as it changes: people, segments, tail.

use std::ops::Range;
use std::sync::{Arc, PoisonError};

use candor_event::PersonId;

use crate::error::Error;
use crate::part::{ArrivalReader, Arrived, Print, SealedPart, bucket_of};
use crate::people_set::PeopleSet;
use crate::resident::arrivals::Arrivals;
use crate::resident::join::Join;
use crate::resident::names::Names;
use crate::resident::order::ALWAYS;
use crate::resident::people::People;
use crate::resident::segment::Segment;
use crate::resident::tail::{Row, Tail};
use crate::view::{Source, VolumeView};

/// A part in files, and where its rows are in memory.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) part: Arc<SealedPart>,
    /// Who has rows in it.
    pub(crate) people: PeopleSet,
    /// Its rows; none: they are among those of the base.
    pub(crate) segment: Option<Arc<Segment>>,
}

#[derive(Debug, Default)]
pub(crate) struct Volume {
    pub(crate) people: Arc<People>,
    /// The rows of all saved parts that have no segment of their own.
    pub(crate) base: Arc<Segment>,
    /// What is in files, in the order of the manifest.
    pub(crate) saved: Vec<Saved>,
    /// Segments that the log still holds, oldest first.
    pub(crate) unsaved: Vec<Arc<Segment>>,
    /// How many of the first unsaved segments are being written and must stay as they are.
    pub(crate) flushing: usize,
    pub(crate) tail: Tail,
    /// Rows of other people who were folded into people of this volume.
    pub(crate) guests: Tail,
    /// People whose traits are not yet in files.
    pub(crate) changed: std::collections::BTreeSet<u32>,
    /// People up to here are in files.
    pub(crate) saved_people: u32,
    /// By ordinal: no event of the person, guests included, is later.
    latest: Vec<i64>,
}

impl Volume {
    pub(crate) fn unsaved_rows(&self) -> usize {
        self.tail.rows + self.unsaved.iter().map(|segment| segment.rows()).sum::<usize>()
    }

    /// Rows of its own people that are not of the base.
    pub(crate) fn beside_rows(&self) -> usize {
        let own = self.saved.iter().filter_map(|saved| saved.segment.as_ref());
        self.unsaved_rows() + own.map(|segment| segment.rows()).sum::<usize>()
    }

    /// Whether an event is later than all that is here of its person; it counts as here from now
    /// on.
    pub(crate) fn comes_last(&mut self, ordinal: u32, time: i64) -> bool {
        let at = ordinal as usize;
        if self.latest.len() <= at {
            self.latest.resize(at + 1, i64::MIN);
        }
        let last = time > self.latest[at];
        self.latest[at] = self.latest[at].max(time);
        last
    }

    /// The rows of the parts, as they were read from their files.
    pub(crate) fn take_in(&mut self, base: Segment) {
        self.latest = vec![i64::MIN; base.people() as usize];
        for (ordinal, latest) in (0..).zip(&mut self.latest) {
            if let Some(last) = base.of(ordinal).last() {
                *latest = base.time(last);
            }
        }
        self.base = Arc::new(base);
    }

    /// All segments; the rows of the tail are in none.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &Arc<Segment>> {
        self.saved_segments().chain(&self.unsaved)
    }

    /// Every segment that holds rows of files.
    fn saved_segments(&self) -> impl Iterator<Item = &Arc<Segment>> {
        let own = self.saved.iter().filter_map(|saved| saved.segment.as_ref());
        std::iter::once(&self.base).chain(own)
    }

    /// The parts that may hold rows of the person and time of a row.
    fn parts_near<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = &'a Saved> + Clone {
        let bucket = bucket_of(row.time);
        let near =
            move |saved: &&Saved| saved.part.bucket == bucket && saved.people.has(row.ordinal);
        self.saved.iter().filter(near)
    }

    /// Whether this very event, which has its print, is already here; properties are among these
    /// names.
    pub(crate) fn has(
        &self,
        row: &Row,
        arrivals: &mut ArrivalReader<'_>,
        names: &Names,
    ) -> Result<bool, Error> {
        let print = row.print.get();
        for chunk in self.tail.chunks.iter().chain(&self.guests.chunks) {
            let theirs = &chunk.rows[chunk.of(row.ordinal)];
            let first = theirs.partition_point(|other| other.time < row.time);
            let mut same = theirs[first..].iter().take_while(|other| other.time == row.time);
            let is_it = |other: &Arc<Row>| arrivals.print_of(other, names) == print;
            if same.any(|other| other.code == row.code && is_it(other)) {
                return Ok(true);
            }
        }
        for segment in &self.unsaved {
            for at in places(segment, row) {
                let held = held_arrivals(std::slice::from_ref(segment)).remove(0);
                let theirs = match held.print(at) {
                    Print::CONTENT => arrivals.content(segment, at, names)?,
                    theirs => theirs,
                };
                if theirs == print {
                    return Ok(true);
                }
            }
        }
        if !self.saved_segments().any(|segment| places(segment, row).next().is_some()) {
            return Ok(false);
        }
        if self.parts_near(row).all(|saved| saved.part.told.events == 0) {
            // What is in memory tells it all.
            for segment in self.saved_segments() {
                for at in places(segment, row) {
                    if arrivals.content(segment, at, names)? == print {
                        return Ok(true);
                    }
                }
            }
            return Ok(false);
        }
        self.has_in_parts(row, print, arrivals, names)
    }

    /// The same of the rows of parts, some of which hold prints.
    fn has_in_parts(
        &self,
        row: &Row,
        print: Print,
        arrivals: &mut ArrivalReader<'_>,
        names: &Names,
    ) -> Result<bool, Error> {
        let at_once = |segment: &Segment| same_time(segment, row);
        for (segment, at, (_, theirs)) in self.saved_rows(row.ordinal, &at_once, arrivals)? {
            if segment.code(at) != row.code {
                continue;
            }
            let theirs = match theirs {
                Print::CONTENT => arrivals.content(segment, at, names)?,
                theirs => theirs,
            };
            if theirs == print {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A person's rows of files, oldest segment first: where each is, when it arrived, and its
    /// print. `some` tells which of theirs in a segment are wanted.
    fn saved_rows(
        &self,
        ordinal: u32,
        some: &dyn Fn(&Segment) -> Range<usize>,
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<Vec<SavedRow<'_>>, Error> {
        let rows = some(&self.base);
        let of_base = arrivals.of_base(&self.base, ordinal, rows.clone())?;
        let of_base = rows.zip(of_base).map(|(at, arrived)| (&self.base, at, arrived));
        let mut found: Vec<SavedRow<'_>> = of_base.collect();
        for saved in &self.saved {
            let Some(segment) = &saved.segment else { continue };
            let rows = some(segment);
            let arrived = arrivals.of_part(&saved.part, rows.clone())?;
            found.extend(rows.zip(arrived).map(|(at, arrived)| (segment, at, arrived)));
        }
        Ok(found)
    }

    /// How many of a person's own rows of the time of a row came no later than it.
    pub(crate) fn own_before(
        &self,
        row: &Row,
        arrivals: &mut ArrivalReader<'_>,
    ) -> Result<u32, Error> {
        let mut before = 0;
        let mut count = |received: i64| before += u32::from(received <= row.received);
        let at_once = |segment: &Segment| same_time(segment, row);
        let saved = self.saved_rows(row.ordinal, &at_once, arrivals)?;
        saved.iter().for_each(|(.., (received, _))| count(*received));
        for segment in &self.unsaved {
            let held = held_arrivals(std::slice::from_ref(segment)).remove(0);
            same_time(segment, row).for_each(|at| count(held.received(at)));
        }
        for chunk in &self.tail.chunks {
            let theirs = chunk.rows[chunk.of(row.ordinal)].iter();
            theirs.filter(|own| own.time == row.time).for_each(|own| count(own.received));
        }
        Ok(before)
    }

    /// Makes the tail a segment when it has grown past `rows_max`.
    pub(crate) fn fold_tail(&mut self, rows_max: usize, alike_max: usize) {
        if self.tail.rows <= rows_max {
            return;
        }
        let chunks = std::mem::take(&mut self.tail).chunks;
        self.push_segment(Segment::of_rows(&chunks), alike_max);
    }

    /// Adds rows that are newer than those of all other segments. So many of about one size stay
    /// apart; with one more they are joined.
    pub(crate) fn push_segment(&mut self, segment: Segment, alike_max: usize) {
        let mut segment = Arc::new(segment);
        // As long as the newest are of about one size: a row is copied once for each time that
        // its segment grows so many times, and there are few segments.
        loop {
            let free = &self.unsaved[self.flushing..];
            let Some(first) = free.len().checked_sub(alike_max) else { break };
            // More than that were let gather before: all of them.
            let all = free.len() > alike_max.saturating_mul(4);
            let alike = &free[if all { 0 } else { first }..];
            if !all && alike.iter().any(|other| other.rows() > 2 * segment.rows()) {
                break;
            }
            let left = self.unsaved.len() - alike.len();
            let mut sources = alike.to_vec();
            sources.push(segment);
            let arrivals = held_arrivals(&sources);
            segment = Arc::new(Join::new(&sources, &|_| true, ALWAYS).all(Some(&arrivals)));
            self.unsaved.truncate(left);
        }
        self.unsaved.push(segment);
    }

    /// All rows of a person as rows of their own, guests included, oldest first.
    pub(crate) fn rows_of(
        &self,
        ordinal: u32,
        lent_by: PersonId,
        arrivals: &mut ArrivalReader<'_>,
        names: &Names,
    ) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        let all = |segment: &Segment| segment.of(ordinal);
        for (segment, at, arrived) in self.saved_rows(ordinal, &all, arrivals)? {
            rows.push(lent_row(segment, ordinal, at, arrived, arrivals, names)?);
        }
        for segment in &self.unsaved {
            let held = held_arrivals(std::slice::from_ref(segment)).remove(0);
            for at in segment.of(ordinal) {
                let arrived = (held.received(at), held.print(at));
                rows.push(lent_row(segment, ordinal, at, arrived, arrivals, names)?);
            }
        }
        rows.iter_mut().for_each(|row| row.lent_by = Some(lent_by));
        for chunk in self.tail.chunks.iter().chain(&self.guests.chunks) {
            for row in &chunk.rows[chunk.of(ordinal)] {
                let lent_by = Some(row.lent_by.unwrap_or(lent_by));
                rows.push(Row { lent_by, ..Row::clone(row) });
            }
        }
        Ok(rows)
    }

    /// What questions see: an immutable picture.
    pub(crate) fn view(
        &self,
        events: &Arc<crate::resident::names::Names>,
        properties: &Arc<crate::resident::names::Names>,
    ) -> VolumeView {
        let saved = self.saved.iter().filter_map(|saved| saved.segment.as_ref());
        let segments = saved.chain(&self.unsaved).map(|s| Source::Segment(s.clone()));
        // Lent rows lie behind all that are their person's own.
        let chunks = self.tail.chunks.iter().chain(&self.guests.chunks);
        let beside = segments.chain(chunks.map(|chunk| Source::Chunk(chunk.clone()))).collect();
        let (people, base) = (self.people.clone(), self.base.clone());
        VolumeView::new(people, events.clone(), properties.clone(), base, beside)
    }
}

/// A row of files: where it is in memory, and when it arrived.
type SavedRow<'a> = (&'a Arc<Segment>, usize, Arrived);

/// A row of a segment, to be lent; when it arrived, and its print.
fn lent_row(
    segment: &Arc<Segment>,
    ordinal: u32,
    at: usize,
    (received, print): Arrived,
    arrivals: &mut ArrivalReader<'_>,
    names: &Names,
) -> Result<Row, Error> {
    let print = match print {
        Print::CONTENT => arrivals.content(segment, at, names)?,
        print => print,
    };
    let mut properties = Vec::new();
    for property in segment.properties() {
        let column = segment.read_column(property)?;
        let value = column.and_then(|column| column.get(at as u32));
        properties.extend(value.map(|value| (property, value.to_value())));
    }
    Ok(Row {
        ordinal,
        time: segment.time(at),
        code: segment.code(at),
        session: segment.read_sessions()?.at(at),
        received,
        print: print.into(),
        lent_by: None,
        own_before: 0,
        properties,
    })
}

/// The arrivals of segments that no file holds.
pub(crate) fn held_arrivals(segments: &[Arc<Segment>]) -> Vec<Arc<Arrivals>> {
    let held = segments.iter().map(|segment| {
        let held = segment.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().expect("a segment without a part holds its arrivals")
    });
    held.collect()
}

/// Rows of the same person, time and name.
fn places<'a>(segment: &'a Segment, row: &'a Row) -> impl Iterator<Item = usize> + 'a {
    same_time(segment, row).filter(|at| segment.code(*at) == row.code)
}

/// Rows of the same person and time.
fn same_time(segment: &Segment, row: &Row) -> Range<usize> {
    let theirs = segment.of(row.ordinal);
    let first_from = |time: i64| {
        let (mut first, mut end) = (theirs.start, theirs.end);
        while first < end {
            let middle = first.midpoint(end);
            match segment.time(middle) < time {
                true => first = middle + 1,
                false => end = middle,
            }
        }
        first
    };
    first_from(row.time)..first_from(row.time.saturating_add(1))
}
