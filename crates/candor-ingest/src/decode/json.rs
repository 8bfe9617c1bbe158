//! JSON of any depth as values of bounded depth: one record that is nested too deeply must not make
//! the whole body unreadable.

use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value as Json};

use super::DEPTH_MAX;

/// Below this nothing is read: further down than any value that is taken may lie, with the list of
/// records, the record, its field and the operator around it.
const DEPTH_READ: usize = DEPTH_MAX + 8;

/// Reads a body; what lies too deep for any record is left out, and its record is refused for it.
///
/// # Errors
/// The text is not JSON.
pub fn parse(body: &[u8]) -> Result<Json, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(body);
    let json = Bounded(DEPTH_READ).deserialize(&mut source)?;
    source.end()?;
    Ok(json)
}

/// Reads the record that a text begins with, as [`parse`] reads it within a list of them; none
/// where it is not JSON. Also how many bytes it takes.
pub(super) fn first_of(text: &str) -> Option<(Json, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<InList>();
    let InList(json) = values.next()?.ok()?;
    Some((json, values.byte_offset()))
}

/// A record, with the body and its list around it.
struct InList(Json);

impl<'de> Deserialize<'de> for InList {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<InList, D::Error> {
        Bounded(DEPTH_READ - 2).deserialize(source).map(InList)
    }
}

/// Reads a value of so many levels.
struct Bounded(usize);

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        match self.0 {
            // Skipped without recursion, however deep it goes.
            0 => source.deserialize_ignored_any(IgnoredAny).map(|_| Json::Null),
            _ => source.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = entries.next_element_seed(Bounded(self.0 - 1))? {
            list.push(value);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            object.insert(name, entries.next_value_seed(Bounded(self.0 - 1))?);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_flat_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,3.5,true,null,"\u00e4",{"b":{}}],"u":18446744073709551615}"#;
        let expected: Json = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text.as_bytes()).unwrap(), expected);
        for wrong in ["", "{", "[1,]", "{\"a\":1} x", "[\"\\ud800\"]", "\u{feff}[]"] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_deep_is_cut_off_and_the_rest_stays() {
        let deep = format!("[{}{},7]", "[".repeat(100_000), "]".repeat(100_000));
        let read = parse(deep.as_bytes()).unwrap();
        assert_eq!(read[1], json!(7));
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_read_as_the_library_reads_them(
            bytes in prop::collection::vec(prop::sample::select(b"[]{}\",:0123eE.-tfn\\u ".to_vec()), 0..40),
        ) {
            let expected = serde_json::from_slice::<Json>(&bytes);
            match (parse(&bytes), expected) {
                (Ok(read), Ok(expected)) => prop_assert_eq!(read, expected),
                (read, expected) => prop_assert_eq!(read.is_ok(), expected.is_ok()),
            }
        }
    }
}
