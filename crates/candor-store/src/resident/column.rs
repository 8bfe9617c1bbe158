//! One property of the events of a segment: a dictionary of values and a code per row, in the
//! narrowest form, with rows listed only where that is smaller than a code for each row.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;
use candor_event::Value;

/// Codes in one, two or four bytes.
#[derive(Debug)]
enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Codes {
    fn narrowest(codes: Vec<u32>, largest: usize) -> Codes {
        match largest {
            0..=0xff => Codes::One(codes.into_iter().map(|code| code as u8).collect()),
            0x100..=0xffff => Codes::Two(codes.into_iter().map(|code| code as u16).collect()),
            _ => Codes::Four(codes),
        }
    }

    #[inline]
    fn get(&self, place: usize) -> u32 {
        match self {
            Codes::One(codes) => codes[place].into(),
            Codes::Two(codes) => codes[place].into(),
            Codes::Four(codes) => codes[place],
        }
    }
}

/// A property's values in a segment.
#[derive(Debug)]
pub(crate) struct Column {
    /// Ascending rows that have a value; none: every row has a code and 0 means no value.
    rows: Option<Vec<u32>>,
    /// Place in `values` plus one.
    codes: Codes,
    values: Vec<Value>,
}

impl Column {
    /// The code (place in [`Column::values`] plus one) at a row; 0 for no value.
    #[inline]
    pub(crate) fn code(&self, row: u32) -> u32 {
        match &self.rows {
            None => self.codes.get(row as usize),
            Some(rows) => match rows.binary_search(&row) {
                Ok(place) => self.codes.get(place),
                Err(_) => 0,
            },
        }
    }

    pub(crate) fn get(&self, row: u32) -> Option<&Value> {
        self.code(row).checked_sub(1).map(|code| &self.values[code as usize])
    }

    pub(crate) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The code of each of so many rows: for those who go through all of them.
    pub(crate) fn codes(&self, rows: usize) -> Vec<u32> {
        let mut all = vec![0; rows];
        let mut put = |place: usize, code: u32| match &self.rows {
            None => all[place] = code,
            Some(rows) => all[rows[place] as usize] = code,
        };
        match &self.codes {
            Codes::One(codes) => codes.iter().enumerate().for_each(|(at, c)| put(at, (*c).into())),
            Codes::Two(codes) => codes.iter().enumerate().for_each(|(at, c)| put(at, (*c).into())),
            Codes::Four(codes) => codes.iter().enumerate().for_each(|(at, c)| put(at, *c)),
        }
        all
    }

    /// How many rows have a value.
    pub(crate) fn filled(&self) -> u64 {
        match (&self.rows, &self.codes) {
            (Some(rows), _) => rows.len() as u64,
            (None, Codes::One(codes)) => codes.iter().filter(|code| **code != 0).count() as u64,
            (None, Codes::Two(codes)) => codes.iter().filter(|code| **code != 0).count() as u64,
            (None, Codes::Four(codes)) => codes.iter().filter(|code| **code != 0).count() as u64,
        }
    }
}

/// Builds a column cell by cell.
#[derive(Default)]
pub(crate) struct ColumnBuilder {
    rows: Vec<u32>,
    codes: Vec<u32>,
    values: Vec<Value>,
    /// By the hash of a value; its builder is the map's own.
    places: HashMap<u64, u32, RandomState>,
}

impl ColumnBuilder {
    /// The code of a value, new or known.
    pub(crate) fn code_of(&mut self, value: &Value) -> u32 {
        let mut hash = hash_of(self.places.hasher(), value);
        loop {
            match self.places.get(&hash) {
                Some(code) if same(&self.values[*code as usize - 1], value) => return *code,
                Some(_) => hash = hash.wrapping_add(1),
                None => {
                    self.values.push(value.clone());
                    let code = self.values.len() as u32;
                    self.places.insert(hash, code);
                    return code;
                }
            }
        }
    }

    pub(crate) fn push_code(&mut self, row: u32, code: u32) {
        self.rows.push(row);
        self.codes.push(code);
    }

    pub(crate) fn push(&mut self, row: u32, value: &Value) {
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
        let largest = self.values.len();
        let width = match largest {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        if self.rows.len() * (4 + width) < rows * width {
            let codes = Codes::narrowest(self.codes, largest);
            return Column { rows: Some(self.rows), codes, values: self.values };
        }
        let mut dense = vec![0; rows];
        for (row, code) in self.rows.iter().zip(&self.codes) {
            dense[*row as usize] = *code;
        }
        Column { rows: None, codes: Codes::narrowest(dense, largest), values: self.values }
    }
}

/// Whether two values are the same to the bit: 3 and 3.0 are not, nor 0.0 and -0.0.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

fn hash_of(build: &RandomState, value: &Value) -> u64 {
    fn feed(value: &Value, hasher: &mut impl Hasher) {
        std::mem::discriminant(value).hash(hasher);
        match value {
            Value::Bool(flag) => flag.hash(hasher),
            Value::Integer(number) => number.hash(hasher),
            Value::Float(number) => number.to_bits().hash(hasher),
            Value::Text(text) => text.hash(hasher),
            Value::List(list) => list.iter().for_each(|value| feed(value, hasher)),
            Value::Object(object) => object.iter().for_each(|(key, value)| {
                key.hash(hasher);
                feed(value, hasher);
            }),
        }
    }
    let mut hasher = build.build_hasher();
    feed(value, &mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_column_answers_what_was_put_in(
            cells in proptest::collection::vec(proptest::option::weighted(0.3, 0i64..400), 0..600),
        ) {
            let mut builder = ColumnBuilder::default();
            for (row, cell) in cells.iter().enumerate() {
                if let Some(number) = cell {
                    builder.push(row as u32, &Value::Integer(*number));
                }
            }
            let column = builder.finish(cells.len());
            for (row, cell) in cells.iter().enumerate() {
                let expected = cell.map(Value::Integer);
                prop_assert_eq!(column.get(row as u32), expected.as_ref());
            }
        }
    }

    #[test]
    fn whole_and_broken_numbers_stay_apart() {
        let mut builder = ColumnBuilder::default();
        let values = [Value::Integer(3), Value::Float(3.0), "3".into(), true.into()];
        for (row, value) in values.iter().enumerate() {
            builder.push(row as u32, value);
        }
        let column = builder.finish(4);
        for (row, value) in values.iter().enumerate() {
            assert_eq!(column.get(row as u32), Some(value));
        }
    }
}
