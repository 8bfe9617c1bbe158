//! Writing the files of a part. A file counts only once the manifest names it.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, OpenOptions};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use candor_event::{DataClass, PersonId};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::arrivals::BLOCK_ROWS;
use super::columns::{self, Typed};
use super::{BUCKET_DAYS, File, Kind, Part, Place, Print, Told, history, prints};
use crate::error::Error;
use crate::resident::arrivals::Arrivals;
use crate::resident::column::Column;
use crate::resident::people::Trait;
use crate::resident::segment::Segment;

const BUCKET_SECONDS: i64 = BUCKET_DAYS * 86_400;

/// Rows whose properties are arrays at one time.
pub(super) const PIECE_ROWS: usize = 65_536;

/// The bucket of a moment in ms.
pub(crate) fn bucket_of(time: i64) -> i64 {
    time.div_euclid(1000 * BUCKET_SECONDS)
}

/// The first and the last ms of a bucket.
pub(crate) fn times_of(bucket: i64) -> RangeInclusive<i64> {
    let first = bucket.saturating_mul(1000 * BUCKET_SECONDS);
    first..=first.saturating_add(1000 * BUCKET_SECONDS - 1)
}

/// The first second of a bucket.
pub(super) fn bucket_start(bucket: i64) -> i64 {
    bucket * BUCKET_SECONDS
}

/// Writes a segment whose rows all lie in the place's bucket.
pub(crate) fn write_part(
    place: &Place<'_>,
    segment: &Segment,
    arrivals: &Arrivals,
    name_of: &dyn Fn(u32) -> Arc<str>,
    class_of: &dyn Fn(&str) -> DataClass,
    now: i64,
) -> Result<Part, Error> {
    let mut named: Vec<(Arc<str>, &Column)> = Vec::new();
    let mut properties_of: Vec<u32> = segment.properties().collect();
    properties_of.sort_unstable();
    for property in &properties_of {
        let column = segment.read_column(*property)?;
        named.extend(column.map(|column| (name_of(*property), column.as_ref())));
    }
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let (file, told) = write_arrivals(place, segment, arrivals, &named, now)?;
    let mut files = vec![write_history(place, segment)?, file];
    let mut by_class: BTreeMap<DataClass, Vec<Typed<'_>>> = BTreeMap::new();
    for (name, column) in &named {
        let typed = columns::typed(name, column, segment.rows());
        by_class.entry(class_of(name)).or_default().extend(typed);
    }
    for (class, typed) in by_class {
        let fields = typed.iter().map(Typed::field).collect();
        let pieces = (0..segment.rows()).step_by(PIECE_ROWS).map(|first| {
            let rows = first..segment.rows().min(first + PIECE_ROWS);
            typed.iter().map(|typed| typed.encode(rows.clone())).collect()
        });
        let layout =
            typed.iter().filter(|typed| typed.is_split()).fold(properties(), |all, one| {
                let column = ColumnPath::from(vec![one.field().name().clone()]);
                all.set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT)
            });
        files.push(write_pieces(place, Kind::Properties, class, fields, layout, pieces)?);
        files.extend(write_texts(place, class, &typed)?);
    }
    let (volume, bucket, generation) = (place.volume, place.bucket, place.generation);
    let (events, properties) = (segment.rows() as u64, Some(properties_of));
    Ok(Part { volume, bucket, generation, events, told, properties, files })
}

/// The texts of those columns whose rows name them by their numbers, each column filled as far as
/// it has texts.
fn write_texts(
    place: &Place<'_>,
    class: DataClass,
    typed: &[Typed<'_>],
) -> Result<Option<File>, Error> {
    let listed: Vec<(Field, StringArray)> = typed.iter().filter_map(Typed::texts).collect();
    let Some(rows) = listed.iter().map(|(_, texts)| texts.len()).max() else { return Ok(None) };
    let fields = listed.into_iter().map(|(field, texts)| -> (Field, ArrayRef) {
        let none = std::iter::repeat_n(None, rows - texts.len());
        (field, Arc::new(texts.iter().chain(none).collect::<StringArray>()))
    });
    let layout =
        properties().set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BYTE_ARRAY);
    write(place, Kind::Values, class, fields.collect(), layout, vec![]).map(Some)
}

