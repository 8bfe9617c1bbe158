//! Parquet, by the same library that writes parts; texts are read as dictionaries, so that a text
//! that comes again costs a number.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use candor_event::{Properties, Value};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Compression;
use parquet::errors::ParquetError;

use super::numbers::unsigned;
use super::{Cell, Cells, Numbers, PIECE_ROWS, Piece, Source, TableReader};
use crate::error::Error;

const DAY_MS: i64 = 86_400_000;

/// How deep lists and structures are read; the limit of a record is lower.
const DEPTH_MAX: usize = 16;

struct Parquet {
    name: String,
    reader: Reader,
    /// By column: whether anything of it is wanted.
    wanted: Vec<bool>,
    next_row: u64,
    /// The dictionary last seen of each column, and its values.
    dictionaries: Vec<Option<(ArrayRef, Arc<[Cell]>)>>,
}

/// Reads rows once it is known which columns are wanted.
enum Reader {
    Waits(Box<ParquetRecordBatchReaderBuilder<File>>),
    Reads(ParquetRecordBatchReader),
    Ended,
}

pub(super) fn open(path: &Path) -> Result<TableReader, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| Error::disk("open", path, e))?;
    let failed = |_| Error::table(&name, "it is not a Parquet file, or damaged");
    let stated = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(failed)?;
    let as_dictionary = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
            Arc::new(Field::clone(field).with_data_type(texts))
        }
        _ => Arc::clone(field),
    };
    let fields = stated.schema().fields();
    let schema = Schema::new(fields.iter().map(as_dictionary).collect::<Vec<_>>());
    let columns: Vec<Arc<str>> = fields.iter().map(|field| field.name().as_str().into()).collect();
    for field in fields.iter() {
        if !readable(field.data_type(), 0) {
            let what = format!("the column {:?} has a type that is not read", field.name());
            return Err(Error::table(&name, &what));
        }
    }
    let chunks = stated.metadata().row_groups().iter().flat_map(|group| group.columns());
    if let Some(chunk) = chunks.into_iter().find(|chunk| !unpacked(chunk.compression())) {
        let codec = chunk.compression();
        let why = format!("{codec} is not unpacked: write it with zstd, snappy, gzip or lz4");
        return Err(Error::table(&name, &why));
    }
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
    let reader = reader.map_err(failed)?.with_batch_size(PIECE_ROWS);
    let reader = Reader::Waits(Box::new(reader));
    let rows = u64::try_from(stated.metadata().file_metadata().num_rows()).ok();
    let (dictionaries, wanted) = (vec![None; columns.len()], vec![true; columns.len()]);
    let source = Parquet { name, reader, wanted, next_row: 1, dictionaries };
    Ok(TableReader { columns, rows, source: Box::new(source) })
}

impl Parquet {
    fn batch(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        if let Reader::Waits(_) = &self.reader
            && let Reader::Waits(waits) = std::mem::replace(&mut self.reader, Reader::Ended)
        {
            let wanted = (0..).zip(&self.wanted).filter(|(_, wanted)| **wanted);
            let only =
                ProjectionMask::roots(waits.parquet_schema(), wanted.map(|(column, _)| column));
            self.reader = Reader::Reads(waits.with_projection(only).build()?);
        }
        match &mut self.reader {
            Reader::Reads(reader) => Ok(reader.next().transpose()?),
            _ => Ok(None),
        }
    }
}

impl Source for Parquet {
    fn only(&mut self, wanted: &[bool]) {
        if let Reader::Waits(_) = self.reader {
            self.wanted = wanted.to_vec();
        }
    }

    fn next(&mut self) -> Result<Option<Piece>, Error> {
        let batch = self.batch().map_err(|_| {
            Error::table(&self.name, &format!("it is damaged after row {}", self.next_row - 1))
        })?;
        let Some(batch) = batch else { return Ok(None) };
        let rows = batch.num_rows() as u64;
        let lines = (self.next_row..self.next_row + rows).collect();
        self.next_row += rows;
        let mut arrays = batch.columns().iter();
        let columns = self.wanted.iter().zip(&mut self.dictionaries);
        let cells = columns.map(|(wanted, known)| match wanted.then(|| arrays.next()).flatten() {
            Some(array) => cells(array, known),
            None => Cells::Unread,
        });
        let cells = cells.collect();
        Ok(Some(Piece { lines, bad: Vec::new(), cells }))
    }
}

