//! One property of the events of a segment: a dictionary of values and a packed code per row, with
//! rows listed only where that is smaller than a code for each row.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;

use ahash::RandomState;
use candor_event::{HashedAlready, ValueRef};

use crate::resident::packed::Packed;
use crate::resident::values::{Values, hash_of, same};

/// A property's values in a segment.
#[derive(Debug)]
pub(crate) struct Column {
    /// Ascending rows that have a value; none: every row has a code and 0 means no value.
    rows: Option<Packed>,
    /// Place in `values` plus one.
    codes: Packed,
    values: Values,
}

impl Column {
    /// The code (place in [`Column::values`] plus one) at a row; 0 for no value.
    #[inline]
    pub(crate) fn code(&self, row: u32) -> u32 {
        let place = match &self.rows {
            None => row as usize,
            Some(rows) => {
                let place = rows.partition_point(|other| other < u64::from(row));
                if place == rows.len() || rows.get(place) != u64::from(row) {
                    return 0;
                }
                place
            }
        };
        self.codes.get(place) as u32
    }

    pub(crate) fn get(&self, row: u32) -> Option<ValueRef<'_>> {
        self.code(row).checked_sub(1).map(|code| self.values.get(code as usize))
    }

    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// The code of each row of a range: for those who go through all of them.
    pub(crate) fn codes(&self, range: Range<usize>) -> Vec<u32> {
        let Some(rows) = &self.rows else {
            return range.map(|row| self.codes.get(row) as u32).collect();
        };
        let mut all = vec![0; range.len()];
        let first = rows.partition_point(|row| row < range.start as u64);
        for place in first..rows.len() {
            let row = rows.get(place) as usize;
            if row >= range.end {
                break;
            }
            all[row - range.start] = self.codes.get(place) as u32;
        }
        all
    }

    /// How many rows have a value.
    pub(crate) fn filled(&self) -> u64 {
        match &self.rows {
            Some(rows) => rows.len() as u64,
            None => self.codes.iter().filter(|code| *code != 0).count() as u64,
        }
    }
}

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
        if self.rows.len() * (bits(last) + bits(largest)) < rows * bits(largest) {
            return Column {
                rows: Some(Packed::of(self.rows.iter().map(|row| u64::from(*row)), last)),
                codes: Packed::of(self.codes.iter().map(|code| u64::from(*code)), largest),
                values: self.values,
            };
        }
        let mut dense = vec![0; rows];
        for (row, code) in self.rows.iter().zip(&self.codes) {
            dense[*row as usize] = *code;
        }
        let codes = Packed::of(dense.into_iter().map(u64::from), largest);
        Column { rows: None, codes, values: self.values }
    }
}

#[cfg(test)]
mod tests {
    use candor_event::Value;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_column_answers_what_was_put_in(
            cells in proptest::collection::vec(proptest::option::weighted(0.3, 0i64..400), 0..600),
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
