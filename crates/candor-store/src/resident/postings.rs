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
    /// The places of values, by the hashes of these: a look computes those that it meets.
    places: Packed,
    /// By place: where its rows begin among `rows`; one more, where the last end.
    starts: Packed,
    /// Ascending for each value.
    rows: Packed,
    /// Some values are lists: they equal what one of their elements equals.
    lists: bool,
}

impl Postings {
    /// Those of a column of a segment of so many rows. Costs a look at each row.
    pub(crate) fn of(column: &Column, rows: usize) -> Postings {
        let values = column.values();
        let hasher = RandomState::new();
        let hash = |(place, value)| (hash_of(&hasher, value), place);
        let mut places: Vec<(u64, u32)> = (0..).zip(values.iter()).map(hash).collect();
        places.sort_unstable();
        let most = values.len().saturating_sub(1) as u64;
        let places = Packed::of(places.iter().map(|(_, place)| u64::from(*place)), most);
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
        let last = rows.saturating_sub(1) as u64;
        let lists = values.iter().any(|value| matches!(value, ValueRef::List(_)));
        Postings {
            starts: Packed::of(starts.iter().map(|start| u64::from(*start)), filled.into()),
            rows: Packed::of(sorted.iter().map(|row| u64::from(*row)), last),
            hasher,
            places,
            lists,
        }
    }

    /// How many bytes of memory they take.
    pub(crate) fn bytes(&self) -> usize {
        self.places.bytes() + self.starts.bytes() + self.rows.bytes()
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
        if runs().map(|run| run.len()).sum::<usize>() > most {
            return None;
        }
        let mut rows: Vec<u32> = runs().flatten().map(|at| self.rows.get(at) as u32).collect();
        if found.len() > 1 {
            rows.sort_unstable();
        }
        Some(rows)
    }

    fn run(&self, place: usize) -> std::ops::Range<usize> {
        self.starts.get(place) as usize..self.starts.get(place + 1) as usize
    }

    /// Adds the places of the values that equal one.
    fn places_of(&self, values: &Values, value: &Value, found: &mut Vec<u32>) -> Option<()> {
        let mut look = |value: ValueRef<'_>| {
            let hash = hash_of(&self.hasher, value);
            let hash_at = |place: u64| hash_of(&self.hasher, values.get(place as usize));
            let first = self.places.partition_point(|place| hash_at(place) < hash);
            let alike = (first..self.places.len()).map(|at| self.places.get(at));
            let alike = alike.take_while(|place| hash_at(*place) == hash);
            let equal = |place: &u64| equal(values.get(*place as usize), value);
            found.extend(alike.filter(equal).map(|place| place as u32));
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
