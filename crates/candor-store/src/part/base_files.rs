//! The files behind a base: its properties are read from them when they are asked for, whichever
//! parts they lie in by then.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use candor_keys::PublisherKeys;

use super::columns::TypesByName;
use super::reader::Properties;
use super::rows::{read_sessions, read_times};
use super::{Part, Place, SealedPart};
use crate::error::Error;
use crate::resident::column::{Column, ColumnJoin};
use crate::resident::rows::Rows;
use crate::resident::sessions::{Sessions, SessionsBuilder};

/// The parts of a base.
pub(crate) struct BaseFiles {
    folder: PathBuf,
    keys: PublisherKeys,
    now: Mutex<Now>,
}

/// The parts, oldest first, and in which of them the rows of each origin are now.
#[derive(Clone)]
struct Now {
    parts: Vec<Arc<SealedPart>>,
    of_origin: Vec<Option<usize>>,
}

impl Now {
    /// The part, by its place, in which a row is; none: in none any more.
    fn part_of(&self, rows: &Rows, row: usize) -> Option<usize> {
        self.of_origin.get(rows.origin(row)).copied().flatten()
    }

    /// Counts by origin as counts by part.
    fn by_part(&self, by_origin: &[u32]) -> Vec<usize> {
        let mut by_part = vec![0; self.parts.len()];
        for (part, rows) in self.of_origin.iter().zip(by_origin) {
            part.iter().for_each(|part| by_part[*part] += *rows as usize);
        }
        by_part
    }
}

impl std::fmt::Debug for BaseFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BaseFiles").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where rows of a base lie.
pub(crate) struct Lies {
    /// In which parts, and where in there.
    pub(crate) parts: Vec<(Arc<SealedPart>, Range<usize>)>,
    /// By row: in which of these, one after the other; none: in none any more.
    pub(crate) places: Vec<Option<usize>>,
}

impl BaseFiles {
    /// Those of a base whose rows have these parts' places as their origins.
    pub(crate) fn new(
        folder: PathBuf,
        keys: PublisherKeys,
        parts: Vec<Arc<SealedPart>>,
    ) -> BaseFiles {
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

    /// Some of the parts became one, which stands where the first of them stood, or none.
    pub(crate) fn replace(&self, gone: &dyn Fn(&Part) -> bool, new: Option<Arc<SealedPart>>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let stand = now.parts.iter().position(|part| gone(part)).unwrap_or(now.parts.len());
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
        let (before, all) = rows.by_origin(some.start);
        let (mut starts, sizes) = (now.by_part(&before), now.by_part(all));
        let mut lies = Lies { parts: Vec::new(), places: Vec::new() };
        let mut place_of: Vec<Option<usize>> = vec![None; now.parts.len()];
        for row in some.clone() {
            let Some(part) = now.part_of(rows, row) else {
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
                        let earlier = earlier.filter(|row| now.part_of(rows, *row) == Some(part));
                        starts[part] = people.of(ordinal).start + earlier.count();
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
        let now = self.now();
        let properties = self.open(&now)?;
        let sizes: Vec<usize> = now.parts.iter().map(|part| part.events as usize).collect();
        let columns = properties.columns(name, &sizes)?;
        let columns: Vec<Option<&Column>> = columns.iter().map(Option::as_ref).collect();
        let mut joined = ColumnJoin::new(&columns, &sizes);
        self.for_places(&now, rows, |row, part, place| joined.push(row, part, place))?;
        Ok(joined.finish(rows.len()))
    }

    /// In which session each of the rows of the base is; somebody who is in no file has none.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn sessions(&self, rows: &Rows) -> Result<Sessions, Error> {
        let now = self.now();
        let of_part = |part: &Arc<SealedPart>| read_sessions(&self.place(part), part);
        let of_parts = now.parts.iter().map(of_part).collect::<Result<Vec<_>, _>>()?;
        // The rows of each part come in their order.
        let mut changes: Vec<_> =
            of_parts.iter().map(|told| (0, told.changes().peekable())).collect();
        let (mut sessions, mut next) = (SessionsBuilder::default(), 0);
        self.for_places(&now, rows, |row, part, place| {
            if row > next {
                sessions.change(next as u32, 0);
            }
            next = row + 1;
            let (session, changes) = &mut changes[part];
            while let Some((_, new)) = changes.next_if(|(first, _)| *first as usize <= place) {
                *session = new;
            }
            sessions.change(row as u32, *session);
        })?;
        Ok(sessions.finish(rows.len()))
    }

    /// The types of the values of each property, as the files' schemas tell them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn types(&self) -> Result<TypesByName, Error> {
        Ok(self.open(&self.now())?.types())
    }

    fn open(&self, now: &Now) -> Result<Properties, Error> {
        let mut properties = Properties::default();
        for (source, part) in now.parts.iter().enumerate() {
            properties.open_all(&self.place(part), part, source)?;
        }
        Ok(properties)
    }

    /// Calls `see(row, part, place)` for each row of a base that is in a part, in their order: in
    /// which, and at which place there.
    fn for_places(
        &self,
        now: &Now,
        rows: &Rows,
        mut see: impl FnMut(usize, usize, usize),
    ) -> Result<(), Error> {
        let (mut next, mut ends) = (vec![0; now.parts.len()], vec![usize::MAX; now.parts.len()]);
        // Somebody who was erased may be in memory still and no more in files, or the other way.
        let mut differ: Vec<(usize, Rows)> = Vec::new();
        for (at, rows) in now.by_part(rows.by_origin(0).1).into_iter().enumerate() {
            let part = &now.parts[at];
            if rows as u64 != part.events {
                differ.push((at, read_times(&self.place(part), part)?));
            }
        }
        for (ordinal, of_person) in rows.people() {
            for (at, people) in &differ {
                (next[*at], ends[*at]) = (people.of(ordinal).start, people.of(ordinal).end);
            }
            for row in of_person {
                let Some(part) = now.part_of(rows, row) else { continue };
                if next[part] < ends[part] {
                    see(row, part, next[part]);
                }
                next[part] += 1;
            }
        }
        Ok(())
    }

    fn place(&self, part: &Part) -> Place<'_> {
        let Part { volume, bucket, generation, .. } = *part;
        Place { folder: &self.folder, keys: &self.keys, volume, bucket, generation, ahead: None }
    }
}

/// The files of a base, once it has some.
pub(crate) type Files = Option<Arc<BaseFiles>>;
