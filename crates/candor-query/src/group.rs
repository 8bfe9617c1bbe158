//! The groups that a breakdown makes: by value, the same in all volumes.

use std::collections::{HashMap, HashSet};

use ahash::RandomState;
use candor_event::{Value, ValueRef};
use candor_store::{Cells, VolumeView};

use crate::error::Error;
use crate::filter::Scope;
use crate::question::{Breakdown, Breakdowns, Scoped};

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
    /// A few marks that were seen lately, by what they are scattered to: most events have them.
    near: Vec<Mark>,
    /// By slot: the place of the key there, or [`NOWHERE`].
    near_places: Vec<u32>,
    marks: HashMap<Box<[Mark]>, u32, RandomState>,
    texts: HashMap<String, u32>,
    pub(crate) keys: Vec<Key>,
    buffer: Vec<Mark>,
}

/// Marks that are at hand without a look into the table: a few thousand bytes of them.
const NEAR: usize = 256;
const NOWHERE: u32 = u32::MAX;

impl Keys {
    /// The place of a key among those that came so far; of each key always as many values.
    pub(crate) fn place<'v>(
        &mut self,
        values: impl Iterator<Item = Option<ValueRef<'v>>> + Clone,
    ) -> u32 {
        self.buffer.clear();
        self.buffer.extend(values.clone().map(mark));
        let width = self.buffer.len();
        if self.near_places.is_empty() {
            self.near_places.resize(NEAR, NOWHERE);
            self.near.resize(NEAR * width, (0, 0, 0));
        }
        let slot = scattered(&self.buffer);
        let near = slot * width..(slot + 1) * width;
        if self.near_places[slot] != NOWHERE && self.near[near.clone()] == self.buffer[..] {
            return self.near_places[slot];
        }
        let place = self.found(values);
        self.near[near].copy_from_slice(&self.buffer);
        self.near_places[slot] = place;
        place
    }

    fn found<'v>(&mut self, values: impl Iterator<Item = Option<ValueRef<'v>>>) -> u32 {
        if let Some(place) = self.marks.get(&self.buffer[..]) {
            return *place;
        }
        let key: Key = values.map(|value| value.map(ValueRef::to_value)).collect();
        let keys = &mut self.keys;
        let place = *self.texts.entry(text_of(&key)).or_insert_with(|| {
            keys.push(key);
            keys.len() as u32 - 1
        });
        self.marks.insert(self.buffer.as_slice().into(), place);
        place
    }
}

/// The groups that a breakdown makes of the events of a volume, as small numbers in the order in
/// which they are met.
pub(crate) struct Grouping {
    by: Vec<By>,
    keys: Keys,
    /// By the codes of the values together: the group after the one they are in, 0 where that is
    /// not known yet. Empty where there are too many, or some value has no code.
    places: Vec<u32>,
}

/// A property that groups are made by.
enum By {
    Event(Cells),
    Person(Option<u32>),
}

/// Groups of several properties that have places by their codes.
const PLACES_MAX: usize = 1 << 20;

impl Grouping {
    pub(crate) fn new(volume: &VolumeView, breakdowns: &Breakdowns) -> Grouping {
        let by = breakdowns.list().iter().map(|one| match one {
            Breakdown::Name(name) => By::Event(volume.cells(name)),
            Breakdown::Scoped(Scoped { property, scope: Scope::Event }) => {
                By::Event(volume.cells(property))
            }
            Breakdown::Scoped(Scoped { property, scope: Scope::Person }) => {
                By::Person(volume.property_code(property))
            }
        });
        let by: Vec<By> = by.collect();
        let mut codes = by.iter().map(|by| match by {
            By::Event(cells) => Some(cells.codes()),
            By::Person(_) => None,
        });
        let codes = codes.try_fold(1, |all: usize, codes| all.checked_mul(codes?));
        let codes = codes.filter(|codes| by.len() == 1 || *codes <= PLACES_MAX);
        let places = vec![0; codes.filter(|_| !by.is_empty()).unwrap_or(0)];
        Grouping { by, keys: Keys::default(), places }
    }

    /// Whether all events are one group.
    pub(crate) fn is_whole(&self) -> bool {
        self.by.is_empty()
    }

    /// Whether a person's events are in one group.
    pub(crate) fn is_of_person(&self) -> bool {
        self.by.iter().all(|by| matches!(by, By::Person(_)))
    }

