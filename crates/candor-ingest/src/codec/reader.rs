//! Reads one section of a batch; the bytes were sealed by us, and are checked all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_event::{
    ConsentChange, Event, IdKind, Link, PersonId, Properties, Purpose, Timestamp, TraitChange,
    TraitOp, Value,
};

use super::{BY_CONTENT, Kind};
use crate::error::Error;

/// How deep a value may be nested in a record; requests are held to 8 before they come here.
const DEPTH_MAX: usize = 16;

/// Reads what [`Writer`] wrote; every count is checked against the bytes that are left.
pub(super) struct Reader<'a> {
    /// Shared by all records of the batch that name them.
    texts: Vec<Arc<str>>,
    people: Vec<PersonId>,
    shapes: Vec<Shape>,
    last_record: u64,
    last_time: i64,
    rest: &'a [u8],
}

/// Made where it is given and not before: what is read is nearly always whole.
#[cold]
pub(super) fn damaged(what: &'static str) -> Error {
    Error::BadRecord(what)
}

/// Names and forms of an entry's properties.
struct Shape {
    parts: Vec<(Arc<str>, u8)>,
    /// The names stand in their order, as we write them.
    sorted: bool,
}

/// Room that is made on the word of a count alone.
const ROOM_MAX: usize = 4096;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader {
            texts: Vec::new(),
            people: Vec::new(),
            shapes: Vec::new(),
            last_record: 0,
            last_time: 0,
            rest: bytes,
        };
        let texts = reader.count()?;
        reader.texts.reserve(texts.min(ROOM_MAX));
        for _ in 0..texts {
            let length = reader.count()?;
            let text = std::str::from_utf8(reader.take(length)?)
                .map_err(|_| Error::BadRecord("a text is not UTF-8"))?;
            reader.texts.push(text.into());
        }
        let people = reader.count()?;
        reader.people.reserve(people.min(ROOM_MAX));
        for _ in 0..people {
            let bytes = reader.array()?;
            reader.people.push(PersonId(bytes));
        }
        for _ in 0..reader.count()? {
            let mut parts: Vec<(Arc<str>, u8)> = Vec::new();
            for _ in 0..reader.count()? {
                parts.push((reader.text()?, reader.byte()?));
            }
            let sorted = parts.is_sorted_by(|(a, _), (b, _)| a < b);
            reader.shapes.push(Shape { parts, sorted });
        }
        Ok(reader)
    }

    /// The record of the next entry, and what the entry says of it.
    pub(super) fn head(&mut self) -> Result<(u64, Kind), Error> {
        let head = self.number()?;
        let record = self.last_record.checked_add(head >> Kind::BITS);
        self.last_record = record.ok_or_else(|| damaged("a record's number is too large"))?;
        Ok((self.last_record, Kind::from_bits(head)?))
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| damaged("bytes are missing"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| Error::BadRecord("bytes are missing"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn number(&mut self) -> Result<u64, Error> {
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Error::BadRecord("a number is too long"))
    }

    /// A count of things that take at least a byte each.
    pub(super) fn count(&mut self) -> Result<usize, Error> {
        let count = self.number()?;
        if count > self.rest.len() as u64 {
            return Err(Error::BadRecord("a count is larger than the bytes left"));
        }
        Ok(count as usize)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Error> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.byte()? != 0)
    }

    pub(super) fn text(&mut self) -> Result<Arc<str>, Error> {
        let number = self.number()?;
        self.texts.get(number as usize).cloned().ok_or_else(|| damaged("unknown text"))
    }

    pub(super) fn person(&mut self) -> Result<PersonId, Error> {
        let number = self.number()? as usize;
        self.people.get(number).copied().ok_or_else(|| damaged("unknown person"))
    }

    pub(super) fn time(&mut self) -> Result<Timestamp, Error> {
        self.last_time = self.last_time.wrapping_add(self.signed()?);
        Ok(Timestamp(self.last_time))
    }

    pub(super) fn event(&mut self) -> Result<Event, Error> {
        let person = self.person()?;
        let received_at = self.time()?;
        let occurred_at = Timestamp(received_at.0.wrapping_add(self.signed()?));
        let name = self.text()?;
        let form = self.byte()?;
        let session = match form & !BY_CONTENT {
            0 => None,
            1 => {
                let second = occurred_at.0.div_euclid(1000);
                Some(second.wrapping_add(self.signed()?) as u64)
            }
            2 => Some(u64::from_le_bytes(self.array()?)),
            _ => return Err(Error::BadRecord("unknown form of a session")),
        };
        let fingerprint = match form & BY_CONTENT {
            0 => u64::from_le_bytes(self.array()?),
            _ => Event::BY_CONTENT,
        };
        let properties = Properties::new();
        Ok(Event { person, occurred_at, received_at, name, session, fingerprint, properties })
    }

    /// Reads properties onto those that the event has already.
    pub(super) fn properties(&mut self, event: &mut Event) -> Result<(), Error> {
        let number = self.number()? as usize;
        let unknown = || damaged("unknown shape");
        let Shape { parts, sorted } = self.shapes.get(number).ok_or_else(unknown)?;
        let (last, length) = (*sorted && event.properties.is_empty(), parts.len());
        event.properties.reserve(length);
        for place in 0..length {
            let (name, form) = &self.shapes[number].parts[place];
            let (name, form) = (name.clone(), *form);
            let value = self.content(form, 0)?;
            match last {
                true => event.properties.push(name, value),
                false => drop(event.properties.insert(name, value)),
            }
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        let form = self.byte()?;
        self.content(form, depth)
    }

    pub(super) fn content(&mut self, form: u8, depth: usize) -> Result<Value, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::BadRecord("a value is nested too deeply"));
        }
        Ok(match form {
            flag @ 0..=1 => Value::Bool(flag == 1),
            2 => Value::Integer(self.signed()?),
            3 => Value::Float(f64::from_bits(u64::from_le_bytes(self.array()?))),
            4 => Value::Text(self.text()?),
            5 => Value::List(self.values(depth)?),
            6 => {
                let mut entries = Properties::new();
                for _ in 0..self.count()? {
                    let name = self.text()?;
                    entries.insert(name, self.value(depth + 1)?);
                }
                Value::Object(entries)
            }
            7 => Value::Float(self.signed()? as f64 / 100.0),
            _ => return Err(Error::BadRecord("unknown kind of value")),
        })
    }

    fn values(&mut self, depth: usize) -> Result<Vec<Value>, Error> {
        (0..self.count()?).map(|_| self.value(depth + 1)).collect()
    }

    pub(super) fn trait_change(&mut self) -> Result<TraitChange, Error> {
        let person = self.person()?;
        let at = self.time()?;
        let property = self.text()?;
        let op = match self.byte()? {
            4 => TraitOp::Increment(f64::from_bits(u64::from_le_bytes(self.array()?))),
            tag @ 0..=3 => {
                let mut values = self.values(0)?;
                match (tag, values.len()) {
                    (0, 1) => TraitOp::Set(values.remove(0)),
                    (1, 0) => TraitOp::Unset,
                    (2, _) => TraitOp::Add(values),
                    (3, _) => TraitOp::Remove(values),
                    _ => return Err(Error::BadRecord("a trait change has a wrong count")),
                }
            }
            _ => return Err(Error::BadRecord("unknown trait change")),
        };
        Ok(TraitChange { person, at, property, op })
    }

    pub(super) fn link(&mut self) -> Result<Link, Error> {
        let kind = match self.byte()? {
            0 => IdKind::Guid,
            1 => IdKind::Identity,
            2 => IdKind::Email,
            3 => IdKind::Phone,
            4 => IdKind::PushToken,
            _ => return Err(Error::BadRecord("unknown kind of id")),
        };
        Ok(Link { kind, hash: self.array()?, person: self.person()?, at: self.time()? })
    }

    pub(super) fn consent(&mut self) -> Result<ConsentChange, Error> {
        let person = self.person()?;
        let at = self.time()?;
        let mut purposes = BTreeMap::new();
        for _ in 0..self.count()? {
            let purpose =
                Purpose::new(&self.text()?).ok_or_else(|| damaged("not a purpose's name"))?;
            purposes.insert(purpose, self.flag()?);
        }
        let notice = if self.flag()? {
            let mut part = || self.text().map(|part| part.as_ref().to_owned());
            Some((part()?, part()?, part()?))
        } else {
            None
        };
        Ok(ConsentChange { person, at, purposes, notice, method: self.text()?.as_ref().to_owned() })
    }
}
