//! The groups that a breakdown makes: by value, the same in all volumes.

use std::collections::HashMap;

use ahash::RandomState;
use candor_event::{Value, ValueRef};

/// A breakdown's key: a value per property, none where it is missing.
pub(crate) type Key = Vec<Option<Value>>;

/// What tells a value from others within one view, without looking at a text: a column holds each
/// once, so that its place stands for it. The type, then a number or a place and its length.
type Mark = (u8, usize, u64);

fn mark(value: Option<ValueRef<'_>>) -> Mark {
    fn lies<T>(kind: u8, slice: &[T]) -> Mark {
        (kind, slice.as_ptr().addr(), slice.len() as u64)
    }
    match value {
        None => (0, 0, 0),
        Some(ValueRef::Bool(flag)) => (1, 0, flag.into()),
        Some(ValueRef::Integer(number)) => (2, 0, number as u64),
        Some(ValueRef::Float(number)) => (3, 0, number.to_bits()),
        Some(ValueRef::Text(text)) => lies(4, text.as_bytes()),
        Some(ValueRef::Uuid(uuid)) => {
            let digits = u128::from_be_bytes(uuid.bytes);
            (7 + u8::from(uuid.hyphens), (digits >> 64) as usize, digits as u64)
        }
        Some(ValueRef::List(list)) => lies(5, list),
        Some(ValueRef::Object(object)) => (6, std::ptr::from_ref(object).addr(), 0),
    }
}

/// Distinct keys of one volume as small numbers; only values whose marks are new are looked at.
#[derive(Default)]
pub(crate) struct Keys {
    marks: HashMap<Vec<Mark>, u32, RandomState>,
    texts: HashMap<String, u32>,
    pub(crate) keys: Vec<Key>,
    buffer: Vec<Mark>,
}

impl Keys {
    pub(crate) fn place<'v>(
        &mut self,
        values: impl Iterator<Item = Option<ValueRef<'v>>> + Clone,
    ) -> u32 {
        self.buffer.clear();
        self.buffer.extend(values.clone().map(mark));
        if let Some(place) = self.marks.get(&self.buffer) {
            return *place;
        }
        let key: Key = values.map(|value| value.map(ValueRef::to_value)).collect();
        let keys = &mut self.keys;
        let place = *self.texts.entry(text_of(&key)).or_insert_with(|| {
            keys.push(key);
            keys.len() as u32 - 1
        });
        self.marks.insert(self.buffer.clone(), place);
        place
    }
}

/// Rows of an answer: one for each key that is shown, one for all others together.
pub(crate) struct Rows<'q> {
    keys: Keys,
    /// As [`text_of`] says them; none: all.
    shown: Option<&'q [String]>,
    by_key: Vec<Option<usize>>,
    /// The key of each row; `(other)` alone for the others.
    pub(crate) of: Vec<Key>,
    other: Option<usize>,
}

impl<'q> Rows<'q> {
    pub(crate) fn new(shown: Option<&'q [String]>) -> Rows<'q> {
        let (by_key, of) = (Vec::new(), Vec::new());
        Rows { keys: Keys::default(), shown, by_key, of, other: None }
    }

    /// The row in which a key counts.
    pub(crate) fn place<'v>(
        &mut self,
        values: impl Iterator<Item = Option<ValueRef<'v>>> + Clone,
    ) -> usize {
        let key = self.keys.place(values) as usize;
        self.by_key.resize(self.by_key.len().max(key + 1), None);
        if let Some(row) = self.by_key[key] {
            return row;
        }
        let values = &self.keys.keys[key];
        let hidden = self.shown.is_some_and(|shown| !shown.contains(&text_of(values)));
        let row = match (hidden, self.other) {
            (true, Some(other)) => other,
            (true, None) => {
                self.of.push(vec![Some(OTHER.into())]);
                *self.other.insert(self.of.len() - 1)
            }
            (false, _) => {
                self.of.push(values.clone());
                self.of.len() - 1
            }
        };
        self.by_key[key] = Some(row);
        row
    }
}

/// What stands for all that is not shown by itself.
pub(crate) const OTHER: &str = "(other)";

/// A text that is the same for the same key and sorts keys in a stable order. 1 and 1.0 are one
/// number, as they are to whoever compares.
pub(crate) fn text_of(key: &Key) -> String {
    let plain = |value: &Option<Value>| match value {
        Some(Value::Float(number)) if number.fract() == 0.0 && number.abs() < WHOLE_MAX => {
            Some(Value::Integer(*number as i64))
        }
        other => other.clone(),
    };
    let key: Key = key.iter().map(plain).collect();
    serde_json::to_string(&key).unwrap_or_default()
}

/// Below this every whole number has a float of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_group_however_it_was_written() {
        let text = |value: Value| text_of(&vec![Some(value)]);
        assert_eq!(text(1.into()), text(1.0.into()));
        assert_ne!(text(1.into()), text(1.5.into()));
        assert_ne!(text(1.into()), text("1".into()));
        let mut keys = Keys::default();
        let mut place = |value: &Value| keys.place([Some(value.into())].into_iter());
        assert_eq!(place(&1.into()), place(&1.0.into()));
        assert_ne!(place(&1.into()), place(&"1".into()));
    }
}
