//! Which rows have a value: for questions about one value among many, whose cost then follows what
//! they find.

use ahash::RandomState;
use candor_event::{UuidText, Value, ValueRef};

use crate::resident::column::Column;
use crate::resident::packed::Packed;
use crate::resident::values::{Values, hash_of};

/// The rows of each value of a column.
#[derive(Debug)]
pub(crate) struct Postings {
    hasher: RandomState,
    /// Part of a value's hash and the value's place, ascending.
    places: Vec<(u32, u32)>,
    /// By place: where its rows begin among `rows`; one more, where the last end.
    starts: Packed,
    /// Ascending for each value, as what lies between a row and the one before: seven bits a byte,
    /// low ones first, the highest bit of a byte set where more follow.
    rows: Vec<u8>,
    /// Some values are lists: they equal what one of their elements equals.
    lists: bool,
}

impl Postings {
    /// Those of a column of a segment of so many rows. Costs a look at each row.
    pub(crate) fn of(column: &Column, rows: usize) -> Postings {
        let values = column.values();
        let hasher = RandomState::new();
        let hash = |(place, value)| (hash_of(&hasher, value) as u32, place);
        let mut places: Vec<(u32, u32)> = (0..).zip(values.iter()).map(hash).collect();
        places.sort_unstable();
        let codes = column.codes(0..rows);
        // By place plus one: how many rows; then where they begin; then, filled, where they end.
        let mut starts = vec![0u32; values.len() + 1];
        codes.iter().for_each(|code| starts[*code as usize] += 1);
        let mut filled = 0;
        starts[0] = 0;
        for start in &mut starts[1..] {
            filled += std::mem::replace(start, filled);
        }
        let mut sorted = vec![0u32; filled as usize];
        for (row, code) in (0..).zip(codes).filter(|(_, code)| *code != 0) {
            let next = &mut starts[code as usize];
            sorted[*next as usize] = row;
            *next += 1;
        }
        // Where the rows of each value end, now among their bytes.
        let (mut bytes, mut first) = (Vec::with_capacity(2 * sorted.len()), 0);
        for start in &mut starts {
            let mut before = 0;
            for row in &sorted[first..*start as usize] {
                write(row - before, &mut bytes);
                before = *row;
            }
            let end = u32::try_from(bytes.len()).expect("two bytes for a row, and few rows");
            first = std::mem::replace(start, end) as usize;
        }
        bytes.shrink_to_fit();
        let lists = values.iter().any(|value| matches!(value, ValueRef::List(_)));
        Postings {
            starts: Packed::of(starts.iter().map(|s| u64::from(*s)), bytes.len() as u64),
            rows: bytes,
            hasher,
            places,
            lists,
        }
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * 8 + self.starts.bytes() + self.rows.capacity()
    }

    /// The rows, ascending, with a value that equals one of some, as questions compare; nothing
    /// where this cannot tell, or they are more than `most`.
    pub(crate) fn equal(&self, values: &Values, any: &[Value], most: usize) -> Option<Vec<u32>> {
        if self.lists {
            return None;
        }
        let mut found: Vec<u32> = Vec::new();
        for value in any {
            self.places_of(values, value, &mut found)?;
        }
        found.sort_unstable();
        found.dedup();
        let runs = || found.iter().map(|place| self.run(*place as usize));
        let count = runs().map(count).sum::<usize>();
        if count > most {
            return None;
        }
        let mut rows = Vec::with_capacity(count);
        runs().for_each(|run| read(run, &mut rows));
        if found.len() > 1 {
            rows.sort_unstable();
        }
        Some(rows)
    }

    fn run(&self, place: usize) -> &[u8] {
        &self.rows[self.starts.get(place) as usize..self.starts.get(place + 1) as usize]
    }

    /// Adds the places of the values that equal one.
    fn places_of(&self, values: &Values, value: &Value, found: &mut Vec<u32>) -> Option<()> {
        let mut look = |value: ValueRef<'_>| {
            let hash = hash_of(&self.hasher, value) as u32;
            let first = self.places.partition_point(|(other, _)| *other < hash);
            let alike = self.places[first..].iter().take_while(|(other, _)| *other == hash);
            let equal = |place: &u32| equal(values.get(*place as usize), value);
            found.extend(alike.map(|(_, place)| *place).filter(equal));
        };
        match value {
            Value::Text(_) | Value::Bool(_) => look(value.into()),
            Value::Integer(_) | Value::Float(_) => {
                // Whole numbers and others are compared as numbers, and held apart.
                let number = ValueRef::from(value).as_number()?;
                if number.abs() >= EXACT {
                    return None;
                }
                look(ValueRef::Float(number));
                if number == 0.0 {
                    look(ValueRef::Float(-number));
                }
                if number.fract() == 0.0 {
                    look(ValueRef::Integer(number as i64));
                }
            }
            Value::List(_) | Value::Object(_) => return None,
        }
        Some(())
    }
}

