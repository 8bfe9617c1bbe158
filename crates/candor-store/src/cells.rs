//! One property of the events of a volume, found once and then looked at row by row.

use std::sync::Arc;

use candor_event::ValueRef;

use crate::resident::column::Column;
use crate::view::VolumeView;

/// One property of the events of a volume. Of the rows of the base, which are nearly all, it tells
/// a small number for each value, so that a question needs to look at a value only once.
#[derive(Debug)]
pub struct Cells {
    property: Option<u32>,
    column: Option<Arc<Column>>,
    /// Rows below this are of the base.
    base: u32,
}

impl Cells {
    /// How many codes there are: one more than the base has values.
    pub fn codes(&self) -> usize {
        self.column.as_ref().map_or(1, |column| column.values().len() + 1)
    }

    /// The code of a row's value; 0 where it has none. Nothing for the few rows beside the base:
    /// [`Cells::get`] tells their values.
    #[inline]
    pub fn code(&self, row: u32) -> Option<u32> {
        (row < self.base).then(|| self.column.as_ref().map_or(0, |column| column.code(row)))
    }

    /// The value that a code stands for; none for 0.
    pub fn value(&self, code: u32) -> Option<ValueRef<'_>> {
        let place = code.checked_sub(1)?;
        self.column.as_ref().map(|column| column.values().get(place as usize))
    }

    /// The value at a row.
    #[inline]
    pub fn get<'v>(&'v self, volume: &'v VolumeView, row: u32) -> Option<ValueRef<'v>> {
        match self.code(row) {
            Some(code) => self.value(code),
            None => volume.property(row, self.property?),
        }
    }
}

impl VolumeView {
    /// A property of the events of this volume, by its name.
    pub fn cells(&self, property: &str) -> Cells {
        let property = self.property_code(property);
        let column = property.and_then(|code| self.base.column(code)).cloned();
        Cells { property, column, base: self.base.rows() as u32 }
    }
}