fn unpacked(codec: Compression) -> bool {
    use Compression as C;
    matches!(codec, C::UNCOMPRESSED | C::ZSTD(_) | C::SNAPPY | C::GZIP(_) | C::LZ4 | C::LZ4_RAW)
}

fn readable(of: &DataType, depth: usize) -> bool {
    use DataType as T;
    match of {
        T::Null | T::Boolean | T::Utf8 | T::LargeUtf8 | T::Utf8View => true,
        T::Date32 | T::Date64 | T::Timestamp(..) | T::Decimal128(..) => true,
        T::Dictionary(keys, values) => depth == 0 && **keys == T::Int32 && **values == T::Utf8,
        T::List(field) => depth < DEPTH_MAX && readable(field.data_type(), depth + 1),
        T::Struct(fields) => {
            let inside = |field: &Arc<Field>| readable(field.data_type(), depth + 1);
            depth < DEPTH_MAX && fields.iter().all(inside)
        }
        other => other.is_integer() || matches!(other, T::Float32 | T::Float64),
    }
}

fn cells(array: &ArrayRef, known: &mut Option<(ArrayRef, Arc<[Cell]>)>) -> Cells {
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        let values = match known {
            Some((seen, values)) if seen.to_data().ptr_eq(&dictionary.values().to_data()) => {
                values.clone()
            }
            _ => {
                let texts = dictionary.values().as_string::<i32>();
                let cell = |text: Option<&str>| Cell::Value(text.unwrap_or_default().into());
                let values: Arc<[Cell]> = texts.iter().map(cell).collect();
                *known = Some((dictionary.values().clone(), values.clone()));
                values
            }
        };
        let keys = dictionary.keys().iter();
        return Cells::Coded(keys.map(|key| key.map_or(0, |key| key as u32 + 1)).collect(), values);
    }
    let times = |of_a_ms: i64| {
        let counts = match of_a_ms {
            1 => array.as_primitive::<TimestampMillisecondType>().reinterpret_cast::<Int64Type>(),
            _ => array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>(),
        };
        Numbers::times(counts, of_a_ms)
    };
    // What most files hold stays as it is.
    Cells::Numbers(match array.data_type() {
        DataType::Int64 => Numbers::whole(array.as_primitive::<Int64Type>().clone()),
        DataType::Float64 => Numbers::floats(array.as_primitive::<Float64Type>().clone()),
        DataType::UInt64 => Numbers::unsigned(array.as_primitive::<UInt64Type>().clone()),
        DataType::Timestamp(TimeUnit::Millisecond, _) => times(1),
        DataType::Timestamp(TimeUnit::Microsecond, _) => times(1000),
        _ => return Cells::Each((0..array.len()).map(|row| cell(array, row)).collect()),
    })
}

fn cell(array: &ArrayRef, row: usize) -> Option<Cell> {
    if !array.is_valid(row) || *array.data_type() == DataType::Null {
        return None;
    }
    let ms = match array.data_type() {
        DataType::Date32 => i64::from(array.as_primitive::<Date32Type>().value(row)) * DAY_MS,
        DataType::Date64 => array.as_primitive::<Date64Type>().value(row),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => {
                array.as_primitive::<TimestampSecondType>().value(row).saturating_mul(1000)
            }
            TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
            TimeUnit::Microsecond => {
                array.as_primitive::<TimestampMicrosecondType>().value(row).div_euclid(1000)
            }
            TimeUnit::Nanosecond => {
                array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1_000_000)
            }
        },
        DataType::UInt64 => {
            return Some(unsigned(array.as_primitive::<UInt64Type>().value(row)));
        }
        _ => return value(array, row).map(Cell::Value),
    };
    Some(Cell::Time(ms))
}

