//! Reading the files of a part straight into resident form.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Fields;
use candor_event::{PersonId, Timestamp, Types, Value};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::errors::ParquetError;

use super::arrivals::BLOCK_ROWS;
use super::columns::TypesByName;
use super::{BaseFiles, File, Kind, Part, Place, Print, SealedPart, columns, history, writer};
use crate::error::Error;
use crate::people_set::PeopleSet;
use crate::resident::builder::SegmentBuilder;
use crate::resident::column::{Column, ColumnBuilder};
use crate::resident::order::{ALWAYS, Order, Sorted};
use crate::resident::origins::Origins;
use crate::resident::people::Trait;
use crate::resident::segment::{Arrivals, Segment};
use crate::resident::slot::Slot;

const BATCH_ROWS: usize = 65_536;

/// Reads a part as a segment with everything in memory.
pub(crate) fn read_segment(
    place: Place<'_>,
    part: &Part,
    events: u32,
    intern: &mut dyn FnMut(&str) -> u32,
) -> Result<Segment, Error> {
    let mut builder = read_rows(&place, part, events)?;
    let mut properties = Properties::default();
    properties.open_all(&place, part, 0)?;
    let sizes = [builder.rows()];
    for name in properties.names() {
        // One property at a time is unpacked.
        let column = properties.columns(name, &sizes)?.pop().flatten();
        let slot = |column| (intern(name), Slot::held(Arc::new(column), None));
        builder.columns.extend(column.map(slot));
    }
    Ok(builder.finish())
}

