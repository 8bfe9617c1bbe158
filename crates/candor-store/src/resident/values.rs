//! The distinct values of a column, packed by what they are.

use std::hash::{BuildHasher, Hash, Hasher};

use ahash::RandomState;
use candor_event::{Types, UuidText, Value, ValueRef};

/// A list of values. As long as all are of one plain type it holds nothing but their bytes.
#[derive(Debug)]
pub(crate) enum Values {
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Texts),
    Uuids(Uuids),
    Mixed(Vec<Value>),
}

/// Texts that are UUIDs, all of them with hyphens or all without.
#[derive(Debug, Default)]
pub(crate) struct Uuids {
    hyphens: bool,
    all: Vec<[u8; 16]>,
}

impl Uuids {
    fn get(&self, at: usize) -> UuidText {
        UuidText { bytes: self.all[at], hyphens: self.hyphens }
    }

    fn to_texts(&self) -> Option<Texts> {
        let mut texts = Texts::default();
        let pushes = |at| texts.push(self.get(at).text(&mut [0; 36]));
        (0..self.all.len()).all(pushes).then_some(texts)
    }
}

/// Texts one after the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[at] as usize]
    }

    /// Whether it was taken: all texts together have less than 4 GiB.
    fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.all.len() + text.len()) else { return false };
        self.all.push_str(text);
        self.ends.push(end);
        true
    }
}

impl Default for Values {
    fn default() -> Self {
        Values::Mixed(Vec::new())
    }
}

impl Values {
    pub(crate) fn len(&self) -> usize {
        match self {
            Values::Integers(numbers) => numbers.len(),
            Values::Floats(numbers) => numbers.len(),
            Values::Texts(texts) => texts.ends.len(),
            Values::Uuids(uuids) => uuids.all.len(),
            Values::Mixed(values) => values.len(),
        }
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> ValueRef<'_> {
        match self {
            Values::Integers(numbers) => ValueRef::Integer(numbers[at]),
            Values::Floats(numbers) => ValueRef::Float(numbers[at]),
            Values::Texts(texts) => ValueRef::Text(texts.get(at)),
            Values::Uuids(uuids) => ValueRef::Uuid(uuids.get(at)),
            Values::Mixed(values) => (&values[at]).into(),
        }
    }

    /// The types of the values. Looks at each only where they are of several.
    pub(crate) fn types(&self) -> Types {
        let mut types = Types::default();
        let looked_at = if matches!(self, Values::Mixed(_)) { self.len() } else { 1 };
        self.iter().take(looked_at).for_each(|value| types.add(Types::of(value)));
        types
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ValueRef<'_>> {
        (0..self.len()).map(|at| self.get(at))
    }

    pub(crate) fn push(&mut self, value: ValueRef<'_>) {
        let may_be = self.len() == 0 || matches!(self, Values::Uuids(_));
        let value = match value {
            ValueRef::Text(text) if may_be => UuidText::read(text).map_or(value, ValueRef::Uuid),
            value => value,
        };
        if self.len() == 0 {
            match value {
                ValueRef::Integer(_) => *self = Values::Integers(Vec::new()),
                ValueRef::Float(_) => *self = Values::Floats(Vec::new()),
                ValueRef::Text(_) => *self = Values::Texts(Texts::default()),
                ValueRef::Uuid(UuidText { hyphens, .. }) => {
                    *self = Values::Uuids(Uuids { hyphens, all: Vec::new() });
                }
                _ => {}
            }
        }
        if let Values::Uuids(uuids) = &*self {
            let alike = match value {
                ValueRef::Uuid(uuid) => uuid.hyphens == uuids.hyphens,
                ValueRef::Text(_) => false,
                _ => true,
            };
            if let Some(texts) = (!alike).then(|| uuids.to_texts()).flatten() {
                *self = Values::Texts(texts);
            }
        }
        let taken = match (&mut *self, value) {
            (Values::Integers(numbers), ValueRef::Integer(number)) => {
                numbers.push(number);
                true
            }
            (Values::Floats(numbers), ValueRef::Float(number)) => {
                numbers.push(number);
                true
            }
            (Values::Texts(texts), ValueRef::Text(text)) => texts.push(text),
            (Values::Texts(texts), ValueRef::Uuid(uuid)) => texts.push(uuid.text(&mut [0; 36])),
            (Values::Uuids(uuids), ValueRef::Uuid(uuid)) => {
                uuids.all.push(uuid.bytes);
                true
            }
            (Values::Mixed(values), value) => {
                values.push(value.to_value());
                true
            }
            _ => false,
        };
        if !taken {
            let mut values: Vec<Value> = self.iter().map(ValueRef::to_value).collect();
            values.push(value.to_value());
            *self = Values::Mixed(values);
        }
    }

