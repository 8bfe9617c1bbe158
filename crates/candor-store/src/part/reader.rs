//! Reading the files of a part straight into resident form.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch};
use candor_event::{PersonId, Timestamp, Types, Value};

use super::arrivals::BLOCK_ROWS;
use super::columns::TypesByName;
use super::opened::Opened;
use super::{BaseFiles, File, Kind, Part, Place, Print, SealedPart, columns, rows};
use crate::error::Error;
use crate::people_set::PeopleSet;
use crate::resident::arrivals::Arrivals;
use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::people::Trait;
use crate::resident::segment::Segment;
use crate::resident::slot::Slot;

/// Reads a part as a segment with everything in memory.
pub(crate) fn read_segment(
    place: Place<'_>,
    part: &Part,
    events: u32,
    intern: &mut dyn FnMut(&str) -> u32,
) -> Result<Segment, Error> {
    let rows = rows::read(&place, part, events)?;
    let mut properties = Properties::default();
    properties.open_all(&place, part, 0)?;
    let (sizes, mut columns) = ([rows.len()], HashMap::new());
    for name in properties.names() {
        // One property at a time is unpacked.
        let column = properties.columns(name, &sizes)?.pop().flatten();
        let slot = |column| (intern(name), Slot::held(Arc::new(column), None));
        columns.extend(column.map(slot));
    }
    Ok(Segment::new(rows, columns, None, None))
}

