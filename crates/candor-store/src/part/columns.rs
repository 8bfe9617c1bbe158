//! Values of any kind as typed Parquet columns: `name:i`, `:f`, `:b`, `:t`, `:j` (nested, JSON).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field};
use candor_event::Value;

use crate::resident::column::{Column, ColumnBuilder};

/// One property's columns for a batch of rows: one for each type that it has there.
pub(crate) fn encode(name: &str, column: &Column, rows: usize) -> Vec<(Field, ArrayRef)> {
    let mut kinds: BTreeMap<char, Vec<bool>> = BTreeMap::new();
    for (place, value) in column.values().iter().enumerate() {
        let of_kind = kinds.entry(kind(value)).or_default();
        of_kind.resize(column.values().len(), false);
        of_kind[place] = true;
    }
    let codes = column.codes(rows);
    let cell = |row: usize, of_kind: &[bool]| {
        let code = codes[row].checked_sub(1)? as usize;
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

/// The property and the type that a column of [`encode`] is named after; nothing when the column is
/// not one of ours.
pub(crate) fn name_of(field: &str) -> Option<(&str, char)> {
    let (name, kind) = field.rsplit_once(':')?;
    let mut letters = kind.chars();
    let kind = letters.next().filter(|kind| "ifbtj".contains(*kind))?;
    letters.next().is_none().then_some((name, kind))
}

/// Reads one typed column into a builder, its first row being the builder's row `first`. A value
/// that comes again costs a look-up and no copy.
pub(crate) fn decode(
    kind: char,
    array: &ArrayRef,
    first: usize,
    cells: &mut ColumnBuilder,
) -> Result<(), &'static str> {
    let rows = (0..array.len()).filter(|row| array.is_valid(*row));
    match (kind, array.data_type()) {
        ('i', DataType::Int64) => {
            let array = array.as_primitive::<Int64Type>();
            let mut known: HashMap<i64, u32> = HashMap::new();
            for row in rows {
                let number = array.value(row);
                let code =
                    *known.entry(number).or_insert_with(|| cells.code_of(&Value::Integer(number)));
                cells.push_code((first + row) as u32, code);
            }
        }
        ('f', DataType::Float64) => {
            let array = array.as_primitive::<Float64Type>();
            let mut known: HashMap<u64, u32> = HashMap::new();
            for row in rows {
                let number = array.value(row);
                let code = *known
                    .entry(number.to_bits())
                    .or_insert_with(|| cells.code_of(&Value::Float(number)));
                cells.push_code((first + row) as u32, code);
            }
        }
        ('b', DataType::Boolean) => {
            let array = array.as_boolean();
            for row in rows {
                cells.push((first + row) as u32, &Value::Bool(array.value(row)));
            }
        }
        ('t', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            let mut known: HashMap<&str, u32> = HashMap::new();
            for row in rows {
                let text = array.value(row);
                let code = *known.entry(text).or_insert_with(|| cells.code_of(&text.into()));
                cells.push_code((first + row) as u32, code);
            }
        }
        ('j', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            for row in rows {
                let value: Value =
                    serde_json::from_str(array.value(row)).map_err(|_| "nested JSON")?;
                cells.push((first + row) as u32, &value);
            }
        }
        _ => return Err("a column of the type that its name says"),
    }
    Ok(())
}