/// A cell as a value; within lists and structures dates are as the SDKs write them.
fn value(array: &ArrayRef, row: usize) -> Option<Value> {
    if !array.is_valid(row) || *array.data_type() == DataType::Null {
        return None;
    }
    Some(match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Value::Integer(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Integer(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Integer(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Integer(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Integer(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Integer(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Integer(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::Float32 => float(array.as_primitive::<Float32Type>().value(row).into())?,
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row))?,
        DataType::Decimal128(_, scale) => {
            let whole = array.as_primitive::<Decimal128Type>().value(row);
            float(whole as f64 / 10f64.powi((*scale).into()))?
        }
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(row);
            Value::List((0..list.len()).filter_map(|row| value(&list, row)).collect())
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let entries = columns
                .filter_map(|(field, array)| Some((field.name().as_str(), value(array, row)?)));
            Value::Object(entries.collect::<Properties>())
        }
        _ => match cell(array, row)? {
            Cell::Value(value) => value,
            Cell::Time(ms) => format!("$D_{}", ms.div_euclid(1000)).as_str().into(),
            Cell::Unsigned(number) => Value::Float(number as f64),
        },
    })
}

/// NaN and the infinities are no values.
fn float(number: f64) -> Option<Value> {
    number.is_finite().then_some(Value::Float(number))
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        Float64Array, Int64Array, StringArray, TimestampMicrosecondArray, UInt64Array,
    };
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{GzipLevel, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::table::ColumnCells;

    fn written_with(codec: Compression, path: &Path) {
        let names: Vec<String> = (0..20_000).map(|n| format!("person {}", n % 700)).collect();
        let columns: [(&str, ArrayRef); 2] = [
            ("identity", Arc::new(StringArray::from(names))),
            ("n", Arc::new(Int64Array::from_iter_values(0..20_000))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let layout = WriterProperties::builder().set_compression(codec).build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(layout)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Spark and pandas write Snappy where nobody says otherwise.
    #[test]
    fn what_others_write_by_default_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let codecs = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(ZstdLevel::default()),
        ];
        for codec in codecs {
            written_with(codec, &path);
            let mut reader = TableReader::parquet(&path).unwrap();
            let mut rows = 0;
            while let Some(piece) = reader.next_piece().unwrap() {
                for row in 0..piece.rows() {
                    let name = format!("person {}", rows % 700);
                    assert_eq!(piece.cell(0, row), Some(Cell::Value(name.as_str().into())));
                    assert_eq!(piece.cell(1, row), Some(Cell::Value(Value::Integer(rows))));
                    rows += 1;
                }
            }
            assert_eq!(rows, 20_000, "{codec}");
        }
    }

    #[test]
    fn what_nobody_wants_is_left_unread_and_numbers_are_as_their_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let floats = [Some(1.5), None, Some(f64::NAN), Some(-0.0)];
        let columns: [(&str, ArrayRef); 5] = [
            ("whole", Arc::new(Int64Array::from(vec![Some(-1), None, Some(i64::MAX), Some(0)]))),
            ("other", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
            ("unsigned", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(7), Some(0)]))),
            ("float", Arc::new(Float64Array::from(floats.to_vec()))),
            (
                "us",
                Arc::new(TimestampMicrosecondArray::from(vec![
                    Some(-1),
                    None,
                    Some(1999),
                    Some(0),
                ])),
            ),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let mut reader = TableReader::parquet(&path).unwrap();
        reader.only([4, 0, 2, 3].into_iter());
        let piece = reader.next_piece().unwrap().unwrap();
        let whole = |number: i64| Some(Cell::Value(Value::Integer(number)));
        let expected = [
            [whole(-1), None, whole(i64::MAX), whole(0)],
            [None, None, None, None],
            [Some(Cell::Unsigned(u64::MAX)), None, whole(7), whole(0)],
            [
                Some(Cell::Value(Value::Float(1.5))),
                None,
                None,
                Some(Cell::Value(Value::Float(-0.0))),
            ],
            [Some(Cell::Time(-1)), None, Some(Cell::Time(1)), Some(Cell::Time(0))],
        ];
        for (column, expected) in expected.iter().enumerate() {
            for (row, expected) in expected.iter().enumerate() {
                assert_eq!(piece.cell(column, row), *expected, "{column} {row}");
                if let ColumnCells::Numbers(numbers) = piece.cells(column) {
                    assert_eq!(numbers.bits(row).is_some(), expected.is_some());
                }
            }
        }
        assert!(reader.next_piece().unwrap().is_none());
    }
}
