//! Values of any kind as typed Parquet columns: `name:i`, `:f`, `:b`, `:t`, `:j` (nested, JSON).

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};
use arrow_schema::{DataType, Field};
use candor_event::{Value, ValueRef};

use crate::resident::column::{Column, ColumnBuilder};

/// One property's columns for a batch of rows: one for each type that it has there.
pub(crate) fn encode(name: &str, column: &Column, rows: usize) -> Vec<(Field, ArrayRef)> {
    let values = column.values();
    let kinds: Vec<char> = values.iter().map(kind).collect();
    let mut present = kinds.clone();
    present.sort_unstable();
    present.dedup();
    let codes = column.codes(rows);
    let encode = |kind: char| -> (Field, ArrayRef) {
        let cells = codes.iter().map(|code| {
            let place = code.checked_sub(1)? as usize;
            (kinds[place] == kind).then(|| values.get(place))
        });
        let array: ArrayRef = match kind {
            'i' => Arc::new(Int64Array::from_iter(cells.map(|cell| match cell? {
                ValueRef::Integer(number) => Some(number),
                _ => None,
            }))),
            'f' => Arc::new(Float64Array::from_iter(cells.map(|cell| match cell? {
                ValueRef::Float(number) => Some(number),
                _ => None,
            }))),
            'b' => {
                let mut builder = BooleanBuilder::with_capacity(rows);
                cells.for_each(|cell| {
                    builder.append_option(cell.map(|value| value == ValueRef::Bool(true)));
                });
                Arc::new(builder.finish())
            }
            't' => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| builder.append_option(cell.and_then(ValueRef::as_text)));
                Arc::new(builder.finish())
            }
            _ => {
                let mut builder = StringBuilder::new();
                cells.for_each(|cell| {
                    let json = cell.map(|value| serde_json::to_string(&value));
                    builder.append_option(json.and_then(Result::ok));
                });
                Arc::new(builder.finish())
            }
        };
        (Field::new(format!("{name}:{kind}"), array.data_type().clone(), true), array)
    };
    present.into_iter().map(encode).collect()
}

fn kind(value: ValueRef<'_>) -> char {
    match value {
        ValueRef::Integer(_) => 'i',
        ValueRef::Float(_) => 'f',
        ValueRef::Bool(_) => 'b',
        ValueRef::Text(_) => 't',
        ValueRef::List(_) | ValueRef::Object(_) => 'j',
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
                let code = *known
                    .entry(number)
                    .or_insert_with(|| cells.code_of(ValueRef::Integer(number)));
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
                    .or_insert_with(|| cells.code_of(ValueRef::Float(number)));
                cells.push_code((first + row) as u32, code);
            }
        }
        ('b', DataType::Boolean) => {
            let array = array.as_boolean();
            for row in rows {
                cells.push((first + row) as u32, ValueRef::Bool(array.value(row)));
            }
        }
        ('t', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            let mut known: HashMap<&str, u32> = HashMap::new();
            for row in rows {
                let text = array.value(row);
                let code =
                    *known.entry(text).or_insert_with(|| cells.code_of(ValueRef::Text(text)));
                cells.push_code((first + row) as u32, code);
            }
        }
        ('j', DataType::Utf8) => {
            let array = array.as_string::<i32>();
            for row in rows {
                let value: Value =
                    serde_json::from_str(array.value(row)).map_err(|_| "nested JSON")?;
                cells.push((first + row) as u32, (&value).into());
            }
        }
        _ => return Err("a column of the type that its name says"),
    }
    Ok(())
}
