//! The files behind a base: its properties are read from them when they are asked for, whichever
//! parts they lie in by then.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use candor_keys::PublisherKeys;

use super::reader::{Properties, read_times};
use super::{Part, Place};
use crate::error::Error;
use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::segment::{Rows, Segment};

/// The parts of a base.
pub(crate) struct BaseFiles {
    folder: PathBuf,
    keys: PublisherKeys,
    now: Mutex<Now>,
}

/// The parts, oldest first, and in which of them the rows of each origin are now.
#[derive(Clone, PartialEq)]
struct Now {
    parts: Vec<Part>,
    of_origin: Vec<Option<usize>>,
}

impl std::fmt::Debug for BaseFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BaseFiles").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where rows of a base lie.
pub(crate) struct Lies {
    /// In which parts, and where in there.
    pub(crate) parts: Vec<(Part, Range<usize>)>,
    /// By row: in which of these, one after the other; none: in none any more.
    pub(crate) places: Vec<Option<usize>>,
}

/// Parts may come and go while a column is read.
const TRIES: usize = 8;

impl BaseFiles {
    /// Those of a base whose rows have these parts' places as their origins.
    pub(crate) fn new(folder: PathBuf, keys: PublisherKeys, parts: Vec<Part>) -> BaseFiles {
        let of_origin = (0..parts.len()).map(Some).collect();
        BaseFiles { folder, keys, now: Mutex::new(Now { parts, of_origin }) }
    }

    /// In which part, by its place, the rows of each origin are.
    pub(crate) fn of_origin(&self) -> Vec<Option<usize>> {
        self.now().of_origin
    }

    /// How many parts there are.
    pub(crate) fn parts(&self) -> usize {
        self.now().parts.len()
    }

    fn now(&self) -> Now {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Some of the parts became one, which stands where the first of them stood, or none. The old
    /// files may go afterwards.
    pub(crate) fn replace(&self, gone: &dyn Fn(&Part) -> bool, new: Option<Part>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let stand = now.parts.iter().position(gone).unwrap_or(now.parts.len());
        let (mut parts, mut places) = (Vec::new(), Vec::new());
        let mut of_new = None;
        for (at, part) in std::mem::take(&mut now.parts).into_iter().enumerate() {
            if at == stand
                && let Some(new) = &new
            {
                of_new = Some(parts.len());
                parts.push(new.clone());
            }
            if gone(&part) {
                places.push(of_new);
            } else {
                places.push(Some(parts.len()));
                parts.push(part);
            }
        }
        let moved = |place: &Option<usize>| place.and_then(|place| places[place]);
        now.of_origin = now.of_origin.iter().map(moved).collect();
        now.parts = parts;
    }

    /// Where some rows of a person in the base of these rows lie.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn lies(
        &self,
        rows: &Rows,
        ordinal: u32,
        some: Range<usize>,
    ) -> Result<Lies, Error> {
        let now = self.now();
        let part_of = |row: usize| now.of_origin.get(rows.origin(row)).copied().flatten();
        let (before, all) = rows.by_origin(some.start);
        let (mut starts, mut sizes) = (vec![0; now.parts.len()], vec![0; now.parts.len()]);
        for (origin, part) in now.of_origin.iter().enumerate() {
            if let Some(part) = part {
                starts[*part] += before.get(origin).map_or(0, |rows| *rows as usize);
                sizes[*part] += all.get(origin).map_or(0, |rows| *rows as usize);
            }
        }
        let mut lies = Lies { parts: Vec::new(), places: Vec::new() };
        let mut place_of: Vec<Option<usize>> = vec![None; now.parts.len()];
        for row in some.clone() {
            let Some(part) = part_of(row) else {
                lies.places.push(None);
                continue;
            };
            let place = match place_of[part] {
                Some(place) => place,
                None => {
                    if sizes[part] as u64 != now.parts[part].events {
                        // Somebody who was erased is in memory still, or in the file.
                        let people = read_times(&self.place(&now.parts[part]), &now.parts[part])?;
                        let earlier = rows.of(ordinal).start..some.start;
                        let earlier = earlier.filter(|row| part_of(*row) == Some(part)).count();
                        starts[part] = people.of(ordinal).start + earlier;
                    }
                    lies.parts.push((now.parts[part].clone(), starts[part]..starts[part]));
                    lies.parts.len() - 1
                }
            };
            place_of[part] = Some(place);
            lies.parts[place].1.end += 1;
            lies.places.push(Some(place));
        }
        Ok(lies)
    }

    /// A property of the base of these rows.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn column(&self, name: &str, rows: &Rows) -> Result<Column, Error> {
        let mut tries = 1;
        loop {
            let now = self.now();
            match self.read(name, rows, &now) {
                // The files went because others took their place.
                Err(_) if tries < TRIES && self.now() != now => tries += 1,
                read => return read,
            }
        }
    }

    fn read(&self, name: &str, rows: &Rows, now: &Now) -> Result<Column, Error> {
        let mut properties = Properties::default();
        let places: Vec<Place<'_>> = now.parts.iter().map(|part| self.place(part)).collect();
        for (source, (place, part)) in places.iter().zip(&now.parts).enumerate() {
            properties.open_all(place, part, source)?;
        }
        let sizes: Vec<usize> = now.parts.iter().map(|part| part.events as usize).collect();
        let columns = properties.columns(name, &sizes)?;
        let mut here = vec![0; now.parts.len()];
        let part_of = |row: usize| now.of_origin.get(rows.origin(row)).copied().flatten();
        (0..rows.len()).filter_map(part_of).for_each(|part| here[part] += 1);
        // Somebody who was erased may be in memory still and no more in files, or the other way.
        let mut people: Vec<Option<Segment>> = Vec::new();
        for (at, part) in now.parts.iter().enumerate() {
            let differs = here[at] != sizes[at];
            people.push(differs.then(|| read_times(&places[at], part)).transpose()?);
        }
        let codes = columns.iter().zip(&sizes);
        let codes = codes.map(|(column, rows)| column.as_ref().map(|c| c.codes(0..*rows)));
        let codes: Vec<Option<Vec<u32>>> = codes.collect();
        let mut known: Vec<Vec<u32>> = columns
            .iter()
            .map(|column| vec![0; column.as_ref().map_or(0, |column| column.values().len())])
            .collect();
        let (mut next, mut joined) = (vec![0; now.parts.len()], ColumnBuilder::default());
        for (ordinal, of_person) in rows.people() {
            let mut ends: Vec<usize> = sizes.clone();
            for (at, people) in people.iter().enumerate() {
                let Some(people) = people else { continue };
                (next[at], ends[at]) = (people.of(ordinal).start, people.of(ordinal).end);
            }
            for row in of_person {
                let Some(part) = part_of(row) else { continue };
                let place = next[part];
                next[part] += 1;
                if place >= ends[part] {
                    continue;
                }
                let (Some(column), Some(codes)) = (&columns[part], &codes[part]) else { continue };
                let Some(code) = codes[place].checked_sub(1).map(|code| code as usize) else {
                    continue;
                };
                if known[part][code] == 0 {
                    known[part][code] = joined.code_of(column.values().get(code));
                }
                joined.push_code(row as u32, known[part][code]);
            }
        }
        Ok(joined.finish(rows.len()))
    }

    fn place(&self, part: &Part) -> Place<'_> {
        let Part { volume, bucket, generation, .. } = *part;
        Place { folder: &self.folder, keys: &self.keys, volume, bucket, generation }
    }
}

/// The files of a base, once it has some.
pub(crate) type Files = Option<Arc<BaseFiles>>;