/// Reads some parts of a volume, oldest first, as its base, whose properties and sessions stay in
/// the files; and who is in each part. `properties` are the codes of all that the parts hold.
pub(crate) fn read_base(
    places: &[Place<'_>],
    files: &Arc<BaseFiles>,
    parts: &[Arc<SealedPart>],
    events: u32,
    properties: impl Iterator<Item = (u32, Arc<str>)>,
) -> Result<(Segment, Vec<PeopleSet>), Error> {
    let (rows, people) = rows::read_base(places, parts, events)?;
    let slot = |(code, name)| (code, Slot::unread(Some((name, files.clone()))));
    let columns = properties.map(slot).collect();
    Ok((Segment::new(rows, columns, Some(files.clone()), None), people))
}

/// The names of the properties that a part holds, as its files tell them.
pub(crate) fn read_names(place: &Place<'_>, part: &Part) -> Result<Vec<String>, Error> {
    let mut properties = Properties::default();
    properties.open_all(place, part, 0)?;
    Ok(properties.by_name.into_keys().collect())
}

/// Reads when some events of a part arrived; from the first of a block on.
pub(crate) fn read_arrivals(
    place: &Place<'_>,
    part: &Part,
    rows: Range<usize>,
) -> Result<Arrivals, Error> {
    debug_assert!(rows.start.is_multiple_of(BLOCK_ROWS), "differences begin with a block");
    let mut arrivals = Arrivals::default();
    for file in part.files.iter().filter(|file| file.kind == Kind::Arrivals) {
        let (mut received, mut read) = (0i64, 0);
        for batch in Opened::new(place, file)?.batches_of(rows.clone())? {
            let batch = batch?;
            numbers(place, file, &batch, "fingerprint")?;
            let prints = batch
                .column_by_name("fingerprint")
                .map(|prints| prints.as_primitive::<Int64Type>().iter().map(Print::of_file));
            let more = numbers(place, file, &batch, "received")?;
            for (more, print) in more.iter().zip(prints.into_iter().flatten()) {
                if read % BLOCK_ROWS == 0 {
                    received = 0;
                }
                received = received.wrapping_add(*more);
                arrivals.push(received, print);
                read += 1;
            }
        }
    }
    match arrivals.len() == rows.len() {
        true => Ok(arrivals),
        false => Err(Error::corrupt(&place.path(&part.files[0].name), "an arrival for each event")),
    }
}

/// The properties of one class in one part.
struct PropertyFile {
    source: usize,
    rows: Opened,
    /// Where some are texts that rows name by their numbers.
    texts: Option<Opened>,
}

/// The property files of some parts.
#[derive(Default)]
pub(super) struct Properties {
    files: Vec<PropertyFile>,
    /// Where the columns of a property are: the file, the place in it, the type.
    by_name: BTreeMap<String, Vec<(usize, usize, char)>>,
}

impl Properties {
    /// The names of all that they hold.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The types of the values of each.
    pub(super) fn types(&self) -> TypesByName {
        let types_of = |places: &[(usize, usize, char)]| {
            let mut all = Types::default();
            for (.., kind) in places {
                all.add(columns::types_of(*kind)?);
            }
            Some(all)
        };
        self.by_name.iter().map(|(name, places)| (name.clone(), types_of(places))).collect()
    }

    /// Opens those of the next part.
    pub(super) fn open_all(
        &mut self,
        place: &Place<'_>,
        part: &Part,
        source: usize,
    ) -> Result<(), Error> {
        for file in part.files.iter().filter(|file| file.kind == Kind::Properties) {
            let of_class = |other: &&File| other.kind == Kind::Values && other.class == file.class;
            self.open(place, file, part.files.iter().find(of_class), source)?;
        }
        Ok(())
    }

    fn open(
        &mut self,
        place: &Place<'_>,
        file: &File,
        texts: Option<&File>,
        source: usize,
    ) -> Result<(), Error> {
        let rows = Opened::new(place, file)?;
        let texts = texts.map(|file| Opened::new(place, file)).transpose()?;
        for (at, field) in rows.fields().iter().enumerate() {
            let named = columns::name_of(field.name());
            let (name, kind) = named.ok_or_else(|| rows.damaged("columns of name and type"))?;
            let places = self.by_name.entry(name.to_owned()).or_default();
            places.push((self.files.len(), at, kind));
        }
        self.files.push(PropertyFile { source, rows, texts });
        Ok(())
    }

    /// A property's column in each of the sources, which have so many rows.
    pub(super) fn columns(
        &self,
        name: &str,
        sizes: &[usize],
    ) -> Result<Vec<Option<Column>>, Error> {
        let mut cells: Vec<ColumnBuilder> = Vec::new();
        cells.resize_with(sizes.len(), ColumnBuilder::default);
        for (file, at, kind) in self.by_name.get(name).into_iter().flatten() {
            let PropertyFile { source, rows: opened, texts } = &self.files[*file];
            let (cells, rows) = (&mut cells[*source], sizes[*source]);
            let texts = texts.as_ref().filter(|_| *kind == 'c');
            let texts = texts.map(|texts| read_texts(texts, opened.fields()[*at].name(), cells));
            let texts = texts.transpose()?.unwrap_or_default();
            let mut first = 0;
            for batch in opened.batches(Some(*at))? {
                let batch = batch?;
                if first + batch.num_rows() > rows {
                    return Err(opened.damaged("as many rows as the part has events"));
                }
                let array = batch.column(0);
                let decoded = match kind {
                    'c' => columns::decode_listed(array, &texts, first, cells),
                    kind => columns::decode(*kind, array, first, cells),
                };
                decoded.map_err(|why| opened.damaged(why))?;
                first += batch.num_rows();
            }
        }
        let column = |(cells, rows): (ColumnBuilder, &usize)| {
            (!cells.is_empty()).then(|| cells.finish(*rows))
        };
        Ok(cells.into_iter().zip(sizes).map(column).collect())
    }
}

/// The texts of a column, taken up into a builder: the code of each, by its number.
fn read_texts(file: &Opened, name: &str, cells: &mut ColumnBuilder) -> Result<Vec<u32>, Error> {
    let mut codes = Vec::new();
    let column = file.fields().iter().position(|field| field.name() == name);
    let column = column.ok_or_else(|| file.damaged("the texts that rows name"))?;
    for batch in file.batches(Some(column))? {
        columns::read_texts(batch?.column(0), cells, &mut codes)
            .map_err(|why| file.damaged(why))?;
    }
    Ok(codes)
}

/// Reads the ids of people, whose ordinals count from `first`.
pub(crate) fn read_people(
    place: &Place<'_>,
    file: &File,
    first: u32,
) -> Result<Vec<PersonId>, Error> {
    let damaged = |why: &str| Error::corrupt(&place.path(&file.name), why);
    let mut all = Vec::new();
    for batch in Opened::whole(place, file)?.batches(None)? {
        let batch = batch?;
        let people = batch.column(0).as_primitive_opt::<Int32Type>();
        let people = people.ok_or_else(|| damaged("people as numbers"))?;
        let next = first.wrapping_add(all.len() as u32);
        if !people.values().iter().map(|ordinal| *ordinal as u32).eq((next..).take(people.len())) {
            return Err(damaged("people whose ordinals follow each other"));
        }
        let ids = batch.columns().get(1).and_then(|ids| ids.as_binary_opt::<i32>());
        let ids = ids.ok_or_else(|| damaged("ids"))?;
        for id in ids.iter() {
            let id =
                id.and_then(|id| id.try_into().ok()).ok_or_else(|| damaged("ids of 16 bytes"))?;
            all.push(PersonId(id));
        }
    }
    Ok(all)
}

/// Adds traits with whose they are. `code_of` tells the code of a name that there is.
pub(crate) fn read_traits(
    place: &Place<'_>,
    file: &File,
    code_of: &dyn Fn(&str) -> Option<u32>,
    all: &mut Vec<(u32, Trait)>,
) -> Result<(), Error> {
    let opened = Opened::whole(place, file)?;
    let damaged = |why: &str| opened.damaged(why);
    // Neighbours are often alike.
    let mut last: (String, u32) = Default::default();
    for batch in opened.batches(None)? {
        let batch = batch?;
        let people = batch.column(0).as_primitive_opt::<Int32Type>();
        let people = people.ok_or_else(|| damaged("people as numbers"))?.values();
        let at = numbers(place, file, &batch, "at")?;
        let text = |name: &str| -> Option<&ArrayRef> { batch.column_by_name(name) };
        let names = text("trait").and_then(|names| names.as_string_opt::<i32>());
        let values = text("value").and_then(|values| values.as_string_opt::<i32>());
        let (Some(names), Some(values)) = (names, values) else {
            return Err(damaged("names and values"));
        };
        all.reserve(people.len());
        for (row, ordinal) in people.iter().enumerate() {
            let name = names.value(row);
            if last.0 != name {
                let code = code_of(name).ok_or_else(|| damaged("traits that are named"))?;
                last = (name.to_owned(), code);
            }
            let json = arrow_array::Array::is_valid(values, row).then(|| values.value(row));
            let value = json.map(value_of).transpose().map_err(|_| damaged("JSON values"))?;
            all.push((*ordinal as u32, (last.1, Timestamp(at[row]), value)));
        }
    }
    Ok(())
}

/// The names of traits that a file tells of.
pub(crate) fn trait_names(place: &Place<'_>, file: &File) -> Result<BTreeSet<String>, Error> {
    let opened = Opened::whole(place, file)?;
    let column = opened.fields().iter().position(|field| field.name() == "trait");
    let mut all = BTreeSet::new();
    for batch in opened.batches(column)? {
        let batch = batch?;
        let names = batch.columns().first().and_then(|names| names.as_string_opt::<i32>());
        let names = names.ok_or_else(|| opened.damaged("names"))?;
        for name in names.iter().flatten() {
            if !all.contains(name) {
                all.insert(name.to_owned());
            }
        }
    }
    Ok(all)
}

/// A value out of its JSON; most are texts that stand there as they are.
fn value_of(json: &str) -> Result<Value, serde_json::Error> {
    let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    let plain =
        |text: &&str| text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    match inner.filter(plain) {
        Some(text) => Ok(text.into()),
        None => serde_json::from_str(json),
    }
}

pub(super) fn numbers<'a>(
    place: &Place<'_>,
    file: &File,
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a [i64], Error> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .map(|column| column.values().as_ref())
        .ok_or_else(|| Error::corrupt(&place.path(&file.name), format!("a column {name}")))
}
