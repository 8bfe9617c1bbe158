//! One property of the events of a segment: a dictionary of values and a packed code per row, with
//! rows marked or listed only where that is smaller than a code for each row.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::OnceLock;

use ahash::RandomState;
use candor_event::{HashedAlready, Value, ValueRef};

use crate::resident::marks::Marks;
use crate::resident::packed::Packed;
use crate::resident::postings::Postings;
use crate::resident::values::{Values, hash_of, same};

/// A property's values in a segment.
#[derive(Debug)]
pub(crate) struct Column {
    rows: Rows,
    /// Place in `values` plus one.
    codes: Packed,
    values: Values,
    /// Found when first asked for.
    postings: OnceLock<Postings>,
}

/// Which rows have a value.
#[derive(Debug)]
enum Rows {
    /// Every row has a code, and 0 means no value.
    All,
    Marked(Marks),
    /// Few: ascending.
    Listed(Packed),
}

impl Column {
    /// The code (place in [`Column::values`] plus one) at a row; 0 for no value.
    #[inline]
    pub(crate) fn code(&self, row: u32) -> u32 {
        let row = row as usize;
        let place = match &self.rows {
            Rows::All => Some(row),
            Rows::Marked(marks) => marks.place(row),
            Rows::Listed(rows) => {
                let place = rows.partition_point(|other| other < row as u64);
                (place < rows.len() && rows.get(place) == row as u64).then_some(place)
            }
        };
        place.map_or(0, |place| self.codes.get(place) as u32)
    }

    pub(crate) fn get(&self, row: u32) -> Option<ValueRef<'_>> {
        self.code(row).checked_sub(1).map(|code| self.values.get(code as usize))
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// The code of each row of a range: for those who go through all of them.
    pub(crate) fn codes(&self, range: Range<usize>) -> Vec<u32> {
        let mut all = vec![0; range.len()];
        let mut put = |row: usize, place: usize| {
            if let Some(code) = row.checked_sub(range.start).and_then(|at| all.get_mut(at)) {
                *code = self.codes.get(place) as u32;
            }
        };
        match &self.rows {
            Rows::All => range.clone().for_each(|row| put(row, row)),
            Rows::Marked(marks) => {
                let first = if range.is_empty() { 0 } else { marks.before(range.start) };
                let rows = marks.iter_from(range.start).take_while(|r| (*r as usize) < range.end);
                rows.zip(first..).for_each(|(row, place)| put(row as usize, place));
            }
            Rows::Listed(rows) => {
                let first = rows.partition_point(|row| row < range.start as u64);
                let end = rows.partition_point(|row| row < range.end as u64);
                (first..end).for_each(|place| put(rows.get(place) as usize, place));
            }
        }
        all
    }

    /// The rows, ascending, whose value equals one of some, as questions compare, of a segment of
    /// so many rows; nothing where a look at every row is as good.
    pub(crate) fn equal(&self, any: &[Value], rows: usize) -> Option<Vec<u32>> {
        if self.values.len() < WORTH_POSTINGS {
            return None;
        }
        let postings = self.postings.get_or_init(|| Postings::of(self, rows));
        postings.equal(&self.values, any, rows / WORTH_POSTINGS)
    }

    /// How many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let rows = match &self.rows {
            Rows::All => 0,
            Rows::Marked(marks) => marks.bytes(),
            Rows::Listed(rows) => rows.bytes(),
        };
        let postings = self.postings.get().map_or(0, Postings::bytes);
        rows + self.codes.bytes() + self.values.bytes() + postings
    }

    /// How many rows have a value.
    pub(crate) fn filled(&self) -> u64 {
        match &self.rows {
            Rows::All => self.codes.iter().filter(|code| *code != 0).count() as u64,
            Rows::Marked(_) | Rows::Listed(_) => self.codes.len() as u64,
        }
    }
}

/// Rows are listed, which takes a search for each look, only where that is so many times smaller
/// than marks.
const LISTED_SMALLER: usize = 4;

/// The rows of a value are kept where there are so many values, and used where they are so many
/// times fewer than all.
const WORTH_POSTINGS: usize = 32;

/// Builds a column cell by cell.
#[derive(Default)]
pub(crate) struct ColumnBuilder {
    rows: Vec<u32>,
    codes: Vec<u32>,
    values: Values,
    hasher: RandomState,
    /// By the hash of a value.
    places: HashMap<u64, u32, BuildHasherDefault<HashedAlready>>,
}

impl ColumnBuilder {
    /// With room for so many rows with a value.
    pub(crate) fn with_room(rows: usize) -> ColumnBuilder {
        let (rows, codes) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        ColumnBuilder { rows, codes, ..ColumnBuilder::default() }
    }

