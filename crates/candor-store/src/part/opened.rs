//! A file of a part, as it lies on disk, opened.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::{File, Place};
use crate::error::Error;

/// Rows that are arrays at one time.
const BATCH_ROWS: usize = 65_536;

/// The same of rows that are people: what all of theirs takes is at hand when it is looked at.
const BATCH_PEOPLE: usize = 1_024;

/// A file of a part.
pub(super) struct Opened {
    path: PathBuf,
    content: Content,
    metadata: ArrowReaderMetadata,
}

impl Opened {
    /// Opens a file of which only some is to be read.
    pub(super) fn new(place: &Place<'_>, file: &File) -> Result<Opened, Error> {
        let path = place.path(&file.name);
        let opened = fs::File::open(&path).map_err(|e| Error::disk("open", &path, e))?;
        Opened::of(place, file, path, Content::File(Arc::new(opened)), ArrowReaderOptions::new())
    }

    /// Reads a file, all of which is wanted, in one go.
    pub(super) fn whole(place: &Place<'_>, file: &File) -> Result<Opened, Error> {
        Opened::whole_as(place, file, ArrowReaderOptions::new())
    }

    /// The same with columns of these types, where the file can be read as such.
    pub(super) fn whole_of(
        place: &Place<'_>,
        file: &File,
        fields: Vec<Field>,
    ) -> Result<Opened, Error> {
        let schema = Arc::new(Schema::new(fields));
        Opened::whole_as(place, file, ArrowReaderOptions::new().with_schema(schema))
    }

    fn whole_as(
        place: &Place<'_>,
        file: &File,
        options: ArrowReaderOptions,
    ) -> Result<Opened, Error> {
        let path = place.path(&file.name);
        let bytes = place.read(&path).map_err(|e| Error::disk("read", &path, e))?;
        Opened::of(place, file, path, Content::Whole(bytes), options)
    }

    fn of(
        place: &Place<'_>,
        file: &File,
        path: PathBuf,
        content: Content,
        mut options: ArrowReaderOptions,
    ) -> Result<Opened, Error> {
        let damaged = |e: ParquetError| Error::corrupt(&path, e);
        let bytes = content.len();
        if bytes != file.bytes {
            return Err(Error::corrupt(&path, format!("{} bytes, not {bytes}", file.bytes)));
        }
        if place.keys.encrypts() {
            let key = place.keys.unwrap_file_key(file.class, &file.wrapped_key);
            let key = key.map_err(|e| Error::keys(&path, e))?;
            let decryption = FileDecryptionProperties::builder(key.bytes.to_vec())
                .with_aad_prefix(place.aad(&file.kind, file.class))
                .build()
                .map_err(damaged)?;
            options = options.with_file_decryption_properties(decryption);
        }
        let metadata = ArrowReaderMetadata::load(&content, options).map_err(damaged)?;
        Ok(Opened { path, content, metadata })
    }

    pub(super) fn damaged(&self, why: &str) -> Error {
        Error::corrupt(&self.path, why)
    }

    pub(super) fn fields(&self) -> &Fields {
        self.metadata.schema().fields()
    }

    pub(super) fn fact(&self, name: &str) -> Option<&str> {
        let facts = self.metadata.metadata().file_metadata().key_value_metadata();
        facts?.iter().find(|fact| fact.key == name)?.value.as_deref()
    }

    /// Some rows in batches, of all columns.
    pub(super) fn batches_of(
        &self,
        rows: Range<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>>, Error> {
        let reader = self.reader().with_row_selection(RowSelection::from_consecutive_ranges(
            std::iter::once(rows.clone()),
            self.metadata.metadata().file_metadata().num_rows() as usize,
        ));
        self.iterate(reader, BATCH_ROWS)
    }

    fn reader(&self) -> ParquetRecordBatchReaderBuilder<Content> {
        let (content, metadata) = (self.content.clone(), self.metadata.clone());
        ParquetRecordBatchReaderBuilder::new_with_metadata(content, metadata)
    }

    fn iterate(
        &self,
        reader: ParquetRecordBatchReaderBuilder<Content>,
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + use<>, Error> {
        let path = self.path.clone();
        let reader = reader.with_batch_size(rows).build();
        let reader = reader.map_err(|e| Error::corrupt(&path, e))?;
        Ok(reader.map(move |batch| batch.map_err(|e| Error::corrupt(&path, e))))
    }

    /// People in batches, with all that is in their rows.
    pub(super) fn people(
        &self,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + use<>, Error> {
        self.iterate(self.reader(), BATCH_PEOPLE)
    }

    /// The rows in batches, of all columns or of one.
    pub(super) fn batches(
        &self,
        column: Option<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>>, Error> {
        let mut reader = self.reader();
        if let Some(column) = column {
            let only = ProjectionMask::roots(reader.parquet_schema(), [column]);
            reader = reader.with_projection(only);
        }
        self.iterate(reader, BATCH_ROWS)
    }
}

/// What is read: a file, or its bytes.
#[derive(Clone)]
enum Content {
    File(Arc<fs::File>),
    Whole(Bytes),
}

impl Length for Content {
    fn len(&self) -> u64 {
        match self {
            Content::File(file) => file.len(),
            Content::Whole(bytes) => bytes.len() as u64,
        }
    }
}

impl ChunkReader for Content {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> Result<Box<dyn Read>, ParquetError> {
        Ok(match self {
            Content::File(file) => Box::new(file.get_read(start)?),
            Content::Whole(bytes) => Box::new(bytes.get_read(start)?),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Content::File(file) => file.get_bytes(start, length),
            Content::Whole(bytes) => bytes.get_bytes(start, length),
        }
    }
}
