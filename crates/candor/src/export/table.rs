//! One file of an export as it is written: the same rows as Parquet or as lines of JSON.

use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use candor_event::{Timestamp, ValueRef};
use candor_store::{ColumnKind, TableWriter};

use super::Format;
use super::columns::{Cell, Columns};
use super::piece::{Piece, Tell};
use crate::moment::utc;

/// Bytes that are handed on at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Where the bytes of a file go.
struct Out<'a> {
    tell: Tell<'a>,
    /// Rows of all files up to now.
    rows: &'a AtomicU64,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (length, rows) = (bytes.len(), self.rows.load(Ordering::Relaxed));
        let piece = Piece::Bytes { bytes: bytes.to_vec(), length, rows };
        (self.tell)(piece).map_err(io::Error::other)?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file as it is written. It begins with its first row: without any there is none.
pub struct Table<'a> {
    name: String,
    format: Format,
    columns: &'a Columns,
    /// Taken when the file begins.
    out: Option<Out<'a>>,
    written: Option<Written<'a>>,
    rows: u64,
}

enum Written<'a> {
    Parquet(Box<TableWriter<BufWriter<Out<'a>>>>),
    Lines(BufWriter<Out<'a>>, Vec<u8>),
}

impl<'a> Table<'a> {
    /// `rows` counts those of all files.
    pub fn new(
        name: String,
        format: Format,
        columns: &'a Columns,
        tell: Tell<'a>,
        rows: &'a AtomicU64,
    ) -> Table<'a> {
        let out = Some(Out { tell, rows });
        Table { name, format, columns, out, written: None, rows: 0 }
    }

    /// Writes a row: the cells that every row may have, by their place, and its properties by the
    /// codes of their names. Times are whole milliseconds.
    pub fn row(
        &mut self,
        fixed: &[Option<ValueRef<'_>>],
        properties: &mut [(u32, ValueRef<'_>)],
    ) -> anyhow::Result<()> {
        if let Some(out) = self.out.take() {
            self.written = Some(self.begin(out)?);
        }
        let columns = self.columns;
        let cells = fixed.iter().enumerate().filter_map(|(at, cell)| Some((at, (*cell)?)));
        match &mut self.written {
            Some(Written::Parquet(table)) => {
                cells.for_each(|(at, cell)| table.put(at, cell));
                for (code, value) in properties {
                    match columns.cell(*code, *value) {
                        Cell::Plain(column, value) => table.put(column, value),
                        Cell::Json(column) => {
                            let json = serde_json::to_string(value)?;
                            table.put(column, ValueRef::Text(&json));
                        }
                    }
                }
                table.end_row()?;
            }
            Some(Written::Lines(out, line)) => {
                line.clear();
                for (at, cell) in cells {
                    let (name, kind) = columns.fixed[at];
                    match (kind, cell) {
                        (ColumnKind::Time, ValueRef::Integer(ms)) => {
                            put(line, name, ValueRef::Text(&utc(Timestamp(ms))))?;
                        }
                        _ => put(line, name, cell)?,
                    }
                }
                properties.sort_unstable_by_key(|(code, _)| columns.field(*code).0);
                for (code, value) in properties {
                    put(line, columns.field(*code).1, *value)?;
                }
                line.extend_from_slice(b"}\n");
                out.write_all(line)?;
            }
            None => anyhow::bail!("the file {} did not begin", self.name),
        }
        self.rows += 1;
        Ok(())
    }

    fn begin(&self, out: Out<'a>) -> anyhow::Result<Written<'a>> {
        (out.tell)(Piece::Begin(self.name.clone()))?;
        let out = BufWriter::with_capacity(PIECE_BYTES, out);
        Ok(match self.format {
            Format::Parquet => {
                let table = TableWriter::parquet(&self.name, out, &self.columns.list)?;
                Written::Parquet(Box::new(table))
            }
            Format::Jsonl => Written::Lines(out, Vec::new()),
        })
    }

    /// Ends the file, if it began.
    pub fn finish(self) -> anyhow::Result<()> {
        let mut out = match self.written {
            None => return Ok(()),
            Some(Written::Parquet(table)) => table.finish()?,
            Some(Written::Lines(out, _)) => out,
        };
        out.flush()?;
        let out = out.into_inner().ok().context("all bytes were handed on")?;
        out.rows.fetch_add(self.rows, Ordering::Relaxed);
        (out.tell)(Piece::End(self.rows))
    }
}

/// Adds a field to a line of JSON.
fn put(line: &mut Vec<u8>, name: &str, value: ValueRef<'_>) -> serde_json::Result<()> {
    line.push(if line.is_empty() { b'{' } else { b',' });
    serde_json::to_writer(&mut *line, name)?;
    line.push(b':');
    serde_json::to_writer(line, &value)
}
