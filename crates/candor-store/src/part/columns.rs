//! Values of any kind as typed Parquet columns: `name:i`, `:f`, `:b`, `:t`, `:j` (nested, JSON);
//! `:d` for numbers that are decimals, and `:c` for texts whose values are listed beside the rows.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use ahash::RandomState;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal32Array, DictionaryArray, Float64Array, Int32Array,
    Int64Array, StringArray,
};
use arrow_schema::{DataType, Field};
use candor_event::{Types, Value, ValueRef};

use crate::resident::column::{Column, ColumnBuilder};

/// Fewer texts than this are smallest as a dictionary of the file format.
const LISTED_MIN: usize = 1_024;

/// The values of a property that are of one type: a column of a file.
pub(super) struct Typed<'a> {
    name: Arc<str>,
    kind: char,
    column: &'a Column,
    /// By the place of a value.
    of_kind: Rc<[char]>,
    /// Of many texts.
    listed: Option<Listed>,
    /// Of numbers of which each is a decimal: places behind the point.
    scale: Option<i8>,
}

/// Digits of a decimal of 31 bits.
const DIGITS: u8 = 9;
/// Places behind the point of a decimal.
const SCALE_MAX: i8 = 4;

/// The decimal of so many places that a number is to the bit.
fn decimal(number: f64, scale: i8) -> Option<i32> {
    let whole = (number * 10f64.powi(scale.into())).round();
    let fits = whole.abs() < 10f64.powi(DIGITS.into());
    (fits && number_of(whole as i32, scale).to_bits() == number.to_bits()).then_some(whole as i32)
}

fn number_of(whole: i32, scale: i8) -> f64 {
    f64::from(whole) / 10f64.powi(scale.into())
}

/// The fewest places with which all numbers of a column are decimals.
fn scale_of(column: &Column) -> Option<i8> {
    let is = |scale: i8, value| match value {
        ValueRef::Float(number) => decimal(number, scale).is_some(),
        _ => true,
    };
    (0..=SCALE_MAX).find(|scale| column.values().iter().all(|value| is(*scale, value)))
}

/// Texts in the order in which they are listed: frequent ones first, so that most rows hold small
/// numbers; of about one frequency by text, so that neighbours begin alike.
struct Listed {
    /// Places of values.
    order: Vec<u32>,
    /// By the place of a value: where it is in the order.
    ranks: Vec<u32>,
}

impl Listed {
    /// Nothing where a list does not pay.
    fn of(column: &Column, of_kind: &[char], rows: usize) -> Option<Listed> {
        let mut order: Vec<u32> =
            (0..).zip(of_kind).filter(|(_, kind)| **kind == 't').map(|(place, _)| place).collect();
        if order.len() < LISTED_MIN {
            return None;
        }
        let mut counts = vec![0u32; of_kind.len() + 1];
        column.codes(0..rows).into_iter().for_each(|code| counts[code as usize] += 1);
        let count = |place: u32| counts[place as usize + 1];
        let texts = column.values();
        let text = |place: u32| texts.get(place as usize).as_text();
        order.sort_by_cached_key(|place| (Reverse(count(*place).max(1).ilog2()), text(*place)));
        let mut ranks = vec![0; of_kind.len()];
        (0..).zip(&order).for_each(|(rank, place)| ranks[*place as usize] = rank);
        Some(Listed { order, ranks })
    }
}

/// The columns of a property of a segment of so many rows: one for each type that it has.
pub(super) fn typed<'a>(
    name: &Arc<str>,
    column: &'a Column,
    rows: usize,
) -> impl Iterator<Item = Typed<'a>> {
    let of_kind: Rc<[char]> = column.values().iter().map(kind).collect();
    let present: BTreeSet<char> = of_kind.iter().copied().collect();
    let name = name.clone();
    present.into_iter().map(move |kind| {
        let listed = if kind == 't' { Listed::of(column, &of_kind, rows) } else { None };
        let scale = if kind == 'f' { scale_of(column) } else { None };
        Typed { name: name.clone(), kind, column, of_kind: of_kind.clone(), listed, scale }
    })
}