    /// The keys of the groups met so far, by their places.
    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys.keys
    }

    /// The group of an event.
    #[inline]
    pub(crate) fn place(&mut self, volume: &VolumeView, ordinal: u32, row: u32) -> u32 {
        let codes = if self.places.is_empty() { None } else { self.codes(row) };
        let Some(codes) = codes else { return self.found(volume, ordinal, row) };
        match self.places[codes] {
            0 => {
                let place = self.found(volume, ordinal, row);
                self.places[codes] = place + 1;
                place
            }
            place => place - 1,
        }
    }

    /// The codes of an event's values together; none where one of them has none.
    #[inline]
    fn codes(&self, row: u32) -> Option<usize> {
        let mut all = 0;
        for by in &self.by {
            let By::Event(cells) = by else { return None };
            all = all * cells.codes() + cells.code(row)? as usize;
        }
        Some(all)
    }

    fn found(&mut self, volume: &VolumeView, ordinal: u32, row: u32) -> u32 {
        let values = self.by.iter().map(|by| match by {
            By::Event(cells) => cells.get(volume, row),
            By::Person(code) => volume.trait_value(ordinal, (*code)?),
        });
        self.keys.place(values)
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

/// Groups that are asked for, by their keys.
pub(crate) struct Chosen {
    texts: HashSet<String>,
    /// Whether these, or all but these.
    these: bool,
}

impl Chosen {
    /// The group of a key, of an answer broken down by so many properties; none of it all.
    pub(crate) fn of(key: &Key, by: usize) -> Result<Option<Chosen>, Error> {
        match key.len() == by {
            true if by == 0 => Ok(None),
            true => Ok(Some(Chosen { texts: HashSet::from([text_of(key)]), these: true })),
            false => Err(Error::bad("/cell/key", "a value for each property broken down by")),
        }
    }

    /// All but those that are shown.
    pub(crate) fn rest(shown: &[Key]) -> Chosen {
        Chosen { texts: shown.iter().map(text_of).collect(), these: false }
    }
}

/// The key of all groups that are not shown.
pub(crate) fn other() -> Key {
    vec![Some(OTHER.into())]
}

/// Tells in one volume which events are in the groups that are asked for.
pub(crate) struct Choice<'q> {
    groups: Option<&'q Chosen>,
    grouping: Grouping,
    /// By group: whether it is one of them, once it is known.
    chosen: Vec<Option<bool>>,
}

impl<'q> Choice<'q> {
    /// Without groups all events are.
    pub(crate) fn new(
        volume: &VolumeView,
        breakdowns: &Breakdowns,
        groups: Option<&'q Chosen>,
    ) -> Choice<'q> {
        Choice { groups, grouping: Grouping::new(volume, breakdowns), chosen: Vec::new() }
    }

    pub(crate) fn holds(&mut self, volume: &VolumeView, ordinal: u32, row: u32) -> bool {
        let Some(Chosen { texts, these }) = self.groups else { return true };
        let group = self.grouping.place(volume, ordinal, row) as usize;
        self.chosen.resize(self.chosen.len().max(group + 1), None);
        let key = &self.grouping.keys()[group];
        *self.chosen[group].get_or_insert_with(|| texts.contains(&text_of(key)) == *these)
    }
}

/// A slot for marks. Who shares one only costs a look into the table.
fn scattered(marks: &[Mark]) -> usize {
    // The golden ratio in 64 bits: what differs in a few low bits differs in the high ones.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let join = |sum: u64, mark: &Mark| {
        (sum.rotate_left(5) ^ u64::from(mark.0) ^ mark.1 as u64 ^ mark.2.rotate_left(29))
            .wrapping_mul(SPREAD)
    };
    (marks.iter().fold(0, join) >> (u64::BITS - NEAR.ilog2())) as usize
}

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

/// A number that is the same for the same value, as [`text_of`] would tell it.
pub(crate) fn hash_of(value: ValueRef<'_>, random: &RandomState) -> u64 {
    match value {
        ValueRef::Bool(flag) => random.hash_one((1, flag)),
        ValueRef::Integer(number) => random.hash_one((2, number)),
        ValueRef::Float(number) if number.fract() == 0.0 && number.abs() < WHOLE_MAX => {
            random.hash_one((2, number as i64))
        }
        ValueRef::Float(number) => random.hash_one((3, number.to_bits())),
        ValueRef::Text(text) => random.hash_one((4, text)),
        ValueRef::Uuid(uuid) => random.hash_one((4, uuid.text(&mut [0; 36]))),
        ValueRef::List(_) | ValueRef::Object(_) => {
            random.hash_one((5, text_of(&vec![Some(value.to_value())])))
        }
    }
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

    #[test]
    fn more_keys_than_are_at_hand_keep_their_places() {
        let mut keys = Keys::default();
        let mut place =
            |a: i64, b: i64| keys.place([a, b].map(|n| Some(ValueRef::Integer(n))).into_iter());
        for round in 0..2 {
            for n in 0..10 * NEAR as i64 {
                assert_eq!(place(n % 7, n), n as u32, "round {round}");
            }
        }
        assert_eq!(keys.keys.len(), 10 * NEAR);
    }
}
