//! A column of numbers of one type, as it lies in a file.

use arrow_array::{
    Array, ArrowPrimitiveType, Float64Array, Int64Array, PrimitiveArray, UInt64Array,
};
use candor_event::Value;

use super::Cell;

/// A column of numbers, or of times.
#[derive(Debug)]
pub struct Numbers(Typed);

#[derive(Debug)]
enum Typed {
    Whole(Int64Array),
    Unsigned(UInt64Array),
    Floats(Float64Array),
    /// As counts since 1970, so many to a millisecond.
    Times(Int64Array, i64),
}

/// What numbers are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// Whole.
    Whole,
    /// Whole, and none below 0.
    Unsigned,
    /// Any; those that are not finite are empty cells.
    Float,
    /// Times.
    Time,
}

impl Numbers {
    pub(super) fn whole(numbers: Int64Array) -> Numbers {
        Numbers(Typed::Whole(numbers))
    }

    pub(super) fn unsigned(numbers: UInt64Array) -> Numbers {
        Numbers(Typed::Unsigned(numbers))
    }

    pub(super) fn floats(numbers: Float64Array) -> Numbers {
        Numbers(Typed::Floats(numbers))
    }

    pub(super) fn times(counts: Int64Array, of_a_ms: i64) -> Numbers {
        Numbers(Typed::Times(counts, of_a_ms))
    }

    /// What they are.
    pub fn kind(&self) -> NumberKind {
        match self.0 {
            Typed::Whole(_) => NumberKind::Whole,
            Typed::Unsigned(_) => NumberKind::Unsigned,
            Typed::Floats(_) => NumberKind::Float,
            Typed::Times(..) => NumberKind::Time,
        }
    }

    /// What tells the number of a row from others of its kind; nothing when the cell is empty.
    #[inline]
    pub fn bits(&self, row: usize) -> Option<u64> {
        match &self.0 {
            Typed::Whole(numbers) | Typed::Times(numbers, _) => {
                number(numbers, row).map(|number| number as u64)
            }
            Typed::Unsigned(numbers) => number(numbers, row),
            Typed::Floats(numbers) => {
                number(numbers, row).filter(|number| number.is_finite()).map(f64::to_bits)
            }
        }
    }

    /// What stands in a row; nothing when the cell is empty.
    #[inline]
    pub fn cell(&self, row: usize) -> Option<Cell> {
        Some(match &self.0 {
            Typed::Whole(numbers) => Cell::Value(Value::Integer(number(numbers, row)?)),
            Typed::Unsigned(numbers) => unsigned(number(numbers, row)?),
            Typed::Floats(numbers) => {
                let number = number(numbers, row)?;
                Cell::Value(number.is_finite().then_some(Value::Float(number))?)
            }
            Typed::Times(counts, of_a_ms) => Cell::Time(number(counts, row)?.div_euclid(*of_a_ms)),
        })
    }
}

#[inline]
fn number<T: ArrowPrimitiveType>(numbers: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    numbers.is_valid(row).then(|| numbers.value(row))
}

pub(super) fn unsigned(number: u64) -> Cell {
    match i64::try_from(number) {
        Ok(number) => Cell::Value(Value::Integer(number)),
        Err(_) => Cell::Unsigned(number),
    }
}
