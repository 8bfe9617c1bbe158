//! Values of any kind as typed Parquet columns: `name:i`, `:f`, `:b`, `:t`, `:j` (nested, JSON).

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use ahash::RandomState;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray};
use arrow_schema::{DataType, Field};
use candor_event::{Value, ValueRef};

use crate::resident::column::{Column, ColumnBuilder};

/// The values of a property that are of one type: a column of a file.
pub(super) struct Typed<'a> {
    name: Arc<str>,
    kind: char,
    column: &'a Column,
    /// By the place of a value.
    of_kind: Rc<[char]>,
}

/// The columns of a property: one for each type that it has.
pub(super) fn typed<'a>(name: &Arc<str>, column: &'a Column) -> impl Iterator<Item = Typed<'a>> {
    let of_kind: Rc<[char]> = column.values().iter().map(kind).collect();
    let present: BTreeSet<char> = of_kind.iter().copied().collect();
    let name = name.clone();
    present.into_iter().map(move |kind| Typed {
        name: name.clone(),
        kind,
        column,
        of_kind: of_kind.clone(),
    })
}

impl Typed<'_> {
    pub(super) fn field(&self) -> Field {
        let data = match self.kind {
            'i' => DataType::Int64,
            'f' => DataType::Float64,
            'b' => DataType::Boolean,
            _ => DataType::Utf8,
        };
        Field::new(format!("{}:{}", self.name, self.kind), data, true)
    }

    /// Some rows as an array of [`Typed::field`].
    pub(super) fn encode(&self, rows: Range<usize>) -> ArrayRef {
        let (values, codes) = (self.column.values(), self.column.codes(rows));
        let cells = codes.into_iter().map(|code| {
            let place = code.checked_sub(1)? as usize;
            (self.of_kind[place] == self.kind).then(|| values.get(place))
        });
        match self.kind {
            'i' => Arc::new(Int64Array::from_iter(cells.map(|cell| match cell? {
                ValueRef::Integer(number) => Some(number),
                _ => None,
            }))),
            'f' => Arc::new(Float64Array::from_iter(cells.map(|cell| match cell? {
                ValueRef::Float(number) => Some(number),
                _ => None,
            }))),
            'b' => {
                let yes = cells.map(|cell| Some(cell? == ValueRef::Bool(true)));
                Arc::new(yes.collect::<BooleanArray>())
            }
            't' => Arc::new(cells.map(|cell| cell?.as_text()).collect::<StringArray>()),
            _ => {
                let json = cells.map(|cell| serde_json::to_string(&cell?).ok());
                Arc::new(json.collect::<StringArray>())
            }
        }
    }
}

fn kind(value: ValueRef<'_>) -> char {
    match value {
        ValueRef::Integer(_) => 'i',
        ValueRef::Float(_) => 'f',
        ValueRef::Bool(_) => 'b',
        ValueRef::Text(_) | ValueRef::Uuid(_) => 't',
        ValueRef::List(_) | ValueRef::Object(_) => 'j',
    }
}

/// The property and the type that a column of [`typed`] is named after; nothing when the column is
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
            let mut known: HashMap<i64, u32, RandomState> = HashMap::default();
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
            let mut known: HashMap<u64, u32, RandomState> = HashMap::default();
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
            let mut known: HashMap<&str, u32, RandomState> = HashMap::default();
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
