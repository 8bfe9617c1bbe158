//! Writes one section of a batch.

use std::collections::HashMap;

use candor_event::{ConsentChange, Event, PersonId, Timestamp, TraitChange, TraitOp, Value};

use super::Kind;

/// One section: a table of texts, a table of people, then the entries that refer to them.
#[derive(Default)]
pub(super) struct Writer {
    texts: Vec<Box<str>>,
    text_numbers: HashMap<Box<str>, u64>,
    people: Vec<PersonId>,
    person_numbers: HashMap<PersonId, u64>,
    last_time: i64,
    pub(super) out: Vec<u8>,
}

impl Writer {
    pub(super) fn head(&mut self, index: usize, kind: Kind) {
        put_number(&mut self.out, index as u64);
        self.out.push(kind as u8);
    }

    pub(super) fn text(&mut self, text: &str) {
        let number = match self.text_numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = self.texts.len() as u64;
                self.texts.push(text.into());
                self.text_numbers.insert(text.into(), number);
                number
            }
        };
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

    pub(super) fn event(&mut self, event: &Event) {
        self.person(event.person);
        self.time(event.received_at);
        put_signed(&mut self.out, event.occurred_at.0.wrapping_sub(event.received_at.0));
        self.text(&event.name);
        self.out.push(u8::from(event.session.is_some()));
        if let Some(session) = event.session {
            put_number(&mut self.out, session);
        }
        self.out.extend_from_slice(&event.fingerprint.to_le_bytes());
    }

    pub(super) fn properties(&mut self, properties: &[(&String, &Value)]) {
        put_number(&mut self.out, properties.len() as u64);
        for (name, value) in properties {
            self.text(name);
            self.value(value);
        }
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Bool(flag) => self.out.push(u8::from(*flag)),
            Value::Integer(number) => {
                self.out.push(2);
                put_signed(&mut self.out, *number);
            }
            Value::Float(number) => match cents(*number) {
                Some(cents) => {
                    self.out.push(7);
                    put_signed(&mut self.out, cents);
                }
                None => {
                    self.out.push(3);
                    self.out.extend_from_slice(&number.to_bits().to_le_bytes());
                }
            },
            Value::Text(text) => {
                self.out.push(4);
                self.text(text);
            }
            Value::List(values) => {
                self.out.push(5);
                put_number(&mut self.out, values.len() as u64);
                values.iter().for_each(|value| self.value(value));
            }
            Value::Object(entries) => {
                self.out.push(6);
                put_number(&mut self.out, entries.len() as u64);
                for (name, value) in entries {
                    self.text(name);
                    self.value(value);
                }
            }
        }
    }

    pub(super) fn trait_change(&mut self, change: &TraitChange) {
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
        put_number(&mut self.out, values.len() as u64);
        values.iter().for_each(|value| self.value(value));
    }

    pub(super) fn consent(&mut self, change: &ConsentChange) {
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
        let mut bytes = Vec::with_capacity(self.out.len() + texts + self.people.len() * 16 + 16);
        put_number(&mut bytes, self.texts.len() as u64);
        for text in &self.texts {
            put_number(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        put_number(&mut bytes, self.people.len() as u64);
        for person in &self.people {
            bytes.extend_from_slice(&person.0);
        }
        bytes.extend_from_slice(&self.out);
        bytes
    }
}

/// Prices are decimals of two places: whole cents take two or three bytes instead of eight. The
/// form is taken only where it reads back to the same bits.
fn cents(number: f64) -> Option<i64> {
    let cents = (number * 100.0).round();
    let fits = cents.abs() < 1e12 && (cents / 100.0).to_bits() == number.to_bits();
    fits.then_some(cents as i64)
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, (number << 1 ^ number >> 63) as u64);
}
