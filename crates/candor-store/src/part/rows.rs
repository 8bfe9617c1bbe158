//! Who did what when: history files become rows in memory person by person, those of several parts
//! woven into one.

use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{BinaryViewArray, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field};

use super::history::{Decoder, STRINGS};
use super::opened::Opened;
use super::reader::numbers;
use super::{File, Kind, Part, Place, SealedPart, times_of, writer};
use crate::error::Error;
use crate::people_set::PeopleSet;
use crate::resident::origins::Origins;
use crate::resident::rows::{Rows, RowsPacker};
use crate::resident::sessions::SessionsBuilder;

/// Reads the rows of a part and their sessions. `events` are the names that there are.
pub(super) fn read(place: &Place<'_>, part: &Part, events: u32) -> Result<Rows, Error> {
    let rows = woven(place, part, events)?;
    Ok(rows.finish(Some(read_sessions(place, part)?), None))
}

/// Reads who did what when in a part, and no sessions: nobody may ask for them.
pub(super) fn read_times(place: &Place<'_>, part: &Part) -> Result<Rows, Error> {
    Ok(woven(place, part, u32::MAX)?.finish(None, None))
}

fn woven(place: &Place<'_>, part: &Part, events: u32) -> Result<RowsPacker, Error> {
    let mut woven = Woven::new(vec![History::open(place, part)?], &[part]);
    while woven.next()?.is_some() {}
    woven.packed(events)
}

/// Reads the rows of some parts, oldest first, by person, time and age of the part; and who is in
/// each.
pub(super) fn read_base(
    places: &[Place<'_>],
    parts: &[Arc<SealedPart>],
    events: u32,
) -> Result<(Rows, Vec<PeopleSet>), Error> {
    let parts: Vec<&Part> = parts.iter().map(|part| &***part).collect();
    let open = places.iter().zip(&parts).map(|(place, part)| History::open(place, part));
    let mut woven = Woven::new(open.collect::<Result<_, _>>()?, &parts);
    let (mut origins, mut people) = (Vec::new(), vec![PeopleSet::default(); parts.len()]);
    while let Some(ordinal) = woven.next()? {
        for (origin, rows) in woven.theirs() {
            people[origin].insert(ordinal);
            origins.push((origin, rows));
        }
    }
    let rows = woven.packed(events)?;
    let origins = Origins::of(origins.into_iter(), rows.rows() as usize, parts.len());
    Ok((rows.finish(None, Some(origins)), people))
}

/// Histories of parts that become rows.
struct Woven<'a> {
    sources: Vec<History<'a>>,
    rows: RowsPacker,
    /// Of the person whose turn it was: times and codes, those of each source together.
    times: Vec<i64>,
    codes: Vec<u16>,
    /// By piece: of which source, and how many.
    pieces: Vec<(usize, usize)>,
}

impl<'a> Woven<'a> {
    fn new(sources: Vec<History<'a>>, parts: &[&Part]) -> Woven<'a> {
        let rows = parts.iter().map(|part| part.events as usize).sum();
        let first = sources.iter().map(|source| *source.span.start()).min();
        let last = sources.iter().map(|source| *source.span.end()).max();
        let rows = RowsPacker::new(rows, first.unwrap_or(0)..=last.unwrap_or(0));
        let (times, codes, pieces) = Default::default();
        Woven { sources, rows, times, codes, pieces }
    }

    /// Takes the rows of the next person, if there is one.
    fn next(&mut self) -> Result<Option<u32>, Error> {
        let Some(ordinal) = self.sources.iter().filter_map(History::person).min() else {
            return Ok(None);
        };
        self.times.clear();
        self.codes.clear();
        self.pieces.clear();
        // Each piece ascends.
        let mut in_order = true;
        for (at, source) in self.sources.iter_mut().enumerate() {
            if source.person() == Some(ordinal) {
                let before = self.times.len();
                source.take(&mut self.times, &mut self.codes)?;
                in_order &= before == 0 || self.times[before - 1] <= self.times[before];
                self.pieces.push((at, self.times.len() - before));
            }
        }
        if !in_order {
            self.put_in_order();
        }
        self.rows.push(ordinal, &self.times, &self.codes);
        Ok(Some(ordinal))
    }

    /// Of the person whose turn it was: from which source so many rows are, in their order.
    fn theirs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.pieces.iter().copied()
    }

    /// By time, of equal ones the older source first.
    #[cold]
    fn put_in_order(&mut self) {
        let sources = self.pieces.iter().flat_map(|(at, rows)| std::iter::repeat_n(*at, *rows));
        let rows = self.times.iter().zip(&self.codes).zip(sources);
        let mut rows: Vec<(i64, u16, usize)> = rows.map(|((t, c), at)| (*t, *c, at)).collect();
        // Stable.
        rows.sort_by_key(|row| row.0);
        self.times = rows.iter().map(|row| row.0).collect();
        self.codes = rows.iter().map(|row| row.1).collect();
        let pieces = rows.chunk_by(|one, next| one.2 == next.2);
        self.pieces = pieces.map(|piece| (piece[0].2, piece.len())).collect();
    }