const MORE: u8 = 0x80;

fn write(mut number: u32, out: &mut Vec<u8>) {
    while number >= u32::from(MORE) {
        out.push(number as u8 | MORE);
        number >>= 7;
    }
    out.push(number as u8);
}

/// How many rows these are the bytes of.
fn count(run: &[u8]) -> usize {
    run.iter().filter(|byte| **byte < MORE).count()
}

fn read(run: &[u8], out: &mut Vec<u32>) {
    let (mut row, mut step, mut shift) = (0, 0, 0);
    for byte in run {
        step |= u32::from(byte & !MORE) << shift;
        shift += 7;
        if *byte < MORE {
            row += step;
            out.push(row);
            (step, shift) = (0, 0);
        }
    }
}

/// Below this every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn equal(held: ValueRef<'_>, asked: ValueRef<'_>) -> bool {
    match (held, asked) {
        (ValueRef::Uuid(uuid), ValueRef::Text(text)) => {
            UuidText::read(text).is_some_and(|other| other == uuid)
        }
        (held, asked) => held == asked,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resident::column::ColumnBuilder;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            (-3i64..3).prop_map(Value::Integer),
            (-3i64..3).prop_map(|half| Value::Float(half as f64 / 2.0)),
            Just(Value::Float(-0.0)),
            "[ab]{0,2}".prop_map(|text| Value::from(text.as_str())),
            any::<bool>().prop_map(Value::Bool),
            (0u8..3)
                .prop_map(|n| format!("5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5{n}").as_str().into()),
        ]
    }

    /// As questions compare.
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (a, b) => {
                let number = |value| ValueRef::from(value).as_number();
                number(a).is_some_and(|a| number(b) == Some(a))
            }
        }
    }

    proptest! {
        #[test]
        fn the_rows_of_values_are_those_that_a_look_at_each_row_finds(
            cells in proptest::collection::vec(proptest::option::weighted(0.7, any_value()), 0..300),
            asked in proptest::collection::vec(any_value(), 1..4),
            of_one_type in any::<bool>(),
        ) {
            let cells: Vec<Option<Value>> = match of_one_type {
                true => cells.into_iter().map(|c| c.filter(|v| matches!(v, Value::Text(_)))).collect(),
                false => cells,
            };
            let mut builder = ColumnBuilder::default();
            for (row, cell) in (0..).zip(&cells) {
                if let Some(value) = cell {
                    builder.push(row, value.into());
                }
            }
            let column = builder.finish(cells.len());
            let postings = Postings::of(&column, cells.len());
            let equals = |cell: &Option<Value>| {
                cell.as_ref().is_some_and(|value| asked.iter().any(|other| same(value, other)))
            };
            let rows = (0..).zip(&cells).filter(|(_, cell)| equals(cell)).map(|(row, _)| row);
            let rows: Vec<u32> = rows.collect();
            prop_assert_eq!(postings.equal(column.values(), &asked, cells.len()), Some(rows.clone()));
            if let Some(fewer) = rows.len().checked_sub(1) {
                prop_assert_eq!(postings.equal(column.values(), &asked, fewer), None);
            }
        }
    }

    proptest! {
        #[test]
        fn rows_of_any_distance_come_back(
            steps in proptest::collection::vec(
                prop_oneof![0u32..130, 16_000..17_000u32, 0u32..1 << 25], 0..60),
        ) {
            let (mut bytes, mut rows, mut row) = (Vec::new(), Vec::new(), 0u32);
            for step in steps {
                write(step, &mut bytes);
                row += step;
                rows.push(row);
            }
            let mut back = Vec::new();
            read(&bytes, &mut back);
            prop_assert_eq!(count(&bytes), rows.len());
            prop_assert_eq!(back, rows);
        }
    }

    #[test]
    fn where_values_are_lists_nothing_is_told() {
        let mut builder = ColumnBuilder::default();
        builder.push(0, (&Value::List(vec!["a".into()])).into());
        builder.push(1, (&Value::from("a")).into());
        let column = builder.finish(2);
        let postings = Postings::of(&column, 2);
        assert_eq!(postings.equal(column.values(), &["a".into()], 2), None);
    }
}
