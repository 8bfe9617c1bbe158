//! CSV: a header line, then a row a line; the library knows quotes and line ends.

use std::io;
use std::sync::Arc;

use candor_event::Value;

use super::{Cell, Cells, PIECE_ROWS, Piece, Source, TableReader};
use crate::error::Error;

/// The longest row in bytes; guards against a file whose quotes never close.
const ROW_BYTES_MAX: usize = 8 << 20;

struct Csv {
    name: String,
    reader: csv::Reader<Box<dyn io::Read + Send>>,
    columns: usize,
}

pub(super) fn open(
    name: &str,
    bytes: impl io::Read + Send + 'static,
) -> Result<TableReader, Error> {
    let bytes: Box<dyn io::Read + Send> = Box::new(bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let failed = |e: &csv::Error| Error::table(name, reason(e));
    let columns: Vec<Arc<str>> = match reader.headers() {
        // Spreadsheets begin a file with a byte order mark.
        Ok(header) => {
            let name = |column: &str| Arc::from(column.trim_start_matches('\u{feff}').trim());
            header.iter().map(name).collect()
        }
        Err(e) => return Err(failed(&e)),
    };
    if columns.is_empty() {
        return Err(Error::table(name, "there is no header line"));
    }
    let source = Csv { name: name.to_owned(), reader, columns: columns.len() };
    Ok(TableReader { columns, rows: None, source: Box::new(source) })
}

impl Source for Csv {
    fn next(&mut self) -> Result<Option<Piece>, Error> {
        let mut piece = Piece::default();
        let mut cells: Vec<Vec<Option<Cell>>> = vec![Vec::new(); self.columns];
        let mut row = csv::StringRecord::new();
        while piece.rows() + piece.bad.len() < PIECE_ROWS {
            match self.reader.read_record(&mut row) {
                Ok(false) => break,
                Ok(true) => {}
                // A line that is not UTF-8 is a bad line; the reader stands behind it.
                Err(e) if matches!(e.kind(), csv::ErrorKind::Utf8 { .. }) => {
                    let line = e.position().map_or(0, csv::Position::line);
                    piece.bad.push((line, "the line is not UTF-8".to_owned()));
                    continue;
                }
                Err(e) => return Err(Error::table(&self.name, reason(&e))),
            }
            let line = row.position().map_or(0, csv::Position::line);
            if row.as_slice().len() > ROW_BYTES_MAX {
                return Err(Error::table(
                    &self.name,
                    &format!("line {line} has more than {ROW_BYTES_MAX} bytes: is a quote open?"),
                ));
            }
            if row.len() != self.columns {
                let (has, wants) = (row.len(), self.columns);
                let message = format!("the line has {has} fields where the header has {wants}");
                piece.bad.push((line, message));
                continue;
            }
            piece.lines.push(line);
            row.iter().zip(&mut cells).for_each(|(field, column)| column.push(cell(field)));
        }
        if piece.lines.is_empty() && piece.bad.is_empty() {
            return Ok(None);
        }
        piece.cells = cells.into_iter().map(Cells::Each).collect();
        Ok(Some(piece))
    }
}

/// CSV has no types: what reads back as it was written is a number, so that `007`, `+1` and `1.50`
/// stay texts.
fn cell(field: &str) -> Option<Cell> {
    let value = match field {
        "" => return None,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(field).unwrap_or_else(|| field.into()),
    };
    Some(Cell::Value(value))
}

fn number(field: &str) -> Option<Value> {
    if field.len() > 24 || !field.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    if let Ok(whole) = field.parse::<i64>() {
        return (whole.to_string() == field).then_some(Value::Integer(whole));
    }
    let float: f64 = field.parse().ok().filter(|float: &f64| float.is_finite())?;
    // 12.50 is a price, and its last zero tells nothing; 01.5 is none.
    let plain = field.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.');
    let leads = field.trim_start_matches('-').starts_with('0');
    let fraction =
        field.contains('.') && (!leads || field.trim_start_matches('-').starts_with("0."));
    (plain && fraction).then_some(Value::Float(float))
}

/// Place and kind alone: the library's own words may quote what stands there.
fn reason(error: &csv::Error) -> &'static str {
    match error.kind() {
        csv::ErrorKind::Io(_) => "it cannot be read on",
        csv::ErrorKind::Utf8 { .. } => "its header is not UTF-8",
        _ => "it is not CSV",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &'static str) -> (Vec<Arc<str>>, Piece) {
        let mut reader = TableReader::csv("x.csv", text.as_bytes()).unwrap();
        let piece = reader.next_piece().unwrap().unwrap();
        assert!(reader.next_piece().unwrap().is_none());
        (reader.columns().to_vec(), piece)
    }

    #[test]
    fn lines_are_rows_and_bad_lines_are_named() {
        let (columns, piece) = all("\u{feff}identity, n\nu1,3\nu2\n\"u,3\",\n");
        assert_eq!(columns, ["identity".into(), "n".into()] as [Arc<str>; 2]);
        assert_eq!(piece.lines, [2, 4]);
        assert_eq!(piece.bad[0].0, 3);
        assert_eq!(piece.cell(0, 1), Some(Cell::Value("u,3".into())));
        assert_eq!(piece.cell(1, 0), Some(Cell::Value(Value::Integer(3))));
        assert_eq!(piece.cell(1, 1), None);
    }

    #[test]
    fn what_would_not_read_back_stays_a_text() {
        let read = |field: &str| match cell(field) {
            Some(Cell::Value(value)) => value,
            other => panic!("{other:?}"),
        };
        for text in ["007", "+1", "1e5", "NaN", "inf", "1.2.3", "2026-11-24", "0x1", "-", "01.5"] {
            assert_eq!(read(text), Value::from(text));
        }
        assert_eq!(read("-12"), Value::Integer(-12));
        assert_eq!(read("12.50"), Value::Float(12.5));
        assert_eq!(read("0.5"), Value::Float(0.5));
        assert_eq!(read("true"), Value::Bool(true));
    }
}