impl Typed<'_> {
    pub(super) fn field(&self) -> Field {
        let (kind, data) = match (self.kind, &self.listed, self.scale) {
            (_, Some(_), _) => ('c', DataType::Int32),
            (_, _, Some(scale)) => ('d', DataType::Decimal32(DIGITS, scale)),
            ('i', ..) => ('i', DataType::Int64),
            ('f', ..) => ('f', DataType::Float64),
            ('b', ..) => ('b', DataType::Boolean),
            (kind, ..) => (kind, DataType::Utf8),
        };
        Field::new(format!("{}:{kind}", self.name), data, true)
    }

    /// Whether rows hold numbers that are smallest byte by byte.
    pub(super) fn is_split(&self) -> bool {
        self.listed.is_some() || self.scale.is_some()
    }

    /// The texts that rows name by their numbers, with their field.
    pub(super) fn texts(&self) -> Option<(Field, StringArray)> {
        let values = self.column.values();
        let texts = self.listed.as_ref()?.order.iter().map(|at| values.get(*at as usize).as_text());
        Some((Field::new(self.field().name(), DataType::Utf8, true), texts.collect()))
    }

    /// Some rows as an array of [`Typed::field`], or of a dictionary of it.
    pub(super) fn encode(&self, rows: Range<usize>) -> ArrayRef {
        let (values, codes) = (self.column.values(), self.column.codes(rows));
        let places = codes.into_iter().map(|code| {
            let place = code.checked_sub(1)? as usize;
            (self.of_kind[place] == self.kind).then_some(place)
        });
        if let Some(listed) = &self.listed {
            let ranks = places.map(|place| Some(listed.ranks[place?] as i32));
            return Arc::new(Int32Array::from_iter(ranks));
        }
        if self.kind == 't' {
            // Texts are few here, and a row names its own.
            let texts: StringArray = values.iter().map(ValueRef::as_text).collect();
            let keys: Int32Array = places.map(|place| Some(place? as i32)).collect();
            return Arc::new(DictionaryArray::new(keys, Arc::new(texts)));
        }
        let cells = places.map(|place| Some(values.get(place?)));
        if let Some(scale) = self.scale {
            let decimals = cells.map(|cell| match cell? {
                ValueRef::Float(number) => decimal(number, scale),
                _ => None,
            });
            let decimals: Decimal32Array = decimals.collect();
            return Arc::new(decimals.with_data_type(DataType::Decimal32(DIGITS, scale)));
        }
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

/// The types of properties by their names; nothing where only the values tell.
pub(crate) type TypesByName = HashMap<String, Option<Types>>;

/// The types of the values in a column of a type; nothing for lists and objects, which share one.
pub(crate) fn types_of(kind: char) -> Option<Types> {
    match kind {
        'i' => Some(Types::INTEGER),
        'f' | 'd' => Some(Types::FLOAT),
        'b' => Some(Types::BOOL),
        't' | 'c' => Some(Types::TEXT),
        _ => None,
    }
}

/// The property and the type that a column of [`typed`] is named after; nothing when the column is
/// not one of ours.
pub(crate) fn name_of(field: &str) -> Option<(&str, char)> {
    let (name, kind) = field.rsplit_once(':')?;
    let mut letters = kind.chars();
    let kind = letters.next().filter(|kind| "ifbtjcd".contains(*kind))?;
    letters.next().is_none().then_some((name, kind))
}

/// Takes the texts of a list up into a builder: the code of each, by its number.
pub(crate) fn read_texts(
    array: &ArrayRef,
    cells: &mut ColumnBuilder,
    codes: &mut Vec<u32>,
) -> Result<(), &'static str> {
    let texts = array.as_string_opt::<i32>().ok_or("texts")?;
    codes.extend(texts.iter().flatten().map(|text| cells.code_of(ValueRef::Text(text))));
    Ok(())
}

/// Reads a column of numbers of listed texts, whose codes these are, as [`decode`].
pub(crate) fn decode_listed(
    array: &ArrayRef,
    codes: &[u32],
    first: usize,
    cells: &mut ColumnBuilder,
) -> Result<(), &'static str> {
    let ranks = array.as_primitive_opt::<Int32Type>().ok_or("numbers of texts")?;
    for (row, rank) in ranks.iter().enumerate() {
        let Some(rank) = rank else { continue };
        let code = usize::try_from(rank).ok().and_then(|rank| codes.get(rank));
        cells.push_code((first + row) as u32, *code.ok_or("texts that are listed")?);
    }
    Ok(())
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
        ('d', DataType::Decimal32(_, scale @ 0..=SCALE_MAX)) => {
            let array = array.as_primitive::<Decimal32Type>();
            let mut known: HashMap<i32, u32, RandomState> = HashMap::default();
            for row in rows {
                let whole = array.value(row);
                let code = *known
                    .entry(whole)
                    .or_insert_with(|| cells.code_of(ValueRef::Float(number_of(whole, *scale))));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-99_999i32..99_999, 0i32..6).prop_map(|(n, scale)| f64::from(n) / 10f64.powi(scale)),
            any::<f64>().prop_filter("a number", |number| number.is_finite()),
            Just(-0.0),
        ]
    }

    proptest! {
        #[test]
        fn numbers_come_back_to_the_bit_whether_they_are_decimals_or_not(
            numbers in prop_oneof![
                prop::collection::vec((-9_999i32..9_999).prop_map(|n| f64::from(n) / 100.0), 1..40),
                prop::collection::vec(number(), 1..40),
            ],
        ) {
            let mut cells = ColumnBuilder::default();
            for (row, number) in (0..).zip(&numbers) {
                cells.push(2 * row, ValueRef::Float(*number));
            }
            let rows = 2 * numbers.len();
            let column = cells.finish(rows);
            let mut read = ColumnBuilder::default();
            let typed: Vec<Typed<'_>> = typed(&"n".into(), &column, rows).collect();
            prop_assert_eq!(typed.len(), 1);
            let (_, kind) = name_of(typed[0].field().name()).map(|(n, k)| (n.to_owned(), k)).expect("ours");
            decode(kind, &typed[0].encode(0..rows), 0, &mut read).expect("a column of ours");
            let read = read.finish(rows);
            for (row, number) in (0..).zip(&numbers) {
                let same = matches!(read.get(2 * row), Some(ValueRef::Float(n)) if n.to_bits() == number.to_bits());
                prop_assert!(same, "{number} {:?}", read.get(2 * row));
                prop_assert_eq!(read.get(2 * row + 1), None);
            }
        }
    }
}