    /// The code of a value, new or known.
    pub(crate) fn code_of(&mut self, value: ValueRef<'_>) -> u32 {
        let mut hash = hash_of(&self.hasher, value);
        loop {
            match self.places.get(&hash) {
                Some(code) if same(self.values.get(*code as usize - 1), value) => return *code,
                Some(_) => hash = hash.wrapping_add(1),
                None => {
                    self.values.push(value);
                    let code = self.values.len() as u32;
                    self.places.insert(hash, code);
                    return code;
                }
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn push_code(&mut self, row: u32, code: u32) {
        self.rows.push(row);
        self.codes.push(code);
    }

    pub(crate) fn push(&mut self, row: u32, value: ValueRef<'_>) {
        let code = self.code_of(value);
        self.push_code(row, code);
    }

    /// The column of a segment of `rows` rows.
    pub(crate) fn finish(mut self, rows: usize) -> Column {
        if !self.rows.is_sorted() {
            // A property that was seen with two types is read one type after the other.
            let mut cells: Vec<_> = self.rows.into_iter().zip(self.codes).collect();
            cells.sort_unstable();
            (self.rows, self.codes) = cells.into_iter().unzip();
        }
        self.values.shrink();
        let largest = self.values.len() as u64;
        let bits = |largest: u64| (u64::BITS - largest.leading_zeros()) as usize;
        let last = rows.saturating_sub(1) as u64;
        let filled = self.rows.len();
        // A mark takes a bit for each row, and a quarter of one to count them.
        let marked = rows * 5 / 4 + filled * bits(largest);
        let listed = filled * (bits(last) + bits(largest));
        if marked.min(listed) < rows * bits(largest) {
            let listed = listed * LISTED_SMALLER < marked;
            return Column {
                rows: match listed {
                    true => {
                        Rows::Listed(Packed::of(self.rows.iter().map(|row| u64::from(*row)), last))
                    }
                    false => Rows::Marked(Marks::of(self.rows.iter().copied(), rows)),
                },
                codes: Packed::of(self.codes.iter().map(|code| u64::from(*code)), largest),
                values: self.values,
                postings: OnceLock::new(),
            };
        }
        let mut dense = vec![0; rows];
        for (row, code) in self.rows.iter().zip(&self.codes) {
            dense[*row as usize] = *code;
        }
        let codes = Packed::of(dense.into_iter().map(u64::from), largest);
        Column { rows: Rows::All, codes, values: self.values, postings: OnceLock::new() }
    }
}

/// Makes one column of several: a value is hashed once for each of them.
pub(crate) struct ColumnJoin<'a> {
    columns: &'a [Option<&'a Column>],
    /// By column: the codes of its rows, and the joined one's code of each, 0 until it is met.
    codes: Vec<Vec<u32>>,
    known: Vec<Vec<u32>>,
    joined: ColumnBuilder,
}

impl<'a> ColumnJoin<'a> {
    /// Of columns of so many rows; none has no value anywhere.
    pub(crate) fn new(columns: &'a [Option<&'a Column>], rows: &[usize]) -> ColumnJoin<'a> {
        let values = |column: &Option<&Column>| column.map_or(0, |column| column.values().len());
        let filled = columns.iter().flatten().map(|column| column.codes.len()).sum();
        let codes = columns.iter().zip(rows);
        let codes = codes.map(|(column, rows)| column.map_or(Vec::new(), |c| c.codes(0..*rows)));
        ColumnJoin {
            columns,
            codes: codes.collect(),
            known: columns.iter().map(|column| vec![0; values(column)]).collect(),
            joined: ColumnBuilder::with_room(filled),
        }
    }

    /// A row of the joined column is a row of one of those that it is made of.
    pub(crate) fn push(&mut self, row: usize, column: usize, from: usize) {
        let Some(of) = self.columns[column] else { return };
        let Some(code) = self.codes[column][from].checked_sub(1) else { return };
        let known = &mut self.known[column][code as usize];
        if *known == 0 {
            *known = self.joined.code_of(of.values().get(code as usize));
        }
        self.joined.push_code(row as u32, *known);
    }

    /// No row has a value.
    pub(crate) fn is_empty(&self) -> bool {
        self.joined.is_empty()
    }

    pub(crate) fn finish(self, rows: usize) -> Column {
        self.joined.finish(rows)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_column_answers_what_was_put_in(
            cells in prop_oneof![Just(0.9), Just(0.3), Just(0.01)].prop_flat_map(|filled| {
                proptest::collection::vec(proptest::option::weighted(filled, 0i64..400), 0..900)
            }),
            cut in (0usize..900, 0usize..900),
        ) {
            let mut builder = ColumnBuilder::default();
            for (row, cell) in cells.iter().enumerate() {
                if let Some(number) = cell {
                    builder.push(row as u32, ValueRef::Integer(*number));
                }
            }
            let column = builder.finish(cells.len());
            for (row, cell) in cells.iter().enumerate() {
                prop_assert_eq!(column.get(row as u32), cell.map(ValueRef::Integer));
            }
            let filled = cells.iter().flatten().count() as u64;
            prop_assert_eq!(column.filled(), filled);
            let (a, b) = (cut.0.min(cells.len()), cut.1.min(cells.len()));
            let range = a.min(b)..a.max(b);
            let codes: Vec<u32> = range.clone().map(|row| column.code(row as u32)).collect();
            prop_assert_eq!(column.codes(range), codes);
        }
    }

    #[test]
    fn whole_and_broken_numbers_stay_apart() {
        let mut builder = ColumnBuilder::default();
        let values = [Value::Integer(3), Value::Float(3.0), "3".into(), true.into()];
        for (row, value) in values.iter().enumerate() {
            builder.push(row as u32, value.into());
        }
        let column = builder.finish(4);
        for (row, value) in values.iter().enumerate() {
            assert_eq!(column.get(row as u32), Some(value.into()));
        }
    }
}