fn write_history(place: &Place<'_>, segment: &Segment) -> Result<File, Error> {
    let wide = (0..segment.rows()).any(|row| segment.code(row) > 0xff);
    let start = bucket_start(place.bucket);
    let mut people = Vec::new();
    let (mut times, mut codes) = (Vec::new(), Vec::new());
    let mut strings: [BinaryBuilder; 4] = std::array::from_fn(|_| BinaryBuilder::new());
    for ordinal in 0..segment.people() {
        let rows = segment.of(ordinal);
        if rows.is_empty() {
            continue;
        }
        people.push(ordinal as i32);
        times.clear();
        codes.clear();
        times.extend(rows.clone().map(|row| segment.time(row)));
        codes.extend(rows.map(|row| segment.code(row)));
        let encoded = history::encode(&times, &codes, wide, start);
        let parts = [encoded.event, encoded.gap, encoded.jump, encoded.ms];
        strings.iter_mut().zip(parts).for_each(|(builder, bytes)| builder.append_value(bytes));
    }
    let mut fields: Vec<(Field, ArrayRef)> =
        vec![(Field::new("person", DataType::Int32, false), Arc::new(Int32Array::from(people)))];
    for (name, mut builder) in history::STRINGS.into_iter().zip(strings) {
        fields.push((Field::new(name, DataType::Binary, false), Arc::new(builder.finish())));
    }
    let mut layout = base()
        .set_dictionary_enabled(false)
        .set_data_page_size_limit(1 << 20)
        .set_write_batch_size(256)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_encoding(ColumnPath::from("person"), Encoding::DELTA_BINARY_PACKED);
    for name in ["event", "gap", "jump"] {
        layout = layout.set_column_compression(ColumnPath::from(name), zstd());
    }
    for name in history::STRINGS {
        layout =
            layout.set_column_encoding(ColumnPath::from(name), Encoding::DELTA_LENGTH_BYTE_ARRAY);
    }
    let facts = vec![
        KeyValue::new("candor.format".into(), "1".to_owned()),
        KeyValue::new("candor.bucket_start".into(), start.to_string()),
        KeyValue::new("candor.id_bytes".into(), if wide { "2" } else { "1" }.to_owned()),
        KeyValue::new("candor.events".into(), segment.rows().to_string()),
        KeyValue::new("candor.earliest".into(), segment.earliest().to_string()),
        KeyValue::new("candor.latest".into(), segment.latest().to_string()),
    ];
    write(place, Kind::History, DataClass::Behaviour, fields, layout, facts)
}

fn write_arrivals(
    place: &Place<'_>,
    segment: &Segment,
    rows: &Arrivals,
    named: &[(Arc<str>, &Column)],
    now: i64,
) -> Result<(File, Told), Error> {
    assert_eq!(rows.len(), segment.rows(), "an arrival for each row");
    let mut sessions = vec![0i64; segment.rows()];
    let mut changes = segment.read_sessions()?.changes().peekable();
    while let Some((first, session)) = changes.next() {
        let end = changes.peek().map_or(segment.rows(), |next| next.0 as usize);
        sessions[first as usize..end].fill(session as i64);
    }
    let (prints, told) = prints::to_hold(place.keys, segment, &sessions, rows, named, now);
    let number = |name: &str, values: Int64Array| -> (Field, ArrayRef) {
        (Field::new(name, DataType::Int64, values.is_nullable()), Arc::new(values))
    };
    let fields = vec![
        number("session", sessions.into()),
        number("received", differences(rows).into()),
        number("fingerprint", prints.into_iter().map(Print::to_file).collect()),
    ];
    let layout = properties()
        .set_data_page_row_count_limit(BLOCK_ROWS)
        .set_column_dictionary_enabled(ColumnPath::from("received"), false)
        .set_column_encoding(ColumnPath::from("received"), Encoding::BYTE_STREAM_SPLIT)
        // A visit's rows lie together: its number comes again at once.
        .set_column_dictionary_enabled(ColumnPath::from("session"), false)
        .set_column_dictionary_enabled(ColumnPath::from("fingerprint"), false);
    let file = write(place, Kind::Arrivals, DataClass::Behaviour, fields, layout, vec![])?;
    Ok((file, told))
}

/// When the first row of each block arrived, and each other so much later than the one before.
fn differences(rows: &Arrivals) -> Vec<i64> {
    let more = |row: usize| match row % BLOCK_ROWS {
        0 => rows.received(row),
        _ => rows.received(row).wrapping_sub(rows.received(row - 1)),
    };
    (0..rows.len()).map(more).collect()
}

/// Writes the ids of people from ordinal `first` on.
pub(crate) fn write_people(
    place: &Place<'_>,
    first: u32,
    people: &[PersonId],
) -> Result<File, Error> {
    let ordinals = (first..).take(people.len()).map(|ordinal| ordinal as i32);
    let mut ids = BinaryBuilder::new();
    people.iter().for_each(|person| ids.append_value(person.0));
    let fields: Vec<(Field, ArrayRef)> = vec![
        (
            Field::new("person", DataType::Int32, false),
            Arc::new(Int32Array::from_iter_values(ordinals)),
        ),
        (Field::new("id", DataType::Binary, false), Arc::new(ids.finish())),
    ];
    let layout = base()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_encoding(ColumnPath::from("person"), Encoding::DELTA_BINARY_PACKED);
    write(place, Kind::People, DataClass::Identity, fields, layout, vec![])
}

