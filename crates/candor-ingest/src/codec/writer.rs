//! Writes one section of a batch.

use std::collections::HashMap;

use ahash::RandomState;
use candor_event::{
    ByPerson, ConsentChange, Event, PersonId, Timestamp, TraitChange, TraitOp, Value,
};

use super::{BY_CONTENT, Kind};

/// One section: tables of texts, people and shapes, then the entries that refer to them.
#[derive(Default)]
pub(super) struct Writer<'a> {
    texts: Vec<&'a str>,
    numbers_lately: Lately<'a, u64>,
    text_numbers: HashMap<&'a str, u64, RandomState>,
    people: Vec<PersonId>,
    person_numbers: ByPerson<u64>,
    shapes: Vec<u8>,
    /// A shape's bytes and its number: the names and forms of an entry's properties.
    shape_numbers: HashMap<Box<[u8]>, u64, RandomState>,
    shape: Vec<u8>,
    last_record: u64,
    last_time: i64,
    pub(super) out: Vec<u8>,
}

/// What was found out lately about texts, by where they lie: the records of a request share most
/// of theirs. Two of one length in one place are one, as both are there while a batch is written.
pub(super) struct Lately<'a, T> {
    found: [Option<(&'a str, T)>; LATELY],
}

/// A power of two; names and common values of a request.
const LATELY: usize = 64;

impl<T: Copy> Default for Lately<'_, T> {
    fn default() -> Self {
        Lately { found: [None; LATELY] }
    }
}

impl<'a, T: Copy> Lately<'a, T> {
    /// Texts that are allocated lie 16 bytes apart, or more.
    fn place(text: &str) -> usize {
        text.as_ptr().addr() / 16 % LATELY
    }

    pub(super) fn get(&self, text: &str) -> Option<T> {
        let (known, found) = self.found[Self::place(text)]?;
        std::ptr::eq(known, text).then_some(found)
    }

    pub(super) fn put(&mut self, text: &'a str, found: T) {
        self.found[Self::place(text)] = Some((text, found));
    }
}

