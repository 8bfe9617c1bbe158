//! A sheet of events in a section: who, what and when with the behaviour, each column with its
//! class.

use std::sync::Arc;

use candor_event::{Column, DataClass, Sheet, Value};

use super::reader::{Reader, damaged};
use super::writer::{Writer, put_number, put_signed};
use super::{Kind, Writers};
use crate::error::Error;

/// Stands for a session that is none, and before one that lies too far from its event to be told
/// by the difference.
const NONE: u64 = 0;
const RAW: u64 = u64::MAX;

/// About what an event takes without its columns, and a value.
const ROW_BYTES: usize = 16;
const VALUE_BYTES: usize = 16;

impl<'a> Writers<'a> {
    pub(super) fn sheet(
        &mut self,
        index: usize,
        sheet: &'a Sheet,
        class_of: &dyn Fn(&str) -> DataClass,
    ) {
        let writer = self.of(DataClass::Behaviour);
        writer.head(index, Kind::Sheet);
        writer.sheet(sheet);
        let classes: Vec<_> = sheet.columns.iter().map(|column| class_of(&column.name)).collect();
        for class in DataClass::ALL {
            let of_class = sheet.columns.iter().zip(&classes).filter(|(_, of)| **of == class);
            let columns: Vec<&Column> = of_class.map(|(column, _)| column).collect();
            if !columns.is_empty() {
                let writer = self.of(class);
                writer.head(index, Kind::Columns);
                writer.columns(&columns);
            }
        }
    }
}

impl<'a> Writer<'a> {
    fn sheet(&mut self, sheet: &'a Sheet) {
        self.out.reserve(sheet.people.len() * 16 + sheet.len() * ROW_BYTES);
        self.time(sheet.received_at);
        put_number(&mut self.out, sheet.people.len() as u64);
        sheet.people.iter().for_each(|person| self.out.extend_from_slice(&person.0));
        put_number(&mut self.out, sheet.names.len() as u64);
        sheet.names.iter().for_each(|name| self.bytes(name));
        put_number(&mut self.out, sheet.len() as u64);
        let mut before = sheet.received_at.0;
        for time in &sheet.times {
            put_signed(&mut self.out, time.wrapping_sub(before));
            before = *time;
        }
        self.places(&sheet.owners);
        self.places(&sheet.codes);
        self.out.push(u8::from(!sheet.sessions.is_empty()));
        for (session, time) in sheet.sessions.iter().zip(&sheet.times) {
            let since = (*session as i64).wrapping_sub(time.div_euclid(1000));
            let near = ((since << 1) ^ (since >> 63)) as u64;
            match (session, near.wrapping_add(1)) {
                (0, _) => put_number(&mut self.out, NONE),
                (_, NONE | RAW) => {
                    put_number(&mut self.out, RAW);
                    self.out.extend_from_slice(&session.to_le_bytes());
                }
                (_, near) => put_number(&mut self.out, near),
            }
        }
    }

    fn columns(&mut self, columns: &[&'a Column]) {
        let bytes = |column: &&Column| column.codes.len() * 2 + column.values.len() * VALUE_BYTES;
        self.out.reserve(columns.iter().map(bytes).sum());
        put_number(&mut self.out, columns.len() as u64);
        for column in columns {
            self.bytes(&column.name);
            put_number(&mut self.out, column.values.len() as u64);
            for value in &column.values {
                match value {
                    // A column has most texts once: they need no table.
                    Value::Text(text) => {
                        self.out.push(super::writer::form(value));
                        self.bytes(text);
                    }
                    other => self.value(other),
                }
            }
            put_number(&mut self.out, column.codes.len() as u64);
            self.places(&column.codes);
        }
    }

    fn places(&mut self, places: &[u32]) {
        places.iter().for_each(|place| put_number(&mut self.out, u64::from(*place)));
    }

    fn bytes(&mut self, text: &str) {
        put_number(&mut self.out, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }
}

impl Reader<'_> {
    /// Without its columns.
    pub(super) fn sheet(&mut self) -> Result<Sheet, Error> {
        let received_at = self.time()?;
        let people = self.count()?;
        let people = (0..people).map(|_| Ok(candor_event::PersonId(self.array()?)));
        let people = people.collect::<Result<Vec<_>, Error>>()?;
        let names = self.count()?;
        let names = (0..names).map(|_| self.bytes()).collect::<Result<Vec<_>, _>>()?;
        let len = self.count()?;
        let mut before = received_at.0;
        let mut times = Vec::with_capacity(len);
        for _ in 0..len {
            before = before.wrapping_add(self.signed()?);
            times.push(before);
        }
        let (owners, codes) = (self.places(len)?, self.places(len)?);
        let mut sessions = Vec::new();
        if self.flag()? {
            sessions.reserve_exact(len);
            for time in &times {
                sessions.push(match self.number()? {
                    NONE => 0,
                    RAW => u64::from_le_bytes(self.array()?),
                    near => {
                        let near = near - 1;
                        let since = (near >> 1) as i64 ^ -((near & 1) as i64);
                        time.div_euclid(1000).wrapping_add(since) as u64
                    }
                });
            }
        }
        let columns = Vec::new();
        Ok(Sheet { received_at, people, owners, times, names, codes, sessions, columns })
    }

    /// Reads columns onto those that the sheet has already.
    pub(super) fn columns(&mut self, sheet: &mut Sheet) -> Result<(), Error> {
        for _ in 0..self.count()? {
            let name = self.bytes()?;
            let values = self.count()?;
            let values = (0..values).map(|_| self.flat()).collect::<Result<Vec<_>, _>>()?;
            let len = self.count()?;
            let codes = self.places(len)?;
            sheet.columns.push(Column { name, codes, values });
        }
        Ok(())
    }

    fn flat(&mut self) -> Result<Value, Error> {
        match self.byte()? {
            super::writer::TEXT => Ok(Value::Text(self.bytes()?)),
            form => self.content(form, 0),
        }
    }

    fn places(&mut self, len: usize) -> Result<Vec<u32>, Error> {
        let place =
            |number: u64| u32::try_from(number).map_err(|_| damaged("a place is too large"));
        (0..len).map(|_| self.number().and_then(place)).collect()
    }

    fn bytes(&mut self) -> Result<Arc<str>, Error> {
        let length = self.count()?;
        let text = std::str::from_utf8(self.take(length)?);
        text.map(Into::into).map_err(|_| damaged("a text is not UTF-8"))
    }
}