/// Writes traits, one file per class. A trait without a value was unset.
pub(crate) fn write_traits(
    place: &Place<'_>,
    changed: &[(u32, Arc<Vec<Trait>>)],
    name_of: &dyn Fn(u32) -> Arc<str>,
    class_of: &dyn Fn(&str) -> DataClass,
) -> Result<Vec<File>, Error> {
    #[derive(Default)]
    struct Rows {
        people: Vec<i32>,
        names: Vec<Arc<str>>,
        at: Vec<i64>,
        values: Vec<Option<String>>,
    }
    let mut by_class: BTreeMap<DataClass, Rows> = BTreeMap::new();
    for (ordinal, traits) in changed {
        for (name, at, value) in traits.iter() {
            let name = name_of(*name);
            let rows = by_class.entry(class_of(&name)).or_default();
            rows.people.push(*ordinal as i32);
            rows.names.push(name);
            rows.at.push(at.0);
            let json = value.as_ref().map(serde_json::to_string);
            rows.values.push(json.transpose().ok().flatten());
        }
    }
    let mut files = Vec::new();
    for (class, rows) in by_class {
        // Addresses and names are each another: to number them is to hold them twice.
        let distinct: HashSet<&Option<String>> = rows.values.iter().collect();
        let each_another = distinct.len() * 2 > rows.values.len();
        let names: StringArray = rows.names.iter().map(|name| Some(name.as_ref())).collect();
        let fields: Vec<(Field, ArrayRef)> = vec![
            (Field::new("person", DataType::Int32, false), Arc::new(Int32Array::from(rows.people))),
            (Field::new("trait", DataType::Utf8, true), Arc::new(names)),
            (Field::new("at", DataType::Int64, false), Arc::new(Int64Array::from(rows.at))),
            (Field::new("value", DataType::Utf8, true), Arc::new(StringArray::from(rows.values))),
        ];
        let layout =
            properties().set_column_dictionary_enabled(ColumnPath::from("value"), !each_another);
        let numbers = ["person", "at"].into_iter().map(ColumnPath::from);
        let layout = numbers.fold(layout, |all, column| {
            all.set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED)
        });
        files.push(write(place, Kind::Traits, class, fields, layout, vec![])?);
    }
    Ok(files)
}

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(1).expect("level 1 exists"))
}

/// What all files share: no limits that would cut a person in half or fall back from dictionaries.
fn base() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_max_row_group_row_count(None)
        .set_data_page_row_count_limit(usize::MAX)
        .set_dictionary_page_size_limit(64 << 20)
}

fn properties() -> WriterPropertiesBuilder {
    base()
        .set_compression(zstd())
        .set_statistics_enabled(EnabledStatistics::None)
        .set_data_page_size_limit(1 << 20)
        .set_write_batch_size(8192)
}

fn write(
    place: &Place<'_>,
    kind: Kind,
    class: DataClass,
    fields: Vec<(Field, ArrayRef)>,
    layout: WriterPropertiesBuilder,
    facts: Vec<KeyValue>,
) -> Result<File, Error> {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = fields.into_iter().unzip();
    let layout = layout.set_key_value_metadata((!facts.is_empty()).then_some(facts));
    write_pieces(place, kind, class, fields, layout, std::iter::once(arrays))
}

/// Writes rows piece by piece, each an array for each field: only one piece is there as arrays.
fn write_pieces(
    place: &Place<'_>,
    kind: Kind,
    class: DataClass,
    fields: Vec<Field>,
    mut layout: WriterPropertiesBuilder,
    pieces: impl Iterator<Item = Vec<ArrayRef>>,
) -> Result<File, Error> {
    let name = place.name(&kind, class);
    let path = place.path(&name);
    let mut wrapped_key = Vec::new();
    if place.keys.encrypts() {
        let key = place.keys.new_file_key(class).map_err(|e| Error::keys(&path, e))?;
        let encryption = FileEncryptionProperties::builder(key.bytes.to_vec())
            .with_aad_prefix(place.aad(&kind, class))
            .with_aad_prefix_storage(false)
            .with_footer_key_metadata(key.wrapped.clone())
            .build()
            .map_err(|e| Error::corrupt(&path, e))?;
        layout = layout.with_file_encryption_properties(encryption);
        wrapped_key = key.wrapped;
    }
    let schema = Arc::new(Schema::new(fields));
    // Encoded in memory and written at once: a full disk is then a plain I/O error here.
    let mut encoded = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut encoded, schema.clone(), Some(layout.build()))
        .map_err(|e| Error::corrupt(&path, e))?;
    for arrays in pieces {
        // Texts may come as dictionaries of what the file holds.
        let as_it_is = |(field, array): (&Arc<Field>, &ArrayRef)| {
            Field::clone(field).with_data_type(array.data_type().clone())
        };
        let fields: Vec<Field> = schema.fields().iter().zip(&arrays).map(as_it_is).collect();
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays);
        let batch = batch.map_err(|e| Error::corrupt(&path, e))?;
        writer.write(&batch).map_err(|e| Error::corrupt(&path, e))?;
    }
    writer.close().map_err(|e| Error::corrupt(&path, e))?;
    let bytes = encoded.len() as u64;
    write_synced(&path, &encoded)?;
    Ok(File { kind, class, name, bytes, wrapped_key })
}

/// Writes a whole file and syncs it. What was there under that name is not of any manifest.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = options.open(path).map_err(|e| Error::disk("create", path, e))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|e| {
        // Leave no half file on a full disk; it would be removed at the next start anyway.
        let _ = fs::remove_file(path);
        Error::disk("write", path, e)
    })
}

/// Makes the names of new files durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|e| Error::disk("sync folder", folder, e))
}
