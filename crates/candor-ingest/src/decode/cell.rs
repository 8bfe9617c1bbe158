//! What stands in a cell of a table, as what its column says that it is.

use candor_event::{Timestamp, Value};
use candor_store::Cell;
use serde_json::Value as Json;

use super::records::instant_of;
use super::rows::Refusal;
use super::value::check_text;
use super::{Limit, RefusalCode};

/// A cell as a moment. `parse_time` reads times that are texts.
pub(super) fn instant_of_cell(
    cell: Cell,
    parse_time: &dyn Fn(&str) -> Option<Timestamp>,
) -> Result<Timestamp, Refusal> {
    match cell {
        Cell::Time(ms) => Ok(Timestamp(ms)),
        Cell::Value(Value::Integer(n)) => instant_of(&n.into(), parse_time),
        Cell::Value(Value::Text(text)) => {
            instant_of(&Json::String(text.as_ref().to_owned()), parse_time)
        }
        _ => instant_of(&Json::Null, parse_time),
    }
}

/// A cell as the name of a visit.
pub(super) fn session(cell: Cell) -> Value {
    match cell {
        Cell::Unsigned(number) => number.to_string().as_str().into(),
        cell => property(cell),
    }
}

/// A cell as a property: dates are written as the SDKs write them.
pub(super) fn property(cell: Cell) -> Value {
    match cell {
        Cell::Value(value) => value,
        Cell::Time(ms) => format!("$D_{}", ms.div_euclid(1000)).as_str().into(),
        Cell::Unsigned(number) => Value::Float(number as f64),
    }
}

pub(super) fn id_text(cell: Cell, name: &str) -> Result<String, Refusal> {
    let id = match cell {
        Cell::Value(Value::Text(text)) if !text.is_empty() => text.as_ref().to_owned(),
        Cell::Value(Value::Integer(number)) => number.to_string(),
        Cell::Unsigned(number) => number.to_string(),
        _ => return Err((RefusalCode::BadRecord, format!("'{name}' is a text or a whole number"))),
    };
    check_text(&id, Limit::Value)?;
    Ok(id)
}
