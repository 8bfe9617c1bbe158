//! Parquet for others to read: typed columns, zstd, a bounded number of rows in memory.

use std::io;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use candor_event::ValueRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::PIECE_ROWS;
use crate::error::Error;

/// Rows of a row group: what is held encoded before it is written.
const GROUP_ROWS: usize = 131_072;
/// The same in bytes.
const GROUP_BYTES: usize = 64 << 20;
/// Bytes of texts that are held before they are encoded, about.
const TEXT_BYTES: usize = 64 << 20;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// True or false.
    Bool,
    /// Whole numbers.
    Integer,
    /// Numbers; whole ones become such.
    Float,
    /// Texts.
    Text,
    /// Moments, given as whole milliseconds since 1970.
    Time,
}

/// A Parquet file as it is written, row after row. Cells that are not put are empty.
pub struct TableWriter<W: io::Write + Send> {
    name: String,
    schema: Arc<Schema>,
    columns: Vec<Filling>,
    /// Rows that are complete and not yet handed on.
    rows: usize,
    /// Bytes of their texts.
    text_bytes: usize,
    writer: ArrowWriter<W>,
}

/// A column of the rows that are not yet handed on; it may lie behind by empty cells.
enum Filling {
    Bool(BooleanBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Text(StringBuilder),
    Time(TimestampMillisecondBuilder),
}

impl<W: io::Write + Send> TableWriter<W> {
    /// Begins a file with these columns; `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Disk`] where `out` refuses.
    pub fn parquet(
        name: &str,
        out: W,
        columns: &[(Arc<str>, ColumnKind)],
    ) -> Result<TableWriter<W>, Error> {
        let field = |(name, kind): &(Arc<str>, ColumnKind)| {
            let data = match kind {
                ColumnKind::Bool => DataType::Boolean,
                ColumnKind::Integer => DataType::Int64,
                ColumnKind::Float => DataType::Float64,
                ColumnKind::Text => DataType::Utf8,
                ColumnKind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            };
            Field::new(&**name, data, true)
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let layout = WriterProperties::builder()
            .set_created_by("candor".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES));
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(layout.build()))
            .map_err(|error| failed(name, error))?;
        let columns = columns.iter().map(|(_, kind)| Filling::new(*kind)).collect();
        Ok(TableWriter { name: name.to_owned(), schema, columns, rows: 0, text_bytes: 0, writer })
    }

    /// Fills a cell of the row that is begun, once.
    ///
    /// # Panics
    /// Where the value is not of the column's kind.
    pub fn put(&mut self, column: usize, value: ValueRef<'_>) {
        let filling = &mut self.columns[column];
        filling.pad(self.rows);
        match (filling, value) {
            (Filling::Bool(cells), ValueRef::Bool(flag)) => cells.append_value(flag),
            (Filling::Integer(cells), ValueRef::Integer(number)) => cells.append_value(number),
            (Filling::Float(cells), ValueRef::Float(number)) => cells.append_value(number),
            (Filling::Float(cells), ValueRef::Integer(number)) => cells.append_value(number as f64),
            (Filling::Text(cells), ValueRef::Text(text)) => {
                self.text_bytes += text.len();
                cells.append_value(text);
            }
            (Filling::Text(cells), ValueRef::Uuid(id)) => cells.append_value(id.text(&mut [0; 36])),
            (Filling::Time(cells), ValueRef::Integer(ms)) => cells.append_value(ms),
            _ => panic!("a value is of its column's kind"),
        }
    }

    /// Ends the row that is begun.
    ///
    /// # Errors
    /// [`Error::Disk`] where `out` refuses.
    pub fn end_row(&mut self) -> Result<(), Error> {
        self.rows += 1;
        match self.rows < PIECE_ROWS && self.text_bytes < TEXT_BYTES {
            true => Ok(()),
            false => self.hand_on(),
        }
    }

