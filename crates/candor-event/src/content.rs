//! What an event says, as bytes that tell it from another of the same person, time and name.

use crate::value::ValueRef;

/// Adds the bytes: each property's name and value, in the order of the names, then the session (0:
/// none). They are hashed and never kept; their form must stay, or repeats would not be known.
pub fn content<'a>(
    properties: impl Iterator<Item = (&'a str, ValueRef<'a>)>,
    session: u64,
    bytes: &mut Vec<u8>,
) {
    entries(properties, bytes);
    bytes.extend_from_slice(&session.to_le_bytes());
}

fn entries<'a>(properties: impl Iterator<Item = (&'a str, ValueRef<'a>)>, bytes: &mut Vec<u8>) {
    for (name, value) in properties {
        text(name, bytes);
        put(value, bytes);
    }
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn put(value: ValueRef<'_>, bytes: &mut Vec<u8>) {
    match value {
        ValueRef::Bool(flag) => bytes.push(u8::from(flag)),
        ValueRef::Integer(number) => {
            bytes.push(2);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Float(number) => {
            bytes.push(3);
            bytes.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        ValueRef::Text(value) => {
            bytes.push(4);
            text(value, bytes);
        }
        ValueRef::Uuid(uuid) => put(ValueRef::Text(uuid.text(&mut [0; 36])), bytes),
        ValueRef::List(values) => {
            bytes.push(5);
            bytes.extend_from_slice(&(values.len() as u32).to_le_bytes());
            values.iter().for_each(|value| put(value.into(), bytes));
        }
        ValueRef::Object(object) => {
            bytes.push(6);
            bytes.extend_from_slice(&(object.len() as u32).to_le_bytes());
            entries(object.iter().map(|(name, value)| (&**name, value.into())), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Properties, Value};

    fn bytes_of(properties: &[(&str, Value)], session: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let properties = properties.iter().map(|(name, value)| (*name, value.into()));
        content(properties, session, &mut bytes);
        bytes
    }

    #[test]
    fn what_says_something_else_has_other_bytes() {
        let nested = Properties::from_iter([("b".to_owned(), Value::Integer(1))]);
        let all = [
            bytes_of(&[], 0),
            bytes_of(&[], 1),
            bytes_of(&[("a", 1.into())], 0),
            bytes_of(&[("a", 1.0.into())], 0),
            bytes_of(&[("a", true.into())], 0),
            bytes_of(&[("a", "1".into())], 0),
            bytes_of(&[("a1", "".into())], 0),
            bytes_of(&[("a", Value::List(vec![1.into()]))], 0),
            bytes_of(&[("a", Value::List(vec![])), ("b", 1.into())], 0),
            bytes_of(&[("a", Value::Object(nested))], 0),
        ];
        for (at, bytes) in all.iter().enumerate() {
            assert!(!all[..at].contains(bytes), "{at}");
        }
    }

    #[test]
    fn a_uuid_says_what_its_text_says() {
        let text = "5f0c8b2e-1d3a-4c6b-8e9f-0a1b2c3d4e5f";
        let uuid = crate::UuidText::read(text).map(ValueRef::Uuid).expect("a UUID");
        let mut bytes = Vec::new();
        content([("a", uuid)].into_iter(), 0, &mut bytes);
        assert_eq!(bytes, bytes_of(&[("a", text.into())], 0));
    }
}