    /// All rows, of events that have one of so many names.
    fn packed(self, events: u32) -> Result<RowsPacker, Error> {
        for source in &self.sources {
            if source.rows as u64 != source.part.events {
                return Err(source.opened.damaged("as many events as the manifest says"));
            }
            if source.rows > 0 && u32::from(source.largest) >= events {
                return Err(source.opened.damaged("events that the manifest names"));
            }
        }
        Ok(self.rows)
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, Error>>>;

/// The history of a part, one person after the other.
struct History<'a> {
    part: &'a Part,
    opened: Opened,
    batches: Batches,
    /// People and their four byte strings.
    batch: Option<(Int32Array, [BinaryViewArray; 4])>,
    /// Whose turn it is, in the batch.
    at: usize,
    decoder: Decoder,
    /// In which all times lie.
    span: RangeInclusive<i64>,
    /// What was taken: how many rows, and the largest code.
    rows: usize,
    largest: u16,
}

impl<'a> History<'a> {
    fn open(place: &Place<'_>, part: &'a Part) -> Result<History<'a>, Error> {
        // As views, which lie where the file was unpacked to.
        let strings = STRINGS.map(|name| Field::new(name, DataType::BinaryView, false));
        let people = Field::new("person", DataType::Int32, false);
        let fields = std::iter::once(people).chain(strings).collect();
        let opened = Opened::whole_of(place, file_of(place, part, &Kind::History)?, fields)?;
        let wide = match opened.fact("candor.id_bytes") {
            Some("1") => false,
            Some("2") => true,
            _ => return Err(opened.damaged("the width of event ids")),
        };
        let time = |name: &str| opened.fact(name).and_then(|fact| fact.parse::<i64>().ok());
        let bucket = times_of(place.bucket);
        // Files of older versions do not tell.
        let first = time("candor.earliest").unwrap_or(*bucket.start());
        let last = time("candor.latest").unwrap_or(*bucket.end());
        let mut history = History {
            part,
            batches: Box::new(opened.people()?),
            batch: None,
            at: 0,
            decoder: Decoder::new(wide, writer::bucket_start(place.bucket)),
            span: first..=last,
            rows: 0,
            largest: 0,
            opened,
        };
        history.read()?;
        Ok(history)
    }

    /// Reads the next batch that has somebody, if there is one.
    fn read(&mut self) -> Result<(), Error> {
        self.at = 0;
        self.batch = None;
        for batch in &mut self.batches {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            let people = batch.column(0).as_primitive_opt::<Int32Type>();
            let people = people.ok_or_else(|| self.opened.damaged("people as numbers"))?;
            let strings = |at: usize| batch.columns().get(at)?.as_binary_view_opt().cloned();
            let strings = (1..5).map(strings).collect::<Option<Vec<BinaryViewArray>>>();
            let strings = strings.and_then(|four| four.try_into().ok());
            let strings = strings.ok_or_else(|| self.opened.damaged("four byte strings"))?;
            self.batch = Some((people.clone(), strings));
            break;
        }
        Ok(())
    }

    /// Whose turn it is.
    fn person(&self) -> Option<u32> {
        self.batch.as_ref().map(|(people, _)| people.value(self.at) as u32)
    }

    /// Takes the rows of whose turn it is, and goes on to the next person.
    fn take(&mut self, times: &mut Vec<i64>, codes: &mut Vec<u16>) -> Result<(), Error> {
        let Some((people, strings)) = &self.batch else { return Ok(()) };
        let (opened, decoder) = (&self.opened, &mut self.decoder);
        let damaged = |why: &str| opened.damaged(why);
        let [event, gap, jump, ms] = std::array::from_fn(|at| strings[at].value(self.at));
        let (ordinal, first) = (people.value(self.at), times.len());
        decoder.decode((event, gap, jump, ms), times, codes).map_err(damaged)?;
        let (times, codes) = (&times[first..], &codes[first..]);
        let ([earliest, ..], [.., latest]) = (times, times) else {
            return Err(damaged("people who did something"));
        };
        if !ascend(times) {
            return Err(damaged("times that ascend"));
        }
        if !self.span.contains(earliest) || !self.span.contains(latest) {
            return Err(damaged("times of the bucket"));
        }
        self.rows += times.len();
        self.largest = codes.iter().fold(self.largest, |largest, code| largest.max(*code));
        self.at += 1;
        if self.at < people.len() {
            return match people.value(self.at) as u32 > ordinal as u32 {
                true => Ok(()),
                false => Err(damaged("people who ascend")),
            };
        }
        self.read()?;
        match self.person().is_none_or(|next| next > ordinal as u32) {
            true => Ok(()),
            false => Err(self.opened.damaged("people who ascend")),
        }
    }
}

/// Whether some times of a bucket ascend: what lies between two of them has no sign then. A look at
/// all at once costs less than one at each.
fn ascend(times: &[i64]) -> bool {
    let between = times.iter().zip(&times[1.min(times.len())..]);
    between.fold(0, |all, (one, next)| all | next.wrapping_sub(*one)) >= 0
}

fn file_of<'a>(place: &Place<'_>, part: &'a Part, kind: &Kind) -> Result<&'a File, Error> {
    let found = part.files.iter().find(|file| file.kind == *kind);
    found.ok_or_else(|| Error::corrupt(place.folder, format!("a part without its {kind:?}")))
}

/// Reads in which session each row of a part is.
pub(super) fn read_sessions(place: &Place<'_>, part: &Part) -> Result<SessionsBuilder, Error> {
    let (mut sessions, mut row) = (SessionsBuilder::default(), 0);
    let file = file_of(place, part, &Kind::Arrivals)?;
    let opened = Opened::new(place, file)?;
    let column = opened.fields().iter().position(|field| field.name() == "session");
    for batch in opened.batches(column)? {
        for session in numbers(place, file, &batch?, "session")? {
            sessions.change(row, *session as u64);
            row += 1;
        }
    }
    match u64::from(row) == part.events {
        true => Ok(sessions),
        false => Err(opened.damaged("as many sessions as the manifest names events")),
    }
}