impl<'a> Writer<'a> {
    /// With room for what so many records may need.
    pub(super) fn with_room(records: usize) -> Writer<'a> {
        let mut writer = Writer::default();
        writer.out.reserve(records * 48);
        writer.texts.reserve(records * 2);
        writer.text_numbers.reserve(records * 2);
        writer.people.reserve(records);
        writer.person_numbers.reserve(records);
        writer
    }

    /// Entries stand in the order of their records, most often one after the other.
    pub(super) fn head(&mut self, record: usize, kind: Kind) {
        let record = record as u64;
        put_number(&mut self.out, (record - self.last_record) << Kind::BITS | kind as u64);
        self.last_record = record;
    }

    fn text_number(&mut self, text: &'a str) -> u64 {
        if let Some(number) = self.numbers_lately.get(text) {
            return number;
        }
        let next = self.texts.len() as u64;
        let number = *self.text_numbers.entry(text).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        self.numbers_lately.put(text, number);
        number
    }

    pub(super) fn text(&mut self, text: &'a str) {
        let number = self.text_number(text);
        put_number(&mut self.out, number);
    }

    pub(super) fn person(&mut self, person: PersonId) {
        let next = self.people.len() as u64;
        let number = *self.person_numbers.entry(person).or_insert(next);
        if number == next {
            self.people.push(person);
        }
        put_number(&mut self.out, number);
    }

    /// Times of one batch lie close together: the difference to the one before is written.
    pub(super) fn time(&mut self, time: Timestamp) {
        put_signed(&mut self.out, time.0.wrapping_sub(self.last_time));
        self.last_time = time.0;
    }

    pub(super) fn event(&mut self, event: &'a Event) {
        self.person(event.person);
        self.time(event.received_at);
        put_signed(&mut self.out, event.occurred_at.0.wrapping_sub(event.received_at.0));
        self.text(&event.name);
        let told = event.fingerprint != Event::BY_CONTENT;
        let form = if told { 0 } else { BY_CONTENT };
        // An SDK's session is the second of its start, which lies near; a server's is a hash.
        match event.session {
            None => self.out.push(form),
            Some(session) => {
                let second = event.occurred_at.0.div_euclid(1000);
                let since = (session as i64).wrapping_sub(second);
                if i32::try_from(since).is_ok() {
                    self.out.push(form | 1);
                    put_signed(&mut self.out, since);
                } else {
                    self.out.push(form | 2);
                    self.out.extend_from_slice(&session.to_le_bytes());
                }
            }
        }
        if told {
            self.out.extend_from_slice(&event.fingerprint.to_le_bytes());
        }
    }

    /// The shape of the properties, and then their values alone: the events of a batch have few
    /// shapes between them.
    pub(super) fn properties(&mut self, properties: &[(&'a str, &'a Value)]) {
        let mut shape = std::mem::take(&mut self.shape);
        shape.clear();
        put_number(&mut shape, properties.len() as u64);
        for (name, value) in properties {
            let number = self.text_number(name);
            put_number(&mut shape, number);
            shape.push(form(value));
        }
        let next = self.shape_numbers.len() as u64;
        let number = match self.shape_numbers.get(&shape[..]) {
            Some(number) => *number,
            None => {
                self.shapes.extend_from_slice(&shape);
                self.shape_numbers.insert(shape.as_slice().into(), next);
                next
            }
        };
        self.shape = shape;
        put_number(&mut self.out, number);
        properties.iter().for_each(|(_, value)| self.content(value));
    }

    pub(super) fn value(&mut self, value: &'a Value) {
        self.out.push(form(value));
        self.content(value);
    }

    fn content(&mut self, value: &'a Value) {
        match value {
            Value::Bool(_) => {}
            Value::Integer(number) => put_signed(&mut self.out, *number),
            Value::Float(number) => match cents(*number) {
                Some(cents) => put_signed(&mut self.out, cents),
                None => self.out.extend_from_slice(&number.to_bits().to_le_bytes()),
            },
            Value::Text(text) => self.text(text),
            Value::List(values) => self.values(values),
            Value::Object(entries) => {
                put_number(&mut self.out, entries.len() as u64);
                for (name, value) in entries.iter() {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }

    fn values(&mut self, values: &'a [Value]) {
        put_number(&mut self.out, values.len() as u64);
        values.iter().for_each(|value| self.value(value));
    }

    pub(super) fn trait_change(&mut self, change: &'a TraitChange) {
        self.person(change.person);
        self.time(change.at);
        self.text(&change.property);
        let (tag, values) = match &change.op {
            TraitOp::Set(value) => (0, std::slice::from_ref(value)),
            TraitOp::Unset => (1, [].as_slice()),
            TraitOp::Add(values) => (2, values.as_slice()),
            TraitOp::Remove(values) => (3, values.as_slice()),
            TraitOp::Increment(by) => {
                self.out.push(4);
                self.out.extend_from_slice(&by.to_bits().to_le_bytes());
                return;
            }
        };
        self.out.push(tag);
        self.values(values);
    }

    pub(super) fn consent(&mut self, change: &'a ConsentChange) {
        self.person(change.person);
        self.time(change.at);
        put_number(&mut self.out, change.purposes.len() as u64);
        for (purpose, yes) in &change.purposes {
            self.text(purpose.as_str());
            self.out.push(u8::from(*yes));
        }
        self.out.push(u8::from(change.notice.is_some()));
        if let Some((id, version, language)) = &change.notice {
            [id, version, language].into_iter().for_each(|part| self.text(part));
        }
        self.text(&change.method);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let texts: usize = self.texts.iter().map(|text| text.len() + 2).sum();
        let tables = texts + self.people.len() * 16 + self.shapes.len() + 30;
        let mut bytes = Vec::with_capacity(tables + self.out.len());
        put_number(&mut bytes, self.texts.len() as u64);
        for text in &self.texts {
            put_number(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        put_number(&mut bytes, self.people.len() as u64);
        for person in &self.people {
            bytes.extend_from_slice(&person.0);
        }
        put_number(&mut bytes, self.shape_numbers.len() as u64);
        bytes.extend_from_slice(&self.shapes);
        bytes.extend_from_slice(&self.out);
        bytes
    }
}

/// The form of a text.
pub(super) const TEXT: u8 = 4;

/// How a value is written; for true and false that is all.
pub(super) fn form(value: &Value) -> u8 {
    match value {
        Value::Bool(flag) => u8::from(*flag),
        Value::Integer(_) => 2,
        Value::Float(number) if cents(*number).is_none() => 3,
        Value::Text(_) => TEXT,
        Value::List(_) => 5,
        Value::Object(_) => 6,
        Value::Float(_) => 7,
    }
}

/// Prices are decimals of two places: whole cents take two or three bytes instead of eight. The
/// form is taken only where it reads back to the same bits.
fn cents(number: f64) -> Option<i64> {
    let cents = (number * 100.0).round();
    let fits = cents.abs() < 1e12 && (cents / 100.0).to_bits() == number.to_bits();
    fits.then_some(cents as i64)
}

pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, (number << 1 ^ number >> 63) as u64);
}
