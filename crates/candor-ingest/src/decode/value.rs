//! JSON values as properties, within the limits.

use candor_event::{Properties, Value};
use serde_json::Value as Json;

use super::{DEPTH_MAX, PROPERTIES_MAX, TEXT_CHARS_MAX};

/// Which limit a value exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A key is too long.
    Name,
    /// A text is too long.
    Value,
    /// There are too many entries.
    Count,
    /// It is nested too deeply.
    Depth,
    /// A number has no value of its own.
    Number,
}

/// The value of a property; `None` for null, which is the absence of one. `left` counts down the
/// entries that the record may still have.
///
/// # Errors
/// The limit that the value exceeds.
pub fn read_value(json: &Json, left: &mut usize) -> Result<Option<Value>, Limit> {
    read(json, left, 1)
}

fn read(json: &Json, left: &mut usize, depth: usize) -> Result<Option<Value>, Limit> {
    if depth > DEPTH_MAX {
        return Err(Limit::Depth);
    }
    Ok(Some(match json {
        Json::Null => return Ok(None),
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(float)) if float.is_finite() => Value::Float(float),
            _ => return Err(Limit::Number),
        },
        Json::String(text) => Value::Text(check_text(text, Limit::Value)?.into()),
        Json::Array(values) => {
            let mut list = Vec::with_capacity(values.len().min(PROPERTIES_MAX));
            for value in values {
                take_one(left)?;
                list.extend(read(value, left, depth + 1)?);
            }
            Value::List(list)
        }
        Json::Object(entries) => {
            let mut object = Properties::new();
            for (name, value) in entries {
                take_one(left)?;
                check_text(name, Limit::Name)?;
                if let Some(value) = read(value, left, depth + 1)? {
                    object.insert(name.as_str(), value);
                }
            }
            Value::Object(object)
        }
    }))
}

/// Holds a value that was not read from JSON to the same limits.
pub(super) fn check_value(value: &Value, left: &mut usize) -> Result<(), Limit> {
    fn check(value: &Value, left: &mut usize, depth: usize) -> Result<(), Limit> {
        if depth > DEPTH_MAX {
            return Err(Limit::Depth);
        }
        match value {
            Value::Bool(_) | Value::Integer(_) => Ok(()),
            Value::Float(number) if number.is_finite() => Ok(()),
            Value::Float(_) => Err(Limit::Number),
            Value::Text(text) => check_text(text, Limit::Value).map(|_| ()),
            Value::List(values) => values.iter().try_for_each(|value| {
                take_one(left)?;
                check(value, left, depth + 1)
            }),
            Value::Object(entries) => entries.iter().try_for_each(|(name, value)| {
                take_one(left)?;
                check_text(name, Limit::Name)?;
                check(value, left, depth + 1)
            }),
        }
    }
    check(value, left, 1)
}

/// A record's nested entries count towards a bound of their own, so that no record can hold more
/// than a few thousand values.
fn take_one(left: &mut usize) -> Result<(), Limit> {
    *left = left.checked_sub(1).ok_or(Limit::Count)?;
    Ok(())
}

pub(super) fn check_text(text: &str, limit: Limit) -> Result<&str, Limit> {
    // Bytes are at least as many as characters: most texts are done with the first comparison.
    let fits = text.len() <= TEXT_CHARS_MAX || text.chars().count() <= TEXT_CHARS_MAX;
    if fits { Ok(text) } else { Err(limit) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(json: &Json, expected: Result<Option<Value>, Limit>) {
        assert_eq!(read_value(json, &mut 20), expected, "{json}");
    }

    #[test]
    fn each_limit_is_named() {
        check(&json!(null), Ok(None));
        check(&json!("x".repeat(1025)), Err(Limit::Value));
        check(&json!("ä".repeat(1024)), Ok(Some(Value::Text("ä".repeat(1024).into()))));
        check(&json!({ "x".repeat(1025): 1 }), Err(Limit::Name));
        check(&json!([1; 21].as_slice()), Err(Limit::Count));
        let deep = (0..8).fold(json!(1), |inner, _| json!([inner]));
        check(&deep, Err(Limit::Depth));
        check(&json!([[1]]), Ok(Some(Value::List(vec![Value::List(vec![1i64.into()])]))));
    }

    #[test]
    fn whole_numbers_stay_whole() {
        check(&json!(3), Ok(Some(Value::Integer(3))));
        check(&json!(3.0), Ok(Some(Value::Float(3.0))));
        check(&json!(u64::MAX), Ok(Some(Value::Float(u64::MAX as f64))));
    }
}