/// Reads some parts of a volume, oldest first, as its base, whose properties stay in the files; and
/// who is in each part.
pub(crate) fn read_base(
    places: &[Place<'_>],
    files: &Arc<BaseFiles>,
    parts: &[Arc<SealedPart>],
    events: u32,
    intern: &mut dyn FnMut(&str) -> u32,
) -> Result<(Segment, Vec<PeopleSet>), Error> {
    let (mut sources, mut properties) = (Vec::new(), Properties::default());
    for (source, (place, part)) in places.iter().zip(parts).enumerate() {
        sources.push(read_rows(place, part, events)?.unpacked());
        properties.open_all(place, part, source)?;
    }
    let order = Order::of(&sources, &|_| true, ALWAYS);
    let mut builder = SegmentBuilder::of(order.rows(), false);
    order.put(&sources, &mut builder);
    let origins = order.pieces().iter().map(|piece| (piece.source as usize, piece.rows.len()));
    builder.origins = Some(Origins::of(origins, order.rows(), parts.len()));
    builder.files = Some(files.clone());
    for name in properties.names() {
        let slot = Slot::unread(Some((name.into(), files.clone())));
        builder.columns.insert(intern(name), slot);
    }
    Ok((builder.finish(), sources.iter().map(|source| source.owners().who()).collect()))
}

/// Reads who did what when in a part.
pub(super) fn read_times(place: &Place<'_>, part: &Part) -> Result<Segment, Error> {
    Ok(read_rows(place, part, u32::MAX)?.finish())
}

/// Reads who did what when, in which session.
fn read_rows(place: &Place<'_>, part: &Part, events: u32) -> Result<SegmentBuilder, Error> {
    let rows = part.events as usize;
    let mut builder = SegmentBuilder::of(rows, false);
    for file in part.files.iter().filter(|file| file.kind == Kind::History) {
        read_history(place, file, events, &mut builder)?;
    }
    let sessions = read_sessions(place, part, &mut builder)?;
    if builder.rows() != rows || sessions != rows {
        let path = place.path(&part.files[0].name);
        return Err(Error::corrupt(&path, "as many events as the manifest says"));
    }
    Ok(builder)
}

fn read_history(
    place: &Place<'_>,
    file: &File,
    events: u32,
    builder: &mut SegmentBuilder,
) -> Result<(), Error> {
    let opened = Opened::new(place, file)?;
    let damaged = |why: &str| Error::corrupt(&place.path(&file.name), why);
    let wide = match opened.fact("candor.id_bytes") {
        Some("1") => false,
        Some("2") => true,
        _ => return Err(damaged("the width of event ids")),
    };
    let start = writer::bucket_start(place.bucket);
    for batch in opened.batches(None)? {
        let batch = batch?;
        let people = batch.column(0).as_primitive_opt::<Int32Type>();
        let people = people.ok_or_else(|| damaged("people as numbers"))?;
        let strings: Option<Vec<_>> =
            (1..5).map(|at| batch.columns().get(at)?.as_binary_opt::<i32>()).collect();
        let strings = strings.ok_or_else(|| damaged("four byte strings"))?;
        for row in 0..batch.num_rows() {
            let [event, gap, jump, ms] = std::array::from_fn(|at| strings[at].value(row));
            let four = (event, gap, jump, ms);
            let known = |codes: &[u16]| codes.iter().all(|code| u32::from(*code) < events);
            let decoded = builder.fill(people.value(row) as u32, |times, codes| {
                let first = codes.len();
                history::decode(four, wide, start, times, codes)?;
                times[first..].is_sorted().then_some(()).ok_or("times that ascend")?;
                known(&codes[first..]).then_some(()).ok_or("events that the manifest names")
            });
            decoded.map_err(damaged)?;
        }
    }
    Ok(())
}

/// Tells a builder the sessions of a part, and returns of how many rows.
fn read_sessions(
    place: &Place<'_>,
    part: &Part,
    builder: &mut SegmentBuilder,
) -> Result<usize, Error> {
    let mut row = 0;
    for file in part.files.iter().filter(|file| file.kind == Kind::Arrivals) {
        let opened = Opened::new(place, file)?;
        let session = opened.fields().iter().position(|field| field.name() == "session");
        for batch in opened.batches(session)? {
            for session in numbers(place, file, &batch?, "session")? {
                builder.change_session(row, *session as u64);
                row += 1;
            }
        }
    }
    Ok(row as usize)
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
        let mut received = 0i64;
        for batch in Opened::new(place, file)?.batches_of(rows.clone())? {
            let batch = batch?;
            for more in numbers(place, file, &batch, "received")? {
                if arrivals.received.len().is_multiple_of(BLOCK_ROWS) {
                    received = 0;
                }
                received = received.wrapping_add(*more);
                arrivals.received.push(received);
            }
            numbers(place, file, &batch, "fingerprint")?;
            let prints = batch
                .column_by_name("fingerprint")
                .map(|prints| prints.as_primitive::<Int64Type>().iter().map(Print::of_file));
            arrivals.prints.extend(prints.into_iter().flatten());
        }
    }
    match arrivals.received.len() == rows.len() && arrivals.prints.len() == rows.len() {
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
            let texts = texts.map(|texts| texts.texts(opened.fields()[*at].name(), cells));
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

/// Reads people in the order of their ordinals.
pub(crate) fn read_people(
    place: &Place<'_>,
    file: &File,
    mut put: impl FnMut(u32, PersonId),
) -> Result<(), Error> {
    let damaged = || Error::corrupt(&place.path(&file.name), "ordinals with ids of 16 bytes");
    for batch in Opened::new(place, file)?.batches(None)? {
        let batch = batch?;
        let people = batch.column(0).as_primitive_opt::<Int32Type>().ok_or_else(damaged)?;
        let ids = batch.columns().get(1).and_then(|ids| ids.as_binary_opt::<i32>());
        let ids = ids.ok_or_else(damaged)?;
        for row in 0..batch.num_rows() {
            let id = ids.value(row).try_into().map_err(|_| damaged())?;
            put(people.value(row) as u32, PersonId(id));
        }
    }
    Ok(())
}

/// Reads traits; of a trait that comes twice the later file counts.
pub(crate) fn read_traits(
    place: &Place<'_>,
    file: &File,
    intern: &mut dyn FnMut(&str) -> u32,
    mut put: impl FnMut(u32, Trait),
) -> Result<(), Error> {
    let damaged = |why: &str| Error::corrupt(&place.path(&file.name), why);
    for batch in Opened::new(place, file)?.batches(None)? {
        let batch = batch?;
        let people = batch.column(0).as_primitive_opt::<Int32Type>();
        let people = people.ok_or_else(|| damaged("people as numbers"))?;
        let at = numbers(place, file, &batch, "at")?;
        let text = |name: &str| -> Option<&ArrayRef> { batch.column_by_name(name) };
        let names = text("trait").and_then(|names| names.as_string_opt::<i32>());
        let values = text("value").and_then(|values| values.as_string_opt::<i32>());
        let (Some(names), Some(values)) = (names, values) else {
            return Err(damaged("names and values"));
        };
        for (row, at) in at.iter().enumerate() {
            let value: Option<Value> = match arrow_array::Array::is_valid(values, row) {
                true => Some(
                    serde_json::from_str(values.value(row)).map_err(|_| damaged("JSON values"))?,
                ),
                false => None,
            };
            let name = intern(names.value(row));
            put(people.value(row) as u32, (name, Timestamp(*at), value));
        }
    }
    Ok(())
}

fn numbers<'a>(
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

/// A file of a part, as it lies on disk.
struct Opened {
    path: PathBuf,
    file: fs::File,
    metadata: ArrowReaderMetadata,
}

impl Opened {
    fn new(place: &Place<'_>, file: &File) -> Result<Opened, Error> {
        let path = place.path(&file.name);
        let damaged = |e: ParquetError| Error::corrupt(&path, e);
        let opened = fs::File::open(&path).map_err(|e| Error::disk("open", &path, e))?;
        let bytes = opened.metadata().map_err(|e| Error::disk("read", &path, e))?.len();
        if bytes != file.bytes {
            return Err(Error::corrupt(&path, format!("{} bytes, not {bytes}", file.bytes)));
        }
        let mut options = ArrowReaderOptions::new();
        if place.keys.encrypts() {
            let key = place.keys.unwrap_file_key(file.class, &file.wrapped_key);
            let key = key.map_err(|e| Error::keys(&path, e))?;
            let decryption = FileDecryptionProperties::builder(key.bytes.to_vec())
                .with_aad_prefix(place.aad(&file.kind, file.class))
                .build()
                .map_err(damaged)?;
            options = options.with_file_decryption_properties(decryption);
        }
        let metadata = ArrowReaderMetadata::load(&opened, options).map_err(damaged)?;
        Ok(Opened { path, file: opened, metadata })
    }

    fn damaged(&self, why: &str) -> Error {
        Error::corrupt(&self.path, why)
    }

    fn fields(&self) -> &Fields {
        self.metadata.schema().fields()
    }

    fn fact(&self, name: &str) -> Option<&str> {
        let facts = self.metadata.metadata().file_metadata().key_value_metadata();
        facts?.iter().find(|fact| fact.key == name)?.value.as_deref()
    }

    /// The texts of a column, taken up into a builder: the code of each, by its number.
    fn texts(&self, name: &str, cells: &mut ColumnBuilder) -> Result<Vec<u32>, Error> {
        let mut codes = Vec::new();
        let column = self.fields().iter().position(|field| field.name() == name);
        let column = column.ok_or_else(|| self.damaged("the texts that rows name"))?;
        for batch in self.batches(Some(column))? {
            columns::read_texts(batch?.column(0), cells, &mut codes)
                .map_err(|why| self.damaged(why))?;
        }
        Ok(codes)
    }

    /// Some rows in batches, of all columns.
    fn batches_of(
        &self,
        rows: Range<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>>, Error> {
        let reader = self.reader()?.with_row_selection(RowSelection::from_consecutive_ranges(
            std::iter::once(rows.clone()),
            self.metadata.metadata().file_metadata().num_rows() as usize,
        ));
        self.iterate(reader)
    }

    fn reader(&self) -> Result<ParquetRecordBatchReaderBuilder<fs::File>, Error> {
        let file = self.file.try_clone().map_err(|e| Error::disk("read", &self.path, e))?;
        let metadata = self.metadata.clone();
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
    }

    fn iterate(
        &self,
        reader: ParquetRecordBatchReaderBuilder<fs::File>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>>, Error> {
        let reader = reader.with_batch_size(BATCH_ROWS).build();
        let reader = reader.map_err(|e| Error::corrupt(&self.path, e))?;
        Ok(reader.map(|batch| batch.map_err(|e| Error::corrupt(&self.path, e))))
    }

    /// The rows in batches, of all columns or of one.
    fn batches(
        &self,
        column: Option<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>>, Error> {
        let mut reader = self.reader()?;
        if let Some(column) = column {
            let only = ProjectionMask::roots(reader.parquet_schema(), [column]);
            reader = reader.with_projection(only);
        }
        self.iterate(reader)
    }
}
