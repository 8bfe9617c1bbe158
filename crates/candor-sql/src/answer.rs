//! Rows on their way out: encoded batch by batch, so that no more than their bytes is held.

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::json::writer::{JsonArray, WriterBuilder};
use datafusion::arrow::json::{StructMode, writer::Writer};
use tokio::sync::OwnedSemaphorePermit;

/// In which form rows are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON: each row a list of values.
    Json,
    /// An Arrow IPC stream; its schema's metadata has `truncated` and `as_of`.
    Arrow,
}

/// A statement's answer.
#[derive(Debug)]
pub struct Answer {
    /// Name and type of each column.
    pub columns: Vec<(String, &'static str)>,
    /// In JSON: rows with commas between them, of which some pieces may be empty; in Arrow: the
    /// stream, cut into pieces.
    pub pieces: Vec<Vec<u8>>,
    /// How many rows it has.
    pub rows: usize,
    /// Whether there were more rows than were asked for.
    pub truncated: bool,
    /// Events that were looked at.
    pub scanned: u64,
    /// The shares of the memory that waiting answers may take.
    pub(crate) held: Vec<OwnedSemaphorePermit>,
}

impl Answer {
    /// Gives back the share of the memory, for whoever holds the pieces to keep as long as them.
    pub fn held(&mut self) -> impl Send + 'static {
        std::mem::take(&mut self.held)
    }
}

/// Encodes batches of one schema.
pub(crate) struct Encoder {
    schema: SchemaRef,
    /// None: JSON.
    stream: Option<StreamWriter<Vec<u8>>>,
    first: bool,
}

impl Encoder {
    pub(crate) fn new(form: Form, schema: SchemaRef) -> Result<Encoder, ArrowError> {
        let stream = match form {
            Form::Json => None,
            Form::Arrow => {
                let mut stream = StreamWriter::try_new(Vec::new(), &schema)?;
                // The header is written again at the end, when its metadata is known.
                stream.get_mut().clear();
                Some(stream)
            }
        };
        Ok(Encoder { schema, stream, first: true })
    }

    pub(crate) fn columns(&self) -> Vec<(String, &'static str)> {
        let fields = self.schema.fields().iter();
        fields.map(|field| (field.name().clone(), type_name(field.data_type()))).collect()
    }

    pub(crate) fn encode(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        if let Some(stream) = &mut self.stream {
            stream.write(batch)?;
            return Ok(std::mem::take(stream.get_mut()));
        }
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        let json = WriterBuilder::new().with_struct_mode(StructMode::ListOnly);
        let mut json: Writer<_, JsonArray> = json.with_explicit_nulls(true).build(Vec::new());
        json.write(batch)?;
        json.finish()?;
        // The brackets around the rows become what stands between them and the rows before.
        let mut rows = json.into_inner();
        rows.pop();
        match std::mem::take(&mut self.first) {
            true => rows[0] = b' ',
            false => rows[0] = b',',
        }
        Ok(rows)
    }

    /// What stands before and after the pieces.
    pub(crate) fn finish(
        self,
        truncated: bool,
        as_of: &str,
    ) -> Result<(Vec<u8>, Vec<u8>), ArrowError> {
        let Some(mut stream) = self.stream else { return Ok((Vec::new(), Vec::new())) };
        stream.finish()?;
        let end = std::mem::take(stream.get_mut());
        let mut metadata = self.schema.metadata().clone();
        metadata.insert("truncated".to_owned(), truncated.to_string());
        metadata.insert("as_of".to_owned(), as_of.to_owned());
        let schema = Schema::new_with_metadata(self.schema.fields().clone(), metadata);
        let mut header = StreamWriter::try_new(Vec::new(), &schema)?;
        Ok((std::mem::take(header.get_mut()), end))
    }
}

/// Bytes that are encoded in one step, about: before the next it is asked whether they may be held.
const PIECE_BYTES: usize = 1 << 20;

/// A batch in parts of about [`PIECE_BYTES`].
pub(crate) fn parts(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let size = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or(0);
    let bytes: usize = batch.columns().iter().map(size).sum();
    let rows = (batch.num_rows() * PIECE_BYTES / bytes.max(1)).max(1);
    let part = move |first| batch.slice(first, rows.min(batch.num_rows() - first));
    (0..batch.num_rows()).step_by(rows).map(part)
}

/// What a type is called in the answer.
fn type_name(kind: &DataType) -> &'static str {
    match kind {
        DataType::Boolean => "boolean",
        kind if kind.is_integer() => "integer",
        kind if kind.is_numeric() => "number",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text",
        DataType::Timestamp(..) => "timestamp",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Time32(_) | DataType::Time64(_) => "time",
        DataType::Duration(_) | DataType::Interval(_) => "interval",
        DataType::Struct(_) | DataType::Map(..) => "object",
        DataType::Dictionary(_, values) => type_name(values),
        DataType::Null => "null",
        kind if kind.is_nested() => "list",
        _ => "bytes",
    }
}