    /// How many bytes of memory they take, nested ones by a guess.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Values::Integers(numbers) => numbers.capacity() * 8,
            Values::Floats(numbers) => numbers.capacity() * 8,
            Values::Texts(texts) => texts.all.capacity() + texts.ends.capacity() * 4,
            Values::Uuids(uuids) => uuids.all.capacity() * 16,
            Values::Mixed(values) => values.capacity() * MIXED_BYTES,
        }
    }

    pub(crate) fn shrink(&mut self) {
        match self {
            Values::Integers(numbers) => numbers.shrink_to_fit(),
            Values::Floats(numbers) => numbers.shrink_to_fit(),
            Values::Texts(texts) => {
                texts.all.shrink_to_fit();
                texts.ends.shrink_to_fit();
            }
            Values::Uuids(uuids) => uuids.all.shrink_to_fit(),
            Values::Mixed(values) => values.shrink_to_fit(),
        }
    }
}

/// What a value of any kind takes, with what it points to.
const MIXED_BYTES: usize = 64;

/// Whether two values are the same to the bit: 3 and 3.0 are not, nor 0.0 and -0.0.
pub(super) fn same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Float(a), ValueRef::Float(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

pub(super) fn hash_of(build: &RandomState, value: ValueRef<'_>) -> u64 {
    fn feed(value: ValueRef<'_>, hasher: &mut impl Hasher) {
        if let ValueRef::Uuid(uuid) = value {
            // As the text that it is elsewhere.
            return feed(ValueRef::Text(uuid.text(&mut [0; 36])), hasher);
        }
        std::mem::discriminant(&value).hash(hasher);
        match value {
            ValueRef::Bool(flag) => flag.hash(hasher),
            ValueRef::Integer(number) => number.hash(hasher),
            ValueRef::Float(number) => number.to_bits().hash(hasher),
            ValueRef::Text(text) => hasher.write(text.as_bytes()),
            ValueRef::Uuid(_) => {}
            ValueRef::List(list) => list.iter().for_each(|value| feed(value.into(), hasher)),
            ValueRef::Object(object) => object.iter().for_each(|(key, value)| {
                key.hash(hasher);
                feed(value.into(), hasher);
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

    #[test]
    fn values_of_one_type_and_of_many_come_back_in_order() {
        let list = Value::List(vec!["a".into()]);
        let one_type: [&[Value]; 4] = [
            &[3.into(), (-4).into()],
            &[0.5.into(), (-0.0).into()],
            &["".into(), "ä".into(), "bc".into()],
            &[true.into(), false.into()],
        ];
        let uuid: Value = "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f".into();
        let plain: Value = "5f0c8b2e1d3a4c6b8e9f0a1b2c3d4e5f".into();
        let mixed: [&[Value]; 8] = [
            std::slice::from_ref(&uuid),
            &[plain.clone(), plain.clone()],
            &[uuid.clone(), "a".into(), uuid.clone()],
            &["a".into(), uuid.clone(), plain.clone()],
            &[uuid.clone(), plain, 3.into()],
            &["a".into(), 3.into(), 3.0.into()],
            &[3.into(), list.clone(), "a".into()],
            &[list, true.into()],
        ];
        for given in one_type.into_iter().chain(mixed) {
            let mut values = Values::default();
            given.iter().for_each(|value| values.push(value.into()));
            let held: Vec<Value> = values.iter().map(ValueRef::to_value).collect();
            assert_eq!(held, given);
        }
    }
}