    fn hand_on(&mut self) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.rows);
        self.text_bytes = 0;
        let arrays = self.columns.iter_mut().map(|filling| {
            filling.pad(rows);
            filling.finish()
        });
        let batch = RecordBatch::try_new(self.schema.clone(), arrays.collect());
        let written = batch.map_err(ParquetError::from).and_then(|b| self.writer.write(&b));
        written.map_err(|error| failed(&self.name, error))
    }

    /// Ends the file and gives back where it went.
    ///
    /// # Errors
    /// [`Error::Disk`] where that refuses.
    pub fn finish(mut self) -> Result<W, Error> {
        self.hand_on()?;
        // What the last step says of a full disk is a text.
        let flushed = self.writer.flush().and_then(|()| Ok(self.writer.sync()?));
        flushed.map_err(|error| failed(&self.name, error))?;
        self.writer.into_inner().map_err(|error| failed(&self.name, error))
    }
}

impl Filling {
    fn new(kind: ColumnKind) -> Filling {
        match kind {
            ColumnKind::Bool => Filling::Bool(BooleanBuilder::new()),
            ColumnKind::Integer => Filling::Integer(Int64Builder::new()),
            ColumnKind::Float => Filling::Float(Float64Builder::new()),
            ColumnKind::Text => Filling::Text(StringBuilder::new()),
            ColumnKind::Time => {
                Filling::Time(TimestampMillisecondBuilder::new().with_timezone("UTC"))
            }
        }
    }

    /// Adds the empty cells that are missing up to a row.
    fn pad(&mut self, rows: usize) {
        use arrow_array::builder::ArrayBuilder;
        match self {
            Filling::Bool(cells) => cells.append_nulls(rows - cells.len()),
            Filling::Integer(cells) => cells.append_nulls(rows - cells.len()),
            Filling::Float(cells) => cells.append_nulls(rows - cells.len()),
            Filling::Text(cells) => cells.append_nulls(rows - cells.len()),
            Filling::Time(cells) => cells.append_nulls(rows - cells.len()),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Filling::Bool(cells) => Arc::new(cells.finish()),
            Filling::Integer(cells) => Arc::new(cells.finish()),
            Filling::Float(cells) => Arc::new(cells.finish()),
            Filling::Text(cells) => Arc::new(cells.finish()),
            Filling::Time(cells) => Arc::new(cells.finish()),
        }
    }
}

/// What `out` said, where it was that; nothing else can go wrong with rows of the schema.
fn failed(name: &str, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    };
    Error::disk("write", name.as_ref(), source)
}

#[cfg(test)]
mod tests {
    use candor_event::Value;

    use super::*;
    use crate::table::{Cell, TableReader};

    #[test]
    fn rows_read_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let kinds = [
            ColumnKind::Bool,
            ColumnKind::Integer,
            ColumnKind::Float,
            ColumnKind::Text,
            ColumnKind::Time,
        ];
        let columns = kinds.map(|kind| (Arc::from(format!("{kind:?}")), kind));
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = TableWriter::parquet("t", file, &columns).unwrap();
        // More than a piece, and nearly all cells empty.
        let rows = 2 * PIECE_ROWS + 3;
        for row in 0..rows {
            writer.put(1, ValueRef::Integer(row as i64));
            if row == PIECE_ROWS {
                writer.put(0, ValueRef::Bool(true));
                writer.put(2, ValueRef::Integer(7));
                writer.put(3, ValueRef::Text("x"));
                writer.put(4, ValueRef::Integer(1_795_500_000_123));
            }
            writer.end_row().unwrap();
        }
        writer.finish().unwrap();
        let mut reader = TableReader::parquet(&path).unwrap();
        assert_eq!(reader.rows(), Some(rows as u64));
        let mut at = 0;
        while let Some(piece) = reader.next_piece().unwrap() {
            for row in 0..piece.rows() {
                assert_eq!(piece.cell(1, row), Some(Cell::Value(Value::Integer(at as i64))));
                let there = at == PIECE_ROWS;
                let cell =
                    |column, cell| assert_eq!(piece.cell(column, row), there.then_some(cell));
                cell(0, Cell::Value(Value::Bool(true)));
                cell(2, Cell::Value(Value::Float(7.0)));
                cell(3, Cell::Value("x".into()));
                cell(4, Cell::Time(1_795_500_000_123));
                at += 1;
            }
        }
        assert_eq!(at, rows);
    }

    #[test]
    fn a_full_disk_is_said_as_the_system_says_it() {
        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let columns = [(Arc::from("n"), ColumnKind::Integer)];
        let written = TableWriter::parquet("t", Full, &columns).and_then(TableWriter::finish);
        let Err(Error::Disk { source, .. }) = written else { panic!("it is refused") };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    }
}
