//! What the rows of a chunk hold in a property, as a number for each: a question about one value
//! looks at the numbers, and only then at the few rows that may have it.

use std::sync::Arc;

use ahash::RandomState;
use candor_event::Value;

use crate::fold::Having;
use crate::resident::tail::Row;

/// Stands for nothing, and for what is more than one text; all texts have other numbers.
const NOTHING: u32 = 0;
const UNTOLD: u32 = 1;
const TEXTS: u32 = 2;

/// By row: a number that equal texts share, or that there is none, or that it takes a look.
#[derive(Debug)]
pub(crate) struct Hints {
    property: u32,
    by_row: Box<[u32]>,
    print: Print,
}

/// A number for a text.
type Print = fn(&str) -> u32;

impl Hints {
    /// Those of a property. Costs a look at each row.
    pub(crate) fn of(rows: &[Arc<Row>], property: u32) -> Hints {
        Hints::told_by(rows, property, print)
    }

    fn told_by(rows: &[Arc<Row>], property: u32, print: Print) -> Hints {
        let by_row = rows.iter().map(|row| match row.value(property) {
            None => NOTHING,
            Some(Value::Text(text)) => print(text).max(TEXTS),
            Some(_) => UNTOLD,
        });
        Hints { property, by_row: by_row.collect(), print }
    }

    pub(crate) fn property(&self) -> u32 {
        self.property
    }

    /// The places of the rows, of those they were made of, that have one of some values, or
    /// something of which who asks knows more: texts are equal to texts alone.
    pub(crate) fn having(
        &self,
        rows: &[Arc<Row>],
        Having { property, any }: Having<'_>,
    ) -> Vec<u32> {
        assert!(property == self.property && rows.len() == self.by_row.len(), "of the same");
        let texts = any.iter().filter_map(Value::as_text);
        let asked: Vec<u32> = texts.map(|text| (self.print)(text).max(TEXTS)).collect();
        let has = |row: &Row| match row.value(property) {
            Some(Value::Text(text)) => any.iter().any(|other| other.as_text() == Some(&**text)),
            value => value.is_some(),
        };
        let may_have = |hint: &u32| *hint == UNTOLD || asked.contains(hint);
        let likely = (0..).zip(&*self.by_row).filter(|(_, hint)| may_have(hint));
        likely.map(|(at, _)| at).filter(|at| has(&rows[*at as usize])).collect()
    }
}

/// The same for everybody: whoever makes texts of one number makes them slow to find, not wrong.
fn print(text: &str) -> u32 {
    RandomState::with_seeds(1, 2, 3, 4).hash_one(text) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => "[ab]{0,2}".prop_map(|text| Value::from(text.as_str())),
            1 => (0i64..2).prop_map(Value::Integer),
            1 => Just(Value::List(vec!["a".into()])),
            1 => Just(Value::Bool(true)),
        ]
    }

    fn row(properties: Vec<(u32, Value)>) -> Arc<Row> {
        Arc::new(Row {
            ordinal: 0,
            time: 0,
            code: 0,
            session: 0,
            received: 0,
            print: crate::part::Print::CONTENT.into(),
            lent_by: None,
            own_before: 0,
            properties,
        })
    }

    proptest! {
        #[test]
        fn hints_find_what_a_look_at_every_row_finds_though_texts_share_numbers(
            rows in proptest::collection::vec(
                proptest::collection::btree_map(0u32..3, any_value(), 0..3),
                0..60,
            ),
            any in proptest::collection::vec(any_value(), 0..4),
            property in 0u32..4,
        ) {
            let rows: Vec<Arc<Row>> =
                rows.into_iter().map(|properties| row(properties.into_iter().collect())).collect();
            let may_have = |row: &Row| match row.value(property) {
                None => false,
                Some(text @ Value::Text(_)) => any.contains(text),
                Some(_) => true,
            };
            let looked = (0..).zip(&rows).filter(|(_, row)| may_have(row)).map(|(at, _)| at);
            let looked: Vec<u32> = looked.collect();
            let prints: [Print; 4] = [print, |_| 0, |_| UNTOLD, |text| 5 + text.len() as u32];
            for print in prints {
                let hints = Hints::told_by(&rows, property, print);
                let found = hints.having(&rows, Having { property, any: &any });
                prop_assert_eq!(&found, &looked);
            }
        }
    }
}
