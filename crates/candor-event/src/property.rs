//! The details of an event or a person, and what kind of thing each detail tells.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Properties by name, in the order of their names.
pub type Properties = BTreeMap<String, Value>;

/// The value of a property. Numbers keep whether they were written whole; a number never equals
/// a text. JSON null is the absence of a property and has no value here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A number without a fraction.
    Integer(i64),
    /// Any other number; never NaN or infinite when it comes from a request.
    Float(f64),
    /// Text, at most 1,024 characters when it comes from a request.
    Text(String),
    /// Several values; used for multi-value traits and for `Items` of a charge.
    List(Vec<Value>),
    /// A nested object.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when it is one, whether or not it was written whole.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Integer(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Float(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
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
    fn whole_and_broken_numbers_survive_json() {
        let text = r#"{"a":3,"b":3.5,"c":"3","d":[true],"e":{"f":-1}}"#;
        let value: Value = serde_json::from_str(text).expect("valid json");
        assert_eq!(serde_json::to_string(&value).expect("serialises"), text);
    }
}
