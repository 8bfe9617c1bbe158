//! The value of a property, owned or where it lies.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::property::Properties;
use crate::uuid_text::UuidText;

/// The value of a property. Numbers keep whether they were written whole; a number never equals
/// a text. JSON null is the absence of a property and has no value here.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A number without a fraction.
    Integer(i64),
    /// Any other number; never NaN or infinite when it comes from a request.
    Float(f64),
    /// Text, at most 1,024 characters when it comes from a request.
    Text(Arc<str>),
    /// Several values; used for multi-value traits and for `Items` of a charge.
    List(Vec<Value>),
    /// A nested object.
    Object(Properties),
}

impl Value {
    /// About how many bytes of memory it takes beside its own.
    pub fn bytes_within(&self) -> usize {
        match self {
            // Two counts stand before a shared text.
            Value::Text(text) => text.len() + 2 * size_of::<usize>(),
            Value::List(values) => {
                values.iter().map(|value| size_of::<Value>() + value.bytes_within()).sum()
            }
            Value::Object(properties) => properties.bytes_within(),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => 0,
        }
    }

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
        Value::Text(text.into())
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

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// Takes what comes for what it is: trying one form after the other costs an error for each.
struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, a number, a text, a list or an object")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Value, A::Error> {
        Properties::deserialize(MapAccessDeserializer::new(object)).map(Value::Object)
    }
}

/// A value where it lies: columns hold values packed, and lend them in this form. A UUID is the
/// text that it stands for, to whoever compares, too.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum ValueRef<'a> {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
    #[serde(serialize_with = "as_its_text")]
    Uuid(UuidText),
    List(&'a [Value]),
    Object(&'a Properties),
}

impl<'a> ValueRef<'a> {
    /// A value of its own.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Bool(flag) => Value::Bool(flag),
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Float(number) => Value::Float(number),
            ValueRef::Text(text) => Value::Text(text.into()),
            ValueRef::Uuid(uuid) => Value::Text(uuid.text(&mut [0; 36]).into()),
            ValueRef::List(list) => Value::List(list.to_vec()),
            ValueRef::Object(object) => Value::Object(object.clone()),
        }
    }

    /// The text, when it is one.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        match self {
            ValueRef::Text(text) => Some(text.into()),
            ValueRef::Uuid(uuid) => Some(uuid.text(&mut [0; 36]).to_owned().into()),
            _ => None,
        }
    }

    /// The number, when it is one, whether or not it was written whole.
    pub fn as_number(self) -> Option<f64> {
        match self {
            ValueRef::Integer(number) => Some(number as f64),
            ValueRef::Float(number) => Some(number),
            _ => None,
        }
    }
}

/// Which types the values of a property have: a set. A UUID is a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    /// Truth alone.
    pub const BOOL: Types = Types(1);
    /// Whole numbers alone.
    pub const INTEGER: Types = Types(2);
    /// Numbers that are held as broken ones.
    pub const FLOAT: Types = Types(4);
    /// Numbers, whole or not.
    pub const NUMBER: Types = Types(2 | 4);
    /// Texts alone.
    pub const TEXT: Types = Types(8);
    /// Lists alone.
    pub const LIST: Types = Types(16);

    /// The type of one value.
    pub fn of(value: ValueRef<'_>) -> Types {
        match value {
            ValueRef::Bool(_) => Types::BOOL,
            ValueRef::Integer(_) => Types::INTEGER,
            ValueRef::Float(_) => Types::FLOAT,
            ValueRef::Text(_) | ValueRef::Uuid(_) => Types::TEXT,
            ValueRef::List(_) => Types::LIST,
            ValueRef::Object(_) => Types(32),
        }
    }

    /// Takes in the types of another set.
    pub fn add(&mut self, other: Types) {
        self.0 |= other.0;
    }

    /// Whether there is no value.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether every type is one of the other set.
    pub fn within(self, other: Types) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether some type is one of the other set.
    pub fn meets(self, other: Types) -> bool {
        self.0 & other.0 != 0
    }
}

fn as_its_text<S: Serializer>(uuid: &UuidText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(uuid.text(&mut [0; 36]))
}

impl PartialEq for ValueRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (ValueRef::Bool(a), ValueRef::Bool(b)) => a == b,
            (ValueRef::Integer(a), ValueRef::Integer(b)) => a == b,
            (ValueRef::Float(a), ValueRef::Float(b)) => a == b,
            (ValueRef::Text(a), ValueRef::Text(b)) => a == b,
            (ValueRef::Uuid(a), ValueRef::Uuid(b)) => a == b,
            (ValueRef::Uuid(uuid), ValueRef::Text(text))
            | (ValueRef::Text(text), ValueRef::Uuid(uuid)) => uuid.text(&mut [0; 36]) == text,
            (ValueRef::List(a), ValueRef::List(b)) => a == b,
            (ValueRef::Object(a), ValueRef::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(flag) => ValueRef::Bool(*flag),
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Float(number) => ValueRef::Float(*number),
            Value::Text(text) => ValueRef::Text(text),
            Value::List(list) => ValueRef::List(list),
            Value::Object(object) => ValueRef::Object(object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_numbers_survive_json() {
        let text = r#"{"a":3,"b":3.5,"c":"3","d":[true],"e":{"f":-1}}"#;
        let value: Value = serde_json::from_str(text).expect("valid json");
        assert_eq!(serde_json::to_string(&value).expect("serialises"), text);
    }

    #[test]
    fn a_value_is_the_same_where_it_lies() {
        let text = r#"{"a":3,"b":3.5,"c":"3","d":[true],"e":{"f":-1}}"#;
        let value: Value = serde_json::from_str(text).expect("valid json");
        let Value::Object(object) = &value else { panic!("an object") };
        for (_, value) in object.iter() {
            assert_eq!(ValueRef::from(value).to_value(), *value);
        }
        assert_eq!(ValueRef::from(&value).to_value(), value);
    }

    #[test]
    fn types_tell_whole_numbers_from_all_and_all_from_others() {
        let mut types = Types::of(ValueRef::Integer(3));
        assert!(types.within(Types::INTEGER) && types.within(Types::NUMBER));
        types.add(Types::of(ValueRef::Float(0.5)));
        assert!(!types.within(Types::INTEGER) && types.within(Types::NUMBER));
        types.add(Types::of(ValueRef::Text("x")));
        assert!(!types.within(Types::NUMBER) && types.meets(Types::NUMBER));
        assert!(!types.meets(Types::LIST) && Types::default().is_empty());
    }

    #[test]
    fn a_uuid_is_the_text_that_it_stands_for() {
        let text = "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f";
        let uuid = ValueRef::Uuid(UuidText::read(text).expect("a UUID"));
        assert_eq!(uuid, ValueRef::Text(text));
        assert_ne!(uuid, ValueRef::Text("5f0c8b2e1d3a4c6b8e9f0a1b2c3d4e5f"));
        assert_eq!(uuid.to_value(), Value::from(text));
        assert_eq!(uuid.as_text().as_deref(), Some(text));
        assert_eq!(serde_json::to_string(&uuid).expect("serialises"), format!("\"{text}\""));
    }
}
