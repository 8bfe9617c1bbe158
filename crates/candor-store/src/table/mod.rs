//! Files of rows and columns: Parquet and CSV that people bring, read piece by piece, and Parquet
//! that they take with them.

mod csv;
mod numbers;
mod parquet;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;

use candor_event::Value;

use crate::error::Error;

pub use numbers::{NumberKind, Numbers};
pub use writer::{ColumnKind, TableWriter};

/// Rows in one piece, at most.
const PIECE_ROWS: usize = 8_192;

/// A file of rows and columns.
pub struct TableReader {
    columns: Vec<Arc<str>>,
    rows: Option<u64>,
    source: Box<dyn Source + Send>,
}

/// Where pieces come from.
trait Source {
    /// Of which columns, by their places, something is wanted; before the first piece.
    fn only(&mut self, _wanted: &[bool]) {}

    fn next(&mut self) -> Result<Option<Piece>, Error>;
}

/// Some rows of a table, column by column.
#[derive(Debug, Default)]
pub struct Piece {
    /// The line (CSV) or row (Parquet) of each row in its file, from 1.
    pub lines: Vec<u64>,
    /// Lines that are no rows of this table, and why.
    pub bad: Vec<(u64, String)>,
    cells: Vec<Cells>,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A value as the file has it. Texts of CSV that are numbers, `true` or `false` are those.
    Value(Value),
    /// A date or time, in ms since 1970.
    Time(i64),
    /// A whole number above the largest [`Value::Integer`].
    Unsigned(u64),
}

/// A column of a piece.
#[derive(Debug)]
pub enum ColumnCells<'a> {
    /// By row: the place in the list plus one, or 0 for an empty cell.
    Coded(&'a [u32], &'a Arc<[Cell]>),
    /// By row.
    Each(&'a [Option<Cell>]),
    /// All of one type.
    Numbers(&'a Numbers),
}

#[derive(Debug)]
enum Cells {
    /// Every row has a place in the list plus one, or 0 for an empty cell.
    Coded(Vec<u32>, Arc<[Cell]>),
    Each(Vec<Option<Cell>>),
    Numbers(Numbers),
    /// Nobody wants it.
    Unread,
}

impl TableReader {
    /// Opens a Parquet file.
    ///
    /// # Errors
    /// [`Error::Disk`] and [`Error::Table`] name the file and what is wrong with it.
    pub fn parquet(path: &Path) -> Result<TableReader, Error> {
        parquet::open(path)
    }

    /// Reads CSV with a header line (RFC 4180); `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Table`] when there is no header.
    pub fn csv(name: &str, bytes: impl io::Read + Send + 'static) -> Result<TableReader, Error> {
        csv::open(name, bytes)
    }

    /// The columns' names, in the order of the file.
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// How many rows there are, where the file says so.
    pub fn rows(&self) -> Option<u64> {
        self.rows
    }

    /// Leaves the other columns unread, where the file is such that this saves work: nothing stands
    /// in them then. To be called before the first piece; later it changes nothing.
    pub fn only(&mut self, columns: impl Iterator<Item = usize>) {
        let mut wanted = vec![false; self.columns.len()];
        columns.for_each(|column| wanted[column] = true);
        self.source.only(&wanted);
    }

    /// The next rows; nothing after the last.
    ///
    /// # Errors
    /// [`Error::Table`]: the file is damaged from here on.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Error> {
        self.source.next()
    }
}

impl Piece {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// A whole column, of those that are read.
    pub fn cells(&self, column: usize) -> ColumnCells<'_> {
        match &self.cells[column] {
            Cells::Coded(codes, values) => ColumnCells::Coded(codes, values),
            Cells::Each(cells) => ColumnCells::Each(cells),
            Cells::Numbers(numbers) => ColumnCells::Numbers(numbers),
            Cells::Unread => ColumnCells::Each(&[]),
        }
    }

    /// What stands in a column of a row; nothing when the cell is empty.
    pub fn cell(&self, column: usize, row: usize) -> Option<Cell> {
        match self.cells.get(column)? {
            Cells::Coded(codes, values) => {
                let place = codes[row].checked_sub(1)?;
                Some(values[place as usize].clone())
            }
            Cells::Each(cells) => cells[row].clone(),
            Cells::Numbers(numbers) => numbers.cell(row),
            Cells::Unread => None,
        }
    }
}
