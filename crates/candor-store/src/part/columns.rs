//! Values of any kind as typed Parquet columns: `name:i`, `:f`, `:b`, `:t`, `:j` (nested, JSON).

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};
use candor_event::Value;

use crate::resident::column::Column;

/// One property's columns for a batch of rows: one for each type that it has there.
pub(crate) fn encode(name: &str, column: &Column, rows: usize) -> Vec<(Field, ArrayRef)> {
    let mut kinds: BTreeMap<char, Vec<bool>> = BTreeMap::new();
    for (place, value) in column.values().iter().enumerate() {
        let of_kind = kinds.entry(kind(value)).or_default();
        of_kind.resize(column.values().len(), false);
        of_kind[place] = true;
    }
    let cell = |row: usize, of_kind: &[bool]| {
        let code = column.code(row as u32).checked_sub(1)? as usize;
        of_kind[code].then(|| &column.values()[code])
    };
    let mut encoded = Vec::new();
    for (kind, of_kind) in kinds {
        let cells = (0..rows).map(|row| cell(row, &of_kind));
        let array: ArrayRef = match kind {
            'i' => {
                let mut builder = Int64Builder::with_capacity(rows);
                cells.for_each(|cell| {
                    builder.append_option(match cell {
                        Some(Value::Integer(number)) => Some(*number),
                        _ => None,
                    });
                });
                Arc::new(builder.finish())
            }
            'f' => {
                let mut builder = Float64Builder::with_capacity(rows);
                cells.for_each(|cell| {
                    builder.append_option(match cell {
                        Some(Value::Float(number)) => Some(*number),
                        _ => None,
                    });
                });
                Arc::new(builder.finish())
            }
            'b' => {
                let mut builder = BooleanBuilder::with_capacity(rows);
                cells.for_each(|cell| builder.append_option(cell.map(|c| *c == Value::Bool(true))));
                Arc::new(builder.finish())
            }
            't' => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| builder.append_option(cell.and_then(Value::as_text)));
                Arc::new(builder.finish())
            }
            _ => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| {
                    builder
                        .append_option(cell.map(|c| serde_json::to_string(c).unwrap_or_default()));
                });
                Arc::new(builder.finish())
            }
        };
        let field = Field::new(format!("{name}:{kind}"), array.data_type().clone(), true);
        encoded.push((field, array));
    }
    encoded
}

fn kind(value: &Value) -> char {
    match value {
        Value::Integer(_) => 'i',
        Value::Float(_) => 'f',
        Value::Bool(_) => 'b',
        Value::Text(_) => 't',
        Value::List(_) | Value::Object(_) => 'j',
    }
}

/// Calls `put(row, value)` for each value of a column that [`encode`] made; returns the property's
/// name, or nothing when the column is not one of ours.
pub(crate) fn name_of(field: &str) -> Option<(&str, char)> {
    let (name, kind) = field.rsplit_once(':')?;
    let mut letters = kind.chars();
    let kind = letters.next().filter(|kind| "ifbtj".contains(*kind))?;
    letters.next().is_none().then_some((name, kind))
}

/// Reads one typed column.
pub(crate) fn decode(
    kind: char,
    array: &ArrayRef,
    mut put: impl FnMut(usize, &Value),
) -> Result<(), &'static str> {
    let rows = (0..array.len()).filter(|row| array.is_valid(*row));
    match (kind, array.data_type()) {
        ('i', DataType::Int64) => {
            let array = array.as_primitive::<Int64Type>();
            rows.for_each(|row| put(row, &Value::Integer(array.value(row))));
        }
        ('f', DataType::Float64) => {
            let array = array.as_primitive::<Float64Type>();
            rows.for_each(|row| put(row, &Value::Float(array.value(row))));
        }
        ('b', DataType::Boolean) => {
            let array = array.as_boolean();
            rows.for_each(|row| put(row, &Value::Bool(array.value(row))));
        }
        ('t', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            rows.for_each(|row| put(row, &Value::Text(array.value(row).to_owned())));
        }
        ('j', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            for row in rows {
                let value = serde_json::from_str(array.value(row)).map_err(|_| "nested JSON")?;
                put(row, &value);
            }
        }
        _ => return Err("a column of the type that its name says"),
    }
    Ok(())
}
