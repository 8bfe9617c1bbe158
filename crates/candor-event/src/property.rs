//! The details of an event or a person, and what kind of thing each detail tells.

use std::fmt;
use std::ops::Index;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::value::Value;

/// Properties in the order of their names, each name once. A list and not a tree: an event has few,
/// and its names and texts are shared with the other events of its batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(Vec<(Arc<str>, Value)>);

impl Properties {
    /// None.
    pub fn new() -> Properties {
        Properties::default()
    }

    /// None, with room for so many.
    pub fn with_capacity(count: usize) -> Properties {
        Properties(Vec::with_capacity(count))
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, count: usize) {
        self.0.reserve(count);
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        // Decoders go through names in order: the end is looked at first.
        match self.0.last() {
            Some((last, _)) if **last < *name => Err(self.0.len()),
            _ => self.0.binary_search_by(|(other, _)| (**other).cmp(name)),
        }
    }

    /// Sets a property; returns what it was before.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.find(&name) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    /// Adds a property whose name comes after all others.
    pub fn push(&mut self, name: Arc<str>, value: Value) {
        debug_assert!(self.0.last().is_none_or(|(last, _)| *last < name), "in the order of names");
        self.0.push((name, value));
    }

    /// A property's value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// Whether there is a property of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Takes a property out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.find(name).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps those for which the test answers yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&Arc<str>, &Value) -> bool) {
        self.0.retain(|(name, value)| keep(name, value));
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// About how many bytes of memory they take, names that are shared left out.
    pub fn bytes_within(&self) -> usize {
        self.iter().map(|(_, value)| size_of::<(Arc<str>, Value)>() + value.bytes_within()).sum()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.iter().map(|(name, _)| name)
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl IntoIterator for Properties {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<Arc<str>>> Extend<(N, Value)> for Properties {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, properties: I) {
        for (name, value) in properties {
            self.insert(name, value);
        }
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, Value)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(properties: I) -> Properties {
        let mut all = Properties::new();
        all.extend(properties);
        all
    }
}

impl<N: Into<Arc<str>>, const COUNT: usize> From<[(N, Value); COUNT]> for Properties {
    fn from(properties: [(N, Value); COUNT]) -> Properties {
        properties.into_iter().collect()
    }
}

impl Index<&str> for Properties {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).expect("a property of that name")
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Properties, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Properties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Properties, A::Error> {
                let mut properties = Properties::new();
                while let Some((name, value)) = entries.next_entry::<Arc<str>, Value>()? {
                    properties.insert(name, value);
                }
                Ok(properties)
            }
        }

        from.deserialize_map(Entries)
    }
}

/// What a property tells about a person. Every property name has exactly one class; a name
/// without one is *unclassified* and is not kept (see the gate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Who someone is: name, gender, birth date, photo, external and advertising ids.
    Identity,
    /// How to reach someone: e-mail, phone, push token, channel switches.
    Contact,
    /// Where someone is: coordinates, derived country.
    Location,
    /// What someone holds: make, model, system, carrier, screen, locale, time zone.
    Device,
    /// What someone does: event name, session, page, app version, declared properties.
    Behaviour,
    /// What must not leak: health, finance, religion, caste, politics, biometrics.
    Sensitive,
}

impl DataClass {
    /// All classes, in the order in which files and counters list them.
    pub const ALL: [DataClass; 6] = [
        DataClass::Identity,
        DataClass::Contact,
        DataClass::Location,
        DataClass::Device,
        DataClass::Behaviour,
        DataClass::Sensitive,
    ];

    /// The word of the contract for this class.
    pub fn name(self) -> &'static str {
        match self {
            DataClass::Identity => "identity",
            DataClass::Contact => "contact",
            DataClass::Location => "location",
            DataClass::Device => "device",
            DataClass::Behaviour => "behaviour",
            DataClass::Sensitive => "sensitive",
        }
    }

    /// The class of that name, if it is one of the six.
    pub fn from_name(name: &str) -> Option<DataClass> {
        DataClass::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// A set of data classes, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClassSet(u8);

impl ClassSet {
    /// No class at all: the default of a person who has not been asked.
    pub const NONE: ClassSet = ClassSet(0);

    /// Every class.
    pub const ALL: ClassSet = ClassSet(0b11_1111);

    /// This set and one class more.
    #[must_use]
    pub fn with(self, class: DataClass) -> ClassSet {
        ClassSet(self.0 | 1 << class as u8)
    }

    /// All classes that are in either set.
    #[must_use]
    pub fn union(self, other: ClassSet) -> ClassSet {
        ClassSet(self.0 | other.0)
    }

    /// Whether all classes of another are in the set.
    pub fn contains_all(self, others: ClassSet) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether the class is in the set.
    pub fn contains(self, class: DataClass) -> bool {
        self.0 & (1 << class as u8) != 0
    }

    /// Whether no class is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<DataClass> for ClassSet {
    fn from_iter<I: IntoIterator<Item = DataClass>>(classes: I) -> Self {
        classes.into_iter().fold(ClassSet::NONE, ClassSet::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set: ClassSet = [DataClass::Device, DataClass::Behaviour].into_iter().collect();
        for class in DataClass::ALL {
            let expected = matches!(class, DataClass::Device | DataClass::Behaviour);
            assert_eq!(set.contains(class), expected, "{}", class.name());
        }
        assert_eq!(DataClass::ALL.into_iter().collect::<ClassSet>(), ClassSet::ALL);
    }

    #[test]
    fn every_class_is_found_by_its_name() {
        for class in DataClass::ALL {
            assert_eq!(DataClass::from_name(class.name()), Some(class));
        }
        assert_eq!(DataClass::from_name("Behaviour"), None);
    }

    #[test]
    fn properties_stand_by_name_and_the_last_word_wins() {
        let mut properties = Properties::new();
        for (name, value) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
            properties.insert(name, Value::Integer(value));
        }
        let names: Vec<_> = properties.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(properties["b"], Value::Integer(4));
        assert_eq!(properties.remove("a"), Some(Value::Integer(2)));
        assert_eq!((properties.get("a"), properties.len()), (None, 2));
        let json = serde_json::to_string(&properties).expect("serialises");
        assert_eq!(json, r#"{"b":4,"c":3}"#);
        assert_eq!(serde_json::from_str::<Properties>(&json).expect("reads back"), properties);
    }
}
